//! Writes the text of a conformance program.

use bessemer_isa::{I, Inst, L, N, Reg, S, U};

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
    pool: Vec<u32>,
    compressed: bool,
    /// Offset of the next result from `OUT`.
    out: i32,
}

impl Code {
    /// Text that sets up the registers that the other methods use: t3 and t4.
    pub fn new(pool: &[u32]) -> Self {
        let mut code = Self::bare(false);
        code.constants(pool);
        code.li(POOL_BASE, POOL);
        code.li(OUT, DATA);
        code
    }

    /// No text yet.
    pub fn bare(compressed: bool) -> Self {
        Self { text: vec![], pool: vec![], compressed, out: 0 }
    }

    /// The constants at [`POOL`].
    pub fn constants(&mut self, pool: &[u32]) -> &mut Self {
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

    /// A constant, made by LUI and ADDI.
    pub fn li(&mut self, rd: Reg, value: u32) -> &mut Self {
        let low = (value << 20).cast_signed() >> 20;
        self.inst(Inst::Lui(U { rd, imm: value.wrapping_sub(low.cast_unsigned()) }));
        self.inst(Inst::Addi(I { rd, rs1: rd, imm: low }))
    }

    /// A constant of the pool, loaded: the compiler cannot know it.
    pub fn load(&mut self, rd: Reg, index: usize) -> &mut Self {
        self.inst(Inst::Lw(L { rd, rs1: POOL_BASE, imm: 4 * index as i32 }))
    }

    /// Stores a result.
    pub fn store(&mut self, rs2: Reg) -> &mut Self {
        if self.out == 2044 {
            self.inst(Inst::Addi(I { rd: OUT, rs1: OUT, imm: self.out }));
            self.out = 0;
        }
        let imm = self.out;
        self.out += 4;
        self.inst(Inst::Sw(S { rs1: OUT, rs2, imm }))
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
        let pool = self.pool.iter().flat_map(|word| word.to_le_bytes()).collect();
        let data = Segment { memsz: DATA_BYTES, ..Segment::data(DATA, vec![0xa5; 64]) };
        let pool = Segment { memsz: 0x1000, ..Segment::rodata(POOL, pool) };
        let trial = Trial::new(Setup {
            segments: vec![Segment::text(TEXT, self.text.clone()), pool, data],
            entry: TEXT,
            compressed: self.compressed,
            isa: Isa::default(),
            stack_size: 0,
            memory_class: MemoryClass::M1M,
            gas: PLENTY,
            sp: STACK_TOP,
        });
        let short = self.text.len() <= 64;
        Program { name: name.into(), trial, short, selection: Selection::All }
    }
}
