//! The state after a block, and what can be asked of it.

use std::sync::Arc;

use bessemer_abi::limits::ACCESS_ENTRIES;
use bessemer_image::CodeHash;
use bessemer_runtime::{Engine, InterruptHandle, Linker};
use bessemer_trie::AccountProof;
use bessemer_types::{Address, U256};

use crate::account::Account;
use crate::chain::{ChainConfig, ChainError};
use crate::encoding::decode_account;
use crate::executor::Executor;
use crate::header::Header;
use crate::host::{Context, Session};
use crate::inspect::Inspector;
use crate::journal::Journal;
use crate::key::{StateKey, StorageKey};
use crate::modules::Modules;
use crate::price::Prices;
use crate::process::Processor;
use crate::receipt::Receipt;
use crate::request::{CallRequest, DeployRequest};
use crate::size::CodeSize;
use crate::store::commitment::{self, InRows, Reader};
use crate::store::{Store, StoreError, View};
use crate::transaction::{BlockInfo, Transaction};

/// The state after a block: accounts, values, proofs, and what calls would give.
///
/// A [`Chain`](crate::Chain) can be asked what this can be asked: then the block is the newest. A
/// [`Reader`](crate::Reader) has the state after one block, whatever happens to the chain, and
/// [`Block::pending`](crate::Block::pending) gives that of a block which is being made. Queries and
/// simulations run in the block behind the state, whose values are in [`State::info`].
///
/// ```
/// use bessemer_chain::{Chain, State, U256};
/// use bessemer_runtime::{Config, Engine};
///
/// /// A shared reference suffices, of a chain too.
/// fn would_pay(state: &State, gas: u64) -> Result<bool, bessemer_chain::ChainError> {
///     let poor = Chain::user_address("nobody");
///     Ok(state.call(poor, "").value(U256::ONE).gas(gas).simulate().is_ok())
/// }
///
/// let chain = Chain::in_memory(&Engine::new(Config::new())?)?;
/// assert!(!would_pay(&chain, 1_000_000)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct State {
    shared: Arc<Shared>,
    view: Arc<dyn View>,
    head: Header,
    /// The block in which queries run.
    next: BlockInfo,
    /// Whether the view has the tries of what it has.
    commits: bool,
}

/// Shared by all states of a chain.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) modules: Arc<Modules>,
    pub(crate) linker: Linker<Context>,
    pub(crate) config: ChainConfig,
    #[cfg(feature = "evm")]
    pub(crate) evm: crate::bytecode::Shared,
}

impl State {
    /// The state after block `head`, which a view has.
    pub(crate) fn new(shared: Arc<Shared>, view: Arc<dyn View>, head: Header) -> Self {
        let next = next_block(&shared.config, &head, None);
        let commits = shared.store.commits();
        Self { shared, view, head, next, commits }
    }

    /// The same state over a snapshot of the store.
    pub(crate) fn snapshot(&self) -> Result<Self, ChainError> {
        let view = self.shared.store.snapshot()?;
        Ok(Self::new(Arc::clone(&self.shared), view, self.head.clone()))
    }

    /// The state in a block that is being made, with this view.
    pub(crate) fn pending(&self, view: Arc<dyn View>, info: BlockInfo) -> Self {
        let (shared, head) = (Arc::clone(&self.shared), self.head.clone());
        Self { shared, view, head, next: info, commits: false }
    }

    /// The rules of the chain.
    pub fn config(&self) -> &ChainConfig {
        &self.shared.config
    }

    /// The number of the newest block; 0 before the first.
    pub fn height(&self) -> u64 {
        self.head.height
    }

    /// The newest block's header.
    pub fn head(&self) -> &Header {
        &self.head
    }

    /// The header of a block; `None` if there is no such block.
    ///
    /// # Errors
    ///
    /// [`ChainError::Store`].
    pub fn header(&self, height: u64) -> Result<Option<Header>, ChainError> {
        if height > self.head.height {
            return Ok(None);
        }
        Ok(self.shared.store.header(height)?)
    }

