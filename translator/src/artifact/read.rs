//! Files to artifacts. Every byte is taken for hostile: what comes out obeys every rule of
//! `docs/artifact.md`, whatever went in.

use core::ops::Range;

use bessemer_image::Limits;
use bessemer_isa::TrapKind;

use super::layout::{
    ELF_HEADER_LEN, ELF_IDENT, ENTRY_LEN, FORMAT_VERSION, HEAD_LEN, MAX_FRAME, NOTE_AT, NOTE_LEN,
    NOTE_NAME, NOTE_NAME_LEN, NOTE_TYPE, TABLE_ALIGN, TRAP_LEN, UNIT_LEN,
};
use super::{Entry, Tables, TextShape, TrapRecord, Unit};
use crate::context::LOCAL_BITS;

/// Why bytes are not an artifact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The file ends before what its note announces.
    #[error("the artifact is shorter than its note says")]
    Truncated,
    /// The file does not start as an artifact does.
    #[error("this is not an artifact")]
    Foreign,
    /// Another version of the format.
    #[error("the artifact has format version {0}, this program reads {FORMAT_VERSION}")]
    Version(u32),
    /// A field or a row of a table breaks a rule.
    #[error("row {row} of the artifact's {table} is wrong: {rule}")]
    Row {
        /// Which table.
        table: &'static str,
        /// Number of the row.
        row: usize,
        /// The rule for every row.
        rule: &'static str,
    },
}

/// The note of a file: read from its first [`HEAD_LEN`](super::HEAD_LEN) bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Note {
    /// The key under which it was stored.
    pub key: [u8; 32],
    /// The hash by which the program is known.
    pub code_hash: [u8; 32],
    code_len: u32,
    stub: u32,
    landing: u32,
    text: TextShape,
    units: u32,
    entries: u32,
    traps: u32,
    image_len: u32,
}

impl Note {
    /// Reads the note of a file that starts with these bytes.
    ///
    /// # Errors
    ///
    /// [`ReadError`] if it has none of this version.
    pub fn parse(head: &[u8]) -> Result<Self, ReadError> {
        if !head.starts_with(&ELF_IDENT) {
            return Err(ReadError::Foreign);
        }
        let note = head.get(ELF_HEADER_LEN..NOTE_AT + NOTE_LEN).ok_or(ReadError::Truncated)?;
        let (header, contents) = note.split_at(NOTE_AT - ELF_HEADER_LEN);
        let expected = [NOTE_NAME_LEN, NOTE_LEN as u32, NOTE_TYPE].map(u32::to_le_bytes).concat();
        if header.strip_prefix(&*expected) != Some(&NOTE_NAME) {
            return Err(ReadError::Foreign);
        }
        let (numbers, hashes) = contents.split_at(NOTE_LEN - 64);
        let mut words = words(numbers);
        let mut next = || words.next().unwrap_or_default();
        let version = next();
        if version != FORMAT_VERSION {
            return Err(ReadError::Version(version));
        }
        let (key, code_hash) = hashes.split_at(32);
        Ok(Self {
            key: key.try_into().map_err(|_| ReadError::Truncated)?,
            code_hash: code_hash.try_into().map_err(|_| ReadError::Truncated)?,
            code_len: next(),
            stub: next(),
            landing: next(),
            text: TextShape { base: next(), step: next(), slots: next() },
            units: next(),
            entries: next(),
            traps: next(),
            image_len: next(),
        })
    }

    /// Where the code is in the file.
    pub fn code_range(&self) -> Range<usize> {
        HEAD_LEN..HEAD_LEN + self.code_len as usize
    }

    /// Where the program's own file is, counted from the end of the code; empty if it is not there.
    pub fn image_range(&self) -> Range<usize> {
        let start = self.places()[3].start;
        start..start + self.image_len as usize
    }

    /// Reads the tables from what follows the code.
    ///
    /// # Errors
    ///
    /// [`ReadError`] if a table is not complete or a row breaks a rule.
    pub fn tables(&self, rest: &[u8]) -> Result<Tables, ReadError> {
        let [units, entries, traps, _] = self.places();
        let part = |range: Range<usize>| rest.get(range).ok_or(ReadError::Truncated);
        let (units, entries, traps) = (part(units)?, part(entries)?, part(traps)?);
        part(self.image_range())?;
        self.check_shape()?;
        let units = self.read_units(units)?;
        let entries = self.read_entries(entries, &units)?;
        let traps = self.read_traps(traps, &units)?;
        let Self { stub, landing, text, .. } = *self;
        Ok(Tables { stub, landing, text, units, entries, traps })
    }

