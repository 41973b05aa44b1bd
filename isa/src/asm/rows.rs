//! One method and one line of the text assembler's dictionary per row of the tables.
//!
//! [`with_syntax!`] says once per operand format how its operands are written; the builder's
//! methods and the reader of text are both made from it. A new row of an existing format therefore
//! appears in both without further work.

use alloc::string::String;

use super::builder::{Assembler, not_here};
use super::expr::Expr;
use super::line::Line;
use crate::compressed::format::{
    Ca, Cb, Cbi, Ch, Ci, Ci16, Ciw, Cj, Cjr, Cl, Clb, Cld, Cldsp, Clh, Clsp, Cn,
    CompressedOperands, Cr, Cs, Csb, Csd, Csdsp, Csh, Cshw, Csp, Cu, Cu1,
};
use crate::format::{A, B, F, H, Hw, I, J, L, Lr, N, Operands, R, R1, S, U};
use crate::{CompressedOp, Op, Reg};

/// Calls a macro with `{ prefix }` and how the operands of a format are written: texts, and
/// operands with their kind, which is a register, a constant, or the sets of a fence.
macro_rules! with_syntax {
    (R $($call:tt)*) => { with_syntax! { @ $($call)* { rd: Reg ", " rs1: Reg ", " rs2: Reg } } };
    (I $($call:tt)*) => { with_syntax! { @ $($call)* { rd: Reg ", " rs1: Reg ", " imm: Imm } } };
    (H $($call:tt)*) => { with_syntax! { @ $($call)* { rd: Reg ", " rs1: Reg ", " shamt: Imm } } };
    (Hw $($call:tt)*) => { with_syntax! { @ $($call)* { rd: Reg ", " rs1: Reg ", " shamt: Imm } } };
    (R1 $($call:tt)*) => { with_syntax! { @ $($call)* { rd: Reg ", " rs1: Reg } } };
    (L $($call:tt)*) => { with_syntax! { @ $($call)* { rd: Reg ", " imm: Imm "(" rs1: Reg ")" } } };
    (S $($call:tt)*) => { with_syntax! { @ $($call)* { rs2: Reg ", " imm: Imm "(" rs1: Reg ")" } } };
    (B $($call:tt)*) => { with_syntax! { @ $($call)* { rs1: Reg ", " rs2: Reg ", " target: Imm } } };
    (U $($call:tt)*) => { with_syntax! { @ $($call)* { rd: Reg ", " upper: Imm } } };
    (J $($call:tt)*) => { with_syntax! { @ $($call)* { rd: Reg ", " target: Imm } } };
    (A $($call:tt)*) => { with_syntax! { @ $($call)* { rd: Reg ", " rs2: Reg ", (" rs1: Reg ")" } } };
    (Lr $($call:tt)*) => { with_syntax! { @ $($call)* { rd: Reg ", (" rs1: Reg ")" } } };
    (F $($call:tt)*) => { with_syntax! { @ $($call)* { sets: Fence } } };
    (N $($call:tt)*) => { with_syntax! { @ $($call)* {} } };

    (Ciw $($call:tt)*) => { with_syntax! { @ $($call)* { rd: Reg ", sp, " imm: Imm } } };
    (Cl $($call:tt)*) => { with_syntax! { @ $($call)* { rd: Reg ", " imm: Imm "(" rs1: Reg ")" } } };
    (Cs $($call:tt)*) => { with_syntax! { @ $($call)* { rs2: Reg ", " imm: Imm "(" rs1: Reg ")" } } };
    (Cld $($call:tt)*) => { with_syntax! { @ $($call)* { rd: Reg ", " imm: Imm "(" rs1: Reg ")" } } };
    (Clb $($call:tt)*) => { with_syntax! { @ $($call)* { rd: Reg ", " imm: Imm "(" rs1: Reg ")" } } };
    (Clh $($call:tt)*) => { with_syntax! { @ $($call)* { rd: Reg ", " imm: Imm "(" rs1: Reg ")" } } };
    (Csd $($call:tt)*) => { with_syntax! { @ $($call)* { rs2: Reg ", " imm: Imm "(" rs1: Reg ")" } } };
    (Csb $($call:tt)*) => { with_syntax! { @ $($call)* { rs2: Reg ", " imm: Imm "(" rs1: Reg ")" } } };
    (Cshw $($call:tt)*) => { with_syntax! { @ $($call)* { rs2: Reg ", " imm: Imm "(" rs1: Reg ")" } } };
    (Cu1 $($call:tt)*) => { with_syntax! { @ $($call)* { rd: Reg } } };
    (Cn $($call:tt)*) => { with_syntax! { @ $($call)* {} } };
    (Ci $($call:tt)*) => { with_syntax! { @ $($call)* { rd: Reg ", " imm: Imm } } };
    (Ci16 $($call:tt)*) => { with_syntax! { @ $($call)* { "sp, " imm: Imm } } };
    (Cu $($call:tt)*) => { with_syntax! { @ $($call)* { rd: Reg ", " upper: Imm } } };
    (Ch $($call:tt)*) => { with_syntax! { @ $($call)* { rd: Reg ", " shamt: Imm } } };
    (Csh $($call:tt)*) => { with_syntax! { @ $($call)* { rd: Reg ", " shamt: Imm } } };
    (Cbi $($call:tt)*) => { with_syntax! { @ $($call)* { rd: Reg ", " imm: Imm } } };
    (Ca $($call:tt)*) => { with_syntax! { @ $($call)* { rd: Reg ", " rs2: Reg } } };
    (Cb $($call:tt)*) => { with_syntax! { @ $($call)* { rs1: Reg ", " target: Imm } } };
    (Cj $($call:tt)*) => { with_syntax! { @ $($call)* { target: Imm } } };
    (Clsp $($call:tt)*) => { with_syntax! { @ $($call)* { rd: Reg ", " imm: Imm "(sp)" } } };
    (Csp $($call:tt)*) => { with_syntax! { @ $($call)* { rs2: Reg ", " imm: Imm "(sp)" } } };
    (Cldsp $($call:tt)*) => { with_syntax! { @ $($call)* { rd: Reg ", " imm: Imm "(sp)" } } };
    (Csdsp $($call:tt)*) => { with_syntax! { @ $($call)* { rs2: Reg ", " imm: Imm "(sp)" } } };
    (Cjr $($call:tt)*) => { with_syntax! { @ $($call)* { rs1: Reg } } };
    (Cr $($call:tt)*) => { with_syntax! { @ $($call)* { rd: Reg ", " rs2: Reg } } };

    (@ $callback:ident! { $($prefix:tt)* } $syntax:tt) => { $callback! { $($prefix)* $syntax } };
}

