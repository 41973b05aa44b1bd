//! Writes minimal ELF images.

use std::fmt;

use goblin::elf32::header::{
    EI_CLASS, EI_DATA, EI_VERSION, ELFCLASS32, ELFCLASS64, ELFDATA2LSB, ELFMAG, EM_RISCV, ET_EXEC,
    EV_CURRENT, Header, SELFMAG, SIZEOF_EHDR,
};
use goblin::elf32::program_header::{PF_R, PF_W, PF_X, PT_LOAD, ProgramHeader, SIZEOF_PHDR};
use goblin::elf32::section_header::{
    SHF_ALLOC, SHF_EXECINSTR, SHF_WRITE, SHN_ABS, SHT_NOBITS, SHT_NULL, SHT_PROGBITS, SHT_STRTAB,
    SHT_SYMTAB, SIZEOF_SHDR, SectionHeader,
};
use goblin::elf32::sym::{SIZEOF_SYM, STB_GLOBAL, STT_FUNC, STT_NOTYPE, Sym};
use goblin::elf64;
use scroll::ctx::TryIntoCtx;
use scroll::{Endian, LE, Pwrite};

use crate::{Layout, Profile, Xlen, attributes};

/// Builds an ELF file from segments, an entry and names.
///
/// Everything is written as given, so that files that break a rule can be built too; what comes out
/// of reasonable parts loads here, in `qemu-riscv32` or `qemu-riscv64`, and in `objdump`. A 32-bit
/// profile with the bit manipulation extensions is declared in an attributes section.
///
/// ```
/// use bessemer_image::{ImageBuilder, Limits, Profile, Program};
///
/// let file = ImageBuilder::new(Profile::rv32(false))
///     .text(0x1_0000, 0x0000_0073_u32.to_le_bytes())
///     .data(0x1_1000, b"hello", 64)
///     .symbol("_start", 0x1_0000)
///     .build();
/// let program = Program::parse(&file, &Limits::contract())?;
/// assert_eq!(program.entry(), 0x1_0000);
/// assert_eq!(program.symbols().containing(0x1_0002), Some(("_start", 2)));
/// # Ok::<(), bessemer_image::LoadError>(())
/// ```
#[derive(Clone, Debug)]
pub struct ImageBuilder {
    profile: Profile,
    flags: u32,
    entry: Option<u32>,
    segments: Vec<Segment>,
    symbols: Vec<(String, u32)>,
}

#[derive(Clone, Debug)]
struct Segment {
    addr: u32,
    bytes: Vec<u8>,
    memsz: u32,
    /// `PF_R` and so on.
    flags: u32,
}

impl ImageBuilder {
    /// An image without segments.
    pub fn new(profile: Profile) -> Self {
        Self {
            profile,
            flags: profile.compressed.into(),
            entry: None,
            segments: Vec::new(),
            symbols: Vec::new(),
        }
    }

    /// Adds a segment of `memsz` bytes, the first of which are `bytes`.
    #[must_use]
    pub fn segment(
        mut self,
        addr: u32,
        bytes: impl AsRef<[u8]>,
        memsz: u32,
        writable: bool,
        executable: bool,
    ) -> Self {
        let flag = |set, flag| if set { flag } else { 0 };
        self.segments.push(Segment {
            addr,
            bytes: bytes.as_ref().to_vec(),
            memsz,
            flags: PF_R | flag(writable, PF_W) | flag(executable, PF_X),
        });
        self
    }

    /// Adds the executable segment.
    #[must_use]
    pub fn text(self, addr: u32, bytes: impl AsRef<[u8]>) -> Self {
        let memsz = length(bytes.as_ref().len());
        self.segment(addr, bytes, memsz, false, true)
    }

    /// Adds a segment that can only be loaded from.
    #[must_use]
    pub fn rodata(self, addr: u32, bytes: impl AsRef<[u8]>) -> Self {
        let memsz = length(bytes.as_ref().len());
        self.segment(addr, bytes, memsz, false, false)
    }

    /// Adds a writable segment of `memsz` bytes, zero after `bytes`.
    #[must_use]
    pub fn data(self, addr: u32, bytes: impl AsRef<[u8]>, memsz: u32) -> Self {
        self.segment(addr, bytes, memsz, true, false)
    }

    /// Sets the entry; without it, the start of the first executable segment is taken.
    #[must_use]
    pub fn entry(mut self, addr: u32) -> Self {
        self.entry = Some(addr);
        self
    }

    /// Sets bits of `e_flags` besides that of the profile.
    #[must_use]
    pub fn flags(mut self, flags: u32) -> Self {
        self.flags |= flags;
        self
    }

    /// Names an address.
    #[must_use]
    pub fn symbol(mut self, name: impl Into<String>, addr: u32) -> Self {
        self.symbols.push((name.into(), addr));
        self
    }

