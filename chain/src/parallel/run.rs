//! The work of the threads: transactions are executed ahead, and committed in their order.

use std::sync::{Arc, PoisonError};

use super::memory::{Change, Kind, Memory, Origin, Read};
use super::scheduler::{Budget, Counts, Event, Scheduler, Task};
use super::sync::Mutex;

/// What executes transactions, of one thread.
pub(super) trait Execute<K: Kind, O> {
    /// Executes a transaction. What it finds comes from the memory, and is changed by nobody else if
    /// `is_last` says that all before it are committed.
    fn execute(&mut self, transaction: u32, is_last: bool) -> Attempt<K, O>;
}

/// An execution of a transaction.
pub(super) struct Attempt<K: Kind, O> {
    pub(super) end: End<K, O>,
    /// What it cost, in any unit.
    pub(super) cost: u64,
}

pub(super) enum End<K: Kind, O> {
    Done(Done<K, O>),
    /// It read what this transaction before it is expected to change.
    Expects(u32),
    /// It has no outcome.
    Failed,
}

/// An execution with an outcome.
pub(super) struct Done<K: Kind, O> {
    pub(super) reads: Vec<Read<K>>,
    pub(super) changes: Vec<(K::Key, Change<K>)>,
    pub(super) output: O,
}

/// What decides whether a transaction can be the next one, in the order of transactions. Gives its part of the
/// critical path.
pub(super) type Accept<'a, O> = &'a (dyn Fn(u32, &O) -> Option<u64> + Sync);

/// A list of transactions that any number of threads execute.
pub(super) struct Run<K: Kind, O> {
    pub(super) memory: Arc<Memory<K>>,
    scheduler: Scheduler,
    slots: Vec<Mutex<Slot<K, O>>>,
    /// For each committed transaction, the work on the longest way to its end.
    paths: Mutex<Vec<u64>>,
}

struct Slot<K: Kind, O> {
    /// How often it was executed.
    attempt: u32,
    /// The keys that it changes, or is expected to change.
    keys: Vec<K::Key>,
    reads: Vec<Read<K>>,
    output: Option<O>,
    cost: u64,
}

/// How a run went.
pub(super) struct Ended<K: Kind, O> {
    /// Of the committed transactions, which are the first ones.
    pub(super) outputs: Vec<O>,
    pub(super) counts: Counts,
    /// The work on the longest chain of transactions of which each read what the one before changed.
    pub(super) critical_path: u64,
    /// What they left.
    pub(super) memory: Memory<K>,
}

impl<K: Kind, O> Run<K, O> {
    /// Transactions with the keys that each is expected to change; `None` for one that is not executed
    /// ahead.
    pub(super) fn new(expected: Vec<Option<Vec<K::Key>>>, shards: usize, budget: Budget) -> Self {
        let memory = Arc::new(Memory::new(shards));
        let held = |number: u32| expected[number as usize].is_none();
        let scheduler = Scheduler::new(expected.len() as u32, budget, held);
        let slots = (0..).zip(expected).map(|(transaction, keys)| {
            let keys = keys.unwrap_or_default();
            keys.iter().for_each(|key| memory.expect(key, transaction));
            Mutex::new(Slot { attempt: 0, keys, reads: Vec::new(), output: None, cost: 0 })
        });
        let slots = slots.collect();
        Self { memory, scheduler, slots, paths: Mutex::new(Vec::new()) }
    }

    /// The work of one thread. Comes back when there is nothing more to do for it.
    pub(super) fn work(&self, executor: &mut impl Execute<K, O>, accept: Accept<'_, O>) {
        let end = StopAtPanic(&self.scheduler);
        let mut event = Event::Begin;
        loop {
            event = match self.scheduler.next(event) {
                Task::Ahead(transaction) => self.ahead(transaction, executor),
                Task::Commit(transaction) => self.commit(transaction, executor, accept),
                Task::Last(transaction) => self.last(transaction, executor, accept, None),
                Task::End => break,
            };
        }
        std::mem::forget(end);
    }

    fn ahead(&self, transaction: u32, executor: &mut impl Execute<K, O>) -> Event {
        let Attempt { end, cost } = executor.execute(transaction, false);
        match end {
            End::Done(done) => {
                self.publish(transaction, done, cost);
                Event::Executed(transaction)
            }
            End::Expects(on) => Event::Waits { transaction, on, cost },
            End::Failed => Event::Held { transaction, cost },
        }
    }

