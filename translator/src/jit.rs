//! Makes an artifact executable, and enters it.
//!
//! All `unsafe` of this crate is here.

use std::fmt;
use std::ops::Range;

use crate::context::EntryStub;
use crate::memory::{CodeMemory, Executable};
use crate::{Artifact, Context, Tables, TranslateError, TrapRecord};

/// Published code: executable, immutable, shared. Its memory is never writable and executable at the
/// same time, and is given back when the last owner drops it.
pub struct Code {
    /// Owns the executable memory.
    memory: Executable,
    stub: usize,
    landing: usize,
    /// The mapping as the context describes it.
    jump_table: Box<[u64]>,
    tables: Tables,
}

/// Bits of a published jump table's word that hold the number of the entry. Addresses of processes
/// have 47 bits.
pub(crate) const ENTRY_BITS: u32 = 16;

/// An arrival that native code can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryPoint {
    address: usize,
    local: u32,
}

impl Code {
    /// Copies an artifact into executable memory.
    ///
    /// # Errors
    ///
    /// [`TranslateError::Memory`] if the system gives none.
    pub fn publish(artifact: &Artifact) -> Result<Self, TranslateError> {
        let len = artifact.code.len();
        let mut memory = CodeMemory::new(len)?;
        memory.as_mut_slice().copy_from_slice(&artifact.code);
        Self::from_parts(memory, 0..len, artifact.tables.clone())
    }

    /// Makes code executable that was read into its place, with the tables that were read with it:
    /// `code` of the memory. What else is in the memory is gone then.
    ///
    /// # Errors
    ///
    /// [`TranslateError::Memory`] if the system does not allow it.
    ///
    /// # Panics
    ///
    /// If the memory has no such range.
    pub fn from_parts(
        memory: CodeMemory,
        code: Range<usize>,
        tables: Tables,
    ) -> Result<Self, TranslateError> {
        let memory = memory.protect(code)?;
        let start = memory.as_slice().as_ptr().expose_provenance();
        let mut jump_table = vec![0; tables.text.slots as usize];
        for entry in &tables.entries {
            let unit = tables.units.get(entry.unit as usize);
            if let (Some(word), Some(unit)) = (jump_table.get_mut(entry.slot as usize), unit) {
                let address = start + unit.offset as usize;
                *word = (address as u64) << ENTRY_BITS | u64::from(entry.local);
            }
        }
        Ok(Self {
            stub: start + tables.stub as usize,
            landing: start + tables.landing as usize,
            jump_table: jump_table.into(),
            tables,
            memory,
        })
    }

    /// The machine code.
    pub fn bytes(&self) -> &[u8] {
        self.memory.as_slice()
    }

    /// The tables of the machine code.
    pub fn tables(&self) -> &Tables {
        &self.tables
    }

    /// Bytes that the code and its tables take.
    pub fn footprint(&self) -> usize {
        let Tables { units, entries, traps, .. } = &self.tables;
        self.memory.footprint()
            + size_of_val(&*self.jump_table)
            + size_of_val(&**units)
            + size_of_val(&**entries)
            + size_of_val(&**traps)
    }

    /// Where native code takes an arrival at this slot of text; `None` if the interpreter must.
    #[inline]
    pub fn entry_point(&self, slot: usize) -> Option<EntryPoint> {
        let word = *self.jump_table.get(slot)?;
        if word == 0 {
            return None;
        }
        let local = word as u32 & ((1 << ENTRY_BITS) - 1);
        Some(EntryPoint { address: (word >> ENTRY_BITS) as usize, local })
    }

    /// The addresses of the machine code.
    #[inline]
    pub fn range(&self) -> Range<usize> {
        let bytes = self.memory.as_slice();
        let start = bytes.as_ptr().addr();
        start..start + bytes.len()
    }

    /// Where a fault in the code continues, with the stack and frame pointers of the context.
    #[inline]
    pub fn landing(&self) -> usize {
        self.landing
    }

    /// Where the code can fault, in ascending order of offsets from the start of the range.
    #[inline]
    pub fn traps(&self) -> &[TrapRecord] {
        &self.tables.traps
    }

    /// Fills in what the context needs to know of this code.
    #[inline]
    pub fn prepare(&self, context: &mut Context) {
        context.jump_table = self.jump_table.as_ptr().expose_provenance();
    }

    /// Runs native code from an entry point until it leaves.
    ///
    /// # Safety
    ///
    /// `context` is valid and nothing else accesses it meanwhile, except the host call function
    /// through the pointer that it gets. It was [prepared](Self::prepare) by this code. Its `memory`
    /// is the base of a guest region; `host_call` is a [`HostCall`](crate::HostCall) that does not
    /// unwind; `stack_limit` leaves room for it. A fault handler is installed that finds this
    /// code's traps and landing. `entry` came from this code. The code is what [`translate`](crate::translate)
    /// made: if it was read from a file, the reader has made sure that it was not changed since.
    #[inline]
    pub unsafe fn enter(&self, context: *mut Context, entry: EntryPoint) {
        // SAFETY: the stub was built with this signature, for the host's C convention, and lies in
        // memory that lives as long as `self`.
        let stub = unsafe {
            core::mem::transmute::<*const (), EntryStub>(core::ptr::with_exposed_provenance(
                self.stub,
            ))
        };
        stub(context, entry.address, entry.local);
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Code")
            .field("bytes", &self.bytes().len())
            .field("units", &self.tables.units.len())
            .finish_non_exhaustive()
    }
}
