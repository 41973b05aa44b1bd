//! Hashes and signatures, by the host.

use alloc::vec::Vec;

use bessemer_abi::codes::VALID;
use bessemer_types::{Address, zeroed};

use crate::host;

macro_rules! hashes {
    ($($(#[$doc:meta])* $name:ident $size:literal)*) => {
        $(
            $(#[$doc])*
            pub fn $name(input: &[u8]) -> [u8; $size] {
                let mut digest = [0; $size];
                host::$name(input, &mut digest);
                digest
            }
        )*
    };
}

hashes! {
    /// Keccak-256, as Ethereum uses it.
    keccak256 32
    /// SHA-256.
    sha256 32
    /// RIPEMD-160.
    ripemd160 20
    /// BLAKE3, 32 bytes.
    blake3 32
}

/// The compression function F of BLAKE2b on the 213 bytes of EIP-152.
pub fn blake2f(input: &[u8; 213]) -> Option<[u8; 64]> {
    output(|state| host::blake2f(input, state))
}

/// Recovers the public key, x and y, from a digest and a signature r, s, v, with v 0 or 1. Both halves
/// of the range are accepted for s, so each signature has a second valid form: do not use signatures as
/// identities.
pub fn secp256k1_recover(digest: &[u8; 32], signature: &[u8; 65]) -> Option<[u8; 64]> {
    output(|key| host::secp256k1_recover(digest, signature, key))
}

/// The address whose key signed a digest.
pub fn recover_address(digest: &[u8; 32], signature: &[u8; 65]) -> Option<Address> {
    let key = secp256k1_recover(digest, signature)?;
    keccak256(&key).last_chunk().copied().map(Address::new)
}

/// Whether r, s sign a digest under the public key x, y.
pub fn secp256k1_verify(digest: &[u8; 32], signature: &[u8; 64], key: &[u8; 64]) -> bool {
    host::secp256k1_verify(digest, signature, key) == VALID
}

/// Whether r, s sign a digest under the P-256 public key x, y.
pub fn p256_verify(digest: &[u8; 32], signature: &[u8; 64], key: &[u8; 64]) -> bool {
    host::p256_verify(digest, signature, key) == VALID
}

/// Whether an Ed25519 signature of a message is valid, by the rules of ZIP-215.
pub fn ed25519_verify(message: &[u8], signature: &[u8; 64], key: &[u8; 32]) -> bool {
    host::ed25519_verify(message, signature, key) == VALID
}

/// The sum of two BN254 points (EIP-196 encoding).
pub fn bn254_add(points: &[u8; 128]) -> Option<[u8; 64]> {
    output(|sum| host::bn254_add(points, sum))
}

/// A BN254 point times a scalar (EIP-196 encoding).
pub fn bn254_mul(input: &[u8; 96]) -> Option<[u8; 64]> {
    output(|product| host::bn254_mul(input, product))
}

/// Whether the product of pairings of BN254 points is 1 (EIP-197 encoding).
pub fn bn254_pairing(pairs: &[[u8; 192]]) -> bool {
    host::bn254_pairing(pairs) == VALID
}

/// Whether a BLS12-381 signature of one message is valid under the aggregate of the keys.
pub fn bls_verify(keys: &[[u8; 48]], message: &[u8], signature: &[u8; 96]) -> bool {
    host::bls_verify(keys, message, signature) == VALID
}

/// The aggregate of BLS12-381 signatures.
pub fn bls_aggregate(signatures: &[[u8; 96]]) -> Option<[u8; 96]> {
    output(|aggregate| host::bls_aggregate(signatures, aggregate))
}

/// `base ^ exponent % modulus`, most significant byte first, as long as the modulus. Each number
/// has at most 1 KiB.
pub fn modexp(base: &[u8], exponent: &[u8], modulus: &[u8]) -> Option<Vec<u8>> {
    let mut input = Vec::with_capacity(12 + base.len() + exponent.len() + modulus.len());
    for number in [base, exponent, modulus] {
        input.extend_from_slice(&(number.len() as u32).to_le_bytes());
    }
    for number in [base, exponent, modulus] {
        input.extend_from_slice(number);
    }
    let mut result = zeroed(modulus.len());
    (host::modexp(&input, &mut result) == VALID).then_some(result)
}

fn output<const N: usize>(call: impl FnOnce(&mut [u8; N]) -> u32) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    (call(&mut bytes) == VALID).then_some(bytes)
}
