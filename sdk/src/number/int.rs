//! Numbers with a sign.

use core::cmp::Ordering;
use core::fmt;
use core::str::FromStr;

use super::limbs::split;
use super::text;
use super::{
    Bits, OutOfRange, ParseNumberError, U256, Uint, bit_operators, operators, shifts, values,
};
use crate::fail::{DIVISION, OVERFLOW, arithmetic};

/// `int256`
pub type I256 = Int<256>;

/// A number with a sign, of 8 to 256 bits, a multiple of 8: `int24` is `Int<24>`. Its operators are
/// those of [`Uint`]; division rounds towards 0, and the remainder has the sign of the dividend, as in
/// Solidity.
///
/// ```
/// use bessemer_sdk::prelude::*;
///
/// let debt = I256::from(-7);
/// assert_eq!((debt / I256::from(2), debt % I256::from(2)), (I256::from(-3), I256::from(-1)));
/// assert_eq!(I256::MIN.checked_neg(), None);
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Int<const BITS: usize>(
    /// In two's complement of 256 bits, whatever the width.
    pub(super) Bits,
);

impl<const BITS: usize> Int<BITS> {
    /// 0
    pub const ZERO: Self = Self(Bits::ZERO);
    /// 1
    pub const ONE: Self = Self(Bits::from_limbs([1, 0, 0, 0]));
    /// -1
    pub const MINUS_ONE: Self = Self(Bits::MAX);
    /// The smallest number.
    pub const MIN: Self = Self(Bits::from_limbs(smallest(BITS)));
    /// The largest number.
    pub const MAX: Self = {
        let [a, b, c, d] = smallest(BITS);
        Self(Bits::from_limbs([!a, !b, !c, !d]))
    };

    pub(super) fn of_bits(bits: Bits) -> Option<Self> {
        let number = Self(bits);
        (BITS == 256 || number >= Self::MIN && number <= Self::MAX).then_some(number)
    }

    /// Whether it is below 0.
    pub const fn is_negative(self) -> bool {
        self.0.bit(255)
    }

    /// Whether it is 0.
    pub fn is_zero(self) -> bool {
        self == Self::ZERO
    }

    /// The number without its sign.
    pub fn unsigned_abs(self) -> Uint<BITS> {
        Uint(if self.is_negative() { self.0.wrapping_neg() } else { self.0 })
    }

    /// The number with this sign and magnitude; nothing, if it is out of range.
    pub fn from_sign(negative: bool, magnitude: Uint<BITS>) -> Option<Self> {
        let number = Self(if negative { magnitude.0.wrapping_neg() } else { magnitude.0 });
        let fits = magnitude.is_zero() || number.is_negative() == negative;
        fits.then_some(number).and_then(|number| Self::of_bits(number.0))
    }

    /// The number in 32 bytes of two's complement, the most significant first.
    pub const fn to_be_bytes(self) -> [u8; 32] {
        self.0.to_be_bytes::<32>()
    }

    /// The number in 32 bytes of two's complement, the least significant first.
    pub const fn to_le_bytes(self) -> [u8; 32] {
        self.0.to_le_bytes::<32>()
    }

    /// The sum; nothing, if it is out of range.
    #[inline]
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        let sum = Self(self.0.wrapping_add(other.0));
        let wrapped =
            self.is_negative() == other.is_negative() && sum.is_negative() != self.is_negative();
        (!wrapped).then_some(sum.0).and_then(Self::of_bits)
    }

    /// The difference; nothing, if it is out of range.
    #[inline]
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        let difference = Self(self.0.wrapping_sub(other.0));
        let wrapped = self.is_negative() != other.is_negative()
            && difference.is_negative() != self.is_negative();
        (!wrapped).then_some(difference.0).and_then(Self::of_bits)
    }

    /// The product; nothing, if it is out of range.
    #[inline]
    #[must_use]
    pub fn checked_mul(self, other: Self) -> Option<Self> {
        let product = self.unsigned_abs().checked_mul(other.unsigned_abs())?;
        Self::from_sign(self.is_negative() != other.is_negative(), product)
    }

    /// The quotient, rounded towards 0; nothing, if the divisor is 0 or the quotient out of range.
    #[inline]
    #[must_use]
    pub fn checked_div(self, divisor: Self) -> Option<Self> {
        let quotient = self.unsigned_abs().checked_div(divisor.unsigned_abs())?;
        Self::from_sign(self.is_negative() != divisor.is_negative(), quotient)
    }

    /// The remainder; nothing, if the divisor is 0.
    #[inline]
    #[must_use]
    pub fn checked_rem(self, divisor: Self) -> Option<Self> {
        let remainder = self.unsigned_abs().checked_rem(divisor.unsigned_abs())?;
        Self::from_sign(self.is_negative(), remainder)
    }

    /// The number with the other sign; nothing, if it is out of range.
    #[must_use]
    pub fn checked_neg(self) -> Option<Self> {
        Self::ZERO.checked_sub(self)
    }

    /// The sum, without the bits that the type does not have.
    #[must_use]
    pub fn wrapping_add(self, other: Self) -> Self {
        Self::extended(self.0.wrapping_add(other.0))
    }

    /// The difference, without the bits that the type does not have.
    #[must_use]
    pub fn wrapping_sub(self, other: Self) -> Self {
        Self::extended(self.0.wrapping_sub(other.0))
    }

    /// The product, without the bits that the type does not have.
    #[must_use]
    pub fn wrapping_mul(self, other: Self) -> Self {
        Self::extended(U256::wrapping_mul(Uint(self.0), Uint(other.0)).0)
    }

    /// The number in a type of another width; nothing, if it does not fit.
    pub fn resized<const OTHER: usize>(self) -> Option<Int<OTHER>> {
        Int::of_bits(self.0)
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

    /// The lowest bits with their sign extended.
    fn extended(bits: Bits) -> Self {
        let unused = 256 - BITS;
        Self((bits << unused).arithmetic_shr(unused))
    }

    fn shifted_left(self, by: usize) -> Self {
        Self::extended(self.0 << by)
    }

    /// Rounds down, as in Solidity.
    fn shifted_right(self, by: usize) -> Self {
        Self(self.0.arithmetic_shr(by))
    }
}

