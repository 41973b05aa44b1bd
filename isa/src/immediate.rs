//! The range of the constant operand of a format.

use core::fmt;

use crate::Xlen;

/// The rule for a format's constant operand, as it is written in assembler text.
///
/// ```
/// use bessemer_isa::{Op, Xlen};
///
/// let rule = Op::Addi.immediate(Xlen::Rv32).expect("addi has a constant");
/// assert_eq!(rule.to_string(), "from -2048 to 2047");
/// assert_eq!(rule.fit(0xffff_ffff), Some(-1));
/// assert_eq!(rule.fit(2048), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Immediate {
    name: &'static str,
    ranges: &'static [(i64, i64)],
    multiple: i64,
    from_pc: bool,
    /// Whether the range grows with the register.
    of_register: bool,
}

impl Immediate {
    /// A constant in one of these inclusive ranges.
    pub(crate) const fn new(ranges: &'static [(i64, i64)]) -> Self {
        Self { name: "immediate", ranges, multiple: 1, from_pc: false, of_register: false }
    }

    /// A shift amount of a whole register.
    pub(crate) const fn shift() -> Self {
        Self { of_register: true, ..Self::word_shift() }
    }

    /// A shift amount of a word.
    pub(crate) const fn word_shift() -> Self {
        Self { name: "shift amount", ..Self::new(&[(0, 31)]) }
    }

    /// The rule in programs of this width.
    pub(crate) const fn within(self, xlen: Xlen) -> Self {
        match xlen {
            Xlen::Rv64 if self.of_register => Self { ranges: &[(0, 63)], ..self },
            _ => self,
        }
    }

    /// An even distance; the text names the target, the encoding counts from the instruction.
    pub(crate) const fn distance(ranges: &'static [(i64, i64)]) -> Self {
        Self { name: "distance", from_pc: true, ..Self::new(ranges).multiple(2) }
    }

    /// The same, but a multiple of `factor`.
    pub(crate) const fn multiple(self, factor: i64) -> Self {
        Self { multiple: factor, ..self }
    }

    /// The name of the operand in messages.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Whether the encoded value is the distance from the instruction to the address written.
    pub const fn is_from_pc(&self) -> bool {
        self.from_pc
    }

    /// The value to encode for `value`. A 32-bit pattern may be written signed or unsigned:
    /// `0xffff_ffff` is -1 where only that fits. `None` if neither reading obeys the rule.
    pub fn fit(&self, value: i64) -> Option<i64> {
        let signed = (value >> 31 == 1).then_some(value - (1 << 32));
        [Some(value), signed].into_iter().flatten().find(|reading| {
            reading % self.multiple == 0
                && self.ranges.iter().any(|(low, high)| (low..=high).contains(&reading))
        })
    }
}

impl fmt::Display for Immediate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.multiple {
            1 => {}
            2 => f.write_str("even ")?,
            factor => write!(f, "a multiple of {factor} ")?,
        }
        for (i, (low, high)) in self.ranges.iter().enumerate() {
            let or = if i == 0 { "" } else { " or " };
            if *high >= 0x10000 && !self.from_pc {
                write!(f, "{or}from {low:#x} to {high:#x}")?;
            } else {
                write!(f, "{or}from {low} to {high}")?;
            }
        }
        Ok(())
    }
}
