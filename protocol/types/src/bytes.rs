//! Strings of bytes.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Deref;

use crate::utf8;

/// Bytes of a fixed number: Solidity's `bytes1` to `bytes32`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FixedBytes<const N: usize>(pub [u8; N]);

/// Bytes of any number: Solidity's `bytes`. (`Vec<u8>` is `uint8[]`.)
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bytes(pub Vec<u8>);

impl<const N: usize> FixedBytes<N> {
    /// Only zeros.
    pub const ZERO: Self = Self([0; N]);
}

impl<const N: usize> Default for FixedBytes<N> {
    fn default() -> Self {
        Self::ZERO
    }
}

impl<const N: usize> From<[u8; N]> for FixedBytes<N> {
    fn from(bytes: [u8; N]) -> Self {
        Self(bytes)
    }
}

impl<const N: usize> AsRef<[u8]> for FixedBytes<N> {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl From<&[u8]> for Bytes {
    fn from(bytes: &[u8]) -> Self {
        Self(copied(bytes))
    }
}

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

/// Zeros, so many.
///
/// All memory of the codecs is taken here: code that takes memory in one place is small, and the
/// message about memory that cannot be had is not linked into contracts, where it cannot occur.
#[doc(hidden)]
#[inline(never)]
pub fn zeroed(len: usize) -> Vec<u8> {
    // no allocator has the most that can be asked for
    vec![0; len.min(isize::MAX as usize)]
}

/// These bytes once more.
#[doc(hidden)]
#[inline(never)]
pub fn copied(bytes: &[u8]) -> Vec<u8> {
    let mut copy = zeroed(bytes.len());
    if let Some(copy) = copy.get_mut(..bytes.len()) {
        copy.copy_from_slice(bytes);
    }
    copy
}

/// These bytes as text, if they are UTF-8.
#[doc(hidden)]
pub fn text(bytes: &[u8]) -> Option<String> {
    utf8::string(copied(bytes))
}

fn hexadecimal(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("0x")?;
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

impl<const N: usize> fmt::Display for FixedBytes<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hexadecimal(&self.0, f)
    }
}

impl<const N: usize> fmt::Debug for FixedBytes<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hexadecimal(&self.0, f)
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hexadecimal(&self.0, f)
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hexadecimal(&self.0, f)
    }
}
