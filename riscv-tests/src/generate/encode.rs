//! Encoders: literal bit building. Register arguments are taken modulo 32 (or name x8 to x15 by
//! their low three bits), immediates modulo their field, so that random numbers can go in as is.

pub(crate) const LUI: u32 = 0x37;
pub(crate) const AUIPC: u32 = 0x17;
pub(crate) const OP_IMM: u32 = 0x13;
pub(crate) const OP: u32 = 0x33;
pub(crate) const LOAD: u32 = 0x03;
pub(crate) const STORE: u32 = 0x23;
pub(crate) const BRANCH: u32 = 0x63;
pub(crate) const JAL: u32 = 0x6f;
pub(crate) const JALR: u32 = 0x67;
pub(crate) const AMO: u32 = 0x2f;
pub(crate) const MISC_MEM: u32 = 0x0f;

pub(crate) const ECALL: u32 = 0x0000_0073;
pub(crate) const EBREAK: u32 = 0x0010_0073;

pub(crate) fn r(opcode: u32, funct3: u32, funct7: u32, rd: u32, rs1: u32, rs2: u32) -> u32 {
    funct7 << 25 | reg(rs2) << 20 | reg(rs1) << 15 | funct3 << 12 | reg(rd) << 7 | opcode
}

pub(crate) fn i(opcode: u32, funct3: u32, rd: u32, rs1: u32, imm: u32) -> u32 {
    imm << 20 | reg(rs1) << 15 | funct3 << 12 | reg(rd) << 7 | opcode
}

pub(crate) fn s(opcode: u32, funct3: u32, rs1: u32, rs2: u32, imm: u32) -> u32 {
    let (high, low) = (imm >> 5 & 0x7f, imm & 0x1f);
    high << 25 | reg(rs2) << 20 | reg(rs1) << 15 | funct3 << 12 | low << 7 | opcode
}

pub(crate) fn branch(funct3: u32, rs1: u32, rs2: u32, offset: u32) -> u32 {
    let high = bits(offset, 12, 12) << 6 | bits(offset, 10, 5);
    let low = bits(offset, 4, 1) << 1 | bits(offset, 11, 11);
    high << 25 | reg(rs2) << 20 | reg(rs1) << 15 | funct3 << 12 | low << 7 | BRANCH
}

/// `imm` is the whole 32-bit value; its low 12 bits do not count.
pub(crate) fn u(opcode: u32, rd: u32, imm: u32) -> u32 {
    imm & 0xffff_f000 | reg(rd) << 7 | opcode
}

pub(crate) fn jal(rd: u32, offset: u32) -> u32 {
    let imm = bits(offset, 20, 20) << 19
        | bits(offset, 10, 1) << 9
        | bits(offset, 11, 11) << 8
        | bits(offset, 19, 12);
    imm << 12 | reg(rd) << 7 | JAL
}

pub(crate) fn jalr(rd: u32, rs1: u32, imm: u32) -> u32 {
    i(JALR, 0, rd, rs1, imm)
}

pub(crate) fn addi(rd: u32, rs1: u32, imm: u32) -> u32 {
    i(OP_IMM, 0, rd, rs1, imm)
}

pub(crate) fn slli(rd: u32, rs1: u32, shamt: u32) -> u32 {
    i(OP_IMM, 1, rd, rs1, shamt & 31)
}

pub(crate) fn add(rd: u32, rs1: u32, rs2: u32) -> u32 {
    r(OP, 0, 0, rd, rs1, rs2)
}

pub(crate) fn lw(rd: u32, rs1: u32, imm: u32) -> u32 {
    i(LOAD, 2, rd, rs1, imm)
}

pub(crate) fn sw(rs2: u32, rs1: u32, imm: u32) -> u32 {
    s(STORE, 2, rs1, rs2, imm)
}

pub(crate) fn amo(funct5: u32, rd: u32, rs1: u32, rs2: u32) -> u32 {
    r(AMO, 2, funct5 << 2, rd, rs1, rs2)
}

pub(crate) const C_NOP: u32 = 0x0001;
pub(crate) const C_EBREAK: u32 = 0x9002;

pub(crate) fn c_addi4spn(rd: u32, imm: u32) -> u32 {
    bits(imm, 5, 4) << 11
        | bits(imm, 9, 6) << 7
        | bits(imm, 2, 2) << 6
        | bits(imm, 3, 3) << 5
        | bits(rd, 2, 0) << 2
}

