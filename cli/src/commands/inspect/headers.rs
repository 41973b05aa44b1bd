//! The headers as they stand in the file, whether or not it loads.

use object::LittleEndian;
use object::elf::{self, FileHeader32};
use object::read::elf::{FileHeader, ProgramHeader};
use serde_json::{Value, json};

use crate::support::output::{self, Address};

/// ELF header and program headers.
pub(super) struct Headers {
    pub(super) entry: u32,
    pub(super) flags: u32,
    segments: Vec<Segment>,
}

struct Segment {
    kind: u32,
    offset: u32,
    addr: u32,
    filesz: u32,
    memsz: u32,
    flags: u32,
    align: u32,
}

impl Headers {
    /// `None` if this is not even a 32-bit little-endian ELF file. A table that cannot be read is
    /// empty.
    pub(super) fn read(file: &[u8]) -> Option<Self> {
        let header = FileHeader32::<LittleEndian>::parse(file).ok()?;
        let endian = header.endian().ok()?;
        let segments = header.program_headers(endian, file).unwrap_or_default();
        let segment = |header: &elf::ProgramHeader32<LittleEndian>| Segment {
            kind: header.p_type(endian).0,
            offset: header.p_offset(endian),
            addr: header.p_vaddr(endian),
            filesz: header.p_filesz(endian),
            memsz: header.p_memsz(endian),
            flags: header.p_flags(endian).0,
            align: header.p_align(endian),
        };
        Some(Self {
            entry: header.e_entry(endian),
            flags: header.e_flags(endian).0,
            segments: segments.iter().map(segment).collect(),
        })
    }

    pub(super) fn flags_text(&self) -> String {
        let compressed = if self.flags & 1 != 0 { "RVC" } else { "no RVC" };
        format!("{:#x} ({compressed})", self.flags)
    }

    pub(super) fn table(&self) -> String {
        let head = ["", "kind", "address", "in memory", "in file", "offset", "access", "align"];
        let rows = self.segments.iter().enumerate().map(|(index, segment)| {
            [
                index.to_string(),
                segment.kind_name(),
                Address(segment.addr).to_string(),
                format!("{:#x}", segment.memsz),
                format!("{:#x}", segment.filesz),
                format!("{:#x}", segment.offset),
                segment.access(),
                format!("{:#x}", segment.align),
            ]
        });
        output::table([head.map(str::to_owned)].into_iter().chain(rows))
    }

    pub(super) fn to_json(&self) -> Value {
        let shown = self.segments.iter().map(|segment| {
            json!({
                "kind": segment.kind_name(),
                "addr": segment.addr,
                "memsz": segment.memsz,
                "filesz": segment.filesz,
                "offset": segment.offset,
                "access": segment.access(),
                "align": segment.align,
            })
        });
        shown.collect()
    }
}

impl Segment {
    fn kind_name(&self) -> String {
        KINDS
            .iter()
            .find(|(kind, _)| *kind == self.kind)
            .map_or_else(|| format!("{:#x}", self.kind), |(_, name)| (*name).to_owned())
    }

    fn access(&self) -> String {
        let letters = [(4, 'r'), (2, 'w'), (1, 'x')];
        letters
            .map(|(bit, letter)| if self.flags & bit != 0 { letter } else { '-' })
            .into_iter()
            .collect()
    }
}

/// `p_type` of the ELF specification, GNU and the RISC-V psABI.
const KINDS: [(u32, &str); 12] = [
    (0, "NULL"),
    (1, "LOAD"),
    (2, "DYNAMIC"),
    (3, "INTERP"),
    (4, "NOTE"),
    (5, "SHLIB"),
    (6, "PHDR"),
    (7, "TLS"),
    (0x6474_e550, "GNU_EH_FRAME"),
    (0x6474_e551, "GNU_STACK"),
    (0x6474_e552, "GNU_RELRO"),
    (0x7000_0003, "RISCV_ATTRIBUTES"),
];