/// The pseudo-instructions of the RISC-V assembly manual: other names for common uses of the rows.
macro_rules! for_each_pseudo {
    ($callback:ident! { $($prefix:tt)* }) => { $callback! { $($prefix)* a;
        nop    "nop"    {}                                        => a.addi(Reg::ZERO, Reg::ZERO, 0);
        mv     "mv"     { rd: Reg ", " rs: Reg }                  => a.addi(rd, rs, 0);
        not    "not"    { rd: Reg ", " rs: Reg }                  => a.xori(rd, rs, -1);
        neg    "neg"    { rd: Reg ", " rs: Reg }                  => a.sub(rd, Reg::ZERO, rs);
        seqz   "seqz"   { rd: Reg ", " rs: Reg }                  => a.sltiu(rd, rs, 1);
        snez   "snez"   { rd: Reg ", " rs: Reg }                  => a.sltu(rd, Reg::ZERO, rs);
        sltz   "sltz"   { rd: Reg ", " rs: Reg }                  => a.slt(rd, rs, Reg::ZERO);
        sgtz   "sgtz"   { rd: Reg ", " rs: Reg }                  => a.slt(rd, Reg::ZERO, rs);
        sgt    "sgt"    { rd: Reg ", " rs: Reg ", " rt: Reg }     => a.slt(rd, rt, rs);
        sgtu   "sgtu"   { rd: Reg ", " rs: Reg ", " rt: Reg }     => a.sltu(rd, rt, rs);
        zext_b "zext.b" { rd: Reg ", " rs: Reg }                  => a.andi(rd, rs, 255);
        zext_h "zext.h" { rd: Reg ", " rs: Reg }                  => { let by = a.above(16); a.slli(rd, rs, by).srli(rd, rd, by) };
        sext_b "sext.b" { rd: Reg ", " rs: Reg }                  => { let by = a.above(8); a.slli(rd, rs, by).srai(rd, rd, by) };
        sext_h "sext.h" { rd: Reg ", " rs: Reg }                  => { let by = a.above(16); a.slli(rd, rs, by).srai(rd, rd, by) };
        sext_w "sext.w" { rd: Reg ", " rs: Reg }                  => a.addiw(rd, rs, 0);
        zext_w "zext.w" { rd: Reg ", " rs: Reg }                  => a.add_uw(rd, rs, Reg::ZERO);
        negw   "negw"   { rd: Reg ", " rs: Reg }                  => a.subw(rd, Reg::ZERO, rs);

        beqz   "beqz"   { rs: Reg ", " target: Imm }              => a.beq(rs, Reg::ZERO, target);
        bnez   "bnez"   { rs: Reg ", " target: Imm }              => a.bne(rs, Reg::ZERO, target);
        blez   "blez"   { rs: Reg ", " target: Imm }              => a.bge(Reg::ZERO, rs, target);
        bgez   "bgez"   { rs: Reg ", " target: Imm }              => a.bge(rs, Reg::ZERO, target);
        bltz   "bltz"   { rs: Reg ", " target: Imm }              => a.blt(rs, Reg::ZERO, target);
        bgtz   "bgtz"   { rs: Reg ", " target: Imm }              => a.blt(Reg::ZERO, rs, target);
        bgt    "bgt"    { rs: Reg ", " rt: Reg ", " target: Imm } => a.blt(rt, rs, target);
        ble    "ble"    { rs: Reg ", " rt: Reg ", " target: Imm } => a.bge(rt, rs, target);
        bgtu   "bgtu"   { rs: Reg ", " rt: Reg ", " target: Imm } => a.bltu(rt, rs, target);
        bleu   "bleu"   { rs: Reg ", " rt: Reg ", " target: Imm } => a.bgeu(rt, rs, target);

        j      "j"      { target: Imm }                           => a.jal(Reg::ZERO, target);
        jr     "jr"     { rs: Reg }                               => a.jalr(Reg::ZERO, 0, rs);
        ret    "ret"    {}                                        => a.jalr(Reg::ZERO, 0, Reg::RA);
        call   "call"   { target: Imm }                           => a.far_jump(Reg::RA, Reg::RA, target.into());
        tail   "tail"   { target: Imm }                           => a.far_jump(Reg::ZERO, Reg::T1, target.into());
        li     "li"     { rd: Reg ", " value: Imm }               => a.load_constant(rd, value.into());
        la     "la"     { rd: Reg ", " target: Imm }              => a.load_address(rd, target.into());
    } };
}

