//! The node: what readers see, and the one thread that changes it.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use alloy_primitives::{Address, B256, U256};
use bessemer_chain::CodeHash;
use tokio::sync::{broadcast, oneshot, watch};

use crate::archive::{Archive, ArchiveError, Loaded, Settings};
use crate::backend::{Engine, Failure};
use crate::block::{Sealed, genesis};
use crate::ledger::Ledger;
use crate::miner::{Miner, Mining};
use crate::pool::{Limits, Pool, Waiting};
use crate::spec::{Genesis, Spec};
use crate::wallet::Wallet;

/// How many commands may wait for the writer; who sends more waits.
const COMMANDS: usize = 1024;

/// How many events a subscriber may be behind before it is dropped.
const EVENTS: usize = 4096;

/// How many hashes of waiting transactions filters can go back.
const PENDING_HASHES: usize = 8192;

/// The settings of a node.
pub struct Config {
    /// How the chain begins.
    pub genesis: Genesis,
    /// The accounts whose keys the node has.
    pub wallet: Wallet,
    /// When blocks are made.
    pub mining: Mining,
    /// A base fee that never changes, in place of the rule of EIP-1559.
    pub base_fee: Option<u64>,
    /// The limits of the pool.
    pub pool: Limits,
    /// The most gas of a call.
    pub call_gas: u64,
    /// The file that the chain is in; without one, it ends with the process.
    pub archive: Option<Archive>,
    /// Where source lines are found for programs whose files have no debug data.
    pub sources: Sources,
}

/// Finds the source line of an instruction, by the hash of the program's file and the place in it.
pub type Sources = Arc<dyn Fn(&CodeHash, u32) -> Option<String> + Send + Sync>;

/// No source lines but those that files have themselves.
pub fn no_sources() -> Sources {
    Arc::new(|_, _| None)
}

/// A node that cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The chain in the file cannot be continued.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The host failed.
    #[error(transparent)]
    Failure(#[from] Failure),
}

/// A node without its server. Methods read from it, and change it by [`Node::write`]. The thread that
/// changes it ends when it is dropped.
pub struct Node {
    shared: Arc<Shared>,
    /// `None` only while it is dropped.
    commands: Option<SyncSender<Command>>,
    writer: Option<JoinHandle<()>>,
}

/// State that readers and the writer share.
pub struct Shared {
    pub(crate) engine: Engine,
    pub(crate) spec: Spec,
    pub(crate) call_gas: u64,
    pub(crate) sources: Sources,
    pub(crate) fixed_base_fee: Option<u64>,
    ledger: RwLock<Arc<Ledger>>,
    pool: Mutex<Pool>,
    wallet: RwLock<Wallet>,
    pending: Mutex<PendingHashes>,
    events: broadcast::Sender<Event>,
    /// Why the writer stopped, if it did by itself.
    fault: watch::Sender<Option<String>>,
    pub(crate) metrics: Metrics,
    pub(crate) started: Instant,
    /// A random number that tells this start of the node from others.
    pub(crate) instance: B256,
}

/// Something that subscribers hear of.
#[derive(Clone)]
pub enum Event {
    /// A block was made.
    Block(Arc<Sealed>),
    /// A transaction waits.
    Pending(Arc<Waiting>),
}

/// The counters of the node.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    /// Requests that were answered.
    pub requests: AtomicU64,
    /// Requests that were answered with an error.
    pub errors: AtomicU64,
    /// Subscribers that were dropped because they were too slow.
    pub dropped_subscribers: AtomicU64,
    /// Subscriptions that are open.
    pub subscriptions: AtomicU64,
    /// Transactions that the pool dropped because no block could take them.
    pub dropped_transactions: AtomicU64,
}

type Command = Box<dyn FnOnce(&mut Miner) -> Result<(), Failure> + Send>;

/// The hashes of transactions that came to wait, newest last.
#[derive(Default)]
struct PendingHashes {
    /// The number of the first.
    begin: u64,
    hashes: VecDeque<B256>,
}

