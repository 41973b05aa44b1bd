//! What a block of random writes takes with the state root: the root, and the durable commit.
//!
//! `cargo bench -p bessemer-bench --bench state -- [KEYS…]`; without numbers, 200,000 and 1,000,000
//! keys of 32 bytes with values of 32 bytes, in contracts of 1,000 keys each and in one contract. Each
//! of ten blocks has 10,000 writes, 6 in 100 of which remove a value and 6 of which are new keys. The
//! figures are medians of processor time, all threads counted.
#![allow(clippy::print_stdout, reason = "its figures are its purpose")]
#![allow(clippy::expect_used, reason = "a bench that cannot run stops")]

use std::time::Duration;

use bessemer_bench::timing::processor_time;
use bessemer_chain::store::{BlockCommit, ChangeSet, MemoryStore, RedbStore, Store};
use bessemer_chain::{Address, Header, StateKey, StorageKey, Value};

const BLOCKS: usize = 10;
const WRITES: u64 = 10_000;

fn main() {
    let numbers = std::env::args().filter_map(|argument| argument.parse().ok());
    let mut sizes: Vec<u64> = numbers.collect();
    if sizes.is_empty() {
        sizes = vec![200_000, 1_000_000];
    }
    for keys in sizes {
        for contracts in [1, keys / 1000] {
            let directory = tempfile::tempdir().expect("a directory");
            let path = directory.path().join("chain");
            measure("memory", &MemoryStore::with_root(), keys, contracts);
            measure("file", &RedbStore::open(&path).expect("a store"), keys, contracts);
            let megabytes = path.metadata().expect("a file").len() >> 20;
            println!("  file of {megabytes} MiB");
        }
    }
}

/// The key with this number: as random as a hash, and the same in each run.
fn key(number: u64, contracts: u64) -> StateKey {
    let mut words = [number; 4];
    for (at, word) in (1_u64..).zip(&mut words) {
        *word = (*word + at).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        *word = (*word ^ (*word >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        *word ^= *word >> 32;
    }
    let mut contract = [7; 20];
    contract[..8].copy_from_slice(&(number % contracts).to_be_bytes());
    let bytes = words.map(u64::to_be_bytes);
    let key = StorageKey::new(bytes.as_flattened()).expect("32 bytes");
    StateKey::Storage(Address::new(contract), key)
}

fn measure(name: &str, store: &dyn Store, keys: u64, contracts: u64) {
    let mut height = 0;
    let mut commit = |changes: Vec<(StateKey, Option<Value>)>| {
        height += 1;
        let changes = ChangeSet::new(changes);
        let begin = processor_time();
        let commitment = store.commitment(&changes).expect("a root").expect("a store with roots");
        let root = processor_time();
        let header = Header { height, ..Header::default() };
        let rows = commitment.rows;
        let block = BlockCommit { header, changes, rows, ..BlockCommit::default() };
        store.commit(block).expect("a commit");
        (root - begin, processor_time() - root)
    };
    let value = |seed: u64| Some(Value::from(&[seed.to_le_bytes(); 4].as_flattened()[..]));
    for begin in (0..keys).step_by(50_000) {
        let end = keys.min(begin + 50_000);
        commit((begin..end).map(|number| (key(number, contracts), value(number))).collect());
    }
    let mut seed = 1_u64;
    let mut next = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        seed >> 33
    };
    let mut times: Vec<(Duration, Duration)> = (0..BLOCKS)
        .map(|_| {
            let changes = (0..WRITES).map(|_| {
                let (number, kind) = (next() % keys, next() % 100);
                match kind {
                    0..6 => (key(number, contracts), None),
                    6..12 => (key(number + keys, contracts), value(number)),
                    _ => (key(number, contracts), value(next())),
                }
            });
            commit(changes.collect())
        })
        .collect();
    times.sort_by_key(|(root, commit)| *root + *commit);
    let (root, commit) = times[BLOCKS / 2];
    println!(
        "{keys} keys in {contracts} contracts, {name}: root {root:.1?}, commit {commit:.1?}, together {:.1?}",
        root + commit
    );
}
