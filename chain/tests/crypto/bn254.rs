use ark_bn254::{Fq, Fq2, G2Affine};
use ark_ff::{BigInteger, PrimeField};
use bessemer_chain::crypto::bn254::{PAIR, add, mul, pairing};
use substrate_bn as other;
use substrate_bn::Group;

use crate::random::{Random, hex, hex_array, join};

const P: &str = "30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47";
const R: &str = "30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001";
/// The generators (EIP-196 and EIP-197).
const G1: &str = "0000000000000000000000000000000000000000000000000000000000000001\
                  0000000000000000000000000000000000000000000000000000000000000002";
const MINUS_G1: &str = "0000000000000000000000000000000000000000000000000000000000000001\
                        30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd45";
const G2: &str = "198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2\
                  1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed\
                  090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b\
                  12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa";
const INFINITY: [u8; 64] = [0; 64];

fn g1(bytes: &[u8]) -> Option<other::G1> {
    let (x, y) = (other::Fq::from_slice(&bytes[..32]), other::Fq::from_slice(&bytes[32..64]));
    let (x, y) = (x.ok()?, y.ok()?);
    if x.is_zero() && y.is_zero() {
        return Some(other::G1::zero());
    }
    other::AffineG1::new(x, y).ok().map(Into::into)
}

fn g2(bytes: &[u8]) -> Option<other::G2> {
    let number = |at: usize| other::Fq::from_slice(&bytes[at..at + 32]).ok();
    let x = other::Fq2::new(number(32)?, number(0)?);
    let y = other::Fq2::new(number(96)?, number(64)?);
    if x.is_zero() && y.is_zero() {
        return Some(other::G2::zero());
    }
    other::AffineG2::new(x, y).ok().map(Into::into)
}

fn encode(point: other::G1) -> [u8; 64] {
    let mut bytes = INFINITY;
    if let Some(point) = other::AffineG1::from_jacobian(point) {
        point.x().to_big_endian(&mut bytes[..32]).unwrap();
        point.y().to_big_endian(&mut bytes[32..]).unwrap();
    }
    bytes
}

fn encode_g2(point: other::G2) -> [u8; 128] {
    let mut bytes = [0; 128];
    if let Some(point) = other::AffineG2::from_jacobian(point) {
        let (x, y) = (point.x(), point.y());
        for (at, number) in [x.imaginary(), x.real(), y.imaginary(), y.real()].iter().enumerate() {
            number.to_big_endian(&mut bytes[at * 32..at * 32 + 32]).unwrap();
        }
    }
    bytes
}

fn scalar(bytes: [u8; 32]) -> other::Fr {
    let mut wide = [0; 64];
    wide[32..].copy_from_slice(&bytes);
    other::Fr::interpret(&wide)
}

