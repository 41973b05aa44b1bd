//! The C extension: 16-bit forms and what they stand for.
//!
//! As for words, a row of the table names a format, and the format owns the bit slicing.

use core::fmt;

use crate::format::{B, H, I, J, L, N, R, R1, S, U};
use crate::profile::{Extension, Widths};
use crate::{Immediate, Inst, Profile, Reg, Xlen};

pub(crate) mod format;

use format::{
    Ca, Cb, Cbi, Ch, Ci, Ci16, Ciw, Cj, Cjr, Cl, Clb, Cld, Cldsp, Clh, Clsp, Cn,
    CompressedOperands, Cr, Cs, Csb, Csd, Csdsp, Csh, Cshw, Csp, Cu, Cu1,
};

/// The instruction that a 16-bit parcel stands for; `None` if the parcel is not a compressed
/// instruction of this profile (specification, section 2).
pub fn expand(parcel: u16, profile: Profile) -> Option<Inst> {
    CompressedOp::of(parcel, profile)?.expand(parcel, profile)
}

macro_rules! define_compressed {
    ($($Name:ident $method:ident $mnemonic:literal $on:ident $in:ident $Format:ident $match:literal $mask:literal $expansion:expr;)*) => {
        /// Which compressed form.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum CompressedOp {
            $(#[doc = concat!("`", $mnemonic, "`")] $Name,)*
        }

        impl CompressedOp {
            /// All forms in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$Name),*];

            /// The form that a parcel has by its fixed bits. Some operands may still be reserved.
            pub const fn of(parcel: u16, profile: Profile) -> Option<Self> {
                $(if parcel & $mask == $match && Self::$Name.is_in(profile) {
                    return Some(Self::$Name);
                })*
                None
            }

            /// The widths that have the form.
            pub const fn widths(self) -> Widths {
                match self {
                    $(Self::$Name => Widths::$on,)*
                }
            }

            /// The extension that the form belongs to.
            pub const fn extension(self) -> Extension {
                match self {
                    $(Self::$Name => Extension::$in,)*
                }
            }

            /// The assembler's name.
            pub const fn mnemonic(self) -> &'static str {
                match self {
                    $(Self::$Name => $mnemonic,)*
                }
            }

            /// The instruction that `parcel`, which has this form, stands for; `None` for reserved operands.
            pub fn expand(self, parcel: u16, profile: Profile) -> Option<Inst> {
                let inst = match self {
                    $(Self::$Name => {
                        let expand: fn($Format) -> Option<Inst> = $expansion;
                        expand($Format::unpack(parcel))
                    })*
                };
                inst.filter(|inst| inst.is_in(profile))
            }

            /// A parcel of this form with operands taken from arbitrary bits, for generators.
            /// It can be an earlier form of the table, or reserved.
            pub const fn with_operand_bits(self, bits: u16) -> u16 {
                match self {
                    $(Self::$Name => bits & !$mask | $match,)*
                }
            }

            /// The rule for the constant operand in programs of this width, if there is one.
            pub const fn immediate(self, xlen: Xlen) -> Option<Immediate> {
                let rule = match self {
                    $(Self::$Name => $Format::IMMEDIATE,)*
                };
                match rule {
                    Some(rule) => Some(rule.within(xlen)),
                    None => None,
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
    /// use bessemer_isa::{CompressedOp, Profile};
    ///
    /// let form = CompressedOp::of(0xfded, Profile::rv32(true)).expect("a compressed instruction");
    /// assert_eq!(form.at(0xfded, 0x1_0006).to_string(), "c.bnez a1, 0x10000");
    /// ```
    pub const fn at(self, parcel: u16, pc: u32) -> impl fmt::Display {
        ParcelAt { form: self, parcel, pc }
    }

    /// Whether `parcel` is a legal instruction of this form: no other row of the table claims it
    /// and its operands are not reserved.
    pub(crate) fn is_form_of(self, parcel: u16, profile: Profile) -> bool {
        Self::of(parcel, profile) == Some(self) && self.expand(parcel, profile).is_some()
    }

    /// Whether programs of this profile have the form.
    pub const fn is_in(self, profile: Profile) -> bool {
        self.widths().contains(profile.xlen) && profile.has(self.extension())
    }

    /// The forms that programs of this profile have, in the order of the table.
    pub fn of_profile(profile: Profile) -> impl Iterator<Item = Self> + Clone {
        Self::ALL.iter().copied().filter(move |form| form.is_in(profile))
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

    const RV32: Profile = Profile::rv32(true);
    const RV64: Profile = Profile::rv64(true);

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
                expand(parcel, RV32).map(|inst| inst.to_string()).as_deref(),
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
            assert_eq!(expand(parcel, RV32), None, "{what}");
        }
        let with_bits = RV32.with_bits(true);
        assert_eq!(expand(0x9c71, with_bits), None, "c.zext.w of RV64");
        for (parcel, what) in [
            (0x2001, "c.addiw to x0"),
            (0x6002, "c.ldsp to x0"),
            (0x2000, "c.fld"),
            (0x2002, "c.fldsp"),
            (0x9c79, "reserved next to c.not"),
        ] {
            assert_eq!(expand(parcel, RV64), None, "{what}");
        }
    }

    #[test]
    fn the_forms_of_each_width_and_of_zcb_expand_as_the_manual_says() {
        let with_bits = RV32.with_bits(true);
        let cases: &[(Profile, u16, &str)] = &[
            (RV32, 0x2001, "jal ra, . + 0"),
            (RV64, 0x2505, "addiw a0, a0, 1"),
            (RV64, 0x6108, "ld a0, 0(a0)"),
            (RV64, 0xe108, "sd a0, 0(a0)"),
            (RV64, 0x60a2, "ld ra, 8(sp)"),
            (RV64, 0xe406, "sd ra, 8(sp)"),
            (RV64, 0x9d0d, "subw a0, a0, a1"),
            (RV64, 0x9d2d, "addw a0, a0, a1"),
            (RV64, 0x1502, "slli a0, a0, 32"),
            (RV64, 0x9101, "srli a0, a0, 32"),
            (with_bits, 0x8128, "lbu a0, 2(a0)"),
            (with_bits, 0x8568, "lh a0, 2(a0)"),
            (with_bits, 0x8d08, "sh a0, 0(a0)"),
            (with_bits, 0x9d69, "zext.h a0, a0"),
            (RV64, 0x9d69, "zext.h a0, a0"),
            (RV64, 0x9d71, "add.uw a0, a0, zero"),
            (RV64, 0x9d75, "xori a0, a0, -1"),
            (RV64, 0x9d4d, "mul a0, a0, a1"),
        ];
        for &(profile, parcel, text) in cases {
            assert_eq!(
                expand(parcel, profile).map(|inst| inst.to_string()).as_deref(),
                Some(text),
                "{profile}: {parcel:#06x}"
            );
        }
    }

    #[test]
    fn formats_pack_what_they_unpack() {
        macro_rules! check {
            ($($Name:ident $method:ident $mnemonic:literal $on:ident $in:ident $Format:ident $match:literal $mask:literal $expansion:expr;)*) => {
                for parcel in 0..=u16::MAX {
                    $(for profile in [RV32.with_bits(true), RV64] {
                        if CompressedOp::of(parcel, profile) == Some(CompressedOp::$Name) {
                            assert_eq!($match | $Format::unpack(parcel).pack(), parcel, $mnemonic);
                        }
                    })*
                }
            };
        }
        crate::for_each_compressed!(check);
    }
}
