//! Formats of the C extension: which bits of a parcel are which operand.
//!
//! Bit positions are those of the RISC-V unprivileged manual, chapter "C Extension".

use core::fmt;

use crate::{Immediate, Reg};

/// The operands of one compressed format.
///
/// `unpack(pack(x)) == x` for every value whose registers and constant fit the form.
pub(crate) trait CompressedOperands: Copy + PartialEq {
    /// Takes the operands from a parcel.
    fn unpack(parcel: u16) -> Self;
    /// The operand bits of the parcel; all other bits are 0.
    fn pack(self) -> u16;

    /// The rule for the constant operand, if the format has one.
    const IMMEDIATE: Option<Immediate> = None;

    /// These operands with another constant, which obeys [`CompressedOperands::IMMEDIATE`].
    fn with_immediate(self, _value: i64) -> Self {
        self
    }

    /// Writes the operands of an instruction that stands at `pc`; targets are absolute.
    fn write_at(self, pc: u32, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

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

/// Declares a format: its fields, how each is unpacked and packed, how the operands are written
/// (`pc` names the address of the instruction), and which field is the constant.
macro_rules! compressed_format {
    ($(#[$doc:meta])* $Name:ident { $($field:ident: $Type:ty = $unpack:expr => $pack:expr),* }
     $(at $pc:ident)? $text:literal $(, $shown:expr)*
     $(; $constant:ident: $Constant:ty $(=> $shift:literal)?, $rule:expr)?) => {
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

            fn write_at(self, at: u32, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let _ = at;
                $(let $pc = at;)?
                $(let $field = self.$field;)*
                write!(f, $text $(, $shown)*)
            }

            $(
                const IMMEDIATE: Option<Immediate> = Some($rule);

                fn with_immediate(mut self, value: i64) -> Self {
                    self.$constant = (value as $Constant) $(<< $shift)?;
                    self
                }
            )?
        }
    };
}

compressed_format! {
    /// `c.addi4spn rd', sp, imm`: a multiple of 4 up to 1020.
    Ciw {
        rd: Reg = |p| Reg::at_short(p, 2) => |r| short(r, 2),
        imm: i32 = |p| gather(p, CIW) as i32 => |v| scatter(v as u32, CIW)
    } "{rd}, sp, {imm}"
    ; imm: i32, Immediate::new(&[(4, 1020)]).multiple(4)
}
const CIW: &[(u32, u32)] = &[(12, 5), (11, 4), (10, 9), (9, 8), (8, 7), (7, 6), (6, 2), (5, 3)];

/// The offset of `c.lw` and `c.sw`: a multiple of 4 up to 124.
const WORD_OFFSET: &[(u32, u32)] = &[(12, 5), (11, 4), (10, 3), (6, 2), (5, 6)];

compressed_format! {
    /// `c.lw rd', imm(rs1')`.
    Cl {
        rd: Reg = |p| Reg::at_short(p, 2) => |r| short(r, 2),
        rs1: Reg = |p| Reg::at_short(p, 7) => |r| short(r, 7),
        imm: i32 = |p| gather(p, WORD_OFFSET) as i32 => |v| scatter(v as u32, WORD_OFFSET)
    } "{rd}, {imm}({rs1})"
    ; imm: i32, Immediate::new(&[(0, 124)]).multiple(4)
}

compressed_format! {
    /// `c.sw rs2', imm(rs1')`.
    Cs {
        rs2: Reg = |p| Reg::at_short(p, 2) => |r| short(r, 2),
        rs1: Reg = |p| Reg::at_short(p, 7) => |r| short(r, 7),
        imm: i32 = |p| gather(p, WORD_OFFSET) as i32 => |v| scatter(v as u32, WORD_OFFSET)
    } "{rs2}, {imm}({rs1})"
    ; imm: i32, Immediate::new(&[(0, 124)]).multiple(4)
}

compressed_format! {
    /// `c.ld rd', imm(rs1')`.
    Cld {
        rd: Reg = |p| Reg::at_short(p, 2) => |r| short(r, 2),
        rs1: Reg = |p| Reg::at_short(p, 7) => |r| short(r, 7),
        imm: i32 = |p| gather(p, DOUBLE_OFFSET) as i32 => |v| scatter(v as u32, DOUBLE_OFFSET)
    } "{rd}, {imm}({rs1})"
    ; imm: i32, Immediate::new(&[(0, 248)]).multiple(8)
}

compressed_format! {
    /// `c.sd rs2', imm(rs1')`.
    Csd {
        rs2: Reg = |p| Reg::at_short(p, 2) => |r| short(r, 2),
        rs1: Reg = |p| Reg::at_short(p, 7) => |r| short(r, 7),
        imm: i32 = |p| gather(p, DOUBLE_OFFSET) as i32 => |v| scatter(v as u32, DOUBLE_OFFSET)
    } "{rs2}, {imm}({rs1})"
    ; imm: i32, Immediate::new(&[(0, 248)]).multiple(8)
}
/// The offset of `c.ld` and `c.sd`: a multiple of 8 up to 248.
const DOUBLE_OFFSET: &[(u32, u32)] = &[(12, 5), (11, 4), (10, 3), (6, 7), (5, 6)];

compressed_format! {
    /// `c.lbu rd', imm(rs1')`: 0 to 3.
    Clb {
        rd: Reg = |p| Reg::at_short(p, 2) => |r| short(r, 2),
        rs1: Reg = |p| Reg::at_short(p, 7) => |r| short(r, 7),
        imm: i32 = |p| gather(p, BYTE_OFFSET) as i32 => |v| scatter(v as u32, BYTE_OFFSET)
    } "{rd}, {imm}({rs1})"
    ; imm: i32, Immediate::new(&[(0, 3)])
}

compressed_format! {
    /// `c.sb rs2', imm(rs1')`: 0 to 3.
    Csb {
        rs2: Reg = |p| Reg::at_short(p, 2) => |r| short(r, 2),
        rs1: Reg = |p| Reg::at_short(p, 7) => |r| short(r, 7),
        imm: i32 = |p| gather(p, BYTE_OFFSET) as i32 => |v| scatter(v as u32, BYTE_OFFSET)
    } "{rs2}, {imm}({rs1})"
    ; imm: i32, Immediate::new(&[(0, 3)])
}
const BYTE_OFFSET: &[(u32, u32)] = &[(6, 0), (5, 1)];

compressed_format! {
    /// `c.lhu rd', imm(rs1')` and `c.lh`: 0 or 2.
    Clh {
        rd: Reg = |p| Reg::at_short(p, 2) => |r| short(r, 2),
        rs1: Reg = |p| Reg::at_short(p, 7) => |r| short(r, 7),
        imm: i32 = |p| gather(p, HALF_OFFSET) as i32 => |v| scatter(v as u32, HALF_OFFSET)
    } "{rd}, {imm}({rs1})"
    ; imm: i32, Immediate::new(&[(0, 2)]).multiple(2)
}

compressed_format! {
    /// `c.sh rs2', imm(rs1')`: 0 or 2.
    Cshw {
        rs2: Reg = |p| Reg::at_short(p, 2) => |r| short(r, 2),
        rs1: Reg = |p| Reg::at_short(p, 7) => |r| short(r, 7),
        imm: i32 = |p| gather(p, HALF_OFFSET) as i32 => |v| scatter(v as u32, HALF_OFFSET)
    } "{rs2}, {imm}({rs1})"
    ; imm: i32, Immediate::new(&[(0, 2)]).multiple(2)
}
const HALF_OFFSET: &[(u32, u32)] = &[(5, 1)];

compressed_format! {
    /// `c.not rd'` and others that change one register.
    Cu1 {
        rd: Reg = |p| Reg::at_short(p, 7) => |r| short(r, 7)
    } "{rd}"
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
    ; imm: i32, Immediate::new(&[(-32, 31)])
}

compressed_format! {
    /// `c.addi16sp sp, imm`: a multiple of 16 from -512 to 496.
    Ci16 {
        imm: i32 = |p| sign_extend(gather(p, CI16), 10) => |v| scatter(v as u32, CI16)
    } "sp, {imm}"
    ; imm: i32, Immediate::new(&[(-512, -16), (16, 496)]).multiple(16)
}
const CI16: &[(u32, u32)] = &[(12, 9), (6, 4), (5, 6), (4, 8), (3, 7), (2, 5)];

compressed_format! {
    /// `c.lui rd, imm >> 12`: the whole constant, its six upper bits sign-extended.
    Cu {
        rd: Reg = |p| full_at(p, 7) => |r| full(r, 7),
        imm: u32 = |p| (sign_extend(gather(p, IMM6), 6) << 12) as u32 => |v| scatter(v >> 12, IMM6)
    } "{rd}, {:#x}", imm >> 12
    ; imm: u32 => 12, Immediate::new(&[(1, 31), (0xf_ffe0, 0xf_ffff)])
}

compressed_format! {
    /// `c.srli rd', shamt`: 0 to 31, or to 63 on RV64.
    Ch {
        rd: Reg = |p| Reg::at_short(p, 7) => |r| short(r, 7),
        shamt: u32 = |p| gather(p, IMM6) => |v| scatter(v, IMM6)
    } "{rd}, {shamt}"
    ; shamt: u32, Immediate::shift()
}

compressed_format! {
    /// `c.slli rd, shamt`: 0 to 31, or to 63 on RV64.
    Csh {
        rd: Reg = |p| full_at(p, 7) => |r| full(r, 7),
        shamt: u32 = |p| gather(p, IMM6) => |v| scatter(v, IMM6)
    } "{rd}, {shamt}"
    ; shamt: u32, Immediate::shift()
}

compressed_format! {
    /// `c.andi rd', imm`: from -32 to 31.
    Cbi {
        rd: Reg = |p| Reg::at_short(p, 7) => |r| short(r, 7),
        imm: i32 = |p| sign_extend(gather(p, IMM6), 6) => |v| scatter(v as u32, IMM6)
    } "{rd}, {imm}"
    ; imm: i32, Immediate::new(&[(-32, 31)])
}

compressed_format! {
    /// `c.sub rd', rs2'`.
    Ca {
        rd: Reg = |p| Reg::at_short(p, 7) => |r| short(r, 7),
        rs2: Reg = |p| Reg::at_short(p, 2) => |r| short(r, 2)
    } "{rd}, {rs2}"
}

compressed_format! {
    /// `c.beqz rs1', target`: even, from -256 to 254.
    Cb {
        rs1: Reg = |p| Reg::at_short(p, 7) => |r| short(r, 7),
        offset: i32 = |p| sign_extend(gather(p, CB), 9) => |v| scatter(v as u32, CB)
    } at pc "{rs1}, {:#x}", pc.wrapping_add(offset as u32)
    ; offset: i32, Immediate::distance(&[(-256, 254)])
}
const CB: &[(u32, u32)] = &[(12, 8), (11, 4), (10, 3), (6, 7), (5, 6), (4, 2), (3, 1), (2, 5)];

compressed_format! {
    /// `c.j target`: an even distance from -2048 to 2046.
    Cj {
        offset: i32 = |p| sign_extend(gather(p, CJ), 12) => |v| scatter(v as u32, CJ)
    } at pc "{:#x}", pc.wrapping_add(offset as u32)
    ; offset: i32, Immediate::distance(&[(-2048, 2046)])
}
const CJ: &[(u32, u32)] =
    &[(12, 11), (11, 4), (10, 9), (9, 8), (8, 10), (7, 6), (6, 7), (5, 3), (4, 2), (3, 1), (2, 5)];

compressed_format! {
    /// `c.lwsp rd, imm(sp)`: a multiple of 4 up to 252.
    Clsp {
        rd: Reg = |p| full_at(p, 7) => |r| full(r, 7),
        imm: i32 = |p| gather(p, CLSP) as i32 => |v| scatter(v as u32, CLSP)
    } "{rd}, {imm}(sp)"
    ; imm: i32, Immediate::new(&[(0, 252)]).multiple(4)
}
const CLSP: &[(u32, u32)] = &[(12, 5), (6, 4), (5, 3), (4, 2), (3, 7), (2, 6)];

compressed_format! {
    /// `c.ldsp rd, imm(sp)`: a multiple of 8 up to 504.
    Cldsp {
        rd: Reg = |p| full_at(p, 7) => |r| full(r, 7),
        imm: i32 = |p| gather(p, CLDSP) as i32 => |v| scatter(v as u32, CLDSP)
    } "{rd}, {imm}(sp)"
    ; imm: i32, Immediate::new(&[(0, 504)]).multiple(8)
}
const CLDSP: &[(u32, u32)] = &[(12, 5), (6, 4), (5, 3), (4, 8), (3, 7), (2, 6)];

compressed_format! {
    /// `c.sdsp rs2, imm(sp)`: a multiple of 8 up to 504.
    Csdsp {
        rs2: Reg = |p| full_at(p, 2) => |r| full(r, 2),
        imm: i32 = |p| gather(p, CSDSP) as i32 => |v| scatter(v as u32, CSDSP)
    } "{rs2}, {imm}(sp)"
    ; imm: i32, Immediate::new(&[(0, 504)]).multiple(8)
}
const CSDSP: &[(u32, u32)] = &[(12, 5), (11, 4), (10, 3), (9, 8), (8, 7), (7, 6)];

compressed_format! {
    /// `c.swsp rs2, imm(sp)`: a multiple of 4 up to 252.
    Csp {
        rs2: Reg = |p| full_at(p, 2) => |r| full(r, 2),
        imm: i32 = |p| gather(p, CSP) as i32 => |v| scatter(v as u32, CSP)
    } "{rs2}, {imm}(sp)"
    ; imm: i32, Immediate::new(&[(0, 252)]).multiple(4)
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
