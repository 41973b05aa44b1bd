//! Artifacts to files.

use object::write::{Object, SectionId, Symbol, SymbolSection};
use object::{
    Architecture, BinaryFormat, Endianness, SectionKind, SymbolFlags, SymbolKind, SymbolScope,
};

use super::Artifact;
use super::layout::{
    FORMAT_VERSION, HEAD_LEN, NOTE_LEN, NOTE_NAME, NOTE_NAME_LEN, NOTE_TYPE, SECTIONS, TABLE_ALIGN,
};

/// The labels of a file besides its artifact.
#[derive(Clone, Copy)]
pub struct Labels<'a> {
    /// The key under which it is looked for.
    pub key: [u8; 32],
    /// The hash by which the program is known.
    pub code_hash: [u8; 32],
    /// The program's own file, for a file that serves without it.
    pub image: Option<&'a [u8]>,
    /// The name of the guest function at an address, for tools.
    pub names: Option<&'a dyn Fn(u32) -> Option<String>>,
}

/// The file without its authentication code.
pub(super) fn write(artifact: &Artifact, labels: &Labels<'_>) -> Vec<u8> {
    let Artifact { code, tables } = artifact;
    let mut object = Object::new(BinaryFormat::Elf, Architecture::X86_64, Endianness::Little);
    let mut section = |name: &str, kind: SectionKind, bytes: Vec<u8>, align: usize| -> SectionId {
        let id = object.add_section(Vec::new(), name.as_bytes().to_vec(), kind);
        object.append_section_data(id, &bytes, align as u64);
        id
    };
    let entries = &tables.entries;
    let image = labels.image.unwrap_or_default();
    let numbers = [
        FORMAT_VERSION,
        code.len() as u32,
        tables.stub,
        tables.landing,
        tables.text.base,
        tables.text.step,
        tables.text.slots,
        tables.units.len() as u32,
        entries.len() as u32,
        tables.traps.len() as u32,
        image.len() as u32,
        0,
    ];
    let [note, text, units, entry, traps, image_name] = SECTIONS;
    section(note, SectionKind::Note, note_bytes(numbers, labels), 4);
    let text = section(text, SectionKind::Text, code.clone(), HEAD_LEN);
    let table = SectionKind::ReadOnlyData;
    let words =
        |words: &[u32]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<_>>();
    let rows = tables.units.iter().flat_map(|unit| words(&[unit.offset, unit.pc, unit.entries]));
    section(units, table, rows.collect(), TABLE_ALIGN);
    let rows = entries.iter().flat_map(|entry| words(&[entry.slot, entry.unit, entry.local]));
    section(entry, table, rows.collect(), TABLE_ALIGN);
    let rows = tables.traps.iter().flat_map(|trap| {
        let [m0, m1] = trap.meter.to_le_bytes();
        let mut row = words(&[trap.offset, trap.pc]);
        row.extend([m0, m1, trap.kind, 0]);
        row
    });
    section(traps, table, rows.collect(), TABLE_ALIGN);
    section(image_name, table, image.to_vec(), TABLE_ALIGN);
    if let Some(names) = labels.names {
        symbols(&mut object, text, artifact, names);
    }
    object.write().expect("an object without relocations, in memory, has no way to fail")
}

fn note_bytes(numbers: [u32; 12], labels: &Labels<'_>) -> Vec<u8> {
    let header = [NOTE_NAME_LEN, NOTE_LEN as u32, NOTE_TYPE].map(u32::to_le_bytes);
    let mut bytes = header.concat();
    bytes.extend(NOTE_NAME);
    bytes.extend(numbers.map(u32::to_le_bytes).concat());
    bytes.extend(labels.key);
    bytes.extend(labels.code_hash);
    bytes
}

/// Names the units for disassemblers and profilers.
fn symbols(
    object: &mut Object<'_>,
    text: SectionId,
    artifact: &Artifact,
    names: &dyn Fn(u32) -> Option<String>,
) {
    for (index, unit) in artifact.tables.units.iter().enumerate() {
        let name = names(unit.pc).unwrap_or_else(|| format!("unit_{:08x}", unit.pc));
        let size = artifact.unit_code(index).unwrap_or_default().len();
        object.add_symbol(Symbol {
            name: name.into_bytes(),
            value: u64::from(unit.offset),
            size: size as u64,
            kind: SymbolKind::Text,
            scope: SymbolScope::Compilation,
            weak: false,
            section: SymbolSection::Section(text),
            flags: SymbolFlags::None,
        });
    }
}
