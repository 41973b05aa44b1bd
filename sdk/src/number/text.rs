//! Numbers as text.

use core::fmt::Formatter;

use super::limbs::{Half, divide};

/// Decimal digits that one division yields; the divisor is [`BILLION`].
const DIGITS: usize = 9;
const BILLION: Half = [1_000_000_000, 0, 0, 0, 0, 0, 0, 0];

/// Writes a number in decimal digits.
pub(super) fn decimal(positive: bool, number: Half, f: &mut Formatter<'_>) -> core::fmt::Result {
    // 2^256 has 78 digits
    let mut text = [b'0'; 9 * DIGITS];
    let mut rest = [0; 16];
    rest.iter_mut().zip(number).for_each(|(place, digit)| *place = digit);
    for group in text.rchunks_exact_mut(DIGITS) {
        let (quotient, [mut low, ..]) = divide(&rest, &BILLION);
        for digit in group.iter_mut().rev() {
            *digit = b'0' + (low % 10) as u8;
            low /= 10;
        }
        rest = quotient;
        if rest == [0; 16] {
            break;
        }
    }
    let first = text.iter().position(|digit| *digit != b'0').unwrap_or(text.len() - 1);
    f.pad_integral(positive, "", ascii(text.get(first..)))
}

/// Writes a number in hexadecimal digits.
pub(super) fn hexadecimal(number: Half, f: &mut Formatter<'_>) -> core::fmt::Result {
    let mut text = [b'0'; 64];
    for (group, mut part) in text.rchunks_exact_mut(8).zip(number) {
        for digit in group.iter_mut().rev() {
            let value = (part & 0xf) as u8;
            *digit = if value < 10 { b'0' + value } else { b'a' + value - 10 };
            part >>= 4;
        }
    }
    let first = text.iter().position(|digit| *digit != b'0').unwrap_or(text.len() - 1);
    f.pad_integral(true, "0x", ascii(text.get(first..)))
}

fn ascii(digits: Option<&[u8]>) -> &str {
    digits.and_then(|digits| core::str::from_utf8(digits).ok()).unwrap_or_default()
}
