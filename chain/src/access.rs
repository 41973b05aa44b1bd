//! Which keys a transaction uses.

use std::collections::BTreeSet;

use std::sync::Arc;

use crate::journal::JournalError;
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

/// What a transaction may use: everything, or what it declares and what it names itself.
#[derive(Default)]
pub(crate) struct Allowed {
    declared: Option<Arc<AccessList>>,
    /// Keys that the transaction names itself, and whether they may be written. They are few.
    named: Vec<(StateKey, bool)>,
}

impl Allowed {
    pub(crate) fn begin(&mut self, declared: Option<Arc<AccessList>>) {
        self.declared = declared;
        self.named.clear();
    }

    /// Allows a key that the transaction names itself.
    pub(crate) fn name(&mut self, key: StateKey, written: bool) {
        if self.declared.is_some() {
            self.named.push((key, written));
        }
    }

    #[inline]
    pub(crate) fn read(&self, key: impl FnOnce() -> StateKey) -> Result<(), JournalError> {
        let Some(declared) = &self.declared else { return Ok(()) };
        let key = key();
        let allowed = declared.may_read(&key) || self.named.iter().any(|(named, _)| *named == key);
        if allowed { Ok(()) } else { Err(JournalError::Undeclared(key)) }
    }

    #[inline]
    pub(crate) fn write(&self, key: impl FnOnce() -> StateKey) -> Result<(), JournalError> {
        let Some(declared) = &self.declared else { return Ok(()) };
        let key = key();
        let allowed = declared.may_write(&key) || self.named.contains(&(key, true));
        if allowed { Ok(()) } else { Err(JournalError::Undeclared(key)) }
    }
}
