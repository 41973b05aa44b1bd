//! The blocks of the chain, in versions like the state.

use std::collections::BTreeSet;
use std::sync::Arc;

use alloy_consensus::TxEnvelope;
use alloy_primitives::B256;
use bessemer_chain::store::StoreError;
use rpds::{HashTrieMapSync, VectorSync};

use crate::archive::{ArchiveView, KEPT_STATES, Name};
use crate::backend::World;
use crate::block::{BlockHashes, Sealed, States};

/// All blocks, and the state that the next one begins with. A clone costs nothing.
///
/// Without a file, all blocks are in memory with their states. With one, at least the newest 256 are, and
/// the others are read when they are asked for.
#[derive(Clone)]
pub struct Ledger {
    /// Blocks from `first` on; at least the newest.
    blocks: VectorSync<Arc<Sealed>>,
    first: u64,
    by_hash: HashTrieMapSync<B256, u64>,
    transactions: HashTrieMapSync<B256, (u64, usize)>,
    /// The state after the newest block, and after what was set by hand since.
    pub world: World,
    archive: Option<ArchiveView>,
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

/// A state that cannot be given.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// It is too old.
    #[error(
        "the state of block {number} is not kept: of a chain in a file, the states of the newest \
         {KEPT_STATES} blocks are"
    )]
    Gone {
        /// The block.
        number: u64,
    },
    /// It cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Ledger {
    /// A chain of its first block.
    pub fn new(genesis: Sealed) -> Self {
        let world = genesis.states.after_here();
        let mut ledger = Self::empty(genesis.header.number, world);
        ledger.push(Arc::new(genesis));
        ledger
    }

    /// The chain in a file, with its newest state. The newest blocks are read, or taken from an older
    /// version: contracts ask for their hashes, which no failure to read may change.
    pub(crate) fn load(
        archive: ArchiveView,
        world: World,
        older: Option<&Self>,
    ) -> Result<Self, StoreError> {
        let height = archive.height();
        let first = (height + 1).saturating_sub(KEPT_STATES);
        let mut ledger = Self::empty(first, world);
        for number in first..=height {
            let block = match older.map(|older| older.here(number)) {
                Some(Ok(Some(block))) => Some(Arc::clone(block)),
                _ => archive.block(number)?,
            };
            ledger.push(block.ok_or_else(|| archive.missing(number))?);
        }
        Ok(ledger.archived(archive))
    }

    fn empty(first: u64, world: World) -> Self {
        Self {
            blocks: VectorSync::new_sync(),
            first,
            by_hash: HashTrieMapSync::new_sync(),
            transactions: HashTrieMapSync::new_sync(),
            world,
            archive: None,
        }
    }

    /// The chain with one more block, after which the state is this one.
    #[must_use]
    pub fn with(&self, block: Arc<Sealed>, world: World) -> Self {
        let mut next = self.clone();
        next.world = world;
        next.push(block);
        next
    }

    /// The same chain, as a newer version of the file has it.
    #[must_use]
    pub(crate) fn archived(mut self, archive: ArchiveView) -> Self {
        self.archive = Some(archive);
        // seldom, because the newest are counted anew each time
        if self.blocks.len() as u64 > 2 * KEPT_STATES {
            let kept = self.blocks.len() - KEPT_STATES as usize;
            for block in self.blocks.iter().take(kept) {
                self.by_hash.remove_mut(&block.hash);
                for transaction in &block.transactions {
                    self.transactions.remove_mut(transaction.tx_hash());
                }
            }
            self.blocks = self.blocks.iter().skip(kept).cloned().collect();
            self.first += kept as u64;
        }
        self
    }

    fn push(&mut self, block: Arc<Sealed>) {
        self.by_hash.insert_mut(block.hash, block.header.number);
        for (index, transaction) in block.transactions.iter().enumerate() {
            self.transactions.insert_mut(*transaction.tx_hash(), (block.header.number, index));
        }
        self.blocks.push_back_mut(block);
    }

    /// How many changes of the state the file has, and its newest block.
    pub(crate) fn archived_at(&self) -> Option<(u64, u64)> {
        self.archive.as_ref().map(|archive| (archive.depth(), archive.height()))
    }

    /// The newest block.
    pub fn head(&self) -> &Arc<Sealed> {
        self.blocks.last().expect("a chain has a newest block")
    }

    /// The number of the newest block.
    pub fn height(&self) -> u64 {
        self.head().header.number
    }

    /// A block that is in memory, and `Err` for one that is not.
    fn here(&self, number: u64) -> Result<Option<&Arc<Sealed>>, &ArchiveView> {
        match (number.checked_sub(self.first), &self.archive) {
            (Some(at), _) => Ok(usize::try_from(at).ok().and_then(|at| self.blocks.get(at))),
            (None, Some(archive)) => Err(archive),
            (None, None) => Ok(None),
        }
    }

    /// A block by number.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub fn block(&self, number: u64) -> Result<Option<Arc<Sealed>>, StoreError> {
        match self.here(number) {
            Ok(found) => Ok(found.cloned()),
            Err(archive) => archive.block(number),
        }
    }

    /// A block by hash.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub fn block_by_hash(&self, hash: &B256) -> Result<Option<Arc<Sealed>>, StoreError> {
        let mut number = self.by_hash.get(hash).copied();
        if let (None, Some(archive)) = (number, &self.archive) {
            number = archive.number_of(hash)?;
        }
        number.map_or(Ok(None), |number| self.block(number))
    }

    /// A transaction by hash.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub fn transaction(&self, hash: &B256) -> Result<Option<Place>, StoreError> {
        let mut place = self.transactions.get(hash).copied();
        if let (None, Some(archive)) = (place, &self.archive) {
            place = archive.place(hash)?;
        }
        let Some((number, index)) = place else { return Ok(None) };
        let block = self.block(number)?;
        Ok(block
            .filter(|block| index < block.transactions.len())
            .map(|block| Place { block, index }))
    }

    /// The blocks in a range that are in memory.
    pub(crate) fn in_memory(&self, (from, to): (u64, u64)) -> impl Iterator<Item = &Arc<Sealed>> {
        let begin = from.max(self.first);
        let range = begin..=to.min(self.height());
        range.filter_map(|number| self.blocks.get((number - self.first) as usize))
    }

    /// The numbers of the blocks in a range that are only in the file and have logs with one name of each
    /// list, in order. `None` if the index would have to be read further than `most` entries.
    pub(crate) fn archived_with(
        &self,
        names: &[Vec<Name>],
        (from, to): (u64, u64),
        most: usize,
    ) -> Result<Option<Vec<u64>>, StoreError> {
        let in_file = from < self.first && from <= to;
        let Some(archive) = self.archive.as_ref().filter(|_| in_file) else {
            return Ok(Some(Vec::new()));
        };
        let (range, mut left) = ((from, to.min(self.first - 1)), most);
        let mut found: Option<BTreeSet<u64>> = None;
        for names in names {
            let mut of_list = BTreeSet::new();
            for name in names {
                let numbers = archive.blocks_of(*name, range, left + 1)?;
                let Some(rest) = left.checked_sub(numbers.len()) else { return Ok(None) };
                left = rest;
                of_list.extend(numbers);
            }
            found = Some(match found {
                None => of_list,
                Some(found) => found.intersection(&of_list).copied().collect(),
            });
        }
        Ok(Some(found.into_iter().flatten().collect()))
    }

    /// The state after a block.
    ///
    /// # Errors
    ///
    /// [`StateError::Gone`] if it is not kept, and if it cannot be read.
    pub fn after(&self, block: &Sealed) -> Result<World, StateError> {
        match &block.states {
            States::Here { after, .. } => Ok(after.clone()),
            States::Archived { depth } => self.at(*depth, block),
        }
    }

    /// The state that a block began with.
    ///
    /// # Errors
    ///
    /// [`StateError::Gone`] if it is not kept, and if it cannot be read.
    pub fn before(&self, block: &Sealed) -> Result<World, StateError> {
        match &block.states {
            States::Here { before, .. } => Ok(before.clone()),
            States::Archived { depth: 0 } => Ok(World::default()),
            States::Archived { depth } => self.at(depth - 1, block),
        }
    }

    /// The state after so many changes.
    fn at(&self, depth: u64, block: &Sealed) -> Result<World, StateError> {
        let gone = StateError::Gone { number: block.header.number };
        let Some(archive) = &self.archive else { return Err(gone) };
        if !archive.reaches(depth) {
            return Err(gone);
        }
        if depth == archive.depth() {
            return Ok(self.world.clone());
        }
        Ok(self.world.with(archive.undone(depth)?)?)
    }

    /// The hashes of blocks for contracts, which can ask for the newest 256; zero where there is none.
    pub fn hashes(&self) -> BlockHashes {
        let ledger = self.clone();
        Arc::new(move |number| {
            let found = ledger.here(number).ok().flatten();
            found.map(|block| block.hash).unwrap_or_default()
        })
    }
}
