//! What the journal should do, in the most obvious way: maps that are copied as a whole.
#![allow(clippy::unwrap_used, reason = "tests fail by panics")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bessemer_chain::store::{ChangeSet, Store, decode_key, encode_account, encode_key};
use bessemer_chain::{
    AccessList, Account, Address, Code, CodeHash, Event, Journal, JournalError, StateKey,
    StorageKey, U256, Value,
};
use fastrand::Rng;

pub(crate) fn addresses() -> [Address; 3] {
    [1, 2, 200].map(|byte| Address::new([byte; 20]))
}

/// Keys of which some begin as others do.
pub(crate) fn keys() -> [StorageKey; 5] {
    [&b""[..], b"a", b"a\0", b"ab", &[7; 64]].map(|key| StorageKey::new(key).unwrap())
}

pub(crate) fn codes() -> [Arc<[u8]>; 3] {
    [&b"one"[..], b"two", &[3; 5000]].map(Arc::from)
}

/// Keys that a transaction declares: most of them, so that it gets somewhere.
pub(crate) fn declared(random: &mut Rng) -> AccessList {
    let accounts = addresses().map(StateKey::Account);
    let storage = addresses().into_iter().flat_map(|a| keys().map(|key| StateKey::Storage(a, key)));
    let codes = codes().map(|code| StateKey::Code(CodeHash::of(&code)));
    let mut list = AccessList::default();
    for key in accounts.into_iter().chain(storage).chain(codes) {
        match random.u8(..8) {
            0 => {}
            1..3 => drop(list.reads.insert(key)),
            _ => drop(list.writes.insert(key)),
        }
    }
    list
}

/// One thing that a transaction does.
#[derive(Debug)]
pub(crate) enum Step {
    Look(Address, StorageKey),
    Touch(Address, StorageKey),
    Set(Address, StorageKey, Option<Vec<u8>>),
    LookAccount(Address),
    TouchAccount(Address),
    SetAccount(Address, Account),
    /// Asks whether a value and an account may be changed, and changes neither.
    Ask(Address, StorageKey),
    Code(usize),
    HasCode(usize),
    PutCode(usize),
    Transient(Address, StorageKey),
    SetTransient(Address, StorageKey, Option<Vec<u8>>),
    Emit(Event),
    Created(Address),
}

impl Step {
    pub(crate) fn random(random: &mut Rng) -> Self {
        let address = addresses()[random.usize(..3)];
        let key = keys()[random.usize(..5)];
        let code = random.usize(..3);
        match random.u8(..25) {
            0..2 => Self::Look(address, key),
            2..4 => Self::Touch(address, key),
            4..10 => Self::Set(address, key, value(random)),
            10 => Self::LookAccount(address),
            11 => Self::TouchAccount(address),
            12..15 => Self::SetAccount(address, account(random)),
            15 => Self::Code(code),
            16 => Self::HasCode(code),
            17 => Self::PutCode(code),
            18 => Self::Transient(address, key),
            19..22 => Self::SetTransient(address, key, value(random)),
            22 => Self::Emit(Event {
                address,
                topics: vec![[random.u8(..); 32]; random.usize(..5)],
                data: vec![1; random.usize(..50)],
            }),
            23 => Self::Ask(address, key),
            _ => Self::Created(address),
        }
    }
}

/// Few different values, so that what is set is often what was there.
fn value(random: &mut Rng) -> Option<Vec<u8>> {
    match random.u8(..8) {
        0..3 => None,
        3 => Some(Vec::new()),
        4 => Some(vec![1; 32]),
        5 => Some(vec![2; 32]),
        6 => Some(vec![3; 300]),
        _ => Some(vec![random.u8(..); random.usize(40..60)]),
    }
}

fn account(random: &mut Rng) -> Account {
    let code = random.bool().then(|| Code::RiscV(CodeHash::of(&codes()[random.usize(..3)])));
    match random.u8(..3) {
        0 => Account::default(),
        1 => Account { nonce: 1, ..Account::default() },
        _ => Account {
            nonce: random.u64(..3),
            balance: U256::from(random.u64(..)),
            code,
            present: false,
        },
    }
}