    /// Writes the file: headers, bytes of the segments, symbols, sections.
    ///
    /// # Panics
    ///
    /// If the file would have 4 GiB or more.
    pub fn build(&self) -> Vec<u8> {
        let mut file = vec![0; self.header_bytes()];
        let mut strings = Strings::new();
        let mut sections = vec![SectionHeader { sh_type: SHT_NULL, ..SectionHeader::default() }];
        let mut program_headers = Vec::new();
        for segment in &self.segments {
            let offset = place(&mut file, segment);
            program_headers.push(segment.program_header(offset));
            sections.push(segment.section(offset, &mut strings));
        }

        file.resize(file.len().next_multiple_of(4), 0);
        if self.profile.bits && self.profile.xlen == Xlen::Rv32 {
            let bytes = attributes::write(&self.profile.to_string());
            sections.push(SectionHeader {
                sh_name: strings.add(".riscv.attributes"),
                sh_type: attributes::RISCV_ATTRIBUTES,
                sh_offset: length(file.len()),
                sh_size: length(bytes.len()),
                sh_addralign: 1,
                ..SectionHeader::default()
            });
            file.extend(bytes);
            file.resize(file.len().next_multiple_of(4), 0);
        }
        let xlen = self.profile.xlen;
        let mut table = Vec::new();
        write_symbol(&mut table, xlen, Sym::default());
        let symbol_bytes = table.len();
        for (name, addr) in &self.symbols {
            write_symbol(&mut table, xlen, self.sym(strings.add(name), *addr));
        }
        let names = [".symtab", ".strtab"].map(|name| strings.add(name));
        let symtab = SectionHeader {
            sh_name: names[0],
            sh_type: SHT_SYMTAB,
            sh_offset: length(file.len()),
            sh_size: length(table.len()),
            sh_link: length(sections.len() + 1),
            // The first global symbol: all but the null symbol are.
            sh_info: 1,
            sh_addralign: 4,
            sh_entsize: symbol_bytes as u32,
            ..SectionHeader::default()
        };
        file.extend(table);
        let strtab = SectionHeader {
            sh_name: names[1],
            sh_type: SHT_STRTAB,
            sh_offset: length(file.len()),
            sh_size: length(strings.0.len()),
            sh_addralign: 1,
            ..SectionHeader::default()
        };
        file.extend(strings.0);
        sections.extend([symtab, strtab]);

        file.resize(file.len().next_multiple_of(4), 0);
        let section_offset = length(file.len());
        let section_count = sections.len() as u16;
        for section in sections {
            write_section_header(&mut file, xlen, section);
        }
        let mut headers = Vec::new();
        let header = self.header(section_offset, section_count);
        write_header(&mut headers, xlen, header);
        for header in program_headers {
            write_program_header(&mut headers, xlen, header);
        }
        file[..headers.len()].copy_from_slice(&headers);
        file
    }

    /// Bytes of the ELF header and the program headers.
    fn header_bytes(&self) -> usize {
        let (_, [ehsize, phentsize, _]) = sizes(self.profile.xlen);
        ehsize + phentsize * self.segments.len()
    }

    fn header(&self, section_offset: u32, section_count: u16) -> Header {
        let mut e_ident = [0; 16];
        e_ident[..SELFMAG].copy_from_slice(ELFMAG);
        let (class, [ehsize, phentsize, shentsize]) = sizes(self.profile.xlen);
        e_ident[EI_CLASS] = class;
        e_ident[EI_DATA] = ELFDATA2LSB;
        e_ident[EI_VERSION] = EV_CURRENT;
        let mut texts = self.segments.iter().filter(|s| s.flags & PF_X != 0);
        let start = texts.next().map_or(0, |segment| segment.addr);
        Header {
            e_ident,
            e_type: ET_EXEC,
            e_machine: EM_RISCV,
            e_version: EV_CURRENT.into(),
            e_entry: self.entry.unwrap_or(start),
            e_phoff: ehsize as u32,
            e_shoff: section_offset,
            e_flags: self.flags,
            e_ehsize: ehsize as u16,
            e_phentsize: phentsize as u16,
            e_phnum: self.segments.len() as u16,
            e_shentsize: shentsize as u16,
            e_shnum: section_count,
            e_shstrndx: section_count - 1,
        }
    }

    /// A global symbol in the section of its address; a function if that can be executed.
    fn sym(&self, name: u32, addr: u32) -> Sym {
        let holds = |segment: &Segment| addr.wrapping_sub(segment.addr) < segment.memsz;
        let at = self.segments.iter().position(holds);
        let is_code = at.is_some_and(|at| self.segments[at].flags & PF_X != 0);
        let kind = if is_code { STT_FUNC } else { STT_NOTYPE };
        Sym {
            st_name: name,
            st_value: addr,
            st_info: STB_GLOBAL << 4 | kind,
            // Section 0 is the null section.
            st_shndx: at.map_or(SHN_ABS as u16, |at| at as u16 + 1),
            ..Sym::default()
        }
    }
}

