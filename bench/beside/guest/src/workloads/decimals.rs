//! Decimal digits to numbers.

/// Reads n numbers from text, and gives a checksum.
pub fn run(n: u32) -> u32 {
    (0..n).fold(0, |sum, index| {
        let mut text = *b"0.0000000e-5";
        let mut rest = index.wrapping_mul(2_654_435_761);
        for digit in &mut text[2..9] {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        let text = core::str::from_utf8(&text).unwrap_or_default();
        let read: f64 = text.parse().unwrap_or_default();
        sum.wrapping_mul(31) ^ (read.to_bits() >> 13) as u32
    })
}
