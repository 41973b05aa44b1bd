use ark_bls12_381::{Bls12_381, Fq, Fq2, G1Affine, G1Projective, G2Affine, G2Projective, g2};
use ark_ec::hashing::HashToCurve;
use ark_ec::hashing::curve_maps::wb::WBMap;
use ark_ec::hashing::map_to_curve_hasher::MapToCurveBasedHasher;
use ark_ec::pairing::Pairing;
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::Zero;
use ark_ff::field_hashers::DefaultFieldHasher;
use ark_serialize::{CanonicalDeserialize, CanonicalSerialize};
use bessemer_chain::crypto::bls::{self, KEY, SIGNATURE, aggregate, verify};
use blst::min_pk::SecretKey;

use crate::random::{Random, hex_array};

const INFINITE_KEY: [u8; KEY] = infinity();
const INFINITE_SIGNATURE: [u8; SIGNATURE] = infinity();

const fn infinity<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    bytes[0] = 0xc0;
    bytes
}

fn secrets(count: u8) -> Vec<SecretKey> {
    (1..=count).map(|index| SecretKey::key_gen(&[index; 32], &[]).unwrap()).collect()
}

fn key(secret: &SecretKey) -> [u8; KEY] {
    secret.sk_to_pk().to_bytes()
}

fn sign(secret: &SecretKey, message: &[u8]) -> [u8; SIGNATURE] {
    secret.sign(message, bls::SUITE.as_bytes(), &[]).to_bytes()
}

fn g1(bytes: &[u8; KEY]) -> Option<G1Affine> {
    G1Affine::deserialize_compressed(&bytes[..]).ok()
}

fn g2(bytes: &[u8; SIGNATURE]) -> Option<G2Affine> {
    G2Affine::deserialize_compressed(&bytes[..]).ok()
}

fn encode<const N: usize>(point: &impl CanonicalSerialize) -> [u8; N] {
    let mut bytes = Vec::new();
    point.serialize_compressed(&mut bytes).unwrap();
    bytes.try_into().unwrap()
}

/// Verification with arkworks, hash to curve included.
fn verify_with_ark(keys: &[[u8; KEY]], message: &[u8], signature: &[u8; SIGNATURE]) -> bool {
    type Hasher = MapToCurveBasedHasher<
        G2Projective,
        DefaultFieldHasher<sha2_ark::Sha256, 128>,
        WBMap<g2::Config>,
    >;
    let Some(signature) = g2(signature) else {
        return false;
    };
    let mut sum = G1Projective::zero();
    for key in keys {
        match g1(key) {
            Some(key) if !key.is_zero() => sum += key,
            _ => return false,
        }
    }
    let hash = Hasher::new(bls::SUITE.as_bytes()).unwrap().hash(message).unwrap();
    let product =
        Bls12_381::multi_pairing([(-sum).into_affine(), G1Affine::generator()], [hash, signature]);
    !sum.is_zero() && product.is_zero()
}

#[test]
fn the_vector_of_the_ethereum_consensus_tests_verifies() {
    let key = hex_array(
        "a491d1b0ecd9bb917989f0e74f0dea0422eac4a873e5e2644f368dffb9a6e20f\
         d6e10c1b77654d067c0618f6e5a7f79a",
    );
    let signature = hex_array(
        "b6ed936746e01f8ecf281f020953fbf1f01debd5657c4a383940b020b26507f6\
         076334f91e2366c96e9ab279fb5158090352ea1c5b0c9274504f4f0e7053af24\
         802e51e4568d164fe986834f41e55c8e850ce1f98458c0cfc9ab380b55285a55",
    );
    assert!(verify(&[key], &[0; 32], &signature));
    assert!(!verify(&[key], &[0; 31], &signature));
}

#[test]
fn aggregates_verify_under_all_their_keys_and_no_others() {
    let secrets = secrets(5);
    let keys: Vec<_> = secrets.iter().map(key).collect();
    let signatures: Vec<_> = secrets.iter().map(|secret| sign(secret, b"block")).collect();
    let sum = aggregate(&signatures).unwrap();
    assert!(verify(&keys, b"block", &sum));
    let reversed: Vec<_> = keys.iter().rev().copied().collect();
    assert!(verify(&reversed, b"block", &sum), "the order matters");
    assert!(!verify(&keys[1..], b"block", &sum));
    assert!(!verify(&keys, b"other", &sum));
    assert!(!verify(&[], b"block", &sum));
    assert_eq!(aggregate(&signatures[..1]), Some(signatures[0]));
}

#[test]
fn a_key_that_stands_twice_counts_twice() {
    let secret = &secrets(1)[0];
    let signature = sign(secret, b"twice");
    let sum = aggregate(&[signature, signature]).unwrap();
    assert!(verify(&[key(secret), key(secret)], b"twice", &sum));
    assert!(!verify(&[key(secret)], b"twice", &sum));
    assert!(!verify(&[key(secret), key(secret)], b"twice", &signature));
}

