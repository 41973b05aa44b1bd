//! The formats with memory ordering in them: atomics and fences.

use core::fmt;

use super::{Operands, R, RegSet, bits};
use crate::Reg;

/// Atomic memory operation: `amoadd.w rd, rs2, (rs1)`. The ordering bits `aq` and `rl` are kept for
/// printing; they do not change what a single hart computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "field names are the manual's")]
pub struct A {
    pub rd: Reg,
    pub rs1: Reg,
    pub rs2: Reg,
    pub aq: bool,
    pub rl: bool,
}

impl Operands for A {
    fn unpack(word: u32) -> Self {
        let R { rd, rs1, rs2 } = R::unpack(word);
        Self { rd, rs1, rs2, aq: bits(word, 26, 1) == 1, rl: bits(word, 25, 1) == 1 }
    }

    fn pack(self) -> u32 {
        let Self { rd, rs1, rs2, aq, rl } = self;
        R { rd, rs1, rs2 }.pack() | u32::from(aq) << 26 | u32::from(rl) << 25
    }

    fn reads(self) -> RegSet {
        RegSet::of(&[self.rs1, self.rs2])
    }

    fn writes(self) -> RegSet {
        RegSet::of(&[self.rd])
    }

    fn with_order(self, aq: bool, rl: bool) -> Option<Self> {
        Some(Self { aq, rl, ..self })
    }

    fn suffix(&self) -> &'static str {
        suffix(self.aq, self.rl)
    }
}

impl fmt::Display for A {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}, ({})", self.rd, self.rs2, self.rs1)
    }
}

/// Load reserved: `lr.w rd, (rs1)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "field names are the manual's")]
pub struct Lr {
    pub rd: Reg,
    pub rs1: Reg,
    pub aq: bool,
    pub rl: bool,
}

impl Operands for Lr {
    fn unpack(word: u32) -> Self {
        let A { rd, rs1, rs2: _, aq, rl } = A::unpack(word);
        Self { rd, rs1, aq, rl }
    }

    fn pack(self) -> u32 {
        let Self { rd, rs1, aq, rl } = self;
        A { rd, rs1, rs2: Reg::ZERO, aq, rl }.pack()
    }

    fn reads(self) -> RegSet {
        RegSet::of(&[self.rs1])
    }

    fn writes(self) -> RegSet {
        RegSet::of(&[self.rd])
    }

    fn with_order(self, aq: bool, rl: bool) -> Option<Self> {
        Some(Self { aq, rl, ..self })
    }

    fn suffix(&self) -> &'static str {
        suffix(self.aq, self.rl)
    }
}

impl fmt::Display for Lr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, ({})", self.rd, self.rs1)
    }
}

/// Fence fields: every bit of the word that is neither opcode nor funct3. None has an effect here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct F {
    /// The fields `fm`, `pred`, `succ`, `rs1` and `rd` at their places in the word.
    pub fields: u32,
}

impl F {
    const MASK: u32 = 0xffff_8f80;

    /// `fence.tso`.
    pub const TSO: Self = Self { fields: 0x8330_0000 };

    /// An ordinary fence of these predecessor and successor sets (bits `iorw` from 3 down to 0).
    pub const fn new(pred: u32, succ: u32) -> Self {
        Self { fields: (pred & 15) << 24 | (succ & 15) << 20 }
    }
}

impl Operands for F {
    fn unpack(word: u32) -> Self {
        Self { fields: word & Self::MASK }
    }

    fn pack(self) -> u32 {
        self.fields & Self::MASK
    }

    fn reads(self) -> RegSet {
        RegSet::EMPTY
    }

    fn writes(self) -> RegSet {
        RegSet::EMPTY
    }
}

/// The two sets, or one number for the fields if they are not those of an ordinary fence.
impl fmt::Display for F {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (pred, succ) = (bits(self.fields, 24, 4), bits(self.fields, 20, 4));
        if *self != Self::new(pred, succ) {
            return write!(f, "{:#010x}", self.fields);
        }
        let set = |f: &mut fmt::Formatter<'_>, bits: u32| {
            if bits == 0 {
                return f.write_str("0");
            }
            for (bit, letter) in [(8, "i"), (4, "o"), (2, "r"), (1, "w")] {
                if bits & bit != 0 {
                    f.write_str(letter)?;
                }
            }
            Ok(())
        };
        set(f, pred)?;
        f.write_str(", ")?;
        set(f, succ)
    }
}

/// The ordering suffix of an atomic's mnemonic.
const fn suffix(aq: bool, rl: bool) -> &'static str {
    match (aq, rl) {
        (false, false) => "",
        (true, false) => ".aq",
        (false, true) => ".rl",
        (true, true) => ".aqrl",
    }
}
