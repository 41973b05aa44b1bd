//! Reading.

use core::fmt;

use super::{Abi, Fields, WORD};

/// Why bytes are not the encoding of a value of the wanted type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// They end too early.
    Short,
    /// A bit is set that the type does not use.
    Range,
    /// An offset does not point right behind what stands before.
    Offset,
    /// A string is not UTF-8.
    Text,
    /// Something follows the last value.
    Trailing,
}

impl DecodeError {
    /// What is wrong, for people.
    pub const fn message(self) -> &'static str {
        match self {
            Self::Short => "the encoded values end too early",
            Self::Range => "an encoded value is outside the range of its type",
            Self::Offset => "an offset does not point right behind what stands before it",
            Self::Text => "a string is not UTF-8",
            Self::Trailing => "bytes follow the last encoded value",
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl core::error::Error for DecodeError {}

/// A value that can be read.
pub trait Decode<'a>: Abi + Sized {
    /// Reads the head, and the tail if there is one.
    ///
    /// # Errors
    ///
    /// The bytes are not the encoding of a value.
    fn decode(data: &mut Decoder<'a>) -> Result<Self, DecodeError>;
}

/// A list of values that can be read.
pub trait DecodeFields<'a>: Fields + Sized {
    /// Reads the fields.
    ///
    /// # Errors
    ///
    /// The bytes are not the encoding of the list.
    fn decode_fields(data: &mut Decoder<'a>) -> Result<Self, DecodeError>;
}

/// Reads a list.
///
/// # Errors
///
/// The bytes are not the encoding of the list.
pub fn decode<'a, T: DecodeFields<'a>>(data: &'a [u8]) -> Result<T, DecodeError> {
    let mut decoder = Decoder { data, base: 0, head: 0, tail: T::BODY };
    let fields = T::decode_fields(&mut decoder)?;
    if decoder.tail == data.len() { Ok(fields) } else { Err(DecodeError::Trailing) }
}

/// What a value is read from.
///
/// Each byte is read at most once: heads from front to back, and each tail where the one before it
/// ends.
#[derive(Debug)]
pub struct Decoder<'a> {
    data: &'a [u8],
    /// What offsets count from.
    base: usize,
    /// Where the next head stands.
    head: usize,
    /// Where the next tail stands.
    tail: usize,
}

impl<'a> Decoder<'a> {
    /// Reads a head of one word.
    ///
    /// # Errors
    ///
    /// The bytes end before.
    pub fn word(&mut self) -> Result<&'a [u8; WORD], DecodeError> {
        let rest = self.data.get(self.head..).ok_or(DecodeError::Short)?;
        self.head += WORD;
        rest.first_chunk().ok_or(DecodeError::Short)
    }

    /// Reads a head of one word that ends with `N` bytes, behind zeros.
    ///
    /// # Errors
    ///
    /// The bytes end before, or do not start with zeros.
    pub fn right<const N: usize>(&mut self) -> Result<&'a [u8; N], DecodeError> {
        let word = self.word()?;
        let (zeros, bytes) = word.split_last_chunk().ok_or(DecodeError::Range)?;
        if zero(zeros) { Ok(bytes) } else { Err(DecodeError::Range) }
    }

    /// Reads a head of one word that starts with `N` bytes, before zeros.
    ///
    /// # Errors
    ///
    /// The bytes end before, or do not end with zeros.
    pub fn left<const N: usize>(&mut self) -> Result<&'a [u8; N], DecodeError> {
        let word = self.word()?;
        let (bytes, zeros) = word.split_first_chunk().ok_or(DecodeError::Range)?;
        if zero(zeros) { Ok(bytes) } else { Err(DecodeError::Range) }
    }

    /// Follows a head that points at the tail, and reads there what the function reads, whose heads
    /// take this number of bytes.
    ///
    /// # Errors
    ///
    /// The bytes end before, the offset is not the tail's, or those of the function.
    pub fn nested<T>(
        &mut self,
        heads: usize,
        read: impl FnOnce(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<T, DecodeError> {
        self.offset()?;
        let outside = (self.base, self.head);
        self.base = self.tail;
        self.head = self.tail;
        self.tail = self.end(heads)?;
        let value = read(self)?;
        (self.base, self.head) = outside;
        Ok(value)
    }

    /// Like [`nested`](Self::nested), behind a word that says how many items follow, each with a
    /// head of `head` bytes and at least `min` bytes long. The function gets the number.
    ///
    /// # Errors
    ///
    /// Those of `nested`, and fewer bytes than the items need.
    pub fn counted<T>(
        &mut self,
        (head, min): (usize, usize),
        read: impl FnOnce(&mut Self, usize) -> Result<T, DecodeError>,
    ) -> Result<T, DecodeError> {
        self.offset()?;
        let outside = (self.base, self.head);
        let count = self.count()?;
        let least = count.checked_mul(min).ok_or(DecodeError::Short)?;
        self.end(least)?;
        self.tail += count * head;
        let value = read(self, count)?;
        (self.base, self.head) = outside;
        Ok(value)
    }

    /// Follows a head that points at the tail, and reads there bytes behind their number.
    ///
    /// # Errors
    ///
    /// Those of `nested`, and bytes other than 0 up to the end of the last word.
    pub fn bytes(&mut self) -> Result<&'a [u8], DecodeError> {
        self.offset()?;
        let outside = (self.base, self.head);
        let count = self.count()?;
        let padded = count.checked_next_multiple_of(WORD).ok_or(DecodeError::Short)?;
        let end = self.end(padded)?;
        let words = self.data.get(self.tail..end).ok_or(DecodeError::Short)?;
        let (bytes, zeros) = words.split_at_checked(count).ok_or(DecodeError::Short)?;
        self.tail = end;
        (self.base, self.head) = outside;
        if zero(zeros) { Ok(bytes) } else { Err(DecodeError::Range) }
    }

    /// Reads a number of items at the tail, and goes behind it.
    fn count(&mut self) -> Result<usize, DecodeError> {
        self.head = self.tail;
        let count = self.number()?;
        self.base = self.head;
        self.tail = self.head;
        Ok(count)
    }

    fn offset(&mut self) -> Result<(), DecodeError> {
        if self.number()? == self.tail - self.base { Ok(()) } else { Err(DecodeError::Offset) }
    }

    fn number(&mut self) -> Result<usize, DecodeError> {
        Ok(u32::from_be_bytes(*self.right()?) as usize)
    }

    /// Where so many bytes from the tail on end, which is inside the data.
    fn end(&self, count: usize) -> Result<usize, DecodeError> {
        let end = self.tail.checked_add(count).ok_or(DecodeError::Short)?;
        if end <= self.data.len() { Ok(end) } else { Err(DecodeError::Short) }
    }
}

fn zero(bytes: &[u8]) -> bool {
    bytes.iter().fold(0, |sum, byte| sum | byte) == 0
}
