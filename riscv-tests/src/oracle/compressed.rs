//! The 16-bit encodings: each means its 32-bit expansion.

use super::Isa;
use super::decode::sign_extend;
use super::instruction::{Condition, Extend, Function, Instruction, Operation, Size, Width};

/// Decodes a parcel whose low two bits are not `11`.
pub(super) fn parcel(c: u32, isa: Isa) -> Instruction {
    let quadrant = c & 0b11;
    let funct3 = c >> 13 & 0b111;
    // Full register fields, and the three-bit fields that name x8 to x15.
    let rd = (c >> 7 & 0x1f) as usize;
    let rs2 = (c >> 2 & 0x1f) as usize;
    let high = (c >> 7 & 0b111) as usize + 8;
    let low = (c >> 2 & 0b111) as usize + 8;
    // The six-bit immediate of the CI format: imm[5] in bit 12, imm[4:0] in bits 6:2.
    let imm6 = sign_extend((c >> 12 & 1) << 5 | c >> 2 & 0x1f, 6);
    let bit12 = c >> 12 & 1;
    // RV32 has no shift amount with bit 5 set.
    let amount = bit12 << 5 | c >> 2 & 0x1f;
    let is_amount = isa.wide || bit12 == 0;

    match (quadrant, funct3) {
        // C.ADDI4SPN: addi rd', x2, nzuimm[9:2]. Reserved with nzuimm = 0; the parcel 0 is the
        // defined illegal instruction, and it is one of these.
        (0b00, 0b000) => {
            let imm = bits(c, 12, 11) << 4
                | bits(c, 10, 7) << 6
                | bits(c, 6, 6) << 2
                | bits(c, 5, 5) << 3;
            match imm {
                0 => Instruction::Illegal,
                _ => immediate(Operation::Add, low, 2, imm),
            }
        }
        // C.LW: lw rd', offset[6:2](rs1').
        (0b00, 0b010) => load(low, high, word_offset(c)),
        // C.LD and C.SD, of RV64: offset[7:3].
        (0b00, 0b011) if isa.wide => load_double(low, high, double_offset(c)),
        (0b00, 0b111) if isa.wide => store_double(high, low, double_offset(c)),
        // Zcb: C.LBU, C.LHU, C.LH, C.SB, C.SH; uimm[0] in bit 6, uimm[1] in bit 5.
        (0b00, 0b100) if isa.bits => {
            let (byte, half) = (bits(c, 6, 6) | bits(c, 5, 5) << 1, bits(c, 5, 5) << 1);
            let access = |width, extend, offset| Instruction::Load {
                width,
                extend,
                rd: low,
                rs1: high,
                offset,
            };
            let put = |width, offset| Instruction::Store { width, rs1: high, rs2: low, offset };
            match (bits(c, 12, 10), bits(c, 6, 6)) {
                (0b000, _) => access(Width::Byte, Extend::Zero, byte),
                (0b001, 0) => access(Width::Half, Extend::Zero, half),
                (0b001, _) => access(Width::Half, Extend::Sign, half),
                (0b010, _) => put(Width::Byte, byte),
                (0b011, 0) => put(Width::Half, half),
                _ => Instruction::Illegal,
            }
        }
        // C.SW: sw rs2', offset[6:2](rs1').
        (0b00, 0b110) => store(high, low, word_offset(c)),

        // C.NOP, C.ADDI: addi rd, rd, imm[5:0]. With rd = x0 or imm = 0: NOP or HINT.
        (0b01, 0b000) => immediate(Operation::Add, rd, rd, imm6),
        // C.ADDIW, of RV64, in the place of C.JAL: addiw rd, rd, imm[5:0]. Reserved with rd = x0.
        (0b01, 0b001) if isa.wide => match rd {
            0 => Instruction::Illegal,
            _ => Instruction::Immediate {
                operation: Operation::Add,
                size: Size::Word,
                rd,
                rs1: rd,
                imm: imm6,
            },
        },
        // C.JAL: jal x1, offset[11:1].
        (0b01, 0b001) => Instruction::Jal { rd: 1, offset: jump_offset(c) },
        // C.LI: addi rd, x0, imm[5:0].
        (0b01, 0b010) => immediate(Operation::Add, rd, 0, imm6),
        // C.ADDI16SP: addi x2, x2, nzimm[9:4]. Reserved with nzimm = 0.
        (0b01, 0b011) if rd == 2 => {
            let imm = bits(c, 12, 12) << 9
                | bits(c, 6, 6) << 4
                | bits(c, 5, 5) << 6
                | bits(c, 4, 3) << 7
                | bits(c, 2, 2) << 5;
            match imm {
                0 => Instruction::Illegal,
                _ => immediate(Operation::Add, 2, 2, sign_extend(imm, 10)),
            }
        }
        // C.LUI: lui rd, nzimm[17:12]. Reserved with nzimm = 0; with rd = x0 a HINT.
        (0b01, 0b011) => match imm6 {
            0 => Instruction::Illegal,
            _ => Instruction::Lui { rd, imm: imm6 << 12 },
        },
        (0b01, 0b100) => match bits(c, 11, 10) {
            // C.SRLI, C.SRAI: shamt[5] must be zero on RV32.
            0b00 if is_amount => immediate(Operation::Srl, high, high, amount),
            0b01 if is_amount => immediate(Operation::Sra, high, high, amount),
            // C.ANDI: andi rd', rd', imm[5:0].
            0b10 => immediate(Operation::And, high, high, imm6),
            // C.SUB, C.XOR, C.OR, C.AND; with bit 12 set C.SUBW, C.ADDW and reserved.
            0b11 if bit12 == 0 => match bits(c, 6, 5) {
                0b00 => register(Operation::Sub, high, high, low),
                0b01 => register(Operation::Xor, high, high, low),
                0b10 => register(Operation::Or, high, high, low),
                _ => register(Operation::And, high, high, low),
            },
            0b11 => match (bits(c, 6, 5), bits(c, 4, 2)) {
                // C.SUBW and C.ADDW, of RV64.
                (0b00, _) if isa.wide => word(Operation::Sub, high, low),
                (0b01, _) if isa.wide => word(Operation::Add, high, low),
                // Zcb: C.MUL, C.ZEXT.B, C.SEXT.B, C.ZEXT.H, C.SEXT.H, C.ZEXT.W of RV64, C.NOT.
                (0b10, _) if isa.bits => register(Operation::Mul, high, high, low),
                (0b11, 0b000) if isa.bits => immediate(Operation::And, high, high, 0xff),
                (0b11, 0b001) if isa.bits => unary(Function::SextB, high),
                (0b11, 0b010) if isa.bits => unary(Function::ZextH, high),
                (0b11, 0b011) if isa.bits => unary(Function::SextH, high),
                (0b11, 0b100) if isa.bits && isa.wide => {
                    register(Operation::ShiftAddUw(0), high, high, 0)
                }
                (0b11, 0b101) if isa.bits => immediate(Operation::Xor, high, high, u32::MAX),
                _ => Instruction::Illegal,
            },
            _ => Instruction::Illegal,
        },
        // C.J: jal x0, offset[11:1].
        (0b01, 0b101) => Instruction::Jal { rd: 0, offset: jump_offset(c) },
        // C.BEQZ: beq rs1', x0, offset[8:1].
        (0b01, 0b110) => branch(Condition::Beq, high, branch_offset(c)),
        // C.BNEZ: bne rs1', x0, offset[8:1].
        (0b01, 0b111) => branch(Condition::Bne, high, branch_offset(c)),

        // C.SLLI: slli rd, rd, shamt; shamt[5] must be zero on RV32. With rd = x0 a HINT.
        (0b10, 0b000) => match is_amount {
            true => immediate(Operation::Sll, rd, rd, amount),
            false => Instruction::Illegal,
        },
        // C.LDSP and C.SDSP, of RV64: offset[8:3]. C.LDSP is reserved with rd = x0.
        (0b10, 0b011) if isa.wide && rd != 0 => {
            load_double(rd, 2, bits(c, 12, 12) << 5 | bits(c, 6, 5) << 3 | bits(c, 4, 2) << 6)
        }
        (0b10, 0b111) if isa.wide => {
            store_double(2, rs2, bits(c, 12, 10) << 3 | bits(c, 9, 7) << 6)
        }
        // C.LWSP: lw rd, offset[7:2](x2). Reserved with rd = x0.
        (0b10, 0b010) if rd != 0 => {
            load(rd, 2, bits(c, 12, 12) << 5 | bits(c, 6, 4) << 2 | bits(c, 3, 2) << 6)
        }
        (0b10, 0b100) => match (bit12, rd, rs2) {
            // Bit 12 clear and rs2 = 0 is C.JR: jalr x0, 0(rs1). Reserved with rs1 = x0.
            (0, 0, 0) => Instruction::Illegal,
            (0, rs1, 0) => Instruction::Jalr { rd: 0, rs1, offset: 0 },
            // C.MV: add rd, x0, rs2. With rd = x0 a HINT.
            (0, rd, rs2) => register(Operation::Add, rd, 0, rs2),
            (_, 0, 0) => Instruction::Ebreak,
            // C.JALR: jalr x1, 0(rs1).
            (_, rs1, 0) => Instruction::Jalr { rd: 1, rs1, offset: 0 },
            // C.ADD: add rd, rd, rs2. With rd = x0 a HINT.
            (_, rd, rs2) => register(Operation::Add, rd, rd, rs2),
        },
        // C.SWSP: sw rs2, offset[7:2](x2).
        (0b10, 0b110) => store(2, rs2, bits(c, 12, 9) << 2 | bits(c, 8, 7) << 6),

        // The float forms, and funct3 100 of quadrant 0, which is reserved.
        _ => Instruction::Illegal,
    }
}

