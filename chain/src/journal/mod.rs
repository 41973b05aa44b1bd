//! State as transactions see it: what the store has, what the block changed, and how to go back.

mod allowed;
mod slots;
mod tracked;

use std::collections::HashSet;
use std::sync::Arc;

use bessemer_image::CodeHash;
use bessemer_types::Address;
use foldhash::fast::RandomState;

use self::allowed::Allowed;
use self::slots::Slots;
use self::tracked::Tracked;
use crate::access::AccessList;
use crate::account::{Account, Code};
use crate::encoding::{decode_account, encode_account};
use crate::event::Event;
use crate::key::{StateKey, StorageKey};
use crate::size::CodeSize;
use crate::store::{ChangeSet, StoreError, View};
use crate::value::Value;

/// State over a view that does not change: for the transactions of a block one after the other, or
/// for a single one.
///
/// Changes are written down in an undo log, so that [`Journal::revert`] goes back to any
/// [`Journal::checkpoint`] of the transaction. Nothing is ever asked of the view twice.
///
/// ```
/// use std::sync::Arc;
///
/// use bessemer_chain::store::MemoryStore;
/// use bessemer_chain::{Address, Journal, StorageKey, Value};
///
/// let mut journal = Journal::new(Arc::new(MemoryStore::new()));
/// let (contract, key) = (Address::ZERO, StorageKey::new(b"greeting")?);
/// journal.begin(None);
/// let id = journal.storage(&contract, &key)?.id;
/// journal.set(id, Some(Value::from(&b"hello"[..])))?;
/// let before = journal.checkpoint();
/// journal.set(id, None)?;
/// journal.revert(before);
/// assert_eq!(journal.value(id), Some(&b"hello"[..]));
/// assert_eq!(journal.changes().len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Journal {
    view: Arc<dyn View>,
    allowed: Allowed,
    accounts: Tracked<Address, Account>,
    storage: Tracked<(Address, StorageKey), Option<Value>>,
    codes: Tracked<CodeHash, Option<Arc<[u8]>>>,
    bytecodes: Tracked<CodeHash, Option<Arc<[u8]>>>,
    sizes: Tracked<CodeHash, Option<CodeSize>>,
    transient: Slots<(Address, StorageKey), Option<Value>>,
    undo: Vec<Undo>,
    events: Vec<Event>,
    event_bytes: u32,
    created: Vec<Address>,
    /// Contracts that destroy themselves at the end of the transaction.
    destroyed: Vec<Address>,
    /// Accounts that exist although they are empty, and were written.
    touched: Vec<u32>,
    /// Whether a written account exists even if it is empty.
    keeps_empty: bool,
    writes: u32,
    /// Programs that ran since the journal was made.
    programs: HashSet<CodeHash, RandomState>,
    last_program: Option<CodeHash>,
}

/// How one change is undone: what it changed, and the value before.
enum Undo {
    Account(u32, Account),
    Storage(u32, Option<Value>),
    Transient(u32, Option<Value>),
    Code(u32),
    Bytecode(u32),
    ColdAccount(u32),
    ColdStorage(u32),
    Size(u32),
}

/// A point of a transaction to go back to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    undo: usize,
    events: usize,
    event_bytes: u32,
    created: usize,
    destroyed: usize,
    touched: usize,
}

/// A stored value that the journal looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotId(u32);

/// An account that the journal looked up.
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
    /// The value at the begin of the transaction.
    pub original: Option<&'a [u8]>,
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

/// Why a key could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The store failed: the host's business.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The transaction declared which keys it uses, and did not declare this use.
    #[error("the transaction did not declare its use of {0}")]
    Undeclared(StateKey),
    /// The accounts of the state have 2^256 or more together, which no chain creates.
    #[error("the state has accounts with 2^256 coins and more together; the database is damaged")]
    Supply,
}

impl Journal {
    /// The state that the view has.
    pub fn new(view: Arc<dyn View>) -> Self {
        Self {
            view,
            allowed: Allowed::default(),
            accounts: Tracked::new(),
            storage: Tracked::new(),
            codes: Tracked::new(),
            bytecodes: Tracked::new(),
            sizes: Tracked::new(),
            transient: Slots::new(),
            undo: Vec::new(),
            events: Vec::new(),
            event_bytes: 0,
            created: Vec::new(),
            destroyed: Vec::new(),
            touched: Vec::new(),
            keeps_empty: false,
            writes: 0,
            programs: HashSet::default(),
            last_program: None,
        }
    }

