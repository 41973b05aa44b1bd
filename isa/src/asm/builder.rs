//! The assembler proper: appends instructions and data, and fills in addresses at the end.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::panic::Location;

use super::bind::Nesting;
use super::error::AsmError;
use super::expr::{Expr, Unknown, Value};
use super::fixup::{Fixup, Slot};
use super::symbols::{SectionId, Symbols};
use super::{Assembly, Options};
use crate::compressed::format::CompressedOperands;
use crate::format::Operands;
use crate::{CompressedOp, Extension, Inst, Op, Widths};

/// Builds a program by one call per instruction.
///
/// There is a method for each row of both tables, with the operands in the order of assembler text,
/// and one for each pseudo-instruction. Where text takes a constant or a label, the method takes
/// anything that converts to [`Expr`]. The first mistake is kept and reported by
/// [`Assembler::finish`], with the line of the call.
///
/// ```
/// use bessemer_isa::Reg;
/// use bessemer_isa::asm::{Assembler, Options};
///
/// let mut a = Assembler::new(&Options::default());
/// a.li(Reg::A0, 10).label("loop");
/// a.addi(Reg::A0, Reg::A0, -1).bnez(Reg::A0, "loop").ret();
/// let program = a.finish()?;
/// assert_eq!(program.text.base, 0x1_0000);
/// assert_eq!(program.text.bytes.len(), 16);
///
/// let mut a = Assembler::new(&Options::default());
/// a.addi(Reg::A0, Reg::A0, 5000);
/// let error = a.finish().expect_err("5000 needs more than 12 bits");
/// assert!(error.sentence().contains("from -2048 to 2047"));
/// # Ok::<(), bessemer_isa::asm::AsmError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Assembler {
    pub(super) options: Options,
    pub(super) sections: [Vec<u8>; SectionId::COUNT],
    pub(super) current: SectionId,
    pub(super) symbols: Symbols,
    pub(super) fixups: Vec<Fixup>,
    /// Whether compressed forms may be written now, and what `.option push` put aside.
    compression: bool,
    pushed: Vec<bool>,
    /// Ordering bits for the next instruction.
    order: Option<(bool, bool)>,
    /// The line of the text that is being read; without one, the line of the caller counts.
    line: Option<u32>,
    error: Option<AsmError>,
}

/// More than any program of 64 MiB needs; it stops `.zero 0xffffffff`.
const SECTION_LIMIT: usize = 64 << 20;

impl Assembler {
    /// An empty program.
    pub fn new(options: &Options) -> Self {
        Self {
            options: options.clone(),
            sections: Default::default(),
            current: SectionId::Text,
            symbols: Symbols::default(),
            fixups: Vec::new(),
            compression: options.profile.compressed,
            pushed: Vec::new(),
            order: None,
            line: None,
            error: None,
        }
    }

    /// Lays the program out and fills in all addresses.
    ///
    /// # Errors
    /// The first mistake of any call, or the first operand that does not fit its place.
    pub fn finish(mut self) -> Result<Assembly, AsmError> {
        match self.error.take() {
            Some(error) => Err(error),
            None => super::fixup::link(self),
        }
    }

    /// Names the next instruction or datum. A name of digits only can be given again and again and
    /// is meant by `"1b"` (the last one) and `"1f"` (the next one).
    #[track_caller]
    pub fn label(&mut self, name: &str) -> &mut Self {
        let (line, here) = (self.line(), self.here());
        let defined = self.symbols.define_label(name, here, line);
        self.check(defined)
    }

    /// Names a value. What it uses must be defined before.
    #[track_caller]
    pub fn equ(&mut self, name: &str, value: impl Into<Expr>) -> &mut Self {
        let line = self.line();
        let defined = self
            .known(value.into())
            .and_then(|value| self.symbols.define_constant(name, value, line));
        self.check(defined)
    }

    /// Appends an instruction that is already decoded.
    #[track_caller]
    pub fn inst(&mut self, inst: Inst) -> &mut Self {
        self.code(&inst.encode().to_le_bytes())
    }

    /// The next instruction, an atomic, acquires: nothing after it is ordered before it.
    pub fn aq(&mut self) -> &mut Self {
        self.ordered(true, false)
    }

    /// The next instruction, an atomic, releases: nothing before it is ordered after it.
    pub fn rl(&mut self) -> &mut Self {
        self.ordered(false, true)
    }

    /// The next instruction, an atomic, acquires and releases.
    pub fn aqrl(&mut self) -> &mut Self {
        self.ordered(true, true)
    }

