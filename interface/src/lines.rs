//! Source lines of instructions, from a file's DWARF.

use std::borrow::Cow;

use addr2line::gimli::{self, DwarfSections, EndianSlice, LittleEndian};
use object::{Object, ObjectSection};

/// The source lines of an address, from the innermost inlined function outwards.
pub fn lines(elf: &[u8], addr: u32) -> Vec<(String, u32)> {
    let Some(sections) = debug_sections(elf) else { return Vec::new() };
    let dwarf = sections.borrow(|bytes| EndianSlice::new(bytes, LittleEndian));
    let Ok(context) = addr2line::Context::from_dwarf(dwarf) else { return Vec::new() };
    let Ok(mut frames) = context.find_frames(addr.into()).skip_all_loads() else {
        return Vec::new();
    };
    let mut lines = Vec::new();
    while let Ok(Some(frame)) = frames.next() {
        let place = frame.location.and_then(|at| Some((at.file?.to_owned(), at.line?)));
        lines.extend(place);
    }
    lines
}

/// The debug data of a file, if it has some that can be read.
pub fn debug_sections(elf: &[u8]) -> Option<DwarfSections<Cow<'_, [u8]>>> {
    let file = object::File::parse(elf).ok()?;
    file.section_by_name(".debug_line")?;
    let section = |name| file.section_by_name(name)?.uncompressed_data().ok();
    let load = |id: gimli::SectionId| Ok::<_, gimli::Error>(section(id.name()).unwrap_or_default());
    DwarfSections::load(load).ok()
}
