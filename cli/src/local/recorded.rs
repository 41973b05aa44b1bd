//! State that is known in part: what a recorded transaction used.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use bessemer_chain::StateKey;
use bessemer_chain::Value;
use bessemer_chain::store::{BlockCommit, Store, StoreError, View};

/// A store that starts at any height with any state. It keeps no records.
#[derive(Debug, Default)]
pub(crate) struct Recorded(RwLock<Inner>);

#[derive(Debug, Default)]
struct Inner {
    head: u64,
    state: BTreeMap<StateKey, Value>,
}

impl Recorded {
    pub(crate) fn new(head: u64, state: impl IntoIterator<Item = (StateKey, Vec<u8>)>) -> Self {
        let state =
            state.into_iter().map(|(key, value)| (key, Value::from(value.as_slice()))).collect();
        Self(RwLock::new(Inner { head, state }))
    }
}

impl View for Recorded {
    fn get(&self, key: &StateKey) -> Result<Option<Value>, StoreError> {
        let inner = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Ok(inner.state.get(key).cloned())
    }
}

impl Store for Recorded {
    fn head(&self) -> Result<Option<u64>, StoreError> {
        let head = self.0.read().unwrap_or_else(PoisonError::into_inner).head;
        Ok((head > 0).then_some(head))
    }

    fn commit(&self, block: &BlockCommit<'_>) -> Result<(), StoreError> {
        let mut inner = self.0.write().unwrap_or_else(PoisonError::into_inner);
        block.check_follows((inner.head > 0).then_some(inner.head))?;
        for (key, value) in block.changes.iter() {
            match value {
                Some(value) => inner.state.insert(*key, value.clone()),
                None => inner.state.remove(key),
            };
        }
        inner.head = block.height;
        Ok(())
    }
}
