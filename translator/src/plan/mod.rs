//! Chooses the instructions to compile and cuts them into units.
//!
//! A *unit* becomes one native function: the reachable instructions of one guest function, as far
//! as its address range tells. Every slot of text belongs to at most one unit and is compiled at
//! most once; units are bounded in size and number, so that compile time is linear in the text
//! whatever stands in it. Which slots are compiled and which can be entered is a private choice:
//! everything else executes in the interpreter with the same outcome.

mod constants;
mod discover;
mod leaf;
mod partition;

use std::ops::Range;

use bessemer_image::{Program, Text};
use bessemer_isa::{Class, NativeEstimate, RegSet};

use crate::Options;
use crate::context::LOCAL_BITS;
use leaf::Leaves;

pub(crate) use constants::Constants;
pub(crate) use discover::{CallSite, Marks, is_link};

/// The units of a program.
pub(crate) struct Plan {
    pub(crate) marks: Vec<Marks>,
    pub(crate) units: Vec<Unit>,
    /// Per slot: the index of its unit, or [`NOWHERE`].
    home: Vec<u32>,
    /// Per slot: its entry in the jump table, see [`encode_entry`].
    jump_table: Vec<u32>,
    /// Which units are leaves, and of which callers rely on that.
    leaves: Leaves,
    /// Per slot: whether the run from there ends in an instruction that always traps.
    doomed: Vec<bool>,
}

/// One unit.
#[derive(Debug)]
pub(crate) struct Unit {
    /// The slots between the first and past the last instruction.
    pub(crate) range: Range<usize>,
    /// Where control can come in from outside. The first is the unit's first slot.
    pub(crate) entries: Vec<Entry>,
    /// Whether registers stay values over the call of a leaf. Not where jumps go by tables, which make
    /// all of them live everywhere: there they are better in the context.
    pub(crate) keeps: bool,
}

/// A place where control can enter a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) slot: usize,
    /// Whether control comes from the same run in the unit before: then this is not an arrival, and
    /// nothing is charged.
    pub(crate) continuing: bool,
}

/// At most this many instructions in a unit.
pub(crate) const MAX_INSTRUCTIONS: usize = crate::UNIT_INSTRUCTIONS as usize;
/// At most this many arrivals in a unit.
pub(crate) const MAX_ARRIVALS: usize = 512;

const NOWHERE: u32 = u32::MAX;

/// The jump table's word for entry `local` of unit `unit`. Zero is left for slots without entry.
pub(crate) fn encode_entry(unit: usize, local: usize) -> u32 {
    debug_assert!(local < 1 << LOCAL_BITS);
    (unit as u32 + 1) << LOCAL_BITS | local as u32
}

/// The inverse of [`encode_entry`]: unit and entry; `None` of a slot without entry.
#[inline]
pub(crate) fn decode_entry(word: u32) -> Option<(usize, usize)> {
    let unit = (word >> LOCAL_BITS).checked_sub(1)?;
    Some((unit as usize, (word & ((1 << LOCAL_BITS) - 1)) as usize))
}

impl Plan {
    /// The units that these options ask for.
    pub(crate) fn new(program: &Program, options: &Options) -> Self {
        let (marks, calls) = discover::discover(program);
        let most = (options.unit_instructions as usize).clamp(1, MAX_INSTRUCTIONS);
        partition::partition(program.text(), marks, &calls, most, options.loop_entries)
    }

    /// Bytes of native code that the unit is taken to become (`docs/loader.md`, rule L29).
    pub(crate) fn native_bytes(&self, text: &Text, unit: usize) -> usize {
        let slots = self.units[unit].range.clone().filter(|&slot| self.marks[slot].reached);
        let estimate = &NativeEstimate::V1;
        let bytes = slots.map(|slot| {
            let named = if self.marks[slot].taken { estimate.named } else { 0 };
            (estimate.bytes(text.slot(slot).inst) + named) as usize
        });
        bytes.sum()
    }

    /// Whether the run from this slot ends in an instruction that always traps.
    pub(crate) fn is_doomed(&self, slot: usize) -> bool {
        self.doomed.get(slot).copied().unwrap_or(true)
    }

    /// Whether control may come back from a call of the function at this slot.
    pub(crate) fn comes_back(&self, slot: usize) -> bool {
        self.marks.get(slot).is_none_or(|marks| marks.returns)
    }

    /// The registers that a call of the function at this slot may read or write. Unless these are all,
    /// control never comes back from it by way of the runtime.
    pub(crate) fn touched(&self, slot: usize) -> RegSet {
        self.unit_of(slot).and_then(|unit| self.leaves.touched[unit]).unwrap_or(RegSet::ALL)
    }

    /// Whether some caller of this unit relies on it being a leaf.
    pub(crate) fn is_relied_on(&self, unit: usize) -> bool {
        self.leaves.relied_on[unit]
    }

    /// Whether direct calls come in at this entry.
    pub(crate) fn is_called(&self, entry: Entry) -> bool {
        !entry.continuing && self.marks[entry.slot].head
    }

    /// The unit that holds this slot.
    pub(crate) fn unit_of(&self, slot: usize) -> Option<usize> {
        self.home.get(slot).filter(|&&unit| unit != NOWHERE).map(|&unit| unit as usize)
    }

    /// Where an arrival at this slot enters: unit and entry number.
    pub(crate) fn arrival_entry(&self, slot: usize) -> Option<(usize, usize)> {
        decode_entry(*self.jump_table.get(slot)?)
    }

    /// Where a run goes on that falls from another unit into this slot.
    pub(crate) fn continuing_entry(&self, slot: usize) -> Option<(usize, usize)> {
        let unit = self.unit_of(slot)?;
        let wanted = Entry { slot, continuing: true };
        let local = self.units[unit].entries.iter().position(|&entry| entry == wanted)?;
        Some((unit, local))
    }

    /// Slot, unit and entry number of every arrival that enters native code, in ascending order.
    pub(crate) fn arrivals(&self) -> impl Iterator<Item = (usize, usize, usize)> {
        let words = self.jump_table.iter().enumerate();
        words.filter_map(|(slot, &word)| {
            let (unit, local) = decode_entry(word)?;
            Some((slot, unit, local))
        })
    }
}

/// Per slot: whether the run from there ends in an instruction that always traps; a backward scan, as
/// for charges.
fn doomed(text: &Text) -> Vec<bool> {
    let step = text.profile().step() as usize;
    let mut doomed = vec![true; text.slots().len() + 2];
    for (slot, decoded) in text.slots().iter().enumerate().rev() {
        doomed[slot] = match decoded.inst {
            None => true,
            Some(inst) if inst.is_terminator() => inst.class() == Class::Ebreak,
            Some(_) => doomed[slot + usize::from(decoded.len) / step],
        };
    }
    doomed
}
