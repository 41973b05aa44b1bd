//! Random bytes and every length: nothing here may panic.

use bessemer_chain::crypto::modexp::{NUMBER, Power};
use bessemer_chain::crypto::{blake2f, bls, bn254, ed25519, hash, p256, secp256k1};

use crate::random::{Random, join};

const MANY: usize = 100_000;
const FEW: usize = 10_000;

#[test]
fn hashes_take_every_length() {
    let mut random = Random::new();
    for length in 0..5_000 {
        let input = random.vec(length);
        assert_ne!(hash::keccak256(&input), hash::sha256(&input));
        assert_ne!(hash::blake3(&input)[..20], hash::ripemd160(&input));
    }
}

#[test]
fn blake2f_takes_any_bytes() {
    let mut random = Random::new();
    for _ in 0..MANY {
        let mut input: [u8; blake2f::INPUT] = random.bytes();
        assert!(blake2f::price(&input) <= u64::from(u32::MAX) * blake2f::ROUND_PRICE);
        input[..3].fill(0);
        let valid = input[blake2f::INPUT - 1] < 2;
        assert_eq!(blake2f::blake2f(&input).is_some(), valid);
    }
}

#[test]
fn signatures_of_random_bytes_do_not_verify() {
    let mut random = Random::new();
    for _ in 0..FEW {
        let (digest, signature) = (random.bytes(), random.bytes());
        assert!(!secp256k1::verify(&digest, &signature, &random.bytes()));
        assert!(!p256::verify(&digest, &signature, &random.bytes()));
        let v = random.below(3) as u8;
        let recoverable = join(&[&signature, &[v]]);
        if let Some(key) = secp256k1::recover(&digest, &recoverable) {
            assert!(secp256k1::verify(&digest, &signature, &key));
        }
    }
    for _ in 0..MANY {
        let length = random.below(70);
        let (message, mut signature) = (random.vec(length), random.bytes::<64>());
        signature[63] &= 0x1f;
        // Small-order points are met by chance, with zeros: only that it comes back is tested.
        let _ = ed25519::verify(&message, &signature, &random.bytes());
    }
}

#[test]
fn curves_of_pairings_take_any_bytes() {
    let mut random = Random::new();
    for _ in 0..MANY {
        let point: [u8; 64] = random.bytes();
        let infinity = point == [0; 64];
        assert_eq!(bn254::add(&join(&[&point, &[0; 64]])).is_some(), infinity);
        assert_eq!(bn254::mul(&join(&[&point, &[1; 32]])).is_some(), infinity);
        let pair = join(&[&[0; 64], &random.bytes::<128>()]);
        let _ = bn254::pairing(&[pair]);
    }
    for round in 0..FEW {
        let mut signature: [u8; bls::SIGNATURE] = random.bytes();
        let mut key: [u8; bls::KEY] = random.bytes();
        if round % 4 != 0 {
            // Compressed, and x small enough to be a number of the field.
            signature[0] = 0x80 | signature[0] & 0x2f;
            signature[48] &= 0x0f;
            key[0] = 0x80 | key[0] & 0x2f;
        }
        let _ = bls::aggregate(&[signature]);
        assert!(!bls::verify(&[key], &[], &signature));
    }
}

#[test]
fn powers_of_random_input_come_back() {
    let mut random = Random::new();
    let mut computed = 0;
    for round in 0..MANY {
        let mut lengths = [(); 3].map(|()| random.below(24));
        if round % 1_000 == 0 {
            lengths[random.below(3)] = random.below(NUMBER + 2);
        }
        let mut input = lengths.map(|length| (length as u32).to_le_bytes()).concat();
        let rest = lengths.iter().sum::<usize>() + usize::from(round % 50 == 0);
        input.extend(random.vec(rest));
        if round % 30 == 0 {
            random.spoil(&mut input[..12]);
        }
        if let Some(power) = Power::parse(&input) {
            assert!(power.price() < u64::from(u32::MAX));
            assert_eq!(power.compute().len(), power.result_len());
            computed += 1;
        }
    }
    assert!(computed > MANY / 2, "{computed} computed");
    for length in 0..4_000 {
        let _ = Power::parse(&random.vec(length));
        let _ = Power::parse(&vec![0; length]);
    }
}
