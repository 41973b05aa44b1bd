//! Instructions of RV64 and of the bit manipulation extensions, as literal words without registers.

use super::encode as e;
use super::program::{AMOS, DATA, LR, Program, SC, SP, TEMPORARY};

impl Program {
    /// Whether there are such instructions, and one shall come now.
    pub(super) fn wants_extension(&mut self, percent: u32) -> bool {
        (self.isa.wide || self.isa.bits) && self.random.percent(percent)
    }

    /// One that neither jumps nor accesses memory.
    pub(super) fn extension(&mut self, rd: u32, rs1: u32, rs2: u32) -> u32 {
        let (rd, first) = (rd << 7, rs1 << 15);
        if self.isa.wide && self.random.percent(50) {
            return match self.random.below(8) {
                0..4 => self.random.pick(&WIDE) | rd | first | rs2 << 20,
                4 => 0x1b | rd | first | self.immediate() << 20,
                5 => self.random.pick(&WIDE_SHIFTS) | rd | first | self.random.below(32) << 20,
                6 => self.random.pick(&LONG_SHIFTS) | rd | first | self.random.below(64) << 20,
                _ => self.random.pick(&WIDE_UNARY) | rd | first,
            };
        }
        match self.random.below(8) {
            0..5 => self.random.pick(&BITS) | rd | first | rs2 << 20,
            5 => {
                let amount = self.random.below(if self.isa.wide { 64 } else { 32 });
                self.random.pick(&BITS_SHIFTS) | rd | first | amount << 20
            }
            6 => self.random.pick(&UNARY) | rd | first,
            _ if self.isa.wide => self.random.pick(&WIDE_UNARY) | rd | first,
            _ => self.random.pick(&NARROW_UNARY) | rd | first,
        }
    }

    /// A compressed one.
    pub(super) fn short_extension(&mut self) -> u32 {
        let (high, low) = (self.random.below(8) << 7, self.random.below(8) << 2);
        let rd = self.rd().max(1);
        let imm = self.random.below(64);
        match self.random.below(8) {
            0..3 => self.random.pick(&[0x9c61, 0x9c65, 0x9c69, 0x9c6d, 0x9c75]) | high,
            3 => 0x9c41 | high | low,
            _ if !self.isa.wide => 0x9c75 | high,
            4 => 0x9c71 | high,
            5 => self.random.pick(&[0x9c01, 0x9c21]) | high | low,
            6 if rd != SP => e::ci(1, 1, rd, imm),
            _ => e::ci(2, 0, rd, imm),
        }
    }

    /// A load or store of 64 bits or of an unsigned word, or an atomic of 64 bits.
    pub(super) fn wide_access(&mut self) {
        let (rd, rs2) = (self.rd(), self.rs());
        let offset = self.random.below(28) * 4 + self.random.pick(&[0, 0, 0, 1, 2, 3]);
        let base = self.random.pick(&[DATA, SP]);
        match self.random.below(8) {
            0 | 1 => self.code.word(e::i(e::LOAD, 3, rd, base, offset)),
            2 | 3 => self.code.word(e::s(e::STORE, 3, base, rs2, offset)),
            4 => self.code.word(e::i(e::LOAD, 6, rd, base, offset)),
            _ => {
                // aligned to 8 bytes, but for a few
                let mask = if self.random.once_in(40) { -1_i32 } else { -8 };
                self.code.word(e::i(e::OP_IMM, 7, TEMPORARY, DATA, mask.cast_unsigned()));
                let double = 1 << 12;
                match self.random.below(3) {
                    0 => {
                        self.code.word(e::amo(LR, 5, TEMPORARY, 0) | double);
                        self.code.word(e::amo(SC, rd, TEMPORARY, rs2) | double);
                    }
                    _ => {
                        let funct5 = self.random.pick(&AMOS);
                        self.code.word(e::amo(funct5, rd, TEMPORARY, rs2) | double);
                    }
                }
            }
        }
    }
}

/// SH1ADD to SH3ADD, ANDN, ORN, XNOR, MIN, MINU, MAX, MAXU, ROL, ROR, BCLR, BEXT, BINV, BSET,
/// CZERO.EQZ, CZERO.NEZ.
const BITS: [u32; 18] = [
    0x2000_2033,
    0x2000_4033,
    0x2000_6033,
    0x4000_7033,
    0x4000_6033,
    0x4000_4033,
    0x0a00_4033,
    0x0a00_5033,
    0x0a00_6033,
    0x0a00_7033,
    0x6000_1033,
    0x6000_5033,
    0x4800_1033,
    0x4800_5033,
    0x6800_1033,
    0x2800_1033,
    0x0e00_5033,
    0x0e00_7033,
];

/// RORI, BCLRI, BEXTI, BINVI, BSETI.
const BITS_SHIFTS: [u32; 5] = [0x6000_5013, 0x4800_1013, 0x4800_5013, 0x6800_1013, 0x2800_1013];

/// CLZ, CTZ, CPOP, SEXT.B, SEXT.H, ORC.B.
const UNARY: [u32; 6] =
    [0x6000_1013, 0x6010_1013, 0x6020_1013, 0x6040_1013, 0x6050_1013, 0x2870_5013];

/// REV8 and ZEXT.H of RV32.
const NARROW_UNARY: [u32; 2] = [0x6980_5013, 0x0800_4033];

/// REV8 and ZEXT.H of RV64, CLZW, CTZW, CPOPW.
const WIDE_UNARY: [u32; 5] = [0x6b80_5013, 0x0800_403b, 0x6000_101b, 0x6010_101b, 0x6020_101b];

/// OP-32: ADDW to SRAW, MULW to REMUW, ADD.UW, SH1ADD.UW to SH3ADD.UW, ROLW, RORW.
const WIDE: [u32; 16] = [
    0x0000_003b,
    0x4000_003b,
    0x0000_103b,
    0x0000_503b,
    0x4000_503b,
    0x0200_003b,
    0x0200_403b,
    0x0200_503b,
    0x0200_603b,
    0x0200_703b,
    0x0800_003b,
    0x2000_203b,
    0x2000_403b,
    0x2000_603b,
    0x6000_103b,
    0x6000_503b,
];

/// SLLIW, SRLIW, SRAIW, RORIW.
const WIDE_SHIFTS: [u32; 4] = [0x0000_101b, 0x0000_501b, 0x4000_501b, 0x6000_501b];

/// SLLI, SRLI, SRAI, SLLI.UW, whose amounts have six bits.
const LONG_SHIFTS: [u32; 4] = [0x0000_1013, 0x0000_5013, 0x4000_5013, 0x0800_101b];
