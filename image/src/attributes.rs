//! The attributes of an image: the ISA string that its compiler and linker left in it.
//!
//! The format is that of the RISC-V ELF psABI, chapter "Attributes": the letter `A`, then for each
//! vendor a length, a name and its sub-sections; `riscv` is the vendor of interest, and the tag
//! `Tag_RISCV_arch` the attribute.

use goblin::elf32::header::Header;
use goblin::elf32::program_header::ProgramHeader;

use crate::elf::Class;

/// The contents of the attributes section. Empty if there is none or it is malformed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Attributes {
    /// The ISA string, printable, at most [`MAX_ARCH`] bytes.
    arch: Option<Box<str>>,
}

impl Attributes {
    /// Looks at the first program header of type `PT_RISCV_ATTRIBUTES`; without one, at the first
    /// section of type `SHT_RISCV_ATTRIBUTES`.
    pub(crate) fn read(
        file: &[u8],
        class: Class,
        header: &Header,
        program_headers: &[ProgramHeader],
    ) -> Self {
        let range = |offset: u32, size: u32| {
            let start = offset as usize;
            file.get(start..start.checked_add(size as usize)?)
        };
        let by_program_header =
            program_headers.iter().find(|header| header.p_type == RISCV_ATTRIBUTES);
        let bytes = match by_program_header {
            Some(header) => range(header.p_offset, header.p_filesz),
            None => section(file, class, header).and_then(|(offset, size)| range(offset, size)),
        };
        Self { arch: bytes.and_then(arch) }
    }

    /// The ISA string.
    pub(crate) fn arch(&self) -> Option<&str> {
        self.arch.as_deref()
    }

    /// Whether the ISA string names one of the bit manipulation extensions.
    pub(crate) fn names_bits(&self) -> bool {
        let names = ["b", "zba", "zbb", "zbs", "zicond", "zcb"];
        self.arch().is_some_and(|arch| extensions(arch).any(|name| names.contains(&name)))
    }
}

/// The extensions in an ISA string as linkers write it: `rv32i2p1_m2p0_zba1p0`, without versions.
pub(crate) fn extensions(arch: &str) -> impl Iterator<Item = &str> {
    let base = arch.get(4..).unwrap_or_default();
    base.split('_').map(|part| {
        let end = part.trim_end_matches(|c: char| c.is_ascii_digit());
        match end.strip_suffix('p') {
            Some(major) if end.len() < part.len() && ends_in_digit(major) => {
                major.trim_end_matches(|c: char| c.is_ascii_digit())
            }
            _ => part,
        }
    })
}

fn ends_in_digit(text: &str) -> bool {
    text.ends_with(|c: char| c.is_ascii_digit())
}

/// Offset and size of the first attributes section.
fn section(file: &[u8], class: Class, header: &Header) -> Option<(u32, u32)> {
    let size = class.section_header_bytes();
    if usize::from(header.e_shentsize) != size {
        return None;
    }
    let rows = file.get(header.e_shoff as usize..)?;
    let mut rows = rows.chunks_exact(size).take(usize::from(header.e_shnum));
    // the type is the second word in either class
    let row = rows.find(|row| row.get(4..8) == Some(&RISCV_ATTRIBUTES.to_le_bytes()[..]))?;
    let found = class.section_header(row)?;
    Some((found.sh_offset, found.sh_size))
}

/// The ISA string in the bytes of an attributes section.
fn arch(bytes: &[u8]) -> Option<Box<str>> {
    let mut rest = bytes.strip_prefix(b"A")?;
    loop {
        let vendor = sized(rest, 0)?;
        rest = rest.get(vendor.len()..)?;
        let Some(mut scopes) = vendor.get(4..)?.strip_prefix(b"riscv\0") else { continue };
        while !scopes.is_empty() {
            let scope = sized(scopes, 1)?;
            scopes = scopes.get(scope.len()..)?;
            if scope.first() == Some(&TAG_FILE) {
                return attribute(scope.get(5..)?);
            }
        }
        return None;
    }
}

