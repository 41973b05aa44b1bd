//! The writer: takes transactions, makes blocks, and carries out what changes the chain by hand.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use alloy_consensus::{Block, Header, TxEnvelope};
use alloy_primitives::{Address, B256, U256, keccak256};
use bessemer_chain::store::ChangeSet;
use bessemer_evm::{BlockLimits, Fork, Invalid, Transaction};

use crate::archive::{Archive, SavedSnapshot, Settings};
use crate::backend::{Checks, Environment, Failure, Hand, Refused, chain_address};
use crate::block::{Draft, ImportError, Sealed, States, import, successor};
use crate::ledger::Ledger;
use crate::node::{Event, Metrics, Shared};
use crate::pool::{PoolError, Waiting};
use crate::spec::MAX_TIME;

/// When blocks are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mining {
    /// At once, for each transaction that arrives.
    Automatic,
    /// Regularly, with all that waits.
    Interval(Duration),
    /// Only on request.
    Manual,
}

/// Why a transaction was not taken.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// It breaks a rule.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The pool does not take it.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// The host failed.
    #[error(transparent)]
    Failure(#[from] Failure),
}

/// A state of everything that can be returned to.
struct Snapshot {
    chain: SnapshotChain,
    waiting: Vec<Arc<Waiting>>,
    offset: i64,
}

/// The chain of a snapshot.
enum SnapshotChain {
    /// In memory.
    Ledger(Arc<Ledger>),
    /// In the journal of the file.
    Saved(SavedSnapshot),
}

/// The state of the writer alone.
pub struct Miner {
    shared: Arc<Shared>,
    archive: Option<Archive>,
    /// The first block, to which a reset returns.
    first: Sealed,
    mining: Mining,
    /// When the last block was made, or interval mining began.
    last: Instant,
    settings: Settings,
    /// The settings that the file has.
    kept: Settings,
    fixed_base_fee: Option<u64>,
    snapshots: BTreeMap<u64, Snapshot>,
}

/// The attributes of a block, from the consensus layer or a test.
#[derive(Clone, Debug, Default)]
pub struct Attributes {
    /// The time of the block.
    pub timestamp: Option<u64>,
    /// Its randomness.
    pub prevrandao: Option<B256>,
    /// The account that gets its tips.
    pub coinbase: Option<Address>,
    /// The root of the beacon block before.
    pub beacon_root: Option<B256>,
    /// Withdrawals.
    pub withdrawals: Vec<alloy_eips::eip4895::Withdrawal>,
    /// Bytes without a meaning.
    pub extra_data: alloy_primitives::Bytes,
}

/// How many blocks one request makes at most.
pub(crate) const MOST_BLOCKS: u64 = 1_000_000;

impl Miner {
    pub(crate) fn new(
        shared: Arc<Shared>,
        archive: Option<Archive>,
        first: Sealed,
        mining: Mining,
        (settings, snapshots): (Settings, Vec<(u64, SavedSnapshot)>),
    ) -> Self {
        let snapshots = snapshots.into_iter().map(|(number, saved)| {
            let offset = saved.offset;
            let chain = SnapshotChain::Saved(saved);
            (number, Snapshot { chain, waiting: Vec::new(), offset })
        });
        Self {
            archive,
            first,
            mining,
            last: Instant::now(),
            kept: settings.clone(),
            settings,
            fixed_base_fee: shared.fixed_base_fee,
            snapshots: snapshots.collect(),
            shared,
        }
    }

    /// Writes what was set since the last commit. What is told to a client is in the file.
    ///
    /// # Errors
    ///
    /// If the file cannot be written to.
    pub(crate) fn settle(&mut self) -> Result<(), Failure> {
        if self.settings == self.kept {
            return Ok(());
        }
        if let Some(archive) = &self.archive {
            let view = archive.keep(&self.settings)?;
            let ledger = Ledger::clone(&self.shared.ledger()).archived(view);
            self.shared.publish(Arc::new(ledger));
        }
        self.kept = self.settings.clone();
        Ok(())
    }