/// The smallest number of so many bits.
const fn smallest(bits: usize) -> [u64; 4] {
    let mut limbs = [0; 4];
    let mut index = 0;
    while index < 4 {
        // bits - 1 of each limb's 64 are 0, from the lowest on
        limbs[index] = match (bits - 1).saturating_sub(64 * index) {
            64.. => 0,
            zeros => u64::MAX << zeros,
        };
        index += 1;
    }
    limbs
}

operators! {
    Int
    Add add AddAssign add_assign checked_add |_| (OVERFLOW, "attempt to add with overflow"),
    Sub sub SubAssign sub_assign checked_sub |_| (OVERFLOW, "attempt to subtract with overflow"),
    Mul mul MulAssign mul_assign checked_mul |_| (OVERFLOW, "attempt to multiply with overflow"),
    Div div DivAssign div_assign checked_div |divisor: Self| match divisor.is_zero() {
        true => (DIVISION, "attempt to divide by zero"),
        false => (OVERFLOW, "attempt to divide with overflow"),
    },
    Rem rem RemAssign rem_assign checked_rem |_| (DIVISION, "attempt to divide by zero"),
}

bit_operators! {
    Int
    BitAnd bitand BitAndAssign bitand_assign
    BitOr bitor BitOrAssign bitor_assign
    BitXor bitxor BitXorAssign bitxor_assign
}

shifts! { Int u32 usize i32 }

values! { Int Int }

impl<const BITS: usize> core::ops::Neg for Int<BITS> {
    type Output = Self;

    #[track_caller]
    fn neg(self) -> Self {
        match self.checked_neg() {
            Some(negative) => negative,
            None => arithmetic(OVERFLOW, "attempt to negate with overflow"),
        }
    }
}

impl<const BITS: usize> core::ops::Not for Int<BITS> {
    type Output = Self;

    fn not(self) -> Self {
        Self(!self.0)
    }
}

impl<const BITS: usize> Ord for Int<BITS> {
    fn cmp(&self, other: &Self) -> Ordering {
        // negative numbers are below, and of equal signs the bits count
        other.is_negative().cmp(&self.is_negative()).then(self.0.cmp(&other.0))
    }
}

impl<const BITS: usize> PartialOrd for Int<BITS> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

macro_rules! conversions {
    ($($type:ident)*) => {
        $(
            impl<const BITS: usize> From<$type> for Int<BITS> {
                #[inline]
                #[allow(clippy::cast_lossless, reason = "one form for all types")]
                fn from(number: $type) -> Self {
                    const { assert!(BITS >= $type::BITS as usize, "the type is too narrow") };
                    let number = number as i128;
                    let sign = (number >> 127) as u64;
                    let limbs = [number as u64, (number >> 64) as u64, sign, sign];
                    Self(Bits::from_limbs(limbs))
                }
            }

            impl<const BITS: usize> TryFrom<Int<BITS>> for $type {
                type Error = OutOfRange;

                fn try_from(number: Int<BITS>) -> Result<Self, OutOfRange> {
                    let [low, high, rest @ ..] = number.0.into_limbs();
                    let small = (u128::from(high) << 64 | u128::from(low)) as i128;
                    let sign = (small >> 127) as u64;
                    if rest != [sign; 2] {
                        return Err(OutOfRange);
                    }
                    small.try_into().map_err(|_| OutOfRange)
                }
            }
        )*
    };
}

conversions! { i8 i16 i32 i64 i128 isize }

impl<const BITS: usize> TryFrom<Uint<BITS>> for Int<BITS> {
    type Error = OutOfRange;

    fn try_from(number: Uint<BITS>) -> Result<Self, OutOfRange> {
        Self::from_sign(false, number).ok_or(OutOfRange)
    }
}

impl<const BITS: usize> TryFrom<Int<BITS>> for Uint<BITS> {
    type Error = OutOfRange;

    fn try_from(number: Int<BITS>) -> Result<Self, OutOfRange> {
        if number.is_negative() { Err(OutOfRange) } else { Ok(number.unsigned_abs()) }
    }
}

impl<const BITS: usize> fmt::Display for Int<BITS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        text::decimal(!self.is_negative(), split(self.unsigned_abs().into_limbs()), f)
    }
}

impl<const BITS: usize> fmt::Debug for Int<BITS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<const BITS: usize> FromStr for Int<BITS> {
    type Err = ParseNumberError;

    /// As [`Uint::from_str`], with `-` in front of negative numbers.
    fn from_str(text: &str) -> Result<Self, ParseNumberError> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text),
        };
        Self::from_sign(negative, digits.parse()?).ok_or(ParseNumberError::Range)
    }
}
