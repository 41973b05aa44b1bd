//! Which transaction a thread executes or commits next.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::PoisonError;

use super::sync::{Condvar, Mutex};

/// The schedule of a list of transactions, which are executed in any order and committed in theirs.
///
/// All decisions are made under one lock. A thread that has nothing to do waits until another has
/// changed that.
pub(super) struct Scheduler {
    state: Mutex<State>,
    changed: Condvar,
}

/// The next work of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Task {
    /// Execute the transaction, although those before it are not all committed.
    Ahead(u32),
    /// All before it are committed: if the values that its execution read hold, commit it, and
    /// otherwise execute it again.
    Commit(u32),
    /// All before it are committed: execute it, and commit it.
    Last(u32),
    /// There is nothing more to do.
    End,
}

/// The outcome of the last work of a thread.
#[derive(Clone, Copy, Debug)]
pub(super) enum Event {
    /// The thread begins.
    Begin,
    /// An execution ahead has ended, and its changes are published.
    Executed(u32),
    /// An execution ahead read what another transaction is expected to change.
    Waits { transaction: u32, on: u32, cost: u64 },
    /// An execution ahead failed: the transaction is executed again when all before it are committed.
    Held { transaction: u32, cost: u64 },
    /// The transaction is committed. `again` is the cost of an execution that did not count.
    Committed { cost: u64, again: Option<u64> },
    /// The transaction cannot be committed here, nor can those behind it.
    Stop,
}

/// How much work may be for nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget {
    /// The cost that is always granted.
    pub(super) free: u64,
    /// One part in so many of the cost of what is committed is granted besides.
    pub(super) part: u64,
}

/// What the scheduler counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// Transactions that are committed, from the first on.
    pub(super) committed: u32,
    /// Executions that did not count because a value that they read has changed.
    pub(super) aborts: u64,
    /// Executions that ended early because what they read was about to change.
    pub(super) waits: u64,
    /// Whether too much work was for nothing.
    pub(super) gave_up: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    /// To be executed by whoever comes.
    Ready,
    /// Executed ahead as soon as another transaction is, and anyhow when all before it are committed.
    Waiting,
    /// Executed when all before it are committed.
    Held,
    Running,
    Executed,
    Committed,
}

struct State {
    status: Vec<Status>,
    /// Who waits for each transaction.
    waiters: Vec<Vec<u32>>,
    /// How often each has waited.
    waited: Vec<u8>,
    /// No transaction from here on was begun.
    fresh: u32,
    /// Those that are ready again.
    again: BinaryHeap<Reverse<u32>>,
    /// Whether a thread has the transaction after the last committed one.
    committing: bool,
    /// Threads that wait for work.
    idle: usize,
    stopped: bool,
    budget: Budget,
    useful: u64,
    wasted: u64,
    counts: Counts,
}

/// How often a transaction may wait for another; then it is held. Each time, its execution was for
/// nothing.
const MOST_WAITS: u8 = 4;

impl Scheduler {
    /// A schedule of so many transactions. `held` says which are not executed ahead.
    pub(super) fn new(transactions: u32, budget: Budget, held: impl Fn(u32) -> bool) -> Self {
        let status = |number| if held(number) { Status::Held } else { Status::Ready };
        let state = State {
            status: (0..transactions).map(status).collect(),
            waiters: (0..transactions).map(|_| Vec::new()).collect(),
            waited: vec![0; transactions as usize],
            fresh: 0,
            again: BinaryHeap::new(),
            committing: false,
            idle: 0,
            stopped: false,
            budget,
            useful: 0,
            wasted: 0,
            counts: Counts::default(),
        };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Tells what a thread has done, and waits for what it does next.
    pub(super) fn next(&self, event: Event) -> Task {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.apply(event);
        loop {
            if let Some(task) = state.choose() {
                // who is woken wakes the next one
                if state.idle > 0 && (task == Task::End || state.has_more()) {
                    self.changed.notify_one();
                }
                return task;
            }
            state.idle += 1;
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.idle -= 1;
        }
    }

    /// Ends the work of all threads.
    pub(super) fn stop(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).stopped = true;
        self.changed.notify_all();
    }

