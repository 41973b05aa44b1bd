//! The weights of section 7, schedule v1, as literal numbers.

use super::instruction::{Instruction, Operation};

/// The declared memory size M of a program, which selects the weights of loads and stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MemoryClass {
    /// 256 KiB.
    M256K,
    /// 1 MiB.
    M1M,
    /// 4 MiB.
    M4M,
    /// 16 MiB.
    M16M,
    /// 64 MiB: bare programs.
    M64M,
}

impl MemoryClass {
    /// All of them, smallest first.
    pub const ALL: [Self; 5] = [Self::M256K, Self::M1M, Self::M4M, Self::M16M, Self::M64M];

    fn load(self) -> u64 {
        match self {
            Self::M256K => 8,
            Self::M1M => 12,
            Self::M4M => 100,
            Self::M16M => 128,
            Self::M64M => 160,
        }
    }

    fn store(self) -> u64 {
        match self {
            Self::M256K => 4,
            Self::M1M => 4,
            Self::M4M => 25,
            Self::M16M => 32,
            Self::M64M => 40,
        }
    }
}

/// The charge of each arrival besides the instructions of the run.
pub(super) const RUN_BASE: u64 = 2;

/// `cost(i)`.
pub(super) fn cost(instruction: Instruction, m: MemoryClass) -> u64 {
    use Operation as Op;
    match instruction {
        Instruction::Lui { .. } | Instruction::Auipc { .. } => 1,
        Instruction::Jal { .. } => 3,
        Instruction::Jalr { .. } => 15,
        Instruction::Branch { .. } => 8,
        Instruction::Load { .. } => m.load(),
        Instruction::Store { .. } => m.store(),
        Instruction::Immediate { .. } => 1,
        Instruction::Register { operation, .. } => match operation {
            Op::Mul => 5,
            Op::Mulh | Op::Mulhsu | Op::Mulhu => 6,
            Op::Div | Op::Divu | Op::Rem | Op::Remu => 25,
            Op::Add | Op::Sub | Op::Sll | Op::Slt | Op::Sltu => 1,
            Op::Xor | Op::Srl | Op::Sra | Op::Or | Op::And => 1,
            Op::ShiftAdd(_) | Op::ShiftAddUw(_) | Op::SlliUw => 1,
            Op::Andn | Op::Orn | Op::Xnor | Op::Min | Op::Minu | Op::Max | Op::Maxu => 1,
            Op::Rol | Op::Ror | Op::Bclr | Op::Bext | Op::Binv | Op::Bset => 1,
            Op::CzeroEqz | Op::CzeroNez => 1,
        },
        Instruction::Unary { .. } => 1,
        Instruction::Fence => 1,
        Instruction::Ecall => 150,
        Instruction::Ebreak => 1,
        Instruction::LoadReserved { .. } => m.load(),
        Instruction::StoreConditional { .. } => m.store(),
        Instruction::Amo { .. } => m.load() + m.store(),
        Instruction::Illegal => 1,
    }
}
