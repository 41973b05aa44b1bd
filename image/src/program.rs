//! A checked program.

use std::fmt;
use std::sync::Arc;

use bessemer_isa::{GasSchedule, NativeEstimate};
use sha3::{Digest, Keccak256};

use crate::attributes::Attributes;
use crate::elf::Elf;
use crate::layout::mapped_bytes;
use crate::segment::Segments;
use crate::{Charges, Layout, Limits, LoadError, Profile, Segment, Symbols, Text};

/// An image that obeys every rule of the loader: all that engines need to know of it.
#[derive(Clone, Debug)]
pub struct Program {
    segments: Box<[Segment]>,
    text: Text,
    entry: u32,
    layout: Layout,
    code_hash: CodeHash,
    symbols: Symbols,
    attributes: Attributes,
}

impl Program {
    /// Checks an ELF file and decodes its text.
    ///
    /// Any bytes at all may be given. The verdict depends on the bytes and the limits and on
    /// nothing else; symbols have no part in it, and of the sections only the attributes. Time and memory are linear in the
    /// length of the file.
    pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Self, LoadError> {
        Self::parse_hashed(bytes, limits, || CodeHash::of(bytes))
    }

    /// Like [`Program::parse`], for a caller who knows the hash of the file, or where to find it: of
    /// all that parsing does, hashing takes longest.
    pub fn parse_hashed(
        bytes: &[u8],
        limits: &Limits,
        code_hash: impl FnOnce() -> CodeHash,
    ) -> Result<Self, LoadError> {
        let elf = Elf::parse(bytes, limits)?;
        let Segments { all, text } = Segments::load(&elf, bytes, limits)?;
        let layout = Layout::place(&all, limits)?;
        let text = all.get(text).ok_or(LoadError::NoText)?;
        let text = Text::decode(text.addr, Arc::clone(&text.bytes), elf.profile);
        let entry = elf.header.e_entry;
        if text.index(entry).is_none() {
            return Err(LoadError::BadEntry {
                entry,
                step: elf.profile.step(),
                start: text.base(),
                end: text.end(),
            });
        }
        check_native(&text, &all, limits)?;
        Ok(Self {
            symbols: Symbols::read(bytes, &elf, text.base()..text.end()),
            attributes: elf.attributes,
            code_hash: code_hash(),
            segments: all.into(),
            text,
            entry,
            layout,
        })
    }

    /// The executable segment, decoded.
    #[inline]
    pub fn text(&self) -> &Text {
        &self.text
    }

    /// Where execution of a frame starts; in text.
    #[inline]
    pub fn entry(&self) -> u32 {
        self.entry
    }

    /// Which instructions the text is decoded as.
    pub fn profile(&self) -> Profile {
        self.text.profile()
    }

    /// The segments that are mapped at frame entry, ascending by address; with the text, without
    /// the stack.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Where stack and heap are.
    #[inline]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The pages of the segments and the stack, which frame entry pays for (rule G8).
    pub fn entry_pages(&self) -> u32 {
        let stack = self.layout.stack.len() as u32;
        mapped_bytes(&self.segments).saturating_add(stack) / Layout::PAGE
    }

    /// The hash of the file.
    pub fn code_hash(&self) -> CodeHash {
        self.code_hash
    }

    /// The ISA string of the attributes section, as compiler and linker wrote it.
    pub fn isa_string(&self) -> Option<&str> {
        self.attributes.arch()
    }

    /// The names in the file; for people, never for execution.
    pub fn symbols(&self) -> &Symbols {
        &self.symbols
    }

    /// Bytes of native code that the program is taken to become (`docs/loader.md`, section 8).
    pub fn native_bytes(&self, estimate: &NativeEstimate) -> u64 {
        native_bytes(&self.text, &self.segments, estimate)
    }

    /// The charge of an arrival at each slot of the text under this schedule.
    pub fn charges(&self, schedule: &GasSchedule) -> Charges {
        Charges::compute(&self.text, schedule, self.layout.memory_class)
    }
}

/// Whether the text becomes too much native code (rule L29).
fn check_native(text: &Text, segments: &[Segment], limits: &Limits) -> Result<(), LoadError> {
    let Some(limit) = limits.native_bytes else { return Ok(()) };
    let estimate = &NativeEstimate::V1;
    let native = native_bytes(text, segments, estimate);
    let limit = estimate.most(text.bytes().len()).min(limit.into());
    if native <= limit {
        return Ok(());
    }
    let len = text.bytes().len() as u32;
    Err(LoadError::TooMuchNativeCode { start: text.base(), len, native, limit })
}

fn native_bytes(text: &Text, segments: &[Segment], estimate: &NativeEstimate) -> u64 {
    let slots = text.slots().iter().map(|decoded| estimate.bytes(decoded.inst));
    let words = segments.iter().flat_map(|segment| segment.bytes.as_chunks().0);
    let named = words.filter(|&&word| text.index(u32::from_le_bytes(word)).is_some());
    slots.chain(named.map(|_| estimate.named)).map(u64::from).sum()
}

/// The Keccak-256 hash of an image file, by which a program is known.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CodeHash([u8; 32]);

impl CodeHash {
    /// The hash of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Keccak256::digest(bytes).into())
    }

    /// The hash that was taken before and has these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// 64 lower-case hexadecimal digits.
impl fmt::Display for CodeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for CodeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