/// The part of `bytes` whose length, itself included, stands as a word at `at`; longer than that
/// word, so that reading goes on.
fn sized(bytes: &[u8], at: usize) -> Option<&[u8]> {
    let end = at.checked_add(4)?;
    let len = u32::from_le_bytes(*bytes.get(at..end)?.first_chunk()?) as usize;
    bytes.get(..len).filter(|_| len > end)
}

/// The value of `Tag_RISCV_arch` among the attributes of a file.
fn attribute(mut bytes: &[u8]) -> Option<Box<str>> {
    loop {
        let tag = number(&mut bytes)?;
        if tag % 2 == 0 {
            number(&mut bytes)?;
            continue;
        }
        let len = bytes.iter().position(|&byte| byte == 0)?;
        let (text, rest) = bytes.split_at(len);
        bytes = rest.get(1..)?;
        if tag == TAG_ARCH {
            let is_fine = len <= MAX_ARCH && text.iter().all(u8::is_ascii_graphic);
            return String::from_utf8(text.to_vec()).ok().filter(|_| is_fine).map(Into::into);
        }
    }
}

/// A ULEB128 number of at most 32 bits.
fn number(bytes: &mut &[u8]) -> Option<u32> {
    let mut value = 0_u32;
    for shift in [0, 7, 14, 21, 28] {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u32::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

/// `PT_RISCV_ATTRIBUTES` and `SHT_RISCV_ATTRIBUTES` have one number.
pub(crate) const RISCV_ATTRIBUTES: u32 = 0x7000_0003;
const TAG_FILE: u8 = 1;
const TAG_ARCH: u32 = 5;
/// No compiler writes as much.
const MAX_ARCH: usize = 4096;

/// An attributes section that says no more than the ISA string.
pub(crate) fn write(arch: &str) -> Vec<u8> {
    let mut attributes = vec![TAG_ARCH as u8];
    attributes.extend(arch.bytes());
    attributes.push(0);
    let mut scope = vec![TAG_FILE];
    scope.extend((attributes.len() as u32).saturating_add(5).to_le_bytes());
    scope.extend(attributes);
    let mut vendor = b"riscv\0".to_vec();
    vendor.extend(scope);
    let mut bytes = b"A".to_vec();
    bytes.extend((vendor.len() as u32).saturating_add(4).to_le_bytes());
    bytes.extend(vendor);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_are_named_without_their_versions() {
        let names: Vec<_> = extensions("rv32i2p1_m2p0_zba1p0_zmmul_xfoo2").collect();
        assert_eq!(names, ["i", "m", "zba", "zmmul", "xfoo2"]);
        assert_eq!(extensions("rv64imac_zbb").collect::<Vec<_>>(), ["imac", "zbb"]);
    }

    #[test]
    fn attributes_round_trip_and_truncated_ones_are_ignored() {
        let bytes = write("rv32i2p1_zbb1p0");
        assert_eq!(arch(&bytes).as_deref(), Some("rv32i2p1_zbb1p0"));
        for len in 0..bytes.len() {
            assert_eq!(arch(&bytes[..len]), None, "{len} bytes");
        }
    }

    #[test]
    fn the_section_of_a_compiler_is_read() {
        // gcc 12, -march=rv32imac_zba: stack alignment first, then the ISA string
        let bytes = b"A\x2b\0\0\0riscv\0\x01\x21\0\0\0\x04\x10\x05rv32i2p1_m2p0_a2p1_zba1\0\0\0";
        let mut bytes = bytes.to_vec();
        bytes[1] = bytes.len() as u8 - 1;
        bytes[12] = bytes.len() as u8 - 11;
        assert_eq!(arch(&bytes).as_deref(), Some("rv32i2p1_m2p0_a2p1_zba1"));
    }

    #[test]
    fn nonsense_is_nothing_and_ends() {
        let good = write("rv32i2p1_zbb1p0");
        for at in 0..good.len() {
            for value in [0, 1, 4, 5, 0x7f, 0x80, 0xff] {
                let mut bytes = good.clone();
                bytes[at] = value;
                arch(&bytes);
            }
        }
        assert_eq!(arch(b"A\0\0\0\0riscv\0"), None);
        assert_eq!(arch(&[b'A', 5, 0, 0, 0, 0, 5, 0, 0, 0, 0]), None);
    }
}
