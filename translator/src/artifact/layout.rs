//! The places in an artifact's file. `docs/artifact.md` describes them.

/// Version of the file format. A file of another version is not read.
pub const FORMAT_VERSION: u32 = 1;

/// Bytes in front of the code: the ELF header and the note, up to the next page.
pub const HEAD_LEN: usize = 4096;

/// Bytes of the authentication code at the end of a file.
pub const MAC_LEN: usize = 32;

/// Bytes of an ELF header, behind which the note stands.
pub(super) const ELF_HEADER_LEN: usize = 64;
/// The first bytes of every file: ELF, 64 bits, little-endian, version 1, System V.
pub(super) const ELF_IDENT: [u8; 8] = [0x7f, b'E', b'L', b'F', 2, 1, 1, 0];

/// The owner's name in the note, with its zero and padding.
pub(super) const NOTE_NAME: [u8; 12] = *b"Bessemer\0\0\0\0";
/// Bytes of the name without padding, as the note's header counts them.
pub(super) const NOTE_NAME_LEN: u32 = 9;
/// The note's type.
pub(super) const NOTE_TYPE: u32 = 1;
/// Where the note's contents start in the file.
pub(super) const NOTE_AT: usize = ELF_HEADER_LEN + 12 + NOTE_NAME.len();
/// Bytes of the note's contents: twelve numbers, the key, the code hash.
pub(super) const NOTE_LEN: usize = 12 * 4 + 32 + 32;

/// Bytes of one unit: offset, pc, entries.
pub(super) const UNIT_LEN: usize = 12;
/// Bytes of one entry: slot, unit, number within the unit.
pub(super) const ENTRY_LEN: usize = 12;
/// Bytes of one trap record: offset, pc, meter, kind, a zero.
pub(super) const TRAP_LEN: usize = 12;
/// Tables start at multiples of this.
pub(super) const TABLE_ALIGN: usize = 8;

/// The largest native frame, and so the lowest place of a meter in one.
pub(crate) const MAX_FRAME: i16 = 4096;

/// Section names, for tools.
pub(super) const SECTIONS: [&str; 6] = [
    ".note.bessemer",
    ".text",
    ".bessemer.units",
    ".bessemer.entries",
    ".bessemer.traps",
    ".bessemer.image",
];
