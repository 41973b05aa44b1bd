//! Time of a block of random writes with the state root: computing the root, and the durable
//! commit.
//!
//! `cargo bench -p bessemer-bench --bench state -- [KEYS…]`; without numbers, 200,000 and 1,000,000
//! keys of 32 bytes with values of 32 bytes, in contracts of 1,000 keys each and in one contract. Each
//! of ten blocks has 10,000 writes, 6 in 100 of which remove a value and 6 of which are new keys. Then
//! a block of 250 payments between 500 of 200,000 accounts runs over its witness alone. The figures are
//! medians of processor time, all threads counted.
#![allow(clippy::print_stdout, reason = "its figures are its purpose")]
#![allow(clippy::expect_used, reason = "a bench that cannot run stops")]

use std::sync::Arc;
use std::time::Duration;

use bessemer_bench::timing::processor_time;
use bessemer_chain::stateless::{self, Witness};
use bessemer_chain::store::{
    BlockCommit, ChangeSet, MemoryStore, RedbStore, Store, encode_account,
};
use bessemer_chain::{
    Account, Action, Address, Chain, ChainConfig, Header, Roots, StateKey, StorageKey, Transaction,
    U256, Value,
};
use bessemer_runtime::{Backend, Config, Engine};

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
    stateless(200_000, 250);
}

/// The account with this number.
fn account(number: u64) -> Address {
    let mut bytes = [3; 20];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    Address::new(bytes)
}

/// Time to run a block of payments, each between two accounts of its own, over its witness.
fn stateless(accounts: u64, payments: u64) {
    let store = MemoryStore::with_root();
    let rich = Account { nonce: 1, balance: U256::from(1_u64 << 40), ..Account::default() };
    let key = |number| StateKey::Account(account(number));
    let changes = (0..accounts).map(|number| (key(number), encode_account(&rich)));
    let changes = ChangeSet::new(changes.collect());
    let commitment = store.commitment(&changes).expect("a root").expect("a store with roots");
    let roots = Roots { state: commitment.root, ..Roots::default() };
    let header = Header { height: 1, roots: Some(roots), ..Header::default() };
    let rows = commitment.rows;
    let block = BlockCommit { header: header.clone(), changes, rows, ..BlockCommit::default() };
    store.commit(block).expect("a commit");

    let engine = Engine::new(Config::new().backend(Backend::Interpreter)).expect("an engine");
    let mut chain = Chain::on(&engine, Arc::new(store), ChainConfig::default()).expect("a chain");
    let step = accounts / (2 * payments);
    let payment = |number: u64| Transaction {
        sender: account(2 * number * step),
        nonce: 1,
        gas_limit: 1 << 24,
        gas_price: U256::ZERO,
        value: U256::from(1),
        action: Action::Call { to: account((2 * number + 1) * step), input: Vec::new() },
        access: None,
    };
    let transactions: Vec<_> = (0..payments).map(payment).collect();
    let mut block = chain.block();
    block.record_witness();
    block.push_all(&transactions).expect("payments");
    let sealed = block.commit().expect("a block");
    let witness = sealed.witness.expect("a witness").to_bytes();
    let mut times: Vec<Duration> = (0..BLOCKS)
        .map(|_| {
            let begin = processor_time();
            let witness = Witness::from_bytes(&witness).expect("a witness");
            let again = stateless::execute(
                &engine,
                ChainConfig::default(),
                &header,
                sealed.header.timestamp,
                &transactions,
                witness,
            );
            let took = processor_time() - begin;
            assert_eq!(again.expect("a block").header, sealed.header);
            took
        })
        .collect();
    times.sort();
    println!(
        "{} keys of {accounts} without the state: {:.1?}; witness of {} bytes, {} without the hashes that follow from its nodes",
        2 * payments,
        times[BLOCKS / 2],
        witness.len(),
        least(&Witness::from_bytes(&witness).expect("a witness")),
    );
}

/// The bytes of a witness's nodes without what follows from the others: the hash of each node but the
/// root stands in the node above it.
fn least(witness: &Witness) -> usize {
    let nodes: usize = witness.nodes.iter().map(|node| node.0.len()).sum();
    nodes - 32 * (witness.nodes.len() - 1)
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
    let value = |seed: u64| Some(Value::from([seed.to_le_bytes(); 4].as_flattened()));
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
