//! The rules of a chain: which fork a block is under, and what its first block is.

mod development;
mod genesis;

use std::fmt;

use alloy_eips::eip7840::BlobParams;
use alloy_primitives::{Address, address};
pub use bessemer_evm::Fork;

pub use self::development::Development;
pub(crate) use self::genesis::INITIAL_BASE_FEE;
pub use self::genesis::{Genesis, GenesisAccount, GenesisError};

/// Which forks a chain has, and from when on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    /// The identity of the chain in signatures.
    pub chain_id: u64,
    /// Forks that begin with a block number, oldest first.
    by_number: Vec<(u64, Fork)>,
    /// Forks that begin with a timestamp, oldest first.
    by_time: Vec<(u64, Fork)>,
    /// The parameters of blobs with the timestamp from which they hold, oldest first.
    blobs: Vec<(u64, BlobParams)>,
    /// The contract whose events are deposits (EIP-6110).
    pub deposit_contract: Address,
}

/// The latest time that a block may be told to have, in seconds since 1970: far beyond all use, and far
/// enough from the end of 64 bits that later blocks have later times.
pub const MAX_TIME: u64 = i64::MAX as u64;

/// The deposit contract of Ethereum's main network.
const DEPOSIT_CONTRACT: Address = address!("0x00000000219ab540356cBB839Cbe05303d7705Fa");

/// All that the rules follow from, in one line.
impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (begin, fork) in &self.by_number {
            write!(f, "{fork} from block {begin}, ")?;
        }
        for (begin, fork) in &self.by_time {
            write!(f, "{fork} from time {begin}, ")?;
        }
        for (begin, blobs) in &self.blobs {
            write!(
                f,
                "{}/{}/{} blobs and fraction {} from time {begin}, ",
                blobs.target_blob_count,
                blobs.max_blob_count,
                blobs.max_blobs_per_tx,
                blobs.update_fraction
            )?;
        }
        write!(f, "deposits at {}", self.deposit_contract)
    }
}

impl Spec {
    /// A chain that is under one fork from its first block on.
    pub fn at_fork(chain_id: u64, fork: Fork) -> Self {
        let blobs = match fork {
            fork if fork.has(Fork::Osaka) => vec![(0, BlobParams::osaka())],
            fork if fork.has(Fork::Prague) => vec![(0, BlobParams::prague())],
            fork if fork.has(Fork::Cancun) => vec![(0, BlobParams::cancun())],
            _ => Vec::new(),
        };
        Self {
            chain_id,
            by_number: vec![(0, fork)],
            by_time: Vec::new(),
            blobs,
            deposit_contract: DEPOSIT_CONTRACT,
        }
    }

    /// The fork of a block.
    pub fn fork(&self, number: u64, timestamp: u64) -> Fork {
        let newest = |forks: &[(u64, Fork)], now| {
            forks.iter().rev().find(|(begin, _)| *begin <= now).map(|(_, fork)| *fork)
        };
        newest(&self.by_time, timestamp)
            .or_else(|| newest(&self.by_number, number))
            .unwrap_or(Fork::Frontier)
    }

    /// The parameters of blobs in a block of this time; `None` before EIP-4844.
    pub fn blobs(&self, timestamp: u64) -> Option<BlobParams> {
        self.blobs.iter().rev().find(|(begin, _)| *begin <= timestamp).map(|(_, blobs)| *blobs)
    }
}
