//! Blocks: transactions in order, committed together.

mod batch;

use std::sync::Arc;

use bessemer_types::{Address, Decode, EncodeFields, U256};

use crate::access::AccessList;
use crate::account::Account;
use crate::chain::{Chain, ChainError};
use crate::header::{Header, Listed, Roots};
use crate::inspect::Inspector;
use crate::journal::JournalError;
use crate::parallel::ParallelStatistics;
use crate::process::{Processed, Processor, Stopped};
use crate::receipt::{Diagnosis, Receipt};
#[cfg(feature = "secp256k1")]
use crate::signed::Signed;
use crate::state::State;
use crate::stateless::{self, Witness};
use crate::store::{BlockCommit, ChangeSet, Changed, CommitmentRows, RecordSet, View};
use crate::transaction::{BlockInfo, Refusal, Transaction};

pub use self::batch::BlockTransaction;

/// A block in the making. Dropped without [`Block::commit`], it leaves no trace.
///
/// ```
/// use bessemer_chain::{Action, Address, Chain, Transaction, U256};
/// use bessemer_runtime::{Config, Engine};
///
/// let mut chain = Chain::in_memory(&Engine::new(Config::new())?)?;
/// let (alice, bob) = (chain.user("alice")?, Address::new([7; 20]));
/// let mut block = chain.block();
/// block.push(&Transaction {
///     sender: alice,
///     nonce: 0,
///     gas_limit: 1_000_000,
///     gas_price: U256::ZERO,
///     value: U256::from(5),
///     action: Action::Call { to: bob, input: Vec::new() },
///     access: None,
/// })?;
/// block.commit()?;
/// assert_eq!(chain.balance(&bob)?, U256::from(5));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Block<'c> {
    chain: &'c mut Chain,
    progress: Progress,
    info: BlockInfo,
    receipts: Vec<Receipt>,
    fees: U256,
    gas_used: u64,
    /// The size of the receipts.
    receipt_bytes: u64,
    diagnosis_bytes: usize,
    /// The transactions, if the block commits to them.
    listed: Option<Vec<Listed>>,
    certificate: Vec<u8>,
    witness: bool,
    parallel: ParallelStatistics,
}

/// Whether a block can go on.
enum Progress {
    Open(Box<Processor>),
    /// The host failed in the middle of a transaction, so that what the journal holds is not a state.
    Failed,
}

/// A committed block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// The header.
    pub header: Header,
    /// The receipts of its transactions, in order.
    pub receipts: Vec<Receipt>,
    /// The part of the state before the block that it needs, if [`Block::record_witness`] was
    /// called.
    pub witness: Option<Witness>,
}

/// A block that is complete, and what it changes.
struct Closed<'c> {
    chain: &'c mut Chain,
    sealed: Sealed,
    changes: ChangeSet,
    rows: CommitmentRows,
}

impl<'c> Block<'c> {
    pub(crate) fn new(chain: &'c mut Chain, timestamp: Option<u64>) -> Self {
        let info = chain.next_block(timestamp);
        let processor = chain.processor(chain.view(), info);
        // blocks are as large as the block before, most often
        let receipts = Vec::with_capacity(chain.head().transactions as usize);
        let listed = chain.store().commits().then(Vec::new);
        Self {
            chain,
            progress: Progress::Open(Box::new(processor)),
            info,
            receipts,
            fees: U256::ZERO,
            gas_used: 0,
            receipt_bytes: 0,
            diagnosis_bytes: 0,
            listed,
            certificate: Vec::new(),
            witness: false,
            parallel: ParallelStatistics::default(),
        }
    }

    /// The values of the block that contracts can read.
    pub fn info(&self) -> &BlockInfo {
        &self.info
    }

    /// Puts bytes into the header by which the chain's consensus certifies the block before.
    pub fn certify(&mut self, certificate: Vec<u8>) {
        self.certificate = certificate;
    }

    /// Makes [`Block::commit`] collect the block's witness, with which [`stateless::execute`] runs the block
    /// without the state. Has no effect on a store without a state root.
    pub fn record_witness(&mut self) {
        self.witness = true;
    }

    /// The receipts so far.
    pub fn receipts(&self) -> &[Receipt] {
        &self.receipts
    }

    /// Processes a transaction as the next of the block.
    ///
    /// # Errors
    ///
    /// [`ChainError::Refused`] if it cannot be part of the block, which then is as before. Everything
    /// else is the host's failure, after which the block has failed: it takes no transaction and is
    /// not committed, which is [`ChainError::BlockFailed`]. A panic of the embedder's own code does
    /// the same.
    pub fn push(&mut self, transaction: &Transaction) -> Result<&Receipt, ChainError> {
        self.push_inspected(transaction, None)
    }