/// `c[high:low]`.
fn bits(c: u32, high: u32, low: u32) -> u32 {
    c >> low & ((1 << (high - low + 1)) - 1)
}

/// `offset[5:3]` in bits 12:10, `offset[2]` in bit 6, `offset[6]` in bit 5.
fn word_offset(c: u32) -> u32 {
    bits(c, 12, 10) << 3 | bits(c, 6, 6) << 2 | bits(c, 5, 5) << 6
}

/// `offset[11|4|9:8|10|6|7|3:1|5]` in bits 12:2.
fn jump_offset(c: u32) -> u32 {
    let offset = bits(c, 12, 12) << 11
        | bits(c, 11, 11) << 4
        | bits(c, 10, 9) << 8
        | bits(c, 8, 8) << 10
        | bits(c, 7, 7) << 6
        | bits(c, 6, 6) << 7
        | bits(c, 5, 3) << 1
        | bits(c, 2, 2) << 5;
    sign_extend(offset, 12)
}

/// `offset[8|4:3]` in bits 12:10, `offset[7:6|2:1|5]` in bits 6:2.
fn branch_offset(c: u32) -> u32 {
    let offset = bits(c, 12, 12) << 8
        | bits(c, 11, 10) << 3
        | bits(c, 6, 5) << 6
        | bits(c, 4, 3) << 1
        | bits(c, 2, 2) << 5;
    sign_extend(offset, 9)
}

