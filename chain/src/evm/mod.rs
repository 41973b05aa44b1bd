//! Ethereum transactions over views of the state, and Ethereum's receipts.
//!
//! What its frames need is in `bytecode`, the frames are in `executor`, and what a transaction does
//! around them is in `process`.

mod ethereum;
mod receipt;

pub use self::ethereum::{Env, Ethereum};
pub use self::receipt::{bloom, consensus_receipt, logs};
pub use crate::bytecode::{BlockHashes, GAS_SHIFT, to_ethereum};
pub use crate::process::Checks;
