//! The contents of a register: 32 or 64 bits, and the arithmetic of the manual on them.
//!
//! An instruction means the same in both widths, so [`crate::step`] says it once, over any [`Word`].

use std::ops::{BitAnd, BitOr, BitXor, Not};

/// The value of a register. "Signed" is two's complement; results wrap.
pub(crate) trait Word:
    Copy
    + Ord
    + BitAnd<Output = Self>
    + BitOr<Output = Self>
    + BitXor<Output = Self>
    + Not<Output = Self>
{
    /// XLEN.
    const BITS: u32;
    /// No bit set, which is also what a false comparison gives.
    const ZERO: Self;
    /// The result of a true comparison.
    const ONE: Self;

    /// The value that the hart holds, and back. The upper half of a 32-bit register is 0.
    fn from_register(register: u64) -> Self;
    fn to_register(self) -> u64;
    /// A word of 32 bits in a register.
    fn sign_extended(word: u32) -> Self;
    fn zero_extended(word: u32) -> Self;
    /// The lowest bits.
    fn low32(self) -> u32;

    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    /// Shifts use as many low bits of the amount as XLEN asks for.
    fn shl(self, amount: u32) -> Self;
    fn shr(self, amount: u32) -> Self;
    fn sar(self, amount: u32) -> Self;
    fn is_less_signed(self, other: Self) -> bool;

    fn mul(self, other: Self) -> Self;
    /// The upper half of the product.
    fn mulh(self, other: Self) -> Self;
    fn mulhsu(self, other: Self) -> Self;
    fn mulhu(self, other: Self) -> Self;
    fn div(self, other: Self) -> Self;
    fn divu(self, other: Self) -> Self;
    fn rem(self, other: Self) -> Self;
    fn remu(self, other: Self) -> Self;

    fn leading_zeros(self) -> u32;
    fn trailing_zeros(self) -> u32;
    fn count_ones(self) -> u32;
    fn rotate_right(self, amount: u32) -> Self;
    fn swap_bytes(self) -> Self;

    /// 1 or 0.
    #[inline(always)]
    fn from_bool(value: bool) -> Self {
        if value { Self::ONE } else { Self::ZERO }
    }
}

macro_rules! word {
    ($Unsigned:ident, $Signed:ident, $WideUnsigned:ident, $WideSigned:ident) => {
        impl Word for $Unsigned {
            const BITS: u32 = Self::BITS;
            const ZERO: Self = 0;
            const ONE: Self = 1;

            #[inline(always)]
            fn from_register(register: u64) -> Self {
                register as Self
            }

            #[inline(always)]
            fn to_register(self) -> u64 {
                u64::from(self)
            }

            #[inline(always)]
            fn sign_extended(word: u32) -> Self {
                $Signed::from(word as i32) as Self
            }

            #[inline(always)]
            fn zero_extended(word: u32) -> Self {
                Self::from(word)
            }

            #[inline(always)]
            fn low32(self) -> u32 {
                self as u32
            }

            #[inline(always)]
            fn add(self, other: Self) -> Self {
                self.wrapping_add(other)
            }

            #[inline(always)]
            fn sub(self, other: Self) -> Self {
                self.wrapping_sub(other)
            }

            #[inline(always)]
            fn shl(self, amount: u32) -> Self {
                self.wrapping_shl(amount)
            }

            #[inline(always)]
            fn shr(self, amount: u32) -> Self {
                self.wrapping_shr(amount)
            }

            #[inline(always)]
            fn sar(self, amount: u32) -> Self {
                (self as $Signed).wrapping_shr(amount) as Self
            }

            #[inline(always)]
            fn is_less_signed(self, other: Self) -> bool {
                (self as $Signed) < other as $Signed
            }

            #[inline(always)]
            fn mul(self, other: Self) -> Self {
                self.wrapping_mul(other)
            }

            #[inline(always)]
            fn mulh(self, other: Self) -> Self {
                let (a, b) =
                    ($WideSigned::from(self as $Signed), $WideSigned::from(other as $Signed));
                (a.wrapping_mul(b) >> Self::BITS) as Self
            }

            #[inline(always)]
            fn mulhsu(self, other: Self) -> Self {
                let (a, b) = ($WideSigned::from(self as $Signed), $WideSigned::from(other));
                (a.wrapping_mul(b) >> Self::BITS) as Self
            }

            #[inline(always)]
            fn mulhu(self, other: Self) -> Self {
                let (a, b) = ($WideUnsigned::from(self), $WideUnsigned::from(other));
                (a.wrapping_mul(b) >> Self::BITS) as Self
            }

            #[inline(always)]
            fn div(self, other: Self) -> Self {
                match other as $Signed {
                    0 => Self::MAX,
                    divisor => (self as $Signed).wrapping_div(divisor) as Self,
                }
            }

            #[inline(always)]
            fn divu(self, other: Self) -> Self {
                self.checked_div(other).unwrap_or(Self::MAX)
            }

            #[inline(always)]
            fn rem(self, other: Self) -> Self {
                match other as $Signed {
                    0 => self,
                    divisor => (self as $Signed).wrapping_rem(divisor) as Self,
                }
            }

            #[inline(always)]
            fn remu(self, other: Self) -> Self {
                self.checked_rem(other).unwrap_or(self)
            }

            #[inline(always)]
            fn leading_zeros(self) -> u32 {
                self.leading_zeros()
            }

            #[inline(always)]
            fn trailing_zeros(self) -> u32 {
                self.trailing_zeros()
            }

            #[inline(always)]
            fn count_ones(self) -> u32 {
                self.count_ones()
            }

            #[inline(always)]
            fn rotate_right(self, amount: u32) -> Self {
                self.rotate_right(amount)
            }

            #[inline(always)]
            fn swap_bytes(self) -> Self {
                self.swap_bytes()
            }
        }
    };
}

word!(u32, i32, u64, i64);
word!(u64, i64, u128, i128);