/// What a checkpoint goes back to.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct World {
    accounts: BTreeMap<Address, Account>,
    storage: BTreeMap<(Address, StorageKey), Vec<u8>>,
    codes: BTreeMap<CodeHash, Vec<u8>>,
    transient: BTreeMap<(Address, StorageKey), Vec<u8>>,
    events: Vec<Event>,
    created: Vec<Address>,
}

/// The state, and what a transaction leaves even where it goes back.
#[derive(Default)]
pub(crate) struct Model {
    /// At the begin of the block.
    base: World,
    /// At the begin of the transaction.
    begin: World,
    now: World,
    declared: Option<AccessList>,
    warm: BTreeSet<StateKey>,
    reads: BTreeSet<StateKey>,
    writes: BTreeSet<StateKey>,
    written: u32,
}

impl World {
    fn account(&self, address: &Address) -> Account {
        self.accounts.get(address).copied().unwrap_or_default()
    }

    /// The stored form.
    fn state(&self) -> BTreeMap<StateKey, Vec<u8>> {
        let mut state = BTreeMap::new();
        for (address, account) in &self.accounts {
            if let Some(bytes) = encode_account(account) {
                state.insert(StateKey::Account(*address), bytes.to_vec());
            }
        }
        let storage = self.storage.iter();
        state.extend(storage.map(|((a, key), value)| (StateKey::Storage(*a, *key), value.clone())));
        state.extend(self.codes.iter().map(|(hash, code)| (StateKey::Code(*hash), code.clone())));
        state
    }
}

impl Model {
    pub(crate) fn of(store: &dyn Store) -> Self {
        let mut base = World::default();
        store
            .for_each(&mut |key, value| match decode_key(key).unwrap() {
                StateKey::Account(address) => {
                    let account = bessemer_chain::store::decode_account(value).unwrap();
                    base.accounts.insert(address, account);
                }
                StateKey::Storage(address, key) => {
                    base.storage.insert((address, key), value.to_vec());
                }
                StateKey::Code(hash) => drop(base.codes.insert(hash, value.to_vec())),
                StateKey::Bytecode(_) => unreachable!("the model has no bytecode"),
                StateKey::CodeSize(_) => unreachable!("the steps record no sizes"),
            })
            .unwrap();
        Self { now: base.clone(), begin: base.clone(), base, ..Self::default() }
    }

    pub(crate) fn begin(&mut self, declared: Option<&AccessList>) {
        self.now.transient.clear();
        self.now.events.clear();
        self.now.created.clear();
        self.begin = self.now.clone();
        self.declared = declared.cloned();
        self.warm.clear();
        self.reads.clear();
        self.writes.clear();
        self.written = 0;
    }

    pub(crate) fn copy(&self) -> World {
        self.now.clone()
    }

    pub(crate) fn revert(&mut self, to: World) {
        self.now = to;
    }

    pub(crate) fn revert_transaction(&mut self) {
        self.now = self.begin.clone();
    }

    /// Whether the declared list allows a read; if so, it is recorded.
    fn read(&mut self, key: StateKey) -> bool {
        let allowed = self.declared.as_ref();
        let allowed = allowed.is_none_or(|d| d.reads.contains(&key) || d.writes.contains(&key));
        if allowed {
            self.reads.insert(key);
        }
        allowed
    }

    fn write(&mut self, key: StateKey) -> bool {
        let allowed = self.declared.as_ref().is_none_or(|d| d.writes.contains(&key));
        if allowed {
            self.writes.insert(key);
        }
        allowed
    }

