//! State in memory.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use bessemer_types::Address;
use foldhash::fast::RandomState;

use super::{BlockCommit, ChangeSet, Commitment, Record, Store, StoreError, View};
use crate::commitment;
use crate::encoding::encode_key;
use crate::header::Header;
use crate::key::{StateKey, StorageKey};
use crate::receipt::Receipt;
use crate::records::{self, RecordError};
use crate::value::Value;

/// A store that ends with the process.
#[derive(Debug, Default)]
pub struct MemoryStore {
    inner: RwLock<Inner>,
}

type Rows = HashMap<Vec<u8>, Vec<u8>, RandomState>;

#[derive(Clone, Debug, Default)]
struct State {
    values: HashMap<StateKey, Value, RandomState>,
    /// How many values each account has stored.
    stored: HashMap<Address, u64, RandomState>,
}

impl State {
    fn set(&mut self, key: StateKey, value: Option<Value>) {
        let is_now = value.is_some();
        let was_there = match value {
            Some(value) => self.values.insert(key, value).is_some(),
            None => self.values.remove(&key).is_some(),
        };
        let StateKey::Storage(owner, _) = key else { return };
        if is_now && !was_there {
            *self.stored.entry(owner).or_default() += 1;
        }
        if was_there
            && !is_now
            && let Some(count) = self.stored.get_mut(&owner)
        {
            *count -= 1;
            if *count == 0 {
                self.stored.remove(&owner);
            }
        }
    }

    fn storage_keys(&self, contract: &Address) -> Vec<StorageKey> {
        if !self.stored.contains_key(contract) {
            return Vec::new();
        }
        let keys = self.values.keys().filter_map(|key| match key {
            StateKey::Storage(owner, key) if owner == contract => Some(*key),
            _ => None,
        });
        keys.collect()
    }
}

#[derive(Debug, Default)]
struct Inner {
    /// Shared with snapshots; copied when a block changes it while one lives.
    state: Arc<State>,
    /// The rows of the state's tries, likewise; `None` in a store that commits to nothing.
    rows: Option<Arc<Rows>>,
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
}

struct Snapshot {
    state: Arc<State>,
    rows: Option<Arc<Rows>>,
}

impl MemoryStore {
    /// An empty store that commits to nothing: its blocks have no roots.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty store that keeps the state under one root.
    pub fn with_root() -> Self {
        let inner = Inner { rows: Some(Arc::default()), ..Inner::default() };
        Self { inner: RwLock::new(inner) }
    }

    // nothing panics while the lock is held for writing, so a poisoned one guards whole blocks
    fn read(&self) -> RwLockReadGuard<'_, Inner> {
        self.inner.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Inner> {
        self.inner.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl View for MemoryStore {
    fn get(&self, key: &StateKey) -> Result<Option<Value>, StoreError> {
        Ok(self.read().state.values.get(key).cloned())
    }

    fn has_storage(&self, contract: &Address) -> Result<bool, StoreError> {
        Ok(self.read().state.stored.contains_key(contract))
    }

    fn storage_keys(&self, contract: &Address) -> Result<Vec<StorageKey>, StoreError> {
        Ok(self.read().state.storage_keys(contract))
    }

    fn row(&self, name: &[u8], show: &mut dyn FnMut(&[u8])) -> Result<(), StoreError> {
        let rows = self.read().rows.clone();
        if let Some(row) = rows.as_ref().and_then(|rows| rows.get(name)) {
            show(row);
        }
        Ok(())
    }
}

impl Store for MemoryStore {
    fn head(&self) -> Result<Option<Header>, StoreError> {
        Ok(self.read().blocks.last().map(|block| block.header.clone()))
    }

    fn commit(&self, block: BlockCommit<'_>) -> Result<(), StoreError> {
        let mut inner = self.write();
        block.check_follows(inner.head())?;
        let kept = Block::new(block.header, block.receipts)?;
        let state = Arc::make_mut(&mut inner.state);
        for (key, value) in block.changes {
            state.set(key, value);
        }
        let records = block.records.iter().map(|(key, value)| (key.to_vec(), value.to_vec()));
        inner.records.extend(records);
        if let Some(rows) = &mut inner.rows {
            let rows = Arc::make_mut(rows);
            for (name, row) in block.rows {
                match row {
                    Some(row) => drop(rows.insert(name, row)),
                    None => drop(rows.remove(&name)),
                }
            }
        }
        inner.blocks.push(kept);
        Ok(())
    }

    fn snapshot(&self) -> Result<Arc<dyn View>, StoreError> {
        let inner = self.read();
        Ok(Arc::new(Snapshot { state: Arc::clone(&inner.state), rows: inner.rows.clone() }))
    }

    fn commitment(&self, changes: &ChangeSet) -> Result<Option<Commitment>, StoreError> {
        if !self.commits() {
            return Ok(None);
        }
        commitment::after(&*self.snapshot()?, changes).map(Some)
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
        let state = Arc::clone(&self.read().state);
        let mut pairs: Vec<_> = state.values.iter().collect();
        pairs.sort_unstable_by_key(|&(key, _)| key);
        pairs.iter().for_each(|(key, value)| visit(&encode_key(key), value));
        Ok(())
    }
}

impl View for Snapshot {
    fn get(&self, key: &StateKey) -> Result<Option<Value>, StoreError> {
        Ok(self.state.values.get(key).cloned())
    }

    fn has_storage(&self, contract: &Address) -> Result<bool, StoreError> {
        Ok(self.state.stored.contains_key(contract))
    }

    fn storage_keys(&self, contract: &Address) -> Result<Vec<StorageKey>, StoreError> {
        Ok(self.state.storage_keys(contract))
    }

    fn row(&self, name: &[u8], show: &mut dyn FnMut(&[u8])) -> Result<(), StoreError> {
        if let Some(row) = self.rows.as_ref().and_then(|rows| rows.get(name)) {
            show(row);
        }
        Ok(())
    }
}
