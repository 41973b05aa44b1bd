//! Sections and data.

use super::builder::Assembler;
use super::expr::Expr;
use super::symbols::SectionId;

/// Directives that are not instructions.
impl Assembler {
    /// The next items go into text.
    pub fn text(&mut self) -> &mut Self {
        self.section(SectionId::Text)
    }

    /// The next items go into read-only data.
    pub fn rodata(&mut self) -> &mut Self {
        self.section(SectionId::Rodata)
    }

    /// The next items go into writable data.
    pub fn data(&mut self) -> &mut Self {
        self.section(SectionId::Data)
    }

    /// The next items go into writable data that starts as zeros.
    pub fn bss(&mut self) -> &mut Self {
        self.section(SectionId::Bss)
    }

    /// Appends 32 bits, in text also those of no instruction.
    #[track_caller]
    pub fn word(&mut self, value: impl Into<Expr>) -> &mut Self {
        self.datum(4, value.into())
    }

    /// Appends 16 bits.
    #[track_caller]
    pub fn half(&mut self, value: impl Into<Expr>) -> &mut Self {
        self.datum(2, value.into())
    }

    /// Appends 8 bits.
    #[track_caller]
    pub fn byte(&mut self, value: impl Into<Expr>) -> &mut Self {
        self.datum(1, value.into())
    }

    /// Appends these bytes; no zero follows.
    #[track_caller]
    pub fn ascii(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        self.bytes(bytes.as_ref())
    }

    /// Appends so many zeros.
    #[track_caller]
    pub fn zero(&mut self, count: u32) -> &mut Self {
        self.repeat(count as usize, 0)
    }

    /// Goes on at the next multiple of `bytes`: over zeros, in text over instructions that do
    /// nothing. Counted from the start of the section.
    #[track_caller]
    pub fn align(&mut self, bytes: u32) -> &mut Self {
        match bytes {
            0 => self.fail("an alignment counts bytes and is at least 1"),
            bytes => self.pad(bytes.into(), None),
        }
    }

    pub(super) fn section(&mut self, id: SectionId) -> &mut Self {
        self.current = id;
        self
    }
}
