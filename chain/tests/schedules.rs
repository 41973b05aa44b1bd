//! A chain has one gas schedule from its first block on, and its headers name it.
#![allow(clippy::unwrap_used, reason = "tests fail by panics")]

mod common;

use std::path::Path;
use std::sync::Arc;

use bessemer_chain::store::{MemoryStore, RedbStore, Store};
use bessemer_chain::{Address, Chain, ChainConfig, ChainError, Prices};
use bessemer_isa::GasSchedule;
use common::script::{Script, deploy_script};
use common::{BACKENDS, engine};
use redb::{Database, ReadableTable, TableDefinition};

fn with(prices: Prices) -> ChainConfig {
    ChainConfig { prices, ..ChainConfig::default() }
}

fn open(store: &Arc<dyn Store>, config: ChainConfig) -> Result<Chain, ChainError> {
    Chain::on(&engine(BACKENDS[1]), Arc::clone(store), config)
}

/// Gas of a transaction of which each schedule makes something else.
fn gas(chain: &mut Chain, contract: Address) -> u64 {
    let alice = chain.user("alice").unwrap();
    let mut script = Script::new();
    script.host("grow", &[1]);
    let request = chain.call(contract, "").input(script.input()).from(alice);
    request.send().unwrap().gas_used
}

#[test]
fn a_chain_goes_on_with_the_schedule_that_it_began_with() {
    let mut gases = Vec::new();
    for prices in [Prices::V1, Prices::V2] {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let mut chain = open(&store, with(prices)).unwrap();
        let alice = chain.user("alice").unwrap();
        let contract = deploy_script(&mut chain, alice);
        let first = gas(&mut chain, contract);
        assert_eq!(chain.head().schedule, prices.id);
        // whatever the configuration says now
        for other in [Prices::V1, Prices::V2] {
            let mut again = open(&store, with(other)).unwrap();
            assert_eq!(*again.prices(), prices);
            assert_eq!(gas(&mut again, contract), first);
        }
        gases.push(first);
    }
    assert!(gases[0] < gases[1], "the schedules differ: {gases:?}");
    assert_eq!(ChainConfig::default().prices, Prices::V2);
}

#[test]
fn the_hash_of_a_block_binds_its_schedule() {
    let mut header = bessemer_chain::Header::default();
    let mut hashes = [1, 2, 3].map(|schedule| {
        header.schedule = schedule;
        header.hash()
    });
    hashes.sort();
    assert!(hashes.windows(2).all(|pair| pair[0] != pair[1]));
}

#[test]
fn other_prices_under_a_known_number_are_refused() {
    let cheap = Prices { cold_storage: 1, ..Prices::V2 };
    let loads = Prices { guest: GasSchedule { store: [1; 5], ..GasSchedule::V1 }, ..Prices::V1 };
    for prices in [cheap, loads] {
        let fresh: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let begun: Arc<dyn Store> = Arc::new(MemoryStore::new());
        open(&begun, ChainConfig::default()).unwrap().user("alice").unwrap();
        for store in [fresh, begun] {
            let Err(error) = open(&store, with(prices)) else { panic!("it was opened") };
            assert_eq!(
                error.to_string(),
                format!(
                    "the prices of the configuration have number {0} and are not those of gas schedule \
                     {0}: give prices of your own a number from 65536 on",
                    prices.id
                )
            );
        }
    }
}

#[test]
fn a_schedule_that_is_not_known_is_refused_with_a_sentence() {
    let guest = GasSchedule { id: 1 << 16, alu: 2, ..GasSchedule::V2 };
    let own = Prices { id: 1 << 16, guest, ..Prices::V2 };
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let mut chain = open(&store, with(own)).unwrap();
    chain.user("alice").unwrap();
    // who brings it may have one of his own
    assert_eq!(*open(&store, with(own)).unwrap().prices(), own);
    let Err(error) = open(&store, ChainConfig::default()) else { panic!("it was opened") };
    assert_eq!(
        error.to_string(),
        "block 1 has gas schedule 65536, which this program does not know: use one that does"
    );
}

/// Makes a file what the release before schedule 2 wrote: format 2, and headers that end before the
/// schedule.
fn age(path: &Path) {
    const META: TableDefinition<'_, &str, u64> = TableDefinition::new("bessemer chain");
    const RECORDS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("records");
    let database = Database::open(path).unwrap();
    let write = database.begin_write().unwrap();
    write.open_table(META).unwrap().insert("format", 2).unwrap();
    let mut records = write.open_table(RECORDS).unwrap();
    let key = [&b"h"[..], &1_u64.to_be_bytes()].concat();
    let header = records.get(key.as_slice()).unwrap().unwrap().value().to_vec();
    let (schedule, older) = header.split_last().unwrap();
    assert_eq!(*schedule, 1, "the last byte is the schedule");
    records.insert(key.as_slice(), older).unwrap();
    drop(records);
    write.commit().unwrap();
}

#[test]
fn an_old_file_opens_with_schedule_1_and_goes_on_with_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("chain.redb");
    let store: Arc<dyn Store> = Arc::new(RedbStore::open(&path).unwrap());
    let mut chain = open(&store, with(Prices::V1)).unwrap();
    chain.user("alice").unwrap();
    let hash = chain.head().hash();
    drop((chain, store));
    age(&path);
    let mut chain = Chain::open(&engine(BACKENDS[1]), &path).unwrap();
    assert_eq!((*chain.prices(), chain.head().hash()), (Prices::V1, hash));
    let alice = chain.user("alice").unwrap();
    deploy_script(&mut chain, alice);
    assert_eq!((chain.head().schedule, chain.head().parent), (1, hash));
    drop(chain);
    let chain = Chain::open(&engine(BACKENDS[1]), &path).unwrap();
    assert_eq!((chain.height(), *chain.prices()), (2, Prices::V1));
}
