//! How many transactions a chain processes: each iteration is a block of them.
//!
//! The interpreter stands beside native code. Blocks in memory and blocks in a file, whose commit is
//! durable, are measured apart.

#![allow(missing_docs, reason = "criterion's macros make public functions")]
#![allow(clippy::expect_used, reason = "a bench that cannot run stops")]

use std::time::Duration;

use bessemer_chain::{Action, Address, Chain, Sealed, Transaction, U256, selector};
use bessemer_contracts::image;
use bessemer_runtime::{Backend, Config, Engine};
use bessemer_types::encode_behind;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

/// Transactions in a block.
const BLOCK: u64 = 10_000;
/// Accounts that tokens go to.
const HOLDERS: u64 = 1_000;

const BACKENDS: [(&str, Backend); 2] =
    [("native", Backend::Jit), ("interpreted", Backend::Interpreter)];

/// A chain with a contract, whose next block is to be filled.
struct Scene {
    chain: Chain,
    sender: Address,
    contract: Address,
    /// The input of transaction `n` of a block.
    input: fn(u64) -> Vec<u8>,
}

impl Scene {
    fn tokens(mut chain: Chain) -> Self {
        let sender = chain.user("alice").expect("a user");
        let code = image("erc20").expect("an image");
        let arguments = ("Token", "TOK", 18_u8, U256::from(u128::MAX));
        let request = chain.deploy(code).args(arguments).from(sender);
        let contract = request.create().expect("a token");
        let input = |n: u64| {
            let mut holder = [1; 20];
            holder[..8].copy_from_slice(&(n % HOLDERS).to_le_bytes());
            let arguments = (Address::new(holder), U256::from(1));
            encode_behind(&selector("transfer(address,uint256)"), &arguments)
        };
        Self { chain, sender, contract, input }
    }

    /// The cheapest method of the smallest contract.
    fn calls(mut chain: Chain) -> Self {
        let sender = chain.user("alice").expect("a user");
        let code = image("counter").expect("an image");
        let contract = chain.deploy(code).from(sender).create().expect("a counter");
        Self { chain, sender, contract, input: |_| selector("get()").to_vec() }
    }

    fn transactions(&self) -> Vec<Transaction> {
        let nonce = self.chain.account(&self.sender).expect("an account").nonce;
        let make = |n| Transaction {
            sender: self.sender,
            nonce: nonce + n,
            gas_limit: 1 << 24,
            gas_price: U256::ZERO,
            value: U256::ZERO,
            action: Action::Call { to: self.contract, input: (self.input)(n) },
            access: None,
        };
        (0..BLOCK).map(make).collect()
    }

    fn run(&mut self, transactions: &[Transaction]) -> Sealed {
        let mut block = self.chain.block();
        for transaction in transactions {
            let receipt = block.push(transaction).expect("a receipt");
            assert!(receipt.succeeded(), "{receipt:?}");
        }
        block.commit().expect("a block")
    }
}

fn engine(backend: Backend) -> Engine {
    Engine::new(Config::new().backend(backend)).expect("an engine")
}

fn measure(c: &mut Criterion, group: &str, name: &str, mut scene: Scene) {
    let mut group = c.benchmark_group(group);
    group.throughput(Throughput::Elements(BLOCK));
    group.sample_size(10).measurement_time(Duration::from_secs(3));
    group.bench_function(name, |b| {
        // a batch holds one block, because nonces follow from the block before
        let scene = std::cell::RefCell::new(&mut scene);
        b.iter_batched(
            || scene.borrow().transactions(),
            // what the caller holds before and after is dropped outside of what is measured
            |transactions| (scene.borrow_mut().run(&transactions), transactions),
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

fn transactions(c: &mut Criterion) {
    for (name, backend) in BACKENDS {
        let chain = || Chain::in_memory(&engine(backend)).expect("a chain");
        measure(c, "token transfers, in memory", name, Scene::tokens(chain()));
        measure(c, "empty calls, in memory", name, Scene::calls(chain()));
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("chain.redb");
        let chain = Chain::open(&engine(backend), path).expect("a chain");
        measure(c, "token transfers, durable blocks", name, Scene::tokens(chain));
    }
}

criterion_group!(benches, transactions);
criterion_main!(benches);
