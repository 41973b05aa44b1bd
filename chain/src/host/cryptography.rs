//! Hashes and signatures: the functions of [`crate::crypto`] as host calls.
//!
//! A call reads all its operands before it writes the first byte of its result.

#[cfg(feature = "bn254")]
use bessemer_abi::codes::ABSENT;
use bessemer_abi::codes::{INVALID, VALID};
use bessemer_runtime::HostResult;

use super::Service;
#[cfg(feature = "bls")]
use crate::crypto::bls;
#[cfg(feature = "bn254")]
use crate::crypto::bn254;
#[cfg(feature = "ed25519")]
use crate::crypto::ed25519;
#[cfg(feature = "modexp")]
use crate::crypto::modexp::Power;
#[cfg(feature = "p256")]
use crate::crypto::p256;
#[cfg(feature = "secp256k1")]
use crate::crypto::secp256k1;
use crate::crypto::{blake2f as f, hash};

pub(super) fn keccak256(service: &mut Service<'_>) -> HostResult<u32> {
    digest(service, hash::keccak256)
}

pub(super) fn sha256(service: &mut Service<'_>) -> HostResult<u32> {
    digest(service, hash::sha256)
}

pub(super) fn ripemd160(service: &mut Service<'_>) -> HostResult<u32> {
    digest(service, hash::ripemd160)
}

pub(super) fn blake3(service: &mut Service<'_>) -> HostResult<u32> {
    digest(service, hash::blake3)
}

pub(super) fn blake2f(service: &mut Service<'_>) -> HostResult<u32> {
    let input = service.array(0)?;
    service.pay(f::price(&input))?;
    answer(service, 1, f::blake2f(&input))
}

#[cfg(feature = "secp256k1")]
pub(super) fn secp256k1_recover(service: &mut Service<'_>) -> HostResult<u32> {
    service.pay(0)?;
    let (digest, signature) = (service.array(0)?, service.array(1)?);
    answer(service, 2, secp256k1::recover(&digest, &signature))
}

#[cfg(feature = "secp256k1")]
pub(super) fn secp256k1_verify(service: &mut Service<'_>) -> HostResult<u32> {
    service.pay(0)?;
    let (digest, signature, key) = (service.array(0)?, service.array(1)?, service.array(2)?);
    Ok(verdict(secp256k1::verify(&digest, &signature, &key)))
}

#[cfg(feature = "p256")]
pub(super) fn p256_verify(service: &mut Service<'_>) -> HostResult<u32> {
    service.pay(0)?;
    let (digest, signature, key) = (service.array(0)?, service.array(1)?, service.array(2)?);
    Ok(verdict(p256::verify(&digest, &signature, &key)))
}

#[cfg(feature = "ed25519")]
pub(super) fn ed25519_verify(service: &mut Service<'_>) -> HostResult<u32> {
    service.pay(0)?;
    let (signature, key) = (service.array(1)?, service.array(2)?);
    Ok(verdict(ed25519::verify(service.bytes(0)?, &signature, &key)))
}

#[cfg(feature = "bn254")]
pub(super) fn bn254_add(service: &mut Service<'_>) -> HostResult<u32> {
    service.pay(0)?;
    let points = service.array(0)?;
    answer(service, 1, bn254::add(&points))
}

#[cfg(feature = "bn254")]
pub(super) fn bn254_mul(service: &mut Service<'_>) -> HostResult<u32> {
    service.pay(0)?;
    let input = service.array(0)?;
    answer(service, 1, bn254::mul(&input))
}

#[cfg(feature = "bn254")]
pub(super) fn bn254_pairing(service: &mut Service<'_>) -> HostResult<u32> {
    service.pay(0)?;
    let (pairs, _) = service.bytes(0)?.as_chunks();
    Ok(bn254::pairing(pairs).map_or(ABSENT, verdict))
}

#[cfg(feature = "bls")]
pub(super) fn bls_verify(service: &mut Service<'_>) -> HostResult<u32> {
    service.pay(0)?;
    let message = service.bytes(1)?.to_vec();
    let signature = service.array(2)?;
    let (keys, _) = service.bytes(0)?.as_chunks();
    Ok(verdict(bls::verify(keys, &message, &signature)))
}

#[cfg(feature = "bls")]
pub(super) fn bls_aggregate(service: &mut Service<'_>) -> HostResult<u32> {
    service.pay(0)?;
    let (signatures, _) = service.bytes(0)?.as_chunks();
    let aggregate = bls::aggregate(signatures);
    answer(service, 1, aggregate)
}

#[cfg(feature = "modexp")]
pub(super) fn modexp(service: &mut Service<'_>) -> HostResult<u32> {
    let input = service.bytes(0)?.to_vec();
    let room = service.len(1) as usize;
    let Some(power) = Power::parse(&input).filter(|power| power.result_len() <= room) else {
        service.pay(0)?;
        return Ok(INVALID);
    };
    service.pay(power.price())?;
    service.put(1, &power.compute())?;
    Ok(VALID)
}

fn digest<const N: usize>(
    service: &mut Service<'_>,
    hash: impl Fn(&[u8]) -> [u8; N],
) -> HostResult<u32> {
    service.pay(0)?;
    let digest = hash(service.bytes(0)?);
    service.put(1, &digest)?;
    Ok(0)
}

/// Writes the result if there is one; otherwise nothing is written.
fn answer<const N: usize>(
    service: &mut Service<'_>,
    index: usize,
    result: Option<[u8; N]>,
) -> HostResult<u32> {
    let Some(bytes) = result else { return Ok(INVALID) };
    service.put(index, &bytes)?;
    Ok(VALID)
}

#[cfg(any(
    feature = "secp256k1",
    feature = "p256",
    feature = "ed25519",
    feature = "bn254",
    feature = "bls"
))]
fn verdict(valid: bool) -> u32 {
    if valid { VALID } else { INVALID }
}
