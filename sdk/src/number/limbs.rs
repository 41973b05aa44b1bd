//! Products and quotients of 256 and 512 bits, in digits of 32 bits.
//!
//! Written for the size of contracts: a division takes some 700 bytes of code here, and 15 KiB in libraries
//! that are written for speed on large machines. Nothing is indexed, since a panic of Rust's own would
//! bring more code than all of this.

/// Digits of 256 bits, the least significant first.
pub(super) type Half = [u32; 8];
/// Digits of 512 bits, the least significant first.
pub(super) type Whole = [u32; 16];

/// The digits of a number.
pub(super) const fn split([a, b, c, d]: [u64; 4]) -> Half {
    const fn two(limb: u64) -> [u32; 2] {
        [limb as u32, (limb >> 32) as u32]
    }
    let ([a, b], [c, d], [e, f], [g, h]) = (two(a), two(b), two(c), two(d));
    [a, b, c, d, e, f, g, h]
}

/// The number with these digits.
pub(super) const fn join([a, b, c, d, e, f, g, h]: Half) -> [u64; 4] {
    const fn one(low: u32, high: u32) -> u64 {
        low as u64 | (high as u64) << 32
    }
    [one(a, b), one(c, d), one(e, f), one(g, h)]
}

/// The lower half, if the upper half is 0.
pub(super) fn narrow(whole: &Whole) -> Option<Half> {
    let (low, high) = whole.split_first_chunk()?;
    high.iter().all(|digit| *digit == 0).then_some(*low)
}

/// The lower half.
pub(super) fn low(whole: &Whole) -> Half {
    whole.first_chunk().copied().unwrap_or_default()
}

/// The product.
#[inline(never)]
pub(super) fn multiply(a: &Half, b: &Half) -> Whole {
    let mut product = [0; 16];
    for (place, digit) in a.iter().enumerate().filter(|(_, digit)| **digit != 0) {
        let mut carry = 0;
        let rows = product.iter_mut().skip(place);
        for (sum, factor) in rows.zip(b.iter().chain(&[0])) {
            // at most (2^32 - 1)^2 + 2 (2^32 - 1), which is 2^64 - 1
            let wide = u64::from(*digit) * u64::from(*factor) + u64::from(*sum) + carry;
            *sum = wide as u32;
            carry = wide >> 32;
        }
    }
    product
}

/// Quotient and remainder; both 0 if the divisor is 0. Knuth's algorithm D (The Art of Computer
/// Programming, 4.3.1), with an estimate by one digit, which is too large by two at most.
#[inline(never)]
pub(super) fn divide(number: &Whole, divisor: &Half) -> (Whole, Half) {
    let mut quotient = [0; 16];
    let Some(top) = divisor.iter().rposition(|digit| *digit != 0) else {
        return (quotient, [0; 8]);
    };
    // the highest digit of the divisor gets its highest bit set, and the number a digit more
    let shift = divisor.get(top).map_or(0, |digit| digit.leading_zeros());
    let mut divisor = *divisor;
    shift_left(&mut divisor, shift);
    let divisor = divisor.get(..=top).unwrap_or_default();
    let highest = divisor.last().copied().unwrap_or(u32::MAX);
    let mut rest = [0; 17];
    rest.iter_mut().zip(number).for_each(|(rest, digit)| *rest = *digit);
    shift_left(&mut rest, shift);
    let used = number.iter().rposition(|digit| *digit != 0).map_or(0, |place| place + 1);
    for place in (0..used.saturating_sub(top)).rev() {
        let Some(window) = rest.get_mut(place..place + top + 2) else { continue };
        let [.., low, high] = window else { continue };
        let mut digit = estimate(*high, *low, highest);
        let mut missing = subtract_product(window, divisor, digit);
        while missing {
            digit -= 1;
            missing = !add(window, divisor);
        }
        if let Some(place) = quotient.get_mut(place) {
            *place = digit;
        }
    }
    let mut remainder = [0; 8];
    let mut above = 0;
    for (place, digit) in rest.iter().enumerate().rev() {
        let moved = (u64::from(above) << 32 | u64::from(*digit)) >> shift;
        if let Some(place) = remainder.get_mut(place) {
            *place = moved as u32;
        }
        above = *digit;
    }
    (quotient, remainder)
}

