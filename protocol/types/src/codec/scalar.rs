//! Values of one word.

use super::{Abi, Decode, DecodeError, Decoder, Encode, Encoder, WORD};
use crate::interface::Type;
use crate::{Address, FixedBytes, U256};

macro_rules! word {
    ($type:ty, $solidity:expr $(, $($generics:tt)*)?) => {
        impl$(<$($generics)*>)? Abi for $type {
            const TYPE: &'static Type = &$solidity;
            const DYNAMIC: bool = false;
            const HEAD: usize = WORD;
            const MIN: usize = WORD;
        }
    };
}

macro_rules! numbers {
    ($($unsigned:ident $signed:ident)*) => {
        $(
            word!($unsigned, Type::Uint($unsigned::BITS));

            impl Encode for $unsigned {
                fn encode(&self, out: &mut Encoder<'_>) {
                    out.right(&self.to_be_bytes());
                }
            }

            impl<'a> Decode<'a> for $unsigned {
                fn decode(data: &mut Decoder<'a>) -> Self {
                    Self::from_be_bytes(*data.right())
                }
            }

            word!($signed, Type::Int($signed::BITS));

            impl Encode for $signed {
                fn encode(&self, out: &mut Encoder<'_>) {
                    let mut word = sign(*self < 0);
                    word[WORD - size_of::<Self>()..].copy_from_slice(&self.to_be_bytes());
                    out.right(&word);
                }
            }

            impl<'a> Decode<'a> for $signed {
                fn decode(data: &mut Decoder<'a>) -> Self {
                    let (front, bytes) = data.word().split_at(WORD - size_of::<Self>());
                    let number = Self::from_be_bytes(*bytes.first_chunk().unwrap_or(&[0; _]));
                    if !sign(number < 0).starts_with(front) {
                        data.fail(DecodeError::Range);
                    }
                    number
                }
            }
        )*
    };
}

numbers! { u8 i8 u16 i16 u32 i32 u64 i64 u128 i128 }

/// The padding in front of a number of this sign.
const fn sign(negative: bool) -> [u8; WORD] {
    [if negative { 0xff } else { 0 }; WORD]
}

word!(bool, Type::Bool);

impl Encode for bool {
    fn encode(&self, out: &mut Encoder<'_>) {
        out.right(&[u8::from(*self)]);
    }
}

impl<'a> Decode<'a> for bool {
    fn decode(data: &mut Decoder<'a>) -> Self {
        let [byte] = *data.right();
        if byte > 1 {
            data.fail(DecodeError::Range);
        }
        byte != 0
    }
}

word!(U256, Type::Uint(256));

impl Encode for U256 {
    fn encode(&self, out: &mut Encoder<'_>) {
        out.right(&self.to_be_bytes::<WORD>());
    }
}

impl<'a> Decode<'a> for U256 {
    fn decode(data: &mut Decoder<'a>) -> Self {
        Self::from_be_bytes(*data.word())
    }
}

word!(Address, Type::Address);

impl Encode for Address {
    fn encode(&self, out: &mut Encoder<'_>) {
        out.right(self.as_bytes());
    }
}

impl<'a> Decode<'a> for Address {
    fn decode(data: &mut Decoder<'a>) -> Self {
        Self::new(*data.right())
    }
}

word!(FixedBytes<N>, const {
    assert!(N >= 1 && N <= WORD, "fixed bytes are 1 to 32");
    Type::FixedBytes(N)
}, const N: usize);

impl<const N: usize> Encode for FixedBytes<N> {
    fn encode(&self, out: &mut Encoder<'_>) {
        out.left(&self.0);
    }
}

impl<'a, const N: usize> Decode<'a> for FixedBytes<N> {
    fn decode(data: &mut Decoder<'a>) -> Self {
        Self(*data.left())
    }
}
