//! Numbers without a sign.

use core::fmt;
use core::str::FromStr;

use super::limbs::{divide, join, low, multiply, narrow, split};
use super::text;
use super::{Bits, OutOfRange, ParseNumberError, bit_operators, operators, shifts, values};
use crate::fail::{DIVISION, OVERFLOW, arithmetic};

/// `uint256`, the number for amounts.
pub type U256 = Uint<256>;

/// A number without a sign, of 8 to 256 bits, a multiple of 8: `uint96` is `Uint<96>`.
///
/// `+`, `-`, `*`, `/` and `%` revert with Solidity's `Panic(0x11)` where the result is out of range, and
/// with `Panic(0x12)` where the divisor is 0; the debug log has the source line. Other forms have names:
/// `checked_`, `wrapping_`, `saturating_`. Shifts lose what is shifted out.
///
/// ```
/// use bessemer_sdk::prelude::*;
///
/// let fee = U256::from(1_000) * U256::from(3) / U256::from(1_000);
/// assert_eq!(fee, U256::from(3));
/// assert_eq!(U256::ZERO.checked_sub(fee), None);
/// assert_eq!(U256::ZERO.wrapping_sub(U256::ONE), U256::MAX);
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uint<const BITS: usize>(pub(super) Bits);

impl U256 {
    /// The number in these bytes, the most significant first.
    pub const fn from_be_bytes(bytes: [u8; 32]) -> Self {
        Self(Bits::from_be_bytes::<32>(bytes))
    }

    /// The number in these bytes, the least significant first.
    #[inline]
    pub const fn from_le_bytes(bytes: [u8; 32]) -> Self {
        Self(Bits::from_le_bytes::<32>(bytes))
    }

    pub(crate) const fn of(bits: Bits) -> Self {
        Self(bits)
    }

    /// Converts to the form of the host of native tests.
    #[cfg(not(any(target_arch = "riscv32", target_arch = "riscv64")))]
    pub(crate) const fn bits(self) -> Bits {
        self.0
    }
}

impl<const BITS: usize> Uint<BITS> {
    /// 0
    pub const ZERO: Self = Self(Bits::ZERO);
    /// 1
    pub const ONE: Self = Self(Bits::from_limbs([1, 0, 0, 0]));
    /// The smallest number, 0.
    pub const MIN: Self = Self::ZERO;
    /// The largest number.
    pub const MAX: Self = Self(Bits::from_limbs(largest(BITS)));

    pub(super) fn of_bits(bits: Bits) -> Option<Self> {
        (BITS == 256 || bits <= Self::MAX.0).then_some(Self(bits))
    }

    /// The number with these parts of 64 bits, the least significant first.
    ///
    /// # Panics
    ///
    /// If it has more bits than the type.
    pub const fn from_limbs(limbs: [u64; 4]) -> Self {
        let (most, mut index) = (largest(BITS), 0);
        while index < 4 {
            assert!(limbs[index] <= most[index], "the number has more bits than its type");
            index += 1;
        }
        Self(Bits::from_limbs(limbs))
    }

    /// Its parts of 64 bits, the least significant first.
    pub const fn into_limbs(self) -> [u64; 4] {
        self.0.into_limbs()
    }

    /// The number in 32 bytes, the most significant first.
    pub const fn to_be_bytes(self) -> [u8; 32] {
        self.0.to_be_bytes::<32>()
    }

    /// The number in 32 bytes, the least significant first.
    pub const fn to_le_bytes(self) -> [u8; 32] {
        self.0.to_le_bytes::<32>()
    }

    /// The number in these bytes, the most significant first; nothing, if it is out of range.
    pub fn from_be_slice(bytes: &[u8]) -> Option<Self> {
        let used = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
        let mut word = [0; 32];
        let used = bytes.get(used..)?;
        word.get_mut(32_usize.checked_sub(used.len())?..)?.copy_from_slice(used);
        Self::of_bits(Bits::from_be_bytes::<32>(word))
    }

    /// How many bits it has, without zeros in front.
    pub const fn bit_len(self) -> usize {
        self.0.bit_len()
    }

