//! The end of assembling: sections get addresses, operands their values.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;

use super::builder::{Assembler, ONLY_ZEROS};
use super::error::AsmError;
use super::expand::as_word;
use super::expr::{Bases, Node, Unknown};
use super::symbols::SectionId;
use super::{Assembly, PAGE, Section};
use crate::{CompressedOp, Immediate, Op, Profile, Xlen};

/// An operand that gets its value at the end.
#[derive(Clone, Debug)]
pub(super) struct Fixup {
    pub(super) line: u32,
    pub(super) section: SectionId,
    pub(super) offset: usize,
    pub(super) slot: Slot,
    pub(super) expr: Node,
}

/// The kind of bits that an operand goes into.
#[derive(Clone, Copy, Debug)]
pub(super) enum Slot {
    Base(Op),
    Compressed(CompressedOp),
    /// A datum of so many bytes.
    Data(u8),
}

impl Fixup {
    /// Whether the expression may become right by what follows: a `%pcrel_lo` can stand before the
    /// `%pcrel_hi` that it refers to.
    pub(super) fn may_refer_ahead(&self) -> bool {
        matches!(self.expr, Node::PcrelLo(_))
    }
}

impl Slot {
    /// Whether the value is an address and the encoded number the distance to it.
    pub(super) fn is_from_pc(self) -> bool {
        self.immediate(Xlen::default()).is_some_and(|rule| rule.is_from_pc())
    }

    /// Writes the number to the start of `bytes`.
    pub(super) fn patch(
        self,
        bytes: &mut [u8],
        number: i64,
        profile: Profile,
    ) -> Result<(), String> {
        match self {
            Self::Base(op) => {
                let number = self.fitting(op.mnemonic(), number, profile.xlen)?;
                let (old, _) = bytes.split_first_chunk_mut().ok_or(SHORT)?;
                *old = op.set_immediate(u32::from_le_bytes(*old), number).to_le_bytes();
            }
            Self::Compressed(form) => {
                let number = self.fitting(form.mnemonic(), number, profile.xlen)?;
                let (old, _) = bytes.split_first_chunk_mut().ok_or(SHORT)?;
                let parcel = form.set_immediate(u16::from_le_bytes(*old), number);
                if !form.is_form_of(parcel, profile) {
                    return Err(reserved(form));
                }
                *old = parcel.to_le_bytes();
            }
            Self::Data(size) => {
                let bits = u32::from(size) * 8;
                if bits < 64 && !(-(1i64 << (bits - 1))..1 << bits).contains(&number) {
                    return Err(format!(
                        "{number} does not fit into {bits} bits, which hold {} to {}; use a wider \
                         directive",
                        -(1i64 << (bits - 1)),
                        (1i64 << bits) - 1
                    ));
                }
                let size = usize::from(size);
                bytes[..size].copy_from_slice(&number.to_le_bytes()[..size]);
            }
        }
        Ok(())
    }

    fn immediate(self, xlen: Xlen) -> Option<Immediate> {
        match self {
            Self::Base(op) => op.immediate(xlen),
            Self::Compressed(form) => form.immediate(xlen),
            Self::Data(_) => None,
        }
    }

    fn fitting(self, mnemonic: &str, number: i64, xlen: Xlen) -> Result<i64, String> {
        let rule = self.immediate(xlen).ok_or_else(|| format!("`{mnemonic}` takes no constant"))?;
        rule.fit(number).ok_or_else(|| {
            let advice = match (self, rule.is_from_pc()) {
                (_, true) if number % 2 != 0 => "align the target",
                (Self::Compressed(_), _) => "use the form without `c.`",
                (_, true) => "jump to a nearer place or use `call` or `tail`",
                (Self::Base(Op::Lui | Op::Auipc), _) => {
                    "give the upper 20 bits alone, by %hi or a shift by 12"
                }
                (_, false) if rule.name() == "immediate" => {
                    "load the constant by `li` and use the form with a register"
                }
                _ => "nothing is left of a register shifted by more",
            };
            let name = rule.name();
            format!("the {name} {number} of `{mnemonic}` must be {rule}; {advice}")
        })
    }
}