    /// The oldest depth that a snapshot returns to.
    fn oldest_snapshot(&self) -> Option<u64> {
        self.snapshots.values().find_map(|snapshot| match &snapshot.chain {
            SnapshotChain::Saved(saved) => Some(saved.depth),
            SnapshotChain::Ledger(_) => None,
        })
    }

    /// Adds a block to the chain, and takes over what was set for the next one. It is in the file before
    /// anybody sees it.
    fn add(
        &mut self,
        block: Sealed,
        changes: &ChangeSet,
        settings: Settings,
    ) -> Result<Arc<Sealed>, Failure> {
        let ledger = self.shared.ledger();
        let world = block.states.after_here();
        let block = Arc::new(block);
        let mut next = ledger.with(Arc::clone(&block), world);
        if let Some(archive) = &self.archive {
            let oldest = self.oldest_snapshot();
            next = next.archived(archive.append(&ledger, &block, changes, &settings, oldest)?);
        }
        self.kept = settings.clone();
        self.settings = settings;
        self.shared.publish(Arc::new(next));
        Ok(block)
    }

    /// How long until the next block by interval; `None` if there is none.
    pub(crate) fn next_block_in(&self) -> Option<Duration> {
        match self.mining {
            Mining::Interval(interval) => Some(interval.saturating_sub(self.last.elapsed())),
            Mining::Automatic | Mining::Manual => None,
        }
    }

    /// Makes the block that is due.
    pub(crate) fn tick(&mut self) {
        self.last = Instant::now();
        if let Err(error) = self.mine() {
            tracing::error!(%error, "no block was made");
        }
    }

    /// When blocks are made.
    pub fn mining(&self) -> Mining {
        self.mining
    }

    /// Says when blocks are made.
    pub fn set_mining(&mut self, mining: Mining) {
        self.mining = mining;
        self.last = Instant::now();
    }

    /// Takes a transaction, and makes a block if that is due.
    ///
    /// # Errors
    ///
    /// If no block could take it, or the pool is full.
    pub fn submit(
        &mut self,
        envelope: TxEnvelope,
        transaction: Transaction,
        impersonated: bool,
    ) -> Result<B256, SubmitError> {
        let hash = transaction.hash;
        let ledger = self.shared.ledger();
        if ledger.transaction(&hash).map_err(Failure::from)?.is_some() {
            return Err(PoolError::Known.into());
        }
        self.check(&ledger, &transaction, impersonated)?;
        let waiting = self.shared.pool().insert(envelope, transaction, impersonated)?;
        self.shared.announce(Event::Pending(waiting));
        if self.mining == Mining::Automatic {
            self.mine_waiting()?;
        }
        Ok(hash)
    }

    /// Checks what would keep a transaction out of every block, or out of the next.
    fn check(
        &self,
        ledger: &Ledger,
        transaction: &Transaction,
        impersonated: bool,
    ) -> Result<(), SubmitError> {
        let header = self.next_header(ledger, &Attributes::default());
        let spec = &self.shared.spec;
        let environment = Environment::of_header(spec, &header, &ledger.hashes());
        let base_fee = U256::from(header.base_fee_per_gas.unwrap_or(0));
        let limits = BlockLimits {
            chain_id: self.shared.spec.chain_id,
            gas: header.gas_limit,
            // a transaction that pays less waits, unless there is nothing to wait for
            base_fee: if self.mining == Mining::Automatic { base_fee } else { U256::ZERO },
            blob_base_fee: U256::ZERO,
        };
        self.shared.engine.rules(&environment).check(transaction, &limits)?;
        let sender = transaction.sender;
        let account = ledger.world.account(&chain_address(&sender)).map_err(Failure::from)?;
        if transaction.nonce < account.nonce {
            let (found, expected) = (transaction.nonce, account.nonce);
            return Err(Invalid::NonceTooLow { sender, found, expected }.into());
        }
        if account.balance < most_cost(transaction) {
            return Err(Invalid::Funds { sender, balance: account.balance }.into());
        }
        if account.code.is_some() && !impersonated {
            let code = ledger.world.code(&chain_address(&sender)).map_err(Failure::from)?;
            if bessemer_evm::delegation_target(&code).is_none() {
                return Err(Invalid::SenderIsContract { sender }.into());
            }
        }
        Ok(())
    }

