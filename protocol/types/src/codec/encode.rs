//! Writing.

use alloc::vec::Vec;

use super::{Abi, Fields, WORD};
use crate::zeroed;

/// A value that can be written.
pub trait Encode: Abi {
    /// Bytes of the tail: 0 unless the type is dynamic.
    fn tail(&self) -> usize {
        0
    }

    /// Writes the head, and the tail if there is one.
    fn encode(&self, out: &mut Encoder<'_>);
}

/// A list of values that can be written.
pub trait EncodeFields: Fields {
    /// Bytes of the tails of all fields.
    fn tails(&self) -> usize;

    /// Writes the fields.
    fn encode_fields(&self, out: &mut Encoder<'_>);
}

/// Bytes that the list takes.
pub fn encoded_size(fields: &impl EncodeFields) -> usize {
    body(fields) + fields.tails()
}

fn body<T: Fields>(_: &T) -> usize {
    T::BODY
}

/// Writes a list into zeroed bytes, as many as [`encoded_size`] says.
pub fn encode_into<T: EncodeFields>(fields: &T, out: &mut [u8]) {
    fields.encode_fields(&mut Encoder { out, base: 0, head: 0, tail: T::BODY });
}

/// Writes a list.
pub fn encode(fields: &impl EncodeFields) -> Vec<u8> {
    encode_behind(&[], fields)
}

/// Writes a list behind other bytes, such as a selector.
pub fn encode_behind(prefix: &[u8], fields: &impl EncodeFields) -> Vec<u8> {
    let mut out = zeroed(prefix.len() + encoded_size(fields));
    put(&mut out, 0, prefix);
    encode_into(fields, out.get_mut(prefix.len()..).unwrap_or_default());
    out
}

/// Where a value is written. The bytes are zero until they are written.
#[derive(Debug)]
pub struct Encoder<'a> {
    out: &'a mut [u8],
    /// The start from which offsets count.
    base: usize,
    /// Where the next head goes.
    head: usize,
    /// Where the next tail goes.
    tail: usize,
}

impl Encoder<'_> {
    /// Writes a head of one word that ends with these bytes, at most 32, behind zeros.
    pub fn right(&mut self, bytes: &[u8]) {
        put(self.out, self.head + WORD - bytes.len(), bytes);
        self.head += WORD;
    }

    /// Writes a head of one word that starts with these bytes, at most 32.
    pub fn left(&mut self, bytes: &[u8]) {
        put(self.out, self.head, bytes);
        self.head += WORD;
    }

    /// Writes a head that points at the tail, and there what the function writes, whose heads take
    /// this number of bytes.
    pub fn nested(&mut self, heads: usize, write: impl FnOnce(&mut Self)) {
        self.offset();
        let outside = (self.base, self.head);
        self.base = self.tail;
        self.head = self.tail;
        self.tail += heads;
        write(self);
        (self.base, self.head) = outside;
    }

    /// Like [`nested`](Self::nested), behind a word that says how many items follow.
    pub fn counted(&mut self, count: usize, heads: usize, write: impl FnOnce(&mut Self)) {
        self.offset();
        let outside = (self.base, self.head);
        self.head = self.tail;
        self.number(count);
        self.base = self.head;
        self.tail = self.head + heads;
        write(self);
        (self.base, self.head) = outside;
    }

    /// Writes a head that points at the tail, and there these bytes behind their number.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.counted(bytes.len(), bytes.len().next_multiple_of(WORD), |out| {
            put(out.out, out.head, bytes);
        });
    }

    fn offset(&mut self) {
        self.number(self.tail - self.base);
    }

    fn number(&mut self, number: usize) {
        self.right(&(number as u32).to_be_bytes());
    }
}

/// Bytes outside are not written: a type gave a wrong size for its value.
fn put(out: &mut [u8], at: usize, bytes: &[u8]) {
    if let Some(slot) = out.get_mut(at..).and_then(|rest| rest.get_mut(..bytes.len())) {
        slot.copy_from_slice(bytes);
    }
}

impl<T: Encode + ?Sized> Encode for &T {
    fn tail(&self) -> usize {
        (**self).tail()
    }

    fn encode(&self, out: &mut Encoder<'_>) {
        (**self).encode(out);
    }
}
