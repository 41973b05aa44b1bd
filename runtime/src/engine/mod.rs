//! Engines: settings and resources shared by modules.

pub(crate) mod cache;

use std::sync::Arc;

use bessemer_image::Limits;
use bessemer_isa::GasSchedule;

use crate::code::provider::Provider;
use crate::memory::RegionPool;
use crate::program::{Known, LoadedProgram, Rules};
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
    rules: Arc<Rules>,
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
        let (limits, schedule) = (config.limits, config.schedule);
        let provider = Provider::new(config, pool)?;
        let rules = provider.rules(limits, schedule);
        Ok(Self { inner: Arc::new(Inner { provider, rules }) })
    }

    /// An engine with other limits and prices, which shares all else with this one: threads that compile,
    /// caches, guest memories and statistics. [`Engine::config`] remains that of the first.
    ///
    /// ```
    /// use bessemer_isa::GasSchedule;
    /// use bessemer_runtime::{Config, Engine, Limits};
    ///
    /// let engine = Engine::new(Config::new())?;
    /// let contracts = engine.with_rules(Limits::contract(), GasSchedule::V1);
    /// assert_eq!(contracts.limits(), &Limits::contract());
    /// assert_eq!(contracts.statistics(), engine.statistics());
    /// # Ok::<(), bessemer_runtime::Error>(())
    /// ```
    pub fn with_rules(&self, limits: Limits, schedule: GasSchedule) -> Self {
        let provider = Arc::clone(self.provider());
        let rules = provider.rules(limits, schedule);
        Self { inner: Arc::new(Inner { provider, rules }) }
    }

    /// The limits of modules.
    pub fn limits(&self) -> &Limits {
        &self.inner.rules.limits
    }

    /// The prices of instances.
    pub fn gas_schedule(&self) -> &GasSchedule {
        &self.inner.rules.schedule
    }

    /// The program of a file, with native code as the settings say.
    pub(crate) fn load(&self, elf: &[u8], known: Known) -> Result<Arc<LoadedProgram>, Error> {
        self.provider().module(&self.inner.rules, elf, known)
    }

    pub(crate) fn rules(&self) -> &Arc<Rules> {
        &self.inner.rules
    }

    /// The back end that was asked for.
    pub fn backend(&self) -> Backend {
        self.config().backend
    }

    /// Counters of the engine.
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
        Cache::new(self.provider(), self.rules())
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
