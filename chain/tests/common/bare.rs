//! A store with no more than a store needs: no snapshots, no past.

use bessemer_chain::store::{BlockCommit, MemoryStore, Store, StoreError, View};
use bessemer_chain::{Header, StateKey, Value};

pub(crate) struct Bare(pub(crate) MemoryStore);

impl View for Bare {
    fn get(&self, key: &StateKey) -> Result<Option<Value>, StoreError> {
        self.0.get(key)
    }
}

impl Store for Bare {
    fn head(&self) -> Result<Option<Header>, StoreError> {
        self.0.head()
    }

    fn commit(&self, block: BlockCommit<'_>) -> Result<(), StoreError> {
        self.0.commit(block)
    }
}
