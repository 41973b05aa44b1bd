//! State in memory.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use foldhash::fast::RandomState;

use super::{BlockCommit, Record, RecordSet, Store, StoreError, View};
use crate::encoding::encode_key;
use crate::key::StateKey;
use crate::value::Value;

/// A store that ends with the process.
#[derive(Debug, Default)]
pub struct MemoryStore {
    inner: RwLock<Inner>,
}

type State = HashMap<StateKey, Value, RandomState>;

#[derive(Debug, Default)]
struct Inner {
    head: Option<u64>,
    /// Shared with snapshots; copied when a block changes it while one lives.
    state: Arc<State>,
    records: Records,
}

/// What blocks recorded. It is put in order when somebody asks, because few ask for most of it.
#[derive(Debug, Default)]
struct Records {
    /// The newest blocks' are last.
    recent: Vec<RecordSet>,
    ordered: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Records {
    fn ordered(&mut self) -> &BTreeMap<Vec<u8>, Vec<u8>> {
        for records in self.recent.drain(..) {
            self.ordered.extend(records.iter().map(|(key, value)| (key.to_vec(), value.to_vec())));
        }
        &self.ordered
    }
}

struct Snapshot(Arc<State>);

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
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
        Ok(self.read().state.get(key).cloned())
    }
}

impl Store for MemoryStore {
    fn head(&self) -> Result<Option<u64>, StoreError> {
        Ok(self.read().head)
    }

    fn commit(&self, block: BlockCommit) -> Result<(), StoreError> {
        let mut inner = self.write();
        block.check_follows(inner.head)?;
        let state = Arc::make_mut(&mut inner.state);
        for (key, value) in block.changes {
            match value {
                Some(value) => {
                    state.insert(key, value);
                }
                None => {
                    state.remove(&key);
                }
            }
        }
        inner.records.recent.push(block.records);
        inner.head = Some(block.height);
        Ok(())
    }

    fn snapshot(&self) -> Result<Arc<dyn View>, StoreError> {
        Ok(Arc::new(Snapshot(Arc::clone(&self.read().state))))
    }

    fn record(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.write().records.ordered().get(key).cloned())
    }

    fn records(&self, prefix: &[u8]) -> Result<Vec<Record>, StoreError> {
        let mut inner = self.write();
        let found = inner.records.ordered().range(prefix.to_vec()..);
        let found = found.take_while(|(key, _)| key.starts_with(prefix));
        Ok(found.map(|(key, value)| (key.clone(), value.clone())).collect())
    }

    fn for_each(&self, visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), StoreError> {
        let state = Arc::clone(&self.read().state);
        let mut pairs: Vec<_> = state.iter().collect();
        pairs.sort_unstable_by_key(|&(key, _)| key);
        pairs.iter().for_each(|(key, value)| visit(&encode_key(key), value));
        Ok(())
    }
}

impl View for Snapshot {
    fn get(&self, key: &StateKey) -> Result<Option<Value>, StoreError> {
        Ok(self.0.get(key).cloned())
    }
}