    /// Whether compressed forms are allowed from here on (`.option rvc` and `.option norvc`).
    pub fn option_rvc(&mut self, allowed: bool) -> &mut Self {
        self.compression = allowed;
        self.options.profile.compressed |= allowed;
        self
    }

    /// Puts the present options aside (`.option push`).
    pub fn option_push(&mut self) -> &mut Self {
        self.pushed.push(self.compression);
        self
    }

    /// Returns to the options put aside last (`.option pop`).
    #[track_caller]
    pub fn option_pop(&mut self) -> &mut Self {
        match self.pushed.pop() {
            Some(compression) => {
                self.compression = compression;
                self
            }
            None => self.fail(".option pop has no .option push before it"),
        }
    }

    /// An instruction with all operands but the constant in place.
    #[track_caller]
    pub(super) fn base<T: Operands>(
        &mut self,
        op: Op,
        mut operands: T,
        constant: Option<Expr>,
    ) -> &mut Self {
        if let Some((aq, rl)) = self.order.take() {
            match operands.with_order(aq, rl) {
                Some(ordered) => operands = ordered,
                None => return self.fail(format!("`{op}` takes no ordering; write it without")),
            }
        }
        if !op.is_in(self.options.profile) {
            let why = not_here(op.widths(), op.extension());
            return self.fail(format!("`{op}`: {why}"));
        }
        let (_, fixed) = op.mask_and_match();
        self.code(&(fixed | operands.pack()).to_le_bytes());
        self.fill(Slot::Base(op), 4, constant)
    }

    /// The same for a compressed form.
    #[track_caller]
    pub(super) fn compressed<T: CompressedOperands>(
        &mut self,
        form: CompressedOp,
        operands: T,
        constant: Option<Expr>,
    ) -> &mut Self {
        let mnemonic = form.mnemonic();
        if !self.compression {
            return self.fail(format!(
                "`{mnemonic}` is a compressed form; write .option rvc before it or assemble with \
                 compressed instructions in its profile"
            ));
        }
        let profile = self.options.profile;
        if !form.is_in(profile) {
            let why = not_here(form.widths(), form.extension());
            return self.fail(format!("`{mnemonic}`: {why}"));
        }
        if self.order.take().is_some() {
            return self.fail(format!("`{mnemonic}` takes no ordering; write it without"));
        }
        if T::unpack(operands.pack()) != operands {
            return self.fail(format!(
                "`{mnemonic}` has room only for the registers s0, s1 and a0 to a5; use the form \
                 without `c.`"
            ));
        }
        let parcel = form.with_operand_bits(operands.pack());
        self.code(&parcel.to_le_bytes());
        match constant {
            None if !form.is_form_of(parcel, profile) => self.fail(super::fixup::reserved(form)),
            constant => self.fill(Slot::Compressed(form), 2, constant),
        }
    }

    /// Appends a datum of `size` bytes.
    #[track_caller]
    pub(super) fn datum(&mut self, size: u8, value: Expr) -> &mut Self {
        self.bytes(&[0; 8][..usize::from(size)]);
        self.fill(Slot::Data(size), u32::from(size), Some(value))
    }

