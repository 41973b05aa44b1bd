//! Why a file is not a program.

/// A file that is refused, and the rule of the loader (`docs/loader.md`) that refuses it.
///
/// The rules are checked in a fixed order and the first that fails is reported, so the error of a
/// file is as deterministic as its refusal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the sentence of a variant names its fields")]
pub enum LoadError {
    /// The file passes [`crate::Limits::file_bytes`].
    #[error("the file has {len} bytes, more than the limit of {limit} (L1)")]
    FileTooLarge { len: u64, limit: u32 },

    /// No ELF header stands at offset 0.
    #[error(
        "the file of {len} bytes does not start with an ELF header, 7f 45 4c 46 and 48 more bytes (L2)"
    )]
    NotElf { len: u64 },

    /// Class, byte order, version or OS ABI of `e_ident`.
    #[error("ELF header, offset {offset}: byte {found:#04x}, but a program is {wanted} (L3)")]
    BadIdent { offset: u8, found: u8, wanted: &'static str },

    /// `e_type` is not `ET_EXEC`.
    #[error(
        "ELF header, offset 16: e_type is {found}, but a program is ET_EXEC (2), linked statically at fixed addresses: link without -r, -shared and -pie (L4)"
    )]
    NotExecutable { found: u16 },

    /// `e_machine` is not `EM_RISCV`.
    #[error("ELF header, offset 18: e_machine is {found}, but a program is for RISC-V (243) (L5)")]
    NotRiscV { found: u16 },

    /// `e_version` is not 1.
    #[error("ELF header, offset 20: e_version is {found}, but the only ELF version is 1 (L6)")]
    BadVersion { found: u32 },

    /// `e_flags` has a bit other than `EF_RISCV_RVC`.
    #[error(
        "ELF header: e_flags {flags:#x} asks for {what}, but only RVC (0x1) may be set: build without floating point, with -march=rv32imac -mabi=ilp32 or -march=rv64imac -mabi=lp64 (zig cc: -mcpu=generic_rv32+m+a+c) (L7)"
    )]
    BadFlags { flags: u32, what: &'static str },

    /// `e_ehsize` or `e_phentsize`.
    #[error(
        "ELF header, offset {offset}: {field} is {found}, but the structure has {wanted} bytes (L8)"
    )]
    BadHeaderSize { offset: u8, field: &'static str, found: u16, wanted: u16 },

    /// `e_phnum` is 0 or too large.
    #[error("ELF header: e_phnum is {found}, but a program has 1 to {limit} program headers (L9)")]
    BadHeaderCount { found: u16, limit: u16 },

    /// The program header table passes the end of the file, or overlaps the ELF header.
    #[error(
        "{count} program headers at offset {offset:#x} do not lie between the ELF header and the end of the file ({len:#x}) (L10)"
    )]
    HeadersOutsideFile { offset: u32, count: u16, len: u64 },

    /// A program header that asks for a service of an operating system.
    #[error(
        "program header {index} is {kind}, which only an operating system can serve: {hint} (L11)"
    )]
    NotStatic { index: usize, kind: &'static str, hint: &'static str },

    /// `p_filesz > p_memsz`.
    #[error("program header {index}: p_filesz {filesz:#x} is more than p_memsz {memsz:#x} (L12)")]
    FileLargerThanMemory { index: usize, filesz: u32, memsz: u32 },

    /// The bytes of a segment pass the end of the file.
    #[error(
        "program header {index}: p_filesz {filesz:#x} bytes at offset {offset:#x} pass the end of the file ({len:#x}); the file is cut off or its header is wrong (L13)"
    )]
    SegmentOutsideFile { index: usize, offset: u32, filesz: u32, len: u64 },

    /// `p_align`.
    #[error(
        "program header {index}: p_align {align:#x} is not a power of two, or p_vaddr {addr:#x} and p_offset {offset:#x} differ modulo it (L14)"
    )]
    BadAlignment { index: usize, align: u32, addr: u32, offset: u32 },

    /// `p_flags` without `PF_R`, or with bits other than R, W, X.
    #[error(
        "program header {index}: p_flags {flags:#x}, but a segment is readable (4) and may have W (2) or X (1), nothing else (L15)"
    )]
    BadPermissions { index: usize, flags: u32 },

    /// A segment that is both writable and executable.
    #[error(
        "program header {index}: the segment at {addr:#x} is writable and executable: put code and data into segments of their own (with GNU ld, do not use -N, --omagic or -n, nor a linker script with one memory region for both) (L16)"
    )]
    WritableCode { index: usize, addr: u32 },

    /// A segment reaches page 0 or the region from `0xFFFF_0000` up.
    #[error(
        "program header {index}: {size:#x} bytes at {addr:#x} do not lie in 0x1000 to 0xffff0000 (L17)"
    )]
    SegmentOutsideMemory { index: usize, addr: u32, size: u32 },

    /// A second executable segment.
    #[error(
        "program header {index}: a second executable segment, after program header {first}: link all code into one segment (L18)"
    )]
    TwoTexts { index: usize, first: usize },

    /// No executable segment.
    #[error("no program header is an executable segment that is not empty (L19)")]
    NoText,

    /// `p_filesz != p_memsz` of the executable segment.
    #[error(
        "program header {index}: the executable segment has {filesz:#x} bytes in the file and {memsz:#x} in memory; code cannot be zero-filled, keep .bss out of it (L20)"
    )]
    TextNotInFile { index: usize, filesz: u32, memsz: u32 },

    /// TEXT is not a multiple of the step.
    #[error(
        "program header {index}: text starts at {addr:#x}, which is not a multiple of {step} (L21)"
    )]
    MisalignedText { index: usize, addr: u32, step: u32 },

    /// The text passes [`crate::Limits::text_bytes`].
    #[error(
        "program header {index}: text has {len} bytes, more than the limit of {limit}: optimise for size, or move constants out of the executable segment (L22)"
    )]
    TextTooLarge { index: usize, len: u32, limit: u32 },

    /// The other segments pass [`crate::Limits::data_bytes`].
    #[error(
        "the segments that are not text have {len} bytes in the file, more than the limit of {limit} (L23)"
    )]
    DataTooLarge { len: u64, limit: u32 },

    /// Two segments overlap.
    #[error(
        "program header {index}: the segment at {addr:#x} overlaps that of program header {other} (L24)"
    )]
    Overlap { index: usize, addr: u32, other: usize },

    /// Two segments with different permissions share a page.
    #[error(
        "program header {index}: the segment at {addr:#x} shares a page of 4096 bytes with that of program header {other}, which has other permissions: begin its first section on a page, in a linker script by `.data : ALIGN(0x1000) {{ ... }}` (L25)"
    )]
    SharedPage { index: usize, addr: u32, other: usize },

    /// A segment reaches into the stack or the gap below it, or the stack leaves no space.
    #[error(
        "the last segment ends at {end:#x}, which is in the stack of {stack:#x} bytes below 0xffff0000 or in the 64 KiB below it that stay unmapped (L26)"
    )]
    NoRoomForStack { end: u32, stack: u32 },

    /// Segments, stack and heap pass [`crate::Limits::memory`].
    #[error(
        "segments of {segments} bytes, stack of {stack} and heap of {heap} are more than {limit}, the largest memory allowed (L27)"
    )]
    MemoryTooLarge { segments: u64, stack: u32, heap: u32, limit: u32 },

    /// The entry is not in text.
    #[error(
        "ELF header, offset 24: e_entry {entry:#x} is not a multiple of {step} in text, {start:#x} to {end:#x}: define the entry symbol (_start) in executable code (L28)"
    )]
    BadEntry { entry: u32, step: u32, start: u32, end: u32 },

    /// The text passes [`crate::Limits::native_bytes`].
    #[error(
        "the {len} bytes of text at {start:#x} are taken to become {native} bytes of native code, more than the limit of {limit}: split the program, or optimise it for size; jumps, branches, divisions and host calls count most (L29)"
    )]
    TooMuchNativeCode { start: u32, len: u32, native: u64, limit: u64 },
}

