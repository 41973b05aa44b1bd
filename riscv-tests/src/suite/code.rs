//! Writes the text of a conformance program.

use bessemer_isa::{H, I, Inst, L, N, Profile, Reg, S, U, Xlen};

use super::{PLENTY, Program};
use crate::differential::{Selection, Trial};
use crate::oracle::{Isa, MemoryClass, STACK_TOP, Segment, Setup};

/// Where read-only constants are.
pub const POOL: u32 = 0x40_0000;
/// Where writable memory is, followed by an unmapped page.
pub const DATA: u32 = 0x50_0000;
const DATA_BYTES: u32 = 0x1_0000;
const TEXT: u32 = 0x1_0000;

/// Holds [`POOL`].
pub(super) const POOL_BASE: Reg = Reg::T3;
/// Holds where the next result goes.
const OUT: Reg = Reg::T4;

/// Text under construction, with the constants that it loads.
#[derive(Clone, Debug)]
pub struct Code {
    text: Vec<u8>,
    pool: Vec<u64>,
    profile: Profile,
    /// Offset of the next result from `OUT`.
    out: i32,
}

impl Code {
    /// Text without compressed instructions that sets up the registers that the other methods use: t3
    /// and t4.
    pub fn new(profile: Profile, pool: &[u64]) -> Self {
        let mut code = Self::plain(profile);
        code.constants(pool);
        code.li(POOL_BASE, POOL);
        code.li(OUT, DATA);
        code
    }

    /// No text yet.
    pub fn bare(profile: Profile) -> Self {
        Self { text: vec![], pool: vec![], profile, out: 0 }
    }

    /// No text yet, and none that is compressed.
    pub fn plain(profile: Profile) -> Self {
        Self::bare(Profile { compressed: false, ..profile })
    }

    /// The constants at [`POOL`].
    pub fn constants(&mut self, pool: &[u64]) -> &mut Self {
        self.pool = pool.to_vec();
        self
    }

    /// The address of what is written next.
    pub fn here(&self) -> u32 {
        TEXT + self.text.len() as u32
    }

    /// An instruction.
    pub fn inst(&mut self, inst: Inst) -> &mut Self {
        self.word(inst.encode())
    }

    /// Four bytes, an instruction or not.
    pub fn word(&mut self, word: u32) -> &mut Self {
        self.text.extend(word.to_le_bytes());
        self
    }

    /// Two bytes.
    pub fn parcel(&mut self, parcel: u16) -> &mut Self {
        self.text.extend(parcel.to_le_bytes());
        self
    }

    /// A word as a constant, sign-extended where registers are wider, made by LUI and ADDI.
    pub fn li(&mut self, rd: Reg, value: u32) -> &mut Self {
        let low = (value << 20).cast_signed() >> 20;
        self.inst(Inst::Lui(U { rd, imm: value.wrapping_sub(low.cast_unsigned()) }));
        self.inst(Inst::Addi(I { rd, rs1: rd, imm: low }))
    }

    /// A constant that fills a register; in a 32-bit program its low half.
    pub fn li_whole(&mut self, rd: Reg, value: u64) -> &mut Self {
        let low = value as u32;
        if self.profile.xlen == Xlen::Rv32 || value == i64::from(low.cast_signed()) as u64 {
            return self.li(rd, low);
        }
        self.li(rd, (value >> 32) as u32);
        for (bits, imm) in [(11, low >> 21), (11, low >> 10 & 0x7ff), (10, low & 0x3ff)] {
            self.inst(Inst::Slli(H { rd, rs1: rd, shamt: bits }));
            self.inst(Inst::Ori(I { rd, rs1: rd, imm: imm.cast_signed() }));
        }
        self
    }

    /// Bytes in a register.
    fn bytes(&self) -> i32 {
        self.profile.xlen.bytes().cast_signed()
    }

    /// A constant of the pool, loaded: the compiler cannot know it.
    pub fn load(&mut self, rd: Reg, index: usize) -> &mut Self {
        let operands = L { rd, rs1: POOL_BASE, imm: self.bytes() * index as i32 };
        self.inst(match self.profile.xlen {
            Xlen::Rv32 => Inst::Lw(operands),
            Xlen::Rv64 => Inst::Ld(operands),
        })
    }

    /// Stores a result.
    pub fn store(&mut self, rs2: Reg) -> &mut Self {
        if self.out + self.bytes() > 2047 {
            self.inst(Inst::Addi(I { rd: OUT, rs1: OUT, imm: self.out }));
            self.out = 0;
        }
        let operands = S { rs1: OUT, rs2, imm: self.out };
        self.out += self.bytes();
        self.inst(match self.profile.xlen {
            Xlen::Rv32 => Inst::Sw(operands),
            Xlen::Rv64 => Inst::Sd(operands),
        })
    }

    /// A host call: the host sees all registers; a0 becomes its answer.
    pub fn show(&mut self) -> &mut Self {
        self.inst(Inst::Ecall(N))
    }

    /// Ends the program.
    pub fn exit(&mut self) -> &mut Self {
        self.inst(Inst::Addi(I { rd: Reg::A7, rs1: Reg::ZERO, imm: 93 }));
        self.inst(Inst::Ecall(N))
    }

    /// The program as it stands.
    pub fn program(&self, name: impl Into<String>) -> Program {
        let bytes = self.profile.xlen.bytes() as usize;
        let words = self.pool.iter().flat_map(|word| word.to_le_bytes().into_iter().take(bytes));
        let pool = words.collect();
        let data = Segment { memsz: DATA_BYTES, ..Segment::data(DATA, vec![0xa5; 64]) };
        let pool = Segment { memsz: 0x1000, ..Segment::rodata(POOL, pool) };
        let trial = Trial::new(Setup {
            segments: vec![Segment::text(TEXT, self.text.clone()), pool, data],
            entry: TEXT,
            compressed: self.profile.compressed,
            isa: Isa { wide: self.profile.xlen == Xlen::Rv64, bits: self.profile.bits },
            stack_size: 0,
            memory_class: MemoryClass::M1M,
            gas: PLENTY,
            sp: STACK_TOP,
        });
        let short = self.text.len() <= 64;
        Program { name: name.into(), trial, short, selection: Selection::All }
    }
}