/// The message for a compressed form whose operands make it another instruction or none.
pub(super) fn reserved(form: CompressedOp) -> String {
    let mnemonic = form.mnemonic();
    format!(
        "`{mnemonic}` with these operands is a reserved encoding or that of another form; use the \
         form without `c.`"
    )
}

/// Gives every section its address, fills in what waited for it, and makes the result.
pub(super) fn link(a: Assembler) -> Result<Assembly, AsmError> {
    let Assembler { options, mut sections, symbols, fixups, .. } = a;
    let lengths = [0, 1, 2, 3].map(|i| sections[i].len() as u64);
    let bases = layout(&options, lengths).map_err(|sentence| AsmError::new(0, sentence))?;
    for fixup in fixups {
        let failed = |sentence| AsmError::new(fixup.line, sentence);
        let value = fixup.expr.value(&symbols, Some(&bases)).map_err(|why| failed(explain(why)))?;
        let mut number = value.number;
        if fixup.slot.is_from_pc() {
            let Some(target) = as_word(number) else {
                return Err(failed(format!("the target {number} is no 32-bit address")));
            };
            let pc = bases[fixup.section as usize].wrapping_add(fixup.offset as u32);
            number = i64::from(target.wrapping_sub(pc as i32));
        }
        if fixup.section == SectionId::Bss {
            return Err(failed(ONLY_ZEROS.into()));
        }
        let bytes = &mut sections[fixup.section as usize][fixup.offset..];
        fixup.slot.patch(bytes, number, options.profile).map_err(failed)?;
    }
    let symbols = symbols.places().map(|(name, value)| {
        let base = value.section.map_or(0, |section| bases[section as usize]);
        (name.to_owned(), base.wrapping_add(value.number as u32))
    });
    let symbols: alloc::collections::BTreeMap<_, _> = symbols.collect();
    let entry = symbols.get("_start").copied().unwrap_or(bases[0]);
    let [text, rodata, data, bss] = sections;
    let section = |id: SectionId, bytes| Section { base: bases[id as usize], bytes };
    Ok(Assembly {
        text: section(SectionId::Text, text),
        rodata: section(SectionId::Rodata, rodata),
        data: section(SectionId::Data, data),
        bss: section(SectionId::Bss, bss),
        symbols,
        entry,
        profile: options.profile,
    })
}

/// Text at its base, every other section on the next page.
fn layout(options: &super::Options, lengths: [u64; SectionId::COUNT]) -> Result<Bases, String> {
    if !options.text_base.is_multiple_of(4) {
        return Err(format!("the text base {:#x} is not a multiple of 4", options.text_base));
    }
    let mut bases = [0; SectionId::COUNT];
    let mut next = u64::from(options.text_base);
    for section in SectionId::ALL {
        if let (SectionId::Data, Some(base)) = (section, options.data_base) {
            if u64::from(base) < next || !u64::from(base).is_multiple_of(PAGE) {
                return Err(format!(
                    "the data base {base:#x} must be a multiple of {PAGE} and not below {next:#x}"
                ));
            }
            next = u64::from(base);
        }
        let index = section as usize;
        let end = next + lengths[index];
        if end > 1 << 32 {
            return Err(format!("{} ends above the 32-bit space", section.name()));
        }
        // an empty section at the very top has no page of its own and needs none
        bases[index] = next as u32;
        next = end.next_multiple_of(PAGE);
    }
    Ok(bases)
}

fn explain(why: Unknown) -> String {
    match why {
        Unknown::Wrong(sentence) => sentence,
        Unknown::Address => "%pcrel_lo takes a label and nothing else".into(),
        Unknown::Undefined(name) => {
            let is_local = name.ends_with('f') && name.starts_with(|c: char| c.is_ascii_digit());
            if is_local {
                let number = name.trim_end_matches('f');
                format!("`{name}` looks for a label `{number}:` below, and there is none")
            } else {
                format!("`{name}` is defined nowhere; write `{name}:` where it should point")
            }
        }
    }
}

/// A fixup covers bytes that the builder appended with it.
const SHORT: &str = "the operand lies outside of its section";
