//! Events.

use alloc::string::String;
use alloc::vec::Vec;

use bessemer_types::interface::Item;
use bessemer_types::{Address, Bytes, Encode, FixedBytes, encode, encode_into};

use crate::{crypto, env};

/// An event: what `#[event]` makes of a structure.
pub trait Event {
    /// The event's entry in the interface.
    const ITEM: Item;

    /// Hands its topics and its encoded data to a function.
    fn with<R>(&self, then: impl FnOnce(&[[u8; 32]], &[u8]) -> R) -> R;

    /// Emits it.
    fn emit(&self) {
        self.with(env::emit);
    }
}

/// A value that can be a topic of an event.
pub trait Topic: Encode {
    /// The topic: the encoded value, or its hash if it is longer.
    fn topic(&self) -> [u8; 32];
}

macro_rules! word_topics {
    ($($type:ty)*) => {
        $(impl Topic for $type {
            fn topic(&self) -> [u8; 32] {
                word(self)
            }
        })*
    };
}

word_topics! { bool u8 i8 u16 i16 u32 i32 u64 i64 u128 i128 Address }

impl<const N: usize> Topic for FixedBytes<N> {
    fn topic(&self) -> [u8; 32] {
        word(self)
    }
}

fn word(value: &impl Encode) -> [u8; 32] {
    let mut word = [0; 32];
    encode_into(&(value,), &mut word);
    word
}

impl Topic for str {
    fn topic(&self) -> [u8; 32] {
        crypto::keccak256(self.as_bytes())
    }
}

impl Topic for String {
    fn topic(&self) -> [u8; 32] {
        self.as_str().topic()
    }
}

impl Topic for Bytes {
    fn topic(&self) -> [u8; 32] {
        crypto::keccak256(self)
    }
}

impl<T: Topic + ?Sized> Topic for &T {
    fn topic(&self) -> [u8; 32] {
        (**self).topic()
    }
}

/// Bytes that are encoded on the stack; longer ones on the heap.
const SHORT: usize = 64;

/// Encodes a list for a function that uses the bytes at once.
pub fn with_encoded<T: bessemer_types::EncodeFields, R>(
    fields: &T,
    then: impl FnOnce(&[u8]) -> R,
) -> R {
    if !T::DYNAMIC && T::BODY <= SHORT {
        let mut bytes = [0; SHORT];
        let (bytes, _) = bytes.split_at_mut(T::BODY);
        encode_into(fields, bytes);
        then(bytes)
    } else {
        let bytes: Vec<u8> = encode(fields);
        then(&bytes)
    }
}
