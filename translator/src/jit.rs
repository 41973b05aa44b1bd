//! Makes an artifact executable, and enters it.
//!
//! All `unsafe` of this crate is here.

use std::fmt;
use std::ops::Range;
use std::sync::Mutex;

use cranelift_jit::{BranchProtection, JITMemoryKind, JITMemoryProvider, SystemMemoryProvider};

use crate::stub::EntryStub;
use crate::{Artifact, Context, TranslateError, TrapRecord};

/// Published code: executable, immutable, shared. Its memory is never writable and executable at the
/// same time, and is given back when the last owner drops it.
pub struct Code {
    /// Owns the executable memory; the mutex is never contended and makes the owner shareable.
    memory: Mutex<SystemMemoryProvider>,
    range: Range<usize>,
    stub: usize,
    landing: usize,
    units: usize,
    /// As the context describes it.
    jump_table: Box<[u64]>,
    traps: Box<[TrapRecord]>,
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
    pub fn publish(artifact: &Artifact) -> Result<Self, TranslateError> {
        let size = artifact.code.len();
        let failed = |reason: String| TranslateError::Memory { size, reason };
        let mut memory = SystemMemoryProvider::new();
        let start = memory
            .allocate(size.max(1), 16, JITMemoryKind::Executable)
            .map_err(|error| failed(error.to_string()))?;
        // SAFETY: `allocate` returned `size` bytes of writable memory that nobody else knows of.
        unsafe { start.copy_from_nonoverlapping(artifact.code.as_ptr(), size) };
        memory.finalize(BranchProtection::None).map_err(|error| failed(error.to_string()))?;
        let start = start.expose_provenance();
        let jump_table = artifact.jump_table.iter().map(|&word| {
            let (unit, local) = crate::plan::decode_entry(word)?;
            let address = start + *artifact.units.get(unit)? as usize;
            Some((address as u64) << ENTRY_BITS | local as u64)
        });
        Ok(Self {
            memory: Mutex::new(memory),
            range: start..start + size,
            stub: start + artifact.stub as usize,
            landing: start + artifact.landing as usize,
            units: artifact.units.len(),
            jump_table: jump_table.map(Option::unwrap_or_default).collect(),
            traps: artifact.traps.as_slice().into(),
        })
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
        self.range.clone()
    }

    /// Where a fault in the code continues, with the stack and frame pointers of the context.
    #[inline]
    pub fn landing(&self) -> usize {
        self.landing
    }

    /// Where the code can fault, in ascending order of offsets from the start of the range.
    #[inline]
    pub fn traps(&self) -> &[TrapRecord] {
        &self.traps
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
    /// code's traps and landing. `entry` came from this code.
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

impl Drop for Code {
    fn drop(&mut self) {
        let memory = self.memory.get_mut().unwrap_or_else(|poisoned| poisoned.into_inner());
        // SAFETY: entering borrows `self`, so no code is running, and no address of it is left.
        unsafe { memory.free_memory() };
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Code")
            .field("bytes", &self.range.len())
            .field("units", &self.units)
            .finish_non_exhaustive()
    }
}
