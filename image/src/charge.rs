//! The charge table: what an arrival at each slot costs (specification, section 4).

use bessemer_isa::{GasSchedule, MemoryClass, TextClass};

use crate::Text;

/// `charge(p)` for every slot of a text and for its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charges {
    by_slot: Box<[u32]>,
    schedule: GasSchedule,
}

impl Charges {
    /// Computes all charges in one backward scan: an instruction's own cost, plus, unless it ends
    /// its run, what stands for the rest of the run at the next instruction.
    ///
    /// No sum overflows: text is limited to 2^22 slots and no cost exceeds 2^9.
    pub(crate) fn compute(text: &Text, schedule: &GasSchedule, memory: MemoryClass) -> Self {
        let slots = text.slots();
        let size = TextClass::holding(text.bytes().len());
        // Lengths are 2 and 4, steps too: a shift is much cheaper than the division.
        let shift = text.profile().step().trailing_zeros();
        let mut by_slot = vec![0; slots.len() + 1];
        by_slot[slots.len()] = schedule.illegal;
        for (index, slot) in slots.iter().enumerate().rev() {
            let cost = match slot.inst {
                Some(inst) => schedule.cost(inst.class(), memory, size),
                None => schedule.illegal,
            };
            let rest =
                if slot.ends_run() { 0 } else { by_slot[index + usize::from(slot.len >> shift)] };
            by_slot[index] = cost + rest;
        }
        for charge in &mut by_slot {
            *charge += schedule.run_base;
        }
        Self { by_slot: by_slot.into(), schedule: *schedule }
    }

    /// The charge of an arrival at this slot, in gas.
    #[inline]
    pub fn at(&self, slot: usize) -> u32 {
        self.by_slot[slot]
    }

    /// The schedule that the charges were computed by.
    pub fn schedule(&self) -> &GasSchedule {
        &self.schedule
    }

    /// All charges in slot order; the last is that of the end of text.
    pub fn as_slice(&self) -> &[u32] {
        &self.by_slot
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Profile;

    #[test]
    fn the_worked_example_of_the_specification_has_its_charges() {
        let bytes = [0x01, 0x45, 0x33, 0x05, 0xb5, 0x00, 0xed, 0xfd];
        let text = Text::decode(0x10000, bytes.into(), Profile::rv32(true));
        let charges = Charges::compute(&text, &GasSchedule::V1, MemoryClass::Mib1);
        assert_eq!(charges.as_slice(), [12, 11, 11, 10, 3]);
    }
}
