//! How large a program may be.

use bessemer_isa::MemoryClass;
#[cfg(doc)]
use bessemer_isa::NativeEstimate;

/// What the caller allows a program to use. Limits are part of what decides whether a file loads,
/// so all nodes of a chain use the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Limits {
    /// Bytes of the whole file.
    pub file_bytes: u32,
    /// Bytes of the executable segment; never more than [`Limits::MAX_TEXT_BYTES`].
    pub text_bytes: u32,
    /// File bytes of all other segments together.
    pub data_bytes: u32,
    /// Size of the stack, rounded up to whole pages.
    pub stack_bytes: u32,
    /// How far the heap may grow, rounded down to whole pages. `None`: to what segments and stack
    /// leave of `memory`, which is then the memory class of the program.
    pub heap_bytes: Option<u32>,
    /// The largest memory class that segments, stack and heap may need.
    pub memory: MemoryClass,
    /// Bytes of native code that the text may be taken to become, by [`NativeEstimate::V1`], which also says how
    /// dense it may be. `None`: any number.
    pub native_bytes: Option<u32>,
}

impl Limits {
    /// No text is larger, whatever `text_bytes` says: it keeps every charge below 2^32.
    pub const MAX_TEXT_BYTES: u32 = 8 << 20;

    /// The limits of contracts.
    pub const fn contract() -> Self {
        Self {
            file_bytes: 1 << 20,
            text_bytes: 512 << 10,
            data_bytes: 256 << 10,
            stack_bytes: 64 << 10,
            heap_bytes: None,
            memory: MemoryClass::Mib1,
            native_bytes: Some(3 << 20),
        }
    }

    /// The limits of bare programs, which run outside a chain.
    pub const fn bare() -> Self {
        Self {
            file_bytes: 64 << 20,
            text_bytes: 4 << 20,
            data_bytes: 64 << 20,
            stack_bytes: 1 << 20,
            heap_bytes: None,
            memory: MemoryClass::Mib64,
            native_bytes: None,
        }
    }

    /// The same limits with another stack.
    pub const fn with_stack(self, stack_bytes: u32) -> Self {
        Self { stack_bytes, ..self }
    }

    /// The same limits with another memory class.
    pub const fn with_memory(self, memory: MemoryClass) -> Self {
        Self { memory, ..self }
    }

    /// The same limits for files that were checked when they came: text is not estimated again.
    pub const fn without_estimate(self) -> Self {
        Self { native_bytes: None, ..self }
    }

    /// The same limits with a fixed heap.
    pub const fn with_heap(self, heap_bytes: u32) -> Self {
        Self { heap_bytes: Some(heap_bytes), ..self }
    }
}
