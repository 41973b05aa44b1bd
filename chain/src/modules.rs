//! The programs of contracts, ready to run.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use bessemer_image::{CodeHash, Limits, LoadError, Program};
use bessemer_isa::GasSchedule;
use bessemer_runtime::{Engine, Error, HostStop, Module};
use foldhash::fast::RandomState;

use crate::journal::{Journal, JournalError};

/// Modules by code hash, the least recently used ones dropped. Shared by all that runs on an engine.
///
/// What it holds is never visible in an outcome: a module that is not there is made from its code.
pub(crate) struct Modules {
    engine: Engine,
    kept: Mutex<Kept>,
    most: usize,
}

#[derive(Default)]
struct Kept {
    modules: HashMap<CodeHash, (Module, u64), RandomState>,
    clock: u64,
}

/// Why there is no module for a contract's code.
#[derive(Debug, thiserror::Error)]
pub enum ModuleError {
    /// The state names code that it does not have.
    #[error("the state names code {0} and does not have it; the database is damaged")]
    Missing(CodeHash),
    /// The state could not be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The engine does not load code that was accepted before, or the system has no memory for it.
    #[error("code {hash} does not load")]
    Load {
        /// The code.
        hash: CodeHash,
        /// What the engine says.
        source: Error,
    },
}

impl Modules {
    /// The schedule of contracts.
    pub(crate) const SCHEDULE: GasSchedule = GasSchedule::V1;
    /// The limits of contracts.
    pub(crate) const LIMITS: Limits = Limits::contract();

    /// Modules for an engine with the back end, caches and pool of `engine`, and with the limits and
    /// the gas schedule of contracts.
    pub(crate) fn new(engine: &Engine, most: usize) -> Result<Self, Error> {
        let config = engine.config().clone();
        let config = config.limits(Self::LIMITS).gas_schedule(Self::SCHEDULE);
        Ok(Self { engine: Engine::new(config)?, kept: Mutex::default(), most: most.max(1) })
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The hash of a file that is a contract.
    pub(crate) fn check(code: &[u8]) -> Result<CodeHash, LoadError> {
        Program::parse(code, &Self::LIMITS).map(|program| program.code_hash())
    }

    /// The module of code that the state has.
    pub(crate) fn of(&self, hash: &CodeHash, journal: &mut Journal) -> Result<Module, ModuleError> {
        if let Some(module) = self.find(hash) {
            return Ok(module);
        }
        let code = journal.code(hash)?.ok_or(ModuleError::Missing(*hash))?;
        let module = Module::new(&self.engine, &code)
            .map_err(|source| ModuleError::Load { hash: *hash, source })?;
        self.keep(*hash, &module);
        Ok(module)
    }

    /// What the pages cost that a frame of this module starts with (rule G8).
    pub(crate) fn entry_price(module: &Module) -> u64 {
        u64::from(module.program().entry_pages()) * Self::page_price()
    }

    /// What a page costs (rule G8).
    pub(crate) fn page_price() -> u64 {
        Self::SCHEDULE.page.into()
    }

    fn find(&self, hash: &CodeHash) -> Option<Module> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.clock += 1;
        let now = kept.clock;
        let (module, used) = kept.modules.get_mut(hash)?;
        *used = now;
        Some(module.clone())
    }

    fn keep(&self, hash: CodeHash, module: &Module) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.modules.len() >= self.most {
            let oldest = kept.modules.iter().min_by_key(|(_, (_, used))| *used);
            if let Some(oldest) = oldest.map(|(hash, _)| *hash) {
                kept.modules.remove(&oldest);
            }
        }
        let now = kept.clock;
        kept.modules.insert(hash, (module.clone(), now));
    }
}

impl From<ModuleError> for HostStop {
    fn from(error: ModuleError) -> Self {
        match error {
            ModuleError::Journal(error) => error.into(),
            error => Self::Error(Box::new(error)),
        }
    }
}