    /// Whether the bit of this place is set; 0 is the least significant.
    pub const fn bit(self, place: usize) -> bool {
        self.0.bit(place)
    }

    /// How many bits are set.
    pub const fn count_ones(self) -> usize {
        self.0.count_ones()
    }

    /// Whether it is 0.
    pub fn is_zero(self) -> bool {
        self == Self::ZERO
    }

    /// The sum; nothing, if it is out of range.
    #[inline]
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).and_then(Self::of_bits)
    }

    /// The difference; nothing, if it is below 0.
    #[inline]
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// The product; nothing, if it is out of range.
    #[inline]
    #[must_use]
    pub fn checked_mul(self, other: Self) -> Option<Self> {
        let product = multiply(&split(self.into_limbs()), &split(other.into_limbs()));
        narrow(&product).map(|digits| Bits::from_limbs(join(digits))).and_then(Self::of_bits)
    }

    /// The quotient, rounded down; nothing, if the divisor is 0.
    #[inline]
    #[must_use]
    pub fn checked_div(self, divisor: Self) -> Option<Self> {
        (!divisor.is_zero()).then(|| self.quotient(divisor).0)
    }

    /// The remainder; nothing, if the divisor is 0.
    #[inline]
    #[must_use]
    pub fn checked_rem(self, divisor: Self) -> Option<Self> {
        (!divisor.is_zero()).then(|| self.quotient(divisor).1)
    }

    /// The power; nothing, if it is out of range.
    #[must_use]
    pub fn checked_pow(self, exponent: u32) -> Option<Self> {
        let (mut power, mut square, mut rest) = (Self::ONE, self, exponent);
        loop {
            if rest & 1 == 1 {
                power = power.checked_mul(square)?;
            }
            rest >>= 1;
            if rest == 0 {
                return Some(power);
            }
            square = square.checked_mul(square)?;
        }
    }

    /// The sum, without the bits that the type does not have.
    #[inline]
    #[must_use]
    pub fn wrapping_add(self, other: Self) -> Self {
        Self(self.0.wrapping_add(other.0) & Self::MAX.0)
    }

    /// The difference, without the bits that the type does not have.
    #[inline]
    #[must_use]
    pub fn wrapping_sub(self, other: Self) -> Self {
        Self(self.0.wrapping_sub(other.0) & Self::MAX.0)
    }

    /// The product, without the bits that the type does not have.
    #[inline]
    #[must_use]
    pub fn wrapping_mul(self, other: Self) -> Self {
        let product = multiply(&split(self.into_limbs()), &split(other.into_limbs()));
        Self(Bits::from_limbs(join(low(&product))) & Self::MAX.0)
    }

    /// The sum, or the largest number.
    #[inline]
    #[must_use]
    pub fn saturating_add(self, other: Self) -> Self {
        self.checked_add(other).unwrap_or(Self::MAX)
    }

    /// The difference, or 0.
    #[inline]
    #[must_use]
    pub fn saturating_sub(self, other: Self) -> Self {
        self.checked_sub(other).unwrap_or(Self::ZERO)
    }

    /// The product, or the largest number.
    #[inline]
    #[must_use]
    pub fn saturating_mul(self, other: Self) -> Self {
        self.checked_mul(other).unwrap_or(Self::MAX)
    }

    /// The distance between two numbers.
    #[must_use]
    pub fn abs_diff(self, other: Self) -> Self {
        if self > other { self.wrapping_sub(other) } else { other.wrapping_sub(self) }
    }

    /// The power. Reverts with `Panic(0x11)` if it is out of range.
    #[track_caller]
    #[must_use]
    pub fn pow(self, exponent: u32) -> Self {
        match self.checked_pow(exponent) {
            Some(power) => power,
            None => arithmetic(OVERFLOW, "attempt to raise to a power with overflow"),
        }
    }

    /// The quotient, rounded up. Reverts with `Panic(0x12)` if the divisor is 0.
    #[track_caller]
    #[must_use]
    pub fn div_ceil(self, divisor: Self) -> Self {
        if divisor.is_zero() {
            arithmetic(DIVISION, "attempt to divide by zero");
        }
        let (quotient, remainder) = self.quotient(divisor);
        if remainder.is_zero() { quotient } else { quotient.wrapping_add(Self::ONE) }
    }

    /// `self * factor / divisor`, rounded down, with a product of twice the bits: it is right where the
    /// product itself would be out of range. Reverts with `Panic(0x12)` if the divisor is 0, and with
    /// `Panic(0x11)` if the result is out of range.
    #[track_caller]
    #[must_use]
    pub fn mul_div(self, factor: Self, divisor: Self) -> Self {
        self.scaled(factor, divisor).0
    }

    /// As [`mul_div`](Self::mul_div), rounded up.
    #[track_caller]
    #[must_use]
    pub fn mul_div_ceil(self, factor: Self, divisor: Self) -> Self {
        let (quotient, exact) = self.scaled(factor, divisor);
        if exact { quotient } else { quotient + Self::ONE }
    }

    #[track_caller]
    fn scaled(self, factor: Self, divisor: Self) -> (Self, bool) {
        if divisor.is_zero() {
            arithmetic(DIVISION, "attempt to divide by zero");
        }
        let product = multiply(&split(self.into_limbs()), &split(factor.into_limbs()));
        let (quotient, remainder) = divide(&product, &split(divisor.into_limbs()));
        let quotient = narrow(&quotient).map(|digits| Bits::from_limbs(join(digits)));
        match quotient.and_then(Self::of_bits) {
            Some(quotient) => (quotient, remainder == [0; 8]),
            None => arithmetic(OVERFLOW, "attempt to multiply with overflow"),
        }
    }

    /// The square root, rounded down.
    #[must_use]
    pub fn isqrt(self) -> Self {
        if self.is_zero() {
            return self;
        }
        // Newton's method from above
        let mut root = Self(Self::ONE.0 << self.bit_len().div_ceil(2).min(BITS - 1));
        loop {
            let next = root.wrapping_add(self.quotient(root).0) >> 1;
            if next >= root {
                return root;
            }
            root = next;
        }
    }

    /// The number in a type of another width; nothing, if it does not fit.
    pub fn resized<const OTHER: usize>(self) -> Option<Uint<OTHER>> {
        Uint::of_bits(self.0)
    }

    /// The number in a type of Rust's own or another that it can be converted to. Reverts with
    /// `Panic(0x11)` if it is out of range; `try_into` says so instead.
    #[track_caller]
    pub fn to<T: TryFrom<Self>>(self) -> T {
        match T::try_from(self) {
            Ok(number) => number,
            Err(_) => arithmetic(OVERFLOW, "attempt to convert a number that is out of range"),
        }
    }

    /// Quotient and remainder; both 0 if the divisor is 0.
    pub(super) fn quotient(self, divisor: Self) -> (Self, Self) {
        let mut number = [0; 16];
        let digits = split(self.into_limbs());
        number.iter_mut().zip(digits).for_each(|(place, digit)| *place = digit);
        let (quotient, remainder) = divide(&number, &split(divisor.into_limbs()));
        let number = |digits| Self(Bits::from_limbs(join(digits)));
        (number(low(&quotient)), number(remainder))
    }

    fn shifted_left(self, by: usize) -> Self {
        Self((self.0 << by) & Self::MAX.0)
    }

    /// The bits that were read from as many bytes as the type has.
    fn extended(bits: Bits) -> Self {
        Self(bits)
    }

    fn shifted_right(self, by: usize) -> Self {
        Self(self.0 >> by)
    }
}

