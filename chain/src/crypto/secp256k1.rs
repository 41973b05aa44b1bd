//! ECDSA over secp256k1.
//!
//! All numbers have 32 bytes, most significant first. r and s must be from 1 to n - 1; both halves
//! of that range are taken for s, as Ethereum's `ecrecover` does, so who needs signatures to be
//! unique refuses the upper half. A digest is any 32 bytes, zero included, and counts modulo n.

use k256::ecdsa::signature::hazmat::PrehashVerifier;
use k256::ecdsa::{RecoveryId, Signature, VerifyingKey};

/// Recovers the public key x, y from a signature r, s, v.
///
/// v is the parity of the y of the point whose x is r: 0 or 1 and nothing else, so that an x of n
/// or more (v 2 or 3 elsewhere) has no encoding. `None` for r, s or v out of range, for an r that
/// is the x of no point, and if the key would be the point at infinity.
pub fn recover(digest: &[u8; 32], signature: &[u8; 65]) -> Option<[u8; 64]> {
    let (v, signature) = signature.split_last()?;
    if *v > 1 {
        return None;
    }
    let signature = Signature::from_slice(signature).ok()?;
    let id = RecoveryId::new(*v == 1, false);
    let key = VerifyingKey::recover_from_prehash(digest, &signature, id).ok()?;
    key.to_sec1_point(false).as_bytes().get(1..)?.try_into().ok()
}

/// Whether r, s is a signature of the digest under the public key x, y.
///
/// False for r or s out of range, for coordinates of p or more, and for a key off the curve; the
/// point at infinity has no encoding.
pub fn verify(digest: &[u8; 32], signature: &[u8; 64], key: &[u8; 64]) -> bool {
    let Ok(signature) = Signature::from_slice(signature) else {
        return false;
    };
    let Ok(key) = VerifyingKey::from_sec1_bytes(&uncompressed(key)) else {
        return false;
    };
    // The library takes the lower half alone; r, s and r, n - s are valid for the same keys.
    key.verify_prehash(digest, &signature.normalize_s()).is_ok()
}

fn uncompressed(key: &[u8; 64]) -> [u8; 65] {
    let mut point = [4; 65];
    point[1..].copy_from_slice(key);
    point
}