    /// Like [`Block::push`], and tells an inspector what happens.
    ///
    /// # Errors
    ///
    /// As [`Block::push`].
    pub fn push_inspected(
        &mut self,
        transaction: &Transaction,
        mut inspector: Option<&mut dyn Inspector>,
    ) -> Result<&Receipt, ChainError> {
        self.check_room()?;
        let (index, gas) = (self.receipts.len() as u32, self.gas_left());
        let Processed { receipt, fee, .. } =
            self.work(|processor| processor.process(transaction, index, gas, &mut inspector))?;
        self.fees += fee;
        self.gas_used += receipt.gas_used;
        if let Some(listed) = &mut self.listed {
            listed.push(Listed::own(transaction));
        }
        Ok(self.keep(receipt))
    }

    /// Keeps a receipt, with as much of its diagnosis as there is room for.
    fn keep(&mut self, mut receipt: Receipt) -> &Receipt {
        self.receipt_bytes += receipt.bytes();
        self.diagnosis_bytes += receipt.diagnosis.bytes();
        if self.diagnosis_bytes > Diagnosis::MOST_BYTES_OF_BLOCK {
            self.diagnosis_bytes -= receipt.diagnosis.bytes();
            receipt.diagnosis = Diagnosis { cut: true, ..Diagnosis::default() };
        }
        self.receipts.push_mut(receipt)
    }

    /// Like [`Block::push`], if the sender signed the transaction for this chain. The signature is
    /// checked after everything that costs less to refuse.
    ///
    /// # Errors
    ///
    /// As [`Block::push`]; [`Refusal::Signature`](crate::Refusal::Signature) for a signature of
    /// somebody else.
    #[cfg(feature = "secp256k1")]
    pub fn push_signed(&mut self, signed: &Signed) -> Result<&Receipt, ChainError> {
        self.check_room()?;
        let (chain_id, gas) = (self.info.chain_id, self.gas_left());
        self.work(|processor| {
            processor.check(&signed.transaction, gas)?;
            Ok(signed.check(chain_id)?)
        })?;
        self.push(&signed.transaction)
    }

    /// Refuses a transaction whose receipt might not fit, before anything is done for it.
    fn check_room(&self) -> Result<(), Refusal> {
        let most = self.chain.config().block_receipts;
        match self.receipt_bytes.checked_add(Receipt::MOST_BYTES) {
            Some(bytes) if bytes <= most => Ok(()),
            _ => Err(Refusal::BlockFull { bytes: self.receipt_bytes, most }),
        }
    }

    /// Processes an Ethereum transaction as the next of the block. The block counts RISC-V gas: a unit
    /// of Ethereum's is 2^[`GAS_SHIFT`](crate::evm::GAS_SHIFT) of it. The list that the block commits to
    /// has the transaction's hash, as the envelope is not known; after [`Block::push_raw`] it has the
    /// envelope.
    ///
    /// # Errors
    ///
    /// As [`Block::push`].
    #[cfg(feature = "evm")]
    pub fn push_ethereum(
        &mut self,
        transaction: &bessemer_evm::Transaction,
        inspector: Option<&mut dyn Inspector>,
    ) -> Result<&Receipt, ChainError> {
        self.push_listed(transaction, transaction.hash.as_slice(), inspector)
    }

    #[cfg(feature = "evm")]
    fn push_listed(
        &mut self,
        transaction: &bessemer_evm::Transaction,
        bytes: &[u8],
        inspector: Option<&mut dyn Inspector>,
    ) -> Result<&Receipt, ChainError> {
        self.check_room()?;
        let (index, gas) =
            (self.receipts.len() as u32, crate::bytecode::to_ethereum(self.gas_left()));
        let Processed { receipt, .. } = self.work(|processor| {
            batch::process_ethereum(processor, transaction, index, gas, inspector)
        })?;
        self.gas_used += crate::bytecode::to_riscv(receipt.gas_used);
        if let Some(listed) = &mut self.listed {
            listed.push(Listed { kind: transaction.kind as u8, bytes: bytes.to_vec() });
        }
        Ok(self.keep(receipt))
    }

    /// Decodes the envelope of an Ethereum transaction, finds out who signed it, and processes it as
    /// [`Block::push_ethereum`] does.
    ///
    /// # Errors
    ///
    /// As [`Block::push`]; [`Refusal::Envelope`](crate::Refusal::Envelope) for other bytes.
    #[cfg(feature = "evm")]
    pub fn push_raw(&mut self, envelope: &[u8]) -> Result<&Receipt, ChainError> {
        let transaction = bessemer_evm::Transaction::decode(envelope);
        let transaction =
            transaction.map_err(|error| ChainError::Refused(Refusal::Envelope(error)))?;
        self.push_listed(&transaction, envelope, None)
    }

    fn gas_left(&self) -> u64 {
        self.chain.config().block_gas - self.gas_used
    }

    /// Runs `work` in an open block. The block fails if `work` fails or panics; it stays open if a transaction
    /// is refused.
    fn work<T>(
        &mut self,
        work: impl FnOnce(&mut Processor) -> Result<T, Stopped>,
    ) -> Result<T, ChainError> {
        let Progress::Open(mut processor) = std::mem::replace(&mut self.progress, Progress::Failed)
        else {
            return Err(ChainError::BlockFailed);
        };
        let done = work(&mut processor);
        if let Ok(_) | Err(Stopped::Refused(_)) = done {
            self.progress = Progress::Open(processor);
        }
        Ok(done?)
    }

