//! State in memory.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use bessemer_types::Address;
use foldhash::fast::RandomState;

use super::versions::{Versions, Watch, Watched};
use super::{BlockCommit, ChangeSet, Commitment, CommitmentRows, Record, Store, StoreError, View};
use crate::encoding::encode_key;
use crate::header::Header;
use crate::key::{StateKey, StorageKey};
use crate::receipt::Receipt;
use crate::records::{self, RecordError};
use crate::store::commitment;
use crate::value::Value;

/// A store that ends with the process.
///
/// A [snapshot](Store::snapshot) costs nothing, and its state is not copied: what blocks replace is kept
/// as long as a snapshot has it.
#[derive(Debug, Default)]
pub struct MemoryStore {
    inner: Arc<RwLock<Inner>>,
    watched: Watched,
}

#[derive(Debug, Default)]
struct Inner {
    values: Versions<StateKey, Value>,
    /// How many values each account has stored.
    stored: Versions<Address, u64>,
    /// The rows of the state's tries; `None` in a store that commits to nothing.
    rows: Option<Versions<Vec<u8>, Arc<[u8]>>>,
    /// From the first on.
    blocks: Vec<Block>,
    /// The embedder's own.
    records: BTreeMap<Vec<u8>, Vec<u8>>,
}

/// A block with its receipts as bytes, which take less room and one piece of memory.
#[derive(Debug)]
struct Block {
    header: Header,
    bytes: Vec<u8>,
    /// Where each receipt ends.
    ends: Vec<usize>,
}

impl Block {
    fn new(header: Header, receipts: &[Receipt]) -> Result<Self, RecordError> {
        let (mut bytes, mut ends) = (Vec::new(), Vec::with_capacity(receipts.len()));
        for receipt in receipts {
            records::encode_receipt(receipt, &mut bytes)?;
            ends.push(bytes.len());
        }
        Ok(Self { header, bytes, ends })
    }

    fn receipt(&self, index: usize) -> Result<Option<Receipt>, StoreError> {
        let Some(&end) = self.ends.get(index) else { return Ok(None) };
        let begin = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        let bytes = &self.bytes[begin..end];
        Ok(Some(records::decode_receipt(self.header.height, index as u32, bytes)?))
    }
}

impl Inner {
    fn head(&self) -> Option<u64> {
        self.blocks.last().map(|block| block.header.height)
    }

    fn block(&self, height: u64) -> Option<&Block> {
        self.blocks.get(usize::try_from(height.checked_sub(1)?).ok()?)
    }

    /// Makes the changes of a block; what they replace is kept from version `oldest` on.
    fn apply(&mut self, block: u64, changes: ChangeSet, rows: CommitmentRows, oldest: Option<u64>) {
        let keep = oldest.is_some();
        let mut stored: HashMap<Address, i64, RandomState> = HashMap::default();
        for (key, value) in changes {
            let is_there = value.is_some();
            let was_there = self.values.set(block, key, value, keep);
            if let StateKey::Storage(owner, _) = key
                && is_there != was_there
            {
                *stored.entry(owner).or_default() += if is_there { 1 } else { -1 };
            }
        }
        for (owner, change) in stored {
            let count = self.stored.get(&owner).copied().unwrap_or(0).saturating_add_signed(change);
            self.stored.set(block, owner, (count > 0).then_some(count), keep);
        }
        let oldest = oldest.unwrap_or(block);
        if let Some(kept) = &mut self.rows {
            for (name, row) in rows {
                kept.set(block, name, row.map(Arc::from), keep);
            }
            kept.forget(oldest);
        }
        self.values.forget(oldest);
        self.stored.forget(oldest);
    }

    /// The keys of what a contract stored in a version.
    fn storage_keys(&self, contract: &Address, version: u64) -> Vec<StorageKey> {
        if self.stored.at(version, contract).is_none() {
            return Vec::new();
        }
        let keys = self.values.keys().filter_map(|key| match key {
            StateKey::Storage(owner, name) if owner == contract => {
                self.values.at(version, key).map(|_| *name)
            }
            _ => None,
        });
        keys.collect()
    }
}

/// The state after a block.
#[derive(Debug)]
struct Snapshot {
    inner: Arc<RwLock<Inner>>,
    watch: Watch,
}

/// The newest state, while it is locked.
struct Locked<'a>(&'a Inner);

impl MemoryStore {
    /// An empty store that commits to nothing: its blocks have no roots.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty store that keeps the state under one root.
    pub fn with_root() -> Self {
        let inner = Inner { rows: Some(Versions::default()), ..Inner::default() };
        Self { inner: Arc::new(RwLock::new(inner)), watched: Watched::default() }
    }

    fn read(&self) -> RwLockReadGuard<'_, Inner> {
        read(&self.inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Inner> {
        self.inner.write().unwrap_or_else(PoisonError::into_inner)
    }
}

// nothing panics while the lock is held for writing, so a poisoned one guards whole blocks
fn read(inner: &RwLock<Inner>) -> RwLockReadGuard<'_, Inner> {
    inner.read().unwrap_or_else(PoisonError::into_inner)
}

