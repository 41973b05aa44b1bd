//! How values are stored.

use alloc::string::String;
use alloc::vec::Vec;

use bessemer_types::{Address, Bytes, FixedBytes, text, zeroed};

/// A value that can be stored, or be the key of a map.
///
/// The encoding is canonical, self-delimiting and compact. Numbers have their own length, least
/// significant byte first; strings, bytes and vectors stand behind their length (LEB128); `Option`
/// behind 0 or 1; enums behind the number of their variant, one byte; tuples and structures are
/// their fields, one behind the other. `#[derive(Stored)]` makes structures and enums stored.
pub trait Stored: Sized {
    /// The length of the encoding in bytes if it is the same for all values; else 0.
    const SIZE: usize;

    /// Writes the encoding.
    fn write(&self, out: &mut impl Sink);

    /// Reads a value. From bytes that are not an encoding it reads an unspecified value, and marks the
    /// source as malformed.
    fn read(source: &mut Source<'_>) -> Self;
}

/// Where an encoding is written.
pub trait Sink {
    /// Writes these bytes behind those before.
    fn append(&mut self, bytes: &[u8]);
}

/// Counts what is written.
struct Length(usize);

impl Sink for Length {
    #[inline]
    fn append(&mut self, bytes: &[u8]) {
        self.0 += bytes.len();
    }
}

/// Writes to bytes that are there already.
pub(super) struct Cursor<'a> {
    bytes: &'a mut [u8],
    len: usize,
}

impl<'a> Cursor<'a> {
    pub(super) const fn new(bytes: &'a mut [u8]) -> Self {
        Self { bytes, len: 0 }
    }

    /// How many bytes were written.
    pub(super) const fn len(&self) -> usize {
        self.len
    }
}

impl Sink for Cursor<'_> {
    #[inline]
    fn append(&mut self, bytes: &[u8]) {
        let room = self.bytes.get_mut(self.len..).and_then(|rest| rest.get_mut(..bytes.len()));
        if let Some(room) = room {
            room.copy_from_slice(bytes);
            self.len += bytes.len();
        }
    }
}

/// The longest encoding that is kept on the stack, in bytes.
const SHORT: usize = 64;

/// Hands the encoding to a function.
#[inline]
pub(super) fn with_encoding<T: Stored, R>(value: &T, then: impl FnOnce(&[u8]) -> R) -> R {
    if T::SIZE > 0 && T::SIZE <= SHORT / 2 {
        let mut short = [0; SHORT / 2];
        let (bytes, _) = short.split_at_mut(T::SIZE);
        value.write(&mut Cursor::new(bytes));
        then(bytes)
    } else if T::SIZE > 0 && T::SIZE <= SHORT {
        let mut short = [0; SHORT];
        let (bytes, _) = short.split_at_mut(T::SIZE);
        value.write(&mut Cursor::new(bytes));
        then(bytes)
    } else {
        // Counted first, since code that lets a vector grow is longer than all of this.
        let mut length = Length(0);
        value.write(&mut length);
        let mut bytes = zeroed(length.0);
        value.write(&mut Cursor::new(&mut bytes));
        then(&bytes)
    }
}

/// Where a stored value is read from.
#[derive(Debug)]
pub struct Source<'a> {
    bytes: &'a [u8],
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The value was set.
    Good,
    /// The value was never set: it is read from zeros without end.
    Zeros,
    /// The bytes that were read are not an encoding. Further values are read from zeros.
    Bad,
}

impl<'a> Source<'a> {
    pub(crate) const ZEROS: Source<'static> = Source { bytes: &[], state: State::Zeros };

    /// The bytes of a value.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, state: State::Good }
    }

    /// Remembers that the bytes that were read are not an encoding of the wanted type.
    #[cold]
    #[inline(never)]
    pub fn fail(&mut self) {
        *self = Self { bytes: &[], state: State::Bad };
    }

    /// The next bytes.
    pub fn array<const N: usize>(&mut self) -> [u8; N] {
        if self.state != State::Good {
            return [0; N];
        }
        match self.bytes.split_first_chunk() {
            Some((bytes, rest)) => {
                self.bytes = rest;
                *bytes
            }
            None => {
                self.fail();
                [0; N]
            }
        }
    }

    /// The next bytes, at most 32, with zeros behind them.
    pub(crate) fn padded(&mut self, count: usize) -> [u8; 32] {
        let mut padded = [0; 32];
        if self.state != State::Good {
            return padded;
        }
        match (self.bytes.split_at_checked(count), padded.get_mut(..count)) {
            (Some((bytes, rest)), Some(room)) => {
                room.copy_from_slice(bytes);
                self.bytes = rest;
            }
            _ => self.fail(),
        }
        padded
    }

    /// As many bytes as the length in front of them says.
    pub fn counted(&mut self) -> &'a [u8] {
        let count = self.length();
        match self.bytes.split_at_checked(count) {
            Some((bytes, rest)) => {
                self.bytes = rest;
                bytes
            }
            None => {
                self.fail();
                &[]
            }
        }
    }

    /// The tag of an enum.
    pub fn tag(&mut self) -> u8 {
        let [tag] = self.array();
        tag
    }

    /// A length, in the shortest LEB128.
    fn length(&mut self) -> usize {
        let mut length = 0;
        for shift in [0, 7, 14, 21] {
            let byte = self.tag();
            length |= usize::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                if byte == 0 && shift > 0 {
                    break;
                }
                return length;
            }
        }
        self.fail();
        0
    }

    /// Whether every byte was read, and each value was a valid encoding.
    pub fn ended(&self) -> bool {
        self.bytes.is_empty() && self.state != State::Bad
    }
}

