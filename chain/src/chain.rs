//! The chain: state, and the ways to use it.

use std::ops::Deref;
use std::sync::Arc;

use bessemer_runtime::{Caller, Engine, Error, HostResult};
use bessemer_types::{Address, U256};
use sha3::{Digest, Keccak256};

use crate::block::Block;
use crate::executor::ExecuteError;
use crate::extension::{self, Extension, ExtensionRow, FIRST_EXTENSION};
use crate::header::Header;
use crate::host::{self, Context};
use crate::journal::JournalError;
use crate::key::KeyTooLong;
use crate::modules::Modules;
use crate::price::Prices;
use crate::reader::{Newest, Reader};
use crate::receipt::Receipt;
use crate::request::{CallRequest, DeployRequest};
use crate::state::{Shared, State};
use crate::store::commitment;
use crate::store::{MemoryStore, Store, StoreError, View};
use crate::transaction::Refusal;

/// Accounts, contracts and blocks, on a store.
///
/// A chain answers the queries of [`State`], for the state after the newest
/// block. Others read beside the blocks with a [`Reader`].
///
/// ```
/// use bessemer_chain::{Chain, U256};
/// use bessemer_runtime::{Config, Engine};
///
/// let mut chain = Chain::in_memory(&Engine::new(Config::new())?)?;
/// let (alice, bob) = (chain.user("alice")?, chain.user("bob")?);
/// let before = chain.balance(&bob)?;
/// let receipt = chain.call(bob, "").from(alice).value(U256::from(5)).send()?;
/// assert!(receipt.succeeded());
/// assert_eq!(chain.balance(&bob)?, before + U256::from(5));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Chain {
    /// The newest state. Its view is the store itself, which only changes by `&mut self`.
    state: State,
    newest: Arc<Newest>,
}

/// The rules of a chain that are its founder's choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainConfig {
    /// The chain's identity, which contracts and signatures see.
    pub chain_id: u64,
    /// What guest code, transactions and state of a new chain cost. A chain that has blocks goes on with the
    /// schedule that they name, whatever is said here.
    pub prices: Prices,
    /// The most gas that the transactions of a block may use together. The default, 2^34, is that of
    /// some 60,000 token transfers, and four of the largest deployments.
    pub block_gas: u64,
    /// The most bytes that the receipts of a block may have together, as [`Receipt::bytes`] counts
    /// them. A block takes no transaction whose receipt might not fit, which may have up to
    /// [`Receipt::MOST_BYTES`].
    pub block_receipts: u64,
    /// The account that gets the fees at the end of each block. With `None` they are burnt.
    pub fee_recipient: Option<Address>,
    /// The endowment that [`Chain::user`] gives to a new user.
    pub endowment: U256,
    /// Bytes of memory for modules of contracts that are kept ready; more are made again when they are
    /// called. Modules of frames that run are kept beyond that.
    pub module_bytes: u64,
    /// The fork of Ethereum whose rules hold for EVM contracts and Ethereum transactions.
    #[cfg(feature = "evm")]
    pub fork: bessemer_evm::Fork,
    /// How many threads read the declared keys of transactions at the begin of [`Block::push_all`]; 0 for
    /// none. The threads mostly wait for the store, so choose as many as it answers at once, not the
    /// number of cores.
    pub prefetch: usize,
    /// Threads that execute the transactions of [`Block::push_all`], with the same outcome for every
    /// number; with 1 or 0, the thread of the caller does. A host call of the embedder's own may then be
    /// made for an execution that does not count, and by several threads at the same time.
    pub threads: usize,
}

