//! Stored and transient values.

use bessemer_types::Address;

use super::{Journal, JournalError, SlotId, StorageEntry, Undo};
use crate::account::Code;
use crate::key::{StateKey, StorageKey};
use crate::value::Value;

impl Journal {
    /// Looks a stored value up.
    ///
    /// # Errors
    ///
    /// If it was not declared, or the view fails.
    #[inline]
    pub fn storage(
        &mut self,
        contract: &Address,
        key: &StorageKey,
    ) -> Result<StorageEntry<'_>, JournalError> {
        let state_key = || StateKey::Storage(*contract, *key);
        let id = self.storage.find(
            &(*contract, *key),
            || self.allowed.read(state_key),
            || Ok(self.view.get(&state_key())?),
        )?;
        Ok(StorageEntry {
            id: SlotId(id),
            warm: self.storage.is_warm(id),
            value: self.storage.value(id).as_deref(),
            original: self.storage.original(id).as_deref(),
        })
    }

    /// A stored value that was looked up, as it is now.
    #[inline]
    pub fn value(&self, id: SlotId) -> Option<&[u8]> {
        self.storage.value(id.0).as_deref()
    }

    /// Marks the value as warm: the transaction has paid for its first access. A revert keeps the mark.
    #[inline]
    pub fn touch(&mut self, id: SlotId) {
        self.storage.warm(id.0);
    }

    /// Like [`touch`](Self::touch), but a revert to before this point removes the mark.
    #[inline]
    pub fn warm(&mut self, id: SlotId) {
        if !self.storage.is_warm(id.0) {
            self.storage.warm(id.0);
            self.undo.push(Undo::ColdStorage(id.0));
        }
    }

    /// Whether the transaction has paid for the first access. Looks nothing up.
    #[inline]
    pub fn is_warm(&self, contract: &Address, key: &StorageKey) -> bool {
        self.storage.find_loaded(&(*contract, *key)).is_some_and(|id| self.storage.is_warm(id))
    }

    /// Whether an account without code and nonce has stored values. Only the view can hold such: a
    /// contract that stores has code, and one that is destroyed leaves nothing.
    ///
    /// # Errors
    ///
    /// If the view fails.
    pub fn has_storage(&self, contract: &Address) -> Result<bool, JournalError> {
        if !self.view.has_storage(contract)? {
            return Ok(false);
        }
        // the block may have removed all that the view has
        let keys = self.view.storage_keys(contract)?;
        let loaded = |key| self.storage.find_loaded(&(*contract, key));
        Ok(keys
            .into_iter()
            .any(|key| loaded(key).is_none_or(|id| self.storage.value(id).is_some())))
    }

    /// Whether the value may be changed. What asks this is in the access list as written, also if it
    /// is not changed then.
    ///
    /// # Errors
    ///
    /// If that was not declared.
    #[inline]
    pub fn may_set(&mut self, id: SlotId) -> Result<(), JournalError> {
        self.allowed.write(|| {
            let (contract, key) = *self.storage.key(id.0);
            StateKey::Storage(contract, key)
        })?;
        self.storage.claim(id.0);
        Ok(())
    }

    /// Stores a value, or removes it.
    ///
    /// # Errors
    ///
    /// If that was not declared.
    #[inline]
    pub fn set(&mut self, id: SlotId, value: Option<Value>) -> Result<(), JournalError> {
        self.may_set(id)?;
        self.writes = self.writes.saturating_add(1);
        let before = self.storage.write(id.0, value);
        self.undo.push(Undo::Storage(id.0, before));
        Ok(())
    }

    /// The stored values that the transaction began with and removed: bytes of key and value.
    pub fn cleared(&self) -> impl Iterator<Item = u64> {
        self.storage.written().filter_map(|((_, key), begin, now)| match (begin, now) {
            (Some(begin), None) => Some((key.as_bytes().len() + begin.len()) as u64),
            _ => None,
        })
    }

    /// How many stored values the transaction began with and removed, in RISC-V contracts: EVM frames
    /// count their refunds as Ethereum does.
    pub fn cleared_values(&self) -> u64 {
        let cleared = self.storage.written().filter(|((contract, _), begin, now)| {
            let owner = self.accounts.find_loaded(contract).map(|id| self.accounts.value(id));
            let is_evm = owner.is_some_and(|account| matches!(account.code, Some(Code::Evm(_))));
            !is_evm && begin.is_some() && now.is_none()
        });
        cleared.count() as u64
    }

    /// A value in storage that ends with the transaction.
    pub fn transient(&self, contract: &Address, key: &StorageKey) -> Option<&[u8]> {
        let id = self.transient.find(&(*contract, *key)).id?;
        self.transient.at(id).1.as_deref()
    }

    /// Stores a value in storage that ends with the transaction, or removes it.
    pub fn set_transient(&mut self, contract: &Address, key: &StorageKey, value: Option<Value>) {
        self.writes = self.writes.saturating_add(1);
        let place = self.transient.find(&(*contract, *key));
        let id = place.id.unwrap_or_else(|| self.transient.insert(place, (*contract, *key), None));
        let before = std::mem::replace(self.transient.at_mut(id), value);
        self.undo.push(Undo::Transient(id, before));
    }

    /// How often the transaction wrote to storage of both kinds; what was undone counts too.
    pub fn writes(&self) -> u32 {
        self.writes
    }
}
