//! Readers have the state after one block, beside whoever makes blocks.
#![allow(clippy::unwrap_used, reason = "tests fail by panics")]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use bessemer_chain::store::{MemoryStore, RedbStore, Store, StoreError};
use bessemer_chain::{
    Action, Address, CallRequest, Chain, ChainConfig, ChainError, Reader, State, StorageKey,
    Transaction, U256,
};
use bessemer_runtime::{Backend, Config, Engine};
use common::bare::Bare;
use common::{contract, engine};

/// With an input of one byte, adds 1 to two stored numbers. With any other, returns both, and number and time of the
/// block. The two are equal in every state, but never in the middle of a call.
const TWINS: &str = "
        bnez a0, done
        host input_size()
        mv   s2, a0
        li   s0, DATA
        addi t0, s0, 64
        li   t1, 0x61
        sb   t1, 0(t0)
        li   t1, 0x62
        sb   t1, 1(t0)
        li   a0, DATA + 64
        li   a1, 1
        li   a2, DATA
        li   a3, 4
        host storage_get
        li   a0, DATA + 65
        li   a1, 1
        li   a2, DATA + 4
        li   a3, 4
        host storage_get
        li   t1, 1
        beq  s2, t1, write
        li   a0, DATA + 8
        host block_number
        li   a0, DATA + 16
        host timestamp
        li   a0, DATA
        li   a1, 24
        host finish
write:  lw   t1, 0(s0)
        addi t1, t1, 1
        sw   t1, 0(s0)
        li   a0, DATA + 64
        li   a1, 1
        li   a2, DATA
        li   a3, 4
        host storage_set
        lw   t1, 4(s0)
        addi t1, t1, 1
        sw   t1, 4(s0)
        li   a0, DATA + 65
        li   a1, 1
        li   a2, DATA + 4
        li   a3, 4
        host storage_set
done:   host finish(0, 0)
";

/// What a query of the contract sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    count: u32,
    block: u64,
    time: u64,
}

fn seen(state: &State, twins: Address) -> Seen {
    let output = state.call(twins, "").query_bytes().unwrap();
    let word = |at: usize| u32::from_le_bytes(output[at..at + 4].try_into().unwrap());
    let long = |at: usize| u64::from_le_bytes(output[at..at + 8].try_into().unwrap());
    assert_eq!(word(0), word(4), "a query saw half of a transaction");
    Seen { count: word(0), block: long(8), time: long(16) }
}

fn increment(chain: &mut Chain, from: Address, twins: Address) {
    assert!(chain.call(twins, "").input(*b"+").from(from).send().unwrap().succeeded());
}

/// A chain with the contract, and somebody who calls it.
fn with_twins(store: Arc<dyn Store>) -> (Chain, Address, Address) {
    let config = ChainConfig::default();
    let mut chain = Chain::on(&engine(Backend::Auto), store, config).unwrap();
    let alice = chain.user("alice").unwrap();
    let twins = chain.deploy(contract(TWINS)).from(alice).create().unwrap();
    (chain, alice, twins)
}

/// Runs a check on a chain with the contract, on each store.
fn each_store(check: impl Fn(Chain, Address, Address)) {
    let directory = tempfile::tempdir().unwrap();
    let file = RedbStore::open(directory.path().join("chain")).unwrap();
    let stores: [Arc<dyn Store>; 3] =
        [Arc::new(MemoryStore::new()), Arc::new(MemoryStore::with_root()), Arc::new(file)];
    for store in stores {
        let (chain, alice, twins) = with_twins(store);
        check(chain, alice, twins);
    }
}

#[test]
fn readers_are_for_any_thread() {
    fn shared<T: Clone + Send + Sync>() {}
    fn asked<T: Send + Sync>() {}
    fn sent<T: Send>() {}
    shared::<Reader>();
    asked::<State>();
    asked::<Chain>();
    sent::<CallRequest<'static>>();
    sent::<CallRequest<'static, &'static State>>();
}

#[test]
fn a_reader_stays_at_its_block_until_it_is_refreshed() {
    each_store(|mut chain, alice, twins| {
        let mut reader = chain.reader().unwrap();
        let height = chain.height();
        for count in 0..5 {
            let behind = height + u64::from(count);
            let here = Seen { count, block: behind + 1, time: chain.head().timestamp + 1 };
            assert_eq!(seen(&reader, twins), here);
            assert_eq!(seen(&chain, twins), here);
            let old = reader.clone();
            increment(&mut chain, alice, twins);
            assert_eq!(seen(&reader, twins), here, "a block changed what a reader has");
            assert_eq!(reader.header(behind + 1).unwrap(), None, "a header of the future");
            assert_eq!(reader.receipt(behind + 1, 0).unwrap(), None);
            reader.refresh().unwrap();
            assert_eq!((reader.height(), reader.head()), (behind + 1, chain.head()));
            assert!(reader.receipt(behind + 1, 0).unwrap().is_some());
            assert_eq!((old.height(), seen(&old, twins)), (behind, here));
        }
    });
}

