//! Partial state: the keys that a recorded transaction or a recorded test used.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bessemer_chain::store::{BlockCommit, Store, StoreError, View, encode_account};
use bessemer_chain::{Account, Address, Header, StateKey, Value};

/// A store with any state at any height and time. It keeps no receipts.
#[derive(Debug, Default)]
pub(crate) struct Recorded(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    head: Header,
    state: BTreeMap<StateKey, Value>,
}

impl Recorded {
    pub(crate) fn new(state: impl IntoIterator<Item = (StateKey, Vec<u8>)>) -> Self {
        let recorded = Self::default();
        for (key, value) in state {
            recorded.set(key, Some(&value));
        }
        recorded
    }

    /// Makes this the newest block.
    pub(crate) fn set_head(&self, height: u64, timestamp: u64) {
        self.inner().head = Header { height, timestamp, ..Header::default() };
    }

    /// Makes this the gas schedule of the newest block.
    pub(crate) fn set_schedule(&self, schedule: u32) {
        self.inner().head.schedule = schedule;
    }

    pub(crate) fn set(&self, key: StateKey, value: Option<&[u8]>) {
        let state = &mut self.inner().state;
        match value {
            Some(value) => state.insert(key, Value::from(value)),
            None => state.remove(&key),
        };
    }

    pub(crate) fn set_account(&self, address: &Address, account: &Account) {
        let value = encode_account(account);
        self.set(StateKey::Account(*address), value.as_deref());
    }

    pub(crate) fn entry(&self, key: &StateKey) -> Option<Vec<u8>> {
        self.inner().state.get(key).map(|value| value.to_vec())
    }

    /// All keys and values, in order.
    pub(crate) fn entries(&self) -> Vec<(StateKey, Value)> {
        self.inner().state.iter().map(|(key, value)| (*key, value.clone())).collect()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl View for Recorded {
    fn get(&self, key: &StateKey) -> Result<Option<Value>, StoreError> {
        Ok(self.inner().state.get(key).cloned())
    }
}

impl Store for Recorded {
    fn head(&self) -> Result<Option<Header>, StoreError> {
        Ok(Some(self.inner().head.clone()))
    }

    fn commit(&self, block: BlockCommit<'_>) -> Result<(), StoreError> {
        block.check_follows(Some(self.inner().head.height))?;
        for (key, value) in block.changes.iter() {
            self.set(*key, value.map(|value| &**value));
        }
        self.inner().head = block.header;
        Ok(())
    }
}
