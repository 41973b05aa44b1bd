//! A decoded instruction: the operation and its operands, sign-extended where the manual says so.

/// Register numbers are 0..32; immediates are the 32-bit values that enter the operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Instruction {
    /// `imm` has its low 12 bits clear.
    Lui {
        rd: usize,
        imm: u32,
    },
    Auipc {
        rd: usize,
        imm: u32,
    },
    Jal {
        rd: usize,
        offset: u32,
    },
    Jalr {
        rd: usize,
        rs1: usize,
        offset: u32,
    },
    Branch {
        condition: Condition,
        rs1: usize,
        rs2: usize,
        offset: u32,
    },
    Load {
        width: Width,
        extend: Extend,
        rd: usize,
        rs1: usize,
        offset: u32,
    },
    Store {
        width: Width,
        rs1: usize,
        rs2: usize,
        offset: u32,
    },
    /// OP-IMM.
    Immediate {
        operation: Operation,
        size: Size,
        rd: usize,
        rs1: usize,
        imm: u32,
    },
    /// OP.
    Register {
        operation: Operation,
        size: Size,
        rd: usize,
        rs1: usize,
        rs2: usize,
    },
    /// OP-IMM with a function in place of the immediate.
    Unary {
        function: Function,
        size: Size,
        rd: usize,
        rs1: usize,
    },
    Fence,
    Ecall,
    Ebreak,
    LoadReserved {
        width: Width,
        rd: usize,
        rs1: usize,
    },
    StoreConditional {
        width: Width,
        rd: usize,
        rs1: usize,
        rs2: usize,
    },
    Amo {
        operation: AmoOperation,
        width: Width,
        rd: usize,
        rs1: usize,
        rs2: usize,
    },
    Illegal,
}

impl Instruction {
    /// Section 4: a branch, JAL, JALR, ECALL, EBREAK, or anything illegal.
    pub(super) fn is_terminator(self) -> bool {
        match self {
            Self::Branch { .. } | Self::Jal { .. } | Self::Jalr { .. } => true,
            Self::Ecall | Self::Ebreak | Self::Illegal => true,
            Self::Lui { .. } | Self::Auipc { .. } => false,
            Self::Load { .. } | Self::Store { .. } => false,
            Self::Immediate { .. } | Self::Register { .. } | Self::Unary { .. } => false,
            Self::Fence => false,
            Self::LoadReserved { .. } | Self::StoreConditional { .. } | Self::Amo { .. } => false,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    Beq,
    Bne,
    Blt,
    Bge,
    Bltu,
    Bgeu,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Width {
    Byte,
    Half,
    Word,
    Double,
}

/// How much of the registers an instruction computes with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Size {
    /// All of them.
    Register,
    /// The low 32 bits; the result is sign-extended.
    Word,
}

/// Operations on one register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Clz,
    Ctz,
    Cpop,
    SextB,
    SextH,
    ZextH,
    OrcB,
    Rev8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extend {
    Sign,
    Zero,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Add,
    Sub,
    Sll,
    Slt,
    Sltu,
    Xor,
    Srl,
    Sra,
    Or,
    And,
    Mul,
    Mulh,
    Mulhsu,
    Mulhu,
    Div,
    Divu,
    Rem,
    Remu,

    /// `(a << k) + b`.
    ShiftAdd(u32),
    /// The same with the low 32 bits of a.
    ShiftAddUw(u32),
    /// The low 32 bits of a, shifted left.
    SlliUw,
    Andn,
    Orn,
    Xnor,
    Min,
    Minu,
    Max,
    Maxu,
    Rol,
    Ror,
    Bclr,
    Bext,
    Binv,
    Bset,
    CzeroEqz,
    CzeroNez,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AmoOperation {
    Swap,
    Add,
    Xor,
    And,
    Or,
    Min,
    Max,
    Minu,
    Maxu,
}