/// A failure of the chain or of the host, as opposed to the outcome of a transaction.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// The transaction cannot be part of a block.
    #[error("the transaction was refused: {0}")]
    Refused(Refusal),
    /// The host failed in an earlier transaction of the block, which takes no more and is not committed.
    #[error("the block failed before; drop it and begin another")]
    BlockFailed,
    /// The transaction, or the query, failed; what it did is undone.
    #[error("{}", crate::explain::sentence(.0))]
    Failed(Box<Receipt>),
    /// The text that names the called function is not a signature. Nothing was paid.
    #[error("`{signature}` is not a signature of a function: {reason}")]
    Signature {
        /// The text that was given.
        signature: String,
        /// The fault.
        reason: String,
    },
    /// The account that was asked has no code, so that nothing could answer.
    #[error("{contract} has no code: there is no contract at this address to query")]
    NoCode {
        /// The account.
        contract: Address,
    },
    /// The output of a contract cannot be decoded as the type that was asked for.
    #[error("{contract} returned {} bytes that are not {expected}", .output.len())]
    Output {
        /// The contract.
        contract: Address,
        /// The type that was asked for.
        expected: &'static str,
        /// The output.
        output: Vec<u8>,
        /// The fault.
        source: bessemer_types::DecodeError,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Contracts could not run.
    #[error(transparent)]
    Execute(#[from] ExecuteError),
    /// The engine cannot run contracts.
    #[error(transparent)]
    Engine(#[from] Error),
    /// A host call of the embedder's own has a number of the table.
    #[error("host call {0:#x} belongs to the table; use {FIRST_EXTENSION:#x} or more")]
    Number(u32),
    /// An endowment above [`Chain::MOST_ENDOWED`].
    #[error("an endowment of {amount} is above 2^192, the most that keeps the supply below 2^256")]
    Supply {
        /// The amount that was to be created.
        amount: U256,
    },
    /// The state is not the one that the newest block commits to.
    #[error(
        "the newest block states the state root 0x{}, and the state has 0x{}: the database is damaged, \
         restore it from a copy",
        hex::encode(.stated), hex::encode(.built)
    )]
    Root {
        /// The root in the header.
        stated: [u8; 32],
        /// The root of what is stored.
        built: [u8; 32],
    },
    /// The configuration has other prices under the number of a schedule that everybody has.
    #[error(
        "the prices of the configuration have number {id} and are not those of gas schedule {id}: give \
         prices of your own a number from {own} on", own = Prices::FIRST_OWN
    )]
    Prices {
        /// The number.
        id: u32,
    },
    /// The chain has a gas schedule that is not known here.
    #[error(
        "block {height} has gas schedule {schedule}, which this program does not know: use one that does"
    )]
    Schedule {
        /// The newest block.
        height: u64,
        /// The number of the schedule that it names.
        schedule: u32,
    },
    /// No key is that long.
    #[error(transparent)]
    Key(#[from] KeyTooLong),
}

impl Default for ChainConfig {
    fn default() -> Self {
        Self {
            chain_id: 1337,
            prices: Prices::V2,
            block_gas: 1 << 34,
            block_receipts: 256 << 20,
            fee_recipient: None,
            endowment: U256::from(10).pow(U256::from(24)),
            module_bytes: 256 << 20,
            #[cfg(feature = "evm")]
            fork: bessemer_evm::Fork::NEWEST,
            prefetch: 0,
            threads: 1,
        }
    }
}

impl Chain {
    /// Opens the chain in a database file, which is made if there is none.
    ///
    /// # Errors
    ///
    /// [`ChainError::Store`] if the file is in use, damaged, or no database of a chain; then it is
    /// as it was.
    #[cfg(feature = "redb")]
    pub fn open(engine: &Engine, path: impl AsRef<std::path::Path>) -> Result<Self, ChainError> {
        Self::on(engine, Arc::new(crate::store::RedbStore::open(path)?), ChainConfig::default())
    }

    /// A new chain that ends with the process.
    ///
    /// # Errors
    ///
    /// [`ChainError::Engine`] if the engine cannot run contracts.
    pub fn in_memory(engine: &Engine) -> Result<Self, ChainError> {
        Self::on(engine, Arc::new(MemoryStore::new()), ChainConfig::default())
    }

    /// The chain on any store. The store is the chain's alone as long as this value lives.
    ///
    /// # Errors
    ///
    /// [`ChainError::Store`] if the newest block cannot be read, and [`ChainError::Schedule`] if it names a
    /// gas schedule that is neither known nor that of `config`. [`ChainError::Prices`] if `config` has prices of
    /// its own under the number of a known schedule.
    pub fn on(
        engine: &Engine,
        store: Arc<dyn Store>,
        mut config: ChainConfig,
    ) -> Result<Self, ChainError> {
        let id = config.prices.id;
        if Prices::by_id(id).is_some_and(|known| known != config.prices) {
            return Err(ChainError::Prices { id });
        }
        let head = store.head()?;
        let prices = head.as_ref().map_or(Ok(config.prices), |head| prices(head, &config))?;
        config.prices = prices;
        let head = head.unwrap_or(Header { schedule: prices.id, ..Header::default() });
        let modules = Arc::new(Modules::new(engine, config.module_bytes, prices.guest));
        let linker = host::linker(modules.engine())?;
        let view = Arc::clone(&store) as Arc<dyn View>;
        let shared = Shared {
            store,
            modules,
            linker,
            #[cfg(feature = "evm")]
            evm: crate::bytecode::Shared::new(config.fork),
            config,
        };
        let state = State::new(Arc::new(shared), view, head);
        Ok(Self { state, newest: Arc::default() })
    }

