//! Values of many versions: what each transaction of a block leaves under a key, for those after it.

use std::hash::{BuildHasher, Hash};
use std::sync::PoisonError;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::sync::Mutex;

/// The kind of what is kept.
pub(super) trait Kind {
    type Key: Clone + Eq + Hash;
    type Value: Clone + PartialEq;
    /// A change that can be made without the value before.
    type Delta: Clone;

    /// Two changes, one after the other, as one.
    fn join(first: &Self::Delta, second: &Self::Delta) -> Self::Delta;
    /// A value after a change.
    fn apply(value: &Self::Value, delta: &Self::Delta) -> Self::Value;
}

/// What a transaction does to a key.
pub(super) enum Change<K: Kind> {
    Write(K::Value),
    Add(K::Delta),
}

impl<K: Kind> Clone for Change<K> {
    fn clone(&self) -> Self {
        match self {
            Self::Write(value) => Self::Write(value.clone()),
            Self::Add(delta) => Self::Add(delta.clone()),
        }
    }
}

/// Keys with the changes that transactions made, over what was before the block.
pub(super) struct Memory<K: Kind> {
    shards: Vec<Mutex<HashTable<Cell<K>>>>,
    hasher: RandomState,
}

struct Cell<K: Kind> {
    key: K::Key,
    /// The value before the block, once it was read.
    base: Option<K::Value>,
    /// In the order of transactions.
    versions: Vec<Version<K>>,
    /// How often committed transactions looked the key up.
    used: u64,
}

struct Version<K: Kind> {
    transaction: u32,
    /// Counts the executions of the transaction.
    attempt: u32,
    entry: Entry<K>,
}

enum Entry<K: Kind> {
    Change(Change<K>),
    /// The transaction is expected to change the key, and has not done so yet.
    Estimate,
}

/// Where a value that was read comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// From before the block.
    Base,
    /// Written by this execution of this transaction.
    Written { transaction: u32, attempt: u32 },
    /// A value and what others added to it.
    Sum,
}

/// The answer to a look at a key.
pub(super) enum Found<V> {
    Value(V, Origin),
    /// The transaction that is expected to change the key before has not done so.
    Expected(u32),
    /// The value before the block counts, and was not read yet.
    NeedsBase,
}

/// One look of a transaction at a key.
pub(super) struct Read<K: Kind> {
    pub(super) key: K::Key,
    pub(super) value: K::Value,
    pub(super) origin: Origin,
}

/// What a key has in the end.
pub(super) struct Last<K: Kind> {
    pub(super) key: K::Key,
    pub(super) base: Option<K::Value>,
    /// What is there after the block, if something changed it.
    pub(super) change: Option<Change<K>>,
}

impl<K: Kind> Memory<K> {
    pub(super) fn new(shards: usize) -> Self {
        let shards = (0..shards.max(1)).map(|_| Mutex::new(HashTable::new())).collect();
        Self { shards, hasher: RandomState::default() }
    }

    /// Does something with the cell of a key, if there is one.
    fn look<T>(&self, key: &K::Key, work: impl FnOnce(Option<&mut Cell<K>>) -> T) -> T {
        let hash = self.hasher.hash_one(key);
        let mut shard = self.shard(hash).lock().unwrap_or_else(PoisonError::into_inner);
        work(shard.find_mut(hash, |cell| cell.key == *key))
    }

    /// Does something with the cell of a key, which is made if there is none.
    fn change<T>(&self, key: &K::Key, work: impl FnOnce(&mut Cell<K>) -> T) -> T {
        let hash = self.hasher.hash_one(key);
        let mut shard = self.shard(hash).lock().unwrap_or_else(PoisonError::into_inner);
        let cell =
            shard.entry(hash, |cell| cell.key == *key, |cell| self.hasher.hash_one(&cell.key));
        let new = || Cell { key: key.clone(), base: None, versions: Vec::new(), used: 0 };
        work(cell.or_insert_with(new).into_mut())
    }

    fn shard(&self, hash: u64) -> &Mutex<HashTable<Cell<K>>> {
        // tables use the lowest and the highest bits
        &self.shards[(hash >> 20) as usize % self.shards.len()]
    }

    /// What a transaction finds under a key.
    pub(super) fn read(&self, key: &K::Key, transaction: u32) -> Found<K::Value> {
        self.look(key, |cell| cell.map_or(Found::NeedsBase, |cell| cell.read(transaction)))
    }

    /// Keeps the value that a key has before the block.
    pub(super) fn set_base(&self, key: &K::Key, value: K::Value) {
        self.change(key, |cell| cell.base = Some(value));
    }

    /// Expects a transaction to change a key.
    pub(super) fn expect(&self, key: &K::Key, transaction: u32) {
        self.change(key, |cell| cell.set(transaction, 0, Entry::Estimate));
    }