fn immediate(operation: Operation, rd: usize, rs1: usize, imm: u32) -> Instruction {
    Instruction::Immediate { operation, size: Size::Register, rd, rs1, imm }
}

fn register(operation: Operation, rd: usize, rs1: usize, rs2: usize) -> Instruction {
    Instruction::Register { operation, size: Size::Register, rd, rs1, rs2 }
}

fn word(operation: Operation, rd: usize, rs2: usize) -> Instruction {
    Instruction::Register { operation, size: Size::Word, rd, rs1: rd, rs2 }
}

fn unary(function: Function, rd: usize) -> Instruction {
    Instruction::Unary { function, size: Size::Register, rd, rs1: rd }
}

fn load_double(rd: usize, rs1: usize, offset: u32) -> Instruction {
    Instruction::Load { width: Width::Double, extend: Extend::Sign, rd, rs1, offset }
}

fn store_double(rs1: usize, rs2: usize, offset: u32) -> Instruction {
    Instruction::Store { width: Width::Double, rs1, rs2, offset }
}

/// `offset[5:3]` in bits 12:10, `offset[7:6]` in bits 6:5.
fn double_offset(c: u32) -> u32 {
    bits(c, 12, 10) << 3 | bits(c, 6, 5) << 6
}

fn load(rd: usize, rs1: usize, offset: u32) -> Instruction {
    Instruction::Load { width: Width::Word, extend: Extend::Sign, rd, rs1, offset }
}

fn store(rs1: usize, rs2: usize, offset: u32) -> Instruction {
    Instruction::Store { width: Width::Word, rs1, rs2, offset }
}

fn branch(condition: Condition, rs1: usize, offset: u32) -> Instruction {
    Instruction::Branch { condition, rs1, rs2: 0, offset }
}
