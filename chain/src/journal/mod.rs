//! State as transactions see it: what the store has, what the block changed, and how to go back.

mod slots;

use std::collections::HashMap;
use std::sync::Arc;

use bessemer_image::CodeHash;
use bessemer_types::Address;

use self::slots::Slots;
use crate::access::AccessList;
use crate::account::Account;
use crate::encoding::{decode_account, encode_account};
use crate::event::Event;
use crate::key::{StateKey, StorageKey};
use crate::store::{ChangeSet, StoreError, View};
use crate::value::Value;

/// State over a view that does not change: for the transactions of a block one after the other, or
/// for a single one.
///
/// Changes are written down in an undo log, so that [`Journal::revert`] goes back to any
/// [`Journal::checkpoint`] of the transaction. Nothing is ever asked of the view twice.
pub struct Journal {
    view: Arc<dyn View>,
    /// The number of the transaction; slots are marked with it, and nothing is cleared between two.
    transaction: u32,
    declared: Option<Arc<AccessList>>,
    accounts: Slots<Address, Account>,
    storage: Slots<(Address, StorageKey), Option<Value>>,
    codes: HashMap<CodeHash, Code>,
    transient: HashMap<(Address, StorageKey), Value>,
    /// What the transaction looked up, in order.
    used_accounts: Vec<u32>,
    used_storage: Vec<u32>,
    undo: Vec<Undo>,
    events: Vec<Event>,
    event_bytes: u32,
    created: Vec<Address>,
    writes: u32,
}

/// Code, and whether the block brought it.
struct Code {
    bytes: Option<Arc<[u8]>>,
    new: bool,
}

/// How one change is undone.
enum Undo {
    Account(u32, Account),
    Storage(u32, Option<Value>),
    Transient(Address, StorageKey, Option<Value>),
    Code(CodeHash),
}

/// A point of a transaction to go back to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    undo: usize,
    events: usize,
    event_bytes: u32,
    created: usize,
}

/// A stored value that was looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotId(u32);

/// An account that was looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountId(u32);

/// What a lookup of a stored value finds.
#[derive(Clone, Copy, Debug)]
pub struct StorageEntry<'a> {
    /// Names the value from now on.
    pub id: SlotId,
    /// Whether the transaction paid for the first access.
    pub warm: bool,
    /// The value.
    pub value: Option<&'a [u8]>,
}

/// What a lookup of an account finds.
#[derive(Clone, Copy, Debug)]
pub struct AccountEntry {
    /// Names the account from now on.
    pub id: AccountId,
    /// Whether the transaction paid for the first access.
    pub warm: bool,
    /// The account.
    pub account: Account,
}

/// Why state could not be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The store failed: the host's business.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The transaction declared which keys it uses, and this is none of them.
    #[error("the transaction did not declare that it uses {0:?}")]
    Undeclared(StateKey),
}

impl Journal {
    /// The state that the view has.
    pub fn new(view: Arc<dyn View>) -> Self {
        Self {
            view,
            transaction: 0,
            declared: None,
            accounts: Slots::new(),
            storage: Slots::new(),
            codes: HashMap::new(),
            transient: HashMap::new(),
            used_accounts: Vec::new(),
            used_storage: Vec::new(),
            undo: Vec::new(),
            events: Vec::new(),
            event_bytes: 0,
            created: Vec::new(),
            writes: 0,
        }
    }

    /// Begins a transaction; what the last one left stays. With a declared list, everything outside
    /// it is refused.
    pub fn begin(&mut self, declared: Option<Arc<AccessList>>) {
        self.transaction += 1;
        self.declared = declared;
        self.transient.clear();
        self.used_accounts.clear();
        self.used_storage.clear();
        self.undo.clear();
        self.events.clear();
        self.event_bytes = 0;
        self.created.clear();
        self.writes = 0;
    }

    /// Where the transaction stands.
    pub fn checkpoint(&self) -> Checkpoint {
        let (undo, events, created) = (self.undo.len(), self.events.len(), self.created.len());
        Checkpoint { undo, events, event_bytes: self.event_bytes, created }
    }

    /// Goes back to a checkpoint of this transaction. What was accessed stays accessed, so that the
    /// price of an access depends on the transaction alone.
    pub fn revert(&mut self, to: Checkpoint) {
        for undo in self.undo.drain(to.undo..).rev() {
            match undo {
                Undo::Account(id, account) => self.accounts.at_mut(id).value = account,
                Undo::Storage(id, value) => self.storage.at_mut(id).value = value,
                Undo::Transient(address, key, Some(value)) => {
                    self.transient.insert((address, key), value);
                }
                Undo::Transient(address, key, None) => {
                    self.transient.remove(&(address, key));
                }
                Undo::Code(hash) => {
                    self.codes.insert(hash, Code { bytes: None, new: false });
                }
            }
        }
        self.events.truncate(to.events);
        self.event_bytes = to.event_bytes;
        self.created.truncate(to.created);
    }