#[test]
fn infinity_is_no_key_but_a_signature_that_adds_nothing() {
    let secret = &secrets(1)[0];
    let signature = sign(secret, b"m");
    assert!(!verify(&[INFINITE_KEY], b"m", &INFINITE_SIGNATURE));
    assert!(!verify(&[key(secret), INFINITE_KEY], b"m", &signature));
    assert!(!verify(&[INFINITE_KEY, key(secret)], b"m", &signature));
    assert!(!verify(&[key(secret)], b"m", &INFINITE_SIGNATURE));
    assert_eq!(aggregate(&[INFINITE_SIGNATURE]), Some(INFINITE_SIGNATURE));
    assert_eq!(aggregate(&[signature, INFINITE_SIGNATURE]), Some(signature));
    assert_eq!(aggregate(&[]), None);

    // A key and its opposite, in both orders; the opposite has the other sign of y.
    let mut opposite = key(secret);
    opposite[0] ^= 0x20;
    assert!(!verify(&[key(secret), opposite], b"m", &INFINITE_SIGNATURE));
    assert!(!verify(&[opposite, key(secret)], b"m", &INFINITE_SIGNATURE));
    assert!(verify(&[key(secret), opposite, key(secret)], b"m", &signature));
    let mut other_sign = signature;
    other_sign[0] ^= 0x20;
    assert_eq!(aggregate(&[signature, other_sign]), Some(INFINITE_SIGNATURE));
}

#[test]
fn encodings_have_one_form() {
    let secret = &secrets(1)[0];
    let good = (key(secret), sign(secret, b"m"));
    assert!(verify(&[good.0], b"m", &good.1));
    for flags in 0..8_u8 {
        let (mut key, mut signature) = good;
        key[0] = key[0] & 0x1f | flags << 5;
        signature[0] = signature[0] & 0x1f | flags << 5;
        assert_eq!(verify(&[key], b"m", &good.1), key == good.0, "flags {flags}");
        assert_eq!(verify(&[good.0], b"m", &signature), signature == good.1, "flags {flags}");
        // Compressed, not infinite, either sign.
        assert_eq!(aggregate(&[signature]).is_some(), flags & 0b110 == 0b100, "flags {flags}");
    }
    // Infinity with a sign, with a further bit, and without the mark of compression.
    for (at, byte) in [(0, 0xe0), (95, 1), (0, 0xc1), (0, 0x40), (0, 0x80)] {
        let mut bytes = INFINITE_SIGNATURE;
        bytes[at] = byte;
        assert_eq!(aggregate(&[bytes]), None, "{byte:#x} at {at}");
    }
    // x = p, and all bits.
    let mut p: [u8; KEY] = hex_array(
        "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f624\
         1eabfffeb153ffffb9feffffffffaaab",
    );
    p[0] |= 0x80;
    assert!(!verify(&[p], b"m", &good.1));
    assert_eq!(aggregate(&[[0xff; SIGNATURE]]), None);
}

#[test]
fn points_outside_the_subgroup_are_refused() {
    let secret = &secrets(1)[0];
    let signature = sign(secret, b"m");
    let mut refused = (0, 0);
    for x in 1..60_u64 {
        if let Some(point) = G1Affine::get_point_from_x_unchecked(Fq::from(x), false)
            && !point.is_in_correct_subgroup_assuming_on_curve()
        {
            let off = encode(&point);
            assert!(!verify(&[off], b"m", &signature));
            // Twice with both signs, so that the sum of the keys would be in the subgroup.
            let minus = encode(&-point);
            assert!(!verify(&[key(secret), off, minus], b"m", &signature));
            refused.0 += 1;
        }
        if let Some(point) =
            G2Affine::get_point_from_x_unchecked(Fq2::new(Fq::from(x), Fq::from(1)), false)
            && !point.is_in_correct_subgroup_assuming_on_curve()
        {
            let off = encode(&point);
            assert!(!verify(&[key(secret)], b"m", &off));
            assert_eq!(aggregate(&[off]), None);
            assert_eq!(aggregate(&[signature, off, encode(&-point)]), None);
            refused.1 += 1;
        }
    }
    assert!(refused.0 > 10 && refused.1 > 10, "{refused:?}");
}

#[test]
fn bls_agrees_with_arkworks() {
    let mut random = Random::new();
    for round in 0..60 {
        let count = random.below(4) as u8 + 1;
        let length = random.below(200) + 1;
        let mut message = random.vec(length);
        let secrets = secrets(count);
        let mut keys: Vec<_> = secrets.iter().map(key).collect();
        let mut signatures: Vec<_> = secrets.iter().map(|secret| sign(secret, &message)).collect();
        match round % 5 {
            0 => random.spoil(&mut message),
            1 => random.spoil(&mut keys[0]),
            2 => random.spoil(&mut signatures[0]),
            _ => {}
        }
        let points: Option<Vec<_>> = signatures.iter().map(g2).collect();
        let sum = points.map(|points| {
            encode(
                &points.into_iter().fold(G2Projective::zero(), |sum, one| sum + one).into_affine(),
            )
        });
        assert_eq!(aggregate(&signatures), sum);
        let sum = sum.unwrap_or(signatures[0]);
        let valid = verify(&keys, &message, &sum);
        assert_eq!(valid, verify_with_ark(&keys, &message, &sum));
        assert_eq!(valid, round % 5 > 2);
    }
}
