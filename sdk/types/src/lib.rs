//! The values that contracts and their host exchange.

#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

mod address;

pub use address::{Address, AddressError};
/// A number of 256 bits, for amounts.
pub use ruint::aliases::U256;
