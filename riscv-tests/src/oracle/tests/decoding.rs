//! Encodings, against words that an assembler of another project produced.

use super::super::instruction::{
    AmoOperation as A, Condition as C, Extend as E, Function as F, Instruction as I,
    Operation as O, Size as Z, Width as W,
};
use super::super::{Isa, compressed, decode};

const RV32: Isa = Isa { wide: false, bits: false };
const RV32B: Isa = Isa { wide: false, bits: true };
const RV64: Isa = Isa { wide: true, bits: true };

fn load(width: W, extend: E, rd: usize, rs1: usize, offset: i32) -> I {
    I::Load { width, extend, rd, rs1, offset: offset.cast_unsigned() }
}

fn store(width: W, rs2: usize, rs1: usize, offset: i32) -> I {
    I::Store { width, rs1, rs2, offset: offset.cast_unsigned() }
}

fn imm(operation: O, rd: usize, rs1: usize, imm: i32) -> I {
    I::Immediate { operation, size: Z::Register, rd, rs1, imm: imm.cast_unsigned() }
}

fn reg(operation: O, rd: usize, rs1: usize, rs2: usize) -> I {
    I::Register { operation, size: Z::Register, rd, rs1, rs2 }
}

fn branch(condition: C, rs1: usize, rs2: usize, offset: i32) -> I {
    I::Branch { condition, rs1, rs2, offset: offset.cast_unsigned() }
}

fn amo(operation: A, rd: usize, rs2: usize, rs1: usize) -> I {
    I::Amo { operation, width: W::Word, rd, rs1, rs2 }
}

fn jal(rd: usize, offset: i32) -> I {
    I::Jal { rd, offset: offset.cast_unsigned() }
}

#[test]
fn words_decode_as_the_manual_says() {
    let table = [
        (0x1234_52b7, I::Lui { rd: 5, imm: 0x1234_5000 }),
        (0xffff_f317, I::Auipc { rd: 6, imm: 0xffff_f000 }),
        (0xffdf_f0ef, jal(1, -4)),
        (0x3225_406f, jal(0, 0x54322)),
        (0xff93_02e7, I::Jalr { rd: 5, rs1: 6, offset: (-7_i32).cast_unsigned() }),
        (0x0020_8863, branch(C::Beq, 1, 2, 16)),
        (0x8041_9063, branch(C::Bne, 3, 4, -4096)),
        (0x7e62_cfe3, branch(C::Blt, 5, 6, 4094)),
        (0x0083_d0e3, branch(C::Bge, 7, 8, 2048)),
        (0xfea4_efe3, branch(C::Bltu, 9, 10, -2)),
        (0x02c5_f063, branch(C::Bgeu, 11, 12, 32)),
        (0xfff1_0083, load(W::Byte, E::Sign, 1, 2, -1)),
        (0x0022_1183, load(W::Half, E::Sign, 3, 4, 2)),
        (0x7ff3_2283, load(W::Word, E::Sign, 5, 6, 2047)),
        (0x8004_4383, load(W::Byte, E::Zero, 7, 8, -2048)),
        (0x0005_5483, load(W::Half, E::Zero, 9, 10, 0)),
        (0xfe11_0fa3, store(W::Byte, 1, 2, -1)),
        (0x0032_1fa3, store(W::Half, 3, 4, 31)),
        (0x7e53_2fa3, store(W::Word, 5, 6, 2047)),
        (0xfff1_0093, imm(O::Add, 1, 2, -1)),
        (0x8002_2193, imm(O::Slt, 3, 4, -2048)),
        (0x7ff3_3293, imm(O::Sltu, 5, 6, 2047)),
        (0xfff4_4393, imm(O::Xor, 7, 8, -1)),
        (0x0015_6493, imm(O::Or, 9, 10, 1)),
        (0x00f6_7593, imm(O::And, 11, 12, 15)),
        (0x01f7_1693, imm(O::Sll, 13, 14, 31)),
        (0x0018_5793, imm(O::Srl, 15, 16, 1)),
        (0x4109_5893, imm(O::Sra, 17, 18, 16)),
        (0x0031_00b3, reg(O::Add, 1, 2, 3)),
        (0x4062_8233, reg(O::Sub, 4, 5, 6)),
        (0x0094_13b3, reg(O::Sll, 7, 8, 9)),
        (0x00c5_a533, reg(O::Slt, 10, 11, 12)),
        (0x00f7_36b3, reg(O::Sltu, 13, 14, 15)),
        (0x0128_c833, reg(O::Xor, 16, 17, 18)),
        (0x015a_59b3, reg(O::Srl, 19, 20, 21)),
        (0x418b_db33, reg(O::Sra, 22, 23, 24)),
        (0x01bd_6cb3, reg(O::Or, 25, 26, 27)),
        (0x01ee_fe33, reg(O::And, 28, 29, 30)),
        (0x0220_8fb3, reg(O::Mul, 31, 1, 2)),
        (0x0252_11b3, reg(O::Mulh, 3, 4, 5)),
        (0x0283_a333, reg(O::Mulhsu, 6, 7, 8)),
        (0x02b5_34b3, reg(O::Mulhu, 9, 10, 11)),
        (0x02e6_c633, reg(O::Div, 12, 13, 14)),
        (0x0318_57b3, reg(O::Divu, 15, 16, 17)),
        (0x0349_e933, reg(O::Rem, 18, 19, 20)),
        (0x037b_7ab3, reg(O::Remu, 21, 22, 23)),
        (0x0ff0_000f, I::Fence),
        (0x8330_000f, I::Fence),
        (0x0100_000f, I::Fence),
        (0xffff_8f8f, I::Fence),
        (0x0000_0073, I::Ecall),
        (0x0010_0073, I::Ebreak),
        (0x1001_20af, I::LoadReserved { width: W::Word, rd: 1, rs1: 2 }),
        (0x1601_20af, I::LoadReserved { width: W::Word, rd: 1, rs1: 2 }),
        (0x1842_a1af, I::StoreConditional { width: W::Word, rd: 3, rs1: 5, rs2: 4 }),
        (0x0874_232f, amo(A::Swap, 6, 7, 8)),
        (0x04a5_a4af, amo(A::Add, 9, 10, 11)),
        (0x22d7_262f, amo(A::Xor, 12, 13, 14)),
        (0x6108_a7af, amo(A::And, 15, 16, 17)),
        (0x413a_292f, amo(A::Or, 18, 19, 20)),
        (0x816b_aaaf, amo(A::Min, 21, 22, 23)),
        (0xa19d_2c2f, amo(A::Max, 24, 25, 26)),
        (0xc1ce_adaf, amo(A::Minu, 27, 28, 29)),
        (0xe1f0_af2f, amo(A::Maxu, 30, 31, 1)),
    ];
    for (word, instruction) in table {
        assert_eq!(decode::word(word, RV32), instruction, "{word:#010x}");
    }
}

