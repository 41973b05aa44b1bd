//! Integer registers.

use core::fmt;

/// One of the 32 integer registers, `x0` to `x31`.
///
/// The number is always below 32, so `regs[reg.index()]` on a `[_; 32]` never fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reg(u8);

/// ABI names in register order; `fp` is a second name of `s0`.
const ABI_NAMES: [&str; 32] = [
    "zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", "a0", "a1", "a2", "a3", "a4",
    "a5", "a6", "a7", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4",
    "t5", "t6",
];

macro_rules! named_registers {
    ($($name:ident = $number:literal),* $(,)?) => {
        #[allow(missing_docs, reason = "the ABI names of the RISC-V psABI, chapter 1")]
        impl Reg {
            $(pub const $name: Reg = Reg($number);)*
        }
    };
}

named_registers! {
    ZERO = 0, RA = 1, SP = 2, GP = 3, TP = 4, T0 = 5, T1 = 6, T2 = 7, S0 = 8, S1 = 9,
    A0 = 10, A1 = 11, A2 = 12, A3 = 13, A4 = 14, A5 = 15, A6 = 16, A7 = 17,
    S2 = 18, S3 = 19, S4 = 20, S5 = 21, S6 = 22, S7 = 23, S8 = 24, S9 = 25, S10 = 26, S11 = 27,
    T3 = 28, T4 = 29, T5 = 30, T6 = 31,
}

impl Reg {
    /// The register with this number; `None` from 32 up.
    pub const fn new(number: u32) -> Option<Self> {
        if number < 32 { Some(Self(number as u8)) } else { None }
    }

    /// The register in the five bits of `word` that start at bit `low`.
    pub(crate) const fn at(word: u32, low: u32) -> Self {
        Self((word >> low & 31) as u8)
    }

    /// The register in a three-bit field of a compressed instruction: `x8` to `x15`.
    pub(crate) const fn at_short(parcel: u16, low: u32) -> Self {
        Self((parcel >> low & 7) as u8 + 8)
    }

    /// The register number, 0 to 31.
    pub const fn number(self) -> u32 {
        self.0 as u32
    }

    /// The register number as an index into an array of 32.
    pub const fn index(self) -> usize {
        (self.0 & 31) as usize
    }

    /// Whether this is `x0`, which reads 0 and ignores writes.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The ABI name, for example `a0`.
    pub const fn name(self) -> &'static str {
        ABI_NAMES[self.index()]
    }

    /// Reads an ABI name (`a0`, `fp`) or an architectural one (`x10`).
    pub fn parse(name: &str) -> Option<Self> {
        if name == "fp" {
            return Some(Self::S0);
        }
        if let Some(number) = name.strip_prefix('x').filter(|n| !n.starts_with('+')) {
            return number.parse().ok().and_then(Self::new);
        }
        let number = ABI_NAMES.iter().position(|&known| known == name)?;
        Self::new(number as u32)
    }

    /// All registers in order.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..32).map(Self)
    }
}

impl fmt::Display for Reg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A set of registers. `x0` is never a member: it holds no state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct RegSet(u32);

impl RegSet {
    /// No register.
    pub const EMPTY: Self = Self(0);
    /// `x1` to `x31`.
    pub const ALL: Self = Self(!1);

    /// The set of these registers.
    pub const fn of(regs: &[Reg]) -> Self {
        let mut bits = 0;
        let mut i = 0;
        while i < regs.len() {
            bits |= 1 << regs[i].number();
            i += 1;
        }
        Self(bits & !1)
    }

    /// Whether the register is a member.
    pub const fn contains(self, reg: Reg) -> bool {
        self.0 >> reg.number() & 1 == 1
    }

    /// Members of either set.
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Members of this set that are not in the other.
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Members of both sets.
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether there is no member.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many members there are.
    pub const fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// The members in ascending order.
    pub fn iter(self) -> impl Iterator<Item = Reg> {
        Reg::all().filter(move |&reg| self.contains(reg))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_register_is_found_by_both_of_its_names() {
        for reg in Reg::all() {
            assert_eq!(Reg::parse(reg.name()), Some(reg));
        }
        assert_eq!(Reg::parse("x31"), Some(Reg::T6));
        assert_eq!(Reg::parse("fp"), Some(Reg::S0));
        for wrong in ["x32", "x", "a8", "", "x-1", "x+1", "A0"] {
            assert_eq!(Reg::parse(wrong), None, "{wrong}");
        }
    }
}
