//! Whole numbers of Solidity's widths, whose operators revert where they would wrap.

mod exact;
mod int;
mod limbs;
mod text;
mod uint;

pub use exact::Exact;
pub use int::{I256, Int};
pub use uint::{U256, Uint};

/// The bits of a number in Rust's representation: the 256-bit number of the Rust Ethereum libraries.
type Bits = bessemer_types::U256;

/// Why a string is not a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseNumberError {
    /// It is empty or has something else than digits.
    Digits,
    /// The number does not fit its type.
    Range,
}

impl core::fmt::Display for ParseNumberError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Digits => "a number has digits only, hexadecimal ones behind 0x",
            Self::Range => "the number is out of range",
        })
    }
}

impl core::error::Error for ParseNumberError {}

/// A number that does not fit the type that it is converted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfRange;

impl core::fmt::Display for OutOfRange {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("the number is out of range")
    }
}

impl core::error::Error for OutOfRange {}

/// Implements an operator for values and references, and its assignment, by a checked function. Where
/// that has no result the call reverts with the code and the message that `$why` gives for the second
/// operand.
macro_rules! operators {
    ($Type:ident $(
        $Operator:ident $operator:ident $Assign:ident $assign:ident $checked:ident $why:expr,
    )*) => {
        $(
            impl<const BITS: usize> core::ops::$Operator for $Type<BITS> {
                type Output = Self;

                #[track_caller]
                #[inline]
                fn $operator(self, other: Self) -> Self {
                    match self.$checked(other) {
                        Some(result) => result,
                        None => {
                            let why: fn(Self) -> (u8, &'static str) = $why;
                            let (code, message) = why(other);
                            crate::fail::arithmetic(code, message)
                        }
                    }
                }
            }

            impl<const BITS: usize> core::ops::$Operator<&Self> for $Type<BITS> {
                type Output = Self;

                #[track_caller]
                #[inline]
                fn $operator(self, other: &Self) -> Self {
                    core::ops::$Operator::$operator(self, *other)
                }
            }

            impl<const BITS: usize> core::ops::$Assign for $Type<BITS> {
                #[track_caller]
                #[inline]
                fn $assign(&mut self, other: Self) {
                    *self = core::ops::$Operator::$operator(*self, other);
                }
            }
        )*
    };
}

/// Implements operators that work on bits.
macro_rules! bit_operators {
    ($Type:ident $($Operator:ident $operator:ident $Assign:ident $assign:ident)*) => {
        $(
            impl<const BITS: usize> core::ops::$Operator for $Type<BITS> {
                type Output = Self;

                #[inline]
                fn $operator(self, other: Self) -> Self {
                    Self(core::ops::$Operator::$operator(self.0, other.0))
                }
            }

            impl<const BITS: usize> core::ops::$Assign for $Type<BITS> {
                #[inline]
                fn $assign(&mut self, other: Self) {
                    *self = core::ops::$Operator::$operator(*self, other);
                }
            }
        )*
    };
}

/// Implements shifts by Rust's own numbers. What is shifted out is lost, as in Solidity; a negative shift
/// counts as one by all bits.
macro_rules! shifts {
    ($Type:ident $($by:ident)*) => {
        $(
            impl<const BITS: usize> core::ops::Shl<$by> for $Type<BITS> {
                type Output = Self;

                #[inline]
                fn shl(self, by: $by) -> Self {
                    self.shifted_left(by.try_into().unwrap_or(BITS))
                }
            }

            impl<const BITS: usize> core::ops::ShlAssign<$by> for $Type<BITS> {
                #[inline]
                fn shl_assign(&mut self, by: $by) {
                    *self = *self << by;
                }
            }

            impl<const BITS: usize> core::ops::Shr<$by> for $Type<BITS> {
                type Output = Self;

                #[inline]
                fn shr(self, by: $by) -> Self {
                    self.shifted_right(by.try_into().unwrap_or(BITS))
                }
            }

            impl<const BITS: usize> core::ops::ShrAssign<$by> for $Type<BITS> {
                #[inline]
                fn shr_assign(&mut self, by: $by) {
                    *self = *self >> by;
                }
            }
        )*
    };
}

/// Implementations for both kinds of numbers: encoding, storage, events and iterators.
macro_rules! values {
    ($Type:ident $kind:ident) => {
        impl<const BITS: usize> bessemer_types::Abi for $Type<BITS> {
            const TYPE: &'static bessemer_types::interface::Type = const {
                assert!(
                    BITS >= 8 && BITS <= 256 && BITS % 8 == 0,
                    "numbers in Solidity have 8 to 256 bits, a multiple of 8",
                );
                &bessemer_types::interface::Type::$kind(BITS as u32)
            };
            const DYNAMIC: bool = false;
            const HEAD: usize = 32;
            const MIN: usize = 32;
        }

        impl<const BITS: usize> bessemer_types::Encode for $Type<BITS> {
            #[inline]
            fn encode(&self, out: &mut bessemer_types::Encoder<'_>) {
                bessemer_types::Encode::encode(&self.0, out);
            }
        }

        impl<'a, const BITS: usize> bessemer_types::Decode<'a> for $Type<BITS> {
            #[inline]
            fn decode(data: &mut bessemer_types::Decoder<'a>) -> Self {
                let bits = <crate::number::Bits as bessemer_types::Decode>::decode(data);
                Self::of_bits(bits).unwrap_or_else(|| {
                    data.fail(bessemer_types::DecodeError::Range);
                    Self::ZERO
                })
            }
        }

        impl<const BITS: usize> crate::Topic for $Type<BITS> {
            fn topic(&self) -> [u8; 32] {
                self.0.to_be_bytes::<32>()
            }
        }

        impl<const BITS: usize> crate::storage::Stored for $Type<BITS> {
            const SIZE: usize = BITS / 8;

            #[inline]
            fn write(&self, out: &mut impl crate::storage::Sink) {
                let bytes = self.0.to_le_bytes::<32>();
                out.append(bytes.get(..BITS / 8).unwrap_or_default());
            }

            #[inline]
            fn read(source: &mut crate::storage::Source<'_>) -> Self {
                let bytes = if BITS == 256 { source.array() } else { source.padded(BITS / 8) };
                Self::extended(crate::number::Bits::from_le_bytes::<32>(bytes))
            }
        }

        impl<const BITS: usize> core::iter::Sum for $Type<BITS> {
            #[track_caller]
            fn sum<I: Iterator<Item = Self>>(numbers: I) -> Self {
                numbers.fold(Self::ZERO, |sum, number| sum + number)
            }
        }

        impl<const BITS: usize> core::iter::Product for $Type<BITS> {
            #[track_caller]
            fn product<I: Iterator<Item = Self>>(numbers: I) -> Self {
                numbers.fold(Self::ONE, |product, number| product * number)
            }
        }
    };
}

use {bit_operators, operators, shifts, values};
