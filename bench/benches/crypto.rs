//! The cryptographic host functions: every one at two sizes, so that a fixed part and a slope
//! follow, with the most expensive input that is accepted and the most expensive that is refused.

use std::hint::black_box;
use std::time::Duration;

use ::p256::ecdsa::signature::hazmat::PrehashSigner;
use ark_bn254::{Fr, G1Affine, G2Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{BigInteger, PrimeField};
use bessemer_chain::crypto::{blake2f, bls, bn254, ed25519, hash, modexp::Power, p256, secp256k1};
use blst::min_pk::SecretKey;
use criterion::{Criterion, criterion_group, criterion_main};

const DIGEST: [u8; 32] = [0x5a; 32];
const SECRET: [u8; 32] = [0x17; 32];

fn hashes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("hash");
    for length in [0, 32, 1 << 10, 1 << 20] {
        let input = vec![0xa5; length];
        group.bench_function(format!("keccak256/{length}"), |bencher| {
            bencher.iter(|| hash::keccak256(black_box(&input)));
        });
        group.bench_function(format!("sha256/{length}"), |bencher| {
            bencher.iter(|| hash::sha256(black_box(&input)));
        });
        group.bench_function(format!("ripemd160/{length}"), |bencher| {
            bencher.iter(|| hash::ripemd160(black_box(&input)));
        });
        group.bench_function(format!("blake3/{length}"), |bencher| {
            bencher.iter(|| hash::blake3(black_box(&input)));
        });
    }
    for rounds in [0_u32, 12, 1200] {
        let mut input = [0x3c; blake2f::INPUT];
        input[..4].copy_from_slice(&rounds.to_be_bytes());
        input[blake2f::INPUT - 1] = 1;
        group.bench_function(format!("blake2f/{rounds} rounds"), |bencher| {
            bencher.iter(|| blake2f::blake2f(black_box(&input)));
        });
    }
    group.finish();
}

fn signatures(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("signature");

    let secret = k256::ecdsa::SigningKey::from_slice(&SECRET).expect("a scalar below n");
    let (signed, id) = secret.sign_prehash_recoverable(&DIGEST);
    let mut recoverable = [0; 65];
    recoverable[..64].copy_from_slice(&signed.to_bytes());
    recoverable[64] = id.to_byte();
    let key = secp256k1::recover(&DIGEST, &recoverable).expect("the key comes back");
    group.bench_function("secp256k1 recover", |bencher| {
        bencher.iter(|| secp256k1::recover(black_box(&DIGEST), &recoverable));
    });
    let signature = signed.to_bytes().into();
    assert!(secp256k1::verify(&DIGEST, &signature, &key));
    for (name, digest) in [("accepted", DIGEST), ("refused", SECRET)] {
        group.bench_function(format!("secp256k1 verify/{name}"), |bencher| {
            bencher.iter(|| secp256k1::verify(black_box(&digest), &signature, &key));
        });
    }

    let secret = ::p256::ecdsa::SigningKey::from_slice(&SECRET).expect("a scalar below n");
    let signed: ::p256::ecdsa::Signature =
        secret.sign_prehash(&DIGEST).expect("a digest can be signed");
    let signature = signed.to_bytes().into();
    let point = secret.verifying_key().to_sec1_point(false);
    let key = point.as_bytes()[1..].try_into().expect("x and y");
    assert!(p256::verify(&DIGEST, &signature, &key));
    for (name, digest) in [("accepted", DIGEST), ("refused", SECRET)] {
        group.bench_function(format!("p256 verify/{name}"), |bencher| {
            bencher.iter(|| p256::verify(black_box(&digest), &signature, &key));
        });
    }

    let secret = ed25519_zebra::SigningKey::from(SECRET);
    let key = ed25519_zebra::VerificationKey::from(&secret).into();
    for length in [0, 1 << 20] {
        let mut message = vec![0xa5; length];
        let signature = secret.sign(&message).to_bytes();
        assert!(ed25519::verify(&message, &signature, &key));
        group.bench_function(format!("ed25519 verify/{length}"), |bencher| {
            bencher.iter(|| ed25519::verify(black_box(&message), &signature, &key));
        });
        message.push(0);
        group.bench_function(format!("ed25519 verify/{length} refused"), |bencher| {
            bencher.iter(|| ed25519::verify(black_box(&message), &signature, &key));
        });
    }
    group.finish();
}

