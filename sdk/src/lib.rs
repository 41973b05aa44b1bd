//! The library for contracts.
//!
//! ```
//! use bessemer_sdk::prelude::*;
//!
//! #[contract]
//! pub struct Counter {
//!     count: Value<u64>,
//! }
//!
//! #[contract]
//! impl Counter {
//!     pub fn add(&mut self, by: u64) -> u64 {
//!         self.count += by;
//!         self.count.get()
//!     }
//!
//!     pub fn count(&self) -> u64 {
//!         self.count.get()
//!     }
//! }
//!
//! let mut counter = Counter::default();
//! assert_eq!(counter.add(3), 3);
//! assert_eq!(counter.count(), 3);
//! ```
//!
//! For a RISC-V target this becomes a program whose host calls are ECALLs. For every other target the
//! same source runs natively, on an environment in memory that [`testing`] sets up.

#![cfg_attr(any(target_arch = "riscv32", target_arch = "riscv64"), no_std)]
#![deny(unsafe_code)]

extern crate alloc;

pub mod abi;
pub mod call;
pub mod contract;
pub mod crypto;
pub mod env;
mod event;
mod fail;
mod host;
pub mod memory;
mod number;
pub mod storage;

#[cfg(not(any(target_arch = "riscv32", target_arch = "riscv64")))]
pub mod testing;

pub use bessemer_abi::codes::status;
pub use bessemer_sdk_macros::{Abi, Stored, contract, error, event, interface, storage};
pub use contract::Contract;
pub use event::{Event, Topic};
pub use number::{Exact, I256, Int, OutOfRange, ParseNumberError, U256, Uint};

/// The values that contracts and their host exchange, and Solidity's encoding of them.
pub mod types {
    pub use crate::number::{I256, Int, U256, Uint};
    pub use bessemer_types::*;
}

/// Items for generated code; not a public interface.
#[doc(hidden)]
pub mod generated {
    pub use alloc::vec::Vec;
}

/// The items that contracts usually need.
pub mod prelude {
    pub use crate::call::{Failure, Target};
    pub use crate::storage::{Map, StorageBytes, StorageString, StorageVec, Value};
    pub use crate::types::{Address, Bytes, FixedBytes, I256, Int, U256, Uint};
    pub use crate::{Abi, Contract, Event, Exact, Stored, call, crypto, env, log};
    pub use crate::{contract, error, event, interface, storage};
    pub use alloc::borrow::ToOwned;
    pub use alloc::boxed::Box;
    pub use alloc::format;
    pub use alloc::string::{String, ToString};
    pub use alloc::vec;
    pub use alloc::vec::Vec;
}

/// The code in the guides of the book, tested.
#[cfg(doctest)]
mod book {
    macro_rules! pages {
        ($($page:literal $Name:ident)*) => {
            $(#[doc = include_str!(concat!("../../docs/guide/", $page, ".md"))]
            struct $Name;)*
        };
    }

    pages! {
        "contracts" Contracts
        "storage" Storage
        "types" Types
        "events-and-errors" EventsAndErrors
        "calls" Calls
        "environment" Environment
        "tests" Tests
    }
}
