//! Functions that libraries compute.

use bessemer_abi::codes::{INVALID, VALID};
use k256::ecdsa::signature::hazmat::PrehashVerifier;
use k256::ecdsa::{RecoveryId, Signature, VerifyingKey};
use sha2::Digest;

pub(crate) fn sha256(input: &[u8], digest: &mut [u8; 32]) -> u32 {
    *digest = sha2::Sha256::digest(input).into();
    0
}

pub(crate) fn ripemd160(input: &[u8], digest: &mut [u8; 20]) -> u32 {
    *digest = ripemd::Ripemd160::digest(input).into();
    0
}

pub(crate) fn blake3(input: &[u8], digest: &mut [u8; 32]) -> u32 {
    *digest = *blake3::hash(input).as_bytes();
    0
}

pub(crate) fn secp256k1_recover(
    digest: &[u8; 32],
    signature: &[u8; 65],
    key: &mut [u8; 64],
) -> u32 {
    let recover = || {
        let (v, rs) = signature.split_last()?;
        let id = RecoveryId::from_byte(*v).filter(|id| !id.is_x_reduced())?;
        let signature = Signature::from_slice(rs).ok()?;
        let key = VerifyingKey::recover_from_prehash(digest, &signature, id).ok()?;
        key.to_sec1_point(false).as_bytes().last_chunk::<64>().copied()
    };
    match recover() {
        Some(recovered) => {
            *key = recovered;
            VALID
        }
        None => INVALID,
    }
}

pub(crate) fn secp256k1_verify(digest: &[u8; 32], signature: &[u8; 64], key: &[u8; 64]) -> u32 {
    let verify = || {
        let mut point = vec![4];
        point.extend_from_slice(key);
        let key = VerifyingKey::from_sec1_bytes(&point).ok()?;
        let signature = Signature::from_slice(signature).ok()?;
        key.verify_prehash(digest, &signature.normalize_s()).ok()
    };
    if verify().is_some() { VALID } else { INVALID }
}
