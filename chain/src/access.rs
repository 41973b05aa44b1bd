//! Which keys a transaction uses.

use std::collections::BTreeSet;

use crate::key::StateKey;

/// Keys that are read and written: what a transaction did, or declares to do.
///
/// A declared write implies that the key may be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessList {
    /// Keys that are read.
    pub reads: BTreeSet<StateKey>,
    /// Keys that are written.
    pub writes: BTreeSet<StateKey>,
}

impl AccessList {
    /// Whether the key may be read.
    pub fn may_read(&self, key: &StateKey) -> bool {
        self.reads.contains(key) || self.writes.contains(key)
    }

    /// Whether the key may be written.
    pub fn may_write(&self, key: &StateKey) -> bool {
        self.writes.contains(key)
    }

    /// How many entries the list has; a key in both sets counts twice.
    pub fn len(&self) -> usize {
        self.reads.len() + self.writes.len()
    }

    /// Whether nothing is declared.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
