//! Engines: settings and resources shared by modules.

pub(crate) mod cache;

use std::sync::Arc;

use crate::code::provider::Provider;
use crate::memory::RegionPool;
use crate::statistics::EngineStatistics;
use crate::{Backend, Cache, Config, Error};

/// Settings, the pool of guest memories, and the code cache. Cheap to clone; clones are the same
/// engine.
#[derive(Clone, Debug)]
pub struct Engine {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    provider: Arc<Provider>,
}

impl Engine {
    /// An engine with these settings.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Cache`](crate::ErrorKind::Cache) if others can use the cache directory. A
    /// directory that cannot be used for another reason costs speed and a warning.
    pub fn new(config: Config) -> Result<Self, Error> {
        let pool = RegionPool::new(config.pool);
        let provider = Provider::new(config, pool)?;
        Ok(Self { inner: Arc::new(Inner { provider }) })
    }

    /// The back end that was asked for.
    pub fn backend(&self) -> Backend {
        self.config().backend
    }

    /// What the engine has done.
    pub fn statistics(&self) -> EngineStatistics {
        self.provider().counters().read()
    }

    /// How many programs are being compiled or checked in the background at this moment.
    pub fn compiling(&self) -> usize {
        self.provider().compiling()
    }

    /// Waits until everything that is to be compiled in the background is: for nodes that want to be
    /// fast from the first call on, and for tests.
    pub fn finish_compiling(&self) {
        self.provider().finish_compiling();
    }

    /// Number and bytes of the modules that are kept in memory.
    pub fn kept_modules(&self) -> (u64, u64) {
        self.provider().memory().usage()
    }

    /// The cache directory; `None` without one.
    pub fn cache(&self) -> Option<Cache<'_>> {
        Cache::new(self.provider())
    }

    /// The settings.
    #[inline]
    pub fn config(&self) -> &Config {
        self.inner.provider.config()
    }

    pub(crate) fn pool(&self) -> &RegionPool {
        self.inner.provider.pool()
    }

    pub(crate) fn provider(&self) -> &Arc<Provider> {
        &self.inner.provider
    }
}
