//! Code that all generators share: registers with a role, and the instructions between the jumps.

use super::case::{Case, EXIT};
use super::code::{Code, Label};
use super::encode as e;
use super::layout::Layout;
use super::random::Random;
use crate::oracle::Isa;

pub(super) const RA: u32 = 1;
pub(super) const SP: u32 = 2;
/// The middle of data.
pub(super) const DATA: u32 = 8;
/// The start of rodata.
pub(super) const RODATA: u32 = 9;
pub(super) const A7: u32 = 17;
/// For addresses of jumps and atomics.
pub(super) const TEMPORARY: u32 = 31;

/// Registers that arithmetic may write.
const FREE: [u32; 19] = [5, 6, 7, 10, 11, 12, 13, 14, 15, 16, 17, 25, 26, 27, 28, 29, 30, 31, 0];

/// The words of the main frame that are accessed often.
const SLOTS: [u32; 8] = [16, 28, 60, 64, 100, 128, 192, 252];

/// The distance by which the entry moves sp down.
pub(super) const MAIN_FRAME: u32 = 256;

pub(super) struct Program {
    pub(super) random: Random,
    pub(super) code: Code,
    pub(super) layout: Layout,
    pub(super) compressed: bool,
    pub(super) isa: Isa,
    pub(super) entry: u32,
    /// Words of rodata that are the address of a label plus a number.
    pub(super) table: Vec<(Label, u32)>,
    /// Offsets from sp that ordinary accesses use.
    pub(super) frame: (u32, u32),
    /// An access or a write is careless about once in this many.
    pub(super) careless: u32,
}

impl Program {
    pub(super) fn new(name: &str, seed: u64, isa: Isa) -> Self {
        let mut random = Random::new(name, seed);
        let layout = Layout::new(&mut random);
        Self {
            compressed: random.percent(60),
            isa,
            code: Code::new(layout.text),
            entry: layout.text,
            table: vec![],
            frame: (16, MAIN_FRAME),
            careless: random.pick(&[15, 50, 300]),
            random,
            layout,
        }
    }

    pub(super) fn finish(self, name: &'static str, seed: u64) -> Case {
        let Self { mut random, code, layout, compressed, isa, entry, table, .. } = self;
        let (mut text, addresses) = code.finish();
        if random.once_in(12) {
            // The remainder that is never executed.
            let step = if compressed { 2 } else { 4 };
            let more = random.between(1, step - 1);
            text.extend(random.fill(more));
        }
        let mut rodata = Vec::with_capacity(4 * table.len() + 64);
        for (label, addend) in table {
            rodata.extend(addresses.of(label).wrapping_add(addend).to_le_bytes());
        }
        rodata.extend(random.fill(64));
        let mut data = random.fill(layout.data_length);
        for word in data.chunks_exact_mut(4) {
            if random.once_in(4) {
                word.copy_from_slice(&layout.constant(&mut random).to_le_bytes());
            }
        }
        let gas = match random.below(16) {
            0 => u64::from(random.below(200)),
            1 => u64::from(random.between(200, 1500)),
            _ => u64::from(random.between(2500, 6000)),
        };
        Case {
            name,
            seed,
            text,
            text_addr: layout.text,
            rodata,
            rodata_addr: layout.rodata,
            data,
            data_addr: layout.data,
            entry,
            compressed,
            isa,
            gas,
        }
    }

    /// Makes the base registers and a few others ready.
    pub(super) fn prologue(&mut self) {
        self.code.word(e::addi(SP, SP, 0_u32.wrapping_sub(MAIN_FRAME)));
        self.load_constant(DATA, self.layout.data_base());
        self.load_constant(RODATA, self.layout.rodata);
        for _ in 0..self.random.between(2, 8) {
            let rd = self.rd();
            let value = self.constant();
            self.load_constant(rd, value);
        }
        self.fill_stack();
    }

    /// Stores something other than 0 in half of the words that are accessed often.
    pub(super) fn fill_stack(&mut self) {
        for slot in SLOTS {
            if self.random.percent(50) {
                let rs2 = self.random.pick(&[SP, DATA, RODATA, 10, 11, 12, 13, 14, 15]);
                self.code.word(e::sw(rs2, SP, slot));
            }
        }
    }

    pub(super) fn exit(&mut self) {
        self.code.word(e::addi(A7, 0, EXIT));
        self.code.word(e::ECALL);
    }

    /// An ECALL with a small number.
    pub(super) fn host_call(&mut self) {
        let number = self.random.below(16);
        self.load_constant(A7, number);
        self.code.word(e::ECALL);
    }

    pub(super) fn load_constant(&mut self, rd: u32, value: u32) {
        let low = value & 0xfff;
        let high = value.wrapping_add(0x800) & 0xffff_f000;
        let fits = |bits: u32| value.wrapping_add(1 << (bits - 1)) < 1 << bits;
        if self.compressed && fits(6) && rd != 0 {
            self.code.parcel(e::c_li(rd, value));
        } else if fits(12) {
            self.code.word(e::addi(rd, 0, low));
        } else {
            self.code.word(e::u(e::LUI, rd, high));
            if low != 0 {
                self.code.word(e::addi(rd, rd, low));
            }
        }
    }