/// Reads the operands of a mnemonic and appends the instruction; `false` if there is no such row.
pub(super) fn assemble_row(
    mnemonic: &str,
    a: &mut Assembler,
    line: &mut Line<'_>,
) -> Result<bool, String> {
    let known = base_row(mnemonic, a, line)?
        || compressed_row(mnemonic, a, line)?
        || pseudo_row(mnemonic, a, line)?;
    match missing(mnemonic).filter(|_| !known) {
        Some(sentence) => Err(sentence),
        None => Ok(known),
    }
}

/// The type of a builder's argument of this kind.
macro_rules! argument {
    (Reg) => { Reg };
    (Imm) => { impl Into<Expr> };
    (Fence) => { F };
}

/// Puts an argument where it belongs: into the operands, or aside if it is the constant.
macro_rules! set_operand {
    (Reg $operands:ident $constant:ident $field:ident) => {
        $operands.$field = $field;
    };
    (Imm $operands:ident $constant:ident $field:ident) => {
        $constant = Some($field.into());
    };
    (Fence $operands:ident $constant:ident $field:ident) => {
        $operands = $field;
    };
}

/// Takes an operand of this kind from a line of text.
macro_rules! read_operand {
    (Reg $line:ident) => {
        $line.register()?
    };
    (Imm $line:ident) => {
        $line.expr()?
    };
    (Fence $line:ident) => {
        $line.fence()?
    };
}

