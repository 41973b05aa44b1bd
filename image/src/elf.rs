//! The ELF and program headers: structures by goblin, rules by us (L1 to L11).

use goblin::container::Endian;
use goblin::elf32::header::{
    EI_CLASS, EI_DATA, EI_OSABI, EI_VERSION, ELFCLASS32, ELFDATA2LSB, ELFMAG, ELFOSABI_GNU,
    ELFOSABI_NONE, EM_RISCV, ET_EXEC, EV_CURRENT, Header, SIZEOF_EHDR,
};
use goblin::elf32::program_header::{PT_DYNAMIC, PT_INTERP, PT_SHLIB, ProgramHeader, SIZEOF_PHDR};

use crate::{Limits, LoadError, Profile};

/// A file whose headers obey the rules, and its program headers.
pub(crate) struct Elf {
    pub(crate) header: Header,
    pub(crate) program_headers: Vec<ProgramHeader>,
    pub(crate) profile: Profile,
}

impl Elf {
    pub(crate) fn parse(file: &[u8], limits: &Limits) -> Result<Self, LoadError> {
        let len = file.len() as u64;
        if len > u64::from(limits.file_bytes) {
            return Err(LoadError::FileTooLarge { len, limit: limits.file_bytes });
        }
        if file.len() < SIZEOF_EHDR || !file.starts_with(ELFMAG) {
            return Err(LoadError::NotElf { len });
        }
        check_ident(file)?;
        let header = Header::parse(file).map_err(|_| LoadError::NotElf { len })?;
        check_header(&header)?;
        let profile = profile(header.e_flags)?;
        let program_headers = program_headers(&header, file)?;
        for (index, program_header) in program_headers.iter().enumerate() {
            check_static(index, program_header)?;
        }
        Ok(Self { header, program_headers, profile })
    }
}

/// Before goblin sees the file, since it reads the header in the byte order that `e_ident` names.
fn check_ident(file: &[u8]) -> Result<(), LoadError> {
    let rows: [(usize, &[u8], &'static str); 4] = [
        (EI_CLASS, &[ELFCLASS32], "ELF32 (1): build for riscv32"),
        (EI_DATA, &[ELFDATA2LSB], "little-endian (1)"),
        (EI_VERSION, &[EV_CURRENT], "of ELF version 1"),
        (
            EI_OSABI,
            &[ELFOSABI_NONE, ELFOSABI_GNU],
            "for no operating system (0, or 3 by GNU tools)",
        ),
    ];
    for (offset, allowed, wanted) in rows {
        let found = file.get(offset).copied().unwrap_or_default();
        if !allowed.contains(&found) {
            return Err(LoadError::BadIdent { offset: offset as u8, found, wanted });
        }
    }
    Ok(())
}

fn check_header(header: &Header) -> Result<(), LoadError> {
    if header.e_type != ET_EXEC {
        return Err(LoadError::NotExecutable { found: header.e_type });
    }
    if header.e_machine != EM_RISCV {
        return Err(LoadError::NotRiscV { found: header.e_machine });
    }
    if header.e_version != u32::from(EV_CURRENT) {
        return Err(LoadError::BadVersion { found: header.e_version });
    }
    Ok(())
}

/// Every bit but RVC asks for registers, a memory model or an ABI that is not there.
fn profile(flags: u32) -> Result<Profile, LoadError> {
    let what = if flags & EF_FLOAT_ABI != 0 {
        "floating-point registers"
    } else if flags & EF_RVE != 0 {
        "RV32E"
    } else if flags & EF_TSO != 0 {
        "the TSO memory model"
    } else if flags & !EF_RVC != 0 {
        "something unknown"
    } else {
        return Ok(Profile { compressed: flags & EF_RVC != 0 });
    };
    Err(LoadError::BadFlags { flags, what })
}

/// Reads the table; its length is checked against the file before anything is allocated.
fn program_headers(header: &Header, file: &[u8]) -> Result<Vec<ProgramHeader>, LoadError> {
    let count = header.e_phnum;
    // No headers have no size; that there are none is the better reason.
    let wanted = if count == 0 { header.e_phentsize } else { SIZEOF_PHDR as u16 };
    let sizes = [
        (40, "e_ehsize", header.e_ehsize, SIZEOF_EHDR as u16),
        (42, "e_phentsize", header.e_phentsize, wanted),
    ];
    for (offset, field, found, wanted) in sizes {
        if found != wanted {
            return Err(LoadError::BadHeaderSize { offset, field, found, wanted });
        }
    }
    if count == 0 || count > MAX_PROGRAM_HEADERS {
        return Err(LoadError::BadHeaderCount { found: count, limit: MAX_PROGRAM_HEADERS });
    }
    let outside =
        LoadError::HeadersOutsideFile { offset: header.e_phoff, count, len: file.len() as u64 };
    let start = header.e_phoff as usize;
    let size = usize::from(count).checked_mul(SIZEOF_PHDR);
    let table = size.and_then(|size| start.checked_add(size)).and_then(|end| file.get(start..end));
    match table {
        Some(table) if start >= SIZEOF_EHDR => {
            ProgramHeader::parse(table, 0, usize::from(count), Endian::Little).map_err(|_| outside)
        }
        _ => Err(outside),
    }
}

fn check_static(index: usize, header: &ProgramHeader) -> Result<(), LoadError> {
    let (kind, hint) = match header.p_type {
        PT_INTERP => ("PT_INTERP", "link with -static"),
        PT_DYNAMIC => ("PT_DYNAMIC", "link with -static -no-pie"),
        PT_SHLIB => ("PT_SHLIB", "its meaning is not defined"),
        _ => return Ok(()),
    };
    Err(LoadError::NotStatic { index, kind, hint })
}

/// Linkers write fewer than ten.
pub(crate) const MAX_PROGRAM_HEADERS: u16 = 64;

/// `e_flags` of the RISC-V ELF psABI.
const EF_RVC: u32 = 0x1;
const EF_FLOAT_ABI: u32 = 0x6;
const EF_RVE: u32 = 0x8;
const EF_TSO: u32 = 0x10;