fn bn254_groups(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("bn254");
    let scalar = |seed: u64| Fr::from_be_bytes_mod_order(&DIGEST) * Fr::from(seed);
    let first = g1((G1Affine::generator() * scalar(3)).into_affine());
    let second = g1((G1Affine::generator() * scalar(5)).into_affine());
    let mut points = [0; 128];
    points[..64].copy_from_slice(&first);
    points[64..].copy_from_slice(&second);
    group.bench_function("add", |bencher| bencher.iter(|| bn254::add(black_box(&points))));
    points[64..].copy_from_slice(&first);
    group.bench_function("double", |bencher| bencher.iter(|| bn254::add(black_box(&points))));
    for (name, scalar) in [("all ones", [0xff; 32]), ("mixed", DIGEST)] {
        let mut input = [0; 96];
        input[..64].copy_from_slice(&first);
        input[64..].copy_from_slice(&scalar);
        group.bench_function(format!("mul/{name}"), |bencher| {
            bencher.iter(|| bn254::mul(black_box(&input)));
        });
    }
    let pairs: Vec<[u8; bn254::PAIR]> = (1..=64)
        .map(|index| {
            let mut pair = [0; bn254::PAIR];
            pair[..64].copy_from_slice(&g1((G1Affine::generator() * scalar(index)).into()));
            pair[64..].copy_from_slice(&g2((G2Affine::generator() * scalar(index + 64)).into()));
            pair
        })
        .collect();
    for count in [0, 1, 2, 8, 64] {
        group.bench_function(format!("pairing/{count}"), |bencher| {
            bencher.iter(|| bn254::pairing(black_box(&pairs[..count])));
        });
    }
    group.finish();
}

fn g1(point: G1Affine) -> [u8; 64] {
    let (x, y) = point.xy().expect("not infinity");
    let bytes = [x, y].map(|number| number.into_bigint().to_bytes_be()).concat();
    bytes.try_into().expect("two numbers")
}

fn g2(point: G2Affine) -> [u8; 128] {
    let (x, y) = point.xy().expect("not infinity");
    let bytes = [x.c1, x.c0, y.c1, y.c0].map(|number| number.into_bigint().to_bytes_be()).concat();
    bytes.try_into().expect("four numbers")
}

fn bls_signatures(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("bls");
    let secrets: Vec<SecretKey> = (0..512_u16)
        .map(|index| {
            let mut material = SECRET;
            material[..2].copy_from_slice(&index.to_le_bytes());
            SecretKey::key_gen(&material, &[]).expect("32 bytes of key material")
        })
        .collect();
    let keys: Vec<_> = secrets.iter().map(|secret| secret.sk_to_pk().to_bytes()).collect();
    for (count, length) in [(1, 0), (1, 64 << 10), (2, 0), (16, 0), (512, 0)] {
        let message = vec![0xa5; length];
        let signatures: Vec<_> = secrets[..count]
            .iter()
            .map(|secret| secret.sign(&message, bls::SUITE.as_bytes(), &[]).to_bytes())
            .collect();
        let sum = bls::aggregate(&signatures).expect("they are signatures");
        assert!(bls::verify(&keys[..count], &message, &sum));
        group.bench_function(format!("verify/{count} keys, {length} bytes"), |bencher| {
            bencher.iter(|| bls::verify(black_box(&keys[..count]), &message, &sum));
        });
        group.bench_function(format!("verify/{count} keys, {length} bytes, refused"), |bencher| {
            bencher.iter(|| bls::verify(black_box(&keys[..count]), &message, &signatures[0]));
        });
        group.bench_function(format!("aggregate/{count}, {length}"), |bencher| {
            bencher.iter(|| bls::aggregate(black_box(&signatures)));
        });
    }
    group.finish();
}

fn modular_powers(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("modexp");
    for (base, exponent, modulus) in SIZES {
        for (kind, last) in [("odd", 0xff_u8), ("even", 0xfe)] {
            let mut input: Vec<u8> =
                [base, exponent, modulus].iter().flat_map(|length| length.to_le_bytes()).collect();
            input.resize(input.len() + (base + exponent + modulus) as usize, 0xff);
            // A modulus of mixed bits, the highest of them set.
            let from = input.len() - modulus as usize;
            for (index, byte) in input[from..].iter_mut().enumerate() {
                *byte = 0x80 | (index * 37) as u8;
            }
            if let Some(byte) = input[from..].last_mut() {
                *byte = last;
            }
            let power = Power::parse(&input).expect("the lengths are right");
            let name = format!("{base}, {exponent}, {modulus}, {kind} for {}", power.price());
            group.bench_function(name, |bencher| bencher.iter(|| black_box(power).compute()));
        }
    }
    group.finish();
}

/// Bytes of base, exponent and modulus.
const SIZES: [(u32, u32, u32); 17] = [
    (0, 0, 0),
    (1, 1, 1),
    (1, 1024, 1),
    (8, 1024, 8),
    (9, 1024, 9),
    (32, 1, 32),
    (32, 32, 32),
    (32, 1024, 32),
    (64, 1024, 64),
    (1024, 1, 1),
    (1024, 1, 32),
    (1, 1, 1024),
    (256, 3, 256),
    (256, 256, 256),
    (1024, 0, 1024),
    (1024, 1, 1024),
    (1024, 1024, 1024),
];

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(500));
    targets = hashes, signatures, bn254_groups, bls_signatures, modular_powers
}
criterion_main!(benches);