impl Segment {
    fn program_header(&self, offset: u32) -> ProgramHeader {
        ProgramHeader {
            p_type: PT_LOAD,
            p_offset: offset,
            p_vaddr: self.addr,
            p_paddr: self.addr,
            p_filesz: length(self.bytes.len()),
            p_memsz: self.memsz,
            p_flags: self.flags,
            p_align: Layout::PAGE,
        }
    }

    fn section(&self, offset: u32, strings: &mut Strings) -> SectionHeader {
        let is_zero = self.bytes.is_empty();
        let (name, flags) = match self.flags & (PF_W | PF_X) {
            0 => (".rodata", 0),
            PF_W if is_zero => (".bss", SHF_WRITE),
            PF_W => (".data", SHF_WRITE),
            PF_X => (".text", SHF_EXECINSTR),
            _ => (".text", SHF_EXECINSTR | SHF_WRITE),
        };
        SectionHeader {
            sh_name: strings.add(name),
            sh_type: if is_zero { SHT_NOBITS } else { SHT_PROGBITS },
            sh_flags: SHF_ALLOC | flags,
            sh_addr: self.addr,
            sh_offset: offset,
            sh_size: if is_zero { self.memsz } else { length(self.bytes.len()) },
            sh_addralign: 1,
            ..SectionHeader::default()
        }
    }
}

/// A string table under construction.
struct Strings(Vec<u8>);

impl Strings {
    fn new() -> Self {
        Self(vec![0])
    }

    fn add(&mut self, name: &str) -> u32 {
        let start = length(self.0.len());
        self.0.extend(name.bytes());
        self.0.push(0);
        start
    }
}

/// Appends the bytes of a segment at the next offset that equals its address modulo the page, so
/// that a loader can map the file.
fn place(file: &mut Vec<u8>, segment: &Segment) -> u32 {
    let page = Layout::PAGE as usize;
    if !segment.bytes.is_empty() {
        let padding = (segment.addr as usize).wrapping_sub(file.len()) % page;
        file.resize(file.len() + padding, 0);
    }
    let offset = length(file.len());
    file.extend(&segment.bytes);
    if segment.bytes.is_empty() { segment.addr % Layout::PAGE } else { offset }
}

/// The class, and the sizes of ELF header, program header and section header.
const fn sizes(xlen: Xlen) -> (u8, [usize; 3]) {
    match xlen {
        Xlen::Rv32 => (ELFCLASS32, [SIZEOF_EHDR, SIZEOF_PHDR, SIZEOF_SHDR]),
        Xlen::Rv64 => (
            ELFCLASS64,
            [
                elf64::header::SIZEOF_EHDR,
                elf64::program_header::SIZEOF_PHDR,
                elf64::section_header::SIZEOF_SHDR,
            ],
        ),
    }
}

fn write_header(out: &mut Vec<u8>, xlen: Xlen, header: Header) {
    let (_, [size, ..]) = sizes(xlen);
    match xlen {
        Xlen::Rv32 => write(out, size, header),
        Xlen::Rv64 => {
            let wide = elf64::header::Header {
                e_ident: header.e_ident,
                e_type: header.e_type,
                e_machine: header.e_machine,
                e_version: header.e_version,
                e_entry: header.e_entry.into(),
                e_phoff: header.e_phoff.into(),
                e_shoff: header.e_shoff.into(),
                e_flags: header.e_flags,
                e_ehsize: header.e_ehsize,
                e_phentsize: header.e_phentsize,
                e_phnum: header.e_phnum,
                e_shentsize: header.e_shentsize,
                e_shnum: header.e_shnum,
                e_shstrndx: header.e_shstrndx,
            };
            write(out, size, wide);
        }
    }
}

fn write_program_header(out: &mut Vec<u8>, xlen: Xlen, header: ProgramHeader) {
    let (_, [_, size, _]) = sizes(xlen);
    match xlen {
        Xlen::Rv32 => write(out, size, header),
        Xlen::Rv64 => {
            let wide = elf64::program_header::ProgramHeader {
                p_type: header.p_type,
                p_flags: header.p_flags,
                p_offset: header.p_offset.into(),
                p_vaddr: header.p_vaddr.into(),
                p_paddr: header.p_paddr.into(),
                p_filesz: header.p_filesz.into(),
                p_memsz: header.p_memsz.into(),
                p_align: header.p_align.into(),
            };
            write(out, size, wide);
        }
    }
}

