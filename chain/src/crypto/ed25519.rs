//! Ed25519 by the rules of ZIP-215.
//!
//! They differ from RFC 8032 where libraries disagree: a key A or a commitment R may be a point of
//! small order, and its y may be p or more; s must be below l; and the equation is the one with the
//! cofactor, `[8][s]B = [8]R + [8][k]A`, so that single and batch verification always agree.

use ed25519_zebra::{Signature, VerificationKey};

/// Whether R, s is a signature of the message under the public key.
///
/// False for s of l or more, and for a key or an R that is the encoding of no point.
pub fn verify(message: &[u8], signature: &[u8; 64], key: &[u8; 32]) -> bool {
    let Ok(key) = VerificationKey::try_from(*key) else {
        return false;
    };
    key.verify(&Signature::from_bytes(signature), message).is_ok()
}