/// The largest number of so many bits.
const fn largest(bits: usize) -> [u64; 4] {
    let mut limbs = [0; 4];
    let mut index = 0;
    while index < 4 {
        limbs[index] = match bits.saturating_sub(64 * index) {
            0 => 0,
            64.. => u64::MAX,
            bits => (1 << bits) - 1,
        };
        index += 1;
    }
    limbs
}

operators! {
    Uint
    Add add AddAssign add_assign checked_add |_| (OVERFLOW, "attempt to add with overflow"),
    Sub sub SubAssign sub_assign checked_sub |_| (OVERFLOW, "attempt to subtract with overflow"),
    Mul mul MulAssign mul_assign checked_mul |_| (OVERFLOW, "attempt to multiply with overflow"),
    Div div DivAssign div_assign checked_div |_| (DIVISION, "attempt to divide by zero"),
    Rem rem RemAssign rem_assign checked_rem |_| (DIVISION, "attempt to divide by zero"),
}

bit_operators! {
    Uint
    BitAnd bitand BitAndAssign bitand_assign
    BitOr bitor BitOrAssign bitor_assign
    BitXor bitxor BitXorAssign bitxor_assign
}

shifts! { Uint u32 usize i32 }

values! { Uint Uint }

impl<const BITS: usize> core::ops::Not for Uint<BITS> {
    type Output = Self;

