//! The C extension: 16-bit forms and what they stand for.
//!
//! Formats here own the bit slicing of compressed encodings, as [`crate::format`] does for words.
//! Bit positions are those of the RISC-V unprivileged manual, chapter "C Extension".

use core::fmt;

use crate::format::{B, Distance, H, I, J, L, N, R, S, U};
use crate::{Inst, Reg};

/// The instruction that a 16-bit parcel stands for; `None` if the parcel is no compressed
/// instruction of RV32C (specification, section 2).
pub fn expand(parcel: u16) -> Option<Inst> {
    CompressedOp::of(parcel)?.expand(parcel)
}

/// The operands of one compressed format.
pub(crate) trait CompressedOperands: Copy + fmt::Display {
    fn unpack(parcel: u16) -> Self;
    fn pack(self) -> u16;
}

macro_rules! define_compressed {
    ($($Name:ident $mnemonic:literal $Format:ident $match:literal $mask:literal $expansion:expr;)*) => {
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

            /// Writes `parcel`, which has this form, as assembler text.
            pub fn write(self, parcel: u16, out: &mut impl fmt::Write) -> fmt::Result {
                match self {
                    $(Self::$Name => {
                        let operands = $Format::unpack(parcel);
                        out.write_str($mnemonic)?;
                        if size_of::<$Format>() > 0 {
                            write!(out, " {operands}")?;
                        }
                        Ok(())
                    })*
                }
            }
        }
    };
}

crate::for_each_compressed!(define_compressed);

/// Collects bits of a parcel: each pair is (bit in the parcel, bit in the value).
const fn gather(parcel: u16, pairs: &[(u32, u32)]) -> u32 {
    let mut value = 0;
    let mut i = 0;
    while i < pairs.len() {
        value |= (parcel as u32 >> pairs[i].0 & 1) << pairs[i].1;
        i += 1;
    }
    value
}

/// The inverse of [`gather`].
const fn scatter(value: u32, pairs: &[(u32, u32)]) -> u16 {
    let mut parcel = 0;
    let mut i = 0;
    while i < pairs.len() {
        parcel |= ((value >> pairs[i].1 & 1) as u16) << pairs[i].0;
        i += 1;
    }
    parcel
}

const fn sign_extend(value: u32, count: u32) -> i32 {
    ((value << (32 - count)) as i32) >> (32 - count)
}

const fn short(reg: Reg, low: u32) -> u16 {
    ((reg.number() & 7) as u16) << low
}

const fn full(reg: Reg, low: u32) -> u16 {
    (reg.number() as u16) << low
}

const fn full_at(parcel: u16, low: u32) -> Reg {
    Reg::at(parcel as u32, low)
}

/// The six-bit immediate of CI and CB forms: `imm[5] imm[4:0]` at bits 12 and 6:2.
const IMM6: &[(u32, u32)] = &[(12, 5), (6, 4), (5, 3), (4, 2), (3, 1), (2, 0)];

/// Declares a format: its fields, how each is unpacked and packed, and how the operands are
/// written.
macro_rules! compressed_format {
    ($(#[$doc:meta])* $Name:ident { $($field:ident: $Type:ty = $unpack:expr => $pack:expr),* }
     $text:literal $(, $shown:expr)*) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) struct $Name {
            $(pub(crate) $field: $Type,)*
        }

        impl CompressedOperands for $Name {
            fn unpack(parcel: u16) -> Self {
                let _ = parcel;
                Self { $($field: { let unpack: fn(u16) -> $Type = $unpack; unpack(parcel) },)* }
            }

            fn pack(self) -> u16 {
                0 $(| { let pack: fn($Type) -> u16 = $pack; pack(self.$field) })*
            }
        }

        impl fmt::Display for $Name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                $(let $field = self.$field;)*
                write!(f, $text $(, $shown)*)
            }
        }
    };
}

compressed_format! {
    /// `c.addi4spn rd', sp, imm`: a multiple of 4 up to 1020.
    Ciw {
        rd: Reg = |p| Reg::at_short(p, 2) => |r| short(r, 2),
        imm: i32 = |p| gather(p, CIW) as i32 => |v| scatter(v as u32, CIW)
    } "{rd}, sp, {imm}"
}
const CIW: &[(u32, u32)] = &[
    (12, 5),
    (11, 4),
    (10, 9),
    (9, 8),
    (8, 7),
    (7, 6),
    (6, 2),
    (5, 3),
];

/// The offset of `c.lw` and `c.sw`: a multiple of 4 up to 124.
const WORD_OFFSET: &[(u32, u32)] = &[(12, 5), (11, 4), (10, 3), (6, 2), (5, 6)];

compressed_format! {
    /// `c.lw rd', imm(rs1')`.
    Cl {
        rd: Reg = |p| Reg::at_short(p, 2) => |r| short(r, 2),
        rs1: Reg = |p| Reg::at_short(p, 7) => |r| short(r, 7),
        imm: i32 = |p| gather(p, WORD_OFFSET) as i32 => |v| scatter(v as u32, WORD_OFFSET)
    } "{rd}, {imm}({rs1})"
}

compressed_format! {
    /// `c.sw rs2', imm(rs1')`.
    Cs {
        rs2: Reg = |p| Reg::at_short(p, 2) => |r| short(r, 2),
        rs1: Reg = |p| Reg::at_short(p, 7) => |r| short(r, 7),
        imm: i32 = |p| gather(p, WORD_OFFSET) as i32 => |v| scatter(v as u32, WORD_OFFSET)
    } "{rs2}, {imm}({rs1})"
}

