//! The state in which a frame starts.

use super::memory::{Memory, PAGE_SIZE};
use super::{MemoryClass, text::Text};

/// The first address above the stack.
pub const STACK_TOP: u32 = 0xffff_0000;

/// A program and the terms of one frame of it.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The image's segments; exactly one is executable, and that one is the text.
    pub segments: Vec<Segment>,
    /// First pc.
    pub entry: u32,
    /// Profile C.
    pub compressed: bool,
    /// The width of the registers, and extensions.
    pub isa: Isa,
    /// Bytes of stack below [`STACK_TOP`], a multiple of the page.
    pub stack_size: u32,
    /// Selects the weights of loads and stores.
    pub memory_class: MemoryClass,
    /// Gas at entry.
    pub gas: u64,
    /// sp at entry: [`STACK_TOP`], or below the argument block of a bare program.
    pub sp: u32,
}

/// The extensions of an image besides RV32IMA and C. [`Isa::default`] has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Isa {
    /// RV64.
    pub wide: bool,
    /// Zba, Zbb, Zbs and Zicond and, with profile C, Zcb.
    pub bits: bool,
}

impl Isa {
    /// Those that images can have.
    pub const ALL: [Self; 3] = [
        Self { wide: false, bits: false },
        Self { wide: false, bits: true },
        Self { wide: true, bits: true },
    ];
}

/// A PT_LOAD segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// p_vaddr.
    pub addr: u32,
    /// The file bytes.
    pub bytes: Vec<u8>,
    /// p_memsz: the bytes beyond the file bytes are zero.
    pub memsz: u32,
    /// PF_W.
    pub writable: bool,
    /// PF_X.
    pub executable: bool,
}

impl Segment {
    /// The executable segment.
    #[must_use]
    pub fn text(addr: u32, bytes: Vec<u8>) -> Self {
        Self { executable: true, ..Self::rodata(addr, bytes) }
    }

    /// A segment that can only be read.
    #[must_use]
    pub fn rodata(addr: u32, bytes: Vec<u8>) -> Self {
        let memsz = bytes.len().try_into().expect("a segment is smaller than the address space");
        Self { addr, bytes, memsz, writable: false, executable: false }
    }

    /// A segment that can be read and written.
    #[must_use]
    pub fn data(addr: u32, bytes: Vec<u8>) -> Self {
        Self { writable: true, ..Self::rodata(addr, bytes) }
    }
}

impl Setup {
    pub(super) fn check(&self) {
        let text = self.executable();
        let step = if self.compressed { 2 } else { 4 };
        assert!(!text.writable, "text is never writable");
        assert_eq!(text.bytes.len(), text.memsz as usize, "text is all file bytes");
        assert!(text.addr.is_multiple_of(step), "text starts at a multiple of the step");
        assert!(self.text().contains(self.entry), "the entry is in text");
        assert!(self.entry.is_multiple_of(step), "the entry is a multiple of the step");
        assert!(self.stack_size.is_multiple_of(PAGE_SIZE), "the stack is a multiple of the page");
        for segment in &self.segments {
            assert!(segment.addr >= PAGE_SIZE, "page 0 is never mapped");
            let end = u64::from(segment.addr) + u64::from(segment.memsz);
            let limit = u64::from(STACK_TOP) - u64::from(self.stack_size) - 0x1_0000;
            assert!(end <= limit, "64 KiB below the stack stay unmapped");
        }
    }

    pub(super) fn text(&self) -> Text {
        let segment = self.executable();
        Text::new(segment.addr, &segment.bytes, self.compressed, self.isa)
    }

    pub(super) fn memory(&self) -> Memory {
        let mut memory = Memory::default();
        for segment in &self.segments {
            memory.map_range(segment.addr, segment.memsz, segment.writable);
            memory.write(segment.addr, &segment.bytes);
        }
        memory.map_range(STACK_TOP - self.stack_size, self.stack_size, true);
        memory
    }

    fn executable(&self) -> &Segment {
        let mut executable = self.segments.iter().filter(|segment| segment.executable);
        match (executable.next(), executable.next()) {
            (Some(text), None) => text,
            _ => panic!("an image has exactly one executable segment"),
        }
    }
}
