//! Transactions, executed by one thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use bessemer_image::CodeHash;
use bessemer_runtime::InterruptHandle;
use bessemer_types::U256;

use super::memory::Change;
use super::run::{Attempt, Done, End, Execute};
use super::view::{Ahead, Asked, Values};
use crate::block::BlockTransaction;
use crate::key::StateKey;
use crate::process::{Processed, Processor, Stopped};
use crate::receipt::Receipt;
use crate::state::State;
use crate::store::View;
use crate::transaction::BlockInfo;

/// The outcome of a transaction.
pub(crate) struct Outcome {
    pub(crate) receipt: Receipt,
    /// What is handed on at the end of the block.
    pub(crate) fee: U256,
    /// The programs that ran.
    pub(crate) programs: Vec<CodeHash>,
}

/// What the workers have in common.
pub(super) struct Job<'j> {
    pub(super) state: &'j State,
    pub(super) transactions: &'j [BlockTransaction<'j>],
    pub(super) info: BlockInfo,
    /// The number of the first transaction in its block.
    pub(super) first: u32,
    /// The gas that the block had left before the first transaction.
    pub(super) gas: u64,
    /// Whether tips are added to the coinbase at the end.
    #[cfg_attr(not(feature = "evm"), expect(dead_code, reason = "nothing tips"))]
    pub(super) defer_tips: bool,
    /// Whether the signature of each transaction was found to be right.
    pub(super) signed: Vec<AtomicBool>,
}

pub(super) struct Worker<'j> {
    job: &'j Job<'j>,
    view: Arc<Ahead>,
    /// Has to be made again after a panic.
    processor: Option<Processor>,
}

/// Up to this much RISC-V gas, which is a few milliseconds, an execution that is for nothing may go on to its
/// end.
const SHORT_GAS: u64 = 1 << 24;

impl<'j> Worker<'j> {
    pub(super) fn new(job: &'j Job<'j>, view: Arc<Ahead>) -> Self {
        Self { job, view, processor: None }
    }

    fn processor(&mut self) -> &mut Processor {
        self.processor.get_or_insert_with(|| {
            let view = Arc::clone(&self.view) as Arc<dyn View>;
            let processor = self.job.state.processor(view, self.job.info);
            #[cfg(feature = "evm")]
            {
                processor.session().defer_tips = self.job.defer_tips;
            }
            processor
        })
    }

    fn process(
        &mut self,
        number: u32,
        interrupt: Option<InterruptHandle>,
    ) -> Result<Processed, Stopped> {
        let (transaction, gas) = (&self.job.transactions[number as usize], self.job.gas);
        let index = self.job.first + number;
        if !self.job.signed[number as usize].load(Ordering::Relaxed) {
            transaction.check_signature(self.job.info.chain_id)?;
            self.job.signed[number as usize].store(true, Ordering::Relaxed);
        }
        let processor = self.processor();
        processor.session().journal.forget();
        processor.executor.interrupt = interrupt;
        transaction.process(processor, index, gas)
    }

    /// What the transaction that was processed last left.
    fn done(
        &mut self,
        transaction: u32,
        processed: Processed,
        asked: Asked,
    ) -> End<Values, Outcome> {
        let reads = match asked {
            Asked::Reads(reads) => reads,
            Asked::Expects(other) => return End::Expects(other),
            Asked::Cancelled => return End::Failed,
        };
        let coinbase = self.job.info.coinbase;
        let is_ethereum = self.job.transactions[transaction as usize].is_ethereum();
        let journal = &self.processor().session().journal;
        let differences = journal.differences();
        let mut changes: Vec<_> =
            differences.map(|(key, value)| (key, Change::Write(value))).collect();
        if is_ethereum && !processed.tip.is_zero() {
            changes.push((StateKey::Account(coinbase), Change::Add(processed.tip)));
        }
        let programs = journal.programs().collect();
        let output = Outcome { receipt: processed.receipt, fee: processed.fee, programs };
        End::Done(Done { reads, changes, output })
    }
}

impl Execute<Values, Outcome> for Worker<'_> {
    fn execute(&mut self, transaction: u32, is_last: bool) -> Attempt<Values, Outcome> {
        let begin = Instant::now();
        let is_long = self.job.transactions[transaction as usize].riscv_gas() > SHORT_GAS;
        let interrupt = (!is_last && is_long).then(InterruptHandle::new);
        self.view.begin(transaction, !is_last, interrupt.clone());
        let processed = catch_unwind(AssertUnwindSafe(|| self.process(transaction, interrupt)));
        let asked = self.view.end();
        let end = match processed {
            Ok(Ok(processed)) => self.done(transaction, processed, asked),
            Ok(Err(_)) => match asked {
                Asked::Expects(other) => End::Expects(other),
                Asked::Reads(_) | Asked::Cancelled => End::Failed,
            },
            Err(_) => {
                // frames of the transaction may still have the session
                self.processor = None;
                End::Failed
            }
        };
        let cost = u64::try_from(begin.elapsed().as_nanos()).unwrap_or(u64::MAX);
        Attempt { end, cost }
    }
}
