//! Storage: containers that live in the state of the contract.
//!
//! # Keys
//!
//! Every place has a key that follows from where it is declared and from the map keys and indices
//! that lead to it. A path is a sequence of parts:
//!
//! | Part | Bytes |
//! |---|---|
//! | field of the contract, or of a `#[storage]` structure | its index, one byte, 0 to 253 |
//! | key of a [`Map`] | its [`Stored`] encoding |
//! | index of a [`StorageVec`] | 4 bytes, least significant first |
//!
//! The key of a [`Value`] is the path itself, and so is the key of a vector's length. **No two places
//! have the same key.** The declarations alone say how to read a key from front to back: a field byte
//! names a field, and the field's type says how the next part is encoded. Every encoding is
//! self-delimiting: it has a fixed length, or a length in front, or a tag in front. So the paths of two
//! places differ in some part, and in the first such part neither is a prefix of the other. The key of a
//! vector's length is shorter than those of its items.
//!
//! A path longer than 64 bytes, the most that the host takes, becomes the byte 255 and its
//! Keccak-256, and goes on from there. No field has the index 255, and two long paths with one hash
//! would be a collision of Keccak-256. Likewise, the fields of a contract with
//! `#[contract(namespace = "...")]` stand behind the byte 254 and 16 bytes of the hash of that
//! name, apart from those of the code it delegates to.
//!
//! # Values
//!
//! Numbers are stored least significant byte first, sequences behind their length, enums behind a
//! tag of one byte: see [`Stored`]. A place that was never set reads as the value whose encoding is
//! all zeros: 0, `false`, the empty string, `None`, the first variant. Setting that value removes
//! the key, so there is one state for one meaning.
//!
//! Writes reach the host at once, and reads ask it: a call to another contract, and what comes back
//! into this one, always see the state as it is.

mod encoding;
mod map;
mod path;
mod sequence;
mod value;

pub use encoding::{Sink, Source, Stored};
pub use map::Map;
pub use path::{Layout, Path, namespaced};
pub use sequence::StorageVec;
pub use value::Value;

use alloc::string::String;

use bessemer_types::Bytes;

/// A string in storage, of 16 KiB at most.
pub type StorageString = Value<String>;

/// Bytes in storage, 16 KiB at most.
pub type StorageBytes = Value<Bytes>;
