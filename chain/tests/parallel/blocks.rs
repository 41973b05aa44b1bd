//! Random blocks on every number of threads.

use bessemer_chain::bessemer_evm::Fork;
use bessemer_chain::{Action, Address, Chain, ChainConfig, ParallelStatistics, Transaction, U256};
use bessemer_runtime::Backend;
use bessemer_toolchain::tests::cases;
use fastrand::Rng;

use super::common::engine;
use super::scene::{Scene, user};

/// Receipts, gas, events, roots, witnesses and access lists.
#[test]
fn random_blocks_are_the_same_on_every_number_of_threads() {
    let engine = engine(Backend::Interpreter);
    let mut sum = ParallelStatistics::default();
    let (mut refused, mut failed) = (0, 0);
    let count = cases(60, 1000);
    for seed in 0..count {
        let mut rng = Rng::with_seed(seed);
        let forks = [Fork::NEWEST, Fork::NEWEST, Fork::Cancun, Fork::Shanghai];
        let fork = forks[rng.usize(0..forks.len())];
        // somebody who sends, somebody who only gets, and nobody
        let coinbases = [user(0), Address::new([0xcb; 20]), Address::ZERO];
        let coinbase = coinbases[rng.usize(0..3)];
        let scene = |threads| Scene::new(&engine, threads, fork, coinbase, seed);
        let one = scene(1);
        let transactions = one.transactions(&mut rng);
        let alone = rng.usize(0..3);
        let (expected, statistics) = one.run(alone, &transactions);
        assert_eq!(statistics, ParallelStatistics::default(), "one thread takes the ordinary way");
        refused += u64::from(expected.error.is_some());
        failed += expected.receipts.iter().filter(|receipt| !receipt.succeeded()).count();
        let others = [2, 3 + rng.usize(0..14)];
        for threads in others {
            let (outcome, statistics) = scene(threads).run(alone, &transactions);
            assert_eq!(outcome, expected, "seed {seed}, {threads} threads");
            assert!(statistics.critical_path <= statistics.gas);
            sum.committed += statistics.committed;
            sum.sequential += statistics.sequential;
            sum.aborts += statistics.aborts;
            sum.waits += statistics.waits;
        }
    }
    println!("{count} blocks, {refused} with a refusal, {failed} failed transactions: {sum:?}");
    assert!(sum.committed > 10 * count && sum.waits > 0, "{sum:?}");
    assert!(refused > 0 && failed > 0);
}

/// What needs the same account waits for it, and what does not is not held up: the statistics say so.
#[test]
fn the_critical_path_is_that_of_the_dependencies() {
    let engine = engine(Backend::Interpreter);
    let run = |senders: u64| {
        let config = ChainConfig { threads: 2, ..ChainConfig::default() };
        let store = std::sync::Arc::new(bessemer_chain::store::MemoryStore::new());
        let mut chain = Chain::on(&engine, store, config).unwrap();
        let users: Vec<_> =
            (0..senders).map(|number| chain.user(&number.to_string()).unwrap()).collect();
        let transactions: Vec<_> = (0..400)
            .map(|number: u64| Transaction {
                sender: users[(number % senders) as usize],
                nonce: number / senders,
                gas_limit: 1_000_000,
                gas_price: U256::ZERO,
                value: U256::ZERO,
                action: Action::Call { to: Address::new([9; 20]), input: Vec::new() },
                access: None,
            })
            .collect();
        let mut block = chain.block();
        block.push_all(&transactions).unwrap();
        let statistics = *block.parallel_statistics();
        let gas = block.receipts()[0].gas_used;
        assert_eq!(block.receipts().len(), 400);
        (statistics, gas)
    };
    let (disjoint, gas) = run(400);
    assert_eq!(disjoint.committed, 399);
    assert_eq!((disjoint.aborts, disjoint.gas, disjoint.critical_path), (0, 399 * gas, gas));
    let (four, gas) = run(4);
    assert_eq!((four.committed + four.sequential, four.aborts), (400, 0));
    if four.committed == 399 {
        assert_eq!(four.critical_path, 100 * gas);
    }
}
