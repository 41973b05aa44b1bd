//! A store that counts what is asked of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bessemer_chain::store::{BlockCommit, MemoryStore, Store, StoreError, View};
use bessemer_chain::{Chain, ChainConfig, Header, StateKey, Value};
use bessemer_runtime::Backend;

/// Memory, and how often it was read.
#[derive(Default)]
pub(crate) struct Counting {
    inner: MemoryStore,
    reads: AtomicU64,
    code_reads: AtomicU64,
}

impl Counting {
    /// A chain on a new counting store.
    pub(crate) fn chain(backend: Backend, config: ChainConfig) -> (Arc<Self>, Chain) {
        let store = Arc::new(Self::default());
        let chain = store.open(backend, config);
        (store, chain)
    }

    /// A chain on this store, with nothing in memory.
    pub(crate) fn open(self: &Arc<Self>, backend: Backend, config: ChainConfig) -> Chain {
        let store: Arc<dyn Store> = Arc::clone(self) as Arc<dyn Store>;
        Chain::on(&super::engine(backend), store, config).unwrap()
    }

    /// How many values were read since this was asked last, and how many of them were files.
    pub(crate) fn reads(&self) -> (u64, u64) {
        (self.reads.swap(0, Ordering::Relaxed), self.code_reads.swap(0, Ordering::Relaxed))
    }
}

impl View for Counting {
    fn get(&self, key: &StateKey) -> Result<Option<Value>, StoreError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        if matches!(key, StateKey::Code(_)) {
            self.code_reads.fetch_add(1, Ordering::Relaxed);
        }
        self.inner.get(key)
    }
}

impl Store for Counting {
    fn head(&self) -> Result<Option<Header>, StoreError> {
        self.inner.head()
    }

    fn commit(&self, block: BlockCommit<'_>) -> Result<(), StoreError> {
        self.inner.commit(block)
    }
}