compressed_format! {
    /// No operands.
    Cn {} ""
}

compressed_format! {
    /// `c.addi rd, imm`: from -32 to 31.
    Ci {
        rd: Reg = |p| full_at(p, 7) => |r| full(r, 7),
        imm: i32 = |p| sign_extend(gather(p, IMM6), 6) => |v| scatter(v as u32, IMM6)
    } "{rd}, {imm}"
}

compressed_format! {
    /// `c.addi16sp sp, imm`: a multiple of 16 from -512 to 496.
    Ci16 {
        imm: i32 = |p| sign_extend(gather(p, CI16), 10) => |v| scatter(v as u32, CI16)
    } "sp, {imm}"
}
const CI16: &[(u32, u32)] = &[(12, 9), (6, 4), (5, 6), (4, 8), (3, 7), (2, 5)];

compressed_format! {
    /// `c.lui rd, imm >> 12`: the whole constant, its six upper bits sign-extended.
    Cu {
        rd: Reg = |p| full_at(p, 7) => |r| full(r, 7),
        imm: u32 = |p| (sign_extend(gather(p, IMM6), 6) << 12) as u32 => |v| scatter(v >> 12, IMM6)
    } "{rd}, {:#x}", imm >> 12
}

compressed_format! {
    /// `c.srli rd', shamt`: 0 to 31.
    Ch {
        rd: Reg = |p| Reg::at_short(p, 7) => |r| short(r, 7),
        shamt: u32 = |p| gather(p, IMM6) => |v| scatter(v, IMM6)
    } "{rd}, {shamt}"
}

compressed_format! {
    /// `c.slli rd, shamt`: 0 to 31.
    Csh {
        rd: Reg = |p| full_at(p, 7) => |r| full(r, 7),
        shamt: u32 = |p| gather(p, IMM6) => |v| scatter(v, IMM6)
    } "{rd}, {shamt}"
}

compressed_format! {
    /// `c.andi rd', imm`: from -32 to 31.
    Cbi {
        rd: Reg = |p| Reg::at_short(p, 7) => |r| short(r, 7),
        imm: i32 = |p| sign_extend(gather(p, IMM6), 6) => |v| scatter(v as u32, IMM6)
    } "{rd}, {imm}"
}

compressed_format! {
    /// `c.sub rd', rs2'`.
    Ca {
        rd: Reg = |p| Reg::at_short(p, 7) => |r| short(r, 7),
        rs2: Reg = |p| Reg::at_short(p, 2) => |r| short(r, 2)
    } "{rd}, {rs2}"
}

compressed_format! {
    /// `c.beqz rs1', . + offset`: even, from -256 to 254.
    Cb {
        rs1: Reg = |p| Reg::at_short(p, 7) => |r| short(r, 7),
        offset: i32 = |p| sign_extend(gather(p, CB), 9) => |v| scatter(v as u32, CB)
    } "{rs1}, {}", Distance(offset)
}
const CB: &[(u32, u32)] = &[
    (12, 8),
    (11, 4),
    (10, 3),
    (6, 7),
    (5, 6),
    (4, 2),
    (3, 1),
    (2, 5),
];

compressed_format! {
    /// `c.j . + offset`: even, from -2048 to 2046.
    Cj {
        offset: i32 = |p| sign_extend(gather(p, CJ), 12) => |v| scatter(v as u32, CJ)
    } "{}", Distance(offset)
}
const CJ: &[(u32, u32)] = &[
    (12, 11),
    (11, 4),
    (10, 9),
    (9, 8),
    (8, 10),
    (7, 6),
    (6, 7),
    (5, 3),
    (4, 2),
    (3, 1),
    (2, 5),
];

compressed_format! {
    /// `c.lwsp rd, imm(sp)`: a multiple of 4 up to 252.
    Clsp {
        rd: Reg = |p| full_at(p, 7) => |r| full(r, 7),
        imm: i32 = |p| gather(p, CLSP) as i32 => |v| scatter(v as u32, CLSP)
    } "{rd}, {imm}(sp)"
}
const CLSP: &[(u32, u32)] = &[(12, 5), (6, 4), (5, 3), (4, 2), (3, 7), (2, 6)];

compressed_format! {
    /// `c.swsp rs2, imm(sp)`: a multiple of 4 up to 252.
    Csp {
        rs2: Reg = |p| full_at(p, 2) => |r| full(r, 2),
        imm: i32 = |p| gather(p, CSP) as i32 => |v| scatter(v as u32, CSP)
    } "{rs2}, {imm}(sp)"
}
const CSP: &[(u32, u32)] = &[(12, 5), (11, 4), (10, 3), (9, 2), (8, 7), (7, 6)];

compressed_format! {
    /// `c.jr rs1`.
    Cjr {
        rs1: Reg = |p| full_at(p, 7) => |r| full(r, 7)
    } "{rs1}"
}

compressed_format! {
    /// `c.mv rd, rs2`.
    Cr {
        rd: Reg = |p| full_at(p, 7) => |r| full(r, 7),
        rs2: Reg = |p| full_at(p, 2) => |r| full(r, 2)
    } "{rd}, {rs2}"
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
            ($($Name:ident $mnemonic:literal $Format:ident $match:literal $mask:literal $expansion:expr;)*) => {
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
