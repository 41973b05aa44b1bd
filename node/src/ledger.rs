//! The blocks of the chain, in versions like the state.

use std::sync::Arc;

use alloy_consensus::TxEnvelope;
use alloy_primitives::B256;
use rpds::{HashTrieMapSync, VectorSync};

use crate::backend::World;
use crate::block::{BlockHashes, Sealed};

/// All blocks, and the state that the next one begins with. A clone costs nothing.
#[derive(Clone)]
pub struct Ledger {
    blocks: VectorSync<Arc<Sealed>>,
    by_hash: HashTrieMapSync<B256, u64>,
    transactions: HashTrieMapSync<B256, (u64, usize)>,
    /// The state after the newest block, and after what was set by hand since.
    pub world: World,
}

/// A transaction in its block.
#[derive(Clone)]
pub struct Place {
    /// The block.
    pub block: Arc<Sealed>,
    /// Its place there.
    pub index: usize,
}

impl Place {
    /// The transaction.
    pub fn envelope(&self) -> &TxEnvelope {
        &self.block.transactions[self.index]
    }
}

impl Ledger {
    /// A chain of its first block.
    pub fn new(genesis: Sealed) -> Self {
        let world = genesis.world.clone();
        let empty = Self {
            blocks: VectorSync::new_sync(),
            by_hash: HashTrieMapSync::new_sync(),
            transactions: HashTrieMapSync::new_sync(),
            world,
        };
        empty.with(Arc::new(genesis))
    }

    /// The chain with one more block.
    #[must_use]
    pub fn with(&self, block: Arc<Sealed>) -> Self {
        let mut next = self.clone();
        next.world = block.world.clone();
        next.by_hash.insert_mut(block.hash, block.header.number);
        for (index, transaction) in block.transactions.iter().enumerate() {
            next.transactions.insert_mut(*transaction.tx_hash(), (block.header.number, index));
        }
        next.blocks.push_back_mut(block);
        next
    }

    /// The newest block.
    pub fn head(&self) -> &Arc<Sealed> {
        self.blocks.last().expect("a chain has a first block")
    }

    /// The number of the newest block.
    pub fn height(&self) -> u64 {
        self.head().header.number
    }

    /// A block by number.
    pub fn block(&self, number: u64) -> Option<&Arc<Sealed>> {
        self.blocks.get(usize::try_from(number).ok()?)
    }

    /// A block by hash.
    pub fn block_by_hash(&self, hash: &B256) -> Option<&Arc<Sealed>> {
        self.block(*self.by_hash.get(hash)?)
    }

    /// A transaction by hash.
    pub fn transaction(&self, hash: &B256) -> Option<Place> {
        let &(number, index) = self.transactions.get(hash)?;
        Some(Place { block: Arc::clone(self.block(number)?), index })
    }

    /// The hashes of all blocks, for contracts; zero where there is none.
    pub fn hashes(&self) -> BlockHashes {
        let blocks = self.blocks.clone();
        Arc::new(move |number| {
            let found = usize::try_from(number).ok().and_then(|number| blocks.get(number));
            found.map(|block| block.hash).unwrap_or_default()
        })
    }
}