    /// The store.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.shared().store
    }

    /// The newest state, to be asked with a shared reference: `chain.state().call(…).query()`.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// A reader of the newest state, for other threads: it reads beside the blocks that follow.
    ///
    /// # Errors
    ///
    /// [`ChainError::Store`] if the store has no snapshots.
    pub fn reader(&self) -> Result<Reader, ChainError> {
        Reader::of(&self.state, &self.newest)
    }

    /// The Keccak-256 hash of the whole state: all keys and values in order, each with its length.
    /// Reads everything.
    ///
    /// # Errors
    ///
    /// [`ChainError::Store`].
    pub fn state_digest(&self) -> Result<[u8; 32], ChainError> {
        let mut hash = Keccak256::new();
        self.store().for_each(&mut |key, value| {
            for bytes in [key, value] {
                hash.update((bytes.len() as u64).to_le_bytes());
                hash.update(bytes);
            }
        })?;
        Ok(hash.finalize().into())
    }

    /// Builds the state's tries anew from all accounts, values and files, and compares the root with
    /// the newest block's. Reads everything, and takes as much memory as the state.
    ///
    /// # Errors
    ///
    /// [`ChainError::Root`] if the roots differ, and [`ChainError::Store`], also if what is kept of the
    /// tries differs.
    pub fn verify_state(&self) -> Result<[u8; 32], ChainError> {
        if !self.store().commits() {
            return Err(StoreError::Unsupported { what: "state root" }.into());
        }
        let built = commitment::verify(&**self.store())?;
        match self.state_root() {
            Some(stated) if stated != built => Err(ChainError::Root { stated, built }),
            _ => Ok(built),
        }
    }

    /// Begins the next block, one second after the last.
    pub fn block(&mut self) -> Block<'_> {
        Block::new(self, None)
    }

    /// Begins the next block at this time, in seconds since 1970; never before the last block.
    pub fn block_at(&mut self, timestamp: u64) -> Block<'_> {
        Block::new(self, Some(timestamp))
    }

    /// Calls a function of a contract, named by its Solidity signature like
    /// `transfer(address,uint256)`; without a signature, the input is empty.
    pub fn call<'c>(
        &'c mut self,
        contract: Address,
        signature: &str,
    ) -> CallRequest<'c, &'c mut Self> {
        CallRequest::new(self, contract, signature)
    }

    /// Deploys a contract from its file.
    pub fn deploy(&mut self, code: impl Into<Arc<[u8]>>) -> DeployRequest<'_, &mut Self> {
        DeployRequest::new(self, code.into())
    }

    /// Defines a host call of the embedder's own. Readers see it when they are refreshed.
    ///
    /// # Errors
    ///
    /// [`ChainError::Number`] for a number that belongs to the table, and [`ChainError::Engine`] for
    /// one that is defined already.
    pub fn host_call(
        &mut self,
        row: ExtensionRow,
        call: impl Fn(&mut Extension<'_>) -> HostResult<u32> + Send + Sync + 'static,
    ) -> Result<(), ChainError> {
        let (number, name) = (row.number, row.name.clone());
        if number < FIRST_EXTENSION {
            return Err(ChainError::Number(number));
        }
        let linker = &mut self.state.shared_mut().linker;
        linker.func(number, name, move |caller: Caller<'_, Context>| {
            let session = caller.data().session();
            let session = &mut *session.borrow_mut();
            let answer = call(&mut Extension::begin(caller, session, &row)?);
            extension::checked(&row.name, answer)
        })?;
        Reader::tell(&self.state, &self.newest);
        Ok(())
    }

    pub(crate) fn advance(&mut self, head: Header) {
        self.state.advance(head);
        Reader::tell(&self.state, &self.newest);
    }
}

/// The schedule of a chain that has blocks.
fn prices(head: &Header, config: &ChainConfig) -> Result<Prices, ChainError> {
    let &Header { height, schedule, .. } = head;
    let own = (config.prices.id == schedule).then_some(config.prices);
    own.or_else(|| Prices::by_id(schedule)).ok_or(ChainError::Schedule { height, schedule })
}

/// A chain answers the queries of its newest state.
impl Deref for Chain {
    type Target = State;

    fn deref(&self) -> &State {
        &self.state
    }
}

impl From<JournalError> for ChainError {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::Store(error) => Self::Store(error),
            error => Self::Execute(error.into()),
        }
    }
}