#[test]
fn readers_see_whole_blocks_while_blocks_are_made() {
    each_store(|mut chain, alice, twins| {
        let reader = chain.reader().unwrap();
        let first = chain.height();
        let (done, reads) = (AtomicBool::new(false), AtomicU64::new(0));
        thread::scope(|scope| {
            for _ in 0..3 {
                let mut reader = reader.clone();
                let (done, reads) = (&done, &reads);
                scope.spawn(move || {
                    let mut before = 0;
                    while !done.load(Ordering::Relaxed) || reads.load(Ordering::Relaxed) < 300 {
                        let here = seen(&reader, twins);
                        let blocks = reader.height() - first;
                        // each block increments twice
                        assert_eq!(u64::from(here.count), 2 * blocks);
                        assert_eq!(here.block, reader.height() + 1);
                        assert_eq!(here.time, reader.head().timestamp + 1);
                        assert!(blocks >= before, "a reader went back");
                        before = blocks;
                        reads.fetch_add(1, Ordering::Relaxed);
                        reader.refresh().unwrap();
                    }
                });
            }
            for nonce in 0..50 {
                let mut block = chain.block();
                for nonce in [2 * nonce + 1, 2 * nonce + 2] {
                    block.push(&plus(alice, twins, nonce)).unwrap();
                }
                block.commit().unwrap();
            }
            done.store(true, Ordering::Relaxed);
        });
        assert_eq!(seen(&chain, twins).count, 100);
    });
}

fn plus(sender: Address, twins: Address, nonce: u64) -> Transaction {
    Transaction {
        sender,
        nonce,
        gas_limit: 10_000_000,
        gas_price: U256::ZERO,
        value: U256::ZERO,
        action: Action::Call { to: twins, input: b"+".to_vec() },
        access: None,
    }
}

#[test]
fn a_block_can_be_asked_while_it_is_made() {
    each_store(|mut chain, alice, twins| {
        let reader = chain.reader().unwrap();
        let (height, time) = (chain.height() + 1, chain.head().timestamp + 77);
        let mut block = chain.block_at(time);
        let mut states = Vec::new();
        for nonce in 1..=4 {
            block.push(&plus(alice, twins, nonce)).unwrap();
            let count = nonce as u32;
            let pending = block.pending().unwrap();
            assert_eq!(seen(&pending, twins), Seen { count, block: height, time });
            assert_eq!(pending.account(&alice).unwrap().nonce, nonce + 1);
            assert!(pending.simulate(&plus(alice, twins, nonce + 1)).unwrap().succeeded());
            assert!(pending.prove(&alice, &[]).is_err(), "there is no root to prove against");
            // a reader on another thread does not wait for the block
            let reader = &reader;
            thread::scope(|scope| {
                scope.spawn(move || assert_eq!(seen(reader, twins).count, 0));
            });
            states.push((count, pending));
        }
        let listed = block.accessed();
        let wrong = block.query::<U256>(twins, "answer()", ());
        assert!(matches!(wrong, Err(ChainError::Output { .. })), "{wrong:?}");
        assert_eq!(block.accessed(), listed, "a query changed what the block says");
        let sealed = block.commit().unwrap();
        assert_eq!(sealed.receipts.len(), 4);
        assert_eq!(seen(&chain, twins).count, 4);
        increment(&mut chain, alice, twins);
        for (count, pending) in states {
            assert_eq!(seen(&pending, twins).count, count, "the block went on");
        }
    });
}

#[test]
fn a_dropped_block_leaves_nothing() {
    each_store(|mut chain, alice, twins| {
        let mut block = chain.block();
        block.push(&plus(alice, twins, 1)).unwrap();
        drop(block);
        assert_eq!(seen(&chain, twins).count, 0);
    });
}

#[test]
fn proofs_of_a_reader_hold_against_the_root_of_its_block() {
    let directory = tempfile::tempdir().unwrap();
    let file = RedbStore::open(directory.path().join("chain")).unwrap();
    let stores: [Arc<dyn Store>; 2] = [Arc::new(MemoryStore::with_root()), Arc::new(file)];
    for store in stores {
        let (mut chain, alice, twins) = with_twins(store);
        increment(&mut chain, alice, twins);
        let reader = chain.reader().unwrap();
        let root = reader.state_root().unwrap();
        let keys = [StorageKey::new(b"a").unwrap(), StorageKey::new(b"none").unwrap()];
        for _ in 0..3 {
            increment(&mut chain, alice, twins);
            let proof = reader.prove(&twins, &keys).unwrap();
            proof.verify(&root).unwrap();
            assert_eq!(proof.storage[0].value.as_deref(), Some(&[1, 0, 0, 0][..]));
            assert_eq!(proof.storage[1].value, None);
        }
    }
}