    /// Looks an account up.
    ///
    /// # Errors
    ///
    /// If it was not declared, or the view fails.
    #[inline]
    pub fn account(&mut self, address: &Address) -> Result<AccountEntry, JournalError> {
        if let Some(declared) = &self.declared {
            may_read(declared, StateKey::Account(*address))?;
        }
        let id = self.accounts.find(address, || {
            let value = self.view.get(&StateKey::Account(*address))?;
            let account = value.map(|value| decode_account(&value)).transpose();
            Ok::<_, StoreError>(account.map_err(StoreError::from)?.unwrap_or_default())
        })?;
        let slot = self.accounts.at_mut(id);
        if slot.read != self.transaction {
            slot.read = self.transaction;
            self.used_accounts.push(id);
        }
        let warm = slot.warm == self.transaction;
        Ok(AccountEntry { id: AccountId(id), warm, account: slot.value })
    }

    /// An account that was looked up, as it is now.
    #[inline]
    pub fn account_at(&self, id: AccountId) -> &Account {
        &self.accounts.at(id.0).value
    }

    /// The transaction has paid for the first access.
    #[inline]
    pub fn touch_account(&mut self, id: AccountId) {
        self.accounts.at_mut(id.0).warm = self.transaction;
    }

    /// Whether the account may be changed.
    ///
    /// # Errors
    ///
    /// If that was not declared.
    #[inline]
    pub fn may_set_account(&self, id: AccountId) -> Result<(), JournalError> {
        match &self.declared {
            None => Ok(()),
            Some(declared) => may_write(declared, StateKey::Account(self.accounts.at(id.0).key)),
        }
    }

