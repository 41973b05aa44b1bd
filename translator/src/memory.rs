//! Memory for machine code: writable first, executable afterwards, never both.
//!
//! Mappings of dropped code are kept for the next, as far as they are few: a fresh page costs more
//! than everything else that is done with it.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use memmap2::{Mmap, MmapMut};

use crate::TranslateError;
use crate::fault;

/// Writable memory that is going to hold machine code, and perhaps what comes with it.
#[derive(Debug)]
pub struct CodeMemory {
    mapping: MmapMut,
    len: usize,
}

/// Executable memory.
#[derive(Debug)]
pub(crate) struct Executable {
    /// `None` only while dropping.
    mapping: Option<Mmap>,
    code: Range<usize>,
}

impl CodeMemory {
    /// Memory for this many bytes. What it holds is unspecified.
    ///
    /// # Errors
    ///
    /// [`TranslateError::Memory`] if the system gives none.
    pub fn new(len: usize) -> Result<Self, TranslateError> {
        let failed = |error: std::io::Error| memory_error(len, &error);
        let size = len.max(1).next_multiple_of(GRAIN);
        if let Some(mapping) = KEPT.take(size) {
            return Ok(Self { mapping, len });
        }
        fault::inject().map_err(failed)?;
        let mapping = memmap2::MmapOptions::new().len(size).populate().map_anon();
        Ok(Self { mapping: mapping.map_err(failed)?, len })
    }

    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        &self.mapping[..self.len]
    }

    /// The bytes, to fill in.
    pub fn as_mut_slice(&mut self) -> &mut [u8] {
        &mut self.mapping[..self.len]
    }

    /// Makes the memory executable and not writable. `code` of it is code.
    pub(crate) fn protect(mut self, code: Range<usize>) -> Result<Executable, TranslateError> {
        // neither what came with the code nor what an earlier tenant left can be executed
        self.mapping[..code.start].fill(INT3);
        self.mapping[code.end..].fill(INT3);
        let failed = |error: std::io::Error| memory_error(self.len, &error);
        fault::inject().map_err(failed)?;
        let mapping = self.mapping.make_exec().map_err(failed)?;
        Ok(Executable { mapping: Some(mapping), code })
    }
}

impl Executable {
    #[inline]
    pub(crate) fn as_slice(&self) -> &[u8] {
        self.mapping.as_ref().map_or(&[], |mapping| &mapping[self.code.clone()])
    }

    /// Bytes of address space and memory.
    pub(crate) fn footprint(&self) -> usize {
        self.mapping.as_ref().map_or(0, |mapping| mapping.len())
    }
}

impl Drop for Executable {
    fn drop(&mut self) {
        if let Some(mapping) = self.mapping.take() {
            KEPT.put(mapping);
        }
    }
}

/// Mappings without a tenant, writable.
struct Kept(Mutex<Vec<MmapMut>>);

static KEPT: Kept = Kept(Mutex::new(Vec::new()));

impl Kept {
    fn take(&self, size: usize) -> Option<MmapMut> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter().rposition(|mapping| mapping.len() == size)?;
        Some(kept.remove(at))
    }

    /// Keeps a mapping if there is room; otherwise the oldest goes.
    fn put(&self, mapping: Mmap) {
        if mapping.len() > MAX_KEPT_BYTES / 2 {
            return;
        }
        // a mapping that cannot be made writable is given back by its drop
        let Ok(mapping) = mapping.make_mut() else { return };
        let mut gone = Vec::new();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push(mapping);
        let mut bytes: usize = kept.iter().map(|mapping| mapping.len()).sum();
        while kept.len() > MAX_KEPT || bytes > MAX_KEPT_BYTES {
            let oldest = kept.remove(0);
            bytes -= oldest.len();
            gone.push(oldest);
        }
        drop(kept);
        drop(gone);
    }
}

fn memory_error(size: usize, error: &std::io::Error) -> TranslateError {
    TranslateError::Memory { size, reason: error.to_string() }
}

/// Sizes are multiples of this, so that code finds a mapping that earlier code has left.
const GRAIN: usize = 16 << 10;
/// At most so many mappings are kept,
const MAX_KEPT: usize = 32;
/// of at most so many bytes.
const MAX_KEPT_BYTES: usize = 4 << 20;
/// The instruction that fills gaps between functions and around code. It traps.
pub(crate) const INT3: u8 = 0xcc;
