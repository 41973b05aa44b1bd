//! The naive model: state is a map, and every call begins with a copy of all of it.

mod frame;
mod host;
mod row;
mod transaction;

use std::collections::{BTreeMap, BTreeSet};

use bessemer_chain::{
    AccessList, Account, Address, CodeHash, Event, Failure, LogLine, StateKey, StorageKey, U256,
};

use super::Health;

pub(super) use transaction::{created_by, salted};

/// Where values are stored: the contract, and the key within it.
type Slot = (Address, Vec<u8>);

/// Everything that a failing frame takes back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct World {
    pub(super) accounts: BTreeMap<Address, Account>,
    pub(super) storage: BTreeMap<Slot, Vec<u8>>,
    pub(super) codes: BTreeSet<CodeHash>,
    transient: BTreeMap<Slot, Vec<u8>>,
    events: Vec<Event>,
    created: Vec<Address>,
}

/// A chain.
#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    pub(super) world: World,
    chain_id: u64,
    height: u64,
    timestamp: u64,
    /// Counts of frames and calls.
    pub(super) health: Health,
    /// The records of the transaction that outlive failed frames.
    session: Session,
}

#[derive(Clone, Debug, Default)]
struct Session {
    origin: Address,
    declared: Option<AccessList>,
    used: BTreeSet<StateKey>,
    written: BTreeSet<StateKey>,
    warm: BTreeSet<StateKey>,
    /// The contract of every live frame, and whether the frame allows re-entry.
    entered: Vec<(Address, bool)>,
    writes: u32,
    log: Vec<LogLine>,
    log_bytes: usize,
    failures: Vec<Failure>,
}

/// A use of state that the transaction did not declare.
struct Undeclared;

impl Model {
    /// A chain before its first block.
    pub(super) fn new(chain_id: u64) -> Self {
        Self { chain_id, ..Self::default() }
    }

    /// The next block begins, one second after the last.
    pub(super) fn next_block(&mut self) {
        self.height += 1;
        self.timestamp += 1;
    }

    /// An account; zeros if there is none.
    pub(super) fn account(&self, address: &Address) -> Account {
        self.world.accounts.get(address).copied().unwrap_or_default()
    }

    /// Creates coins.
    pub(super) fn endow(&mut self, address: &Address, amount: U256) {
        let account = self.account(address);
        self.put(address, Account { balance: account.balance + amount, ..account });
    }

    fn put(&mut self, address: &Address, account: Account) {
        if account == Account::default() {
            self.world.accounts.remove(address);
        } else {
            self.world.accounts.insert(*address, account);
        }
    }

    fn use_account(&mut self, address: &Address) -> Result<Account, Undeclared> {
        self.use_key(StateKey::Account(*address))?;
        Ok(self.account(address))
    }

    fn set_account(&mut self, address: &Address, account: Account) -> Result<(), Undeclared> {
        let key = StateKey::Account(*address);
        self.may_write(&key)?;
        self.session.written.insert(key);
        self.put(address, account);
        Ok(())
    }

    fn transfer(&mut self, from: &Address, to: &Address, value: U256) -> Result<(), Undeclared> {
        if value == U256::ZERO || from == to {
            return Ok(());
        }
        let payer = self.use_account(from)?;
        self.set_account(from, Account { balance: payer.balance - value, ..payer })?;
        let payee = self.use_account(to)?;
        self.set_account(to, Account { balance: payee.balance + value, ..payee })
    }

    fn use_key(&mut self, key: StateKey) -> Result<(), Undeclared> {
        let declared = self.session.declared.as_ref();
        if declared.is_some_and(|list| !list.reads.contains(&key) && !list.writes.contains(&key)) {
            return Err(Undeclared);
        }
        self.session.used.insert(key);
        Ok(())
    }

    /// A call that asks to write is listed as a write, also if it then does not write.
    fn may_write(&mut self, key: &StateKey) -> Result<(), Undeclared> {
        let declared = self.session.declared.as_ref();
        if declared.is_some_and(|list| !list.writes.contains(key)) {
            return Err(Undeclared);
        }
        self.session.written.insert(*key);
        Ok(())
    }

    /// Marks a key as accessed, and says whether it was already.
    fn warm(&mut self, key: StateKey) -> bool {
        !self.session.warm.insert(key)
    }

    fn accessed(&self) -> AccessList {
        let writes = self.session.written.clone();
        let reads = self.session.used.difference(&writes).copied().collect();
        AccessList { reads, writes }
    }
}

/// The key of a stored value; keys are capped before.
fn storage_key(contract: &Address, key: &[u8]) -> StateKey {
    StateKey::Storage(*contract, StorageKey::new(key).expect("the cap of keys is checked"))
}
