//! The ELF and program headers: structures by goblin, rules by us (L1 to L11).
//!
//! Files of both classes are brought into the structures of the 32-bit one, since every address and
//! size of a program has 32 bits. A field that does not fit counts as the largest number that does,
//! with which no rule is satisfied that looks at it.

use goblin::elf32::header::{
    EI_CLASS, EI_DATA, EI_OSABI, EI_VERSION, ELFCLASS32, ELFCLASS64, ELFDATA2LSB, ELFMAG,
    ELFOSABI_GNU, ELFOSABI_NONE, EM_RISCV, ET_EXEC, EV_CURRENT, Header, SIZEOF_EHDR,
};
use goblin::elf32::program_header::{PT_DYNAMIC, PT_INTERP, PT_SHLIB, ProgramHeader, SIZEOF_PHDR};
use goblin::elf32::section_header::{SIZEOF_SHDR, SectionHeader};
use goblin::{elf64, elf64::header as header64, elf64::program_header as program_header64};
use scroll::{LE, Pread};

use crate::attributes::Attributes;
use crate::{Limits, LoadError, Profile};

/// A file whose headers obey the rules, and its program headers.
pub(crate) struct Elf {
    pub(crate) header: Header,
    pub(crate) class: Class,
    pub(crate) program_headers: Vec<ProgramHeader>,
    pub(crate) profile: Profile,
    pub(crate) attributes: Attributes,
}

/// The width of the fields of a file, which is that of the program's registers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Class {
    #[default]
    Elf32,
    Elf64,
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
        let class = check_ident(file)?;
        let header = class.header(file).ok_or(LoadError::NotElf { len })?;
        check_header(&header)?;
        let compressed = is_compressed(header.e_flags)?;
        let program_headers = program_headers(class, &header, file)?;
        for (index, program_header) in program_headers.iter().enumerate() {
            check_static(index, program_header)?;
        }
        let attributes = Attributes::read(file, class, &header, &program_headers);
        let profile = match class {
            Class::Elf32 => Profile::rv32(compressed).with_bits(attributes.names_bits()),
            Class::Elf64 => Profile::rv64(compressed),
        };
        Ok(Self { header, class, program_headers, profile, attributes })
    }
}

/// The ISA string of the attributes of a file, which need not be one that loads: for messages about
/// files that break another rule. [`Program::isa_string`](crate::Program::isa_string) has that of a
/// program.
pub fn isa_string(file: &[u8]) -> Option<Box<str>> {
    let class = check_ident(file).ok().filter(|_| file.starts_with(ELFMAG))?;
    let header = class.header(file)?;
    let program_headers = program_headers(class, &header, file).unwrap_or_default();
    Attributes::read(file, class, &header, &program_headers).arch().map(Into::into)
}

impl Class {
    /// Bytes of the ELF header.
    const fn header_bytes(self) -> usize {
        match self {
            Self::Elf32 => SIZEOF_EHDR,
            Self::Elf64 => header64::SIZEOF_EHDR,
        }
    }

    /// Bytes of one program header.
    const fn program_header_bytes(self) -> usize {
        match self {
            Self::Elf32 => SIZEOF_PHDR,
            Self::Elf64 => program_header64::SIZEOF_PHDR,
        }
    }

    /// Bytes of one section header.
    pub(crate) const fn section_header_bytes(self) -> usize {
        match self {
            Self::Elf32 => SIZEOF_SHDR,
            Self::Elf64 => elf64::section_header::SIZEOF_SHDR,
        }
    }

    /// Offset of `e_ehsize`; the other 16-bit fields follow.
    const fn sizes_offset(self) -> u8 {
        match self {
            Self::Elf32 => 40,
            Self::Elf64 => 52,
        }
    }

    /// The ELF header; `None` if the file is too short for it.
    fn header(self, file: &[u8]) -> Option<Header> {
        match self {
            Self::Elf32 => file.pread_with(0, LE).ok(),
            Self::Elf64 => {
                let wide: header64::Header = file.pread_with(0, LE).ok()?;
                Some(Header {
                    e_ident: wide.e_ident,
                    e_type: wide.e_type,
                    e_machine: wide.e_machine,
                    e_version: wide.e_version,
                    e_entry: narrow(wide.e_entry),
                    e_phoff: narrow(wide.e_phoff),
                    e_shoff: narrow(wide.e_shoff),
                    e_flags: wide.e_flags,
                    e_ehsize: wide.e_ehsize,
                    e_phentsize: wide.e_phentsize,
                    e_phnum: wide.e_phnum,
                    e_shentsize: wide.e_shentsize,
                    e_shnum: wide.e_shnum,
                    e_shstrndx: wide.e_shstrndx,
                })
            }
        }
    }

