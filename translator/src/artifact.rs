//! The product of translation: position-independent code and its tables.

/// Native code of a program, ready to be published: nothing in it is absolute, so the same bytes
/// serve at any address, in this process or another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// Machine code: the entry stub, then the units.
    pub(crate) code: Vec<u8>,
    /// Offset of the entry stub.
    pub(crate) stub: u32,
    /// Offset at which a fault continues: behind the stub's call.
    pub(crate) landing: u32,
    /// Offsets of the units; a jump table entry names a unit by its index plus 1.
    pub(crate) units: Vec<u32>,
    /// Per slot of text: unit and entry of an arrival there, or 0.
    pub(crate) jump_table: Vec<u32>,
    /// Where code can fault, in ascending order of offsets.
    pub(crate) traps: Vec<TrapRecord>,
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
    pub const OUT_OF_GAS: u8 = crate::lower::OUT_OF_GAS;

    /// The `meter` of an instruction at which the context holds the meter.
    pub const METER_IN_CONTEXT: i16 = i16::MAX;
}

impl Artifact {
    /// The machine code.
    pub fn code(&self) -> &[u8] {
        &self.code
    }

    /// Where code can fault, in ascending order of offsets.
    pub fn traps(&self) -> &[TrapRecord] {
        &self.traps
    }

    /// Number of units.
    pub fn unit_count(&self) -> usize {
        self.units.len()
    }

    /// Where the code of unit `index` lies within [`Artifact::code`].
    pub fn unit_code(&self, index: usize) -> Option<core::ops::Range<usize>> {
        let start = *self.units.get(index)? as usize;
        let end = self.units.get(index + 1).map_or(self.code.len(), |&next| next as usize);
        Some(start..end)
    }

    /// How many slots of text an arrival can enter natively.
    pub fn entry_count(&self) -> usize {
        self.jump_table.iter().filter(|&&entry| entry != 0).count()
    }
}