    /// Appends bytes to the current section.
    #[track_caller]
    pub(super) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        if !self.has_room(bytes.len()) {
            return self.full();
        }
        if self.current == SectionId::Bss && bytes.iter().any(|&byte| byte != 0) {
            return self.fail(ONLY_ZEROS);
        }
        self.sections[self.current as usize].extend_from_slice(bytes);
        self
    }

    /// Appends `count` times `byte`.
    #[track_caller]
    pub(super) fn repeat(&mut self, count: usize, byte: u8) -> &mut Self {
        if !self.has_room(count) {
            return self.full();
        }
        if self.current == SectionId::Bss && byte != 0 {
            return self.fail(ONLY_ZEROS);
        }
        let section = &mut self.sections[self.current as usize];
        section.resize(section.len() + count, byte);
        self
    }

    /// Pads to a multiple of `alignment`, in text with instructions that do nothing.
    #[track_caller]
    pub(super) fn pad(&mut self, alignment: u64, limit: Option<u64>) -> &mut Self {
        let offset = self.sections[self.current as usize].len() as u64;
        let missing = offset.next_multiple_of(alignment) - offset;
        if limit.is_some_and(|limit| missing > limit) {
            return self;
        }
        let Ok(mut missing) = usize::try_from(missing) else {
            return self.full();
        };
        if self.current == SectionId::Text {
            let ragged = missing % if self.compression { 2 } else { 4 };
            self.repeat(ragged, 0);
            missing -= ragged;
            if missing % 4 == 2 {
                self.bytes(&C_NOP);
            }
            for _ in 0..missing / 4 {
                self.bytes(&NOP);
            }
            return self;
        }
        self.repeat(missing, 0)
    }

    /// The place where the next byte goes.
    pub(super) fn here(&self) -> Value {
        Value {
            section: Some(self.current),
            number: self.sections[self.current as usize].len() as i64,
        }
    }

    /// From now on mistakes are on this line of a text.
    pub(super) fn at_line(&mut self, line: u32) {
        self.line = Some(line);
    }

    /// Sets the ordering of the next instruction.
    pub(super) fn ordered(&mut self, aq: bool, rl: bool) -> &mut Self {
        self.order = Some((aq, rl));
        self
    }

    /// The mistake made so far, if any.
    pub(super) fn take_error(&mut self) -> Option<AsmError> {
        self.error.take()
    }

    /// Remembers the first mistake.
    #[track_caller]
    pub(super) fn fail(&mut self, sentence: impl Into<String>) -> &mut Self {
        let line = self.line();
        self.error.get_or_insert_with(|| AsmError::new(line, sentence));
        self
    }

    #[track_caller]
    pub(super) fn check(&mut self, result: Result<(), String>) -> &mut Self {
        match result {
            Ok(()) => self,
            Err(sentence) => self.fail(sentence),
        }
    }

    #[track_caller]
    fn line(&self) -> u32 {
        match self.line {
            Some(line) => line,
            None => Location::caller().line(),
        }
    }

    /// Appends an instruction, at an address where one can be executed.
    #[track_caller]
    fn code(&mut self, bytes: &[u8]) -> &mut Self {
        let step = self.options.profile.step() as usize;
        let offset = self.sections[self.current as usize].len();
        if !offset.is_multiple_of(step) {
            return self.fail(format!(
                "an instruction stands {offset} bytes into {}, which is not a multiple of {step}; \
                 align it",
                self.current.name()
            ));
        }
        self.bytes(bytes)
    }

    /// Puts the constant into the last `size` bytes, now if it is known and else at the end.
    #[track_caller]
    fn fill(&mut self, slot: Slot, size: u32, constant: Option<Expr>) -> &mut Self {
        let Some(constant) = constant else {
            return self;
        };
        if self.error.is_some() {
            return self;
        }
        let offset = self.sections[self.current as usize].len() - size as usize;
        let place = Value { section: Some(self.current), number: offset as i64 };
        let bound = self.bound(constant.0, Nesting::At(place));
        let expr = match bound {
            Ok(expr) => expr,
            Err(sentence) => return self.fail(sentence),
        };
        let fixup = Fixup { line: self.line(), section: self.current, offset, slot, expr };
        let known = match fixup.expr.value(&self.symbols, None) {
            Ok(Value { section: None, number }) if !slot.is_from_pc() => Some(number),
            Err(Unknown::Wrong(sentence)) if !fixup.may_refer_ahead() => {
                return self.fail(sentence);
            }
            _ => None,
        };
        match known {
            Some(number) => {
                let section = &mut self.sections[self.current as usize];
                let patched = slot.patch(&mut section[offset..], number, self.options.profile);
                if self.current == SectionId::Bss && number != 0 {
                    return self.fail(ONLY_ZEROS);
                }
                self.check(patched)
            }
            None => {
                self.fixups.push(fixup);
                self
            }
        }
    }

    fn has_room(&self, count: usize) -> bool {
        count <= SECTION_LIMIT - self.sections[self.current as usize].len()
    }

    #[track_caller]
    fn full(&mut self) -> &mut Self {
        self.fail(format!(
            "{} grows beyond {} MiB, more than a program may have",
            self.current.name(),
            SECTION_LIMIT >> 20
        ))
    }
}

/// The message for an instruction that the profile does not have.
pub(super) fn not_here(widths: Widths, extension: Extension) -> String {
    match widths {
        Widths::Rv32 => "there is no such instruction in RV64, only in RV32".into(),
        Widths::Rv64 => "there is no such instruction in RV32, only in RV64".into(),
        Widths::Any => format!("an instruction of {extension:?}, which the profile does not have"),
    }
}

/// Said of `.bss` by everyone who finds a value in it.
pub(super) const ONLY_ZEROS: &str = ".bss holds only zeros; put data into .data";

/// `addi zero, zero, 0` and `c.nop`.
const NOP: [u8; 4] = [0x13, 0, 0, 0];
const C_NOP: [u8; 2] = [1, 0];
