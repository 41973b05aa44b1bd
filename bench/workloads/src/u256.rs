//! 256-bit integers in four 64-bit limbs, the way contract libraries write them: products through
//! `u128`, division by Knuth's algorithm D with a reciprocal instead of a division per limb.

use core::hint::black_box;

use crate::{
    Workload,
    mix::{Random, fold},
};

/// The registry row.
pub const WORKLOAD: Workload = Workload {
    name: "u256",
    summary: "Adds, subtracts, multiplies and divides 256-bit integers with a 512-bit product, n times.",
    run,
    n: 100_000,
    small_n: 300,
    small_checksum: 0x7073_7c99,
};

/// Limbs, the least significant first.
type U256 = [u64; 4];

/// A full product.
type U512 = [u64; 8];

/// The arithmetic of a constant-product exchange: `n` times `a * b / d`, with sums and differences.
pub fn run(n: u32) -> u32 {
    let mut random = Random::new(n);
    let mut limb = || u64::from(random.next()) << 32 | u64::from(random.next());
    let mut a: U256 = black_box([limb(), limb(), limb(), limb()]);
    let mut b: U256 = black_box([limb(), limb(), limb(), limb() >> 8]);
    for round in 0..n {
        // Divisors of one to four limbs, some with leading zero bits.
        let mut d = [limb(), limb(), limb(), limb() >> (round % 48)];
        d[1 + (round % 4) as usize..].fill(0);
        let (quotient, remainder) = divide(product(&a, &b), &d);
        let low = *quotient.first_chunk().expect("a quotient has eight limbs");
        a = add(&low, &b);
        b = subtract(&remainder, &a);
    }
    a.into_iter().chain(b).fold(0, |sum, limb| fold(fold(sum, limb as u32), (limb >> 32) as u32))
}

/// `a + b` modulo 2^256.
fn add(a: &U256, b: &U256) -> U256 {
    let mut carry = false;
    let mut sum = [0; 4];
    for (k, limb) in sum.iter_mut().enumerate() {
        let (first, over) = a[k].overflowing_add(b[k]);
        let (second, again) = first.overflowing_add(u64::from(carry));
        (*limb, carry) = (second, over | again);
    }
    sum
}

/// `a - b` modulo 2^256.
fn subtract(a: &U256, b: &U256) -> U256 {
    let mut borrow = false;
    let mut difference = [0; 4];
    for (k, limb) in difference.iter_mut().enumerate() {
        let (first, under) = a[k].overflowing_sub(b[k]);
        let (second, again) = first.overflowing_sub(u64::from(borrow));
        (*limb, borrow) = (second, under | again);
    }
    difference
}

/// `a * b` in full.
fn product(a: &U256, b: &U256) -> U512 {
    let mut product = [0; 8];
    for (i, x) in a.iter().enumerate() {
        let mut carry = 0;
        for (j, y) in b.iter().enumerate() {
            let sum = wide(*x) * wide(*y) + wide(product[i + j]) + wide(carry);
            (product[i + j], carry) = (sum as u64, high(sum));
        }
        product[i + 4] = carry;
    }
    product
}

/// Quotient and remainder; `divisor` is not zero. Knuth, The Art of Computer Programming 4.3.1.
fn divide(dividend: U512, divisor: &U256) -> (U512, U256) {
    let length = 4 - divisor.iter().rev().take_while(|limb| **limb == 0).count();
    assert!(length > 0, "division by zero");
    let shift = divisor[length - 1].leading_zeros();

    // D1: with the top bit of the divisor set, an estimated quotient limb is at most 2 too large.
    let mut divisor = *divisor;
    shift_left(&mut divisor, shift);
    let divisor = &divisor[..length];
    let mut remainder = [0; 9];
    remainder[..8].copy_from_slice(&dividend);
    shift_left(&mut remainder, shift);

    let top = divisor[length - 1];
    let inverse = reciprocal(top);
    let mut quotient = [0; 8];
    for j in (0..=8 - length).rev() {
        let window = &mut remainder[j..=j + length];
        // D3: never below the right limb. If the upper limb equals the divisor's, the quotient of
        // the two does not fit, and all ones is the estimate.
        let (upper, lower) = (window[length], window[length - 1]);
        let mut estimate = if upper >= top {
            u64::MAX
        } else {
            let (mut estimate, mut rest) = divide_limb(upper, lower, top, inverse);
            while length > 1
                && wide(estimate) * wide(divisor[length - 2])
                    > (wide(rest) << 64 | wide(window[length - 2]))
            {
                estimate -= 1;
                let (sum, over) = rest.overflowing_add(top);
                rest = sum;
                if over {
                    break;
                }
            }
            estimate
        };
        // D4 to D6: subtract, and add back as long as that was too much.
        let mut negative = subtract_product(window, divisor, estimate);
        while negative {
            estimate -= 1;
            negative = !add_back(window, divisor);
        }
        if j < 8 {
            quotient[j] = estimate;
        }
    }

    // D8.
    let mut rest = [0; 4];
    for k in 0..length {
        let above = if shift == 0 { 0 } else { remainder[k + 1] << (64 - shift) };
        rest[k] = remainder[k] >> shift | above;
    }
    (quotient, rest)
}

/// Shifts limbs up by less than 64 bits.
fn shift_left(limbs: &mut [u64], shift: u32) {
    let mut carry = 0;
    for limb in limbs {
        let shifted = wide(*limb) << shift;
        *limb = shifted as u64 | carry;
        carry = high(shifted);
    }
}