#[test]
fn what_other_profiles_have_decodes_there() {
    let word = |operation, rd, rs1, rs2| I::Register { operation, size: Z::Word, rd, rs1, rs2 };
    let unary = |function, rd, rs1| I::Unary { function, size: Z::Register, rd, rs1 };
    let table = [
        (RV64, 0x0002_3183, load(W::Double, E::Sign, 3, 4, 0)),
        (RV64, 0x0002_6183, load(W::Word, E::Zero, 3, 4, 0)),
        (RV64, 0x0032_3fa3, store(W::Double, 3, 4, 31)),
        (RV64, 0x03f7_1693, imm(O::Sll, 13, 14, 63)),
        (RV64, 0x0031_00bb, word(O::Add, 1, 2, 3)),
        (RV64, 0x4062_823b, word(O::Sub, 4, 5, 6)),
        (RV64, 0x0252_41bb, word(O::Div, 3, 4, 5)),
        (RV64, 0x0831_00bb, reg(O::ShiftAddUw(0), 1, 2, 3)),
        (RV64, 0x6b81_5093, unary(F::Rev8, 1, 2)),
        (RV32B, 0x6981_5093, unary(F::Rev8, 1, 2)),
        (RV32B, 0x0801_40b3, unary(F::ZextH, 1, 2)),
        (RV64, 0x0801_40bb, unary(F::ZextH, 1, 2)),
        (RV32B, 0x6001_1093, unary(F::Clz, 1, 2)),
        (RV32B, 0x2871_5093, unary(F::OrcB, 1, 2)),
        (RV32B, 0x2031_40b3, reg(O::ShiftAdd(2), 1, 2, 3)),
        (RV32B, 0x4031_70b3, reg(O::Andn, 1, 2, 3)),
        (RV32B, 0x0e31_50b3, reg(O::CzeroEqz, 1, 2, 3)),
        (RV64, 0x63f1_5093, imm(O::Ror, 1, 2, 63)),
        (RV32B, 0x6201_5093, I::Illegal),
        (RV64, 0x6981_5093, I::Illegal),
        (RV32B, 0x6b81_5093, I::Illegal),
        (RV32B, 0x0031_00bb, I::Illegal),
    ];
    for (isa, word, instruction) in table {
        assert_eq!(decode::word(word, isa), instruction, "{word:#010x}");
    }
}