/// The node has ended.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the node is ending, and changes nothing any more")]
pub struct Ended;

impl Node {
    /// A node on the first block of a chain, or on the newest of one in a file.
    ///
    /// # Errors
    ///
    /// If the engine cannot run contracts, the first block cannot be made, or the chain in the file
    /// cannot be read or is another one.
    pub fn start(config: Config) -> Result<Arc<Self>, StartError> {
        let first = genesis(&config.genesis)?;
        let loaded = match &config.archive {
            Some(archive) => archive.load(&config.genesis.spec, &first)?,
            None => Loaded {
                ledger: Ledger::new(first.clone()),
                settings: Settings::default(),
                snapshots: Vec::new(),
            },
        };
        let (commands, received) = sync_channel(COMMANDS);
        let shared = Arc::new(Shared {
            engine: Engine::new()?,
            spec: config.genesis.spec,
            call_gas: config.call_gas,
            sources: config.sources,
            fixed_base_fee: config.base_fee,
            ledger: RwLock::new(Arc::new(loaded.ledger)),
            pool: Mutex::new(Pool::new(config.pool)),
            wallet: RwLock::new(config.wallet),
            pending: Mutex::default(),
            events: broadcast::channel(EVENTS).0,
            fault: watch::channel(None).0,
            metrics: Metrics::default(),
            started: Instant::now(),
            instance: instance(),
        });
        let kept = (loaded.settings, loaded.snapshots);
        let miner = Miner::new(Arc::clone(&shared), config.archive, first, config.mining, kept);
        let thread = std::thread::Builder::new().name("writer".to_owned());
        let watched = Arc::clone(&shared);
        let writer = thread.spawn(move || watched.watch(|| write(miner, &received)));
        let writer = Some(writer.map_err(Failure::Thread)?);
        Ok(Arc::new(Self { shared, commands: Some(commands), writer }))
    }

    /// Has the writer do something, after what others asked for before.
    ///
    /// # Errors
    ///
    /// If the node is ending.
    pub async fn write<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Miner) -> T + Send + 'static,
    ) -> Result<T, Ended> {
        let (command, answered) = command(change);
        let commands = self.commands.as_ref().ok_or(Ended)?;
        match commands.try_send(command) {
            Ok(()) => {}
            Err(TrySendError::Disconnected(_)) => return Err(Ended),
            Err(TrySendError::Full(command)) => {
                let commands = commands.clone();
                let sent = tokio::task::spawn_blocking(move || commands.send(command).is_ok());
                if !sent.await.unwrap_or(false) {
                    return Err(Ended);
                }
            }
        }
        answered.await.map_err(|_| Ended)
    }

    /// Like [`Node::write`], from a thread that may wait.
    ///
    /// # Errors
    ///
    /// If the node is ending.
    pub fn write_blocking<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Miner) -> T + Send + 'static,
    ) -> Result<T, Ended> {
        let (command, answered) = command(change);
        self.commands.as_ref().ok_or(Ended)?.send(command).map_err(|_| Ended)?;
        answered.blocking_recv().map_err(|_| Ended)
    }
}

impl Drop for Node {
    /// Waits until the writer has closed the file.
    fn drop(&mut self) {
        drop(self.commands.take());
        // a panic of the writer was told
        let _ = self.writer.take().map(JoinHandle::join);
    }
}

/// A command to the writer, and where its answer comes.
fn command<T: Send + 'static>(
    change: impl FnOnce(&mut Miner) -> T + Send + 'static,
) -> (Command, oneshot::Receiver<T>) {
    let (answer, answered) = oneshot::channel();
    let command = Box::new(move |miner: &mut Miner| {
        let changed = change(miner);
        miner.settle()?;
        // who asked may be gone
        let _ = answer.send(changed);
        Ok(())
    });
    (command, answered)
}