#[test]
fn a_reader_outlives_its_chain() {
    each_store(|mut chain, alice, twins| {
        increment(&mut chain, alice, twins);
        let mut reader = chain.reader().unwrap();
        drop(chain);
        assert_eq!(seen(&reader, twins).count, 1);
        reader.refresh().unwrap();
        assert_eq!(seen(&reader, twins).count, 1);
    });
}

#[test]
fn a_chain_and_its_readers_have_one_engine_and_compile_once() {
    let mut chain = Chain::in_memory(&engine(Backend::Jit)).unwrap();
    let alice = chain.user("alice").unwrap();
    let twins = chain.deploy(contract(TWINS)).from(alice).create().unwrap();
    let reader = chain.reader().unwrap();
    for count in 1..=10 {
        increment(&mut chain, alice, twins);
        assert_eq!(seen(&chain, twins).count, count);
        assert_eq!(seen(&reader.clone(), twins).count, 0);
    }
    assert_eq!(chain.engine().statistics().compiles, 1);
    assert_eq!(reader.engine().statistics(), chain.engine().statistics());
}

#[test]
fn chains_run_on_the_engine_of_the_embedder() {
    let config = Config::new().backend(Backend::Jit).memory_cache(64 << 20);
    let engine = Engine::new(config).unwrap();
    for _ in 0..3 {
        let mut chain = Chain::in_memory(&engine).unwrap();
        let alice = chain.user("alice").unwrap();
        let twins = chain.deploy(contract(TWINS)).from(alice).create().unwrap();
        increment(&mut chain, alice, twins);
        assert_eq!(seen(&chain, twins).count, 1);
        assert_eq!(chain.engine().statistics(), engine.statistics());
    }
    assert_eq!(engine.statistics().compiles, 1, "the code of one chain serves the others");
}

#[test]
fn a_query_that_takes_too_long_can_be_ended() {
    use std::time::Duration;

    use bessemer_chain::ExecuteError;
    use bessemer_runtime::{ErrorKind, InterruptHandle};

    for backend in common::BACKENDS {
        let mut chain = Chain::in_memory(&engine(backend)).unwrap();
        let alice = chain.user("alice").unwrap();
        let source = "bnez a0, done\nj .\ndone: host finish(0, 0)";
        let endless = chain.deploy(contract(source)).from(alice).create().unwrap();
        let height = chain.height();
        let reader = chain.reader().unwrap();
        for simulated in [false, true] {
            let handle = InterruptHandle::new();
            let error = thread::scope(|scope| {
                scope.spawn(|| {
                    thread::sleep(Duration::from_millis(5));
                    handle.interrupt();
                });
                let call = reader.call(endless, "").gas(1 << 33).interrupt_by(&handle);
                if simulated { call.simulate().map(drop) } else { call.query_bytes().map(drop) }
            });
            let error = error.unwrap_err();
            let ChainError::Execute(ExecuteError::Runtime(source)) = &error else {
                panic!("{error}")
            };
            assert!(matches!(source.kind(), ErrorKind::Interrupted), "{source}");
        }
        // and the reader goes on
        assert_eq!(reader.balance(&alice).unwrap(), chain.balance(&alice).unwrap());
        assert_eq!(chain.height(), height);
    }
}

#[test]
fn a_refreshed_reader_has_the_host_calls_that_came_later() {
    use bessemer_chain::{Effect, ExtensionRow};

    let mut chain = Chain::in_memory(&engine(Backend::Interpreter)).unwrap();
    let alice = chain.user("alice").unwrap();
    let source = "bnez a0, done\nli a7, 0x1000\necall\nreturn a0\ndone: host finish(0, 0)";
    let asking = chain.deploy(contract(source)).from(alice).create().unwrap();
    let mut reader = chain.reader().unwrap();
    let row = ExtensionRow { number: 0x1000, name: "7".into(), base: 1, effect: Effect::Frame };
    chain.host_call(row, |_| Ok(7)).unwrap();
    assert!(reader.call(asking, "").query_bytes().is_err(), "the number was unknown then");
    reader.refresh().unwrap();
    assert_eq!(reader.call(asking, "").query_bytes().unwrap(), [7, 0, 0, 0]);
}

#[test]
fn a_store_without_snapshots_has_queries_and_no_readers() {
    let (mut chain, alice, twins) = with_twins(Arc::new(Bare(MemoryStore::new())));
    assert!(matches!(chain.reader(), Err(ChainError::Store(StoreError::Unsupported { .. }))));
    let mut block = chain.block();
    block.push(&plus(alice, twins, 1)).unwrap();
    assert!(block.pending().is_err());
    let answer = block.query::<U256>(twins, "answer()", ());
    assert!(matches!(answer, Err(ChainError::Output { .. })), "{answer:?}");
    block.commit().unwrap();
    assert_eq!(seen(&chain, twins).count, 1);
}