    pub(super) fn constant(&mut self) -> u32 {
        self.layout.constant(&mut self.random)
    }

    /// A destination: one of the free registers, seldom any.
    pub(super) fn rd(&mut self) -> u32 {
        if self.random.once_in(self.careless) {
            return self.random.below(32);
        }
        self.random.pick(&FREE)
    }

    /// A destination among x10 to x15.
    fn short_rd(&mut self) -> u32 {
        self.random.between(10, 15)
    }

    /// A source: any register.
    pub(super) fn rs(&mut self) -> u32 {
        self.random.below(32)
    }

    /// One instruction that neither jumps nor accesses memory.
    pub(super) fn arithmetic(&mut self) {
        if self.compressed && self.random.percent(45) {
            return self.short_arithmetic();
        }
        let (rd, rs1, rs2) = (self.rd(), self.rs(), self.rs());
        if self.wants_extension(45) {
            let word = self.extension(rd, rs1, rs2);
            return self.code.word(word);
        }
        let word = match self.random.below(20) {
            0..7 => {
                let (funct7, funct3) = self.random.pick(&BASE);
                e::r(e::OP, funct3, funct7, rd, rs1, rs2)
            }
            7..12 => e::r(e::OP, self.random.below(8), 1, rd, rs1, rs2),
            12..18 => {
                let funct3 = self.random.below(8);
                let imm = match funct3 {
                    1 => self.random.below(32),
                    5 => self.random.below(32) | self.random.below(2) << 10,
                    _ => self.immediate(),
                };
                e::i(e::OP_IMM, funct3, rd, rs1, imm)
            }
            18 => {
                let imm = self.constant();
                e::u(self.random.pick(&[e::LUI, e::AUIPC]), rd, imm)
            }
            _ => e::i(e::MISC_MEM, 0, rd, rs1, self.random.below(0x1000)),
        };
        self.code.word(word);
    }

    fn short_arithmetic(&mut self) {
        if self.wants_extension(35) {
            let parcel = self.short_extension();
            return self.code.parcel(parcel);
        }
        let (rd, short_rd, rs2) = (self.rd(), self.short_rd(), self.rs());
        let imm = self.random.below(64);
        let parcel = match self.random.below(13) {
            0 => e::c_addi4spn(short_rd, 4 * self.random.between(1, 255)),
            1 | 2 => e::c_addi(rd, imm),
            3 => e::c_li(rd, imm),
            // C.LUI; with x2 it would be C.ADDI16SP.
            4 if rd != SP => e::ci(1, 3, rd, imm.max(1)),
            5 | 6 => e::c_alu_immediate(self.random.below(2), short_rd, imm & 31),
            7 => e::c_alu_immediate(2, short_rd, imm),
            8 | 9 => e::c_alu(self.random.below(4), short_rd, self.random.below(8)),
            10 => e::ci(2, 0, rd, imm & 31),
            // C.MV and C.ADD; with rs2 = 0 they would be jumps.
            11 | 12 => e::cr(self.random.below(2), rd, rs2.max(1)),
            _ => e::C_NOP,
        };
        self.code.parcel(parcel);
    }

    /// A 12-bit immediate.
    pub(super) fn immediate(&mut self) -> u32 {
        match self.random.below(6) {
            0 => self.random.pick(&[0, 1, 0xfff, 0x7ff, 0x800]),
            1 | 2 => self.random.below(64).wrapping_sub(32),
            _ => self.random.below(0x1000),
        }
    }

    /// A load, store or atomic, mostly inside data, rodata or the stack.
    pub(super) fn memory(&mut self) {
        if self.random.once_in(self.careless) {
            return self.careless_access();
        }
        if self.isa.wide && self.random.percent(40) {
            return self.wide_access();
        }
        match self.random.below(10) {
            0 | 1 => self.atomic(),
            2 if self.compressed => self.short_stack_access(),
            3 | 4 if self.compressed => self.short_data_access(),
            5 => self.rodata_load(),
            6 | 7 => {
                if self.random.percent(50) {
                    let slot = self.stack_slot();
                    return self.access(SP, slot, 4);
                }
                let (low, high) = self.frame;
                self.access(SP, low, high - low);
            }
            _ => {
                let below = self.layout.data_below();
                self.access(DATA, 0_u32.wrapping_sub(below), self.layout.data_length);
            }
        }
    }

    /// An access of any width in `[base + low, base + low + length)`.
    fn access(&mut self, base: u32, low: u32, length: u32) {
        let shift = self.random.below(3);
        let n = 1 << shift;
        let mut offset = self.random.below(length - n + 1);
        if self.random.percent(85) {
            offset &= !(n - 1);
        }
        let offset = low.wrapping_add(offset);
        if self.random.percent(45) {
            let rs2 = self.rs();
            self.code.word(e::s(e::STORE, shift, base, rs2, offset));
        } else {
            self.load(shift, base, offset);
        }
    }