    /// The receipt of a transaction; `None` if there is no such transaction.
    ///
    /// # Errors
    ///
    /// [`ChainError::Store`].
    pub fn receipt(&self, height: u64, index: u32) -> Result<Option<Receipt>, ChainError> {
        if height > self.head.height {
            return Ok(None);
        }
        Ok(self.shared.store.receipt(height, index)?)
    }

    /// The receipts of a block, in order.
    ///
    /// # Errors
    ///
    /// [`ChainError::Store`].
    pub fn receipts(&self, height: u64) -> Result<Vec<Receipt>, ChainError> {
        if height > self.head.height {
            return Ok(Vec::new());
        }
        Ok(self.shared.store.receipts(height)?)
    }

    /// An account; all zero if it was never used.
    ///
    /// # Errors
    ///
    /// [`ChainError::Store`].
    pub fn account(&self, address: &Address) -> Result<Account, ChainError> {
        let value = self.view.get(&StateKey::Account(*address))?;
        let account = value.map(|value| decode_account(&value)).transpose();
        Ok(account.map_err(StoreError::from)?.unwrap_or_default())
    }

    /// The balance of an account.
    ///
    /// # Errors
    ///
    /// [`ChainError::Store`].
    pub fn balance(&self, address: &Address) -> Result<U256, ChainError> {
        Ok(self.account(address)?.balance)
    }

    /// A value that a contract stored.
    ///
    /// # Errors
    ///
    /// [`ChainError::Key`] for more than 64 bytes, and [`ChainError::Store`].
    pub fn storage(&self, contract: &Address, key: &[u8]) -> Result<Option<Vec<u8>>, ChainError> {
        let key = StateKey::Storage(*contract, StorageKey::new(key)?);
        Ok(self.view.get(&key)?.map(|value| value.to_vec()))
    }

    /// The file of a contract.
    ///
    /// # Errors
    ///
    /// [`ChainError::Store`].
    pub fn code(&self, hash: &CodeHash) -> Result<Option<Vec<u8>>, ChainError> {
        Ok(self.view.get(&StateKey::Code(*hash))?.map(|value| value.to_vec()))
    }

    /// The bytecode of an EVM contract.
    ///
    /// # Errors
    ///
    /// [`ChainError::Store`].
    pub fn bytecode(&self, hash: &CodeHash) -> Result<Option<Vec<u8>>, ChainError> {
        Ok(self.view.get(&StateKey::Bytecode(*hash))?.map(|value| value.to_vec()))
    }

    /// The sizes of the file of a contract: what a frame of it costs to enter follows from them.
    ///
    /// # Errors
    ///
    /// [`ChainError::Store`].
    pub fn code_size(&self, hash: &CodeHash) -> Result<Option<CodeSize>, ChainError> {
        let value = self.view.get(&StateKey::CodeSize(*hash))?;
        let size = value.map(|value| CodeSize::decode(&value)).transpose();
        Ok(size.map_err(StoreError::from)?)
    }

    /// The state root: Ethereum's, of everything that the newest block leaves. `None` on a store that
    /// commits to nothing.
    pub fn state_root(&self) -> Option<[u8; 32]> {
        self.head.roots.as_ref().map(|roots| roots.state)
    }

    /// The proof of an account, and of what it stores under these keys, against
    /// [`State::state_root`].
    ///
    /// # Errors
    ///
    /// [`ChainError::Store`], also if the store commits to nothing.
    pub fn prove(
        &self,
        account: &Address,
        keys: &[StorageKey],
    ) -> Result<AccountProof, ChainError> {
        if !self.commits {
            return Err(StoreError::Unsupported { what: "state root" }.into());
        }
        let root = commitment::root(&*self.view)?;
        Ok(Reader::new(root).proof(&InRows(&*self.view), account, keys)?)
    }

    /// Runs a transaction as the only one of the next block, and keeps nothing. The receipt's diagnosis has
    /// the access list with which the transaction does the same, unless that is longer than a list may be.
    /// With the list, the transaction also pays for the list.
    ///
    /// # Errors
    ///
    /// [`ChainError::Refused`] if it cannot be part of a block; otherwise the host's failures.
    pub fn simulate(&self, transaction: &Transaction) -> Result<Receipt, ChainError> {
        self.simulate_inspected(transaction, None)
    }

