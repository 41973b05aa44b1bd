//! Verifies signatures by the host and by a library crate.

#![cfg_attr(not(test), no_std)]

use bessemer_sdk::prelude::*;
use k256::ecdsa::signature::hazmat::PrehashVerifier;
use k256::ecdsa::{Signature, VerifyingKey};

/// Has no state.
#[contract]
pub struct EcdsaVerify {}

#[contract]
impl EcdsaVerify {
    /// By the host: a digest, r and s, and the public key x and y.
    pub fn by_host(&self, digest: FixedBytes<32>, rs: Bytes, key: Bytes) -> bool {
        let (Ok(rs), Ok(key)) = (rs.0.as_slice().try_into(), key.0.as_slice().try_into()) else {
            return false;
        };
        crypto::secp256k1_verify(&digest.0, rs, key)
    }

    /// The same in the contract.
    pub fn by_library(&self, digest: FixedBytes<32>, rs: Bytes, key: Bytes) -> bool {
        verify(&digest.0, &rs, &key).is_some()
    }
}

fn verify(digest: &[u8; 32], rs: &[u8], key: &[u8]) -> Option<()> {
    let mut point = vec![4];
    point.extend_from_slice(key);
    let key = VerifyingKey::from_sec1_bytes(&point).ok().filter(|_| key.len() == 64)?;
    let signature = Signature::from_slice(rs).ok()?;
    key.verify_prehash(digest, &signature.normalize_s()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use bessemer_sdk::testing;
    use k256::ecdsa::SigningKey;

    #[test]
    fn host_and_library_agree() {
        testing::act_as(testing::user("alice"));
        let verify = EcdsaVerifyClient::new(testing::deploy::<EcdsaVerify>(&()).unwrap());
        let signer = SigningKey::from_slice(&[5; 32]).unwrap();
        let digest = FixedBytes([3; 32]);
        let (signature, _) = signer.sign_prehash_recoverable(&digest.0);
        let rs = Bytes(signature.to_bytes().to_vec());
        let point = signer.verifying_key().to_sec1_point(false);
        let key = Bytes(point.as_bytes()[1..].to_vec());
        let cases = [
            (digest, rs.clone(), key.clone(), true),
            (FixedBytes([4; 32]), rs.clone(), key.clone(), false),
            (digest, Bytes(vec![0; 64]), key.clone(), false),
            (digest, Bytes(vec![1; 63]), key, false),
            (digest, rs, Bytes(vec![1; 64]), false),
        ];
        for (digest, rs, key, valid) in cases {
            assert_eq!(verify.by_host(digest, rs.clone(), key.clone()), valid);
            assert_eq!(verify.by_library(digest, rs, key), valid);
        }
    }
}