    /// Changes an account.
    ///
    /// # Errors
    ///
    /// If that was not declared.
    #[inline]
    pub fn set_account(&mut self, id: AccountId, account: Account) -> Result<(), JournalError> {
        self.may_set_account(id)?;
        let slot = self.accounts.at_mut(id.0);
        slot.written = self.transaction;
        let before = std::mem::replace(&mut slot.value, account);
        self.undo.push(Undo::Account(id.0, before));
        Ok(())
    }

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
        if let Some(declared) = &self.declared {
            may_read(declared, StateKey::Storage(*contract, *key))?;
        }
        let id = self
            .storage
            .find(&(*contract, *key), || self.view.get(&StateKey::Storage(*contract, *key)))?;
        let slot = self.storage.at_mut(id);
        if slot.read != self.transaction {
            slot.read = self.transaction;
            slot.present = slot.value.is_some();
            self.used_storage.push(id);
        }
        let warm = slot.warm == self.transaction;
        Ok(StorageEntry { id: SlotId(id), warm, value: slot.value.as_deref() })
    }

    /// A stored value that was looked up, as it is now.
    #[inline]
    pub fn value(&self, id: SlotId) -> Option<&[u8]> {
        self.storage.at(id.0).value.as_deref()
    }

    /// The transaction has paid for the first access.
    #[inline]
    pub fn touch(&mut self, id: SlotId) {
        self.storage.at_mut(id.0).warm = self.transaction;
    }

    /// Whether the value may be changed.
    ///
    /// # Errors
    ///
    /// If that was not declared.
    #[inline]
    pub fn may_set(&self, id: SlotId) -> Result<(), JournalError> {
        let Some(declared) = &self.declared else { return Ok(()) };
        let (address, key) = self.storage.at(id.0).key;
        may_write(declared, StateKey::Storage(address, key))
    }

    /// Stores a value, or removes it.
    ///
    /// # Errors
    ///
    /// If that was not declared.
    #[inline]
    pub fn set(&mut self, id: SlotId, value: Option<Value>) -> Result<(), JournalError> {
        self.may_set(id)?;
        self.writes += 1;
        let slot = self.storage.at_mut(id.0);
        slot.written = self.transaction;
        let before = std::mem::replace(&mut slot.value, value);
        self.undo.push(Undo::Storage(id.0, before));
        Ok(())
    }

    /// How many stored values the transaction began with and removed.
    pub fn cleared_values(&self) -> u64 {
        let slots = self.used_storage.iter().map(|&id| self.storage.at(id));
        slots.filter(|slot| slot.present && slot.value.is_none()).count() as u64
    }

    /// A value in storage that ends with the transaction.
    pub fn transient(&self, contract: &Address, key: &StorageKey) -> Option<&[u8]> {
        self.transient.get(&(*contract, *key)).map(|value| &**value)
    }

    /// Stores a value in storage that ends with the transaction, or removes it.
    pub fn set_transient(&mut self, contract: &Address, key: &StorageKey, value: Option<Value>) {
        self.writes += 1;
        let at = (*contract, *key);
        let before = match value {
            Some(value) => self.transient.insert(at, value),
            None => self.transient.remove(&at),
        };
        self.undo.push(Undo::Transient(*contract, *key, before));
    }

    /// How often the transaction wrote to storage of both kinds; what was undone counts too.
    pub fn writes(&self) -> u32 {
        self.writes
    }

    /// The file of a contract.
    ///
    /// # Errors
    ///
    /// If the view fails.
    pub fn code(&mut self, hash: &CodeHash) -> Result<Option<Arc<[u8]>>, JournalError> {
        if let Some(code) = self.codes.get(hash) {
            return Ok(code.bytes.clone());
        }
        let found = self.view.get(&StateKey::Code(*hash))?;
        let bytes: Option<Arc<[u8]>> = found.map(|bytes| Arc::from(&*bytes));
        self.codes.insert(*hash, Code { bytes: bytes.clone(), new: false });
        Ok(bytes)
    }

    /// Stores the file of a contract, unless it is stored.
    ///
    /// # Errors
    ///
    /// If the view fails.
    pub fn put_code(&mut self, hash: CodeHash, bytes: Arc<[u8]>) -> Result<(), JournalError> {
        if self.code(&hash)?.is_none() {
            self.codes.insert(hash, Code { bytes: Some(bytes), new: true });
            self.undo.push(Undo::Code(hash));
        }
        Ok(())
    }

    /// Adds an event.
    pub fn emit(&mut self, event: Event) {
        self.event_bytes = self.event_bytes.saturating_add(event.bytes());
        self.events.push(event);
    }

    /// The transaction's events.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// Bytes of the transaction's events.
    pub fn event_bytes(&self) -> u32 {
        self.event_bytes
    }

    /// Notes that a contract came into being.
    pub fn created(&mut self, contract: Address) {
        self.created.push(contract);
    }

    /// The contracts that came into being in the transaction.
    pub fn created_contracts(&self) -> &[Address] {
        &self.created
    }

    /// Hands out the transaction's events and the contracts that came into being.
    pub fn take_results(&mut self) -> (Vec<Event>, Vec<Address>) {
        (std::mem::take(&mut self.events), std::mem::take(&mut self.created))
    }

    /// What the transaction read and wrote, also where it was undone. Code is not listed: it follows
    /// from the accounts.
    pub fn accessed(&self) -> AccessList {
        let mut list = AccessList::default();
        for slot in self.used_accounts.iter().map(|&id| self.accounts.at(id)) {
            let set =
                if slot.written == self.transaction { &mut list.writes } else { &mut list.reads };
            set.insert(StateKey::Account(slot.key));
        }
        for slot in self.used_storage.iter().map(|&id| self.storage.at(id)) {
            let set =
                if slot.written == self.transaction { &mut list.writes } else { &mut list.reads };
            set.insert(StateKey::Storage(slot.key.0, slot.key.1));
        }
        list
    }

    /// What differs from the view, in the order of keys.
    pub fn changes(&self) -> ChangeSet {
        let accounts = self.accounts.iter().filter(|slot| slot.value != slot.before);
        let accounts =
            accounts.map(|slot| (StateKey::Account(slot.key), encode_account(&slot.value)));
        let storage = self.storage.iter().filter(|slot| slot.value != slot.before);
        let storage =
            storage.map(|slot| (StateKey::Storage(slot.key.0, slot.key.1), slot.value.clone()));
        let codes = self.codes.iter().filter(|(_, code)| code.new);
        let codes = codes.filter_map(|(hash, code)| {
            let bytes = code.bytes.as_ref()?;
            Some((StateKey::Code(*hash), Some(Value::from(&**bytes))))
        });
        ChangeSet::new(accounts.chain(storage).chain(codes).collect())
    }
}

fn may_read(declared: &AccessList, key: StateKey) -> Result<(), JournalError> {
    if declared.may_read(&key) { Ok(()) } else { Err(JournalError::Undeclared(key)) }
}

fn may_write(declared: &AccessList, key: StateKey) -> Result<(), JournalError> {
    if declared.may_write(&key) { Ok(()) } else { Err(JournalError::Undeclared(key)) }
}
