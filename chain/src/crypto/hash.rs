//! Hashes of bytes.

use ripemd::Ripemd160;
use sha2::{Digest, Sha256};
use sha3::Keccak256;

/// Keccak-256 with the padding that Ethereum uses, which is not that of SHA3-256.
pub fn keccak256(input: &[u8]) -> [u8; 32] {
    Keccak256::digest(input).into()
}

/// SHA-256 (FIPS 180-4).
pub fn sha256(input: &[u8]) -> [u8; 32] {
    Sha256::digest(input).into()
}

/// RIPEMD-160.
pub fn ripemd160(input: &[u8]) -> [u8; 20] {
    Ripemd160::digest(input).into()
}

/// The first 32 bytes of BLAKE3, without a key.
pub fn blake3(input: &[u8]) -> [u8; 32] {
    *::blake3::hash(input).as_bytes()
}