    fn commit(
        &self,
        transaction: u32,
        executor: &mut impl Execute<K, O>,
        accept: Accept<'_, O>,
    ) -> Event {
        let mut slot = self.slot(transaction);
        let holds = |read: &Read<K>| self.memory.holds(read, transaction, true);
        let wrong = slot.reads.iter().position(|read| !holds(read));
        let Some(wrong) = wrong else {
            let cost = slot.cost;
            return self.accept(transaction, &mut slot, accept, cost, None);
        };
        slot.reads[..wrong].iter().for_each(|read| self.memory.unmark_used(&read.key));
        self.memory.withdraw(transaction, &slot.keys);
        let wasted = slot.cost;
        drop(slot);
        self.last(transaction, executor, accept, Some(wasted))
    }

    /// Executes a transaction when all before it are committed, so that what it reads is right.
    fn last(
        &self,
        transaction: u32,
        executor: &mut impl Execute<K, O>,
        accept: Accept<'_, O>,
        wasted: Option<u64>,
    ) -> Event {
        let Attempt { end, cost } = executor.execute(transaction, true);
        let End::Done(done) = end else { return Event::Stop };
        self.publish(transaction, done, cost);
        let mut slot = self.slot(transaction);
        slot.reads.iter().for_each(|read| self.memory.mark_used(&read.key));
        self.accept(transaction, &mut slot, accept, cost, wasted)
    }

    /// Commits a transaction whose execution counts.
    fn accept(
        &self,
        transaction: u32,
        slot: &mut Slot<K, O>,
        accept: Accept<'_, O>,
        cost: u64,
        again: Option<u64>,
    ) -> Event {
        let accepted = slot.output.as_ref().and_then(|output| accept(transaction, output));
        let reads = std::mem::take(&mut slot.reads);
        let Some(work) = accepted else {
            reads.iter().for_each(|read| self.memory.unmark_used(&read.key));
            return Event::Stop;
        };
        let mut paths = self.paths.lock().unwrap_or_else(PoisonError::into_inner);
        let before = reads.iter().map(|read| match read.origin {
            Origin::Written { transaction, .. } => {
                paths.get(transaction as usize).copied().unwrap_or(0)
            }
            Origin::Base | Origin::Sum => 0,
        });
        let path = before.max().unwrap_or(0).saturating_add(work);
        paths.push(path);
        Event::Committed { cost, again }
    }

    /// Makes the changes of an execution visible to the transactions behind it.
    fn publish(&self, transaction: u32, done: Done<K, O>, cost: u64) {
        let mut slot = self.slot(transaction);
        slot.attempt += 1;
        self.memory.publish(transaction, slot.attempt, &slot.keys, &done.changes);
        slot.keys.clear();
        slot.keys.extend(done.changes.into_iter().map(|(key, _)| key));
        slot.reads = done.reads;
        slot.output = Some(done.output);
        slot.cost = cost;
    }

    fn slot(&self, transaction: u32) -> impl std::ops::DerefMut<Target = Slot<K, O>> {
        self.slots[transaction as usize].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether no further work is begun.
    pub(super) fn is_stopped(&self) -> bool {
        self.scheduler.is_stopped()
    }

    /// The outcome, when no thread is at work any more. `None` if somebody still has the memory.
    pub(super) fn end(self) -> Option<Ended<K, O>> {
        let memory = Arc::into_inner(self.memory)?;
        let counts = self.scheduler.counts();
        let slots = self.slots.into_iter().take(counts.committed as usize);
        let slots = slots.map(|slot| slot.into_inner().unwrap_or_else(PoisonError::into_inner));
        let outputs = slots.filter_map(|slot| slot.output).collect();
        let paths = self.paths.into_inner().unwrap_or_else(PoisonError::into_inner);
        let critical_path = paths.into_iter().max().unwrap_or(0);
        Some(Ended { outputs, counts, critical_path, memory })
    }
}

/// Ends the work of the others if a thread panics, so that none waits for it.
struct StopAtPanic<'s>(&'s Scheduler);

impl Drop for StopAtPanic<'_> {
    fn drop(&mut self) {
        self.0.stop();
    }
}
