//! Makes the image that is stored on a chain from the file that the linker makes: it keeps program
//! and interface, and drops symbols and debug data.

/// Offsets in the header of a 32-bit ELF file, and sizes of its tables' entries.
mod elf {
    pub(super) const PHOFF: usize = 28;
    pub(super) const SHOFF: usize = 32;
    pub(super) const PHENTSIZE: usize = 42;
    pub(super) const PHNUM: usize = 44;
    pub(super) const SHENTSIZE: usize = 46;
    pub(super) const SHNUM: usize = 48;
    pub(super) const SHSTRNDX: usize = 50;
    pub(super) const HEADER: usize = 52;
    /// In an entry of the program headers.
    pub(super) const P_OFFSET: usize = 4;
    pub(super) const P_FILESZ: usize = 16;
    pub(super) const SECTION: usize = 40;
    pub(super) const PROGBITS: u32 = 1;
    pub(super) const STRTAB: u32 = 3;
}

/// The section that stays, and the table of names.
const NAMES: &[u8] = b"\0.bessemer.abi\0.shstrtab\0";
const ABI_NAME: u32 = 1;
const TABLE_NAME: u32 = 15;

/// The file up to the end of its segments, with one section behind it; `None` if it is not an ELF file.
pub(crate) fn strip(file: &[u8], interface: Option<&[u8]>) -> Option<Vec<u8>> {
    let headers = word(file, elf::PHOFF)? as usize;
    let (size, count) = (half(file, elf::PHENTSIZE)?, half(file, elf::PHNUM)?);
    let mut end = headers + size * count;
    for index in 0..count {
        let at = headers + index * size;
        let segment =
            word(file, at + elf::P_OFFSET)? as usize + word(file, at + elf::P_FILESZ)? as usize;
        end = end.max(segment);
    }
    let mut out = file.get(..end.max(elf::HEADER))?.to_vec();
    let mut sections = vec![[0; 10]];
    if let Some(interface) = interface {
        sections.push(section(ABI_NAME, elf::PROGBITS, out.len(), interface.len()));
        out.extend_from_slice(interface);
    }
    let names = sections.len();
    sections.push(section(TABLE_NAME, elf::STRTAB, out.len(), NAMES.len()));
    out.extend_from_slice(NAMES);
    out.resize(out.len().next_multiple_of(4), 0);
    let table = out.len() as u32;
    for word in sections.iter().flatten() {
        out.extend_from_slice(&word.to_le_bytes());
    }
    put(&mut out, elf::SHOFF, &table.to_le_bytes())?;
    put(&mut out, elf::SHENTSIZE, &(elf::SECTION as u16).to_le_bytes())?;
    put(&mut out, elf::SHNUM, &(sections.len() as u16).to_le_bytes())?;
    put(&mut out, elf::SHSTRNDX, &(names as u16).to_le_bytes())?;
    Some(out)
}

/// name, type, flags, address, offset, size, link, info, alignment, entry size
fn section(name: u32, kind: u32, at: usize, size: usize) -> [u32; 10] {
    [name, kind, 0, 0, at as u32, size as u32, 0, 0, 1, 0]
}

fn word(file: &[u8], at: usize) -> Option<u32> {
    file.get(at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}

fn half(file: &[u8], at: usize) -> Option<usize> {
    file.get(at..)?.first_chunk().map(|bytes| u16::from_le_bytes(*bytes).into())
}

fn put(file: &mut [u8], at: usize, bytes: &[u8]) -> Option<()> {
    file.get_mut(at..at + bytes.len())?.copy_from_slice(bytes);
    Some(())
}

#[cfg(test)]
mod tests {
    use bessemer_image::{ImageBuilder, Limits, Profile, Program};

    use super::*;
    use crate::support::abi::Interface;

    #[test]
    fn stripping_removes_symbols_and_keeps_segments() {
        let code = [0x0070_0513_u32, 0x05d0_0893, 0x0000_0073].map(u32::to_le_bytes).concat();
        let image = ImageBuilder::new(Profile::rv32(false))
            .text(0x1_0000, code)
            .data(0x2_0000, b"data", 4096)
            .symbol("begin", 0x1_0000)
            .build();
        let json = br#"[{"type":"receive","stateMutability":"payable"}]"#;
        let stripped = strip(&image, Some(json)).expect("an ELF file");
        assert!(stripped.len() < image.len() + json.len());
        let parse = |bytes| Program::parse(bytes, &Limits::contract()).expect("it loads");
        let (before, after) = (parse(&image), parse(&stripped));
        assert_eq!(before.text().bytes(), after.text().bytes());
        assert_eq!(before.segments().len(), after.segments().len());
        assert_eq!(before.symbols().lookup("begin"), Some(0x1_0000));
        assert_eq!(after.symbols().lookup("begin"), None);
        let interface = Interface::of_image(&stripped).expect("a section").expect("JSON");
        assert_eq!(interface.json.as_bytes(), json);
        assert_eq!(strip(&stripped, Some(json)), Some(stripped));
    }

    #[test]
    fn truncated_files_are_refused() {
        let image = ImageBuilder::new(Profile::rv32(false))
            .text(0x1_0000, 0x0000_0073_u32.to_le_bytes())
            .build();
        for length in 0..elf::HEADER {
            assert_eq!(strip(&image[..length], None), None, "{length}");
        }
    }
}