/// The newest version, as later ones do not exist.
const NEWEST: u64 = u64::MAX;

impl View for MemoryStore {
    fn get(&self, key: &StateKey) -> Result<Option<Value>, StoreError> {
        Ok(self.read().values.get(key).cloned())
    }

    fn has_storage(&self, contract: &Address) -> Result<bool, StoreError> {
        Ok(self.read().stored.get(contract).is_some())
    }

    fn storage_keys(&self, contract: &Address) -> Result<Vec<StorageKey>, StoreError> {
        Ok(self.read().storage_keys(contract, NEWEST))
    }

    fn row(&self, name: &[u8], show: &mut dyn FnMut(&[u8])) -> Result<(), StoreError> {
        let row = self.read().rows.as_ref().and_then(|rows| rows.get(name).cloned());
        row.iter().for_each(|row| show(row));
        Ok(())
    }
}

impl Store for MemoryStore {
    fn head(&self) -> Result<Option<Header>, StoreError> {
        Ok(self.read().blocks.last().map(|block| block.header.clone()))
    }

    fn commit(&self, block: BlockCommit<'_>) -> Result<(), StoreError> {
        // readers wait while the lock is held, so what takes time comes before
        block.check_follows(self.read().head())?;
        let height = block.header.height;
        let kept = Block::new(block.header.clone(), block.receipts)?;
        let mut inner = self.write();
        block.check_follows(inner.head())?;
        inner.apply(height, block.changes, block.rows, self.watched.oldest());
        let records = block.records.iter().map(|(key, value)| (key.to_vec(), value.to_vec()));
        inner.records.extend(records);
        inner.blocks.push(kept);
        Ok(())
    }

    fn snapshot(&self) -> Result<Arc<dyn View>, StoreError> {
        let inner = self.read();
        let watch = self.watched.watch(inner.head().unwrap_or(0));
        Ok(Arc::new(Snapshot { inner: Arc::clone(&self.inner), watch }))
    }

    fn commitment(&self, changes: &ChangeSet) -> Result<Option<Commitment>, StoreError> {
        let inner = self.read();
        if inner.rows.is_none() {
            return Ok(None);
        }
        commitment::after(&Locked(&inner), changes).map(Some)
    }

    fn commits(&self) -> bool {
        self.read().rows.is_some()
    }

    fn header(&self, height: u64) -> Result<Option<Header>, StoreError> {
        Ok(self.read().block(height).map(|block| block.header.clone()))
    }

    fn receipt(&self, height: u64, index: u32) -> Result<Option<Receipt>, StoreError> {
        let inner = self.read();
        inner.block(height).map_or(Ok(None), |block| block.receipt(index as usize))
    }

    fn receipts(&self, height: u64) -> Result<Vec<Receipt>, StoreError> {
        let inner = self.read();
        let Some(block) = inner.block(height) else { return Ok(Vec::new()) };
        (0..block.ends.len()).filter_map(|index| block.receipt(index).transpose()).collect()
    }

    fn record(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.read().records.get(key).cloned())
    }

    fn records(&self, prefix: &[u8]) -> Result<Vec<Record>, StoreError> {
        let inner = self.read();
        let found = inner.records.range(prefix.to_vec()..);
        let found = found.take_while(|(key, _)| key.starts_with(prefix));
        Ok(found.map(|(key, value)| (key.clone(), value.clone())).collect())
    }

    fn for_each(&self, visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), StoreError> {
        let pairs = self.read();
        let mut pairs: Vec<_> =
            pairs.values.iter().map(|(key, value)| (*key, value.clone())).collect();
        pairs.sort_unstable_by_key(|&(key, _)| key);
        pairs.iter().for_each(|(key, value)| visit(&encode_key(key), value));
        Ok(())
    }
}

impl View for Snapshot {
    fn get(&self, key: &StateKey) -> Result<Option<Value>, StoreError> {
        Ok(read(&self.inner).values.at(self.watch.version, key).cloned())
    }

    fn has_storage(&self, contract: &Address) -> Result<bool, StoreError> {
        Ok(read(&self.inner).stored.at(self.watch.version, contract).is_some())
    }

    fn storage_keys(&self, contract: &Address) -> Result<Vec<StorageKey>, StoreError> {
        Ok(read(&self.inner).storage_keys(contract, self.watch.version))
    }

    fn row(&self, name: &[u8], show: &mut dyn FnMut(&[u8])) -> Result<(), StoreError> {
        let inner = read(&self.inner);
        let rows = inner.rows.as_ref();
        let row = rows.and_then(|rows| rows.at(self.watch.version, name).cloned());
        drop(inner);
        row.iter().for_each(|row| show(row));
        Ok(())
    }
}

impl View for Locked<'_> {
    fn get(&self, key: &StateKey) -> Result<Option<Value>, StoreError> {
        Ok(self.0.values.get(key).cloned())
    }

    fn row(&self, name: &[u8], show: &mut dyn FnMut(&[u8])) -> Result<(), StoreError> {
        let row = self.0.rows.as_ref().and_then(|rows| rows.get(name));
        row.iter().for_each(|row| show(row));
        Ok(())
    }
}