    /// The keys that the last transaction read, wrote and asked to write; empty in a block that
    /// has failed. With this list, the same transaction on the same state does the same.
    pub fn accessed(&self) -> AccessList {
        match &self.progress {
            Progress::Open(processor) => processor.session().journal.accessed(),
            Progress::Failed => AccessList::default(),
        }
    }

    /// The state after the transactions so far. Other threads may query it, also while the block goes on.
    /// Takes time in proportion to what the block changed. It has no proofs.
    ///
    /// # Errors
    ///
    /// [`ChainError::BlockFailed`] in a block that has failed, and [`ChainError::Store`] if the store
    /// has no snapshots.
    pub fn pending(&self) -> Result<State, ChainError> {
        self.over(self.chain.store().snapshot()?)
    }

    /// Queries a contract in the state as the transactions so far leave it: as
    /// [`pending`](Self::pending), on any store.
    ///
    /// # Errors
    ///
    /// [`ChainError::BlockFailed`] in a block that has failed; otherwise as
    /// [`CallRequest::query`](crate::CallRequest::query).
    pub fn query<T: for<'a> Decode<'a>>(
        &self,
        contract: Address,
        signature: &str,
        arguments: impl EncodeFields,
    ) -> Result<T, ChainError> {
        self.over(self.chain.view())?.call(contract, signature).args(arguments).query()
    }

    /// The state so far, over what was before the block.
    fn over(&self, base: Arc<dyn View>) -> Result<State, ChainError> {
        let Progress::Open(processor) = &self.progress else { return Err(ChainError::BlockFailed) };
        let changes = processor.session().journal.changes();
        Ok(self.chain.state().pending(Arc::new(Changed { base, changes }), self.info))
    }

    /// Ends the block: fees are paid, and state, receipts and header become durable together.
    ///
    /// # Errors
    ///
    /// [`ChainError::Store`] if the store fails; [`Store::commit`](crate::store::Store::commit) says what it
    /// has then. [`ChainError::BlockFailed`] if the host failed in an earlier transaction; then the chain
    /// is as before the block.
    pub fn commit(self) -> Result<Sealed, ChainError> {
        let Closed { chain, sealed, changes, rows } = self.close()?;
        let header = sealed.header.clone();
        let (receipts, records) = (&*sealed.receipts, RecordSet::new());
        chain.store().commit(BlockCommit { header, changes, receipts, records, rows })?;
        chain.advance(sealed.header.clone());
        Ok(sealed)
    }

    /// Ends the block without keeping it: finds out what [`Block::commit`] would give.
    ///
    /// # Errors
    ///
    /// As [`Block::commit`].
    pub fn seal(self) -> Result<Sealed, ChainError> {
        Ok(self.close()?.sealed)
    }

    fn close(self) -> Result<Closed<'c>, ChainError> {
        let Progress::Open(processor) = self.progress else { return Err(ChainError::BlockFailed) };
        let recipient = self.chain.config().fee_recipient;
        let session = &mut *processor.session();
        if let Some(recipient) = recipient.filter(|_| !self.fees.is_zero()) {
            session.journal.begin(None);
            let found = session.journal.account(&recipient)?;
            let balance = found.account.balance.checked_add(self.fees);
            let balance = balance.ok_or(JournalError::Supply)?;
            session.journal.set_account(found.id, Account { balance, ..found.account })?;
        }
        let journal = &session.journal;
        let changes = journal.changes();
        let store = self.chain.store();
        let (witness, commitment) = if self.witness && store.commits() {
            let view = store.snapshot()?;
            let (witness, commitment) =
                stateless::witness(&*view, journal.looked_up(), journal.programs(), &changes)?;
            (Some(witness), Some(commitment))
        } else {
            (None, store.commitment(&changes)?)
        };
        let (state, rows) = match commitment {
            Some(commitment) => (Some(commitment.root), commitment.rows),
            None => (None, Vec::new()),
        };
        let roots = state.map(|state| {
            Roots::new(state, self.listed.as_deref().unwrap_or_default(), &self.receipts)
        });
        let header = Header {
            height: self.info.height,
            timestamp: self.info.timestamp,
            transactions: self.receipts.len() as u32,
            gas_used: self.gas_used,
            gas_limit: self.chain.config().block_gas,
            parent: self.chain.head_hash(),
            beneficiary: recipient.unwrap_or_default(),
            roots,
            certificate: self.certificate,
            schedule: self.chain.config().prices.id,
        };
        let sealed = Sealed { header, receipts: self.receipts, witness };
        Ok(Closed { chain: self.chain, sealed, changes, rows })
    }
}

impl From<Refusal> for ChainError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Stopped> for ChainError {
    fn from(stopped: Stopped) -> Self {
        match stopped {
            Stopped::Refused(refusal) => Self::Refused(refusal),
            Stopped::Failed(error) => Self::Execute(error),
        }
    }
}
