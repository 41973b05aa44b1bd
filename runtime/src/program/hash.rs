//! The hash by which a program's file is known.

/// The hash of a program's file by which the cache knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ImageHash([u8; 32]);

impl ImageHash {
    pub(crate) fn of(elf: &[u8]) -> Self {
        Self(blake3::hash(elf).into())
    }

    pub(crate) const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}
