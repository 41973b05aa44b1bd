//! The product of translation: position-independent code and its tables.

mod layout;
mod read;
mod write;

use bessemer_image::Text;

#[cfg(feature = "compiler")]
pub(crate) use layout::MAX_FRAME;
pub use layout::{FORMAT_VERSION, HEAD_LEN, MAC_LEN};
pub use read::{Note, ReadError};
pub use write::Labels;

/// Native code of a program, ready to be published: nothing in it is absolute, so the same bytes
/// serve at any address, in this process or another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// Machine code: the entry stub, then the units.
    pub(crate) code: Vec<u8>,
    pub(crate) tables: Tables,
}

/// The tables by which machine code is entered and its faults are handled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tables {
    /// Offset of the entry stub.
    pub(crate) stub: u32,
    /// Offset at which a fault continues: behind the stub's call.
    pub(crate) landing: u32,
    /// The text that was translated.
    pub(crate) text: TextShape,
    /// In ascending order of offsets.
    pub(crate) units: Vec<Unit>,
    /// Where arrivals go on natively, in ascending order of slots.
    pub(crate) entries: Vec<Entry>,
    /// Where code can fault, in ascending order of offsets.
    pub(crate) traps: Vec<TrapRecord>,
}

/// Where a text is, and at which addresses a pc can stand in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextShape {
    /// Guest address of the first slot.
    pub base: u32,
    /// Bytes from slot to slot: 2 or 4.
    pub step: u32,
    /// Number of slots.
    pub slots: u32,
}

/// One unit: the native function of a range of guest instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Offset of its code.
    pub offset: u32,
    /// Guest address of its first instruction.
    pub pc: u32,
    /// How many entries it has.
    pub entries: u32,
}

/// Native code of an arrival at one slot of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The slot.
    pub(crate) slot: u32,
    /// Index of the unit.
    pub(crate) unit: u32,
    /// Number of the entry within the unit.
    pub(crate) local: u32,
}

/// One instruction of native code that can fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct TrapRecord {
    /// Offset of the native instruction in the code.
    pub offset: u32,
    /// The guest instruction that it belongs to.
    pub pc: u32,
    /// Where the meter is: a register's number in the instruction encoding, 0 to 15; or its offset
    /// from the caller's stack pointer, which is negative; or [`TrapRecord::METER_IN_CONTEXT`].
    pub meter: i16,
    /// The code of a trap kind, or [`TrapRecord::OUT_OF_GAS`].
    pub kind: u8,
}

impl TrapRecord {
    /// The `kind` of a failed gas check; `pc` is then the arrival.
    pub const OUT_OF_GAS: u8 = 64;

    /// The `meter` of an instruction at which the context holds the meter.
    pub const METER_IN_CONTEXT: i16 = i16::MAX;
}

impl TextShape {
    /// The shape of this text.
    pub fn of(text: &Text) -> Self {
        let slots = text.slot_count() as u32;
        Self { base: text.base(), step: text.profile().step(), slots }
    }

    /// The address behind the last slot, where control can arrive and traps.
    fn end(self) -> u64 {
        u64::from(self.base) + u64::from(self.slots) * u64::from(self.step)
    }

    /// Whether a pc can stand at this address, in a text whose slots are 2 or 4 bytes apart.
    fn holds(self, pc: u32) -> bool {
        // asked for each row of a table: a division takes longer than all else that is asked
        let (offset, four) = (pc.wrapping_sub(self.base), self.step == 4);
        let (shift, below) = if four { (2, 3) } else { (1, 1) };
        offset & below == 0 && offset >> shift < self.slots
    }
}

impl Artifact {
    /// The machine code.
    pub fn code(&self) -> &[u8] {
        &self.code
    }

    /// The tables of the machine code.
    pub fn tables(&self) -> &Tables {
        &self.tables
    }

    /// Where code can fault, in ascending order of offsets.
    pub fn traps(&self) -> &[TrapRecord] {
        &self.tables.traps
    }

    /// Number of units.
    pub fn unit_count(&self) -> usize {
        self.tables.units.len()
    }

    /// Where the code of unit `index` lies within [`Artifact::code`].
    pub fn unit_code(&self, index: usize) -> Option<core::ops::Range<usize>> {
        let units = &self.tables.units;
        let start = units.get(index)?.offset as usize;
        let end = units.get(index + 1).map_or(self.code.len(), |next| next.offset as usize);
        Some(start..end)
    }

    /// How many slots of text an arrival can enter natively.
    pub fn entry_count(&self) -> usize {
        self.tables.entries.len()
    }

    /// The file that holds this artifact, but for the authentication code at its end; see
    /// `docs/artifact.md`.
    pub fn write(&self, labels: &Labels<'_>) -> Vec<u8> {
        write::write(self, labels)
    }

    /// Reads what [`Artifact::write`] wrote.
    ///
    /// # Errors
    ///
    /// [`ReadError`] if the bytes are not an artifact. Whether the code in them is what the translator
    /// makes cannot be seen from them: who executes it must know where it comes from.
    pub fn read(bytes: &[u8]) -> Result<(Note, Self), ReadError> {
        let note = Note::parse(bytes)?;
        let code = bytes.get(note.code_range()).ok_or(ReadError::Truncated)?;
        let rest = bytes.get(note.code_range().end..).ok_or(ReadError::Truncated)?;
        let tables = note.tables(rest)?;
        Ok((note, Self { code: code.to_vec(), tables }))
    }
}

impl Tables {
    /// The text that was translated.
    pub fn text(&self) -> TextShape {
        self.text
    }

    /// The units, in ascending order of offsets.
    pub fn units(&self) -> &[Unit] {
        &self.units
    }
}
