//! Hashes with a library crate, as the host does.

#![cfg_attr(not(test), no_std)]

use bessemer_sdk::prelude::*;
use sha2::{Digest, Sha256};

/// Has no state.
#[contract]
pub struct LibImport {}

#[contract]
impl LibImport {
    /// SHA-256 in the contract.
    pub fn by_library(&self, data: Bytes) -> FixedBytes<32> {
        FixedBytes(Sha256::digest(&data).into())
    }

    /// SHA-256 by the host.
    pub fn by_host(&self, data: Bytes) -> FixedBytes<32> {
        FixedBytes(crypto::sha256(&data))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bessemer_sdk::testing;

    #[test]
    fn library_and_host_agree() {
        testing::act_as(testing::user("alice"));
        let hashes = LibImportClient::new(testing::deploy::<LibImport>(&()).unwrap());
        for length in [0, 1, 55, 56, 64, 1000] {
            let data = Bytes(vec![7; length]);
            assert_eq!(hashes.by_library(data.clone()), hashes.by_host(data));
        }
    }
}