    /// The header of the next block before its transactions.
    fn next_header(&self, ledger: &Ledger, attributes: &Attributes) -> Header {
        let parent = &ledger.head().header;
        let timestamp = attributes.timestamp.unwrap_or_else(|| self.next_time(parent));
        let spec = &self.shared.spec;
        let next = successor(spec, parent, ledger.head().hash, timestamp);
        let fork = spec.fork(next.number, timestamp);
        let chosen = self.settings.next_base_fee.or(self.fixed_base_fee);
        let doubled = fork.has(Fork::London) && parent.base_fee_per_gas.is_none();
        let before = if doubled { parent.gas_limit.saturating_mul(2) } else { parent.gas_limit };
        Header {
            beneficiary: attributes.coinbase.unwrap_or_else(|| self.coinbase()),
            difficulty: if fork.has(Fork::Paris) { U256::ZERO } else { U256::ONE },
            gas_limit: self.settings.gas_limit.unwrap_or(before),
            extra_data: attributes.extra_data.clone(),
            // any value that contracts cannot foresee long before, and that a second run repeats
            mix_hash: attributes
                .prevrandao
                .or(self.settings.next_randomness.map(B256::from))
                .unwrap_or_else(|| keccak256(ledger.head().hash)),
            base_fee_per_gas: next.base_fee_per_gas.map(|by_rule| chosen.unwrap_or(by_rule)),
            withdrawals_root: next.withdrawals_root.map(|_| {
                alloy_consensus::proofs::calculate_withdrawals_root(&attributes.withdrawals)
            }),
            parent_beacon_block_root: next
                .parent_beacon_block_root
                .map(|zero| attributes.beacon_root.unwrap_or(zero)),
            ..next
        }
    }

    /// The time of the next block: the one that was set, or the clock, and always after the last.
    fn next_time(&self, parent: &Header) -> u64 {
        let least = parent.timestamp.saturating_add(1);
        if let Some(time) = self.settings.next_timestamp {
            return time.min(MAX_TIME).max(least);
        }
        if let Some(interval) = self.settings.timestamp_interval {
            return parent.timestamp.saturating_add(interval).min(MAX_TIME).max(parent.timestamp);
        }
        self.now().max(least)
    }

    /// The clock with what was added to it.
    pub fn now(&self) -> u64 {
        let clock = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        clock.saturating_add_signed(self.settings.offset).min(MAX_TIME)
    }

    /// The next block without the waiting transactions.
    pub fn pending_header(&self) -> Header {
        self.next_header(&self.shared.ledger(), &Attributes::default())
    }

    /// Makes blocks until nothing is left that a block can take.
    fn mine_waiting(&mut self) -> Result<(), Failure> {
        loop {
            let block = self.mine()?;
            let ledger = self.shared.ledger();
            let base_fee = U256::from(self.pending_header().base_fee_per_gas.unwrap_or(0));
            let nonce = |sender: &Address| nonce_of(&ledger, sender);
            if block.transactions.is_empty() || self.shared.pool().ready(base_fee, nonce).is_empty()
            {
                return Ok(());
            }
        }
    }

    /// Makes a block of what waits.
    ///
    /// # Errors
    ///
    /// If the host cannot run it; then the chain is as before.
    pub fn mine(&mut self) -> Result<Arc<Sealed>, Failure> {
        let ledger = self.shared.ledger();
        let base_fee = self.next_header(&ledger, &Attributes::default()).base_fee_per_gas;
        let base_fee = U256::from(base_fee.unwrap_or(0));
        let ready = self.shared.pool().ready(base_fee, |sender| nonce_of(&ledger, sender));
        let (block, changes, dropped) = self.build(&Attributes::default(), &ready)?;
        let mut settings = self.settings.clone();
        if let Some(time) = settings.next_timestamp.take() {
            settings.offset = offset_to(time);
        }
        settings.next_base_fee = None;
        settings.next_randomness = None;
        let block = self.add(block, &changes, settings)?;
        for hash in dropped {
            Metrics::count(&self.shared.metrics.dropped_transactions);
            self.shared.pool().remove(&hash);
        }
        let next = self.shared.ledger();
        self.shared.pool().prune(|sender| nonce_of(&next, sender));
        tracing::info!(
            number = block.header.number,
            transactions = block.transactions.len(),
            gas = block.header.gas_used,
            hash = %block.hash,
            "block"
        );
        self.shared.announce(Event::Block(Arc::clone(&block)));
        Ok(block)
    }

