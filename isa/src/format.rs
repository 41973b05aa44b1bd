//! Operand formats: which bits of a word are which operand.
//!
//! A format owns its bit slicing in both directions and how its operands are written; a row of the
//! table only names the format. Bit positions are those of the RISC-V unprivileged manual, section
//! 2.2 ("Base Instruction Formats") and 2.3 ("Immediate Encoding Variants").

use core::fmt;

use crate::{Immediate, Reg, RegSet, Xlen};

mod ordered;

pub use ordered::{A, F, Lr};

/// The operands of one instruction format.
///
/// `unpack(pack(x)) == x` for every value whose immediates are in range; [`Operands::pack`] cuts
/// an immediate to its field and leaves it to the assembler to refuse what does not fit.
pub trait Operands: Copy + fmt::Display {
    /// Takes the operands from an encoded word.
    fn unpack(word: u32) -> Self;
    /// The operand bits of the word; all other bits are 0.
    fn pack(self) -> u32;
    /// The registers that the instruction reads; `x0` counts for nothing.
    fn reads(self) -> RegSet;
    /// The register that the instruction may write; `x0` counts for nothing.
    fn writes(self) -> RegSet;

    /// The rule for the constant operand, if the format has one.
    const IMMEDIATE: Option<Immediate> = None;

    /// These operands with another constant, which obeys [`Operands::IMMEDIATE`].
    fn with_immediate(self, _value: i64) -> Self {
        self
    }

    /// The operands cut to what programs of this width have: a shift amount.
    fn within(self, _xlen: Xlen) -> Self {
        self
    }

    /// These operands with the ordering bits set; `None` if the format has none.
    fn with_order(self, _aq: bool, _rl: bool) -> Option<Self> {
        None
    }

    /// How far from the instruction a taken branch or a direct jump goes.
    fn distance(self) -> Option<i32> {
        None
    }

    /// The suffix of the mnemonic: the ordering of atomics.
    fn suffix(&self) -> &'static str {
        ""
    }

    /// Writes the operands of an instruction that stands at `pc`: as `Display` does, but with
    /// absolute targets.
    fn write_at(&self, _pc: u32, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The bits `low..low + count` of `word`, moved to bit 0.
const fn bits(word: u32, low: u32, count: u32) -> u32 {
    word >> low & ((1 << count) - 1)
}

/// Sign-extends the low `count` bits of `value`.
const fn sign_extend(value: u32, count: u32) -> i32 {
    ((value << (32 - count)) as i32) >> (32 - count)
}

const fn rd(reg: Reg) -> u32 {
    reg.number() << 7
}

const fn rs1(reg: Reg) -> u32 {
    reg.number() << 15
}

const fn rs2(reg: Reg) -> u32 {
    reg.number() << 20
}

/// Register, register, register: `add rd, rs1, rs2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "field names are the manual's")]
pub struct R {
    pub rd: Reg,
    pub rs1: Reg,
    pub rs2: Reg,
}

impl Operands for R {
    fn unpack(word: u32) -> Self {
        Self { rd: Reg::at(word, 7), rs1: Reg::at(word, 15), rs2: Reg::at(word, 20) }
    }

    fn pack(self) -> u32 {
        rd(self.rd) | rs1(self.rs1) | rs2(self.rs2)
    }

    fn reads(self) -> RegSet {
        RegSet::of(&[self.rs1, self.rs2])
    }

    fn writes(self) -> RegSet {
        RegSet::of(&[self.rd])
    }
}

impl fmt::Display for R {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}, {}", self.rd, self.rs1, self.rs2)
    }
}

/// Register, register, 12-bit signed immediate: `addi rd, rs1, imm`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "field names are the manual's")]
pub struct I {
    pub rd: Reg,
    pub rs1: Reg,
    pub imm: i32,
}

impl Operands for I {
    fn unpack(word: u32) -> Self {
        Self {
            rd: Reg::at(word, 7),
            rs1: Reg::at(word, 15),
            imm: sign_extend(bits(word, 20, 12), 12),
        }
    }

    fn pack(self) -> u32 {
        rd(self.rd) | rs1(self.rs1) | (self.imm as u32) << 20
    }

    fn reads(self) -> RegSet {
        RegSet::of(&[self.rs1])
    }

    fn writes(self) -> RegSet {
        RegSet::of(&[self.rd])
    }

    const IMMEDIATE: Option<Immediate> = Some(Immediate::new(&[(-2048, 2047)]));

    fn with_immediate(self, value: i64) -> Self {
        let imm = value as i32;
        Self { imm, ..self }
    }
}

impl fmt::Display for I {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}, {}", self.rd, self.rs1, self.imm)
    }
}

/// The bits of [`I`], written as register and address: `lw rd, imm(rs1)`, `jalr rd, imm(rs1)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "field names are the manual's")]
pub struct L {
    pub rd: Reg,
    pub rs1: Reg,
    pub imm: i32,
}

