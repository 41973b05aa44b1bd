//! Keys by nibbles, and places in the tree.

#[cfg(feature = "keccak")]
use alloc::vec::Vec;

use crate::Key;

/// Nibbles of a key.
pub(crate) const NIBBLES: usize = 64;

/// The nibble of a key at a depth, the high half of a byte first.
#[inline]
pub(crate) fn nibble(key: &Key, depth: usize) -> usize {
    let byte = key[depth / 2];
    usize::from(if depth.is_multiple_of(2) { byte >> 4 } else { byte & 15 })
}

/// How many nibbles two keys begin with together.
#[inline]
pub(crate) fn common(a: &Key, b: &Key) -> usize {
    match a.iter().zip(b).position(|(a, b)| a != b) {
        None => NIBBLES,
        Some(at) => 2 * at + usize::from((a[at] ^ b[at]) < 16),
    }
}

#[cfg(feature = "keccak")]
/// Where a node is: the nibbles that lead to it from the root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The nibbles, and zeros behind them.
    path: Key,
    depth: u8,
}

#[cfg(feature = "keccak")]
impl Place {
    /// The place of the root.
    pub const ROOT: Self = Self { path: [0; 32], depth: 0 };

    /// The place at this depth on the way to a key.
    ///
    /// # Panics
    ///
    /// If the depth is more than 64.
    pub fn new(key: &Key, depth: usize) -> Self {
        assert!(depth <= NIBBLES, "a key has 64 nibbles");
        let mut path = [0; 32];
        let whole = depth / 2;
        path[..whole].copy_from_slice(&key[..whole]);
        if depth % 2 == 1 {
            path[whole] = key[whole] & 0xf0;
        }
        Self { path, depth: depth as u8 }
    }

    /// How many nibbles lead here.
    pub fn depth(&self) -> usize {
        self.depth.into()
    }

    /// The nibbles that lead here, two in a byte, and zeros behind them.
    pub fn path(&self) -> &Key {
        &self.path
    }

    /// Whether the way to this key leads here.
    pub fn is_on_the_way_to(&self, key: &Key) -> bool {
        common(&self.path, key) >= self.depth()
    }

    /// The name of a row that is kept by place: the nibbles, two in a byte, and the depth.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(34);
        bytes.extend_from_slice(&self.path[..self.depth().div_ceil(2)]);
        bytes.push(self.depth);
        bytes
    }

    /// One nibble further.
    pub(crate) fn child(&self, nibble: usize) -> Self {
        let mut child = *self;
        let shift = if self.depth.is_multiple_of(2) { 4 } else { 0 };
        child.path[self.depth() / 2] |= (nibble as u8) << shift;
        child.depth += 1;
        child
    }
}
