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
    /// The topic: the encoded value, or its hash if it is no single word.
    fn topic(&self) -> [u8; 32];

    /// Appends the value as it stands in an array or structure that is hashed for a topic: words, and texts
    /// and bytes filled up to whole words, without offsets and lengths.
    fn append(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.topic());
    }
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

/// The topic of an array or a structure: the hash of its items.
#[doc(hidden)]
pub fn topic_of_many(value: &(impl Topic + ?Sized)) -> [u8; 32] {
    let mut items = Vec::new();
    value.append(&mut items);
    crypto::keccak256(&items)
}

impl Topic for str {
    fn topic(&self) -> [u8; 32] {
        crypto::keccak256(self.as_bytes())
    }

    fn append(&self, out: &mut Vec<u8>) {
        append_bytes(self.as_bytes(), out);
    }
}

impl Topic for String {
    fn topic(&self) -> [u8; 32] {
        self.as_str().topic()
    }

    fn append(&self, out: &mut Vec<u8>) {
        self.as_str().append(out);
    }
}

impl Topic for Bytes {
    fn topic(&self) -> [u8; 32] {
        crypto::keccak256(self)
    }

    fn append(&self, out: &mut Vec<u8>) {
        append_bytes(self, out);
    }
}

fn append_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(bytes);
    out.resize(out.len().next_multiple_of(32), 0);
}

macro_rules! item_topics {
    ($([$($generics:tt)*] $type:ty)*) => {
        $(impl<$($generics)*> Topic for $type {
            fn topic(&self) -> [u8; 32] {
                topic_of_many(self)
            }

            fn append(&self, out: &mut Vec<u8>) {
                self.iter().for_each(|item| item.append(out));
            }
        })*
    };
}

item_topics! {
    [T: Topic] [T]
    [T: Topic] Vec<T>
    [T: Topic, const N: usize] [T; N]
}

macro_rules! tuple_topics {
    ($(($($name:ident),+))*) => {
        $(
            #[allow(non_snake_case, reason = "values are named as their types")]
            impl<$($name: Topic),+> Topic for ($($name,)+) {
                fn topic(&self) -> [u8; 32] {
                    topic_of_many(self)
                }

                fn append(&self, out: &mut Vec<u8>) {
                    let ($($name,)+) = self;
                    $($name.append(out);)+
                }
            }
        )*
    };
}

tuple_topics! {
    (A)
    (A, B)
    (A, B, C)
    (A, B, C, D)
    (A, B, C, D, E)
    (A, B, C, D, E, F)
}

impl<T: Topic + ?Sized> Topic for &T {
    fn topic(&self) -> [u8; 32] {
        (**self).topic()
    }

    fn append(&self, out: &mut Vec<u8>) {
        (**self).append(out);
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