impl Operands for L {
    fn unpack(word: u32) -> Self {
        let I { rd, rs1, imm } = I::unpack(word);
        Self { rd, rs1, imm }
    }

    fn pack(self) -> u32 {
        let Self { rd, rs1, imm } = self;
        I { rd, rs1, imm }.pack()
    }

    fn reads(self) -> RegSet {
        RegSet::of(&[self.rs1])
    }

    fn writes(self) -> RegSet {
        RegSet::of(&[self.rd])
    }

    const IMMEDIATE: Option<Immediate> = Some(Immediate::new(&[(-2048, 2047)]));

    fn with_immediate(self, value: i64) -> Self {
        let imm = value as i32;
        Self { imm, ..self }
    }
}

impl fmt::Display for L {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}({})", self.rd, self.imm, self.rs1)
    }
}

/// Register, register: `clz rd, rs1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "field names are the manual's")]
pub struct R1 {
    pub rd: Reg,
    pub rs1: Reg,
}

impl Operands for R1 {
    fn unpack(word: u32) -> Self {
        Self { rd: Reg::at(word, 7), rs1: Reg::at(word, 15) }
    }

    fn pack(self) -> u32 {
        rd(self.rd) | rs1(self.rs1)
    }

    fn reads(self) -> RegSet {
        RegSet::of(&[self.rs1])
    }

    fn writes(self) -> RegSet {
        RegSet::of(&[self.rd])
    }
}

impl fmt::Display for R1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.rd, self.rs1)
    }
}

/// Register, register, shift amount of a word, from 0 to 31: `slliw rd, rs1, shamt`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "field names are the manual's")]
pub struct Hw {
    pub rd: Reg,
    pub rs1: Reg,
    pub shamt: u32,
}

impl Operands for Hw {
    fn unpack(word: u32) -> Self {
        Self { rd: Reg::at(word, 7), rs1: Reg::at(word, 15), shamt: bits(word, 20, 5) }
    }

    fn pack(self) -> u32 {
        rd(self.rd) | rs1(self.rs1) | bits(self.shamt, 0, 5) << 20
    }

    fn reads(self) -> RegSet {
        RegSet::of(&[self.rs1])
    }

    fn writes(self) -> RegSet {
        RegSet::of(&[self.rd])
    }

    const IMMEDIATE: Option<Immediate> = Some(Immediate::word_shift());

    fn with_immediate(self, value: i64) -> Self {
        let shamt = value as u32;
        Self { shamt, ..self }
    }
}

impl fmt::Display for Hw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}, {}", self.rd, self.rs1, self.shamt)
    }
}

/// Register, register, shift amount of a register, from 0 to 31 or 63: `slli rd, rs1, shamt`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "field names are the manual's")]
pub struct H {
    pub rd: Reg,
    pub rs1: Reg,
    pub shamt: u32,
}

impl Operands for H {
    fn unpack(word: u32) -> Self {
        Self { rd: Reg::at(word, 7), rs1: Reg::at(word, 15), shamt: bits(word, 20, 6) }
    }

    fn pack(self) -> u32 {
        rd(self.rd) | rs1(self.rs1) | bits(self.shamt, 0, 6) << 20
    }

    fn reads(self) -> RegSet {
        RegSet::of(&[self.rs1])
    }

    fn writes(self) -> RegSet {
        RegSet::of(&[self.rd])
    }

    const IMMEDIATE: Option<Immediate> = Some(Immediate::shift());

    fn with_immediate(self, value: i64) -> Self {
        let shamt = value as u32;
        Self { shamt, ..self }
    }

    fn within(self, xlen: Xlen) -> Self {
        Self { shamt: self.shamt & (xlen.bits() - 1), ..self }
    }
}

impl fmt::Display for H {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}, {}", self.rd, self.rs1, self.shamt)
    }
}

/// Stored register and address: `sw rs2, imm(rs1)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "field names are the manual's")]
pub struct S {
    pub rs1: Reg,
    pub rs2: Reg,
    pub imm: i32,
}

impl Operands for S {
    fn unpack(word: u32) -> Self {
        let imm = bits(word, 25, 7) << 5 | bits(word, 7, 5);
        Self { rs1: Reg::at(word, 15), rs2: Reg::at(word, 20), imm: sign_extend(imm, 12) }
    }

    fn pack(self) -> u32 {
        let imm = self.imm as u32;
        rs1(self.rs1) | rs2(self.rs2) | bits(imm, 5, 7) << 25 | bits(imm, 0, 5) << 7
    }

    fn reads(self) -> RegSet {
        RegSet::of(&[self.rs1, self.rs2])
    }

    fn writes(self) -> RegSet {
        RegSet::EMPTY
    }

    const IMMEDIATE: Option<Immediate> = Some(Immediate::new(&[(-2048, 2047)]));

    fn with_immediate(self, value: i64) -> Self {
        let imm = value as i32;
        Self { imm, ..self }
    }
}

impl fmt::Display for S {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}({})", self.rs2, self.imm, self.rs1)
    }
}

