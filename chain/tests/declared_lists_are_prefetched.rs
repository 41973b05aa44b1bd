//! What transactions declare to use is read before it is needed, and nothing else changes.
#![allow(clippy::unwrap_used, reason = "tests fail by panics")]
#![allow(clippy::print_stdout, reason = "tells the times")]

mod common;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use bessemer_chain::store::{BlockCommit, MemoryStore, Store, StoreError, View};
use bessemer_chain::{
    AccessList, Action, Address, Chain, ChainConfig, Header, Sealed, StateKey, Transaction, U256,
    Value,
};
use bessemer_runtime::Backend;
use bessemer_toolchain::tests::cases;
use common::engine;

/// A store that takes its time for each read.
struct Slow {
    inner: MemoryStore,
    latency: Duration,
    /// Reads that wait now, and the most that ever did.
    waiting: AtomicUsize,
    most: AtomicUsize,
}

impl View for Slow {
    fn get(&self, key: &StateKey) -> Result<Option<Value>, StoreError> {
        let waiting = self.waiting.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(waiting, Ordering::SeqCst);
        // as long as a disk or a network would take: nobody sends anything
        let (_sender, answer) = mpsc::channel::<()>();
        let _ = answer.recv_timeout(self.latency);
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        self.inner.get(key)
    }
}

impl Store for Slow {
    fn head(&self) -> Result<Option<Header>, StoreError> {
        self.inner.head()
    }

    fn commit(&self, block: BlockCommit<'_>) -> Result<(), StoreError> {
        self.inner.commit(block)
    }
}

/// A block of transfers, each between two accounts of its own.
fn transfers(count: u16, declared: bool) -> Vec<Transaction> {
    let address = |kind: u8, number: u16| {
        let mut bytes = [kind; 20];
        bytes[..2].copy_from_slice(&number.to_be_bytes());
        Address::new(bytes)
    };
    let transfer = |number| {
        let (sender, to) = (address(1, number), address(2, number));
        let writes = [sender, to].map(StateKey::Account).into();
        Transaction {
            sender,
            nonce: 0,
            gas_limit: 1_000_000,
            gas_price: U256::ZERO,
            value: U256::from(1),
            action: Action::Call { to, input: Vec::new() },
            access: declared.then(|| Arc::new(AccessList { reads: [].into(), writes })),
        }
    };
    (0..count).map(transfer).collect()
}

fn run(count: u16, latency: Duration, threads: usize) -> (Sealed, Duration, usize) {
    let inner = MemoryStore::new();
    let transactions = transfers(count, true);
    let mut chain = Chain::on(&engine(Backend::Interpreter), Arc::new(inner), Default::default());
    for transaction in &transactions {
        chain.as_mut().unwrap().endow(&transaction.sender, U256::from(5)).unwrap();
    }
    let (waiting, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    // the endowed state, behind the latency
    let copy = MemoryStore::new();
    let mut changes = Vec::new();
    let source = chain.unwrap();
    let visit = &mut |key: &[u8], value: &[u8]| {
        let key = bessemer_chain::store::decode_key(key).unwrap();
        changes.push((key, Some(Value::from(value))));
    };
    source.store().for_each(visit).unwrap();
    let header = Header { height: 1, ..Header::default() };
    let changes = bessemer_chain::store::ChangeSet::new(changes);
    copy.commit(BlockCommit { header, changes, ..Default::default() }).unwrap();
    let slow = Arc::new(Slow { inner: copy, latency, waiting, most });

    let config = ChainConfig { prefetch: threads, ..ChainConfig::default() };
    let store = Arc::clone(&slow) as Arc<dyn Store>;
    let mut chain = Chain::on(&engine(Backend::Interpreter), store, config).unwrap();
    let begin = Instant::now();
    let mut block = chain.block();
    block.push_all(&transactions).unwrap();
    let sealed = block.commit().unwrap();
    (sealed, begin.elapsed(), slow.most.load(Ordering::SeqCst))
}

/// Prints what it took; `BESSEMER_DEEP=1` and `--nocapture` show 1,000 transfers over a store that takes a
/// millisecond for each read.
#[test]
fn reads_wait_at_the_same_time_and_the_block_is_the_same() {
    let latency = Duration::from_micros(cases(200, 1000));
    let (count, threads) = (cases(150, 1000) as u16, cases(50, 128) as usize);
    let (without, slow, one) = run(count, latency, 0);
    let (with, fast, most) = run(count, latency, threads);
    assert_eq!(without, with);
    assert_eq!(one, 1, "without prefetching, reads come one after the other");
    assert!(most > 10, "at most {most} reads waited at the same time");
    assert!(without.receipts.iter().all(bessemer_chain::Receipt::succeeded));
    let ratio = slow.as_secs_f64() / fast.as_secs_f64();
    println!("{slow:?} without prefetching, {fast:?} with ({most} at once): {ratio:.1} times");
}
