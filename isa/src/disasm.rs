//! The disassembler: from bytes to text that the assembler reads back.

use alloc::format;
use alloc::string::{String, ToString};
use core::fmt;

use crate::{CompressedOp, Inst, Profile};

/// Reads `bytes`, which stand at `base`, as instructions from front to back.
///
/// With compressed instructions in the profile parcels are decoded by the rules of C. What is no
/// instruction of the profile is shown as `.half` or `.word`, a remainder as `.byte`. The text of each line, at its address, assembles
/// to the same bytes.
///
/// ```
/// use bessemer_isa::{Profile, disassemble};
///
/// let bytes = [0x01, 0x45, 0x33, 0x05, 0xb5, 0x00, 0xed, 0xfd];
/// let listing: Vec<String> = disassemble(&bytes, 0x1_0000, Profile::rv32(true))
///     .map(|line| line.to_string())
///     .collect();
/// assert_eq!(
///     listing,
///     [
///         "   10000: 4501      c.li a0, 0",
///         "   10002: 00b50533  add a0, a0, a1",
///         "   10006: fded      c.bnez a1, 0x10000",
///     ]
/// );
/// ```
pub fn disassemble(
    bytes: &[u8],
    base: u32,
    profile: Profile,
) -> Disassembly<'_, fn(u32) -> Option<String>> {
    Disassembly { bytes, address: base, profile, symbols: |_| None }
}

/// The lines that [`disassemble`] makes.
#[derive(Clone, Debug)]
pub struct Disassembly<'a, Symbols> {
    bytes: &'a [u8],
    address: u32,
    profile: Profile,
    symbols: Symbols,
}

impl<'a, Symbols> Disassembly<'a, Symbols> {
    /// The same lines, with the names that `symbols` knows for addresses.
    ///
    /// ```
    /// use bessemer_isa::{Profile, disassemble};
    ///
    /// let jump = disassemble(&[0x6f, 0, 0x80, 0], 0x1_0000, Profile::rv32(false))
    ///     .with_symbols(|address| (address == 0x1_0008).then(|| "done".into()))
    ///     .next()
    ///     .expect("there are four bytes");
    /// assert_eq!(jump.to_string(), "   10000: 0080006f  jal zero, 0x10008  # done");
    /// ```
    pub fn with_symbols<S: Fn(u32) -> Option<String>>(self, symbols: S) -> Disassembly<'a, S> {
        Disassembly { bytes: self.bytes, address: self.address, profile: self.profile, symbols }
    }
}

impl<'a, Symbols: Fn(u32) -> Option<String>> Iterator for Disassembly<'a, Symbols> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        if self.bytes.is_empty() {
            return None;
        }
        let address = self.address;
        let (length, text, inst) = decode(self.bytes, address, self.profile);
        let (bytes, rest) = self.bytes.split_at(length);
        self.bytes = rest;
        self.address = address.wrapping_add(length as u32);
        let target = inst.and_then(|inst| inst.target(address));
        Some(Line {
            address,
            bytes,
            text,
            inst,
            target,
            label: (self.symbols)(address),
            target_label: target.and_then(&self.symbols),
        })
    }
}

/// One instruction, or bytes that are none.
///
/// `Display` gives address, bits, text and the name of the target; the label of the line itself is
/// left to the caller, who decides where to put it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// The address of the first byte.
    pub address: u32,
    /// Two or four bytes; fewer only at the end.
    pub bytes: &'a [u8],
    /// The source line that assembles to these bytes.
    pub text: String,
    /// The instruction that is executed here; `None` if it is illegal.
    pub inst: Option<Inst>,
    /// Where a branch or direct jump goes.
    pub target: Option<u32>,
    /// The name of this address.
    pub label: Option<String>,
    /// The name of the target.
    pub target_label: Option<String>,
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = self.bytes.iter().rev();
        let bits: String = bits.map(|byte| format!("{byte:02x}")).collect();
        write!(f, "{:8x}: {bits:8}  {}", self.address, self.text)?;
        match &self.target_label {
            Some(name) => write!(f, "  # {name}"),
            None => Ok(()),
        }
    }
}

/// Length, text and meaning of what `bytes` start with.
fn decode(bytes: &[u8], pc: u32, profile: Profile) -> (usize, String, Option<Inst>) {
    let word = bytes.first_chunk().map(|word| u32::from_le_bytes(*word));
    let parcel = bytes.first_chunk().map(|half| u16::from_le_bytes(*half));
    match (word, parcel) {
        (_, Some(parcel)) if profile.compressed && parcel & 3 != 3 => {
            let form = CompressedOp::of(parcel, profile);
            match form.and_then(|form| Some((form, form.expand(parcel, profile)?))) {
                Some((form, inst)) => (2, form.at(parcel, pc).to_string(), Some(inst)),
                None => (2, format!(".half {parcel:#06x}"), None),
            }
        }
        // encodings of 48 bits and more are illegal, and the next parcel is decoded for itself
        (_, Some(parcel)) if profile.compressed && (parcel & 0x1f == 0x1f || word.is_none()) => {
            (2, format!(".half {parcel:#06x}"), None)
        }
        (Some(word), _) => match Inst::decode(word, profile) {
            Some(inst) => (4, inst.at(pc).to_string(), Some(inst)),
            None => (4, format!(".word {word:#010x}"), None),
        },
        _ => {
            let rest: String = bytes.iter().map(|byte| format!(", {byte:#04x}")).collect();
            (bytes.len(), format!(".byte{}", &rest[1..]), None)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(bytes: &[u8], compressed: bool) -> alloc::vec::Vec<String> {
        disassemble(bytes, 0x1_0000, Profile::rv32(compressed)).map(|line| line.text).collect()
    }

    #[test]
    fn invalid_encodings_are_disassembled_as_data() {
        assert_eq!(
            texts(&[0, 0, 0x1f, 0, 0x33], true),
            [".half 0x0000", ".half 0x001f", ".byte 0x33"]
        );
        assert_eq!(texts(&[0, 0, 0, 0, 0x33, 5], false), [".word 0x00000000", ".byte 0x33, 0x05"]);
        // the first half of a word at the end of the bytes, and a word that is not an instruction
        assert_eq!(texts(&[0x33, 5], true), [".half 0x0533"]);
        assert_eq!(texts(&[0x73, 0x10, 0, 0xc0], true), [".word 0xc0001073"]);
    }

    #[test]
    fn targets_wrap_around_the_address_space() {
        let line = disassemble(&[0x6f, 0xf0, 0xdf, 0xff], 0, Profile::rv32(false)).next();
        let line = line.expect("there are four bytes");
        assert_eq!(line.target, Some(0xffff_fffc));
        assert_eq!(line.text, "jal zero, 0xfffffffc");
    }
}
