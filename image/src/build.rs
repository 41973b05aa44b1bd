//! Writes minimal ELF images.

use std::fmt;

use goblin::elf32::header::{
    EI_CLASS, EI_DATA, EI_VERSION, ELFCLASS32, ELFDATA2LSB, ELFMAG, EM_RISCV, ET_EXEC, EV_CURRENT,
    Header, SELFMAG, SIZEOF_EHDR,
};
use goblin::elf32::program_header::{PF_R, PF_W, PF_X, PT_LOAD, ProgramHeader, SIZEOF_PHDR};
use goblin::elf32::section_header::{
    SHF_ALLOC, SHF_EXECINSTR, SHF_WRITE, SHN_ABS, SHT_NOBITS, SHT_NULL, SHT_PROGBITS, SHT_STRTAB,
    SHT_SYMTAB, SIZEOF_SHDR, SectionHeader,
};
use goblin::elf32::sym::{SIZEOF_SYM, STB_GLOBAL, STT_FUNC, STT_NOTYPE, Sym};
use scroll::ctx::TryIntoCtx;
use scroll::{Endian, LE, Pwrite};

use crate::{Layout, Profile};

/// Builds an ELF file from segments, an entry and names.
///
/// Everything is written as given, so that files that break a rule can be built too; what comes out
/// of reasonable parts loads here, in `qemu-riscv32`, and in `objdump`.
///
/// ```
/// use bessemer_image::{ImageBuilder, Limits, Profile, Program};
///
/// let file = ImageBuilder::new(Profile { compressed: false })
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
        let mut file = vec![0; SIZEOF_EHDR + SIZEOF_PHDR * self.segments.len()];
        let mut strings = Strings::new();
        let mut sections = vec![SectionHeader { sh_type: SHT_NULL, ..SectionHeader::default() }];
        let mut program_headers = Vec::new();
        for segment in &self.segments {
            let offset = place(&mut file, segment);
            program_headers.push(segment.program_header(offset));
            sections.push(segment.section(offset, &mut strings));
        }

        file.resize(file.len().next_multiple_of(4), 0);
        let mut table = Vec::new();
        write(&mut table, SIZEOF_SYM, Sym::default());
        for (name, addr) in &self.symbols {
            write(&mut table, SIZEOF_SYM, self.sym(strings.add(name), *addr));
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
            sh_entsize: SIZEOF_SYM as u32,
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
            write(&mut file, SIZEOF_SHDR, section);
        }
        let mut headers = Vec::new();
        let header = self.header(section_offset, section_count);
        write(&mut headers, SIZEOF_EHDR, header);
        for header in program_headers {
            write(&mut headers, SIZEOF_PHDR, header);
        }
        file[..headers.len()].copy_from_slice(&headers);
        file
    }

    fn header(&self, section_offset: u32, section_count: u16) -> Header {
        let mut e_ident = [0; 16];
        e_ident[..SELFMAG].copy_from_slice(ELFMAG);
        e_ident[EI_CLASS] = ELFCLASS32;
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
            e_phoff: SIZEOF_EHDR as u32,
            e_shoff: section_offset,
            e_flags: self.flags,
            e_ehsize: SIZEOF_EHDR as u16,
            e_phentsize: SIZEOF_PHDR as u16,
            e_phnum: self.segments.len() as u16,
            e_shentsize: SIZEOF_SHDR as u16,
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

    const PLAIN: Profile = Profile { compressed: false };

    #[test]
    fn what_was_given_comes_back() {
        let file = ImageBuilder::new(Profile { compressed: true })
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
