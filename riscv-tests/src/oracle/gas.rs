//! The weights of section 7 as literal numbers.

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

    fn store(self, schedule: Schedule) -> u64 {
        match self {
            Self::M256K | Self::M1M if schedule == Schedule::Two => 10,
            Self::M256K | Self::M1M => 4,
            Self::M4M => 25,
            Self::M16M => 32,
            Self::M64M => 40,
        }
    }
}

/// The schedule by which a frame is charged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Schedule {
    /// Schedule 1.
    #[default]
    One,
    /// Schedule 2: stores cost more, and jumps in much text.
    Two,
}

impl Schedule {
    /// What a jump costs besides, in a text of so many bytes.
    fn far(self, text: usize) -> u64 {
        const KIB: usize = 1024;
        if self == Self::One {
            return 0;
        }
        match text.div_ceil(KIB) {
            0..=4 => 12,
            5..=8 => 22,
            9..=16 => 34,
            17..=32 => 48,
            33..=64 => 70,
            65..=128 => 85,
            129..=256 => 110,
            257..=512 => 130,
            _ => 150,
        }
    }
}

/// The charge of each arrival besides the instructions of the run.
pub(super) const RUN_BASE: u64 = 2;

/// `cost(i)` in a text of so many bytes.
pub(super) fn cost(
    instruction: Instruction,
    m: MemoryClass,
    schedule: Schedule,
    text: usize,
) -> u64 {
    use Operation as Op;
    match instruction {
        Instruction::Lui { .. } | Instruction::Auipc { .. } => 1,
        Instruction::Jal { .. } => 3 + schedule.far(text),
        Instruction::Jalr { .. } => 15 + schedule.far(text),
        Instruction::Branch { .. } => 8,
        Instruction::Load { .. } => m.load(),
        Instruction::Store { .. } => m.store(schedule),
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
        Instruction::StoreConditional { .. } => m.store(schedule),
        Instruction::Amo { .. } => m.load() + m.store(schedule),
        Instruction::Illegal => 1,
    }
}