macro_rules! row_method {
    ($put:ident $Row:ident $Name:ident $method:ident $mnemonic:literal $Format:ident
     { $($lead:literal)* $($field:ident: $Kind:ident $($after:literal)*)* }) => {
        #[doc = concat!("`", $mnemonic, " ", $($lead,)* $(stringify!($field), $($after,)*)* "`")]
        #[track_caller]
        #[allow(unused_mut, unused_assignments, reason = "some formats have no operands")]
        pub fn $method(&mut self, $($field: argument!($Kind)),*) -> &mut Self {
            let mut operands = $Format::unpack(0);
            let mut constant: Option<Expr> = None;
            $(set_operand!($Kind operands constant $field);)*
            self.$put($Row::$Name, operands, constant)
        }
    };
}

macro_rules! row_reader {
    ($a:ident $line:ident $method:ident
     { $($lead:literal)* $($field:ident: $Kind:ident $($after:literal)*)* }) => {{
        $($line.expect($lead)?;)*
        $(
            let $field = read_operand!($Kind $line);
            $($line.expect($after)?;)*
        )*
        $line.end()?;
        $a.$method($($field),*);
        Ok(true)
    }};
}

macro_rules! base_rows {
    ($($Name:ident $method:ident $mnemonic:literal $on:ident $in:ident $Format:ident $match:literal $mask:literal $Class:ident;)*) => {
        /// One method per row of the instruction table.
        impl Assembler {
            $(with_syntax! { $Format row_method! { base Op $Name $method $mnemonic $Format } })*
        }

        fn base_row(mnemonic: &str, a: &mut Assembler, line: &mut Line<'_>) -> Result<bool, String> {
            let profile = a.options.profile;
            $(if mnemonic == $mnemonic && Op::$Name.is_in(profile) {
                return with_syntax! { $Format row_reader! { a line $method } };
            })*
            Ok(false)
        }

        /// Why a mnemonic of the table cannot be written; `None` if it is in no row.
        fn missing(mnemonic: &str) -> Option<String> {
            $(if mnemonic == $mnemonic {
                return Some(not_here(Op::$Name.widths(), Op::$Name.extension()));
            })*
            None
        }
    };
}

macro_rules! compressed_rows {
    ($($Name:ident $method:ident $mnemonic:literal $on:ident $in:ident $Format:ident $match:literal $mask:literal $expansion:expr;)*) => {
        /// One method per row of the table of compressed forms.
        impl Assembler {
            $(with_syntax! { $Format row_method! { compressed CompressedOp $Name $method $mnemonic $Format } })*
        }

        fn compressed_row(mnemonic: &str, a: &mut Assembler, line: &mut Line<'_>) -> Result<bool, String> {
            let profile = a.options.profile;
            $(if mnemonic == $mnemonic
                && CompressedOp::$Name.widths().contains(profile.xlen)
            {
                return with_syntax! { $Format row_reader! { a line $method } };
            })*
            Ok(false)
        }
    };
}

macro_rules! pseudo_rows {
    ($a:ident; $($method:ident $mnemonic:literal
      { $($field:ident: $Kind:ident $($after:literal)*)* } => $expansion:expr;)*) => {
        /// One method per pseudo-instruction.
        impl Assembler {
            $(
                #[doc = concat!("`", $mnemonic, " ", $(stringify!($field), $($after,)*)* "`")]
                #[track_caller]
                pub fn $method(&mut self, $($field: argument!($Kind)),*) -> &mut Self {
                    let $a = self;
                    $expansion
                }
            )*
        }

        fn pseudo_row(mnemonic: &str, a: &mut Assembler, line: &mut Line<'_>) -> Result<bool, String> {
            match mnemonic {
                $($mnemonic => {
                    row_reader! { a line $method { $($field: $Kind $($after)*)* } }
                })*
                _ => Ok(false),
            }
        }
    };
}

crate::for_each_instruction!(base_rows);
crate::for_each_compressed!(compressed_rows);
for_each_pseudo!(pseudo_rows! {});
