//! Runs contract transactions against state, and gives receipts.
//!
//! A [`Chain`] holds accounts and contracts on a [`Store`](store::Store). Transactions run in
//! [`Block`]s, which become durable as a whole; [`Chain::call`] and [`Chain::deploy`] make blocks
//! of one transaction. Each transaction has a [`Receipt`], also if it failed.
//!
//! A contract runs in a frame of its own, an instance of the runtime with registers, memory and gas.
//! Contracts call each other by host calls, which are in `bessemer-abi`; a call that fails undoes
//! everything that it and its callees did, and its caller goes on.
//!
//! Back end, caches and threads never show in a receipt.

#![forbid(unsafe_code)]

mod access;
mod account;
mod block;
#[cfg(feature = "evm")]
mod bytecode;
mod chain;
mod create;
pub mod crypto;
mod dev;
mod encoding;
mod event;
#[cfg(feature = "evm")]
pub mod evm;
mod executor;
mod explain;
mod extension;
mod header;
mod host;
mod inspect;
mod journal;
mod key;
mod modules;
mod parallel;
mod price;
mod process;
mod reader;
mod receipt;
mod records;
mod request;
mod signature;
#[cfg(feature = "secp256k1")]
mod signed;
mod size;
mod state;
pub mod stateless;
pub mod store;
mod transaction;
mod value;
mod wire;

pub use access::AccessList;
pub use account::{Account, Code, DESIGNATOR_PREFIX, NO_CODE_HASH};
pub use bessemer_abi::Effect;
#[cfg(feature = "evm")]
pub use bessemer_evm;
pub use bessemer_image::CodeHash;
pub use bessemer_trie::{AccountLeaf, AccountProof, EMPTY_ROOT, StorageProof};
pub use bessemer_types::{Address, U256};
pub use block::{Block, BlockTransaction, Sealed};
#[cfg(feature = "evm")]
pub use bytecode::{carried_file, initcode};
pub use chain::{Chain, ChainConfig, ChainError};
pub use create::{address_by_nonce, address_by_salt};
pub use event::Event;
pub use executor::ExecuteError;
pub use explain::sentence;
pub use extension::{Extension, ExtensionRow, FIRST_EXTENSION};
pub use header::{Bloom, Header, Roots};
#[cfg(feature = "evm")]
pub use inspect::Step;
pub use inspect::{Call, CallKind, End, Inspector};
pub use journal::{
    AccountEntry, AccountId, Checkpoint, Journal, JournalError, SlotId, StorageEntry,
};
pub use key::{KeyTooLong, StateKey, StorageKey};
pub use modules::ModuleError;
pub use parallel::ParallelStatistics;
pub use price::Prices;
pub use reader::Reader;
pub use receipt::{Diagnosis, Failure, LogLine, Receipt, Status};
pub use request::{CallRequest, DEFAULT_GAS, DeployRequest, selector};
#[cfg(feature = "secp256k1")]
pub use signed::{SecretKey, Signed};
pub use size::CodeSize;
pub use state::State;
pub use store::commitment::FILES;
pub use transaction::{Action, BlockInfo, Refusal, Transaction};
pub use value::Value;