    /// Where units, entries, traps and image are, counted from the end of the code.
    fn places(&self) -> [Range<usize>; 4] {
        let mut at = self.code_range().end;
        let from = at;
        let lengths = [
            self.units as usize * UNIT_LEN,
            self.entries as usize * ENTRY_LEN,
            self.traps as usize * TRAP_LEN,
            self.image_len as usize,
        ];
        lengths.map(|length| {
            at = at.next_multiple_of(TABLE_ALIGN);
            let start = at - from;
            at += length;
            start..start + length
        })
    }

    fn check_shape(&self) -> Result<(), ReadError> {
        let TextShape { step, slots, .. } = self.text;
        let rule = |rule| Err(ReadError::Row { table: "note", row: 0, rule });
        if step != 2 && step != 4 {
            return rule("slots are 2 or 4 bytes apart");
        }
        if self.text.end() > 1 << 32 {
            return rule("text ends below 2^32");
        }
        if u64::from(slots) * u64::from(step) > u64::from(Limits::MAX_TEXT_BYTES) {
            return rule("no program has more text");
        }
        if self.entries > slots {
            return rule("a slot has at most one entry");
        }
        if self.stub >= self.landing || self.landing >= self.code_len {
            return rule("the stub and its landing pad lie in the code");
        }
        Ok(())
    }

    fn read_units(&self, bytes: &[u8]) -> Result<Vec<Unit>, ReadError> {
        let mut units = Vec::with_capacity(self.units as usize);
        let mut above = self.landing;
        for (row, words) in rows(bytes, UNIT_LEN).enumerate() {
            let [offset, pc, entries] = words;
            let failed = |rule| Err(ReadError::Row { table: "units", row, rule });
            if offset <= above || offset >= self.code_len {
                return failed("offsets ascend, behind the landing pad and inside the code");
            }
            if !self.text.holds(pc) {
                return failed("its address is one of text");
            }
            if entries > 1 << LOCAL_BITS {
                return failed("a unit has a bounded number of entries");
            }
            above = offset;
            units.push(Unit { offset, pc, entries });
        }
        Ok(units)
    }

    fn read_entries(&self, bytes: &[u8], units: &[Unit]) -> Result<Vec<Entry>, ReadError> {
        let mut entries = Vec::with_capacity(self.entries as usize);
        let mut next = 0;
        for (row, words) in rows(bytes, ENTRY_LEN).enumerate() {
            let [slot, unit, local] = words;
            let failed = |rule| Err(ReadError::Row { table: "entries", row, rule });
            if slot < next || slot >= self.text.slots {
                return failed("slots ascend, inside text");
            }
            let Some(known) = units.get(unit as usize) else {
                return failed("the unit exists");
            };
            if local >= known.entries {
                return failed("the unit has that many entries");
            }
            entries.push(Entry { slot, unit, local });
            next = slot + 1;
        }
        Ok(entries)
    }

    fn read_traps(&self, bytes: &[u8], units: &[Unit]) -> Result<Vec<TrapRecord>, ReadError> {
        let mut traps = Vec::with_capacity(self.traps as usize);
        // faults of the stub belong to no guest instruction
        let mut lowest = units.first().map_or(u32::MAX, |unit| unit.offset);
        for (row, [offset, pc, last]) in rows(bytes, TRAP_LEN).enumerate() {
            let failed = |rule| Err(ReadError::Row { table: "traps", row, rule });
            let [m0, m1, kind, zero] = last.to_le_bytes();
            let meter = i16::from_le_bytes([m0, m1]);
            if offset < lowest || offset >= self.code_len {
                return failed("offsets ascend, inside the code of units");
            }
            if !self.text.holds(pc) && u64::from(pc) != self.text.end() {
                return failed("its address is one of text, or the end of text");
            }
            if !matches!(meter, 0..=15 | TrapRecord::METER_IN_CONTEXT)
                && !(-MAX_FRAME..0).contains(&meter)
            {
                return failed("the meter is in a register, in the frame, or in the context");
            }
            if TrapKind::from_code(kind).is_none() && kind != TrapRecord::OUT_OF_GAS || zero != 0 {
                return failed("the kind is known");
            }
            lowest = offset + 1;
            traps.push(TrapRecord { offset, pc, meter, kind });
        }
        Ok(traps)
    }
}

/// Rows of three words.
fn rows(bytes: &[u8], len: usize) -> impl Iterator<Item = [u32; 3]> {
    bytes.chunks_exact(len).map(|row| {
        let mut words = words(row);
        core::array::from_fn(|_| words.next().unwrap_or_default())
    })
}

fn words(bytes: &[u8]) -> impl Iterator<Item = u32> {
    bytes.as_chunks().0.iter().map(|&word| u32::from_le_bytes(word))
}