#[test]
fn known_sums_products_and_pairings_come_out() {
    let points = hex_array(
        "18b18acfb4c2c30276db5411368e7185b311dd124691610c5d3b74034e093dc9\
         063c909c4720840cb5134cb9f59fa749755796819658d32efc0d288198f37266\
         07c2b7f58a84bd6145f00c9c2bc0bb1a187f20ff2c92963a88019e7c6a014eed\
         06614e20c147e940f2d70da3f74c9a17df361706a4485c742bd6788478fa17d7",
    );
    let sum = hex_array(
        "2243525c5efd4b9c3d3c45ac0ca3fe4dd85e830a4ce6b65fa1eeaee202839703\
         301d1d33be6da8e509df21cc35964723180eed7532537db9ae5e7d48f195c915",
    );
    assert_eq!(add(&points), Some(sum));
    let input = hex_array(
        "2bd3e6d0f3b142924f5ca7b49ce5b9d54c4703d7ae5648e61d02268b1a0a9fb7\
         21611ce0a6af85915e2f1d70300909ce2e49dfad4a4619c8390cae66cefdb204\
         00000000000000000000000000000000000000000000000011138ce750fa15c2",
    );
    let product = hex_array(
        "070a8d6a982153cae4be29d434e8faef8a47b274a053f5a4ee2a6c9c13c31e5c\
         031b8ce914eba3a9ffb989f9cdd5b0f01943074bf4f0f315690ec3cec6981afc",
    );
    assert_eq!(mul(&input), Some(product));
    let pairs = [
        hex_array(
            "1c76476f4def4bb94541d57ebba1193381ffa7aa76ada664dd31c16024c43f59\
             3034dd2920f673e204fee2811c678745fc819b55d3e9d294e45c9b03a76aef41\
             209dd15ebff5d46c4bd888e51a93cf99a7329636c63514396b4a452003a35bf7\
             04bf11ca01483bfa8b34b43561848d28905960114c8ac04049af4b6315a41678\
             2bb8324af6cfc93537a2ad1a445cfd0ca2a71acd7ac41fadbf933c2a51be344d\
             120a2a4cf30c1bf9845f20c6fe39e07ea2cce61f0c9bb048165fe5e4de877550",
        ),
        hex_array(
            "111e129f1cf1097710d41c4ac70fcdfa5ba2023c6ff1cbeac322de49d1b6df7c\
             2032c61a830e3c17286de9462bf242fca2883585b93870a73853face6a6bf411\
             198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2\
             1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed\
             090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b\
             12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa",
        ),
    ];
    assert_eq!(pairing(&pairs), Some(true));
    assert_eq!(pairing(&pairs[..1]), Some(false));
}

#[test]
fn infinity_is_a_point_and_the_sum_of_opposites() {
    let g1: [u8; 64] = hex_array(G1);
    assert_eq!(add(&[0; 128]), Some(INFINITY));
    assert_eq!(add(&join(&[&g1, &INFINITY])), Some(g1));
    assert_eq!(add(&join(&[&INFINITY, &g1])), Some(g1));
    assert_eq!(add(&join(&[&g1, &hex(MINUS_G1)])), Some(INFINITY));
    assert_eq!(mul(&join(&[&INFINITY, &[0xff; 32]])), Some(INFINITY));
    assert_eq!(mul(&join(&[&g1, &[0; 32]])), Some(INFINITY));
    assert_eq!(mul(&join(&[&g1, &hex(R)])), Some(INFINITY));
    let pairs: [[u8; PAIR]; 4] =
        [[0; PAIR], join(&[&g1, &[0; 128]]), join(&[&INFINITY, &hex(G2)]), join(&[&g1, &hex(G2)])];
    assert_eq!(pairing(&pairs[..3]), Some(true));
    assert_eq!(pairing(&pairs), Some(false));
    assert_eq!(pairing(&[]), Some(true));
    assert_eq!(pairing(&[pairs[3], join(&[&hex(MINUS_G1), &hex(G2)])]), Some(true));
}

#[test]
fn scalars_count_modulo_r() {
    let mut above = hex(R);
    above[31] += 1;
    assert_eq!(mul(&join(&[&hex(G1), &above])), Some(hex_array(G1)));
    let mut below = hex(R);
    below[31] -= 1;
    assert_eq!(mul(&join(&[&hex(G1), &below])), Some(hex_array(MINUS_G1)));
}