pub(crate) fn c_lw(rd: u32, rs1: u32, offset: u32) -> u32 {
    0x4000 | c_word(rd, rs1, offset)
}

pub(crate) fn c_sw(rs2: u32, rs1: u32, offset: u32) -> u32 {
    0xc000 | c_word(rs2, rs1, offset)
}

fn c_word(data: u32, base: u32, offset: u32) -> u32 {
    bits(offset, 5, 3) << 10
        | bits(base, 2, 0) << 7
        | bits(offset, 2, 2) << 6
        | bits(offset, 6, 6) << 5
        | bits(data, 2, 0) << 2
}

/// The CI format: `funct3` and `quadrant` select C.ADDI, C.LI, C.LUI (`imm` is then `imm[17:12]`)
/// or C.SLLI.
pub(crate) fn ci(quadrant: u32, funct3: u32, rd: u32, imm: u32) -> u32 {
    funct3 << 13 | bits(imm, 5, 5) << 12 | reg(rd) << 7 | bits(imm, 4, 0) << 2 | quadrant
}

pub(crate) fn c_addi(rd: u32, imm: u32) -> u32 {
    ci(1, 0, rd, imm)
}

pub(crate) fn c_li(rd: u32, imm: u32) -> u32 {
    ci(1, 2, rd, imm)
}

pub(crate) fn c_addi16sp(imm: u32) -> u32 {
    0x6101
        | bits(imm, 9, 9) << 12
        | bits(imm, 4, 4) << 6
        | bits(imm, 6, 6) << 5
        | bits(imm, 8, 7) << 3
        | bits(imm, 5, 5) << 2
}

/// C.SRLI, C.SRAI and C.ANDI: `funct2` 0, 1 and 2.
pub(crate) fn c_alu_immediate(funct2: u32, rd: u32, imm: u32) -> u32 {
    0x8001 | bits(imm, 5, 5) << 12 | funct2 << 10 | bits(rd, 2, 0) << 7 | bits(imm, 4, 0) << 2
}

/// C.SUB, C.XOR, C.OR and C.AND: `funct2` 0 to 3.
pub(crate) fn c_alu(funct2: u32, rd: u32, rs2: u32) -> u32 {
    0x8c01 | bits(rd, 2, 0) << 7 | funct2 << 5 | bits(rs2, 2, 0) << 2
}

pub(crate) fn c_j(offset: u32) -> u32 {
    0xa001 | c_jump(offset)
}

pub(crate) fn c_jal(offset: u32) -> u32 {
    0x2001 | c_jump(offset)
}

fn c_jump(offset: u32) -> u32 {
    bits(offset, 11, 11) << 12
        | bits(offset, 4, 4) << 11
        | bits(offset, 9, 8) << 9
        | bits(offset, 10, 10) << 8
        | bits(offset, 6, 6) << 7
        | bits(offset, 7, 7) << 6
        | bits(offset, 3, 1) << 3
        | bits(offset, 5, 5) << 2
}

/// C.BEQZ with `funct3` 6, C.BNEZ with 7.
pub(crate) fn c_branch(funct3: u32, rs1: u32, offset: u32) -> u32 {
    funct3 << 13
        | bits(offset, 8, 8) << 12
        | bits(offset, 4, 3) << 10
        | bits(rs1, 2, 0) << 7
        | bits(offset, 7, 6) << 5
        | bits(offset, 2, 1) << 3
        | bits(offset, 5, 5) << 2
        | 1
}

pub(crate) fn c_lwsp(rd: u32, offset: u32) -> u32 {
    0x4002
        | bits(offset, 5, 5) << 12
        | reg(rd) << 7
        | bits(offset, 4, 2) << 4
        | bits(offset, 7, 6) << 2
}

pub(crate) fn c_swsp(rs2: u32, offset: u32) -> u32 {
    0xc002 | bits(offset, 5, 2) << 9 | bits(offset, 7, 6) << 7 | reg(rs2) << 2
}

/// C.JR, C.MV, C.JALR and C.ADD: with `bit12` 0 or 1, and `rs2` 0 for the jumps.
pub(crate) fn cr(bit12: u32, rd: u32, rs2: u32) -> u32 {
    0x8002 | bit12 << 12 | reg(rd) << 7 | reg(rs2) << 2
}

fn reg(x: u32) -> u32 {
    x & 0x1f
}

/// `value[high:low]`.
fn bits(value: u32, high: u32, low: u32) -> u32 {
    value >> low & ((1 << (high - low + 1)) - 1)
}
