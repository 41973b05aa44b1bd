//! Runs contract transactions against state and returns receipts.

#![forbid(unsafe_code)]

mod account;
mod key;

pub use account::Account;
pub use bessemer_types::{Address, U256};
pub use key::{KeyTooLong, StateKey, StorageKey};
