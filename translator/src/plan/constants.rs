//! Register values known at translation time, within straight code.

use bessemer_isa::{I, Inst, Reg, RegSet, U, Xlen};

/// Which registers hold a known constant, and which.
///
/// Compilers form addresses by LUI or AUIPC and ADDI, and far calls by AUIPC and JALR; following
/// these few makes the targets of such calls static.
#[derive(Clone, Debug)]
pub(crate) struct Constants {
    known: RegSet,
    values: [u64; 32],
    xlen: Xlen,
}

impl Constants {
    pub(crate) fn none(xlen: Xlen) -> Self {
        Self { known: RegSet::EMPTY, values: [0; 32], xlen }
    }

    /// Forgets everything: control may come from elsewhere.
    pub(crate) fn forget(&mut self) {
        self.known = RegSet::EMPTY;
    }

    /// The value of a register.
    pub(crate) fn value(&self, reg: Reg) -> Option<u64> {
        if reg.is_zero() {
            return Some(0);
        }
        self.known.contains(reg).then(|| self.values[reg.index()])
    }

    /// The value of a register that is used as an address, which has 32 bits.
    pub(crate) fn get(&self, reg: Reg) -> Option<u32> {
        self.value(reg).map(|value| value as u32)
    }

    /// Accounts for `inst` at `pc`; returns the address-like constant that it formed.
    pub(crate) fn step(&mut self, inst: Inst, pc: u32) -> Option<u32> {
        let extend = |word: u32| i64::from(word as i32) as u64;
        let formed = match inst {
            Inst::Lui(U { rd, imm }) => Some((rd, extend(imm))),
            Inst::Auipc(U { rd, imm }) => Some((rd, u64::from(pc).wrapping_add(extend(imm)))),
            Inst::Addi(I { rd, rs1, imm }) if !rs1.is_zero() => {
                self.value(rs1).map(|value| (rd, value.wrapping_add_signed(imm.into())))
            }
            Inst::Addiw(I { rd, rs1, imm }) if !rs1.is_zero() => {
                self.get(rs1).map(|value| (rd, extend(value.wrapping_add_signed(imm))))
            }
            _ => None,
        };
        let (_, written) = inst.registers();
        self.known = self.known.without(written);
        let (rd, value) = formed?;
        self.known = self.known.union(RegSet::of(&[rd]));
        self.values[rd.index()] = match self.xlen {
            Xlen::Rv32 => value & u64::from(u32::MAX),
            Xlen::Rv64 => value,
        };
        Some(value as u32)
    }
}