    /// Does the step on both, and compares what they say.
    pub(crate) fn check_step(&mut self, journal: &mut Journal, step: &Step) {
        match step {
            Step::Look(address, key) => drop(self.look(journal, *address, *key)),
            Step::Touch(address, key) => {
                if let Some(id) = self.look(journal, *address, *key) {
                    journal.touch(id);
                    self.warm.insert(StateKey::Storage(*address, *key));
                }
            }
            Step::Set(address, key, value) => {
                let Some(id) = self.look(journal, *address, *key) else { return };
                let state_key = StateKey::Storage(*address, *key);
                let allowed = self.write(state_key);
                undeclared(journal.may_set(id), state_key, allowed);
                let result = journal.set(id, value.as_deref().map(Value::from));
                if !undeclared(result, state_key, allowed) {
                    return;
                }
                self.written += 1;
                match value {
                    Some(value) => self.now.storage.insert((*address, *key), value.clone()),
                    None => self.now.storage.remove(&(*address, *key)),
                };
                assert_eq!(journal.value(id), value.as_deref());
            }
            Step::LookAccount(address) => drop(self.look_account(journal, *address)),
            Step::TouchAccount(address) => {
                if let Some(id) = self.look_account(journal, *address) {
                    journal.touch_account(id);
                    self.warm.insert(StateKey::Account(*address));
                }
            }
            Step::SetAccount(address, account) => {
                let Some(id) = self.look_account(journal, *address) else { return };
                let state_key = StateKey::Account(*address);
                let allowed = self.write(state_key);
                undeclared(journal.may_set_account(id), state_key, allowed);
                if undeclared(journal.set_account(id, *account), state_key, allowed) {
                    self.now.accounts.insert(*address, *account);
                    assert_eq!(journal.account_at(id), account);
                }
            }
            Step::Ask(address, key) => {
                if let Some(id) = self.look(journal, *address, *key) {
                    let state_key = StateKey::Storage(*address, *key);
                    let allowed = self.write(state_key);
                    undeclared(journal.may_set(id), state_key, allowed);
                }
                if let Some(id) = self.look_account(journal, *address) {
                    let state_key = StateKey::Account(*address);
                    let allowed = self.write(state_key);
                    undeclared(journal.may_set_account(id), state_key, allowed);
                }
            }
            Step::Code(code) => {
                let hash = CodeHash::of(&codes()[*code]);
                let found = journal.code(&hash).unwrap();
                assert_eq!(found.as_deref(), self.now.codes.get(&hash).map(Vec::as_slice));
            }
            Step::HasCode(code) => {
                let hash = CodeHash::of(&codes()[*code]);
                let allowed = self.read(StateKey::Code(hash));
                match journal.has_code(&hash) {
                    Ok(has) => {
                        assert_eq!((has, true), (self.now.codes.contains_key(&hash), allowed));
                    }
                    Err(error) => drop(undeclared(Err(error), StateKey::Code(hash), allowed)),
                }
            }
            Step::PutCode(code) => {
                let code = codes()[*code].clone();
                let hash = CodeHash::of(&code);
                let allowed = self.write(StateKey::Code(hash));
                let result = journal.put_code(hash, code.clone());
                if undeclared(result, StateKey::Code(hash), allowed) {
                    self.now.codes.insert(hash, code.to_vec());
                }
            }
            Step::Transient(address, key) => {
                let expected = self.now.transient.get(&(*address, *key)).map(Vec::as_slice);
                assert_eq!(journal.transient(address, key), expected);
            }
            Step::SetTransient(address, key, value) => {
                self.written += 1;
                journal.set_transient(address, key, value.as_deref().map(Value::from));
                match value {
                    Some(value) => self.now.transient.insert((*address, *key), value.clone()),
                    None => self.now.transient.remove(&(*address, *key)),
                };
            }
            Step::Emit(event) => {
                journal.emit(event.clone());
                self.now.events.push(event.clone());
            }
            Step::Created(address) => {
                journal.created(*address);
                self.now.created.push(*address);
            }
        }
    }

