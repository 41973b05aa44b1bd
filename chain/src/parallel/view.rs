//! The state as a transaction sees it that is executed ahead.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bessemer_runtime::InterruptHandle;
use bessemer_types::{Address, U256};

use super::memory::{Found, Kind, Memory, Read};
use crate::account::Account;
use crate::encoding::{decode_account, encode_account};
use crate::journal::Journal;
use crate::key::{StateKey, StorageKey};
use crate::store::{StoreError, View};
use crate::value::Value;

/// The kind of state: values by key. To the balance of an account can be added what is not known yet.
pub(super) struct Values;

impl Kind for Values {
    type Key = StateKey;
    type Value = Option<Value>;
    type Delta = U256;

    fn join(first: &U256, second: &U256) -> U256 {
        first.saturating_add(*second)
    }

    fn apply(value: &Option<Value>, delta: &U256) -> Option<Value> {
        let account = value.as_ref().map_or(Ok(Account::default()), |value| decode_account(value));
        // what cannot be read is an error for whoever reads it
        let Ok(account) = account else { return value.clone() };
        let balance = account.balance.saturating_add(*delta);
        encode_account(&Account { balance, ..account })
    }
}

/// What all workers look at.
pub(super) struct Base {
    /// The state before the first transaction.
    pub(super) journal: Journal,
    pub(super) memory: Arc<Memory<Values>>,
}

/// The state as the transaction sees it that one worker executes.
pub(super) struct Ahead {
    base: Arc<Base>,
    now: Mutex<Now>,
    /// Whether the execution is for nothing, and the answer to every question is an error.
    cancelled: AtomicBool,
}

/// The transaction that is executed.
#[derive(Default)]
struct Now {
    transaction: u32,
    /// Whether it is executed while those before it are not all committed.
    is_ahead: bool,
    /// Counts the executions.
    serial: u64,
    reads: Vec<Read<Values>>,
    /// Another transaction that is expected to change what was asked for.
    expects: Option<u32>,
    interrupt: Option<InterruptHandle>,
}

/// Why a question has no answer. Nobody sees this: the transaction is executed again.
#[derive(Debug, thiserror::Error)]
#[error("the transaction is executed again after those before it")]
struct Again;

fn again() -> StoreError {
    StoreError::Other(Box::new(Again))
}

/// What a transaction asked the state.
pub(super) enum Asked {
    /// All answers were given.
    Reads(Vec<Read<Values>>),
    /// This transaction is expected to change what was asked for.
    Expects(u32),
    /// An answer was refused.
    Cancelled,
}

impl Ahead {
    pub(super) fn new(base: Arc<Base>) -> Self {
        Self { base, now: Mutex::default(), cancelled: AtomicBool::new(false) }
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An execution of a transaction begins. The handle ends it if it is for nothing.
    pub(super) fn begin(
        &self,
        transaction: u32,
        is_ahead: bool,
        interrupt: Option<InterruptHandle>,
    ) {
        let now = &mut *self.now();
        let serial = now.serial + 1;
        *now = Now { transaction, is_ahead, serial, interrupt, ..Now::default() };
        self.cancelled.store(false, Ordering::Relaxed);
    }

    /// The execution has ended.
    pub(super) fn end(&self) -> Asked {
        let now = &mut *self.now();
        now.is_ahead = false;
        now.interrupt = None;
        if let Some(other) = now.expects {
            return Asked::Expects(other);
        }
        if self.cancelled.load(Ordering::Relaxed) {
            return Asked::Cancelled;
        }
        Asked::Reads(std::mem::take(&mut now.reads))
    }

    /// Ends an execution that lasts since `before` if what it has read does not hold any more, or if `all`
    /// are for nothing. Gives the number of the execution that is going on.
    pub(super) fn watch(&self, before: u64, all: bool) -> u64 {
        let now = self.now();
        if !now.is_ahead || (now.serial != before && !all) {
            return now.serial;
        }
        let holds = |read: &Read<Values>| self.base.memory.holds(read, now.transaction, false);
        if all || !now.reads.iter().all(holds) {
            self.cancelled.store(true, Ordering::Relaxed);
            now.interrupt.iter().for_each(InterruptHandle::interrupt);
        }
        now.serial
    }

    /// The question can be answered only when all before are committed, and outside of here.
    fn refuse<T>(&self) -> Result<T, StoreError> {
        self.cancelled.store(true, Ordering::Relaxed);
        Err(again())
    }
}

impl View for Ahead {
    fn get(&self, key: &StateKey) -> Result<Option<Value>, StoreError> {
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(again());
        }
        let transaction = self.now().transaction;
        loop {
            match self.base.memory.read(key, transaction) {
                Found::Value(value, origin) => {
                    self.now().reads.push(Read { key: *key, value: value.clone(), origin });
                    return Ok(value);
                }
                Found::Expected(other) => {
                    self.now().expects = Some(other);
                    return self.refuse();
                }
                Found::NeedsBase => {
                    // whoever asks in the order of transactions gets the error
                    let Ok(value) = self.base.journal.now(key) else { return self.refuse() };
                    self.base.memory.set_base(key, value);
                }
            }
        }
    }

    fn has_storage(&self, contract: &Address) -> Result<bool, StoreError> {
        match self.base.journal.view_has_storage(contract) {
            Ok(false) => Ok(false),
            _ => self.refuse(),
        }
    }

    fn storage_keys(&self, _: &Address) -> Result<Vec<StorageKey>, StoreError> {
        self.refuse()
    }
}
