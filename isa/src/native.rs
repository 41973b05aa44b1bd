//! How much native code text is taken to become (loader, rule L29).

use crate::{Class, Inst};

/// Bytes of native code that each instruction is taken to become at most, wherever it stands. Compile time follows these numbers too.
///
/// An estimate is a constant and part of consensus: it decides which contracts can be deployed. It says
/// nothing of any compiler; compilers are tested against it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "one field per class; bytes")]
pub struct NativeEstimate {
    /// Distinguishes estimates; never reused.
    pub id: u32,
    pub alu: u32,
    /// ORC.B, for which hosts have no instruction.
    pub combine: u32,
    pub mul: u32,
    pub mulh: u32,
    pub div: u32,
    pub load: u32,
    pub store: u32,
    pub amo: u32,
    pub branch: u32,
    pub jal: u32,
    pub jalr: u32,
    pub ecall: u32,
    pub ebreak: u32,
    /// Bytes that are not an instruction.
    pub illegal: u32,
    /// A word in a file that is the address of a slot of text.
    pub named: u32,
    /// For each byte of text there may be so many bytes of native code,
    pub density: u32,
    /// and so many more in all.
    pub slack: u32,
}

impl NativeEstimate {
    /// Estimate 1.
    pub const V1: Self = Self {
        id: 1,
        alu: 32,
        combine: 96,
        mul: 32,
        mulh: 48,
        div: 128,
        load: 32,
        store: 32,
        amo: 160,
        branch: 128,
        jal: 112,
        jalr: 128,
        ecall: 96,
        ebreak: 32,
        illegal: 32,
        named: 64,
        density: 28,
        slack: 64 << 10,
    };

    /// The most bytes that a text of this size may be taken to become: text that is denser than what people
    /// write takes longer to compile than its size pays for.
    pub fn most(&self, text_bytes: usize) -> u64 {
        text_bytes as u64 * u64::from(self.density) + u64::from(self.slack)
    }

    /// The bytes of what stands in one slot; `None` is not an instruction.
    pub const fn bytes(&self, inst: Option<Inst>) -> u32 {
        let Some(inst) = inst else { return self.illegal };
        match inst.class() {
            Class::Alu if matches!(inst, Inst::OrcB(_)) => self.combine,
            Class::Alu => self.alu,
            Class::Mul => self.mul,
            Class::Mulh => self.mulh,
            Class::Div => self.div,
            Class::Load => self.load,
            Class::Store => self.store,
            Class::Amo => self.amo,
            Class::Branch => self.branch,
            Class::Jal => self.jal,
            Class::Jalr => self.jalr,
            Class::Ecall => self.ecall,
            Class::Ebreak => self.ebreak,
        }
    }
}
