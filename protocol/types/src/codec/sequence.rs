//! Strings and arrays.

use alloc::string::String;
use alloc::vec::Vec;

use super::{Abi, Decode, DecodeError, Decoder, Encode, Encoder, WORD};
use crate::interface::Type;
use crate::{Bytes, text, utf8};

macro_rules! dynamic {
    ($type:ty, $solidity:expr $(, $generic:ident)?) => {
        impl$(<$generic: Abi>)? Abi for $type {
            const TYPE: &'static Type = &$solidity;
            const DYNAMIC: bool = true;
            const HEAD: usize = WORD;
            const MIN: usize = 2 * WORD;
        }
    };
}

dynamic!(str, Type::String);
dynamic!(String, Type::String);
dynamic!(Bytes, Type::Bytes);
dynamic!([T], Type::Array(T::TYPE), T);
dynamic!(Vec<T>, Type::Array(T::TYPE), T);

/// Bytes of the tail that holds bytes behind their number.
fn tail_of_bytes(count: usize) -> usize {
    WORD + count.next_multiple_of(WORD)
}

impl Encode for str {
    fn tail(&self) -> usize {
        tail_of_bytes(self.len())
    }

    fn encode(&self, out: &mut Encoder<'_>) {
        out.bytes(self.as_bytes());
    }
}

impl<'a> Decode<'a> for &'a str {
    fn decode(data: &mut Decoder<'a>) -> Self {
        utf8::text(data.bytes()).unwrap_or_else(|| {
            data.fail(DecodeError::Text);
            ""
        })
    }
}

impl Encode for String {
    fn tail(&self) -> usize {
        self.as_str().tail()
    }

    fn encode(&self, out: &mut Encoder<'_>) {
        self.as_str().encode(out);
    }
}

impl<'a> Decode<'a> for String {
    fn decode(data: &mut Decoder<'a>) -> Self {
        text(data.bytes()).unwrap_or_else(|| {
            data.fail(DecodeError::Text);
            Self::new()
        })
    }
}

impl Encode for Bytes {
    fn tail(&self) -> usize {
        tail_of_bytes(self.len())
    }

    fn encode(&self, out: &mut Encoder<'_>) {
        out.bytes(self);
    }
}

impl<'a> Decode<'a> for Bytes {
    fn decode(data: &mut Decoder<'a>) -> Self {
        Self::from(data.bytes())
    }
}

/// Bytes of heads and tails of items.
fn size_of_items<T: Encode>(items: &[T]) -> usize {
    let heads = items.len() * T::HEAD;
    if T::DYNAMIC { heads + items.iter().map(T::tail).sum::<usize>() } else { heads }
}

impl<T: Encode> Encode for [T] {
    fn tail(&self) -> usize {
        WORD + size_of_items(self)
    }

    fn encode(&self, out: &mut Encoder<'_>) {
        out.counted(self.len(), self.len() * T::HEAD, |out| {
            self.iter().for_each(|item| item.encode(out));
        });
    }
}

impl<T: Encode> Encode for Vec<T> {
    fn tail(&self) -> usize {
        self.as_slice().tail()
    }

    fn encode(&self, out: &mut Encoder<'_>) {
        self.as_slice().encode(out);
    }
}

impl<'a, T: Decode<'a>> Decode<'a> for Vec<T> {
    fn decode(data: &mut Decoder<'a>) -> Self {
        const { assert!(T::MIN > 0, "items without bytes cannot be counted") };
        data.counted((T::HEAD, T::MIN), |data, count| {
            let mut items = Self::with_capacity(count);
            for _ in 0..count {
                items.push(T::decode(data));
            }
            items
        })
    }
}

impl<T: Abi, const N: usize> Abi for [T; N] {
    const TYPE: &'static Type = &Type::FixedArray(T::TYPE, N);
    const DYNAMIC: bool = T::DYNAMIC;
    const HEAD: usize = if T::DYNAMIC { WORD } else { N * T::HEAD };
    const MIN: usize = if T::DYNAMIC { WORD + N * T::MIN } else { N * T::MIN };
}

impl<T: Encode, const N: usize> Encode for [T; N] {
    fn tail(&self) -> usize {
        if T::DYNAMIC { size_of_items(self) } else { 0 }
    }

    fn encode(&self, out: &mut Encoder<'_>) {
        let items = |out: &mut Encoder<'_>| self.iter().for_each(|item| item.encode(out));
        if T::DYNAMIC {
            out.nested(N * T::HEAD, items);
        } else {
            items(out);
        }
    }
}

impl<'a, T: Decode<'a>, const N: usize> Decode<'a> for [T; N] {
    fn decode(data: &mut Decoder<'a>) -> Self {
        const { assert!(N > 0, "an array has items") };
        let items = |data: &mut Decoder<'a>| core::array::from_fn(|_| T::decode(data));
        if T::DYNAMIC { data.nested(N * T::HEAD, items) } else { items(data) }
    }
}
