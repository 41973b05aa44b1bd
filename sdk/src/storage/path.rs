//! Paths: the places of containers in storage.

use bessemer_abi::limits::KEY_BYTES;
use bessemer_types::{copied, zeroed};
use keccak_const::Keccak256;

use super::encoding::{Cursor, with_encoding};
use super::{Sink, Stored, Value};
use crate::crypto;

/// In front of the hash of a path that would be too long.
const HASHED: u8 = 255;
/// In front of the hash of a namespace.
const NAMESPACE: u8 = 254;

/// The path of a place in storage: at most 64 bytes.
///
/// The bytes of a path live until the call ends, because a place may be used until then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Path(&'static [u8]);

impl Path {
    /// A path that is known while compiling.
    pub const fn new(bytes: &'static [u8]) -> Self {
        Self(bytes)
    }

    /// The path behind a map key.
    #[must_use]
    pub fn key(&self, key: &impl Stored) -> Self {
        self.with_key(key, Self::kept)
    }

    /// The path of a field of a structure.
    #[must_use]
    pub fn field(&self, index: u8) -> Self {
        join(self.0, &[index], Self::kept)
    }

    /// The bytes, which are the key of a value that stands here.
    pub const fn as_bytes(&self) -> &'static [u8] {
        self.0
    }

    /// Hands the path behind a map key to a function, and keeps nothing.
    pub(crate) fn with_key<R>(self, key: &impl Stored, then: impl FnOnce(&[u8]) -> R) -> R {
        with_key(self.0, key, then)
    }

    fn kept(path: &[u8]) -> Self {
        Self(copied(path).leak())
    }
}

/// Hands the path behind a map key to a function.
#[inline]
fn with_key<K: Stored, R>(path: &[u8], key: &K, then: impl FnOnce(&[u8]) -> R) -> R {
    if K::SIZE == 0 || path.len() + K::SIZE > KEY_BYTES as usize {
        return with_encoding(key, |key| join(path, key, then));
    }
    // The usual case: the key is written where it is needed.
    let mut room = [0; KEY_BYTES as usize];
    let mut out = Cursor::new(&mut room);
    out.append(path);
    key.write(&mut out);
    let length = out.len();
    then(room.get(..length).unwrap_or_default())
}

/// Hands the path behind another part to a function.
fn join<R>(path: &[u8], part: &[u8], then: impl FnOnce(&[u8]) -> R) -> R {
    let mut room = [0; KEY_BYTES as usize];
    let length = write(path, part, &mut room);
    then(room.get(..length).unwrap_or_default())
}

/// Writes the path behind another part, and returns how long it is.
#[inline(never)]
fn write(path: &[u8], part: &[u8], room: &mut [u8; KEY_BYTES as usize]) -> usize {
    let mut out = Cursor::new(room);
    if path.len() + part.len() <= KEY_BYTES as usize {
        out.append(path);
        out.append(part);
    } else {
        out.append(&[HASHED]);
        out.append(&hash(path, part));
    }
    out.len()
}

#[cold]
fn hash(path: &[u8], part: &[u8]) -> [u8; 32] {
    let mut long = zeroed(path.len() + part.len());
    let mut out = Cursor::new(&mut long);
    out.append(path);
    out.append(part);
    crypto::keccak256(&long)
}

/// The path of a field in a namespace.
pub const fn namespaced(name: &str, index: u8) -> [u8; 18] {
    let hash = Keccak256::new().update(name.as_bytes()).finalize();
    let mut path = [NAMESPACE; 18];
    path.split_at_mut(1).1.split_at_mut(16).0.copy_from_slice(hash.split_at(16).0);
    path[17] = index;
    path
}

/// The type at a path: a container, or a value, for which the container is [`Value`].
pub trait Layout {
    /// The container.
    type Container: 'static;

    /// The container at this path.
    fn at(path: Path) -> Self::Container;
}

impl<T: Stored + 'static> Layout for T {
    type Container = Value<T>;

    fn at(path: Path) -> Value<T> {
        Value::at(path)
    }
}
