//! A generated program.

use crate::oracle::{Isa, MemoryClass, STACK_TOP, Segment, Setup};

/// A program with its initial memory. All registers but sp are zero at entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Name of the generator.
    pub name: &'static str,
    /// With the name, what reproduces the case.
    pub seed: u64,
    /// The executable segment.
    pub text: Vec<u8>,
    /// Where it lies: a multiple of the step.
    pub text_addr: u32,
    /// A segment that can only be read.
    pub rodata: Vec<u8>,
    /// Where it lies: the first byte of a page.
    pub rodata_addr: u32,
    /// A segment that can be read and written.
    pub data: Vec<u8>,
    /// Where it lies: anywhere in a page.
    pub data_addr: u32,
    /// First pc.
    pub entry: u32,
    /// Profile C.
    pub compressed: bool,
    /// The width of the registers, and extensions.
    pub isa: Isa,
    /// A gas limit that suits the program.
    pub gas: u64,
}

impl Case {
    /// The setup of the oracle, with sp at the top of the stack.
    #[must_use]
    pub fn setup(&self, stack_size: u32, memory_class: MemoryClass) -> Setup {
        Setup {
            segments: vec![
                Segment::text(self.text_addr, self.text.clone()),
                Segment::rodata(self.rodata_addr, self.rodata.clone()),
                Segment::data(self.data_addr, self.data.clone()),
            ],
            entry: self.entry,
            compressed: self.compressed,
            isa: self.isa,
            stack_size,
            memory_class,
            gas: self.gas,
            sp: STACK_TOP,
        }
    }
}

/// The number in a7 at which a program ends.
pub const EXIT: u32 = 93;

/// The answer of the host of a generated program to an ECALL: the new a0, or None if the program
/// ends. Every engine gets the same answers.
#[must_use]
pub fn answer(registers: &[u64; 32]) -> Option<u32> {
    let number = registers[17] as u32;
    if number == EXIT {
        return None;
    }
    let arguments = &registers[10..16];
    Some(arguments.iter().fold(number, |sum, a| sum.wrapping_mul(31).wrapping_add(*a as u32)))
}
