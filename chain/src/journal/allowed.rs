//! Which keys the transaction may use.

use std::sync::Arc;

use super::JournalError;
use crate::access::AccessList;
use crate::key::StateKey;

/// The keys that a transaction may use: all, or those that it declares and those that it names
/// itself.
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