#[test]
fn coordinates_of_p_or_more_and_points_off_the_curve_are_refused() {
    let p: [u8; 32] = hex_array(P);
    let zero = [0; 32];
    // 1 + p and 2 + p stand for the generator, p and p for infinity.
    let (mut one, mut two) = (p, p);
    one[31] += 1;
    two[31] += 2;
    let bad: [[u8; 64]; 8] = [
        join(&[&one, &hex(G1)[32..]]),
        join(&[&hex(G1)[..32], &two]),
        join(&[&p, &p]),
        join(&[&p, &zero]),
        join(&[&zero, &p]),
        [0x11; 64],
        [0xff; 64],
        join(&[&zero, &hex(G1)[..32]]),
    ];
    for point in bad {
        assert_eq!(add(&join(&[&point, &hex(G1)])), None, "{point:?}");
        assert_eq!(add(&join(&[&hex(G1), &point])), None, "{point:?}");
        assert_eq!(mul(&join(&[&point, &zero])), None, "{point:?}");
        assert_eq!(pairing(&[join(&[&point, &[0; 128]])]), None, "{point:?}");
    }
    for at in 0..4 {
        let mut point = hex(G2);
        point[at * 32..][..32].copy_from_slice(&p);
        assert_eq!(pairing(&[join(&[&INFINITY, &point])]), None);
        point.fill(0);
        point[at * 32..][..32].copy_from_slice(&p);
        assert_eq!(pairing(&[join(&[&INFINITY, &point])]), None);
        point.fill(0);
        point[at * 32 + 31] = 1;
        assert_eq!(pairing(&[join(&[&INFINITY, &point])]), None);
    }
    // The real part first, which is another order than EIP-197's.
    let swapped: Vec<u8> =
        [32, 0, 96, 64].iter().flat_map(|at| hex(G2)[*at..*at + 32].to_vec()).collect();
    assert_eq!(pairing(&[join(&[&INFINITY, &swapped])]), None);
}

#[test]
fn points_of_g2_outside_the_subgroup_are_refused() {
    let mut refused = 0;
    for x in 1..40_u64 {
        let Some(point) =
            G2Affine::get_point_from_x_unchecked(Fq2::new(Fq::from(x), Fq::from(1)), false)
        else {
            continue;
        };
        assert!(point.is_on_curve() && !point.is_in_correct_subgroup_assuming_on_curve());
        let numbers = [point.x.c1, point.x.c0, point.y.c1, point.y.c0];
        let bytes = numbers.map(|number| number.into_bigint().to_bytes_be()).concat();
        assert!(g2(&bytes).is_none());
        assert_eq!(pairing(&[join(&[&INFINITY, &bytes])]), None);
        assert_eq!(pairing(&[join(&[&hex(G1), &bytes])]), None);
        refused += 1;
    }
    assert!(refused > 10);
}

#[test]
fn bn254_agrees_with_another_library() {
    let mut random = Random::new();
    let point = |random: &mut Random| encode(other::G1::one() * scalar(random.bytes()));
    for _ in 0..300 {
        let (left, right, factor) = (point(&mut random), point(&mut random), random.bytes());
        let right = if random.below(10) == 0 { left } else { right };
        let (a, b) = (g1(&left).unwrap(), g1(&right).unwrap());
        assert_eq!(add(&join(&[&left, &right])), Some(encode(a + b)));
        assert_eq!(mul(&join(&[&left, &factor])), Some(encode(a * scalar(factor))), "{factor:?}");
        let mut spoiled = left;
        random.spoil(&mut spoiled);
        assert_eq!(
            add(&join(&[&spoiled, &right])),
            g1(&spoiled).map(|point| encode(point + b)),
            "{spoiled:?}"
        );
    }
    for round in 0..40 {
        // Pairs of a Q and b R, the last of which makes the product 1 in every second round.
        let mut pairs: Vec<[u8; PAIR]> = Vec::new();
        let mut sum = other::Fr::zero();
        for _ in 0..random.below(4) {
            let (a, b) = (scalar(random.bytes()), scalar(random.bytes()));
            sum = sum + a * b;
            pairs.push(join(&[&encode(other::G1::one() * a), &encode_g2(other::G2::one() * b)]));
        }
        let last = if round % 2 == 0 { -sum } else { scalar(random.bytes()) };
        pairs.push(join(&[&encode(other::G1::one() * last), &hex(G2)]));
        let theirs: Vec<_> =
            pairs.iter().map(|pair| (g1(pair).unwrap(), g2(&pair[64..]).unwrap())).collect();
        let one = other::pairing_batch(&theirs) == other::Gt::one();
        assert_eq!(pairing(&pairs), Some(one));
        assert_eq!(one, round % 2 == 0);
    }
}