fn shift_left(digits: &mut [u32], shift: u32) {
    let mut carry = 0;
    for digit in digits {
        let wide = u64::from(*digit) << shift | carry;
        *digit = wide as u32;
        carry = wide >> 32;
    }
}

/// `(high, low) / divisor`, or the largest digit if that is larger. The divisor's highest bit is set.
fn estimate(high: u32, low: u32, divisor: u32) -> u32 {
    if high >= divisor {
        return u32::MAX;
    }
    #[cfg(not(target_pointer_width = "32"))]
    {
        let number = u64::from(high) << 32 | u64::from(low);
        number.checked_div(divisor.into()).unwrap_or_default() as u32
    }
    // A machine of 32 bits divides by half a digit, twice; its library of 64-bit division is longer.
    #[cfg(target_pointer_width = "32")]
    {
        let (first, rest) = half_digit(high, low >> 16, divisor);
        let (second, _) = half_digit(rest, low & 0xffff, divisor);
        first << 16 | second
    }
}

/// `(high << 16 | low) / divisor`, which is half a digit, and the remainder.
#[cfg_attr(not(target_pointer_width = "32"), allow(dead_code, reason = "divides at once"))]
fn half_digit(high: u32, low: u32, divisor: u32) -> (u32, u32) {
    let (upper, lower) = (divisor >> 16, divisor & 0xffff);
    let mut digit = high.checked_div(upper).unwrap_or_default().min(0xffff);
    let mut rest = high - digit * upper;
    // the estimate by the upper half of the divisor is too large by two at most
    while rest <= 0xffff && digit * lower > (rest << 16 | low) {
        digit -= 1;
        rest += upper;
    }
    let number = high << 16 | low;
    (digit, number.wrapping_sub(digit.wrapping_mul(divisor)))
}

/// Subtracts `divisor * digit`, and says whether more was subtracted than there was.
fn subtract_product(window: &mut [u32], divisor: &[u32], digit: u32) -> bool {
    let (mut carry, mut borrow) = (0, false);
    for (place, factor) in window.iter_mut().zip(divisor.iter().chain(&[0])) {
        let product = u64::from(digit) * u64::from(*factor) + carry;
        carry = product >> 32;
        let (difference, first) = place.overflowing_sub(product as u32);
        let (difference, second) = difference.overflowing_sub(u32::from(borrow));
        borrow = first | second;
        *place = difference;
    }
    borrow
}

/// Adds the divisor, and says whether there was a carry.
fn add(window: &mut [u32], divisor: &[u32]) -> bool {
    let mut carry = 0;
    for (place, digit) in window.iter_mut().zip(divisor.iter().chain(&[0])) {
        let sum = u64::from(*place) + u64::from(*digit) + carry;
        *place = sum as u32;
        carry = sum >> 32;
    }
    carry != 0
}

#[cfg(test)]
mod tests {
    use super::half_digit;

    #[test]
    fn half_digits_are_those_of_the_machine() {
        let mut random = 1_u64;
        let mut next = || {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (random >> 32) as u32
        };
        let edges = [0, 1, 0xffff, 0x1_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_0000, u32::MAX];
        for round in 0..200_000 {
            let pick = |random: u32| match round % 2 {
                0 => edges[random as usize % edges.len()],
                _ => random,
            };
            let divisor = pick(next()) | 0x8000_0000;
            let high = pick(next());
            if high >= divisor {
                continue;
            }
            let low = next() & 0xffff;
            let number = u64::from(high) << 16 | u64::from(low);
            let expected = (number / u64::from(divisor), number % u64::from(divisor));
            let (digit, rest) = half_digit(high, low, divisor);
            assert_eq!((digit.into(), rest.into()), expected, "{number:#x} / {divisor:#x}");
        }
    }
}