    /// Like [`State::simulate`], and tells an inspector what happens.
    ///
    /// # Errors
    ///
    /// As [`State::simulate`].
    pub fn simulate_inspected(
        &self,
        transaction: &Transaction,
        inspector: Option<&mut dyn Inspector>,
    ) -> Result<Receipt, ChainError> {
        self.simulate_until(transaction, inspector, None)
    }

    /// Like [`State::simulate_inspected`], unless the handle is used before the end.
    pub(crate) fn simulate_until(
        &self,
        transaction: &Transaction,
        mut inspector: Option<&mut dyn Inspector>,
        interrupt: Option<&InterruptHandle>,
    ) -> Result<Receipt, ChainError> {
        let mut processor = self.processor(self.view(), self.next);
        processor.executor.interrupt = interrupt.cloned();
        let processed =
            processor.process(transaction, 0, self.shared.config.block_gas, &mut inspector)?;
        let mut receipt = processed.receipt;
        let session = processor.session();
        if session.journal.accessed_keys() <= ACCESS_ENTRIES as usize {
            receipt.diagnosis.access = Some(session.journal.accessed());
        } else {
            receipt.diagnosis.cut = true;
        }
        Ok(receipt)
    }

    /// The prices of transactions and state.
    pub fn prices(&self) -> &Prices {
        &self.shared.config.prices
    }

    /// Calls a function of a contract, named by its Solidity signature like
    /// `balanceOf(address)`, to query it or to simulate the call; without a signature, the input is
    /// empty.
    pub fn call<'s>(&'s self, contract: Address, signature: &str) -> CallRequest<'s, &'s Self> {
        CallRequest::new(self, contract, signature)
    }

    /// A deployment of a contract from its file, to simulate it.
    pub fn deploy(&self, code: impl Into<Arc<[u8]>>) -> DeployRequest<'_, &Self> {
        DeployRequest::new(self, code.into())
    }

    /// The values of the block in which queries and simulations run.
    pub fn info(&self) -> &BlockInfo {
        &self.next
    }

    /// The engine that contracts run on: the one that the chain was made with, with the limits and the gas
    /// schedule of contracts.
    pub fn engine(&self) -> &Engine {
        self.shared.modules.engine()
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// The block after the newest, one second later or at this time.
    pub(crate) fn next_block(&self, timestamp: Option<u64>) -> BlockInfo {
        next_block(&self.shared.config, &self.head, timestamp)
    }

    /// The hash of the newest block; zeros before the first.
    pub(crate) fn head_hash(&self) -> [u8; 32] {
        if self.head.height == 0 { [0; 32] } else { self.head.hash() }
    }

    pub(crate) fn view(&self) -> Arc<dyn View> {
        Arc::clone(&self.view)
    }

    pub(crate) fn processor(&self, view: Arc<dyn View>, info: BlockInfo) -> Processor {
        let modules = Arc::clone(&self.shared.modules);
        let session = Session::new(
            Journal::new(view),
            modules,
            self.shared.config.prices,
            info,
            #[cfg(feature = "evm")]
            self.shared.evm.of_block(self.block_hashes()),
        );
        Processor::new(Executor::new(self.shared.linker.clone()), session)
    }

    pub(crate) fn advance(&mut self, head: Header) {
        self.next = next_block(&self.shared.config, &head, None);
        self.head = head;
    }

    pub(crate) fn shared_mut(&mut self) -> &mut Shared {
        Arc::make_mut(&mut self.shared)
    }
}

fn next_block(config: &ChainConfig, head: &Header, timestamp: Option<u64>) -> BlockInfo {
    let least = head.timestamp;
    BlockInfo {
        chain_id: config.chain_id,
        height: head.height + 1,
        timestamp: timestamp.unwrap_or(least + 1).max(least),
        #[cfg(feature = "evm")]
        gas_limit: crate::bytecode::to_ethereum(config.block_gas),
        coinbase: config.fee_recipient.unwrap_or_default(),
        ..BlockInfo::default()
    }
}