#[test]
fn everything_else_is_illegal() {
    let table = [
        (0x0000_100f, "fence.i"),
        (0xc000_1073, "unimp"),
        (0x3020_0073, "mret"),
        (0x1050_0073, "wfi"),
        (0x0020_0073, "uret"),
        (0x0000_00f3, "ecall with rd = 1"),
        (0x0000_8073, "ecall with rs1 = 1"),
        (0x3000_2573, "csrr"),
        (0x0000_2063, "branch, funct3 2"),
        (0x0000_3063, "branch, funct3 3"),
        (0x0000_3003, "ld"),
        (0x0000_6003, "lwu"),
        (0x0000_7003, "load, funct3 7"),
        (0x0000_3023, "sd"),
        (0x0000_7023, "store, funct3 7"),
        (0x0000_1067, "jalr, funct3 1"),
        (0x0200_1013, "slli, bit 25"),
        (0x4000_1013, "slli, bit 30"),
        (0x0200_5013, "srli, bit 25"),
        (0x4200_5013, "srai, bit 25"),
        (0x8000_5013, "srli, bit 31"),
        (0x4000_1033, "sll, funct7 0x20"),
        (0x4000_4033, "xnor"),
        (0x4000_7033, "andn"),
        (0x0400_0033, "op, funct7 2"),
        (0x0a00_4033, "min"),
        (0x4200_0033, "op, funct7 0x21"),
        (0x1011_20af, "lr.w with rs2 = 1"),
        (0x1001_30af, "lr.d"),
        (0x0000_102f, "amo, funct3 1"),
        (0x2800_202f, "amocas.w"),
        (0x4800_202f, "amo, funct5 9"),
        (0xf800_202f, "amo, funct5 31"),
        (0x0000_001b, "addiw"),
        (0x0000_003b, "addw"),
        (0x0000_2007, "flw"),
        (0x0000_0053, "fadd.s"),
        (0x0000_000b, "custom-0"),
        (0x0000_0057, "op-v"),
        (0x0000_001f, "48 bits"),
        (0x0000_007f, "80 bits"),
        (0xffff_ffff, "all ones"),
    ];
    for (word, name) in table {
        assert_eq!(decode::word(word, RV32), I::Illegal, "{name}");
    }
}

#[test]
fn parcels_decode_as_their_expansions() {
    let table = [
        (0x0040, imm(O::Add, 8, 2, 4)),
        (0x1ffc, imm(O::Add, 15, 2, 1020)),
        (0x5d64, load(W::Word, E::Sign, 9, 10, 124)),
        (0x43c0, load(W::Word, E::Sign, 8, 15, 4)),
        (0xc22c, store(W::Word, 11, 12, 64)),
        (0x0001, imm(O::Add, 0, 0, 0)),
        (0x1281, imm(O::Add, 5, 5, -32)),
        (0x0ffd, imm(O::Add, 31, 31, 31)),
        (0x3001, jal(1, -2048)),
        (0x2ffd, jal(1, 2046)),
        (0x557d, imm(O::Add, 10, 0, -1)),
        (0x7101, imm(O::Add, 2, 2, -512)),
        (0x6141, imm(O::Add, 2, 2, 16)),
        (0x7181, I::Lui { rd: 3, imm: 0xfffe_0000 }),
        (0x6f85, I::Lui { rd: 31, imm: 0x1000 }),
        (0x807d, imm(O::Srl, 8, 8, 31)),
        (0x8785, imm(O::Sra, 15, 15, 1)),
        (0x98f9, imm(O::And, 9, 9, -2)),
        (0x8c05, reg(O::Sub, 8, 8, 9)),
        (0x8d2d, reg(O::Xor, 10, 10, 11)),
        (0x8e55, reg(O::Or, 12, 12, 13)),
        (0x8f7d, reg(O::And, 14, 14, 15)),
        (0xa011, jal(0, 4)),
        (0xbffd, jal(0, -2)),
        (0xd001, branch(C::Beq, 8, 0, -256)),
        (0xeffd, branch(C::Bne, 15, 0, 254)),
        (0x00fe, imm(O::Sll, 1, 1, 31)),
        (0x50fe, load(W::Word, E::Sign, 1, 2, 252)),
        (0x8082, I::Jalr { rd: 0, rs1: 1, offset: 0 }),
        (0x8192, reg(O::Add, 3, 0, 4)),
        (0x9002, I::Ebreak),
        (0x9282, I::Jalr { rd: 1, rs1: 5, offset: 0 }),
        (0x931e, reg(O::Add, 6, 6, 7)),
        (0xdffe, store(W::Word, 31, 2, 252)),
        (0xc202, store(W::Word, 0, 2, 4)),
    ];
    for (parcel, instruction) in table {
        assert_eq!(compressed::parcel(parcel, RV32), instruction, "{parcel:#06x}");
    }
}

