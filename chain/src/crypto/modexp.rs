//! Modular exponentiation of numbers of up to 1 KiB, with any modulus.
//!
//! The input is three lengths, then base, exponent and modulus of that many bytes. Lengths have 4
//! bytes, least significant first; numbers are most significant first and may begin with zeros, or
//! be empty, which is 0. The result has as many bytes as the modulus. As in EIP-198, a modulus of 0
//! has the result 0, and the power with exponent 0 is 1 modulo the modulus, for base 0 too.

use aurora_engine_modexp::modexp;

/// The longest base, exponent or modulus, in bytes.
pub const NUMBER: usize = 1024;

const HEADER: usize = 12;

/// Gas of a multiplication modulo a number of w words of 8 bytes: this, and below for each word and
/// each pair of words.
const PRODUCT_PRICE: u64 = 30;
const PRODUCT_WORD_PRICE: u64 = 6;
const PRODUCT_PAIR_PRICE: u64 = 6;
/// Gas of what a modulus of w words needs once, for each of w * (w + 1).
const MODULUS_PRICE: u64 = 100;
/// Gas of reducing the base, for each pair of a word of the base and one of the modulus.
const REDUCE_PRICE: u64 = 20;

/// A power to compute: the checked input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Power<'a> {
    base: &'a [u8],
    exponent: &'a [u8],
    modulus: &'a [u8],
}

impl<'a> Power<'a> {
    /// Reads the input; `None` if a length is above [`NUMBER`], or the input is not exactly as long
    /// as its lengths say.
    pub fn parse(input: &'a [u8]) -> Option<Self> {
        let (header, rest) = input.split_first_chunk::<HEADER>()?;
        let ([base, exponent, modulus], []) = header.as_chunks() else {
            return None;
        };
        let (base, rest) = number(rest, base)?;
        let (exponent, rest) = number(rest, exponent)?;
        let (modulus, rest) = number(rest, modulus)?;
        rest.is_empty().then_some(Self { base, exponent, modulus })
    }

    /// Bytes of the result: as many as the modulus has.
    pub fn result_len(&self) -> usize {
        self.modulus.len()
    }

    /// Gas of [`Power::compute`], besides the price of the row; to be charged before.
    ///
    /// Every bit of the exponent counts as a squaring and a multiplication modulo the modulus.
    /// Leading zeros of the exponent are free, those of base and modulus count. The lengths are at
    /// most [`NUMBER`], so nothing overflows: the highest price is below 2^32.
    pub fn price(&self) -> u64 {
        let words = |bytes: &[u8]| bytes.len().div_ceil(8) as u64;
        let (base, modulus) = (words(self.base), words(self.modulus));
        let product =
            PRODUCT_PRICE + PRODUCT_WORD_PRICE * modulus + PRODUCT_PAIR_PRICE * modulus * modulus;
        let once = MODULUS_PRICE * modulus * (modulus + 1) + REDUCE_PRICE * base * modulus;
        once + 2 * bits(self.exponent) * product
    }

    /// The power modulo the modulus.
    pub fn compute(&self) -> Vec<u8> {
        let power = modexp(self.base, self.exponent, self.modulus);
        // The library counts in words: leading zeros may be missing, or stand there in excess.
        let mut result = vec![0; self.modulus.len()];
        for (to, from) in result.iter_mut().rev().zip(power.iter().rev()) {
            *to = *from;
        }
        result
    }
}

fn number<'a>(rest: &'a [u8], length: &[u8; 4]) -> Option<(&'a [u8], &'a [u8])> {
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    if length > NUMBER { None } else { rest.split_at_checked(length) }
}

fn bits(number: &[u8]) -> u64 {
    let Some(first) = number.iter().position(|byte| *byte != 0) else {
        return 0;
    };
    (number.len() - first) as u64 * 8 - u64::from(number[first].leading_zeros())
}