    fn look(
        &mut self,
        journal: &mut Journal,
        address: Address,
        key: StorageKey,
    ) -> Option<bessemer_chain::SlotId> {
        let state_key = StateKey::Storage(address, key);
        let allowed = self.read(state_key);
        match journal.storage(&address, &key) {
            Ok(entry) => {
                assert!(allowed, "{state_key} was not declared");
                let value = |world: &World| world.storage.get(&(address, key)).cloned();
                assert_eq!(entry.warm, self.warm.contains(&state_key), "{state_key}");
                assert_eq!(entry.value.map(<[u8]>::to_vec), value(&self.now), "{state_key}");
                assert_eq!(entry.original.map(<[u8]>::to_vec), value(&self.begin), "{state_key}");
                Some(entry.id)
            }
            Err(error) => {
                undeclared(Err(error), state_key, allowed);
                None
            }
        }
    }

    fn look_account(
        &mut self,
        journal: &mut Journal,
        address: Address,
    ) -> Option<bessemer_chain::AccountId> {
        let state_key = StateKey::Account(address);
        let allowed = self.read(state_key);
        match journal.account(&address) {
            Ok(entry) => {
                assert!(allowed, "{state_key} was not declared");
                assert_eq!(entry.warm, self.warm.contains(&state_key), "{state_key}");
                assert_eq!(entry.account, self.now.account(&address), "{state_key}");
                assert_eq!(*journal.account_at(entry.id), entry.account);
                Some(entry.id)
            }
            Err(error) => {
                undeclared(Err(error), state_key, allowed);
                None
            }
        }
    }

    /// Compares all that can be asked without a trace.
    pub(crate) fn check_everything(&self, journal: &mut Journal) {
        for (address, key) in addresses().iter().flat_map(|a| keys().map(|key| (*a, key))) {
            let expected = self.now.transient.get(&(address, key)).map(Vec::as_slice);
            assert_eq!(journal.transient(&address, &key), expected);
        }
        assert_eq!(journal.events(), self.now.events);
        let bytes: usize = self.now.events.iter().map(|e| e.topics.len() * 32 + e.data.len()).sum();
        assert_eq!(journal.event_bytes() as usize, bytes);
        assert_eq!(journal.created_contracts(), self.now.created);
        assert_eq!(journal.writes(), self.written);
        let reads = self.reads.difference(&self.writes).copied().collect();
        assert_eq!(journal.accessed(), AccessList { reads, writes: self.writes.clone() });
        let cleared = self.begin.storage.iter();
        let cleared = cleared.filter(|(key, _)| !self.now.storage.contains_key(key));
        let mut cleared: Vec<_> =
            cleared.map(|((_, key), value)| (key.as_bytes().len() + value.len()) as u64).collect();
        let mut found: Vec<_> = journal.cleared().collect();
        assert_eq!(journal.cleared_values(), cleared.len() as u64);
        cleared.sort_unstable();
        found.sort_unstable();
        assert_eq!(found, cleared);
        self.check_changes(&journal.changes());
    }

    /// The changes are exactly what makes the state of the block's begin that of now.
    pub(crate) fn check_changes(&self, changes: &ChangeSet) {
        let (before, now) = (self.base.state(), self.now.state());
        let keys: BTreeSet<_> = before.keys().chain(now.keys()).collect();
        let differ = keys.into_iter().filter(|key| before.get(key) != now.get(key));
        let expected: Vec<_> = differ.map(|key| (*key, now.get(key).cloned())).collect();
        let found: Vec<_> =
            changes.iter().map(|(key, value)| (*key, value.map(|value| value.to_vec()))).collect();
        assert_eq!(found, expected);
    }

    pub(crate) fn check_store(&self, store: &dyn Store) {
        let state = self.now.state();
        let expected: Vec<_> =
            state.iter().map(|(key, value)| (encode_key(key).to_vec(), value.clone())).collect();
        let mut found = Vec::new();
        store.for_each(&mut |key, value| found.push((key.to_vec(), value.to_vec()))).unwrap();
        assert_eq!(found, expected);
    }
}

/// Whether something was done, which must be so exactly if it was allowed.
fn undeclared(result: Result<(), JournalError>, key: StateKey, allowed: bool) -> bool {
    match result {
        Ok(()) => assert!(allowed, "{key} was not declared"),
        Err(JournalError::Undeclared(found)) => assert_eq!((found, allowed), (key, false)),
        Err(error) => panic!("{error}"),
    }
    allowed
}
