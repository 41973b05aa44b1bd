//! Bytecode that was analysed, ready for frames.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use bessemer_evm::interpreter::bytecode::Bytecode;
use bessemer_evm::{Rules, bytecode};
use bessemer_image::CodeHash;
use foldhash::fast::RandomState;

use crate::journal::{Journal, JournalError};
use crate::modules::ModuleError;

/// Analysed bytecode by hash, up to a number of bytes. What it holds is never visible in an outcome.
#[derive(Default)]
pub(crate) struct Bytecodes {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    codes: HashMap<CodeHash, Bytecode, RandomState>,
    bytes: usize,
}

/// What is kept at most: about 2,000 contracts of the longest kind.
const MOST_BYTES: usize = 64 << 20;

impl Bytecodes {
    /// The bytecode that the state has under a hash.
    pub(crate) fn of(
        &self,
        rules: &Rules,
        hash: &CodeHash,
        journal: &mut Journal,
    ) -> Result<Bytecode, ModuleError> {
        let found =
            self.kept.lock().unwrap_or_else(PoisonError::into_inner).codes.get(hash).cloned();
        if let Some(code) = found {
            return Ok(code);
        }
        let bytes = journal.bytecode(hash)?.ok_or(ModuleError::Missing(*hash))?;
        let code = bytecode(rules, &bytes);
        // whether this is a delegation depends on the rules, and it is quickly made
        if bytes.len() == 23 {
            return Ok(code);
        }
        // the analysis is a bit for each byte
        let size = bytes.len() + bytes.len() / 8 + 256;
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.bytes + size > MOST_BYTES {
            *kept = Kept::default();
        }
        kept.bytes += size;
        kept.codes.insert(*hash, code.clone());
        Ok(code)
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
