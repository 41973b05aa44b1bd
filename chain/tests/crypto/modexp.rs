use bessemer_chain::crypto::modexp::{NUMBER, Power};
use num_bigint::BigUint;

use crate::random::{Random, hex};

fn input(base: &[u8], exponent: &[u8], modulus: &[u8]) -> Vec<u8> {
    let lengths = [base, exponent, modulus].map(|number| (number.len() as u32).to_le_bytes());
    [&lengths.concat(), base, exponent, modulus].concat()
}

fn power(base: &[u8], exponent: &[u8], modulus: &[u8]) -> Vec<u8> {
    let input = input(base, exponent, modulus);
    let power = Power::parse(&input).unwrap();
    let result = power.compute();
    assert_eq!(result.len(), modulus.len());
    assert_eq!(result.len(), power.result_len());
    result
}

fn power_with_num(base: &[u8], exponent: &[u8], modulus: &[u8]) -> Vec<u8> {
    let [base, exponent, number] = [base, exponent, modulus].map(BigUint::from_bytes_be);
    let mut result = vec![0; modulus.len()];
    if number != BigUint::ZERO {
        let bytes = base.modpow(&exponent, &number).to_bytes_be();
        // Zero has one byte, for which an empty modulus has no place; it is 0 anyway.
        let from = result.len() - bytes.len();
        result[from..].copy_from_slice(&bytes);
    }
    result
}

#[test]
fn the_vectors_of_eip_198_come_out() {
    let below = hex("fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2e");
    let prime = hex("fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f");
    assert_eq!(power(&[3], &below, &prime), [&[0; 31][..], &[1]].concat());
    assert_eq!(power(&[], &below, &prime), [0; 32]);
    let modulus = [&[0x80][..], &[0; 31]].concat();
    assert_eq!(
        power(&[3], &[0xff, 0xff], &modulus),
        hex("3b01b01ac41f2d6e917c6d6a221ce793802469026d9ab7578fa2e79e4da6aaab")
    );
}

#[test]
fn zero_one_and_nothing_have_their_results() {
    // Modulus 0 has the result 0, with its length kept.
    assert_eq!(power(&[5], &[5], &[0; 7]), [0; 7]);
    assert_eq!(power(&[0], &[0], &[0]), [0]);
    assert_eq!(power(&[5], &[5], &[]), [0; 0]);
    assert_eq!(power(&[], &[], &[]), [0; 0]);
    // Everything modulo 1 is 0.
    assert_eq!(power(&[5], &[5], &[1]), [0]);
    assert_eq!(power(&[5], &[0], &[0, 0, 1]), [0, 0, 0]);
    assert_eq!(power(&[], &[], &[1]), [0]);
    // The power with exponent 0 is 1, of 0 too.
    for (base, exponent) in [(&[7][..], &[][..]), (&[7], &[0; 40]), (&[], &[]), (&[0], &[0])] {
        assert_eq!(power(base, exponent, &[0, 9]), [0, 1], "{base:?} {exponent:?}");
        assert_eq!(power(base, exponent, &[4]), [1], "{base:?} {exponent:?}");
    }
    assert_eq!(power(&[], &[3], &[9]), [0]);
    // Leading zeros change nothing.
    assert_eq!(
        power(&[0, 0, 3], &[0, 0, 0, 2], &[0, 0, 0, 0, 0, 0, 0, 0, 0, 5]),
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 4]
    );
}

#[test]
fn lengths_that_do_not_fit_are_refused() {
    let good = input(&[1; 3], &[2; 4], &[3; 5]);
    assert!(Power::parse(&good).is_some());
    for length in 0..good.len() {
        assert!(Power::parse(&good[..length]).is_none(), "{length} bytes");
    }
    assert!(Power::parse(&[&good[..], &[0]].concat()).is_none(), "a byte too many");
    for place in 0..3 {
        let mut numbers = [&[1][..], &[1], &[1]];
        let longest = [1; NUMBER];
        numbers[place] = &longest;
        assert!(Power::parse(&input(numbers[0], numbers[1], numbers[2])).is_some());
        let longer = [1; NUMBER + 1];
        numbers[place] = &longer;
        assert!(Power::parse(&input(numbers[0], numbers[1], numbers[2])).is_none());
        let mut huge = good.clone();
        huge[place * 4..place * 4 + 4].fill(0xff);
        assert!(Power::parse(&huge).is_none());
    }
}

#[test]
fn modexp_agrees_with_another_library() {
    let mut random = Random::new();
    for round in 0..6_000 {
        let most = if round % 20 == 0 { 140 } else { 40 };
        let [base, exponent, modulus] = [(); 3].map(|()| {
            let length = random.below(most);
            random.vec(length)
        });
        let ours = power(&base, &exponent, &modulus);
        assert_eq!(
            ours,
            power_with_num(&base, &exponent, &modulus),
            "{base:02x?} {exponent:02x?} {modulus:02x?}"
        );
    }
}

/// Moduli that are odd, powers of 2 and products of both, with sizes around those of words.
#[test]
fn every_kind_of_modulus_at_the_edges_of_words_agrees_with_another_library() {
    let mut random = Random::new();
    for length in [1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 64, 65, 128] {
        for bit in 0..length * 8 {
            let mut two = vec![0; length];
            two[bit / 8] = 0x80 >> (bit % 8);
            let mut mixed = random.vec(length);
            mixed[bit / 8..].fill(0);
            mixed[bit / 8] = 0x80 >> (bit % 8);
            let mut odd = vec![0; length];
            random.fill(&mut odd[bit / 8..]);
            odd[length - 1] |= 1;
            let base = random.vec(length + 9);
            for modulus in [two, mixed, odd] {
                let exponent = random.bytes::<3>();
                assert_eq!(
                    power(&base, &exponent, &modulus),
                    power_with_num(&base, &exponent, &modulus),
                    "{base:02x?} {exponent:02x?} {modulus:02x?}"
                );
            }
        }
    }
}

#[test]
fn the_price_grows_with_every_length_and_every_bit_of_the_exponent() {
    let price = |base: usize, exponent: &[u8], modulus: usize| {
        Power::parse(&input(&vec![0xff; base], exponent, &vec![0xff; modulus])).unwrap().price()
    };
    assert!(price(8, &[1], 9) > price(8, &[1], 8));
    assert!(price(9, &[1], 8) > price(8, &[1], 8));
    assert!(price(8, &[2], 8) > price(8, &[1], 8));
    assert!(price(8, &[3], 8) == price(8, &[2], 8));
    assert!(price(8, &[0, 0, 3], 8) == price(8, &[2], 8));
    assert!(price(8, &[1, 0], 8) > price(8, &[0xff], 8));
    let highest = price(NUMBER, &[0xff; NUMBER], NUMBER);
    assert!(highest > 100_000_000 && highest < u64::from(u32::MAX), "{highest}");
}