    /// Makes the changes of an execution of a transaction. `expected` are the keys that it changed, or
    /// was expected to change, before.
    pub(super) fn publish(
        &self,
        transaction: u32,
        attempt: u32,
        expected: &[K::Key],
        changes: &[(K::Key, Change<K>)],
    ) {
        for (key, change) in changes {
            let entry = Entry::Change(change.clone());
            self.change(key, |cell| cell.set(transaction, attempt, entry));
        }
        for key in expected {
            self.look(key, |cell| cell.map(|cell| cell.remove_older(transaction, attempt)));
        }
    }

    /// The changes of a transaction do not count: it is expected to make others to the same keys.
    pub(super) fn withdraw(&self, transaction: u32, keys: &[K::Key]) {
        for key in keys {
            self.expect(key, transaction);
        }
    }

    /// Whether a transaction would read the same value again. If all before it are committed, that stays
    /// so, and `counts` marks the key as used.
    pub(super) fn holds(&self, read: &Read<K>, transaction: u32, counts: bool) -> bool {
        self.look(&read.key, |cell| {
            let Some(cell) = cell else { return false };
            let holds = match cell.resolve(transaction) {
                Resolved::Expected(_) => false,
                Resolved::At(value, origin, None) => {
                    origin == read.origin || value.is_some_and(|value| *value == read.value)
                }
                Resolved::At(value, _, Some(sum)) => {
                    value.is_some_and(|value| K::apply(value, &sum) == read.value)
                }
            };
            cell.used += u64::from(holds && counts);
            holds
        })
    }

    /// A committed transaction looked the key up.
    pub(super) fn mark_used(&self, key: &K::Key) {
        self.change(key, |cell| cell.used += 1);
    }

    /// Takes a mark of [`Memory::holds`] back.
    pub(super) fn unmark_used(&self, key: &K::Key) {
        self.change(key, |cell| cell.used -= 1);
    }

    /// What the first `committed` transactions looked up or changed.
    pub(super) fn into_last(self, committed: u32) -> impl Iterator<Item = Last<K>> {
        let shards = self.shards.into_iter();
        let cells =
            shards.flat_map(|shard| shard.into_inner().unwrap_or_else(PoisonError::into_inner));
        cells.filter_map(move |cell| {
            let change = cell.last(committed);
            let counts = cell.used > 0 || change.is_some();
            counts.then_some(Last { key: cell.key, base: cell.base, change })
        })
    }
}

/// What counts for a transaction: a value with its origin, and what was added to it.
enum Resolved<'c, K: Kind> {
    /// `None` is the value before the block, which was not read yet.
    At(Option<&'c K::Value>, Origin, Option<K::Delta>),
    Expected(u32),
}

impl<K: Kind> Cell<K> {
    /// What counts for a transaction is left by those before it.
    fn resolve(&self, transaction: u32) -> Resolved<'_, K> {
        let below = self.versions.partition_point(|version| version.transaction < transaction);
        let mut sum: Option<K::Delta> = None;
        for version in self.versions[..below].iter().rev() {
            let (transaction, attempt) = (version.transaction, version.attempt);
            match &version.entry {
                Entry::Estimate => return Resolved::Expected(transaction),
                Entry::Change(Change::Write(value)) => {
                    return Resolved::At(
                        Some(value),
                        Origin::Written { transaction, attempt },
                        sum,
                    );
                }
                Entry::Change(Change::Add(delta)) => {
                    sum = Some(match &sum {
                        None => delta.clone(),
                        Some(sum) => K::join(delta, sum),
                    });
                }
            }
        }
        Resolved::At(self.base.as_ref(), Origin::Base, sum)
    }

    fn read(&self, transaction: u32) -> Found<K::Value> {
        match self.resolve(transaction) {
            Resolved::Expected(other) => Found::Expected(other),
            Resolved::At(None, ..) => Found::NeedsBase,
            Resolved::At(Some(value), origin, None) => Found::Value(value.clone(), origin),
            Resolved::At(Some(value), _, Some(sum)) => {
                Found::Value(K::apply(value, &sum), Origin::Sum)
            }
        }
    }

    /// What is left after the first `committed` transactions, if they changed it.
    fn last(&self, committed: u32) -> Option<Change<K>> {
        match self.resolve(committed) {
            Resolved::Expected(_) | Resolved::At(_, Origin::Base, None) => None,
            Resolved::At(Some(value), _, None) => Some(Change::Write(value.clone())),
            Resolved::At(Some(value), _, Some(sum)) => Some(Change::Write(K::apply(value, &sum))),
            Resolved::At(None, _, sum) => sum.map(Change::Add),
        }
    }

    fn set(&mut self, transaction: u32, attempt: u32, entry: Entry<K>) {
        let at = self.versions.partition_point(|version| version.transaction < transaction);
        let version = Version { transaction, attempt, entry };
        match self.versions.get_mut(at) {
            Some(found) if found.transaction == transaction => *found = version,
            _ => self.versions.insert(at, version),
        }
    }

    /// Removes what an earlier execution of the transaction left.
    fn remove_older(&mut self, transaction: u32, attempt: u32) {
        let found = self.versions.binary_search_by_key(&transaction, |version| version.transaction);
        if let Ok(at) = found
            && self.versions[at].attempt < attempt
        {
            self.versions.remove(at);
        }
    }
}
