//! Hashes and signatures.

#[cfg(feature = "crypto")]
mod provided;

#[cfg(feature = "crypto")]
pub(crate) use self::provided::*;

pub(crate) fn keccak256(input: &[u8], digest: &mut [u8; 32]) -> u32 {
    *digest = keccak_const::Keccak256::new().update(input).finalize();
    0
}

/// Calls that panic.
macro_rules! absent {
    ($why:literal: $($name:ident($($kind:ty),*))*) => {
        $(pub(crate) fn $name($(_: $kind),*) -> u32 {
            panic!(concat!(stringify!($name), " is not available in native tests: ", $why))
        })*
    };
}

#[cfg(not(feature = "crypto"))]
absent! {
    "give bessemer-sdk the feature `crypto`":
    sha256(&[u8], &mut [u8; 32])
    ripemd160(&[u8], &mut [u8; 20])
    blake3(&[u8], &mut [u8; 32])
    secp256k1_recover(&[u8; 32], &[u8; 65], &mut [u8; 64])
    secp256k1_verify(&[u8; 32], &[u8; 64], &[u8; 64])
}

// They would need half a dozen more libraries.
absent! {
    "test this function on a chain":
    blake2f(&[u8; 213], &mut [u8; 64])
    p256_verify(&[u8; 32], &[u8; 64], &[u8; 64])
    ed25519_verify(&[u8], &[u8; 64], &[u8; 32])
    bn254_add(&[u8; 128], &mut [u8; 64])
    bn254_mul(&[u8; 96], &mut [u8; 64])
    bn254_pairing(&[[u8; 192]])
    bls_verify(&[[u8; 48]], &[u8], &[u8; 96])
    bls_aggregate(&[[u8; 96]], &mut [u8; 96])
    modexp(&[u8], &mut [u8])
}
