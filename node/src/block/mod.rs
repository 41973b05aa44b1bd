//! The steps that make a block: system calls, transactions, withdrawals, rewards and requests, by
//! the rules of its fork.

mod header;
mod import;
mod requests;
mod rewards;
mod seal;

use std::sync::Arc;

use alloy_consensus::{Eip658Value, Header, TxType};
use alloy_eips::eip4895::Withdrawal;
use alloy_eips::eip7685::Requests;
use alloy_eips::{eip2935, eip4788};
use alloy_primitives::{Address, B256, Bloom, Bytes, Log, U256};
use bessemer_chain::store::ChangeSet;
use bessemer_chain::{StateKey, Value};
use bessemer_evm::{Fork, Transaction};

use crate::backend::{
    Checks, Engine, Environment, Failure, Outcome, Refused, Session, StateOverride, Tracer, World,
};
use crate::spec::Spec;

pub use self::header::{HeaderError, following, successor};
pub use self::import::{ImportError, blocks, import};
pub use self::seal::{Sealed, States, genesis};

/// A transaction's result in a block.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// The type of the envelope.
    pub kind: TxType,
    /// Whether it succeeded, or, before Byzantium, the state root after it.
    pub status: Eip658Value,
    /// The gas that it used.
    pub gas_used: u64,
    /// The gas that the block had used after it.
    pub cumulative_gas_used: u64,
    /// The events of contracts.
    pub logs: Vec<Log>,
    /// The bloom filter of the logs.
    pub bloom: Bloom,
    /// The contract that it created.
    pub created: Option<Address>,
    /// The price of a unit of gas.
    pub gas_price: U256,
    /// The gas of its blobs.
    pub blob_gas: u64,
    /// The output, or the reason of the failure.
    pub output: Bytes,
    /// The gas that it needed before refunds.
    pub gas_spent: u64,
    /// Whether it was reverted.
    pub reverted: bool,
    /// The name of what halted it, if it failed otherwise than by a revert.
    pub halted: Option<String>,
}

impl Receipt {
    /// The receipt as Ethereum hashes it.
    pub fn consensus(&self) -> alloy_consensus::ReceiptEnvelope {
        let receipt = alloy_consensus::Receipt {
            status: self.status,
            cumulative_gas_used: self.cumulative_gas_used,
            logs: self.logs.clone(),
        };
        alloy_consensus::ReceiptEnvelope::from_typed(self.kind, receipt.with_bloom())
    }

    /// Whether it succeeded.
    pub fn succeeded(&self) -> bool {
        self.status.coerce_status()
    }
}

/// A block in the making.
pub struct Draft<'e> {
    engine: &'e Engine,
    spec: &'e Spec,
    base: World,
    session: Session<'e>,
    environment: Environment,
    /// What sessions before this one changed.
    changes: Vec<(StateKey, Option<Value>)>,
    receipts: Vec<Receipt>,
    gas_used: u64,
    blob_gas_used: u64,
}

/// A block whose transactions have run.
pub struct Finished {
    /// The state after it.
    pub world: World,
    /// What it changes of the state before.
    pub changes: ChangeSet,
    /// The receipts, in order.
    pub receipts: Vec<Receipt>,
    /// The gas that it used.
    pub gas_used: u64,
    /// The gas of its blobs.
    pub blob_gas_used: u64,
    /// Its requests to the consensus layer (EIP-7685); `None` before Prague.
    pub requests: Option<Requests>,
}

impl<'e> Draft<'e> {
    /// Begins a block on a state, with the system calls that come first.
    ///
    /// # Errors
    ///
    /// If the host cannot run it.
    pub fn begin(
        engine: &'e Engine,
        spec: &'e Spec,
        base: World,
        environment: Environment,
        parent_hash: B256,
        beacon_root: Option<B256>,
    ) -> Result<Self, Failure> {
        let nothing = StateOverride::new();
        Self::begin_with(engine, spec, base, environment, &nothing, parent_hash, beacon_root)
    }

    /// Like [`Draft::begin`], on a state with changes that no transaction makes.
    ///
    /// # Errors
    ///
    /// If the host cannot run it, and [`Failure::Override`] for changes that contradict each other.
    pub fn begin_with(
        engine: &'e Engine,
        spec: &'e Spec,
        base: World,
        environment: Environment,
        overrides: &StateOverride,
        parent_hash: B256,
        beacon_root: Option<B256>,
    ) -> Result<Self, Failure> {
        let mut session = engine.session(&base, &environment);
        session.override_state(overrides)?;
        let mut draft = Self {
            engine,
            spec,
            base,
            session,
            environment,
            changes: Vec::new(),
            receipts: Vec::new(),
            gas_used: 0,
            blob_gas_used: 0,
        };
        if draft.has(Fork::Cancun)
            && let Some(root) = beacon_root
        {
            draft.system_call(eip4788::BEACON_ROOTS_ADDRESS, root.to_vec().into())?;
        }
        if draft.has(Fork::Prague) && draft.environment.number > 0 {
            draft.system_call(eip2935::HISTORY_STORAGE_ADDRESS, parent_hash.to_vec().into())?;
        }
        Ok(draft)
    }

