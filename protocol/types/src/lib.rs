//! The values that contracts and their host exchange, and Solidity's encoding of them.
//!
//! ```
//! use bessemer_types::{Address, U256, decode, encode};
//!
//! let arguments = (Address::ZERO, U256::from(5u64));
//! let bytes = encode(&arguments);
//! assert_eq!(bytes.len(), 64);
//! assert_eq!(decode(&bytes), Ok(arguments));
//! ```
//!
//! Decoding is strict: one value has one encoding, the one that all encoders make. Bits that the
//! type does not use are 0, what an offset points at stands right behind what stands before it, and
//! nothing follows the last value. So decoding takes time and memory linear in the input.

#![cfg_attr(not(test), no_std)]
#![deny(unsafe_code)]

extern crate alloc;

mod address;
mod bytes;
mod codec;
pub mod interface;
pub mod revert;
mod utf8;

pub use address::{Address, AddressError};
pub use bytes::{Bytes, FixedBytes};
#[doc(hidden)]
pub use bytes::{copied, text, zeroed};
pub use codec::{
    Abi, Decode, DecodeError, DecodeFields, Decoder, Encode, EncodeFields, Encoder, Fields, decode,
    encode, encode_behind, encode_into, encoded_size,
};
/// A number of 256 bits, for amounts.
pub use ruint::aliases::U256;