    /// Makes a block without adding it to the chain, of these transactions as far as they fit.
    ///
    /// # Errors
    ///
    /// If the host cannot run it.
    pub fn build(
        &self,
        attributes: &Attributes,
        ready: &[Arc<Waiting>],
    ) -> Result<(Sealed, ChangeSet, Vec<B256>), Failure> {
        let ledger = self.shared.ledger();
        let mut header = self.next_header(&ledger, attributes);
        let spec = &self.shared.spec;
        let environment = Environment::of_header(spec, &header, &ledger.hashes());
        let mut draft = Draft::begin(
            &self.shared.engine,
            spec,
            ledger.world.clone(),
            environment,
            header.parent_hash,
            header.parent_beacon_block_root,
        )?;
        let (mut transactions, mut senders, mut dropped) = (Vec::new(), Vec::new(), Vec::new());
        for waiting in ready {
            let checks = Checks { sender_code: !waiting.impersonated, ..Checks::ALL };
            match draft.push(&waiting.transaction, checks, None) {
                Ok(_) => {
                    transactions.push(waiting.envelope.clone());
                    senders.push(waiting.transaction.sender);
                }
                // a later block has room
                Err(Refused::BlockGas { .. } | Refused::BlockBlobs) => {}
                Err(Refused::Failure(failure)) => return Err(failure),
                Err(Refused::Invalid(
                    Invalid::NonceTooHigh { .. }
                    | Invalid::FeeBelowBase { .. }
                    | Invalid::BlobFee { .. },
                )) => {}
                Err(Refused::Invalid(error)) => {
                    let hash = waiting.transaction.hash;
                    tracing::warn!(%hash, %error, "a transaction was dropped");
                    dropped.push(hash);
                }
            }
        }
        let finished = draft.finish(&attributes.withdrawals, &[])?;
        finished.complete(&mut header, &transactions);
        let sealed = Sealed {
            hash: header.hash_slow(),
            withdrawals: header.withdrawals_root.map(|_| attributes.withdrawals.clone()),
            header,
            transactions,
            senders,
            ommers: Vec::new(),
            receipts: finished.receipts,
            states: States::Here { before: ledger.world.clone(), after: finished.world },
        };
        Ok((sealed, finished.changes, dropped))
    }

    /// The block that would be made now.
    ///
    /// # Errors
    ///
    /// If the host cannot run it.
    pub fn pending_block(&self) -> Result<Sealed, Failure> {
        let ledger = self.shared.ledger();
        let base_fee = U256::from(self.pending_header().base_fee_per_gas.unwrap_or(0));
        let ready = self.shared.pool().ready(base_fee, |sender| nonce_of(&ledger, sender));
        Ok(self.build(&Attributes::default(), &ready)?.0)
    }

    /// Makes a block without adding it to the chain, of these transactions, or of what waits.
    ///
    /// # Errors
    ///
    /// If the host cannot run it.
    pub fn build_with(
        &self,
        attributes: &Attributes,
        chosen: Option<Vec<Arc<Waiting>>>,
    ) -> Result<Sealed, Failure> {
        let ready = chosen.unwrap_or_else(|| {
            let ledger = self.shared.ledger();
            let header = self.next_header(&ledger, attributes);
            let base_fee = U256::from(header.base_fee_per_gas.unwrap_or(0));
            self.shared.pool().ready(base_fee, |sender| nonce_of(&ledger, sender))
        });
        Ok(self.build(attributes, &ready)?.0)
    }

    /// Makes blocks, each this many seconds after the last.
    ///
    /// # Errors
    ///
    /// If the host cannot run one.
    pub fn mine_many(&mut self, count: u64, interval: Option<u64>) -> Result<(), Failure> {
        for index in 0..count.min(MOST_BLOCKS) {
            if let Some(interval) = interval.filter(|_| index > 0) {
                let last = self.shared.ledger().head().header.timestamp;
                self.settings.next_timestamp = Some(last.saturating_add(interval));
            }
            self.mine()?;
        }
        Ok(())
    }

