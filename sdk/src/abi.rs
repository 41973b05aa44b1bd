//! Selectors and topics, computed at compile time.

use bessemer_types::interface::{Field, Item, Text, signature};
use keccak_const::Keccak256;

#[doc(hidden)]
pub use crate::event::{topic_of_many, with_encoded};

/// Bytes that the JSON of an interface may have.
const JSON_BYTES: usize = 64 << 10;

/// The hash of a signature: the first topic of an event.
pub const fn topic(name: &str, fields: &[Field]) -> [u8; 32] {
    Keccak256::new().update(signature(name, fields).as_bytes()).finalize()
}

/// The first four bytes of the hash of a signature, which say what input is meant for.
pub const fn selector(name: &str, fields: &[Field]) -> [u8; 4] {
    let [a, b, c, d, ..] = topic(name, fields);
    [a, b, c, d]
}

/// The interface as JSON, as Solidity's compiler writes it.
pub const fn json(items: &[&[Item]]) -> Text<JSON_BYTES> {
    bessemer_types::interface::json(items)
}
