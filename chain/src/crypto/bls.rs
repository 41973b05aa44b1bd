//! BLS signatures over BLS12-381 with keys in G1 and signatures in G2.
//!
//! The scheme is that of proof of possession (draft-irtf-cfrg-bls-signature, section 3.3) with the
//! ciphersuite [`SUITE`], which also is the domain separation tag of the hash of a message to G2
//! (RFC 9380). Points are compressed: 48 bytes for G1 and 96 for G2, the three highest bits of the
//! first byte saying compressed, infinity, and larger y. x must be below p, the point on the curve
//! and in the subgroup of order r, and infinity encoded as 0xc0 and zeros.
//!
//! That the owner of each key has shown to possess its secret is for the caller to know: without
//! it, a key can be chosen so that it cancels others.

use blst::BLST_ERROR::BLST_SUCCESS;
use blst::min_pk::{AggregatePublicKey, AggregateSignature, PublicKey, Signature};

/// The ciphersuite, and the domain separation tag.
pub const SUITE: &str = "BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";

/// Bytes of a public key.
pub const KEY: usize = 48;
/// Bytes of a signature.
pub const SIGNATURE: usize = 96;

/// Whether the signature is the aggregate of the signatures of one message under all of the keys
/// (`FastAggregateVerify`). A key that stands there twice must have signed twice.
///
/// False without keys, for a key or a signature that is not a point of its subgroup, for a key that is
/// the point at infinity, and if the keys sum up to it. With one key this verifies its signature.
pub fn verify(keys: &[[u8; KEY]], message: &[u8], signature: &[u8; SIGNATURE]) -> bool {
    verified(keys, message, signature).is_some()
}

/// The sum of the signatures, or `None` for no signatures or one that is not a point of the subgroup.
///
/// The point at infinity is taken, and may be the sum.
pub fn aggregate(signatures: &[[u8; SIGNATURE]]) -> Option<[u8; SIGNATURE]> {
    let (first, others) = signatures.split_first()?;
    let mut sum = AggregateSignature::from_signature(&point(first)?);
    for signature in others {
        sum.add_signature(&point(signature)?, false).ok()?;
    }
    Some(sum.to_signature().to_bytes())
}

fn verified(keys: &[[u8; KEY]], message: &[u8], signature: &[u8; SIGNATURE]) -> Option<()> {
    let (first, others) = keys.split_first()?;
    let signature = point(signature)?;
    let mut sum = AggregatePublicKey::from_public_key(&key(first)?);
    for other in others {
        sum.add_public_key(&key(other)?, false).ok()?;
    }
    // The aggregate is validated for infinity; points of the subgroup have their sum in it.
    let sum = sum.to_public_key();
    sum.validate().ok()?;
    let result = signature.verify(false, message, SUITE.as_bytes(), &[], &sum, false);
    (result == BLST_SUCCESS).then_some(())
}

fn key(bytes: &[u8; KEY]) -> Option<PublicKey> {
    let key = PublicKey::uncompress(bytes).ok()?;
    key.validate().ok()?;
    Some(key)
}

fn point(bytes: &[u8; SIGNATURE]) -> Option<Signature> {
    let signature = Signature::uncompress(bytes).ok()?;
    signature.validate(false).ok()?;
    Some(signature)
}