/// `window -= divisor * factor`; true if that went below zero.
fn subtract_product(window: &mut [u64], divisor: &[u64], factor: u64) -> bool {
    let mut carry = 0;
    for (limb, part) in window.iter_mut().zip(divisor) {
        let product = wide(*part) * wide(factor) + wide(carry);
        let (difference, under) = limb.overflowing_sub(product as u64);
        *limb = difference;
        carry = high(product) + u64::from(under);
    }
    let last = &mut window[divisor.len()];
    let (difference, under) = last.overflowing_sub(carry);
    *last = difference;
    under
}

/// `window += divisor`; true if the sum passed zero.
fn add_back(window: &mut [u64], divisor: &[u64]) -> bool {
    let mut carry = 0;
    for (limb, part) in window.iter_mut().zip(divisor) {
        let sum = wide(*limb) + wide(*part) + wide(carry);
        (*limb, carry) = (sum as u64, high(sum));
    }
    let last = &mut window[divisor.len()];
    let (sum, over) = last.overflowing_add(carry);
    *last = sum;
    over
}

/// Quotient and remainder of two limbs by one, with `upper < divisor`, the divisor's top bit set and
/// its [`reciprocal`]. Möller and Granlund, Improved division by invariant integers, algorithm 4.
fn divide_limb(upper: u64, lower: u64, divisor: u64, inverse: u64) -> (u64, u64) {
    let estimate = (wide(inverse) * wide(upper)).wrapping_add(wide(upper) << 64 | wide(lower));
    let mut quotient = high(estimate).wrapping_add(1);
    let mut remainder = lower.wrapping_sub(quotient.wrapping_mul(divisor));
    if remainder > estimate as u64 {
        quotient = quotient.wrapping_sub(1);
        remainder = remainder.wrapping_add(divisor);
    }
    if remainder >= divisor {
        quotient = quotient.wrapping_add(1);
        remainder -= divisor;
    }
    (quotient, remainder)
}

/// `(2^128 - 1) / divisor - 2^64` for a divisor whose top bit is set. The same paper, algorithm 3,
/// with a division of 19 bits in the place of its table.
fn reciprocal(divisor: u64) -> u64 {
    let (odd, d9, d40) = (divisor & 1, (divisor >> 55) as u32, (divisor >> 24) + 1);
    let half = (divisor >> 1) + odd;
    let v0 = u64::from(((1 << 19) - 3 * (1 << 8)) / d9);
    let v1 = (v0 << 11) - ((v0 * v0 * d40) >> 40) - 1;
    let v2 = (v1 << 13) + ((v1 * ((1 << 60) - v1 * d40)) >> 47);
    let error = ((v2 >> 1) & 0u64.wrapping_sub(odd)).wrapping_sub(v2.wrapping_mul(half));
    let v3 = (v2 << 31).wrapping_add(high(wide(v2) * wide(error)) >> 1);
    let scaled = wide(v3) * wide(divisor) + wide(divisor);
    v3.wrapping_sub(high(scaled)).wrapping_sub(divisor)
}

const fn wide(limb: u64) -> u128 {
    limb as u128
}

const fn high(value: u128) -> u64 {
    (value >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reciprocal_is_exact() {
        let mut random = Random::new(1);
        let mut divisors = [1 << 63, (1 << 63) + 1, u64::MAX - 1, u64::MAX, 0];
        for _ in 0..2000 {
            divisors[4] = 1 << 63 | u64::from(random.next()) << 32 | u64::from(random.next());
            for divisor in divisors {
                let exact = u128::MAX / wide(divisor) - (1 << 64);
                assert_eq!(wide(reciprocal(divisor)), exact, "{divisor:#x}");
            }
        }
    }

    /// Limbs at the edges make the estimates wrong more often than random ones.
    #[test]
    fn quotient_times_divisor_plus_remainder_is_the_dividend() {
        let mut random = Random::new(2);
        let mut limb = || match random.below(6) {
            0 => 0,
            1 => u64::MAX,
            2 => 1 << 63,
            3 => u64::from(random.below(4)),
            _ => u64::from(random.next()) << 32 | u64::from(random.next()),
        };
        for _ in 0..20_000 {
            let dividend: U512 = core::array::from_fn(|_| limb());
            let divisor: U256 = core::array::from_fn(|_| limb());
            if divisor == [0; 4] {
                continue;
            }
            let (quotient, remainder) = divide(dividend, &divisor);
            assert!(remainder.iter().rev().lt(divisor.iter().rev()), "{dividend:x?} {divisor:x?}");

            let (low, high) = quotient.split_at(4);
            let [low, high] = [low, high].map(|half| product(half.try_into().unwrap(), &divisor));
            assert_eq!(high[4..], [0; 4]);
            let lower = add(low.first_chunk().unwrap(), &remainder);
            let carry = u64::from(lower.iter().rev().lt(remainder.iter().rev()));
            let upper = add(low.last_chunk().unwrap(), &[carry, 0, 0, 0]);
            assert_eq!(lower, dividend[..4]);
            assert_eq!(add(&upper, high.first_chunk().unwrap()), dividend[4..]);
        }
    }

    #[test]
    fn subtraction_undoes_addition() {
        let (a, b) = ([u64::MAX, 0, u64::MAX, 7], [1, u64::MAX, 0, u64::MAX]);
        assert_eq!(subtract(&add(&a, &b), &b), a);
    }
}
