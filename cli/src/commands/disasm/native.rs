//! Native code as text.

use bessemer_isa::TrapKind;
use bessemer_translator::{Artifact, TrapRecord};
use iced_x86::{Decoder, DecoderOptions, Formatter, IntelFormatter};
use serde_json::{Value, json};

use crate::support::output::hex;

/// One native instruction.
pub(super) struct Line {
    /// Offset in the artifact's code.
    pub(super) offset: u64,
    pub(super) bytes: String,
    pub(super) text: String,
    /// The trap that a fault of the instruction means, and the guest instruction that it belongs
    /// to.
    pub(super) trap: Option<(String, u32)>,
}

impl Line {
    pub(super) fn to_json(&self) -> Value {
        json!({
            "offset": self.offset,
            "bytes": self.bytes,
            "text": self.text,
            "trap": self.trap.as_ref().map(|(kind, _)| kind),
            "pc": self.trap.as_ref().map(|(_, pc)| pc),
        })
    }
}

/// The code of a unit.
pub(super) fn lines(artifact: &Artifact, unit: usize) -> Vec<Line> {
    let range = artifact.unit_code(unit).unwrap_or_default();
    let start = range.start as u64;
    let code = artifact.code().get(range).unwrap_or_default();
    let mut decoder = Decoder::with_ip(64, code, start, DecoderOptions::NONE);
    let mut formatter = IntelFormatter::new();
    let options = formatter.options_mut();
    options.set_hex_prefix("0x");
    options.set_hex_suffix("");
    options.set_uppercase_hex(false);
    options.set_branch_leading_zeros(false);
    options.set_space_after_operand_separator(true);
    let mut lines = Vec::new();
    while decoder.can_decode() {
        let instruction = decoder.decode();
        let mut text = String::new();
        formatter.format(&instruction, &mut text);
        let at = (instruction.ip() - start) as usize;
        let bytes = code.get(at..at + instruction.len()).unwrap_or_default();
        lines.push(Line {
            offset: instruction.ip(),
            bytes: hex(bytes),
            text,
            trap: trap_at(artifact.traps(), instruction.ip()),
        });
    }
    lines
}

fn trap_at(traps: &[TrapRecord], offset: u64) -> Option<(String, u32)> {
    let at = traps.binary_search_by_key(&offset, |record| record.offset.into()).ok()?;
    let record = traps.get(at)?;
    let kind = match TrapKind::from_code(record.kind) {
        Some(kind) => kind.name(),
        None => "OutOfGas",
    };
    Some((kind.to_owned(), record.pc))
}