    fn load(&mut self, shift: u32, base: u32, offset: u32) {
        let rd = self.rd();
        let unsigned = if shift < 2 { self.random.below(2) << 2 } else { 0 };
        self.code.word(e::i(e::LOAD, shift | unsigned, rd, base, offset));
    }

    fn rodata_load(&mut self) {
        let offset = self.random.below(60);
        let shift = self.random.below(3);
        self.load(shift, RODATA, offset);
    }

    fn short_data_access(&mut self) {
        let (rd, offset) = (self.short_rd(), 4 * self.random.below(32));
        let parcel = match self.random.below(2) {
            0 => e::c_lw(rd, DATA, offset),
            _ => e::c_sw(rd, DATA, offset),
        };
        self.code.parcel(parcel);
    }

    fn short_stack_access(&mut self) {
        let offset = self.stack_slot();
        let (rd, rs2) = (self.rd(), self.rs());
        let parcel = match self.random.below(2) {
            0 if rd != 0 => e::c_lwsp(rd, offset),
            _ => e::c_swsp(rs2, offset),
        };
        self.code.parcel(parcel);
    }

    /// A word of the frame, mostly one of a few, so that loads find what was stored.
    fn stack_slot(&mut self) -> u32 {
        let (low, high) = self.frame;
        if high == MAIN_FRAME && self.random.percent(75) {
            return self.random.pick(&SLOTS);
        }
        low + 4 * self.random.below((high - low) / 4)
    }

    fn atomic(&mut self) {
        let base = if self.random.percent(60) {
            DATA
        } else {
            let above = self.layout.data_above() / 4;
            let odd = if self.random.once_in(self.careless) { self.random.below(4) } else { 0 };
            let offset = 4 * self.random.below(above) + odd;
            self.code.word(e::addi(TEMPORARY, DATA, offset));
            TEMPORARY
        };
        let (rd, rs2) = (self.rd(), self.rs());
        let aqrl = self.random.below(4) << 25;
        match self.random.below(4) {
            0 => self.code.word(e::amo(LR, rd, base, 0) | aqrl),
            1 => self.code.word(e::amo(SC, rd, base, rs2) | aqrl),
            2 => {
                // A pair, with something in between that keeps it or breaks it.
                self.code.word(e::amo(LR, 5, base, 0) | aqrl);
                match self.random.below(6) {
                    0 => self.host_call(),
                    1 => self.code.word(e::sw(rs2, base, 0)),
                    2 => self.code.word(e::amo(LR, 6, DATA, 0)),
                    3 => self.code.word(e::amo(SC, 6, DATA, rs2)),
                    _ => self.arithmetic(),
                }
                self.code.word(e::amo(SC, rd, base, rs2) | aqrl);
            }
            _ => {
                let funct5 = self.random.pick(&AMOS);
                self.code.word(e::amo(funct5, rd, base, rs2) | aqrl);
            }
        }
    }

    /// An access that likely traps, or one close to an edge.
    fn careless_access(&mut self) {
        let (rd, rs) = (self.rd(), self.rs());
        let imm = self.immediate();
        let mut base = rs;
        if self.random.percent(70) {
            base = TEMPORARY;
            let edge = self.layout.edge(&mut self.random).wrapping_sub(imm << 20 >> 20);
            self.load_constant(base, edge);
        }
        let word = match self.random.below(8) {
            0..3 => e::i(e::LOAD, self.random.pick(&[0, 1, 2, 4, 5]), rd, base, imm),
            3..6 => e::s(e::STORE, self.random.below(3), base, rs, imm),
            6 => e::amo(self.random.pick(&AMOS), rd, base, rs),
            _ => e::amo(LR, rd, base, 0),
        };
        self.code.word(word);
    }

    /// Something that traps for certain.
    pub(super) fn trap(&mut self) {
        match self.random.below(4) {
            0 => self.code.word(e::EBREAK),
            1 if self.compressed => self.code.parcel(e::C_EBREAK),
            2 if self.compressed => {
                self.code.parcel(self.random.pick(&[0, 0x8002, 0x6101, 0x9c01]));
            }
            _ => {
                let word = self.random.pick(&[0xc000_1073, 0x0000_100f, 0x3020_0073, 0x0000_3003]);
                self.code.word(word);
            }
        }
    }
}

/// funct7 and funct3 of OP.
pub(super) const BASE: [(u32, u32); 10] =
    [(0, 0), (0x20, 0), (0, 1), (0, 2), (0, 3), (0, 4), (0, 5), (0x20, 5), (0, 6), (0, 7)];

/// funct3 of BRANCH.
pub(super) const CONDITIONS: [u32; 6] = [0, 1, 4, 5, 6, 7];

/// funct5 of the AMOs.
pub(super) const AMOS: [u32; 9] =
    [0b00001, 0b00000, 0b00100, 0b01100, 0b01000, 0b10000, 0b10100, 0b11000, 0b11100];

pub(super) const LR: u32 = 0b00010;
pub(super) const SC: u32 = 0b00011;