    /// Begins a transaction; what the last one left stays. With a declared list, everything outside
    /// it is refused, but for what the transaction names itself: see [`Journal::allow`].
    pub fn begin(&mut self, declared: Option<Arc<AccessList>>) {
        self.allowed.begin(declared);
        self.accounts.begin();
        self.storage.begin();
        self.codes.begin();
        self.bytecodes.begin();
        self.sizes.begin();
        self.transient.clear();
        self.undo.clear();
        self.events.clear();
        self.event_bytes = 0;
        self.created.clear();
        self.destroyed.clear();
        self.touched.clear();
        self.writes = 0;
    }

    /// Lets the transaction use a key that it names itself, besides what it declared.
    pub fn allow(&mut self, key: StateKey, written: bool) {
        self.allowed.name(key, written);
    }

    /// Where the transaction stands.
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            undo: self.undo.len(),
            events: self.events.len(),
            event_bytes: self.event_bytes,
            created: self.created.len(),
            destroyed: self.destroyed.len(),
            touched: self.touched.len(),
        }
    }

    /// Goes back to a checkpoint of this transaction. What [`touch`](Self::touch) and
    /// [`touch_account`](Self::touch_account) marked stays marked, so that the price of an access
    /// depends on the transaction alone; what [`warm`](Self::warm) and
    /// [`warm_account`](Self::warm_account) marked is cold again, as Ethereum has it.
    ///
    /// # Panics
    ///
    /// If the transaction went back beyond the checkpoint before, or the checkpoint is not its own
    /// and lies ahead.
    pub fn revert(&mut self, to: Checkpoint) {
        for undo in self.undo.drain(to.undo..).rev() {
            match undo {
                Undo::Account(id, account) => self.accounts.restore(id, account),
                Undo::Storage(id, value) => self.storage.restore(id, value),
                Undo::Transient(id, value) => *self.transient.at_mut(id) = value,
                Undo::Code(id) => self.codes.restore(id, None),
                Undo::Bytecode(id) => self.bytecodes.restore(id, None),
                Undo::ColdAccount(id) => self.accounts.cool(id),
                Undo::ColdStorage(id) => self.storage.cool(id),
                Undo::Size(id) => self.sizes.restore(id, None),
            }
        }
        self.events.truncate(to.events);
        self.event_bytes = to.event_bytes;
        self.created.truncate(to.created);
        self.destroyed.truncate(to.destroyed);
        let touched = self.touched.split_off(to.touched);
        let kept = touched.into_iter().filter(|&id| *self.accounts.key(id) == RIPEMD160);
        self.touched.extend(kept);
    }

    /// Looks an account up.
    ///
    /// # Errors
    ///
    /// If it was not declared, or the view fails.
    #[inline]
    pub fn account(&mut self, address: &Address) -> Result<AccountEntry, JournalError> {
        let key = || StateKey::Account(*address);
        let id = self.accounts.find(
            address,
            || self.allowed.read(key),
            || load_account(&*self.view, &key()),
        )?;
        let (warm, account) = (self.accounts.is_warm(id), *self.accounts.value(id));
        Ok(AccountEntry { id: AccountId(id), warm, account })
    }

    /// An account that was looked up, as it is now.
    #[inline]
    pub fn account_at(&self, id: AccountId) -> &Account {
        self.accounts.value(id.0)
    }

    /// The transaction has paid for the first access.
    #[inline]
    pub fn touch_account(&mut self, id: AccountId) {
        self.accounts.warm(id.0);
    }

    /// The transaction has paid for the first access, unless it goes back before this point.
    #[inline]
    pub fn warm_account(&mut self, id: AccountId) {
        if !self.accounts.is_warm(id.0) {
            self.accounts.warm(id.0);
            self.undo.push(Undo::ColdAccount(id.0));
        }
    }

    /// Whether the transaction has paid for the first access. Looks nothing up.
    #[inline]
    pub fn is_warm_account(&self, address: &Address) -> bool {
        self.accounts.find_loaded(address).is_some_and(|id| self.accounts.is_warm(id))
    }

    /// Whether the account may be changed. What asks this is in the access list as written, also if
    /// it is not changed then: else the list would not suffice for the same transaction.
    ///
    /// # Errors
    ///
    /// If that was not declared.
    #[inline]
    pub fn may_set_account(&mut self, id: AccountId) -> Result<(), JournalError> {
        self.allowed.write(|| StateKey::Account(*self.accounts.key(id.0)))?;
        self.accounts.claim(id.0);
        Ok(())
    }

    /// Changes an account.
    ///
    /// # Errors
    ///
    /// If that was not declared.
    #[inline]
    pub fn set_account(&mut self, id: AccountId, account: Account) -> Result<(), JournalError> {
        self.may_set_account(id)?;
        let present = account.is_empty() && (account.present || self.keeps_empty);
        if present && !self.keeps_empty {
            self.touched.push(id.0);
        }
        let before = self.accounts.write(id.0, Account { present, ..account });
        self.undo.push(Undo::Account(id.0, before));
        Ok(())
    }

    /// Whether every account that is written exists from then on, even if it is empty: Ethereum's
    /// rule before EIP-161.
    pub fn keep_empty_accounts(&mut self, keep: bool) {
        self.keeps_empty = keep;
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

    /// The transaction has paid for the first access.
    #[inline]
    pub fn touch(&mut self, id: SlotId) {
        self.storage.warm(id.0);
    }

    /// The transaction has paid for the first access, unless it goes back before this point.
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

    /// The file of a contract that exists.
    ///
    /// It follows from the contract's account, so it is neither declared nor listed: what a node
    /// has in its caches must not show. Whether code exists at all is asked by
    /// [`Journal::has_code`].
    ///
    /// # Errors
    ///
    /// If the view fails.
    pub fn code(&mut self, hash: &CodeHash) -> Result<Option<Arc<[u8]>>, JournalError> {
        let found = self.codes.peek(hash, || load_code(&*self.view, hash))?;
        Ok(found.clone())
    }

    /// The sizes of the file of a contract, if they are recorded. They follow from the file, so they
    /// are neither declared nor listed.
    ///
    /// # Errors
    ///
    /// If the view fails.
    pub fn code_size(&mut self, hash: &CodeHash) -> Result<Option<CodeSize>, JournalError> {
        Ok(*self.sizes.peek(hash, || load_size(&*self.view, hash))?)
    }

    /// Records the sizes of the file of a contract, unless they are.
    ///
    /// # Errors
    ///
    /// If the view fails.
    pub fn put_code_size(&mut self, hash: CodeHash, size: CodeSize) -> Result<(), JournalError> {
        let id = self.sizes.find(&hash, || Ok(()), || load_size(&*self.view, &hash))?;
        if self.sizes.value(id).is_none() {
            self.sizes.write(id, Some(size));
            self.undo.push(Undo::Size(id));
        }
        Ok(())
    }

    /// Whether the key was looked up before.
    pub(crate) fn knows(&self, key: &StateKey) -> bool {
        match key {
            StateKey::Account(address) => self.accounts.find_loaded(address).is_some(),
            StateKey::Storage(contract, key) => {
                self.storage.find_loaded(&(*contract, *key)).is_some()
            }
            StateKey::Code(hash) => self.codes.find_loaded(hash).is_some(),
            StateKey::Bytecode(hash) => self.bytecodes.find_loaded(hash).is_some(),
            StateKey::CodeSize(hash) => self.sizes.find_loaded(hash).is_some(),
        }
    }

    /// Takes what the view has under a key, so that nobody has to wait for it later. It changes no
    /// outcome, price or list.
    pub(crate) fn preload(
        &mut self,
        key: &StateKey,
        value: Option<Value>,
    ) -> Result<(), StoreError> {
        match key {
            StateKey::Account(address) => {
                let account = value.map(|value| decode_account(&value)).transpose()?;
                self.accounts.preload(address, account.unwrap_or_default());
            }
            StateKey::Storage(contract, key) => self.storage.preload(&(*contract, *key), value),
            StateKey::Code(hash) => self.codes.preload(hash, value.map(Value::into_shared)),
            StateKey::Bytecode(hash) => {
                self.bytecodes.preload(hash, value.map(Value::into_shared));
            }
            StateKey::CodeSize(hash) => {
                let size = value.map(|value| CodeSize::decode(&value)).transpose()?;
                self.sizes.preload(hash, size);
            }
        }
        Ok(())
    }

    /// Notes that a program runs: whoever runs the block again needs its file.
    pub(crate) fn runs(&mut self, program: &CodeHash) {
        if self.last_program.as_ref() != Some(program) {
            self.programs.insert(*program);
            self.last_program = Some(*program);
        }
    }

    /// The programs that ran since the journal was made.
    pub(crate) fn programs(&self) -> impl Iterator<Item = CodeHash> {
        self.programs.iter().copied()
    }

    /// All keys that were looked up since the journal was made, also for transactions that failed or
    /// were refused.
    pub(crate) fn looked_up(&self) -> impl Iterator<Item = StateKey> {
        let accounts = self.accounts.keys().map(|address| StateKey::Account(*address));
        let storage = self.storage.keys();
        let storage = storage.map(|(contract, key)| StateKey::Storage(*contract, *key));
        let codes = self.codes.keys().map(|hash| StateKey::Code(*hash));
        let sizes = self.sizes.keys().map(|hash| StateKey::CodeSize(*hash));
        accounts.chain(storage).chain(codes).chain(sizes)
    }

    /// Whether the file of a contract is stored.
    ///
    /// # Errors
    ///
    /// If it was not declared, or the view fails.
    pub fn has_code(&mut self, hash: &CodeHash) -> Result<bool, JournalError> {
        // a file is large, and its sizes stand beside it
        let id = self.sizes.find(
            hash,
            || self.allowed.read(|| StateKey::Code(*hash)),
            || load_size(&*self.view, hash),
        )?;
        Ok(self.sizes.value(id).is_some() || self.code(hash)?.is_some())
    }

    /// Stores the file of a contract, unless it is stored.
    ///
    /// # Errors
    ///
    /// If it was not declared to be written, or the view fails.
    pub fn put_code(&mut self, hash: CodeHash, bytes: Arc<[u8]>) -> Result<(), JournalError> {
        self.allowed.write(|| StateKey::Code(hash))?;
        let id = self.find_code(&hash)?;
        let stored = self.codes.value(id).clone();
        let new = stored.is_none();
        self.codes.write(id, stored.or(Some(bytes)));
        if new {
            self.undo.push(Undo::Code(id));
        }
        Ok(())
    }

    /// EVM bytecode of an account that exists.
    ///
    /// # Errors
    ///
    /// If the view fails.
    pub fn bytecode(&mut self, hash: &CodeHash) -> Result<Option<Arc<[u8]>>, JournalError> {
        let found = self.bytecodes.peek(hash, || load_bytecode(&*self.view, hash))?;
        Ok(found.clone())
    }

    /// Stores EVM bytecode, unless it is stored.
    ///
    /// # Errors
    ///
    /// If it was not declared to be written, or the view fails.
    pub fn put_bytecode(&mut self, hash: CodeHash, bytes: Arc<[u8]>) -> Result<(), JournalError> {
        self.allowed.write(|| StateKey::Bytecode(hash))?;
        let id = self.bytecodes.find(
            &hash,
            || Ok::<_, JournalError>(()),
            || load_bytecode(&*self.view, &hash),
        )?;
        if self.bytecodes.value(id).is_none() {
            self.bytecodes.write(id, Some(bytes));
            self.undo.push(Undo::Bytecode(id));
        }
        Ok(())
    }

    /// The contract is destroyed at the end of the transaction, unless that goes back before this
    /// point.
    pub fn destroy(&mut self, contract: Address) {
        self.destroyed.push(contract);
    }

    /// Whether the contract is to be destroyed.
    pub fn is_destroyed(&self, contract: &Address) -> bool {
        self.destroyed.contains(contract)
    }

    /// Whether the contract came into being in this transaction.
    pub fn is_created(&self, contract: &Address) -> bool {
        self.created.contains(contract)
    }

    /// Ends an Ethereum transaction: removes the contracts that destroyed themselves, with all that
    /// they stored, and the accounts that were touched and are empty (EIP-161).
    ///
    /// # Errors
    ///
    /// If the view fails.
    pub fn clean_up(&mut self) -> Result<(), JournalError> {
        for id in std::mem::take(&mut self.touched) {
            let account = *self.accounts.value(id);
            if account.is_empty() {
                self.accounts.write(id, Account { present: false, ..account });
            }
        }
        let mut destroyed = std::mem::take(&mut self.destroyed);
        destroyed.sort_unstable();
        destroyed.dedup();
        for contract in &destroyed {
            let id = self.account(contract)?.id;
            self.accounts.write(id.0, Account::default());
            for key in self.view.storage_keys(contract)? {
                self.storage(contract, &key)?;
            }
        }
        if destroyed.is_empty() {
            return Ok(());
        }
        let is_gone = |(owner, _): &(Address, _)| destroyed.binary_search(owner).is_ok();
        // what came into being in this transaction has stored nothing before
        let ids: Vec<u32> = if destroyed.iter().all(|contract| self.created.contains(contract)) {
            self.storage.used_where(is_gone).collect()
        } else {
            self.storage.all_where(is_gone).collect()
        };
        for id in ids {
            if self.storage.value(id).is_some() {
                self.storage.write(id, None);
            }
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

    /// Bytes of topics and data of the transaction's events.
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

    /// Ends the transaction: its events, and the contracts that came into being.
    pub fn take_results(&mut self) -> (Vec<Event>, Vec<Address>) {
        self.event_bytes = 0;
        (std::mem::take(&mut self.events), std::mem::take(&mut self.created))
    }

    /// What the transaction read, and what it wrote or asked to write, also where it was undone. What
    /// is written is not listed as read too.
    pub fn accessed(&self) -> AccessList {
        let mut list = AccessList::default();
        let accounts = self.accounts.used();
        let accounts = accounts.map(|(key, written)| (StateKey::Account(*key), written));
        let storage = self.storage.used();
        let storage =
            storage.map(|((contract, key), written)| (StateKey::Storage(*contract, *key), written));
        let codes = self.codes.used().map(|(hash, written)| (StateKey::Code(*hash), written));
        let bytecodes =
            self.bytecodes.used().map(|(hash, written)| (StateKey::Bytecode(*hash), written));
        let sizes = self.sizes.used().map(|(hash, written)| (StateKey::Code(*hash), written));
        let codes = codes.chain(sizes).chain(bytecodes);
        for (key, written) in accounts.chain(storage).chain(codes) {
            let set = if written { &mut list.writes } else { &mut list.reads };
            set.insert(key);
        }
        // files and their sizes are used apart and declared together
        list.reads.retain(|key| !matches!(key, StateKey::Code(_)) || !list.writes.contains(key));
        list
    }

    /// How many keys [`Journal::accessed`] has, at most.
    pub fn accessed_keys(&self) -> usize {
        let codes = self.codes.used().len() + self.sizes.used().len();
        self.accounts.used().len() + self.storage.used().len() + codes
    }

    /// What differs from the view, in the order of keys.
    pub fn changes(&self) -> ChangeSet {
        let accounts = self.accounts.changed();
        let accounts =
            accounts.map(|(key, account)| (StateKey::Account(*key), encode_account(account)));
        let storage = self.storage.changed();
        let storage = storage
            .map(|((contract, key), value)| (StateKey::Storage(*contract, *key), value.clone()));
        let codes = self.codes.changed();
        let codes =
            codes.map(|(hash, code)| (StateKey::Code(*hash), code.clone().map(Value::from)));
        let bytecodes = self.bytecodes.changed();
        let bytecodes = bytecodes
            .map(|(hash, code)| (StateKey::Bytecode(*hash), code.clone().map(Value::from)));
        let sizes = self.sizes.changed();
        let sizes =
            sizes.map(|(hash, size)| (StateKey::CodeSize(*hash), size.map(CodeSize::encode)));
        let codes = codes.chain(bytecodes).chain(sizes);
        ChangeSet::new(accounts.chain(storage).chain(codes).collect())
    }

    fn find_code(&mut self, hash: &CodeHash) -> Result<u32, JournalError> {
        self.codes.find(
            hash,
            || self.allowed.read(|| StateKey::Code(*hash)),
            || load_code(&*self.view, hash),
        )
    }
}

fn load_account(view: &dyn View, key: &StateKey) -> Result<Account, JournalError> {
    let Some(bytes) = view.get(key)? else { return Ok(Account::default()) };
    Ok(decode_account(&bytes).map_err(StoreError::from)?)
}

fn load_size(view: &dyn View, hash: &CodeHash) -> Result<Option<CodeSize>, JournalError> {
    let found = view.get(&StateKey::CodeSize(*hash))?;
    Ok(found.map(|bytes| CodeSize::decode(&bytes)).transpose().map_err(StoreError::from)?)
}

fn load_code(view: &dyn View, hash: &CodeHash) -> Result<Option<Arc<[u8]>>, JournalError> {
    Ok(view.get(&StateKey::Code(*hash))?.map(Value::into_shared))
}

fn load_bytecode(view: &dyn View, hash: &CodeHash) -> Result<Option<Arc<[u8]>>, JournalError> {
    Ok(view.get(&StateKey::Bytecode(*hash))?.map(Value::into_shared))
}

/// The precompile whose touch survives a revert: what happened in block 2,675,119 of Ethereum, and is
/// a rule since.
const RIPEMD160: Address = {
    let mut bytes = [0; 20];
    bytes[19] = 3;
    Address::new(bytes)
};
