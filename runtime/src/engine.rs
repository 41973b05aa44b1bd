//! Engines: settings and resources shared by modules.

use std::sync::Arc;

use crate::region::RegionPool;
use crate::{Backend, Config, Error};

/// Settings, and the pool of guest memories. Cheap to clone; clones are the same engine.
#[derive(Clone, Debug)]
pub struct Engine {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    config: Config,
    pool: RegionPool,
}

impl Engine {
    /// An engine with these settings.
    ///
    /// # Errors
    ///
    /// None at present; what an engine needs from the system may change that.
    pub fn new(config: Config) -> Result<Self, Error> {
        let pool = RegionPool::new(config.pool);
        Ok(Self { inner: Arc::new(Inner { config, pool }) })
    }

    /// The back end that was asked for.
    pub fn backend(&self) -> Backend {
        self.inner.config.backend
    }

    /// The settings.
    #[inline]
    pub fn config(&self) -> &Config {
        &self.inner.config
    }

    pub(crate) fn pool(&self) -> &RegionPool {
        &self.inner.pool
    }
}
