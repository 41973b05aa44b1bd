//! The interface of contracts and their host: the one list of host calls, its limits and its codes.
//!
//! Both sides compile this crate. The host takes from each [`Row`] what rule G6 of the
//! specification needs before the call has an effect: price, caps and ranges. The guest library
//! takes numbers and argument order from the same rows through [`for_each_host_call!`].
//!
//! ```
//! use bessemer_abi::HostCall;
//!
//! let row = HostCall::Keccak256.row();
//! assert_eq!(row.signature(), "keccak256(input: bytes, digest: out[32])");
//! assert_eq!(HostCall::from_number(row.number), Some(HostCall::Keccak256));
//! ```
//!
//! Addresses are 20 bytes. Amounts are 32 bytes, least significant first, as they stand in the
//! memory of the guest. Digests, keys and messages are bytes as they are.

#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

mod calls;
pub mod codes;
pub mod limits;
mod row;

pub use calls::HostCall;
pub use row::{Argument, Effect, Kind, Row, Signature};

/// Distinguishes versions of the table; part of the key of every compiled artifact.
pub const TABLE_VERSION: u32 = 1;