    fn not(self) -> Self {
        Self(self.0 ^ Self::MAX.0)
    }
}

macro_rules! conversions {
    ($($type:ident)*) => {
        $(
            impl<const BITS: usize> From<$type> for Uint<BITS> {
                #[inline]
                #[allow(clippy::cast_lossless, reason = "one form for all types")]
                fn from(number: $type) -> Self {
                    const { assert!(BITS >= $type::BITS as usize, "the type is too narrow") };
                    let (low, high) = (number as u64, (number as u128 >> 64) as u64);
                    Self(Bits::from_limbs([low, high, 0, 0]))
                }
            }

            impl<const BITS: usize> TryFrom<Uint<BITS>> for $type {
                type Error = OutOfRange;

                fn try_from(number: Uint<BITS>) -> Result<Self, OutOfRange> {
                    let [low, high, rest @ ..] = number.into_limbs();
                    if rest != [0; 2] {
                        return Err(OutOfRange);
                    }
                    let number = u128::from(high) << 64 | u128::from(low);
                    number.try_into().map_err(|_| OutOfRange)
                }
            }
        )*
    };
}

conversions! { u8 u16 u32 u64 u128 usize }

impl<const BITS: usize> From<bool> for Uint<BITS> {
    fn from(bit: bool) -> Self {
        if bit { Self::ONE } else { Self::ZERO }
    }
}

/// For literals without a type, as in `U256::from(5)`.
impl<const BITS: usize> From<i32> for Uint<BITS> {
    /// Reverts with `Panic(0x11)` if the number is negative.
    #[track_caller]
    #[inline]
    fn from(number: i32) -> Self {
        const { assert!(BITS >= 32, "the type is too narrow") };
        match u32::try_from(number) {
            Ok(number) => Self::from(number),
            Err(_) => arithmetic(OVERFLOW, "attempt to convert a negative number"),
        }
    }
}

impl<const BITS: usize> fmt::Display for Uint<BITS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        text::decimal(true, split(self.into_limbs()), f)
    }
}

impl<const BITS: usize> fmt::Debug for Uint<BITS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<const BITS: usize> fmt::LowerHex for Uint<BITS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        text::hexadecimal(split(self.into_limbs()), f)
    }
}

impl<const BITS: usize> FromStr for Uint<BITS> {
    type Err = ParseNumberError;

    /// Reads decimal digits, or hexadecimal ones behind `0x`; `_` may stand between them.
    fn from_str(text: &str) -> Result<Self, ParseNumberError> {
        let (radix, digits) = match text.strip_prefix("0x") {
            Some(digits) => (16, digits),
            None => (10, text),
        };
        let mut number = None;
        for letter in digits.chars().filter(|letter| *letter != '_') {
            let digit = letter.to_digit(radix).ok_or(ParseNumberError::Digits)?;
            let before: U256 = number.unwrap_or_default();
            let next = before.checked_mul(U256::from(radix));
            number = next.and_then(|next| next.checked_add(U256::from(digit)));
            if number.is_none() {
                return Err(ParseNumberError::Range);
            }
        }
        number.ok_or(ParseNumberError::Digits)?.resized().ok_or(ParseNumberError::Range)
    }
}