#[test]
fn hints_are_legal() {
    let table = [
        (0x0015, imm(O::Add, 0, 0, 5), "c.nop 5"),
        (0x0281, imm(O::Add, 5, 5, 0), "c.addi x5, 0"),
        (0x4005, imm(O::Add, 0, 0, 1), "c.li x0, 1"),
        (0x6005, I::Lui { rd: 0, imm: 0x1000 }, "c.lui x0, 1"),
        (0x8006, reg(O::Add, 0, 0, 1), "c.mv x0, x1"),
        (0x9006, reg(O::Add, 0, 0, 1), "c.add x0, x1"),
        (0x0006, imm(O::Sll, 0, 0, 1), "c.slli x0, 1"),
        (0x0082, imm(O::Sll, 1, 1, 0), "c.slli x1, 0"),
        (0x8001, imm(O::Srl, 8, 8, 0), "c.srli x8, 0"),
        (0x8401, imm(O::Sra, 8, 8, 0), "c.srai x8, 0"),
    ];
    for (parcel, instruction, name) in table {
        assert_eq!(compressed::parcel(parcel, RV32), instruction, "{name}");
    }
}

#[test]
fn reserved_parcels_are_illegal() {
    let table = [
        (0x0000, "the parcel 0"),
        (0x0004, "c.addi4spn x9, 0"),
        (0x6101, "c.addi16sp 0"),
        (0x6081, "c.lui x1, 0"),
        (0x6001, "c.lui x0, 0"),
        (0x4002, "c.lwsp x0, 0"),
        (0x4012, "c.lwsp x0, 4"),
        (0x8002, "c.jr x0"),
        (0x9001, "c.srli, shamt[5]"),
        (0x9401, "c.srai, shamt[5]"),
        (0x1082, "c.slli, shamt[5]"),
        (0x1002, "c.slli x0, shamt[5]"),
        (0x9c01, "c.subw"),
        (0x9c21, "c.addw"),
        (0x9c41, "c.mul"),
        (0x9c61, "c.zext.b"),
        (0x2000, "c.fld"),
        (0x6000, "c.flw"),
        (0x8000, "c.lbu"),
        (0xa000, "c.fsd"),
        (0xe000, "c.fsw"),
        (0x2002, "c.fldsp"),
        (0x6002, "c.flwsp"),
        (0xa002, "c.fsdsp"),
        (0xe002, "c.fswsp"),
    ];
    for (parcel, name) in table {
        assert_eq!(compressed::parcel(parcel, RV32), I::Illegal, "{name}");
    }
}

/// Counted by hand from the list of forms in section 2.
#[test]
fn as_many_parcels_are_legal_as_the_forms_have_fields() {
    let legal = |quadrant: u32, funct3: u32| {
        (0..1 << 11)
            .map(|middle| funct3 << 13 | middle << 2 | quadrant)
            .filter(|parcel| compressed::parcel(*parcel, RV32) != I::Illegal)
            .count()
    };
    let rows = [
        (0, [255 * 8, 0, 2048, 0, 0, 0, 2048, 0]),
        (1, [2048, 2048, 2048, 32 * 63, 256 + 256 + 512 + 256, 2048, 2048, 2048]),
        (2, [1024, 0, 31 * 64, 0, 31 + 32 * 31 + 1024, 0, 2048, 0]),
    ];
    for (quadrant, counts) in rows {
        for (funct3, count) in (0..).zip(counts) {
            assert_eq!(legal(quadrant, funct3), count, "quadrant {quadrant}, funct3 {funct3}");
        }
    }
}