    /// Whether no further work is begun.
    pub(super) fn is_stopped(&self) -> bool {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).stopped
    }

    /// How it went so far.
    pub(super) fn counts(&self) -> Counts {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).counts
    }
}

impl State {
    fn apply(&mut self, event: Event) {
        match event {
            Event::Begin => {}
            Event::Executed(transaction) => {
                self.status[transaction as usize] = Status::Executed;
                self.wake(transaction);
            }
            Event::Waits { transaction, on, cost } => {
                self.counts.waits += 1;
                self.wasted += cost;
                let (waiter, waited) =
                    (transaction as usize, &mut self.waited[transaction as usize]);
                *waited += 1;
                if *waited >= MOST_WAITS {
                    self.status[waiter] = Status::Held;
                } else if self.has_changes(on) {
                    self.status[waiter] = Status::Ready;
                    self.again.push(Reverse(transaction));
                } else {
                    self.status[waiter] = Status::Waiting;
                    self.waiters[on as usize].push(transaction);
                }
            }
            Event::Held { transaction, cost } => {
                self.wasted += cost;
                self.status[transaction as usize] = Status::Held;
            }
            Event::Committed { cost, again } => {
                let transaction = self.counts.committed;
                self.status[transaction as usize] = Status::Committed;
                self.counts.committed += 1;
                self.committing = false;
                self.useful += cost;
                self.wasted += again.unwrap_or(0);
                self.counts.aborts += u64::from(again.is_some());
                self.wake(transaction);
            }
            Event::Stop => self.stopped = true,
        }
        if self.wasted > self.budget.free + self.useful / self.budget.part {
            self.stopped = true;
            self.counts.gave_up = true;
        }
    }

    /// Whether the changes of a transaction are there to be read.
    fn has_changes(&self, transaction: u32) -> bool {
        matches!(self.status[transaction as usize], Status::Executed | Status::Committed)
    }

    fn wake(&mut self, transaction: u32) {
        for waiter in std::mem::take(&mut self.waiters[transaction as usize]) {
            let status = &mut self.status[waiter as usize];
            if *status == Status::Waiting {
                *status = Status::Ready;
                self.again.push(Reverse(waiter));
            }
        }
    }

    fn choose(&mut self) -> Option<Task> {
        let first = self.counts.committed;
        let Some(status) = self.status.get_mut(first as usize).filter(|_| !self.stopped) else {
            return Some(Task::End);
        };
        if !self.committing {
            match status {
                Status::Executed => {
                    self.committing = true;
                    return Some(Task::Commit(first));
                }
                Status::Ready | Status::Waiting | Status::Held => {
                    *status = Status::Running;
                    self.committing = true;
                    return Some(Task::Last(first));
                }
                Status::Running | Status::Committed => {}
            }
        }
        let next = self.next_ready()?;
        self.status[next as usize] = Status::Running;
        Some(Task::Ahead(next))
    }

    /// Takes the first transaction that is to be executed ahead.
    fn next_ready(&mut self) -> Option<u32> {
        while let Some(Reverse(next)) = self.again.pop() {
            // it may have been taken when all before it were committed
            if self.status[next as usize] == Status::Ready {
                return Some(next);
            }
        }
        loop {
            let next = self.fresh;
            let status = self.status.get(next as usize)?;
            self.fresh += 1;
            if *status == Status::Ready {
                return Some(next);
            }
        }
    }

    /// Whether another thread would find work.
    fn has_more(&self) -> bool {
        let first = self.status.get(self.counts.committed as usize);
        let commits = !self.committing && first.is_some_and(|first| *first != Status::Running);
        commits || !self.again.is_empty() || (self.fresh as usize) < self.status.len()
    }
}