    /// Executes blocks of others, checks them, and adds them to the chain.
    ///
    /// # Errors
    ///
    /// If a block breaks a rule; those before it stay.
    pub fn import(
        &mut self,
        blocks: impl IntoIterator<Item = Result<Block<TxEnvelope>, ImportError>>,
    ) -> Result<u64, ImportError> {
        for block in blocks {
            let ledger = self.shared.ledger();
            let (hashes, parent) = (ledger.hashes(), (&**ledger.head(), &ledger.world));
            let (engine, spec) = (&self.shared.engine, &self.shared.spec);
            let (sealed, changes) = import(engine, spec, parent, &hashes, block?)?;
            let sealed = self.add(sealed, &changes, self.settings.clone())?;
            self.shared.announce(Event::Block(sealed));
        }
        Ok(self.shared.ledger().height())
    }

    /// Changes the state by hand, as if the newest block had.
    ///
    /// # Errors
    ///
    /// If the state cannot be changed.
    pub fn change_state(&mut self, changes: &ChangeSet) -> Result<(), Failure> {
        let ledger = self.shared.ledger();
        let mut next = Ledger::clone(&ledger);
        next.world = ledger.world.with(changes.clone())?;
        if let Some(archive) = &self.archive {
            let view = archive.change(&ledger, &next.world, changes, &self.settings)?;
            next = next.archived(view);
            self.kept = self.settings.clone();
        }
        self.shared.publish(Arc::new(next));
        Ok(())
    }

    /// Changes one account by hand.
    ///
    /// # Errors
    ///
    /// If the state cannot be changed.
    pub fn change_account(&mut self, address: &Address, hand: &Hand) -> Result<(), Failure> {
        let changes = hand.changes(&self.shared.ledger().world, address)?;
        self.change_state(&changes)
    }

    /// Remembers everything as it is.
    ///
    /// # Errors
    ///
    /// If the file cannot be written to.
    pub fn snapshot(&mut self) -> Result<u64, Failure> {
        let number = self.settings.next_snapshot;
        let settings =
            Settings { next_snapshot: number.saturating_add(1), ..self.settings.clone() };
        let ledger = self.shared.ledger();
        let offset = self.settings.offset;
        let chain = match &self.archive {
            None => SnapshotChain::Ledger(ledger),
            Some(archive) => {
                let (depth, height) = ledger.archived_at().unwrap_or_default();
                let saved = SavedSnapshot { depth, number: height, offset };
                let view = archive.save(number, &saved, &settings)?;
                self.kept = settings.clone();
                self.shared.publish(Arc::new(Ledger::clone(&ledger).archived(view)));
                SnapshotChain::Saved(saved)
            }
        };
        self.settings = settings;
        let pool = self.shared.pool();
        let waiting = pool.senders().flat_map(|(_, queue)| queue.values().cloned()).collect();
        drop(pool);
        self.snapshots.insert(number, Snapshot { chain, waiting, offset });
        Ok(number)
    }

    /// Returns to a snapshot, which then is used up, like all later ones. `false` if there is none.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or written to.
    pub fn revert(&mut self, number: u64) -> Result<bool, Failure> {
        let Some(snapshot) = self.snapshots.get(&number) else { return Ok(false) };
        let settings =
            Settings { offset: snapshot.offset, next_timestamp: None, ..self.settings.clone() };
        let ledger = match (&snapshot.chain, &self.archive) {
            (SnapshotChain::Saved(saved), Some(archive)) => {
                let ledger = self.shared.ledger();
                let (view, world) = archive.revert(&ledger, number, saved, &settings)?;
                Arc::new(Ledger::load(view, world, Some(&ledger))?)
            }
            (SnapshotChain::Ledger(ledger), _) => Arc::clone(ledger),
            // what is saved is in the file
            (SnapshotChain::Saved(_), None) => return Ok(false),
        };
        self.kept = settings.clone();
        self.settings = settings;
        let waiting = self.snapshots.remove(&number).map(|snapshot| snapshot.waiting);
        self.snapshots.split_off(&number);
        self.shared.publish(ledger);
        let mut pool = self.shared.pool();
        pool.clear();
        for waiting in waiting.into_iter().flatten() {
            let (envelope, transaction) = (waiting.envelope.clone(), waiting.transaction.clone());
            // it was in the pool before, so it has room
            let _ = pool.insert(envelope, transaction, waiting.impersonated);
        }
        Ok(true)
    }