    /// The program header in these bytes.
    fn program_header(self, bytes: &[u8]) -> Option<ProgramHeader> {
        match self {
            Self::Elf32 => bytes.pread_with(0, LE).ok(),
            Self::Elf64 => {
                let wide: program_header64::ProgramHeader = bytes.pread_with(0, LE).ok()?;
                Some(ProgramHeader {
                    p_type: wide.p_type,
                    p_offset: narrow(wide.p_offset),
                    p_vaddr: narrow(wide.p_vaddr),
                    p_paddr: narrow(wide.p_paddr),
                    p_filesz: narrow(wide.p_filesz),
                    p_memsz: narrow(wide.p_memsz),
                    p_flags: wide.p_flags,
                    p_align: narrow(wide.p_align),
                })
            }
        }
    }

    /// The section header in these bytes.
    pub(crate) fn section_header(self, bytes: &[u8]) -> Option<SectionHeader> {
        match self {
            Self::Elf32 => bytes.pread_with(0, LE).ok(),
            Self::Elf64 => {
                let wide: elf64::section_header::SectionHeader = bytes.pread_with(0, LE).ok()?;
                Some(SectionHeader {
                    sh_name: wide.sh_name,
                    sh_type: wide.sh_type,
                    sh_flags: narrow(wide.sh_flags),
                    sh_addr: narrow(wide.sh_addr),
                    sh_offset: narrow(wide.sh_offset),
                    sh_size: narrow(wide.sh_size),
                    sh_link: wide.sh_link,
                    sh_info: wide.sh_info,
                    sh_addralign: narrow(wide.sh_addralign),
                    sh_entsize: narrow(wide.sh_entsize),
                })
            }
        }
    }
}

/// The value, or the largest number of 32 bits.
pub(crate) fn narrow(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// Before the header is read, since it has another shape in each class.
fn check_ident(file: &[u8]) -> Result<Class, LoadError> {
    let rows: [(usize, &[u8], &'static str); 4] = [
        (EI_CLASS, &[ELFCLASS32, ELFCLASS64], "ELF32 (1) for riscv32 or ELF64 (2) for riscv64"),
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
    let is_wide = file.get(EI_CLASS) == Some(&ELFCLASS64);
    Ok(if is_wide { Class::Elf64 } else { Class::Elf32 })
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
fn is_compressed(flags: u32) -> Result<bool, LoadError> {
    let what = if flags & EF_FLOAT_ABI != 0 {
        "floating-point registers"
    } else if flags & EF_RVE != 0 {
        "RV32E"
    } else if flags & EF_TSO != 0 {
        "the TSO memory model"
    } else if flags & !EF_RVC != 0 {
        "something unknown"
    } else {
        return Ok(flags & EF_RVC != 0);
    };
    Err(LoadError::BadFlags { flags, what })
}

/// Reads the table; its length is checked against the file before anything is allocated.
fn program_headers(
    class: Class,
    header: &Header,
    file: &[u8],
) -> Result<Vec<ProgramHeader>, LoadError> {
    let (count, size) = (header.e_phnum, class.program_header_bytes());
    // No headers have no size; that there are none is the better reason.
    let wanted = if count == 0 { header.e_phentsize } else { size as u16 };
    let at = class.sizes_offset();
    let sizes = [
        (at, "e_ehsize", header.e_ehsize, class.header_bytes() as u16),
        (at.saturating_add(2), "e_phentsize", header.e_phentsize, wanted),
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
    let len = usize::from(count).checked_mul(size);
    let table = len.and_then(|len| start.checked_add(len)).and_then(|end| file.get(start..end));
    let Some(table) = table.filter(|_| start >= class.header_bytes()) else {
        return Err(outside);
    };
    table
        .chunks_exact(size)
        .map(|row| class.program_header(row))
        .collect::<Option<_>>()
        .ok_or(outside)
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