/// Two compared registers and an even 13-bit signed distance from the branch: `beq rs1, rs2, . + offset`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "field names are the manual's")]
pub struct B {
    pub rs1: Reg,
    pub rs2: Reg,
    pub offset: i32,
}

impl Operands for B {
    fn unpack(word: u32) -> Self {
        let offset = bits(word, 31, 1) << 12
            | bits(word, 7, 1) << 11
            | bits(word, 25, 6) << 5
            | bits(word, 8, 4) << 1;
        Self { rs1: Reg::at(word, 15), rs2: Reg::at(word, 20), offset: sign_extend(offset, 13) }
    }

    fn pack(self) -> u32 {
        let offset = self.offset as u32;
        rs1(self.rs1)
            | rs2(self.rs2)
            | bits(offset, 12, 1) << 31
            | bits(offset, 5, 6) << 25
            | bits(offset, 1, 4) << 8
            | bits(offset, 11, 1) << 7
    }

    fn reads(self) -> RegSet {
        RegSet::of(&[self.rs1, self.rs2])
    }

    fn writes(self) -> RegSet {
        RegSet::EMPTY
    }

    const IMMEDIATE: Option<Immediate> = Some(Immediate::distance(&[(-4096, 4094)]));

    fn with_immediate(self, value: i64) -> Self {
        let offset = value as i32;
        Self { offset, ..self }
    }

    fn distance(self) -> Option<i32> {
        Some(self.offset)
    }

    fn write_at(&self, pc: u32, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let target = pc.wrapping_add(self.offset as u32);
        write!(f, "{}, {}, {target:#x}", self.rs1, self.rs2)
    }
}

impl fmt::Display for B {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}, {}", self.rs1, self.rs2, Distance(self.offset))
    }
}

/// Register and the upper 20 bits of a constant: `lui rd, imm >> 12`.
///
/// `imm` is the whole constant; its low 12 bits are 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "field names are the manual's")]
pub struct U {
    pub rd: Reg,
    pub imm: u32,
}

impl Operands for U {
    fn unpack(word: u32) -> Self {
        Self { rd: Reg::at(word, 7), imm: word & 0xffff_f000 }
    }

    fn pack(self) -> u32 {
        rd(self.rd) | self.imm & 0xffff_f000
    }

    fn reads(self) -> RegSet {
        RegSet::EMPTY
    }

    fn writes(self) -> RegSet {
        RegSet::of(&[self.rd])
    }

    const IMMEDIATE: Option<Immediate> = Some(Immediate::new(&[(0, 0xf_ffff)]));

    fn with_immediate(self, value: i64) -> Self {
        let imm = (value as u32) << 12;
        Self { imm, ..self }
    }
}

impl fmt::Display for U {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {:#x}", self.rd, self.imm >> 12)
    }
}

/// Link register and an even 21-bit signed distance from the jump: `jal rd, . + offset`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "field names are the manual's")]
pub struct J {
    pub rd: Reg,
    pub offset: i32,
}

impl Operands for J {
    fn unpack(word: u32) -> Self {
        let offset = bits(word, 31, 1) << 20
            | bits(word, 12, 8) << 12
            | bits(word, 20, 1) << 11
            | bits(word, 21, 10) << 1;
        Self { rd: Reg::at(word, 7), offset: sign_extend(offset, 21) }
    }

    fn pack(self) -> u32 {
        let offset = self.offset as u32;
        rd(self.rd)
            | bits(offset, 20, 1) << 31
            | bits(offset, 1, 10) << 21
            | bits(offset, 11, 1) << 20
            | bits(offset, 12, 8) << 12
    }

    fn reads(self) -> RegSet {
        RegSet::EMPTY
    }

    fn writes(self) -> RegSet {
        RegSet::of(&[self.rd])
    }

    const IMMEDIATE: Option<Immediate> = Some(Immediate::distance(&[(-0x10_0000, 0xf_fffe)]));

    fn with_immediate(self, value: i64) -> Self {
        let offset = value as i32;
        Self { offset, ..self }
    }

    fn distance(self) -> Option<i32> {
        Some(self.offset)
    }

    fn write_at(&self, pc: u32, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let target = pc.wrapping_add(self.offset as u32);
        write!(f, "{}, {target:#x}", self.rd)
    }
}

impl fmt::Display for J {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.rd, Distance(self.offset))
    }
}

/// No operands: `ecall`, `ebreak`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct N;

impl Operands for N {
    fn unpack(_: u32) -> Self {
        Self
    }

    fn pack(self) -> u32 {
        0
    }

    fn reads(self) -> RegSet {
        RegSet::EMPTY
    }

    fn writes(self) -> RegSet {
        RegSet::EMPTY
    }
}

impl fmt::Display for N {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

/// A jump distance in the assembler's notation for "from here".
struct Distance(i32);

impl fmt::Display for Distance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { '-' } else { '+' };
        write!(f, ". {sign} {}", self.0.unsigned_abs())
    }
}
