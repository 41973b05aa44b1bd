//! Text (section 1) and what stands at an address of it (section 2, "Length").

use super::instruction::Instruction;
use super::{Isa, compressed, decode};

#[derive(Clone, Debug)]
pub(super) struct Text {
    start: u32,
    /// Rounded down to a multiple of the step.
    bytes: Vec<u8>,
    compressed: bool,
    isa: Isa,
}

impl Text {
    pub(super) fn new(start: u32, bytes: &[u8], compressed: bool, isa: Isa) -> Self {
        let step = if compressed { 2 } else { 4 };
        let bytes = bytes[..bytes.len() / step * step].to_vec();
        Self { start, bytes, compressed, isa }
    }

    /// Bytes of text.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn is_compressed(&self) -> bool {
        self.compressed
    }

    /// `TEXT <= addr < TEXT_END`.
    pub(super) fn contains(&self, addr: u32) -> bool {
        self.start <= addr && addr < self.end()
    }

    /// The instruction that stands at `p`, and its length in bytes. The length of an illegal
    /// instruction has no meaning.
    pub(super) fn decode(&self, p: u32) -> (Instruction, u32) {
        if p == self.end() {
            // The parcel just past text counts as illegal.
            return (Instruction::Illegal, 2);
        }
        assert!(self.contains(p), "no text at {p:#x}");
        if !self.compressed {
            let word = self.parcel(p) | self.parcel(p + 2) << 16;
            return match word & 0b11 {
                0b11 => (decode::word(word, self.isa), 4),
                _ => (Instruction::Illegal, 4),
            };
        }
        let low = self.parcel(p);
        if low & 0b11 != 0b11 {
            return (compressed::parcel(low, self.isa), 2);
        }
        if low & 0b1_1100 == 0b1_1100 {
            // 48 bits and longer.
            return (Instruction::Illegal, 2);
        }
        if !self.contains(p + 2) {
            return (Instruction::Illegal, 2);
        }
        (decode::word(low | self.parcel(p + 2) << 16, self.isa), 4)
    }

    fn end(&self) -> u32 {
        self.start + u32::try_from(self.bytes.len()).expect("text is smaller than 4 GiB")
    }

    fn parcel(&self, p: u32) -> u32 {
        let index = (p - self.start) as usize;
        u32::from(self.bytes[index]) | u32::from(self.bytes[index + 1]) << 8
    }
}