    fn has(&self, fork: Fork) -> bool {
        self.environment.fork.has(fork)
    }

    /// Calls a system contract; nothing happens where there is none.
    fn system_call(&mut self, to: Address, input: Bytes) -> Result<Option<Outcome>, Failure> {
        if self.session.code(&to)?.is_empty() {
            return Ok(None);
        }
        self.session.system_call(to, input).map(Some)
    }

    /// The environment of the block, as contracts see it.
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// The gas that is left.
    pub fn gas_left(&self) -> u64 {
        self.environment.gas_limit.saturating_sub(self.gas_used)
    }

    /// The gas that blobs have used so far.
    pub fn blob_gas_used(&self) -> u64 {
        self.blob_gas_used
    }

    /// The receipts so far.
    pub fn receipts(&self) -> &[Receipt] {
        &self.receipts
    }

    /// The state as it is now, with its root.
    ///
    /// # Errors
    ///
    /// If the state cannot be made.
    pub fn world(&self) -> Result<World, Failure> {
        self.session.world(&self.base)
    }

    /// The session that runs the transactions.
    pub fn session(&mut self) -> &mut Session<'e> {
        &mut self.session
    }

    /// Processes a transaction as the next of the block.
    ///
    /// # Errors
    ///
    /// [`Refused::Invalid`] if it cannot be part of the block, which then is as before.
    pub fn push(
        &mut self,
        transaction: &Transaction,
        checks: Checks,
        tracer: Option<&mut dyn Tracer>,
    ) -> Result<&Receipt, Refused> {
        let blob_gas = transaction.blob_gas();
        let gas_left = self.gas_left();
        if transaction.gas_limit > gas_left && checks.gas_cap {
            return Err(Refused::BlockGas { limit: transaction.gas_limit, left: gas_left });
        }
        let most = self.environment.blobs.map_or(0, |blobs| blobs.max_blob_gas_per_block());
        if self.blob_gas_used + blob_gas > most && blob_gas > 0 {
            return Err(Refused::BlockBlobs);
        }
        let outcome = self.session.transact(transaction, checks, tracer)?;
        self.gas_used += outcome.gas_used;
        self.blob_gas_used += blob_gas;
        let status = if self.has(Fork::Byzantium) {
            Eip658Value::Eip658(outcome.succeeded())
        } else {
            // EIP-658 replaced the state root after each transaction
            self.base = self.session.world(&self.base)?;
            self.changes.extend(self.session.changes());
            self.session = self.engine.session(&self.base, &self.environment);
            Eip658Value::PostState(self.base.root())
        };
        let price = transaction.effective_gas_price(U256::from(self.environment.base_fee));
        self.receipts.push(Receipt {
            kind: TxType::try_from(transaction.kind as u8).expect("the types are the same"),
            status,
            gas_used: outcome.gas_used,
            cumulative_gas_used: self.gas_used,
            bloom: alloy_primitives::logs_bloom(&outcome.logs),
            logs: outcome.logs,
            created: outcome.created,
            gas_price: price,
            blob_gas,
            output: outcome.output,
            gas_spent: outcome.gas_spent,
            reverted: outcome.reverted,
            halted: outcome.halted,
        });
        Ok(self.receipts.last().expect("one was just pushed"))
    }

    /// Ends the block: requests, withdrawals, and the rewards of proof of work.
    ///
    /// # Errors
    ///
    /// If the host cannot run it, and [`Failure::Deposit`] for an event that is not a deposit.
    pub fn finish(
        mut self,
        withdrawals: &[Withdrawal],
        ommers: &[Header],
    ) -> Result<Finished, Failure> {
        let requests = self.has(Fork::Prague).then(|| self.requests()).transpose()?;
        for withdrawal in withdrawals {
            self.session.credit(&withdrawal.address, withdrawal.amount_wei())?;
        }
        rewards::pay(&mut self.session, &self.environment, ommers)?;
        let world = self.session.world(&self.base)?;
        self.changes.extend(self.session.changes());
        Ok(Finished {
            world,
            changes: ChangeSet::new(self.changes),
            receipts: self.receipts,
            gas_used: self.gas_used,
            blob_gas_used: self.blob_gas_used,
            requests,
        })
    }
}

/// The hashes of blocks by number, for `BLOCKHASH`.
pub type BlockHashes = Arc<dyn Fn(u64) -> B256 + Send + Sync>;
