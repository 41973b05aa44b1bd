//! A single value in storage.

use alloc::vec::Vec;
use core::cmp::Ordering;
use core::fmt;
use core::marker::PhantomData;
use core::ops::{AddAssign, SubAssign};

use bessemer_abi::codes::ABSENT;

use bessemer_types::zeroed;

use super::encoding::with_encoding;
use super::{Layout, Path, Source, Stored};
use crate::fail::fail;
use crate::{Exact, host};

/// A value in storage.
///
/// `+=` and `-=` work on numbers, and revert with Solidity's `Panic(0x11)` instead of wrapping.
pub struct Value<T> {
    path: Path,
    value: PhantomData<fn() -> T>,
}

impl<T: Stored> Value<T> {
    /// The value at this path.
    pub const fn at(path: Path) -> Self {
        Self { path, value: PhantomData }
    }

    /// The value; zero, if it was never set.
    #[inline]
    pub fn get(&self) -> T {
        load(self.path.as_bytes())
    }

    /// Sets the value.
    #[inline]
    pub fn set(&mut self, value: impl core::borrow::Borrow<T>) {
        store(self.path.as_bytes(), value.borrow());
    }

    /// Changes the value by a function.
    pub fn update(&mut self, change: impl FnOnce(T) -> T) {
        self.set(change(self.get()));
    }

    /// Removes the value, so that it reads as never set, and returns the old one.
    pub fn take(&mut self) -> T {
        let value = self.get();
        host::storage_remove(self.path.as_bytes());
        value
    }
}

impl<T: Stored + 'static> Layout for Value<T> {
    type Container = Self;

    fn at(path: Path) -> Self {
        Self::at(path)
    }
}

impl<T: Stored + Exact> AddAssign<T> for Value<T> {
    #[track_caller]
    fn add_assign(&mut self, other: T) {
        self.set(self.get().plus(other));
    }
}

impl<T: Stored + Exact> SubAssign<T> for Value<T> {
    #[track_caller]
    fn sub_assign(&mut self, other: T) {
        self.set(self.get().minus(other));
    }
}

impl<T: Stored + PartialEq> PartialEq<T> for Value<T> {
    fn eq(&self, other: &T) -> bool {
        self.get() == *other
    }
}

impl<T: Stored + PartialOrd> PartialOrd<T> for Value<T> {
    fn partial_cmp(&self, other: &T) -> Option<Ordering> {
        self.get().partial_cmp(other)
    }
}

impl<T: Stored + fmt::Debug> fmt::Debug for Value<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

/// A value of up to this many bytes is read by one host call, a longer one by two.
const SHORT: usize = 128;

pub(super) fn load<T: Stored>(key: &[u8]) -> T {
    if T::SIZE == 0 || T::SIZE > SHORT {
        load_from::<T, SHORT>(key, SHORT)
    } else if T::SIZE > 32 {
        load_from::<T, SHORT>(key, T::SIZE)
    } else {
        load_from::<T, 32>(key, T::SIZE)
    }
}

#[inline(always)]
fn load_from<T: Stored, const N: usize>(key: &[u8], most: usize) -> T {
    let mut short = [0; N];
    let (buffer, _) = short.split_at_mut(most);
    let length = host::storage_get(key, buffer);
    if length == ABSENT {
        return read(Source::ZEROS);
    }
    match buffer.get(..length as usize) {
        Some(bytes) => read(Source::new(bytes)),
        // longer than any value of its type
        None if T::SIZE == most => damaged(),
        None => read(Source::new(&long(key, length as usize))),
    }
}

#[cold]
#[inline(never)]
fn long(key: &[u8], length: usize) -> Vec<u8> {
    let mut bytes = zeroed(length);
    host::storage_get(key, &mut bytes);
    bytes
}

#[inline(always)]
fn read<T: Stored>(mut source: Source<'_>) -> T {
    let value = T::read(&mut source);
    if !source.ended() {
        damaged();
    }
    value
}

#[cold]
#[inline(never)]
fn damaged() -> ! {
    fail("a stored value does not have the type it is read as")
}

pub(super) fn store<T: Stored>(key: &[u8], value: &T) {
    with_encoding(value, |value| store_bytes(key, value));
}

#[inline(never)]
fn store_bytes(key: &[u8], value: &[u8]) {
    if value.iter().all(|byte| *byte == 0) {
        host::storage_remove(key);
    } else {
        host::storage_set(key, value);
    }
}
