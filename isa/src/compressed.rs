//! The C extension: 16-bit forms and what they stand for.
//!
//! As for words, a row of the table names a format, and the format owns the bit slicing.

use core::fmt;

use crate::format::{B, H, I, J, L, N, R, S, U};
use crate::{Immediate, Inst, Reg};

pub(crate) mod format;

use format::{
    Ca, Cb, Cbi, Ch, Ci, Ci16, Ciw, Cj, Cjr, Cl, Clsp, Cn, CompressedOperands, Cr, Cs, Csh, Csp, Cu,
};

/// The instruction that a 16-bit parcel stands for; `None` if the parcel is no compressed
/// instruction of RV32C (specification, section 2).
pub fn expand(parcel: u16) -> Option<Inst> {
    CompressedOp::of(parcel)?.expand(parcel)
}

macro_rules! define_compressed {
    ($($Name:ident $method:ident $mnemonic:literal $Format:ident $match:literal $mask:literal $expansion:expr;)*) => {
        /// Which compressed form.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum CompressedOp {
            $(#[doc = concat!("`", $mnemonic, "`")] $Name,)*
        }

        impl CompressedOp {
            /// All forms in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$Name),*];

            /// The form that a parcel has by its fixed bits. Some operands may still be reserved.
            pub const fn of(parcel: u16) -> Option<Self> {
                $(if parcel & $mask == $match {
                    return Some(Self::$Name);
                })*
                None
            }

            /// The assembler's name.
            pub const fn mnemonic(self) -> &'static str {
                match self {
                    $(Self::$Name => $mnemonic,)*
                }
            }

            /// What `parcel`, which has this form, stands for; `None` for reserved operands.
            pub fn expand(self, parcel: u16) -> Option<Inst> {
                match self {
                    $(Self::$Name => {
                        let expand: fn($Format) -> Option<Inst> = $expansion;
                        expand($Format::unpack(parcel))
                    })*
                }
            }

            /// A parcel of this form with operands taken from arbitrary bits, for generators.
            /// It can be an earlier form of the table, or reserved.
            pub const fn with_operand_bits(self, bits: u16) -> u16 {
                match self {
                    $(Self::$Name => bits & !$mask | $match,)*
                }
            }

            /// The rule for the constant operand, if there is one.
            pub const fn immediate(self) -> Option<Immediate> {
                match self {
                    $(Self::$Name => $Format::IMMEDIATE,)*
                }
            }

            /// The encoding `parcel` with another constant operand.
            pub(crate) fn set_immediate(self, parcel: u16, value: i64) -> u16 {
                match self {
                    $(Self::$Name => $match | $Format::unpack(parcel).with_immediate(value).pack(),)*
                }
            }
        }

        impl fmt::Display for ParcelAt {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self.form {
                    $(CompressedOp::$Name => {
                        f.write_str($mnemonic)?;
                        if size_of::<$Format>() > 0 {
                            f.write_str(" ")?;
                            $Format::unpack(self.parcel).write_at(self.pc, f)?;
                        }
                        Ok(())
                    })*
                }
            }
        }
    };
}

crate::for_each_compressed!(define_compressed);

impl CompressedOp {
    /// `parcel`, which has this form, as assembler text at an address: targets are absolute.
    ///
    /// ```
    /// use bessemer_isa::CompressedOp;
    ///
    /// let form = CompressedOp::of(0xfded).expect("a compressed instruction");
    /// assert_eq!(form.at(0xfded, 0x1_0006).to_string(), "c.bnez a1, 0x10000");
    /// ```
    pub const fn at(self, parcel: u16, pc: u32) -> impl fmt::Display {
        ParcelAt { form: self, parcel, pc }
    }

    /// Whether `parcel` is a legal instruction of this form: no other row of the table claims it
    /// and its operands are not reserved.
    pub(crate) fn is_form_of(self, parcel: u16) -> bool {
        Self::of(parcel) == Some(self) && self.expand(parcel).is_some()
    }
}

/// A parcel and the address at which it stands.
struct ParcelAt {
    form: CompressedOp,
    parcel: u16,
    pc: u32,
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::string::ToString;

    use super::*;

    #[test]
    fn known_encodings_expand_as_the_manual_says() {
        let cases: &[(u16, &str)] = &[
            (0x4501, "addi a0, zero, 0"),
            (0xfded, "bne a1, zero, . - 6"),
            (0x00b5, "addi ra, ra, 13"),
            (0x8082, "jalr zero, 0(ra)"),
            (0x9002, "ebreak"),
            (0x1141, "addi sp, sp, -16"),
            (0xc606, "sw ra, 12(sp)"),
            (0x40b2, "lw ra, 12(sp)"),
            (0x6105, "addi sp, sp, 32"),
            (0x717d, "addi sp, sp, -16"),
            (0x0800, "addi s0, sp, 16"),
            (0x67c1, "lui a5, 0x10"),
            (0x8526, "add a0, zero, s1"),
            (0x952e, "add a0, a0, a1"),
            (0x0001, "addi zero, zero, 0"),
        ];
        for &(parcel, text) in cases {
            assert_eq!(
                expand(parcel).map(|inst| inst.to_string()).as_deref(),
                Some(text),
                "{parcel:#06x}"
            );
        }
    }

    #[test]
    fn reserved_and_foreign_parcels_are_illegal() {
        let cases: &[(u16, &str)] = &[
            (0x0000, "the zero parcel"),
            (0x0004, "c.addi4spn with immediate 0"),
            (0x6101, "c.addi16sp with immediate 0"),
            (0x6501, "c.lui with immediate 0"),
            (0x4002, "c.lwsp to x0"),
            (0x8002, "c.jr x0"),
            (0x1002, "c.slli with shift bit 5"),
            (0x9001, "c.srli with shift bit 5"),
            (0x9401, "c.srai with shift bit 5"),
            (0x9c01, "c.subw"),
            (0x9c21, "c.addw"),
            (0x2000, "c.fld"),
            (0x6000, "c.flw"),
            (0xe002, "c.fswsp"),
            (0x8000, "reserved quadrant 0 space"),
        ];
        for &(parcel, what) in cases {
            assert_eq!(expand(parcel), None, "{what}");
        }
    }

    #[test]
    fn formats_pack_what_they_unpack() {
        macro_rules! check {
            ($($Name:ident $method:ident $mnemonic:literal $Format:ident $match:literal $mask:literal $expansion:expr;)*) => {
                for parcel in 0..=u16::MAX {
                    $(if CompressedOp::of(parcel) == Some(CompressedOp::$Name) {
                        assert_eq!($match | $Format::unpack(parcel).pack(), parcel, $mnemonic);
                    })*
                }
            };
        }
        crate::for_each_compressed!(check);
    }
}
