//! Transactions of a block, executed by several threads with the outcome of one.
//!
//! Block-STM (arXiv 2203.06871): transactions are executed before it is known what those before them
//! leave. A [memory](memory) has what each one wrote, for those behind it; what a transaction reads is
//! noted, and it is committed, in its order, if it would read the same values again. Otherwise it is
//! executed once more, when all before it are committed, so that this is the last time. What a
//! transaction will write is known in part: its sender's account, and what it declares. Others wait for
//! that instead of reading what is about to change.
//!
//! What has no outcome here, for whatever reason, ends the run: the block goes on from there with one
//! thread, as if there were no others. That is a refusal, a failure of the host, a panic, a
//! transaction that asks what only the block's own journal knows, and the end of the [budget](Budget) for
//! work that is for nothing.

mod memory;
mod run;
mod scheduler;
mod sync;
mod view;
mod worker;

use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use self::memory::{Change, Last};
use self::run::{Ended, Run};
use self::scheduler::Budget;
use self::view::{Ahead, Base, Values};
pub(crate) use self::worker::Outcome;
use self::worker::{Job, Worker};
use crate::block::BlockTransaction;
use crate::chain::ChainError;
use crate::journal::Journal;
use crate::key::StateKey;
use crate::receipt::Receipt;
use crate::state::State;
use crate::transaction::BlockInfo;

/// How the transactions of a block were executed by several threads; no part of any outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ParallelStatistics {
    /// Transactions that were committed by the threads.
    pub committed: u64,
    /// Transactions that were executed by one thread, because the threads had no outcome for one of them,
    /// or had done too much for nothing.
    pub sequential: u64,
    /// Executions that did not count because a value that they read changed.
    pub aborts: u64,
    /// Executions that ended at a read of what another transaction was about to change.
    pub waits: u64,
    /// The gas of all that was committed by the threads, in units of RISC-V gas.
    pub gas: u64,
    /// The gas of the longest chain of transactions of which each read what the one before wrote: no
    /// number of threads takes less time than this gas.
    pub critical_path: u64,
}

/// Where a block stands before its next transactions.
pub(crate) struct Start {
    pub(crate) info: BlockInfo,
    /// The number of the next transaction.
    pub(crate) index: u32,
    /// The RISC-V gas that is left.
    pub(crate) gas: u64,
    /// Bytes that receipts have still room for.
    pub(crate) receipt_bytes: u64,
}

/// Stack of a thread that executes transactions.
const STACK: usize = 4 << 20;
/// How often executions are looked at that last long.
const TICK: Duration = Duration::from_millis(4);
/// Nanoseconds for nothing that every run may spend, and the part of its useful ones.
const BUDGET: Budget = Budget { free: 5_000_000, part: 2 };
/// Parts of the memory that are locked apart, for each thread.
const SHARDS: usize = 32;

/// Executes transactions over what a journal holds, and makes the changes there. Gives the outcomes of the
/// first ones; those that have none are to be executed in order.
pub(crate) fn execute(
    state: &State,
    journal: &mut Journal,
    start: &Start,
    transactions: &[BlockTransaction<'_>],
    threads: usize,
) -> Result<(Vec<Outcome>, ParallelStatistics), ChainError> {
    let coinbase = StateKey::Account(start.info.coinbase);
    let has_ethereum = transactions.iter().any(BlockTransaction::is_ethereum);
    let defer_tips = has_ethereum && defers_tips(state, journal, &coinbase)?;
    let job = Job {
        state,
        transactions,
        info: start.info,
        first: start.index,
        gas: start.gas,
        defer_tips,
        signed: transactions.iter().map(|_| AtomicBool::new(false)).collect(),
    };
    let expected = transactions.iter().map(|transaction| {
        let mut keys = transaction.expected()?;
        #[cfg(feature = "evm")]
        if defer_tips && transaction.tips(start.info.base_fee) {
            keys.push(coinbase);
        }
        keys.sort_unstable();
        keys.dedup();
        Some(keys)
    });
    let run = Run::<Values, Outcome>::new(expected.collect(), threads * SHARDS, BUDGET);
    let base = Arc::new(Base { journal: journal.take(), memory: Arc::clone(&run.memory) });
    let accepted = Mutex::new(Accepted { gas: start.gas, receipt_bytes: start.receipt_bytes });
    let accept = |number: u32, outcome: &Outcome| {
        let mut accepted = accepted.lock().unwrap_or_else(PoisonError::into_inner);
        accepted.accept(&transactions[number as usize], &outcome.receipt)
    };
    let views: Vec<_> = (0..threads).map(|_| Arc::new(Ahead::new(Arc::clone(&base)))).collect();
    let panicked = thread::scope(|scope| {
        let (alive, ended) = channel::<()>();
        let workers: Vec<_> = views
            .iter()
            .filter_map(|view| {
                let (view, alive) = (Arc::clone(view), alive.clone());
                let (run, job, accept) = (&run, &job, &accept);
                let work = move || {
                    let _alive = alive;
                    run.work(&mut Worker::new(job, view), accept);
                };
                // the system may refuse a thread; then the others do its work
                thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work).ok()
            })
            .collect();
        drop(alive);
        watch(&views, &run, || ended.recv_timeout(TICK));
        workers.into_iter().filter_map(|worker| worker.join().err()).next()
    });
    drop(views);
    let base = Arc::into_inner(base).ok_or(ChainError::BlockFailed)?;
    *journal = base.journal;
    drop(base.memory);
    if let Some(panic) = panicked {
        std::panic::resume_unwind(panic);
    }
    let Ended { outputs, counts, critical_path, memory } =
        run.end().ok_or(ChainError::BlockFailed)?;
    journal.begin(None);
    for last in memory.into_last(counts.committed) {
        settle(journal, last)?;
    }
    for program in outputs.iter().flat_map(|outcome| &outcome.programs) {
        journal.runs(program);
    }
    let committed = transactions.iter().take(counts.committed as usize);
    if defer_tips && committed.clone().any(BlockTransaction::is_ethereum) {
        // a witness has the account, as if each tip had been paid
        journal.account(&start.info.coinbase)?;
    }
    let gas = accepted.into_inner().unwrap_or_else(PoisonError::into_inner).gas;
    let statistics = ParallelStatistics {
        committed: u64::from(counts.committed),
        sequential: 0,
        aborts: counts.aborts,
        waits: counts.waits,
        gas: start.gas - gas,
        critical_path,
    };
    Ok((outputs, statistics))
}

