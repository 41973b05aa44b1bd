//! ECDSA over P-256 (secp256r1).
//!
//! All numbers have 32 bytes, most significant first. r and s must be from 1 to n - 1; both halves
//! of that range are taken for s. A digest is any 32 bytes, zero included, and counts modulo n.

use p256::ecdsa::signature::hazmat::PrehashVerifier;
use p256::ecdsa::{Signature, VerifyingKey};

/// Whether r, s is a signature of the digest under the public key x, y.
///
/// False for r or s out of range, for coordinates of p or more, and for a key off the curve; the
/// point at infinity has no encoding.
pub fn verify(digest: &[u8; 32], signature: &[u8; 64], key: &[u8; 64]) -> bool {
    let Ok(signature) = Signature::from_slice(signature) else {
        return false;
    };
    let mut point = [4; 65];
    point[1..].copy_from_slice(key);
    let Ok(key) = VerifyingKey::from_sec1_bytes(&point) else {
        return false;
    };
    key.verify_prehash(digest, &signature).is_ok()
}
