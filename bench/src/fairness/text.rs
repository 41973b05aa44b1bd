//! Text under construction, instruction by instruction.

use bessemer_image::{ImageBuilder, Profile};
use bessemer_isa::{B, I, Inst, J, L, Reg, U};
use rand_xoshiro::SplitMix64;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

/// Address of text.
pub(super) const TEXT: u32 = 0x1_0000;
/// Address of data, behind the largest text of a contract.
pub(super) const DATA: u32 = 0x10_0000;

/// Pseudo-random numbers, the same in every run.
#[derive(Clone, Debug)]
pub(super) struct Random(SplitMix64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(SplitMix64::seed_from_u64(seed))
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below `bound`, which is not 0.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

/// A program under construction.
#[derive(Debug, Default)]
pub(super) struct Text {
    bytes: Vec<u8>,
    data: Vec<u32>,
    /// Bytes of writable memory at [`DATA`], instead of read-only words.
    memory: u32,
    compressed: bool,
}

impl Text {
    pub(super) fn new(compressed: bool) -> Self {
        Self { compressed, ..Self::default() }
    }

    /// Bytes so far.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn push(&mut self, inst: Inst) {
        self.bytes.extend(inst.encode().to_le_bytes());
    }

    /// Replaces the instruction of 4 bytes at `at`.
    pub(super) fn set(&mut self, at: usize, inst: Inst) {
        self.bytes[at..at + 4].copy_from_slice(&inst.encode().to_le_bytes());
    }

    /// Replaces the instruction of 2 bytes at `at`.
    pub(super) fn set_parcel(&mut self, at: usize, parcel: u16) {
        self.bytes[at..at + 2].copy_from_slice(&parcel.to_le_bytes());
    }

    /// Makes room for instructions that are set later.
    pub(super) fn reserve(&mut self, bytes: usize) {
        self.bytes.resize(self.bytes.len() + bytes, 0);
    }

    /// `rd = value`.
    pub(super) fn constant(&mut self, rd: Reg, value: u32) {
        let low = (value << 20) as i32 >> 20;
        self.push(Inst::Lui(U { rd, imm: value.wrapping_sub(low as u32) & 0xffff_f000 }));
        self.push(Inst::Addi(I { rd, rs1: rd, imm: low }));
    }

    /// A read-only word at [`DATA`], behind those before.
    pub(super) fn word(&mut self, word: u32) {
        self.data.push(word);
    }

    /// Writable memory at [`DATA`].
    pub(super) fn memory(&mut self, bytes: u32) {
        self.memory = bytes;
    }

    pub(super) fn image(&self) -> Vec<u8> {
        let profile = Profile::rv32(self.compressed);
        let image = ImageBuilder::new(profile).text(TEXT, &self.bytes);
        let words = || self.data.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<_>>();
        match (self.memory, self.data.is_empty()) {
            (0, true) => image,
            (0, false) => image.rodata(DATA, words()),
            (memory, _) => image.data(DATA, words(), memory),
        }
        .build()
    }
}

/// The address of a place in text.
pub(super) fn address(at: usize) -> u32 {
    TEXT + at as u32
}

pub(super) fn jal(rd: Reg, from: usize, to: usize) -> Inst {
    Inst::Jal(J { rd, offset: to as i32 - from as i32 })
}

pub(super) fn jalr(rd: Reg, rs1: Reg, imm: i32) -> Inst {
    Inst::Jalr(L { rd, rs1, imm })
}

/// A branch that is always taken.
pub(super) fn branch(from: usize, to: usize) -> Inst {
    Inst::Beq(B { rs1: Reg::ZERO, rs2: Reg::ZERO, offset: to as i32 - from as i32 })
}

/// `c.j`, or with a link `c.jal` (manual, format CJ).
pub(crate) fn compressed_jump(link: bool, from: usize, to: usize) -> u16 {
    let offset = (to as i32 - from as i32) as u32;
    let bit = |of: u32, to: u32| (offset >> of & 1) << to;
    let imm = bit(11, 12)
        | bit(4, 11)
        | bit(9, 10)
        | bit(8, 9)
        | bit(10, 8)
        | bit(6, 7)
        | bit(7, 6)
        | bit(3, 5)
        | bit(2, 4)
        | bit(1, 3)
        | bit(5, 2);
    let funct = if link { 0b001 } else { 0b101 };
    (funct << 13 | imm | 0b01) as u16
}

/// `c.jr`, or with a link `c.jalr` (manual, format CR).
pub(super) fn compressed_register_jump(link: bool, rs1: Reg) -> u16 {
    let funct = if link { 0b1001 } else { 0b1000 };
    (funct << 12 | rs1.number() << 7 | 0b10) as u16
}

#[cfg(test)]
mod tests {
    use bessemer_isa::expand;

    use super::*;

    #[test]
    fn compressed_jumps_mean_what_they_say() {
        for to in (1000..3000).step_by(2) {
            let offset = to as i32 - 2000;
            for (link, rd) in [(false, Reg::ZERO), (true, Reg::RA)] {
                let expanded = expand(compressed_jump(link, 2000, to), Profile::rv32(true));
                assert_eq!(expanded, Some(Inst::Jal(J { rd, offset })));
                let expanded = expand(compressed_register_jump(link, Reg::T0), Profile::rv32(true));
                assert_eq!(expanded, Some(jalr(rd, Reg::T0, 0)));
            }
        }
    }
}
