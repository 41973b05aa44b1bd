//! The `.riscv.attributes` section: what the compiler was told to build for. Only shown; the ELF
//! flags decide.

use object::{Object, ObjectSection};

/// The attribute `Tag_RISCV_arch`, for example `rv32i2p1_m2p0`.
pub(super) fn arch(elf: &[u8]) -> Option<String> {
    let file = object::File::parse(elf).ok()?;
    let section = file.section_by_name(".riscv.attributes")?;
    parse(section.data().ok()?)
}

/// Format: `A`; then the length of the vendor's part, its name, and sub-sections of a tag, a length
/// and attributes. An attribute with an odd tag is a string, one with an even tag a number.
fn parse(section: &[u8]) -> Option<String> {
    let vendor_part = section.strip_prefix(b"A")?.get(4..)?;
    let sub_section = vendor_part.strip_prefix(b"riscv\0")?.strip_prefix(&[TAG_FILE])?;
    let mut attributes = sub_section.get(4..)?;
    loop {
        let tag = number(&mut attributes)?;
        if tag % 2 == 0 {
            number(&mut attributes)?;
            continue;
        }
        let end = attributes.iter().position(|&byte| byte == 0)?;
        let (string, rest) = attributes.split_at(end);
        if tag == TAG_ARCH {
            let is_plain = string.iter().all(u8::is_ascii_graphic);
            return is_plain.then(|| String::from_utf8_lossy(string).into_owned());
        }
        attributes = rest.get(1..)?;
    }
}

/// Takes an unsigned LEB128 number.
fn number(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..63).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

const TAG_FILE: u8 = 1;
const TAG_ARCH: u64 = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arch_string_is_found_behind_other_attributes() {
        let mut section = b"A\x1e\0\0\0riscv\0\x01\x14\0\0\0".to_vec();
        section.extend([4, 16, 8, 0x81, 0x01]);
        section.extend(b"\x05rv32i2p1_m2p0\0");
        assert_eq!(parse(&section).as_deref(), Some("rv32i2p1_m2p0"));
    }

    #[test]
    fn a_section_that_makes_no_sense_has_no_arch_string() {
        for section in [&b""[..], b"A", b"Ariscv\0", b"A\0\0\0\0riscv\0\x01\0\0\0\0\x05rv32", b"B"]
        {
            assert_eq!(parse(section), None, "{section:?}");
        }
    }
}
