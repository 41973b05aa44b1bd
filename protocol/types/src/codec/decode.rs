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
    /// A description of the fault, for people.
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
    /// From bytes that are not an encoding it reads some value, and the decoder knows why that is wrong:
    /// programs that look once, at the end, are shorter than those that look at each value.
    fn decode(data: &mut Decoder<'a>) -> Self;
}

/// A list of values that can be read.
pub trait DecodeFields<'a>: Fields + Sized {
    /// Reads the fields, as [`Decode::decode`] reads a value.
    fn decode_fields(data: &mut Decoder<'a>) -> Self;
}

/// Reads a list.
///
/// # Errors
///
/// The bytes are not the encoding of the list.
pub fn decode<'a, T: DecodeFields<'a>>(data: &'a [u8]) -> Result<T, DecodeError> {
    let mut decoder = Decoder::new(data, T::BODY);
    let fields = T::decode_fields(&mut decoder);
    decoder.finish().map(|()| fields)
}

/// The bytes from which a value is read.
///
/// Each byte is read at most once: heads from front to back, and each tail where the one before it
/// ends. What is read behind the first error is without meaning, and no more than was asked for.
#[derive(Debug)]
pub struct Decoder<'a> {
    data: &'a [u8],
    /// The start from which offsets count.
    base: usize,
    /// Where the next head stands.
    head: usize,
    /// Where the next tail stands.
    tail: usize,
    /// The first error.
    error: Option<DecodeError>,
}

impl<'a> Decoder<'a> {
    /// Reads a list whose heads take this number of bytes.
    pub const fn new(data: &'a [u8], heads: usize) -> Self {
        Self { data, base: 0, head: 0, tail: heads, error: None }
    }

    /// Ends reading.
    ///
    /// # Errors
    ///
    /// Something that was read is not encoded as it should be, or something was not read.
    pub fn finish(&self) -> Result<(), DecodeError> {
        match self.error {
            Some(error) => Err(error),
            None if self.tail == self.data.len() => Ok(()),
            None => Err(DecodeError::Trailing),
        }
    }

    /// Remembers what is wrong, unless something was wrong before.
    #[cold]
    #[inline(never)]
    pub fn fail(&mut self, error: DecodeError) {
        self.error.get_or_insert(error);
    }

    /// Reads a head of one word.
    pub fn word(&mut self) -> &'a [u8; WORD] {
        let word = self.data.get(self.head..).and_then(<[u8]>::first_chunk);
        self.head += WORD;
        word.unwrap_or_else(|| {
            self.fail(DecodeError::Short);
            &[0; WORD]
        })
    }

    /// Reads a head of one word that ends with `N` bytes, behind zeros.
    pub fn right<const N: usize>(&mut self) -> &'a [u8; N] {
        const { assert!(N <= WORD) };
        match self.word().split_last_chunk() {
            Some((zeros, bytes)) if zero(zeros) => bytes,
            _ => self.outside(),
        }
    }

    /// Reads a head of one word that starts with `N` bytes, before zeros.
    pub fn left<const N: usize>(&mut self) -> &'a [u8; N] {
        const { assert!(N <= WORD) };
        match self.word().split_first_chunk() {
            Some((bytes, zeros)) if zero(zeros) => bytes,
            _ => self.outside(),
        }
    }

    fn outside<const N: usize>(&mut self) -> &'a [u8; N] {
        self.fail(DecodeError::Range);
        &[0; N]
    }

    /// Follows a head that points at the tail, and reads there what the function reads, whose heads
    /// take this number of bytes.
    pub fn nested<T>(&mut self, heads: usize, read: impl FnOnce(&mut Self) -> T) -> T {
        self.offset();
        let outside = (self.base, self.head);
        self.base = self.tail;
        self.head = self.tail;
        self.skip(heads);
        let value = read(self);
        (self.base, self.head) = outside;
        value
    }

    /// Like [`nested`](Self::nested), behind a word that says how many items follow, each with a
    /// head of `head` bytes and at least `min` bytes long. The function gets the number, which is 0
    /// if there are not so many.
    pub fn counted<T>(
        &mut self,
        (head, min): (usize, usize),
        read: impl FnOnce(&mut Self, usize) -> T,
    ) -> T {
        self.offset();
        let outside = (self.base, self.head);
        let count = self.count();
        let least = count.checked_mul(min);
        let count = match least {
            Some(least) if least <= self.rest().len() => count,
            _ => {
                self.fail(DecodeError::Short);
                0
            }
        };
        self.tail += count * head;
        let value = read(self, count);
        (self.base, self.head) = outside;
        value
    }

    /// Follows a head that points at the tail, and reads there bytes behind their number; only 0
    /// may stand between them and the end of their last word.
    pub fn bytes(&mut self) -> &'a [u8] {
        self.offset();
        let outside = (self.base, self.head);
        let count = self.count();
        let read = self.rest().split_at_checked(count);
        (self.base, self.head) = outside;
        let Some((bytes, behind)) = read else {
            self.fail(DecodeError::Short);
            return &[];
        };
        self.tail += count;
        let padding = count.wrapping_neg() % WORD;
        match behind.get(..padding) {
            Some(zeros) if zero(zeros) => {}
            Some(_) => self.fail(DecodeError::Range),
            None => self.fail(DecodeError::Short),
        }
        self.tail += padding;
        bytes
    }

    /// Reads a number of items at the tail, and goes behind it.
    fn count(&mut self) -> usize {
        self.head = self.tail;
        let count = self.number();
        self.base = self.head;
        self.tail = self.head;
        count
    }

    fn offset(&mut self) {
        if self.number() != self.tail - self.base {
            self.fail(DecodeError::Offset);
        }
    }

    fn number(&mut self) -> usize {
        u32::from_be_bytes(*self.right()) as usize
    }

    /// Goes over so many bytes of the tail.
    fn skip(&mut self, count: usize) {
        if count > self.rest().len() {
            self.fail(DecodeError::Short);
        }
        self.tail += count;
    }

    /// The bytes from the tail on.
    fn rest(&self) -> &'a [u8] {
        self.data.get(self.tail..).unwrap_or_default()
    }
}

fn zero(bytes: &[u8]) -> bool {
    bytes.iter().fold(0, |sum, byte| sum | byte) == 0
}
