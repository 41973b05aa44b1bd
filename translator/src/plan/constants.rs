//! Register values known at translation time, within straight code.

use bessemer_isa::{I, Inst, Reg, RegSet, U};

/// Which registers hold a known constant, and which.
///
/// Compilers form addresses by LUI or AUIPC and ADDI, and far calls by AUIPC and JALR; following
/// these few makes the targets of such calls static.
#[derive(Clone, Debug)]
pub(crate) struct Constants {
    known: RegSet,
    values: [u32; 32],
}

impl Constants {
    pub(crate) fn none() -> Self {
        Self { known: RegSet::EMPTY, values: [0; 32] }
    }

    /// Forgets everything: control may come from elsewhere.
    pub(crate) fn forget(&mut self) {
        self.known = RegSet::EMPTY;
    }

    pub(crate) fn get(&self, reg: Reg) -> Option<u32> {
        if reg.is_zero() {
            return Some(0);
        }
        self.known.contains(reg).then(|| self.values[reg.index()])
    }

    /// Accounts for `inst` at `pc`; returns the address-like constant that it formed.
    pub(crate) fn step(&mut self, inst: Inst, pc: u32) -> Option<u32> {
        let formed = match inst {
            Inst::Lui(U { rd, imm }) => Some((rd, imm)),
            Inst::Auipc(U { rd, imm }) => Some((rd, pc.wrapping_add(imm))),
            Inst::Addi(I { rd, rs1, imm }) if !rs1.is_zero() => {
                self.get(rs1).map(|value| (rd, value.wrapping_add_signed(imm)))
            }
            _ => None,
        };
        let (_, written) = inst.registers();
        self.known = self.known.without(written);
        let (rd, value) = formed?;
        self.known = self.known.union(RegSet::of(&[rd]));
        self.values[rd.index()] = value;
        Some(value)
    }
}