impl LoadError {
    /// The name of the rule that the file breaks, `"L1"` and so on, as in `docs/loader.md`.
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::FileTooLarge { .. } => "L1",
            Self::NotElf { .. } => "L2",
            Self::BadIdent { .. } => "L3",
            Self::NotExecutable { .. } => "L4",
            Self::NotRiscV { .. } => "L5",
            Self::BadVersion { .. } => "L6",
            Self::BadFlags { .. } => "L7",
            Self::BadHeaderSize { .. } => "L8",
            Self::BadHeaderCount { .. } => "L9",
            Self::HeadersOutsideFile { .. } => "L10",
            Self::NotStatic { .. } => "L11",
            Self::FileLargerThanMemory { .. } => "L12",
            Self::SegmentOutsideFile { .. } => "L13",
            Self::BadAlignment { .. } => "L14",
            Self::BadPermissions { .. } => "L15",
            Self::WritableCode { .. } => "L16",
            Self::SegmentOutsideMemory { .. } => "L17",
            Self::TwoTexts { .. } => "L18",
            Self::NoText => "L19",
            Self::TextNotInFile { .. } => "L20",
            Self::MisalignedText { .. } => "L21",
            Self::TextTooLarge { .. } => "L22",
            Self::DataTooLarge { .. } => "L23",
            Self::Overlap { .. } => "L24",
            Self::SharedPage { .. } => "L25",
            Self::NoRoomForStack { .. } => "L26",
            Self::MemoryTooLarge { .. } => "L27",
            Self::BadEntry { .. } => "L28",
            Self::TooMuchNativeCode { .. } => "L29",
        }
    }
}
