//! Arithmetic that reverts instead of wrapping.

use super::{Int, Uint};
use crate::fail::{OVERFLOW, arithmetic};

/// Sums, differences and products that are exact, or revert with Solidity's `Panic(0x11)`.
///
/// For generic code, and for Rust's own numbers, whose operators revert too, but with a message and the
/// code that writes it. Storage values use these in `+=` and `-=`.
pub trait Exact: Sized {
    /// The sum.
    ///
    /// # Panics
    ///
    /// If it is out of range.
    #[must_use]
    #[track_caller]
    fn plus(self, other: Self) -> Self;

    /// The difference.
    ///
    /// # Panics
    ///
    /// If it is out of range.
    #[must_use]
    #[track_caller]
    fn minus(self, other: Self) -> Self;

    /// The product.
    ///
    /// # Panics
    ///
    /// If it is out of range.
    #[must_use]
    #[track_caller]
    fn times(self, other: Self) -> Self;
}

macro_rules! exact {
    ($([$($generics:tt)*] $type:ty;)*) => {
        $(
            impl$($generics)* Exact for $type {
                #[track_caller]
                #[inline]
                fn plus(self, other: Self) -> Self {
                    match self.checked_add(other) {
                        Some(sum) => sum,
                        None => arithmetic(OVERFLOW, "attempt to add with overflow"),
                    }
                }

                #[track_caller]
                #[inline]
                fn minus(self, other: Self) -> Self {
                    match self.checked_sub(other) {
                        Some(difference) => difference,
                        None => arithmetic(OVERFLOW, "attempt to subtract with overflow"),
                    }
                }

                #[track_caller]
                #[inline]
                fn times(self, other: Self) -> Self {
                    match self.checked_mul(other) {
                        Some(product) => product,
                        None => arithmetic(OVERFLOW, "attempt to multiply with overflow"),
                    }
                }
            }
        )*
    };
}

exact! {
    [<const BITS: usize>] Uint<BITS>;
    [<const BITS: usize>] Int<BITS>;
    [] u8; [] u16; [] u32; [] u64; [] u128;
    [] i8; [] i16; [] i32; [] i64; [] i128;
}
