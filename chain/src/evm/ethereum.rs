//! Ethereum transactions over any view of the state.

use std::sync::Arc;

use bessemer_evm::{Rules, Transaction};

use crate::bytecode::BlockHashes;
use crate::chain::ChainError;
use crate::inspect::Inspector;
use crate::journal::Journal;
use crate::process::{Checks, Processor};
use crate::receipt::Receipt;
use crate::state::State;
use crate::store::{ChangeSet, View};
use crate::transaction::BlockInfo;

/// The block in which Ethereum transactions run.
#[derive(Clone)]
pub struct Env {
    /// The environment of the block, as contracts see it.
    pub block: BlockInfo,
    /// The rules of its fork.
    pub rules: Arc<Rules>,
    /// The hashes of the blocks before.
    pub hashes: BlockHashes,
}

/// Transactions one after the other over one view, whose changes can be looked at, and are dropped
/// with this value.
///
/// ```
/// use bessemer_chain::bessemer_evm::alloy_primitives::Address as EthereumAddress;
/// use bessemer_chain::bessemer_evm::Transaction;
/// use bessemer_chain::evm::Checks;
/// use bessemer_chain::{Chain, U256};
/// use bessemer_runtime::{Config, Engine};
///
/// let mut chain = Chain::in_memory(&Engine::new(Config::new())?)?;
/// let alice = chain.user("alice")?;
/// let transfer = Transaction {
///     chain_id: Some(1337),
///     sender: EthereumAddress::from(*alice.as_bytes()),
///     to: Some(EthereumAddress::repeat_byte(7)),
///     value: U256::from(5),
///     gas_limit: 21_000,
///     ..Transaction::default()
/// };
/// let view = chain.store().snapshot()?;
/// let mut ethereum = chain.ethereum(view, chain.env());
/// let receipt = ethereum.transact(&transfer, Checks::ALL, None)?;
/// assert!(receipt.succeeded());
/// assert_eq!(receipt.gas_used, 21_000);
/// assert_eq!(ethereum.changes().len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Ethereum {
    processor: Processor,
    /// The gas that the transactions used.
    gas_used: u64,
    transactions: u32,
}

impl State {
    /// The next block, for Ethereum transactions.
    pub fn env(&self) -> Env {
        Env {
            block: *self.info(),
            rules: Arc::clone(&self.shared().evm.rules),
            hashes: self.block_hashes(),
        }
    }

    /// Runs Ethereum transactions over a view of the state.
    pub fn ethereum(&self, view: Arc<dyn View>, env: Env) -> Ethereum {
        let mut ethereum =
            Ethereum { processor: self.processor(view, env.block), gas_used: 0, transactions: 0 };
        ethereum.set_env(env);
        ethereum
    }

    /// Where EVM contracts find the hashes of blocks.
    pub(crate) fn block_hashes(&self) -> BlockHashes {
        // headers have no hash yet
        Arc::new(|_| None)
    }
}

impl Ethereum {
    /// Processes a transaction. One that is refused leaves everything as it was.
    ///
    /// # Errors
    ///
    /// [`ChainError::Refused`] if a check fails. Everything else is the host's failure, after which
    /// this value is of no use.
    pub fn transact(
        &mut self,
        transaction: &Transaction,
        checks: Checks,
        mut inspector: Option<&mut dyn Inspector>,
    ) -> Result<Receipt, ChainError> {
        let limit = self.processor.session().block.gas_limit;
        let gas = limit.saturating_sub(self.gas_used);
        let index = self.transactions;
        let processed =
            self.processor.process_ethereum(transaction, checks, index, gas, &mut inspector)?;
        self.gas_used += processed.receipt.gas_used;
        self.transactions += 1;
        Ok(processed.receipt)
    }

    /// The gas that the transactions of the block used.
    pub fn gas_used(&self) -> u64 {
        self.gas_used
    }

    /// The next transactions run in this block, over what those before changed.
    pub fn set_env(&mut self, env: Env) {
        let mut session = self.processor.session();
        session.block = env.block;
        session.evm.rules = env.rules;
        session.evm.hashes = env.hashes;
        self.gas_used = 0;
        self.transactions = 0;
    }

    /// Changes state outside of transactions: rewards, withdrawals, overrides.
    ///
    /// # Errors
    ///
    /// The error of `change`.
    pub fn change<T, E>(
        &mut self,
        change: impl FnOnce(&mut Journal) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut session = self.processor.session();
        session.journal.begin(None);
        change(&mut session.journal)
    }

    /// The differences from the view.
    pub fn changes(&self) -> ChangeSet {
        self.processor.session().journal.changes()
    }
}
