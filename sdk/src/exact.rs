//! Arithmetic that panics instead of wrapping.

use bessemer_types::U256;

use crate::fail::fail;

/// Sums, differences and products that are exact, or panic.
///
/// The operators of [`U256`] wrap around silently. These do not, and storage values use them
/// in `+=` and `-=`.
pub trait Exact: Sized {
    /// The sum.
    ///
    /// # Panics
    ///
    /// If it is out of range.
    #[must_use]
    fn plus(self, other: Self) -> Self;

    /// The difference.
    ///
    /// # Panics
    ///
    /// If it is out of range.
    #[must_use]
    fn minus(self, other: Self) -> Self;

    /// The product.
    ///
    /// # Panics
    ///
    /// If it is out of range.
    #[must_use]
    fn times(self, other: Self) -> Self;
}

macro_rules! exact {
    ($($type:ty)*) => {
        $(
            impl Exact for $type {
                #[track_caller]
                #[inline]
                fn plus(self, other: Self) -> Self {
                    match self.checked_add(other) {
                        Some(sum) => sum,
                        None => fail("attempt to add with overflow"),
                    }
                }

                #[track_caller]
                #[inline]
                fn minus(self, other: Self) -> Self {
                    match self.checked_sub(other) {
                        Some(difference) => difference,
                        None => fail("attempt to subtract with overflow"),
                    }
                }

                #[track_caller]
                #[inline]
                fn times(self, other: Self) -> Self {
                    match self.checked_mul(other) {
                        Some(product) => product,
                        None => fail("attempt to multiply with overflow"),
                    }
                }
            }
        )*
    };
}

exact! { U256 u8 u16 u32 u64 u128 i8 i16 i32 i64 i128 }