    /// Moves the clock, and gives what was added to it altogether. The next block is at least so many
    /// seconds after the last: blocks that were made faster than one a second are ahead of the clock,
    /// which catches up first.
    pub fn increase_time(&mut self, seconds: i64) -> i64 {
        let behind = self.shared.ledger().head().header.timestamp.saturating_sub(self.now());
        let behind = i64::try_from(behind).unwrap_or(i64::MAX);
        self.settings.offset = self.settings.offset.saturating_add(behind).saturating_add(seconds);
        self.settings.offset
    }

    /// Sets the clock, and gives what was added to it altogether.
    pub fn set_time(&mut self, time: u64) -> i64 {
        self.settings.offset = offset_to(time.min(MAX_TIME));
        self.settings.offset
    }

    /// Says the time of the next block. `false` if it is not after the last block's, or above
    /// [`MAX_TIME`].
    pub fn set_next_timestamp(&mut self, time: u64) -> bool {
        let holds = time > self.shared.ledger().head().header.timestamp && time <= MAX_TIME;
        if holds {
            self.settings.next_timestamp = Some(time);
        }
        holds
    }

    /// Says how many seconds each block is after the last; `None`: by the clock.
    pub fn set_timestamp_interval(&mut self, seconds: Option<u64>) {
        self.settings.timestamp_interval = seconds;
    }

    /// Says the base fee of the next block.
    pub fn set_next_base_fee(&mut self, fee: u64) {
        self.settings.next_base_fee = Some(fee);
    }

    /// Says the randomness of the next block.
    pub fn set_next_randomness(&mut self, randomness: B256) {
        self.settings.next_randomness = Some(randomness.0);
    }

    /// Says who gets tips.
    pub fn set_coinbase(&mut self, coinbase: Address) {
        self.settings.coinbase = coinbase.0.0;
    }

    /// The account that gets tips.
    pub fn coinbase(&self) -> Address {
        self.settings.coinbase.into()
    }

    /// Says the gas limit of blocks.
    pub fn set_gas_limit(&mut self, limit: u64) {
        self.settings.gas_limit = Some(limit);
    }

    /// Takes a transaction out of the pool.
    pub fn drop_transaction(&mut self, hash: &B256) -> bool {
        self.shared.pool().remove(hash).is_some()
    }

    /// Takes everything out of the pool.
    pub fn drop_all(&mut self) {
        self.shared.pool().clear();
    }

    /// Returns to the first block.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or written to.
    pub fn reset(&mut self) -> Result<(), Failure> {
        let settings = Settings { offset: 0, next_timestamp: None, ..self.settings.clone() };
        let mut ledger = Ledger::new(self.first.clone());
        if let Some(archive) = &self.archive {
            ledger = ledger.archived(archive.reset(&self.first, &settings)?);
        }
        self.kept = settings.clone();
        self.settings = settings;
        self.shared.publish(Arc::new(ledger));
        self.shared.pool().clear();
        self.snapshots.clear();
        Ok(())
    }
}

/// How far this time is from the clock.
fn offset_to(time: u64) -> i64 {
    let clock = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    time.saturating_sub(clock) as i64 - clock.saturating_sub(time) as i64
}

/// The most that a transaction may cost its sender.
fn most_cost(transaction: &Transaction) -> U256 {
    let gas = transaction.max_fee_per_gas.saturating_mul(U256::from(transaction.gas_limit));
    let blobs = transaction.max_fee_per_blob_gas.saturating_mul(U256::from(transaction.blob_gas()));
    gas.saturating_add(blobs).saturating_add(transaction.value)
}

/// The next nonce of an account. What cannot be read has none.
fn nonce_of(ledger: &Ledger, sender: &Address) -> u64 {
    ledger.world.account(&chain_address(sender)).map(|account| account.nonce).unwrap_or(u64::MAX)
}
