//! Blocks: transactions in order, committed together.

use bessemer_types::U256;

use crate::account::Account;
use crate::chain::{Chain, ChainError};
use crate::host::Session;
use crate::inspect::Inspector;
use crate::process::{Processed, Processor};
use crate::receipt::Receipt;
use crate::records::{self, Header};
use crate::store::BlockCommit;
use crate::transaction::{BlockInfo, Refusal, Transaction};

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
    processor: Processor,
    info: BlockInfo,
    receipts: Vec<Receipt>,
    fees: U256,
    gas_used: u64,
}

/// A committed block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// What the block says of itself.
    pub header: Header,
    /// The receipts of its transactions, in order.
    pub receipts: Vec<Receipt>,
}

impl<'c> Block<'c> {
    pub(crate) fn new(chain: &'c mut Chain, timestamp: Option<u64>) -> Self {
        let info = chain.next_block(timestamp);
        let processor = chain.processor(chain.view(), info);
        // blocks are as large as the block before, most often
        let receipts = Vec::with_capacity(chain.head().transactions as usize);
        Self { chain, processor, info, receipts, fees: U256::ZERO, gas_used: 0 }
    }

    /// What contracts can know of the block.
    pub fn info(&self) -> &BlockInfo {
        &self.info
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
    /// else is the host's failure, after which the block cannot go on.
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
        let gas = self.chain.config().block_gas - self.gas_used;
        let index = self.receipts.len() as u32;
        let processed = self.processor.process(transaction, index, gas, &mut inspector)?;
        let Processed { receipt, fee } = processed.map_err(ChainError::Refused)?;
        self.fees += fee;
        self.gas_used += receipt.gas_used;
        Ok(self.receipts.push_mut(receipt))
    }

    /// What the last transaction read and wrote.
    pub fn accessed(&self) -> crate::AccessList {
        self.processor.session().journal.accessed()
    }

    /// Ends the block: fees are paid, and state, receipts and header become durable together.
    ///
    /// # Errors
    ///
    /// [`ChainError::Store`] if the store fails; then the chain is as before the block.
    pub fn commit(mut self) -> Result<Sealed, ChainError> {
        let recipient = self.chain.config().fee_recipient;
        let session: &mut Session = self.processor.session_mut();
        if let Some(recipient) = recipient.filter(|_| !self.fees.is_zero()) {
            session.journal.begin(None);
            let found = session.journal.account(&recipient)?;
            let balance = found.account.balance.saturating_add(self.fees);
            session.journal.set_account(found.id, Account { balance, ..found.account })?;
        }
        let header = Header {
            height: self.info.height,
            timestamp: self.info.timestamp,
            transactions: self.receipts.len() as u32,
            gas_used: self.gas_used,
        };
        let changes = session.journal.changes();
        let records = records::of_block(&header, &self.receipts)?;
        self.chain.store().commit(BlockCommit { height: header.height, changes, records })?;
        self.chain.advance(header.clone());
        Ok(Sealed { header, receipts: self.receipts })
    }
}

impl From<Refusal> for ChainError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}
