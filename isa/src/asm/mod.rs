//! The assembler: from text or from Rust to bytes.
//!
//! Both faces are made from the rows of [`crate::table`], and both drive the same [`Assembler`]:
//! the macro [`asm!`](crate::asm!) and direct calls, whose operands the compiler checks, and
//! [`assemble`], which reads what GNU `as` reads.
//!
//! ```
//! use bessemer_isa::asm;
//!
//! let from_text = asm::assemble(
//!     "
//!     _start: li   a0, 10
//!     1:      addi a0, a0, -1
//!             bnez a0, 1b
//!             ecall
//!     ",
//!     &asm::Options::default(),
//! )?;
//! let from_rust = asm! {
//!     "_start":
//!         li(A0, 10);
//!     "1":
//!         addi(A0, A0, -1);
//!         bnez(A0, "1b");
//!         ecall();
//! }?;
//! assert_eq!(from_text, from_rust);
//! assert_eq!(from_text.entry, 0x1_0000);
//! # Ok::<(), asm::AsmError>(())
//! ```
//!
//! An instruction is assembled as it is written. Nothing is compressed, relaxed or made longer, so
//! that a test decides which encoding it tests: compressed forms are written with their `c.` name,
//! and a branch that does not reach is an error.

mod bind;
mod builder;
mod data;
mod directive;
mod error;
mod expand;
mod expr;
mod fixup;
mod lexer;
mod line;
mod rows;
mod symbols;
mod text;

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

pub use builder::Assembler;
pub use error::AsmError;
pub use expr::Expr;
pub use text::assemble;

use crate::Profile;

/// How to assemble.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Where text starts: a multiple of 4.
    pub text_base: u32,
    /// Where `.data` starts, with `.bss` after it; `None` for the page after read-only data.
    pub data_base: Option<u32>,
    /// Which instructions may be written.
    pub profile: Profile,
}

impl Default for Options {
    fn default() -> Self {
        Self { text_base: 0x1_0000, data_base: None, profile: Profile::rv32(false) }
    }
}

impl Options {
    /// The usual layout, with compressed forms.
    pub fn compressed() -> Self {
        Self::of(Profile::rv32(true))
    }

    /// The usual layout, for a program of this profile.
    pub fn of(profile: Profile) -> Self {
        Self { profile, ..Self::default() }
    }
}

/// An assembled program with all addresses filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assembly {
    /// Instructions.
    pub text: Section,
    /// Read-only data.
    pub rodata: Section,
    /// Writable data.
    pub data: Section,
    /// Writable data that starts as zeros; its bytes are all zero.
    pub bss: Section,
    /// The address of every label that has a name. Constants and numeric labels are not in it.
    pub symbols: BTreeMap<String, u32>,
    /// Where to start: the label `_start`, without one the start of text.
    pub entry: u32,
    /// Which instructions the program may contain.
    pub profile: Profile,
}

impl Assembly {
    /// The sections that have bytes, by rising address.
    pub fn sections(&self) -> impl Iterator<Item = &Section> {
        [&self.text, &self.rodata, &self.data, &self.bss]
            .into_iter()
            .filter(|section| !section.bytes.is_empty())
    }
}

/// Bytes and where they go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// The address of the first byte.
    pub base: u32,
    /// The bytes, from the first address up.
    pub bytes: Vec<u8>,
}

impl Section {
    /// The first address behind the section.
    pub fn end(&self) -> u64 {
        u64::from(self.base) + self.bytes.len() as u64
    }
}

/// Assembles Rust calls: a label is a string with a colon, an instruction a call of the method of
/// [`Assembler`](crate::asm::Assembler) with its name. Registers are in scope by their names in
/// capitals (`A0`), as is [`Expr`](crate::asm::Expr). Gives a `Result` of
/// [`Assembly`](crate::asm::Assembly).
///
/// Options can stand first, followed by `=>`:
///
/// ```
/// use bessemer_isa::asm;
///
/// let program = asm! { asm::Options::compressed() =>
///     c_li(A0, 0);
///     "loop":
///     c_addi(A0, 1);
///     aqrl().amoadd_w(A1, A0, SP);
///     c_bnez(A1, "loop");
///     "end":
///     ecall();
/// }?;
/// assert_eq!(program.text.bytes.len(), 14);
/// assert_eq!(program.symbols["end"], 0x1_000a);
/// # Ok::<(), asm::AsmError>(())
/// ```
#[macro_export]
macro_rules! asm {
    ($options:expr => $($program:tt)*) => {
        $crate::asm!(@ ($options) $($program)*)
    };
    (@ ($options:expr)
     $($method:ident $arguments:tt $(. $then:ident $more:tt)*;)*
     $($label:literal: $($inner:ident $values:tt $(. $next:ident $others:tt)*;)*)*) => {{
        #[allow(unused_imports, reason = "a program seldom uses every register")]
        use $crate::asm::{Expr, regs::*};
        let mut assembler = $crate::asm::Assembler::new(&$options);
        $(assembler.$method $arguments $(. $then $more)*;)*
        $(
            assembler.label($label);
            $(assembler.$inner $values $(. $next $others)*;)*
        )*
        assembler.finish()
    }};
    ($($program:tt)*) => {
        $crate::asm!(@ ($crate::asm::Options::default()) $($program)*)
    };
}

/// The registers under their own names, as [`asm!`](crate::asm!) has them in scope.
#[allow(missing_docs, reason = "the ABI names of the RISC-V psABI, chapter 1")]
pub mod regs {
    use crate::Reg;

    macro_rules! names {
        ($($name:ident)*) => {
            $(pub const $name: Reg = Reg::$name;)*
        };
    }

    names! {
        ZERO RA SP GP TP T0 T1 T2 S0 S1 A0 A1 A2 A3 A4 A5 A6 A7
        S2 S3 S4 S5 S6 S7 S8 S9 S10 S11 T3 T4 T5 T6
    }
}

/// Sections start on pages, so that each can have its own permissions.
const PAGE: u64 = 4096;
