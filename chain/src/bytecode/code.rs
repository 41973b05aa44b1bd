//! Bytecode that was analysed, ready for frames.

use std::sync::{Mutex, MutexGuard, PoisonError};

use bessemer_evm::interpreter::bytecode::Bytecode;
use bessemer_evm::{Rules, bytecode};
use bessemer_image::CodeHash;
use foldhash::fast::RandomState;
use lru::LruCache;

use crate::journal::{Journal, JournalError};
use crate::modules::ModuleError;

/// Analysed bytecode by hash, up to a number of bytes; the least recently used goes. What it holds is never
/// visible in an outcome.
#[derive(Default)]
pub(crate) struct Bytecodes {
    kept: Mutex<Kept>,
}

struct Kept {
    /// With the bytes that each counts for.
    codes: LruCache<CodeHash, (Bytecode, usize), RandomState>,
    bytes: usize,
}

impl Default for Kept {
    fn default() -> Self {
        Self { codes: LruCache::unbounded_with_hasher(RandomState::default()), bytes: 0 }
    }
}

/// The bound of the cache: about 2,000 contracts of the longest kind.
const MOST_BYTES: usize = 64 << 20;

impl Bytecodes {
    /// The bytecode that the state has under a hash.
    pub(crate) fn of(
        &self,
        rules: &Rules,
        hash: &CodeHash,
        journal: &mut Journal,
    ) -> Result<Bytecode, ModuleError> {
        if let Some((code, _)) = self.kept().codes.get(hash) {
            return Ok(code.clone());
        }
        let bytes = journal.bytecode(hash)?.ok_or(ModuleError::Missing(*hash))?;
        let code = bytecode(rules, &bytes);
        // whether this is a delegation depends on the rules, and it is quickly made
        if bytes.len() == 23 {
            return Ok(code);
        }
        // the analysis is a bit for each byte
        let size = bytes.len() + bytes.len() / 8 + 256;
        let mut kept = self.kept();
        kept.bytes += size;
        if let Some((_, before)) = kept.codes.put(*hash, (code.clone(), size)) {
            kept.bytes -= before;
        }
        while kept.bytes > MOST_BYTES
            && let Some((_, (_, oldest))) = kept.codes.pop_lru()
        {
            kept.bytes -= oldest;
        }
        Ok(code)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<JournalError> for HostFailure {
    fn from(error: JournalError) -> Self {
        Self::Journal(error)
    }
}

/// Why an EVM frame cannot go on: the host's failure.
#[derive(Debug)]
pub(crate) enum HostFailure {
    Journal(JournalError),
    Module(ModuleError),
}

impl From<ModuleError> for HostFailure {
    fn from(error: ModuleError) -> Self {
        Self::Module(error)
    }
}
