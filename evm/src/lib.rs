//! Ethereum's rules, without any state: which fork turns what on, what a transaction is and costs,
//! the precompiles, and frames that execute EVM bytecode.
//!
//! The interpreter is `revm-interpreter`, the precompiles are `revm-precompile`, and transactions are
//! decoded by `alloy-consensus`. State, the stack of frames and the processing of transactions are in
//! `bessemer-chain`, which uses this crate if its feature `evm` is on.

#![forbid(unsafe_code)]

mod blob;
mod bytecode;
mod decode;
mod fork;
mod frame;
mod initcode;
mod invalid;
mod net_metering;
mod precompile;
mod transaction;
mod validate;

pub use alloy_consensus;
pub use alloy_eips;
pub use alloy_primitives;
pub use revm_interpreter as interpreter;

pub use self::blob::{BlobParams, blob_base_fee};
pub use self::bytecode::{bytecode, delegation_target, designator_of};
pub use self::decode::DecodeError;
pub use self::fork::{Fork, ParseForkError, Rules};
pub use self::frame::{Action, Frame, FrameEnd, Outcome, Start};
pub use self::initcode::FILE_PREFIX;
pub use self::invalid::Invalid;
pub use self::precompile::Precompiles;
pub use self::transaction::{AccessListItem, Authorization, Transaction, TransactionKind};
pub use self::validate::{BlockLimits, Fees, IntrinsicGas};