/// Looks at long executions until all threads have ended.
fn watch(
    views: &[Arc<Ahead>],
    run: &Run<Values, Outcome>,
    wait: impl Fn() -> Result<(), RecvTimeoutError>,
) {
    let mut serials = vec![0; views.len()];
    while let Err(RecvTimeoutError::Timeout) = wait() {
        let stopped = run.is_stopped();
        for (view, serial) in views.iter().zip(&mut serials) {
            *serial = view.watch(*serial, stopped);
        }
    }
}

/// Makes the change to a key that all transactions together made.
fn settle(journal: &mut Journal, last: Last<Values>) -> Result<(), ChainError> {
    let Last { key, base, change } = last;
    let base = match base {
        Some(base) => base,
        None => journal.now(&key)?,
    };
    journal.preload(&key, base.clone())?;
    match change {
        None => {}
        Some(Change::Write(value)) => journal.settle(&key, value)?,
        Some(Change::Add(sum)) => {
            journal.settle(&key, <Values as memory::Kind>::apply(&base, &sum))?;
        }
    }
    Ok(())
}

/// Whether nothing but the coinbase's balance depends on tips: it does not if the account exists although
/// it is empty, or would.
#[cfg(feature = "evm")]
fn defers_tips(state: &State, journal: &Journal, coinbase: &StateKey) -> Result<bool, ChainError> {
    use crate::encoding::decode_account;
    use crate::store::StoreError;

    let account = journal.now(coinbase)?;
    let account = account.map(|account| decode_account(&account)).transpose();
    let present = account.map_err(StoreError::from)?.is_some_and(|account| account.present);
    Ok(!present && state.shared().evm.rules.has(bessemer_evm::Fork::SpuriousDragon))
}

#[cfg(not(feature = "evm"))]
fn defers_tips(_: &State, _: &Journal, _: &StateKey) -> Result<bool, ChainError> {
    Ok(false)
}

/// What the block still has room for, after the transactions that were committed.
struct Accepted {
    gas: u64,
    receipt_bytes: u64,
}

impl Accepted {
    /// Takes a transaction, unless one thread would have to look at it again: it was executed as the first
    /// one.
    fn accept(&mut self, transaction: &BlockTransaction<'_>, receipt: &Receipt) -> Option<u64> {
        let used = transaction.to_riscv(receipt.gas_used);
        if !transaction.fits(self.gas) || self.receipt_bytes < Receipt::MOST_BYTES {
            return None;
        }
        self.gas = self.gas.checked_sub(used)?;
        self.receipt_bytes = self.receipt_bytes.checked_sub(receipt.bytes())?;
        Some(used)
    }
}

impl ParallelStatistics {
    /// Adds what happened later in the same block. Chains from there on are counted apart.
    pub(crate) fn add(&mut self, later: &Self) {
        self.committed += later.committed;
        self.sequential += later.sequential;
        self.aborts += later.aborts;
        self.waits += later.waits;
        self.gas += later.gas;
        self.critical_path += later.critical_path;
    }
}
