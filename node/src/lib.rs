//! An Ethereum JSON-RPC node on Bessemer's chain: wallets, ethers, viem, web3.py, Hardhat and Foundry
//! talk to it as they are.
//!
//! A [`Node`] is a chain, a pool of transactions and one thread that changes both; [`serve`] answers
//! requests over HTTP and WebSocket. Readers look at versions of the chain that do not change, and
//! never wait for a block.
//!
//! Nothing here says what a transaction means: that is the chain's, behind the module `backend`. What
//! is around transactions is here: which header follows, system calls, withdrawals, rewards
//! ([`block`]), which fork a block is under ([`spec`]), and what clients ask ([`rpc`]).

#![forbid(unsafe_code)]

mod archive;
pub mod backend;
pub mod block;
mod explorer;
mod ledger;
mod miner;
mod node;
mod pool;
pub mod rpc;
mod server;
pub mod spec;
mod wallet;

pub use self::archive::{Archive, ArchiveError, ArchiveView, KEPT_STATES};
pub use self::backend::Failure;
pub use self::ledger::{Ledger, StateError};
pub use self::miner::{Miner, Mining};
pub use self::node::{Config, Ended, Event, Node, Shared, Sources, StartError, no_sources};
pub use self::pool::Limits;
pub use self::server::{Background, Running, ServerError, ServerOptions, serve};
pub use self::wallet::{MnemonicError, TEST_MNEMONIC, Wallet};