fn write_section_header(out: &mut Vec<u8>, xlen: Xlen, header: SectionHeader) {
    let (_, [.., size]) = sizes(xlen);
    match xlen {
        Xlen::Rv32 => write(out, size, header),
        Xlen::Rv64 => {
            let wide = elf64::section_header::SectionHeader {
                sh_name: header.sh_name,
                sh_type: header.sh_type,
                sh_flags: header.sh_flags.into(),
                sh_addr: header.sh_addr.into(),
                sh_offset: header.sh_offset.into(),
                sh_size: header.sh_size.into(),
                sh_link: header.sh_link,
                sh_info: header.sh_info,
                sh_addralign: header.sh_addralign.into(),
                sh_entsize: header.sh_entsize.into(),
            };
            write(out, size, wide);
        }
    }
}

fn write_symbol(out: &mut Vec<u8>, xlen: Xlen, symbol: Sym) {
    match xlen {
        Xlen::Rv32 => write(out, SIZEOF_SYM, symbol),
        Xlen::Rv64 => {
            let wide = elf64::sym::Sym {
                st_name: symbol.st_name,
                st_info: symbol.st_info,
                st_other: symbol.st_other,
                st_shndx: symbol.st_shndx,
                st_value: symbol.st_value.into(),
                st_size: symbol.st_size.into(),
            };
            write(out, elf64::sym::SIZEOF_SYM, wide);
        }
    }
}

/// Appends a structure of this size.
fn write<T>(out: &mut Vec<u8>, size: usize, value: T)
where
    T: TryIntoCtx<Endian>,
    T::Error: From<scroll::Error> + fmt::Debug,
{
    let start = out.len();
    out.resize(start + size, 0);
    out.pwrite_with(value, start, LE).expect("there is space for the structure");
}

fn length(len: usize) -> u32 {
    u32::try_from(len).expect("an image has less than 4 GiB")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Limits, LoadError, Program};

    const PLAIN: Profile = Profile::rv32(false);

    #[test]
    fn what_was_given_comes_back() {
        let file = ImageBuilder::new(Profile::rv32(true))
            .data(0x1_2340, b"data", 0x100)
            .rodata(0x1_1004, b"rodata")
            .text(0x1_0002, [0x01, 0x00, 0x01, 0x00])
            .data(0x1_4000, [], 64)
            .entry(0x1_0004)
            .symbol("end", 0x1_0006)
            .symbol("value", 0x1_2340)
            .build();
        let program = Program::parse(&file, &Limits::contract()).expect("loads");
        assert!(program.profile().compressed);
        assert_eq!(program.entry(), 0x1_0004);
        let shown: Vec<_> = program
            .segments()
            .iter()
            .map(|s| (s.addr, s.size, &*s.bytes, s.writable, s.executable))
            .collect();
        let expected: [(u32, u32, &[u8], bool, bool); 4] = [
            (0x1_0002, 4, &[1, 0, 1, 0], false, true),
            (0x1_1004, 6, b"rodata", false, false),
            (0x1_2340, 0x100, b"data", true, false),
            (0x1_4000, 64, b"", true, false),
        ];
        assert_eq!(shown, expected);
        assert_eq!(program.symbols().lookup("end"), Some(0x1_0006));
        assert_eq!(program.symbols().lookup("value"), Some(0x1_2340));
        assert_eq!(program.symbols().lookup("other"), None);
    }

    #[test]
    fn every_profile_comes_back() {
        for xlen in Xlen::ALL {
            for (compressed, bits) in [(false, false), (false, true), (true, false), (true, true)] {
                let given = Profile { xlen, compressed, bits };
                let file = ImageBuilder::new(given)
                    .text(0x1_0000, [0x73, 0, 0, 0])
                    .symbol("here", 0x1_0000)
                    .build();
                let program = Program::parse(&file, &Limits::contract()).expect("loads");
                // a 64-bit image always has the bit manipulation extensions
                let expected = Profile { bits: bits || xlen == Xlen::Rv64, ..given };
                assert_eq!(program.profile(), expected);
                assert_eq!(program.symbols().lookup("here"), Some(0x1_0000));
                assert_eq!(program.entry(), 0x1_0000);
            }
        }
    }

    #[test]
    fn files_that_break_a_rule_can_be_built() {
        let build = |builder: ImageBuilder| Program::parse(&builder.build(), &Limits::contract());
        let writable = ImageBuilder::new(PLAIN).segment(0x1_0000, [0; 4], 4, true, true);
        assert!(matches!(build(writable), Err(LoadError::WritableCode { .. })));
        let float = ImageBuilder::new(PLAIN).text(0x1_0000, [0; 4]).flags(4);
        assert!(matches!(build(float), Err(LoadError::BadFlags { .. })));
        assert!(matches!(
            build(ImageBuilder::new(PLAIN)),
            Err(LoadError::BadHeaderCount { found: 0, .. })
        ));
    }
}