impl std::ops::Deref for Node {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.shared
    }
}

impl Shared {
    /// The chain as it is now; the returned version does not change.
    pub fn ledger(&self) -> Arc<Ledger> {
        Arc::clone(&self.ledger.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The waiting transactions.
    pub fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at the accounts whose keys are here.
    pub fn with_wallet<T>(&self, look: impl FnOnce(&Wallet) -> T) -> T {
        look(&self.wallet.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the accounts that the node acts for.
    pub fn change_wallet<T>(&self, change: impl FnOnce(&mut Wallet) -> T) -> T {
        change(&mut self.wallet.write().unwrap_or_else(PoisonError::into_inner))
    }

    /// Runs the writer, and tells if it stops by itself.
    fn watch(&self, writer: impl FnOnce() -> Result<(), Failure>) {
        // what it was changing is not looked at again: readers have what was published
        let fault = match catch_unwind(AssertUnwindSafe(writer)) {
            Ok(Ok(())) => return,
            Ok(Err(failure)) => format!("what was set cannot be kept: {failure}"),
            Err(panic) => {
                let text = panic.downcast_ref::<String>().map(String::as_str);
                let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
                format!("the writer stopped at an error of its own: {}", text.unwrap_or("unknown"))
            }
        };
        tracing::error!(%fault, "the node ends");
        self.fault.send_replace(Some(fault));
    }

    /// Waits until the node cannot go on, and says why.
    pub async fn failed(&self) -> String {
        let mut fault = self.fault.subscribe();
        match fault.wait_for(Option::is_some).await {
            Ok(fault) => fault.clone().unwrap_or_default(),
            // the sender is here, so it lives
            Err(_) => std::future::pending().await,
        }
    }

    /// Hears of what happens from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    /// The number that the next hash of a waiting transaction gets.
    pub fn next_pending(&self) -> u64 {
        let pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        pending.begin + pending.hashes.len() as u64
    }

    /// The hashes of transactions that came to wait, from this number on.
    pub fn pending_since(&self, number: u64) -> (Vec<B256>, u64) {
        let pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let skip = usize::try_from(number.saturating_sub(pending.begin)).unwrap_or(usize::MAX);
        let hashes = pending.hashes.iter().skip(skip).copied().collect();
        (hashes, pending.begin + pending.hashes.len() as u64)
    }

    pub(crate) fn publish(&self, ledger: Arc<Ledger>) {
        *self.ledger.write().unwrap_or_else(PoisonError::into_inner) = ledger;
    }

    pub(crate) fn announce(&self, event: Event) {
        if let Event::Pending(waiting) = &event {
            let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
            if pending.hashes.len() == PENDING_HASHES {
                pending.hashes.pop_front();
                pending.begin += 1;
            }
            pending.hashes.push_back(waiting.transaction.hash);
        }
        // there may be no listener
        let _ = self.events.send(event);
    }

    /// Balance and nonce of an account in the newest state.
    pub(crate) fn account(&self, address: &Address) -> (u64, U256) {
        let account = self.ledger().world.account(&crate::backend::chain_address(address));
        account.map(|account| (account.nonce, account.balance)).unwrap_or_default()
    }
}

impl Metrics {
    pub(crate) fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// A number that no other start of a node has.
fn instance() -> B256 {
    let time =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    alloy_primitives::keccak256(
        [time.as_nanos().to_le_bytes(), u128::from(std::process::id()).to_le_bytes()].concat(),
    )
}

/// Carries out commands in their order, and makes blocks when it is time, until nobody sends any more.
fn write(mut miner: Miner, commands: &Receiver<Command>) -> Result<(), Failure> {
    loop {
        let command = match miner.next_block_in() {
            None => commands.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(wait) => commands.recv_timeout(wait.max(Duration::from_millis(1))),
        };
        match command {
            Ok(command) => command(&mut miner)?,
            Err(RecvTimeoutError::Timeout) => miner.tick(),
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        }
    }
}
