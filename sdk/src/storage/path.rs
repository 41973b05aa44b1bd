//! Where a container is.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use bessemer_abi::limits::KEY_BYTES;
use keccak_const::Keccak256;

use super::{Stored, Value};
use crate::crypto;

/// In front of the hash of a path that would be too long.
const HASHED: u8 = 255;
/// In front of the hash of a namespace.
const NAMESPACE: u8 = 254;

/// The path of a place in storage: at most 64 bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path(Cow<'static, [u8]>);

impl Path {
    /// A path that is known while compiling.
    pub const fn new(bytes: &'static [u8]) -> Self {
        Self(Cow::Borrowed(bytes))
    }

    /// The path behind a map key.
    #[must_use]
    pub fn key(&self, key: &impl Stored) -> Self {
        let mut path = self.longer();
        key.write(&mut path);
        Self::fitting(path)
    }

    /// The path of a field of a structure.
    #[must_use]
    pub fn field(&self, index: u8) -> Self {
        let mut path = self.longer();
        path.push(index);
        Self::fitting(path)
    }

    /// The bytes, which are the key of a value that stands here.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    fn longer(&self) -> Vec<u8> {
        let mut path = Vec::with_capacity(KEY_BYTES as usize);
        path.extend_from_slice(&self.0);
        path
    }

    fn fitting(path: Vec<u8>) -> Self {
        if path.len() <= KEY_BYTES as usize { Self(Cow::Owned(path)) } else { Self::hashed(&path) }
    }

    #[cold]
    fn hashed(path: &[u8]) -> Self {
        let mut short = Vec::with_capacity(KEY_BYTES as usize);
        short.push(HASHED);
        short.extend_from_slice(&crypto::keccak256(path));
        Self(Cow::Owned(short))
    }
}

/// The path of a field in a namespace.
pub const fn namespaced(name: &str, index: u8) -> [u8; 18] {
    let hash = Keccak256::new().update(name.as_bytes()).finalize();
    let mut path = [NAMESPACE; 18];
    path.split_at_mut(1).1.split_at_mut(16).0.copy_from_slice(hash.split_at(16).0);
    path[17] = index;
    path
}

/// What can stand at a path: a container, or a value, for which the container is [`Value`].
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
