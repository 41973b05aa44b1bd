//! Which instructions a program may contain: the width of its registers, and extensions.

use core::fmt;

/// The width of the integer registers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Xlen {
    /// 32 bits.
    #[default]
    Rv32,
    /// 64 bits.
    Rv64,
}

impl Xlen {
    /// Both widths.
    pub const ALL: [Self; 2] = [Self::Rv32, Self::Rv64];

    /// Bits in a register.
    pub const fn bits(self) -> u32 {
        match self {
            Self::Rv32 => 32,
            Self::Rv64 => 64,
        }
    }

    /// Bytes in a register.
    pub const fn bytes(self) -> u32 {
        self.bits() / 8
    }
}

impl fmt::Display for Xlen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rv{}", self.bits())
    }
}

/// The widths that have a row of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Widths {
    /// Both.
    Any,
    /// RV32 alone.
    Rv32,
    /// RV64 alone.
    Rv64,
}

impl Widths {
    /// Whether this width has the row.
    pub const fn contains(self, xlen: Xlen) -> bool {
        match self {
            Self::Any => true,
            Self::Rv32 => matches!(xlen, Xlen::Rv32),
            Self::Rv64 => matches!(xlen, Xlen::Rv64),
        }
    }
}

/// The extension that a row of a table belongs to, by its name in the RISC-V unprivileged manual.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the names are the manual's")]
pub enum Extension {
    I,
    M,
    A,
    /// C without floats.
    Zca,
    Zba,
    Zbb,
    Zbs,
    Zicond,
    Zcb,
}

impl Extension {
    /// Whether this is one of the extensions that [`Profile::bits`] stands for.
    pub const fn is_bits(self) -> bool {
        matches!(self, Self::Zba | Self::Zbb | Self::Zbs | Self::Zicond | Self::Zcb)
    }
}

/// Which instructions a program may contain (specification, section 2).
///
/// ```
/// use bessemer_isa::{Profile, Xlen};
///
/// let profile = Profile::rv64(true);
/// assert_eq!(profile.to_string(), "rv64imac_zicond_zba_zbb_zbs_zcb");
/// assert_eq!(profile.step(), 2);
/// assert_eq!(Profile::rv32(false).to_string(), "rv32ima");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Profile {
    /// The width of the registers.
    pub xlen: Xlen,
    /// Whether compressed instructions are decoded (C without floats).
    pub compressed: bool,
    /// Whether Zba, Zbb, Zbs and Zicond are there and, together with `compressed`, Zcb.
    pub bits: bool,
}

impl Profile {
    /// RV32IMA, with C if `compressed`: what a 32-bit image has that asks for nothing else.
    pub const fn rv32(compressed: bool) -> Self {
        Self { xlen: Xlen::Rv32, compressed, bits: false }
    }

    /// RV64IMA with the bit manipulation extensions, and with C if `compressed`: what every 64-bit
    /// image has.
    pub const fn rv64(compressed: bool) -> Self {
        Self { xlen: Xlen::Rv64, compressed, bits: true }
    }

    /// The same profile with or without the bit manipulation extensions.
    #[must_use]
    pub const fn with_bits(self, bits: bool) -> Self {
        Self { bits, ..self }
    }

    /// Alignment of every pc, in bytes: 2 with compressed instructions, 4 without.
    pub const fn step(self) -> u32 {
        if self.compressed { 2 } else { 4 }
    }

    /// Whether the profile has the rows of this extension.
    pub const fn has(self, extension: Extension) -> bool {
        match extension {
            Extension::I | Extension::M | Extension::A => true,
            Extension::Zca => self.compressed,
            Extension::Zcb => self.compressed && self.bits,
            Extension::Zba | Extension::Zbb | Extension::Zbs | Extension::Zicond => self.bits,
        }
    }
}

/// The profile as an ISA string, as `-march` of compilers takes it.
impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}ima", self.xlen)?;
        if self.compressed {
            f.write_str("c")?;
        }
        if self.bits {
            f.write_str("_zicond_zba_zbb_zbs")?;
        }
        if self.has(Extension::Zcb) {
            f.write_str("_zcb")?;
        }
        Ok(())
    }
}
