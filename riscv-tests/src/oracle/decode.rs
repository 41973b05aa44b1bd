//! The 32-bit encodings, with the field names of the RISC-V unprivileged manual.

use super::Isa;
use super::instruction::{
    AmoOperation, Condition, Extend, Function, Instruction, Operation, Size, Width,
};

/// Decodes a word whose low two bits are `11`.
pub(super) fn word(w: u32, isa: Isa) -> Instruction {
    let opcode = w & 0x7f;
    let funct3 = w >> 12 & 0x7;
    let funct7 = w >> 25 & 0x7f;
    let rd = (w >> 7 & 0x1f) as usize;
    let rs1 = (w >> 15 & 0x1f) as usize;
    let rs2 = (w >> 20 & 0x1f) as usize;

    match opcode {
        // LUI: places the 32-bit U-immediate into rd, filling in the lowest 12 bits with zeros.
        0b011_0111 => Instruction::Lui { rd, imm: w & 0xffff_f000 },

        // AUIPC: adds the U-immediate to the address of the AUIPC instruction.
        0b001_0111 => Instruction::Auipc { rd, imm: w & 0xffff_f000 },

        // JAL: the J-immediate encodes a signed offset in multiples of 2 bytes.
        0b110_1111 => Instruction::Jal { rd, offset: j_immediate(w) },

        // JALR: the target is obtained by adding the sign-extended 12-bit I-immediate to rs1.
        0b110_0111 => match funct3 {
            0b000 => Instruction::Jalr { rd, rs1, offset: i_immediate(w) },
            _ => Instruction::Illegal,
        },

        // BRANCH: the B-immediate encodes signed offsets in multiples of 2 bytes.
        0b110_0011 => {
            let condition = match funct3 {
                0b000 => Condition::Beq,
                0b001 => Condition::Bne,
                0b100 => Condition::Blt,
                0b101 => Condition::Bge,
                0b110 => Condition::Bltu,
                0b111 => Condition::Bgeu,
                _ => return Instruction::Illegal,
            };
            Instruction::Branch { condition, rs1, rs2, offset: b_immediate(w) }
        }

        // LOAD: encoded in the I-type format.
        0b000_0011 => {
            let (width, extend) = match funct3 {
                0b000 => (Width::Byte, Extend::Sign),
                0b001 => (Width::Half, Extend::Sign),
                0b010 => (Width::Word, Extend::Sign),
                0b100 => (Width::Byte, Extend::Zero),
                0b101 => (Width::Half, Extend::Zero),
                0b011 if isa.wide => (Width::Double, Extend::Sign),
                0b110 if isa.wide => (Width::Word, Extend::Zero),
                _ => return Instruction::Illegal,
            };
            Instruction::Load { width, extend, rd, rs1, offset: i_immediate(w) }
        }

        // STORE: encoded in the S-type format.
        0b010_0011 => {
            let width = match funct3 {
                0b000 => Width::Byte,
                0b001 => Width::Half,
                0b010 => Width::Word,
                0b011 if isa.wide => Width::Double,
                _ => return Instruction::Illegal,
            };
            Instruction::Store { width, rs1, rs2, offset: s_immediate(w) }
        }

        // OP-IMM: shifts by a constant are a specialization of the I-type format; the amount is
        // encoded in the lower 5 or 6 bits of the I-immediate field.
        0b001_0011 => {
            let amount = w >> 20 & if isa.wide { 0x3f } else { 0x1f };
            // what of the immediate is not an amount
            let high = if isa.wide { w >> 26 << 1 } else { funct7 };
            let (operation, imm) = match (funct3, high) {
                (0b000, _) => (Operation::Add, i_immediate(w)),
                (0b010, _) => (Operation::Slt, i_immediate(w)),
                (0b011, _) => (Operation::Sltu, i_immediate(w)),
                (0b100, _) => (Operation::Xor, i_immediate(w)),
                (0b110, _) => (Operation::Or, i_immediate(w)),
                (0b111, _) => (Operation::And, i_immediate(w)),
                (0b001, 0b000_0000) => (Operation::Sll, amount),
                (0b101, 0b000_0000) => (Operation::Srl, amount),
                (0b101, 0b010_0000) => (Operation::Sra, amount),
                _ if !isa.bits => return Instruction::Illegal,
                (0b101, 0b011_0000) => (Operation::Ror, amount),
                (0b001, 0b010_0100) => (Operation::Bclr, amount),
                (0b101, 0b010_0100) => (Operation::Bext, amount),
                (0b001, 0b011_0100) => (Operation::Binv, amount),
                (0b001, 0b001_0100) => (Operation::Bset, amount),
                _ => {
                    let function = match (funct3, w >> 20) {
                        (0b001, 0x600) => Function::Clz,
                        (0b001, 0x601) => Function::Ctz,
                        (0b001, 0x602) => Function::Cpop,
                        (0b001, 0x604) => Function::SextB,
                        (0b001, 0x605) => Function::SextH,
                        (0b101, 0x287) => Function::OrcB,
                        (0b101, 0x698) if !isa.wide => Function::Rev8,
                        (0b101, 0x6b8) if isa.wide => Function::Rev8,
                        _ => return Instruction::Illegal,
                    };
                    return Instruction::Unary { function, size: Size::Register, rd, rs1 };
                }
            };
            Instruction::Immediate { operation, size: Size::Register, rd, rs1, imm }
        }

        // OP-IMM-32: the same on the low 32 bits.
        0b001_1011 if isa.wide => {
            let shamt = w >> 20 & 0x1f;
            let (operation, imm) = match (funct3, funct7) {
                (0b000, _) => (Operation::Add, i_immediate(w)),
                (0b001, 0b000_0000) => (Operation::Sll, shamt),
                (0b101, 0b000_0000) => (Operation::Srl, shamt),
                (0b101, 0b010_0000) => (Operation::Sra, shamt),
                (0b101, 0b011_0000) if isa.bits => (Operation::Ror, shamt),
                (0b001, _) if isa.bits && w >> 26 == 0b00_0010 => {
                    let (operation, imm) = (Operation::SlliUw, w >> 20 & 0x3f);
                    return Instruction::Immediate {
                        operation,
                        size: Size::Register,
                        rd,
                        rs1,
                        imm,
                    };
                }
                (0b001, 0b011_0000) if isa.bits => {
                    let function = match rs2 {
                        0 => Function::Clz,
                        1 => Function::Ctz,
                        2 => Function::Cpop,
                        _ => return Instruction::Illegal,
                    };
                    return Instruction::Unary { function, size: Size::Word, rd, rs1 };
                }
                _ => return Instruction::Illegal,
            };
            Instruction::Immediate { operation, size: Size::Word, rd, rs1, imm }
        }

        // OP: R-type; funct7 and funct3 select the operation. funct7 1 is the M extension.
        0b011_0011 => {
            let operation = match (funct7, funct3) {
                (0b000_0000, 0b000) => Operation::Add,
                (0b010_0000, 0b000) => Operation::Sub,
                (0b000_0000, 0b001) => Operation::Sll,
                (0b000_0000, 0b010) => Operation::Slt,
                (0b000_0000, 0b011) => Operation::Sltu,
                (0b000_0000, 0b100) => Operation::Xor,
                (0b000_0000, 0b101) => Operation::Srl,
                (0b010_0000, 0b101) => Operation::Sra,
                (0b000_0000, 0b110) => Operation::Or,
                (0b000_0000, 0b111) => Operation::And,
                (0b000_0001, 0b000) => Operation::Mul,
                (0b000_0001, 0b001) => Operation::Mulh,
                (0b000_0001, 0b010) => Operation::Mulhsu,
                (0b000_0001, 0b011) => Operation::Mulhu,
                (0b000_0001, 0b100) => Operation::Div,
                (0b000_0001, 0b101) => Operation::Divu,
                (0b000_0001, 0b110) => Operation::Rem,
                (0b000_0001, 0b111) => Operation::Remu,
                _ if !isa.bits => return Instruction::Illegal,
                (0b001_0000, 0b010) => Operation::ShiftAdd(1),
                (0b001_0000, 0b100) => Operation::ShiftAdd(2),
                (0b001_0000, 0b110) => Operation::ShiftAdd(3),
                (0b010_0000, 0b111) => Operation::Andn,
                (0b010_0000, 0b110) => Operation::Orn,
                (0b010_0000, 0b100) => Operation::Xnor,
                (0b000_0101, 0b100) => Operation::Min,
                (0b000_0101, 0b101) => Operation::Minu,
                (0b000_0101, 0b110) => Operation::Max,
                (0b000_0101, 0b111) => Operation::Maxu,
                (0b011_0000, 0b001) => Operation::Rol,
                (0b011_0000, 0b101) => Operation::Ror,
                (0b010_0100, 0b001) => Operation::Bclr,
                (0b010_0100, 0b101) => Operation::Bext,
                (0b011_0100, 0b001) => Operation::Binv,
                (0b001_0100, 0b001) => Operation::Bset,
                (0b000_0111, 0b101) => Operation::CzeroEqz,
                (0b000_0111, 0b111) => Operation::CzeroNez,
                (0b000_0100, 0b100) if rs2 == 0 && !isa.wide => {
                    let (function, size) = (Function::ZextH, Size::Register);
                    return Instruction::Unary { function, size, rd, rs1 };
                }
                _ => return Instruction::Illegal,
            };
            Instruction::Register { operation, size: Size::Register, rd, rs1, rs2 }
        }

        // OP-32: the same on the low 32 bits.
        0b011_1011 if isa.wide => {
            let operation = match (funct7, funct3) {
                (0b000_0000, 0b000) => Operation::Add,
                (0b010_0000, 0b000) => Operation::Sub,
                (0b000_0000, 0b001) => Operation::Sll,
                (0b000_0000, 0b101) => Operation::Srl,
                (0b010_0000, 0b101) => Operation::Sra,
                (0b000_0001, 0b000) => Operation::Mul,
                (0b000_0001, 0b100) => Operation::Div,
                (0b000_0001, 0b101) => Operation::Divu,
                (0b000_0001, 0b110) => Operation::Rem,
                (0b000_0001, 0b111) => Operation::Remu,
                _ if !isa.bits => return Instruction::Illegal,
                (0b011_0000, 0b001) => Operation::Rol,
                (0b011_0000, 0b101) => Operation::Ror,
                (0b000_0100, 0b100) if rs2 == 0 => {
                    let (function, size) = (Function::ZextH, Size::Register);
                    return Instruction::Unary { function, size, rd, rs1 };
                }
                _ => {
                    let count = match (funct7, funct3) {
                        (0b000_0100, 0b000) => 0,
                        (0b001_0000, 0b010) => 1,
                        (0b001_0000, 0b100) => 2,
                        (0b001_0000, 0b110) => 3,
                        _ => return Instruction::Illegal,
                    };
                    let (operation, size) = (Operation::ShiftAddUw(count), Size::Register);
                    return Instruction::Register { operation, size, rd, rs1, rs2 };
                }
            };
            Instruction::Register { operation, size: Size::Word, rd, rs1, rs2 }
        }

        // MISC-MEM: funct3 0 is FENCE whatever the other fields; FENCE.I (funct3 1) is not there.
        0b000_1111 => match funct3 {
            0b000 => Instruction::Fence,
            _ => Instruction::Illegal,
        },

        // SYSTEM: exactly two words.
        0b111_0011 => match w {
            0x0000_0073 => Instruction::Ecall,
            0x0010_0073 => Instruction::Ebreak,
            _ => Instruction::Illegal,
        },

        // AMO: funct5 in bits 31:27, aq in bit 26 and rl in bit 25 are ignored. Width W, on RV64 also D.
        0b010_1111 if funct3 == 0b010 || isa.wide && funct3 == 0b011 => {
            let width = if funct3 == 0b010 { Width::Word } else { Width::Double };
            let operation = match w >> 27 {
                0b00010 if rs2 == 0 => return Instruction::LoadReserved { width, rd, rs1 },
                0b00011 => return Instruction::StoreConditional { width, rd, rs1, rs2 },
                0b00001 => AmoOperation::Swap,
                0b00000 => AmoOperation::Add,
                0b00100 => AmoOperation::Xor,
                0b01100 => AmoOperation::And,
                0b01000 => AmoOperation::Or,
                0b10000 => AmoOperation::Min,
                0b10100 => AmoOperation::Max,
                0b11000 => AmoOperation::Minu,
                0b11100 => AmoOperation::Maxu,
                _ => return Instruction::Illegal,
            };
            Instruction::Amo { operation, width, rd, rs1, rs2 }
        }

        _ => Instruction::Illegal,
    }
}

