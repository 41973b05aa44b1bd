//! State as transactions see it: what the store has, what the block changed, and how to go back.

mod accounts;
mod allowed;
mod codes;
mod slots;
mod storage;
mod tracked;

use std::collections::HashSet;
use std::sync::Arc;

use bessemer_image::CodeHash;
use bessemer_types::Address;
use foldhash::fast::RandomState;

use self::allowed::Allowed;
use self::slots::Slots;
use self::tracked::{Given, Tracked};
use crate::access::AccessList;
use crate::account::Account;
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
    /// An account that is warm although nobody has looked it up.
    expected: Option<Address>,
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

/// The result of looking up a stored value.
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

/// The result of looking up an account.
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
            expected: None,
        }
    }

    /// Forgets everything that was looked up and changed. What is looked up from now on comes from the
    /// view.
    pub(crate) fn forget(&mut self) {
        self.accounts.forget();
        self.storage.forget();
        self.codes.forget();
        self.bytecodes.forget();
        self.sizes.forget();
        self.programs.clear();
        self.last_program = None;
        self.expected = None;
    }

    /// Takes everything out of the journal, and leaves one over the same view.
    pub(crate) fn take(&mut self) -> Self {
        let empty = Self::new(Arc::clone(&self.view));
        std::mem::replace(self, empty)
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

    /// Takes what the view has under a key, so that a later access does not wait. It changes no
    /// outcome, price or list.
    pub(crate) fn preload(
        &mut self,
        key: &StateKey,
        value: Option<Value>,
    ) -> Result<(), StoreError> {
        self.give(key, value, Given::Base)
    }

    /// The value of a key as it is now. Leaves no trace of the question.
    pub(crate) fn now(&self, key: &StateKey) -> Result<Option<Value>, StoreError> {
        let known = match key {
            StateKey::Account(address) => {
                let id = self.accounts.find_loaded(address);
                id.map(|id| encode_account(self.accounts.value(id)))
            }
            StateKey::Storage(contract, key) => {
                let id = self.storage.find_loaded(&(*contract, *key));
                id.map(|id| self.storage.value(id).clone())
            }
            StateKey::Code(hash) => {
                let id = self.codes.find_loaded(hash);
                id.map(|id| self.codes.value(id).clone().map(Value::from))
            }
            StateKey::Bytecode(hash) => {
                let id = self.bytecodes.find_loaded(hash);
                id.map(|id| self.bytecodes.value(id).clone().map(Value::from))
            }
            StateKey::CodeSize(hash) => {
                let id = self.sizes.find_loaded(hash);
                id.map(|id| self.sizes.value(id).map(CodeSize::encode))
            }
        };
        known.map_or_else(|| self.view.get(key), Ok)
    }

    /// Whether the view has stored values of an account.
    pub(crate) fn view_has_storage(&self, contract: &Address) -> Result<bool, StoreError> {
        self.view.has_storage(contract)
    }

    /// Gives a key that was [preloaded](Self::preload) the value that transactions left, which ran
    /// elsewhere.
    pub(crate) fn settle(
        &mut self,
        key: &StateKey,
        value: Option<Value>,
    ) -> Result<(), StoreError> {
        self.give(key, value, Given::Now)
    }

    fn give(
        &mut self,
        key: &StateKey,
        value: Option<Value>,
        given: Given,
    ) -> Result<(), StoreError> {
        match key {
            StateKey::Account(address) => {
                let account = value.map(|value| decode_account(&value)).transpose()?;
                self.accounts.give(address, account.unwrap_or_default(), given);
            }
            StateKey::Storage(contract, key) => self.storage.give(&(*contract, *key), value, given),
            StateKey::Code(hash) => self.codes.give(hash, value.map(Value::into_shared), given),
            StateKey::Bytecode(hash) => {
                self.bytecodes.give(hash, value.map(Value::into_shared), given);
            }
            StateKey::CodeSize(hash) => {
                let size = value.map(|value| CodeSize::decode(&value)).transpose()?;
                self.sizes.give(hash, size, given);
            }
        }
        Ok(())
    }

    /// Notes that a program runs: a node that executes the block again needs its file.
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
            // most are new, and there never was anything
            if !self.created.contains(contract) || self.view.has_storage(contract)? {
                for key in self.view.storage_keys(contract)? {
                    self.storage(contract, &key)?;
                }
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

    /// The keys that the transaction read, wrote or asked to write, also where that was undone. What
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

    /// The differences from the view, in the order of keys.
    pub fn changes(&self) -> ChangeSet {
        ChangeSet::new(self.differences().collect())
    }

    /// The differences from the view.
    pub(crate) fn differences(&self) -> impl Iterator<Item = (StateKey, Option<Value>)> {
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
        accounts.chain(storage).chain(codes.chain(bytecodes).chain(sizes))
    }
}

/// The precompile whose touch survives a revert, because of block 2,675,119 of Ethereum.
const RIPEMD160: Address = {
    let mut bytes = [0; 20];
    bytes[19] = 3;
    Address::new(bytes)
};
