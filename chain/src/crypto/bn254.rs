//! The groups and the pairing of BN254 (alt_bn128), encoded as in EIP-196 and EIP-197.
//!
//! Numbers have 32 bytes, most significant first. A point of G1 is x, y; one of G2 is x, y with the
//! imaginary part of each before the real one. A point of zeros is the point at infinity.
//! Coordinates must be below p, and points on the curve; points of G2 in the subgroup of order r
//! too, which all points of G1 are.

use ark_bn254::{Bn254, Fq, Fq2, Fr, G1Affine, G1Projective, G2Affine};
use ark_ec::pairing::Pairing;
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{BigInt, BigInteger, PrimeField, Zero};

/// Bytes of a pair for [`pairing`]: a point of G1 and one of G2.
pub const PAIR: usize = 192;

/// The sum of two points of G1, or `None` if one is not a point.
pub fn add(points: &[u8; 128]) -> Option<[u8; 64]> {
    let ([left, right], []) = points.as_chunks() else {
        return None;
    };
    Some(encode(g1(left)? + g1(right)?))
}

/// The product of a point of G1 and a scalar, or `None` if it is not a point.
///
/// The scalar is any number of 32 bytes; it counts modulo r.
pub fn mul(input: &[u8; 96]) -> Option<[u8; 64]> {
    let (point, scalar) = input.split_first_chunk()?;
    Some(encode(g1(point)? * Fr::from_be_bytes_mod_order(scalar)))
}

/// Whether the product of the pairings is 1, or `None` if a point is none.
///
/// The product of no pairs is 1, and a pair with the point at infinity changes nothing.
pub fn pairing(pairs: &[[u8; PAIR]]) -> Option<bool> {
    let mut left = Vec::with_capacity(pairs.len());
    let mut right = Vec::with_capacity(pairs.len());
    for pair in pairs {
        let (first, second) = pair.split_first_chunk()?;
        left.push(g1(first)?);
        right.push(g2(second.try_into().ok()?)?);
    }
    Some(Bn254::multi_pairing(left, right).is_zero())
}

fn g1(bytes: &[u8; 64]) -> Option<G1Affine> {
    let ([x, y], []) = bytes.as_chunks() else {
        return None;
    };
    let (x, y) = (field(x)?, field(y)?);
    if x.is_zero() && y.is_zero() {
        return Some(G1Affine::zero());
    }
    let point = G1Affine::new_unchecked(x, y);
    point.is_on_curve().then_some(point)
}

fn g2(bytes: &[u8; 128]) -> Option<G2Affine> {
    let ([x1, x0, y1, y0], []) = bytes.as_chunks() else {
        return None;
    };
    let x = Fq2::new(field(x0)?, field(x1)?);
    let y = Fq2::new(field(y0)?, field(y1)?);
    if x.is_zero() && y.is_zero() {
        return Some(G2Affine::zero());
    }
    let point = G2Affine::new_unchecked(x, y);
    (point.is_on_curve() && point.is_in_correct_subgroup_assuming_on_curve()).then_some(point)
}

fn field(bytes: &[u8; 32]) -> Option<Fq> {
    let mut limbs = [0; 4];
    for (limb, bytes) in limbs.iter_mut().rev().zip(bytes.as_chunks().0) {
        *limb = u64::from_be_bytes(*bytes);
    }
    Fq::from_bigint(BigInt::new(limbs))
}

fn encode(point: G1Projective) -> [u8; 64] {
    let mut bytes = [0; 64];
    if let Some((x, y)) = point.into_affine().xy() {
        bytes[..32].copy_from_slice(&x.into_bigint().to_bytes_be());
        bytes[32..].copy_from_slice(&y.into_bigint().to_bytes_be());
    }
    bytes
}