/// `imm[11:0]` is `inst[31:20]`.
fn i_immediate(w: u32) -> u32 {
    sign_extend(w >> 20 & 0xfff, 12)
}

/// `imm[11:5]` is `inst[31:25]`, `imm[4:0]` is `inst[11:7]`.
fn s_immediate(w: u32) -> u32 {
    sign_extend((w >> 25 & 0x7f) << 5 | w >> 7 & 0x1f, 12)
}

/// `imm[12|10:5]` is `inst[31:25]`, `imm[4:1|11]` is `inst[11:7]`.
fn b_immediate(w: u32) -> u32 {
    let imm =
        (w >> 31 & 1) << 12 | (w >> 25 & 0x3f) << 5 | (w >> 8 & 0xf) << 1 | (w >> 7 & 1) << 11;
    sign_extend(imm, 13)
}

/// `imm[20|10:1|11|19:12]` is `inst[31:12]`.
fn j_immediate(w: u32) -> u32 {
    let imm =
        (w >> 31 & 1) << 20 | (w >> 21 & 0x3ff) << 1 | (w >> 20 & 1) << 11 | (w >> 12 & 0xff) << 12;
    sign_extend(imm, 21)
}

/// Copies bit `bits - 1` of `value` into all bits above.
pub(super) fn sign_extend(value: u32, bits: u32) -> u32 {
    if value >> (bits - 1) & 1 == 1 { value | u32::MAX << (bits - 1) } else { value }
}
