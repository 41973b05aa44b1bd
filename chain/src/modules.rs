//! The programs of contracts, ready to run.

use std::sync::{Mutex, PoisonError};

use bessemer_image::{CodeHash, Limits, LoadError, Program};
use bessemer_isa::GasSchedule;
use bessemer_runtime::{Engine, Error, HostStop, Module};
use foldhash::fast::RandomState;
use lru::LruCache;

use crate::journal::{Journal, JournalError};
use crate::price::Prices;
use crate::size::CodeSize;

/// Modules by code hash, of so many bytes together; the least recently used ones are dropped. Shared
/// by all that runs on an engine.
///
/// What it holds is never visible in an outcome: a module that is not there is made from its code,
/// and each entry is priced as if none were there.
pub(crate) struct Modules {
    engine: Engine,
    kept: Mutex<Kept>,
    most_bytes: u64,
}

struct Kept {
    modules: LruCache<CodeHash, Held, RandomState>,
    bytes: u64,
}

impl Default for Kept {
    fn default() -> Self {
        Self { modules: LruCache::unbounded_with_hasher(RandomState::default()), bytes: 0 }
    }
}

struct Held {
    module: Module,
    /// Its size in the cache, with its native code or without.
    bytes: u64,
    is_native: bool,
}

/// The smallest size that a module counts for: even a small one has pages and mappings.
const LEAST_BYTES: u64 = 64 << 10;

/// Why there is no module for a contract's code.
#[derive(Debug, thiserror::Error)]
pub enum ModuleError {
    /// The state names code that it does not have.
    #[error("the state names code {0} and does not have it; the database is damaged")]
    Missing(CodeHash),
    /// The state could not be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Code that the state has is not a contract.
    #[error("code {hash} is not a contract: {source}; the database is damaged")]
    Foreign {
        /// The code.
        hash: CodeHash,
        /// The rule that it breaks.
        source: LoadError,
    },
    /// The engine does not load code that was accepted before, or the system has no memory for it.
    #[error("code {hash} does not load")]
    Load {
        /// The code.
        hash: CodeHash,
        /// The error of the engine.
        source: Error,
    },
}

impl Modules {
    /// The limits of contracts that are deployed.
    pub(crate) const LIMITS: Limits = Limits::contract();
    /// The limits of those that the state has.
    const DEPLOYED: Limits = Self::LIMITS.without_estimate();

    /// Modules of `engine`, with the limits of contracts and this gas schedule.
    pub(crate) fn new(engine: &Engine, most_bytes: u64, schedule: GasSchedule) -> Self {
        let engine = engine.with_rules(Self::DEPLOYED, schedule);
        Self { engine, kept: Mutex::default(), most_bytes }
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The program and the sizes of a file that is a contract. This is where a file is parsed and
    /// hashed.
    pub(crate) fn check(code: &[u8]) -> Result<(Program, CodeSize), LoadError> {
        let program = Program::parse(code, &Self::LIMITS)?;
        let size = CodeSize::of(&program, code);
        Ok((program, size))
    }

    /// The module of a program that was just checked.
    pub(crate) fn of_program(&self, program: Program, code: &[u8]) -> Result<Module, ModuleError> {
        let hash = program.code_hash();
        if let Some(module) = self.find(&hash) {
            return Ok(module);
        }
        let module = Module::of_program(&self.engine, code, program)
            .map_err(|source| ModuleError::Load { hash, source })?;
        self.keep(hash, &module);
        Ok(module)
    }

    /// What a frame of this code costs to enter. Nothing is loaded for it, unless the state is one
    /// whose sizes were not recorded.
    pub(crate) fn entry_price(
        hash: &CodeHash,
        prices: &Prices,
        journal: &mut Journal,
    ) -> Result<u64, ModuleError> {
        let size = match journal.code_size(hash)? {
            Some(size) => size,
            None => {
                let code = journal.code(hash)?.ok_or(ModuleError::Missing(*hash))?;
                let program = Program::parse_hashed(&code, &Self::DEPLOYED, || *hash);
                let program =
                    program.map_err(|source| ModuleError::Foreign { hash: *hash, source })?;
                CodeSize::of(&program, &code)
            }
        };
        Ok(size.entry_price(prices))
    }

    /// The module of code that the state has.
    pub(crate) fn of(&self, hash: &CodeHash, journal: &mut Journal) -> Result<Module, ModuleError> {
        journal.runs(hash);
        if let Some(module) = self.find(hash) {
            return Ok(module);
        }
        let code = journal.code(hash)?.ok_or(ModuleError::Missing(*hash))?;
        let module = Module::with_code_hash(&self.engine, &code, *hash)
            .map_err(|source| ModuleError::Load { hash: *hash, source })?;
        self.keep(*hash, &module);
        Ok(module)
    }

    fn find(&self, hash: &CodeHash) -> Option<Module> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let Kept { modules, bytes } = &mut *kept;
        let held = modules.get_mut(hash)?;
        if held.is_native != held.module.code().is_some() {
            // its native code has become ready
            *bytes -= held.bytes;
            *held = Held::new(held.module.clone());
            *bytes += held.bytes;
        }
        Some(held.module.clone())
    }

    fn keep(&self, hash: CodeHash, module: &Module) {
        let mut gone = Vec::new();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let Kept { modules, bytes } = &mut *kept;
        let held = Held::new(module.clone());
        *bytes += held.bytes;
        if let Some(before) = modules.put(hash, held) {
            *bytes -= before.bytes;
            gone.push(before);
        }
        while *bytes > self.most_bytes
            && let Some((_, held)) = modules.pop_lru()
        {
            *bytes -= held.bytes;
            gone.push(held);
        }
        // modules are dropped after the lock is given back
        drop(kept);
    }
}

impl Held {
    fn new(module: Module) -> Self {
        let is_native = module.code().is_some();
        let bytes = module.footprint().max(LEAST_BYTES);
        Self { module, bytes, is_native }
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
