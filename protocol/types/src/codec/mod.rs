//! Solidity's encoding: heads of fixed length, and tails that heads point at.

mod decode;
mod encode;
mod scalar;
mod sequence;
mod tuple;

pub use decode::{Decode, DecodeError, DecodeFields, Decoder, decode};
pub use encode::{Encode, EncodeFields, Encoder, encode, encode_behind, encode_into, encoded_size};

use crate::interface::{Field, Type};

/// Bytes of a word, the unit of the encoding.
const WORD: usize = 32;

/// A type that has a Solidity type.
pub trait Abi {
    /// The Solidity type.
    const TYPE: &'static Type;
    /// Whether a head only points at the value.
    const DYNAMIC: bool;
    /// Bytes of the head.
    const HEAD: usize;
    /// Bytes that the shortest value takes, head and tail.
    const MIN: usize;
}

/// A list of values: arguments, results, members of a structure.
pub trait Fields: Abi {
    /// Their names, if they have any, and types.
    const FIELDS: &'static [Field];
    /// Bytes of their heads.
    const BODY: usize;
}

impl<T: Abi + ?Sized> Abi for &T {
    const TYPE: &'static Type = T::TYPE;
    const DYNAMIC: bool = T::DYNAMIC;
    const HEAD: usize = T::HEAD;
    const MIN: usize = T::MIN;
}