fn write_length(length: usize, out: &mut impl Sink) {
    let mut rest = length;
    while rest >= 0x80 {
        out.append(&[rest as u8 | 0x80]);
        rest >>= 7;
    }
    out.append(&[rest as u8]);
}

macro_rules! numbers {
    ($($type:ident)*) => {
        $(impl Stored for $type {
            const SIZE: usize = size_of::<Self>();

            #[inline]
            fn write(&self, out: &mut impl Sink) {
                out.append(&self.to_le_bytes());
            }

            #[inline]
            fn read(source: &mut Source<'_>) -> Self {
                Self::from_le_bytes(source.array())
            }
        })*
    };
}

numbers! { u8 i8 u16 i16 u32 i32 u64 i64 u128 i128 }

impl Stored for bool {
    const SIZE: usize = 1;

    fn write(&self, out: &mut impl Sink) {
        out.append(&[u8::from(*self)]);
    }

    fn read(source: &mut Source<'_>) -> Self {
        let tag = source.tag();
        if tag > 1 {
            source.fail();
        }
        tag != 0
    }
}

impl Stored for Address {
    const SIZE: usize = 20;

    #[inline]
    fn write(&self, out: &mut impl Sink) {
        out.append(self.as_bytes());
    }

    #[inline]
    fn read(source: &mut Source<'_>) -> Self {
        Self::new(source.array())
    }
}

impl<const N: usize> Stored for FixedBytes<N> {
    const SIZE: usize = N;

    fn write(&self, out: &mut impl Sink) {
        out.append(&self.0);
    }

    fn read(source: &mut Source<'_>) -> Self {
        Self(source.array())
    }
}

impl Stored for String {
    const SIZE: usize = 0;

    fn write(&self, out: &mut impl Sink) {
        write_length(self.len(), out);
        out.append(self.as_bytes());
    }

    fn read(source: &mut Source<'_>) -> Self {
        text(source.counted()).unwrap_or_else(|| {
            source.fail();
            Self::new()
        })
    }
}

impl Stored for Bytes {
    const SIZE: usize = 0;

    fn write(&self, out: &mut impl Sink) {
        write_length(self.len(), out);
        out.append(self);
    }

    fn read(source: &mut Source<'_>) -> Self {
        Self::from(source.counted())
    }
}

impl<T: Stored> Stored for Vec<T> {
    const SIZE: usize = 0;

    fn write(&self, out: &mut impl Sink) {
        write_length(self.len(), out);
        self.iter().for_each(|item| item.write(out));
    }

    fn read(source: &mut Source<'_>) -> Self {
        let count = source.length();
        let mut items = Self::new();
        for _ in 0..count {
            if source.state == State::Bad {
                break;
            }
            items.push(T::read(source));
        }
        items
    }
}

impl<T: Stored> Stored for Option<T> {
    const SIZE: usize = 0;

    fn write(&self, out: &mut impl Sink) {
        out.append(&[u8::from(self.is_some())]);
        if let Some(value) = self {
            value.write(out);
        }
    }

    fn read(source: &mut Source<'_>) -> Self {
        match source.tag() {
            0 => None,
            1 => Some(T::read(source)),
            _ => {
                source.fail();
                None
            }
        }
    }
}

impl<T: Stored, const N: usize> Stored for [T; N] {
    const SIZE: usize = N * T::SIZE;

    fn write(&self, out: &mut impl Sink) {
        self.iter().for_each(|item| item.write(out));
    }

    fn read(source: &mut Source<'_>) -> Self {
        core::array::from_fn(|_| T::read(source))
    }
}

macro_rules! tuples {
    ($(($($name:ident)*))*) => {
        $(
            #[allow(non_snake_case, reason = "a type and its value share a name")]
            impl<$($name: Stored),*> Stored for ($($name,)*) {
                const SIZE: usize =
                    if true $(&& $name::SIZE > 0)* { 0 $(+ $name::SIZE)* } else { 0 };

                fn write(&self, out: &mut impl Sink) {
                    let ($($name,)*) = self;
                    $($name.write(out);)*
                }

                fn read(source: &mut Source<'_>) -> Self {
                    ($($name::read(source),)*)
                }
            }
        )*
    };
}

tuples! { (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) }
