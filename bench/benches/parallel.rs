//! Time of a block of token transfers by one thread and by several, in turns.
//!
//! `cargo bench -p bessemer-bench --bench parallel -- [THREADS…]`; without numbers, 2. Each block has 4,000
//! transfers: between holders of their own, with and without signatures, and all to one holder. The
//! times are those of `Block::push_all` by the clock, the least of twelve blocks; beside them stand
//! aborts, and how much shorter the longest chain of dependent transfers is than the block.
#![allow(clippy::print_stdout, reason = "its figures are its purpose")]
#![allow(clippy::expect_used, reason = "a bench that cannot run stops")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use bessemer_chain::store::MemoryStore;
use bessemer_chain::{
    Action, Address, Block, BlockTransaction, Chain, ChainConfig, ParallelStatistics, SecretKey,
    Signed, Transaction, U256, selector,
};
use bessemer_contracts::image;
use bessemer_runtime::{Backend, Config, Engine};
use bessemer_types::encode_behind;

const BLOCK: u64 = 4_000;
const ROUNDS: usize = 12;

fn main() {
    let numbers = std::env::args().filter_map(|argument| argument.parse().ok());
    let mut threads: Vec<usize> = numbers.collect();
    if threads.is_empty() {
        threads.push(2);
    }
    let engine = Engine::new(Config::new().backend(Backend::Jit)).expect("an engine");
    for threads in threads {
        measure(&engine, threads, "between holders of their own", |n| holder(n + BLOCK), false);
        measure(&engine, threads, "the same with signatures", |n| holder(n + BLOCK), true);
        measure(&engine, threads, "to one holder", |_| holder(BLOCK), false);
    }
}

fn key(number: u64) -> SecretKey {
    let mut bytes = [1; 32];
    bytes[8..16].copy_from_slice(&number.to_be_bytes());
    SecretKey::from_bytes(bytes).expect("a key")
}

fn holder(number: u64) -> Address {
    let mut bytes = [2; 20];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    Address::new(bytes)
}

/// A chain with a token that some accounts have.
struct Scene {
    chain: Chain,
    token: Address,
}

fn transfer(token: Address, sender: Address, nonce: u64, to: Address, amount: u64) -> Transaction {
    let signature = selector("transfer(address,uint256)");
    Transaction {
        sender,
        nonce,
        gas_limit: 1 << 24,
        gas_price: U256::ZERO,
        value: U256::ZERO,
        action: Action::Call {
            to: token,
            input: encode_behind(&signature, &(to, U256::from(amount))),
        },
        access: None,
    }
}

impl Scene {
    fn new(engine: &Engine, threads: usize, senders: &[Address]) -> Self {
        let config = ChainConfig { threads, ..ChainConfig::default() };
        let mut chain = Chain::on(engine, Arc::new(MemoryStore::new()), config).expect("a chain");
        let alice = chain.user("alice").expect("a user");
        let code = image("erc20").expect("an image");
        let arguments = ("Token", "TOK", 18_u8, U256::from(u128::MAX));
        let token = chain.deploy(code).args(arguments).from(alice).create().expect("a token");
        let first = chain.account(&alice).expect("an account").nonce;
        let mut block = chain.block();
        for (nonce, sender) in (first..).zip(senders) {
            block.push(&transfer(token, alice, nonce, *sender, 1 << 30)).expect("a receipt");
        }
        block.commit().expect("a block");
        Self { chain, token }
    }
}

fn measure(
    engine: &Engine,
    threads: usize,
    name: &str,
    to: impl Fn(u64) -> Address,
    is_signed: bool,
) {
    let keys: Vec<_> = (0..BLOCK).map(key).collect();
    let senders: Vec<_> = keys.iter().map(SecretKey::address).collect();
    let mut scenes = [1, threads].map(|threads| Scene::new(engine, threads, &senders));
    let mut times = [Duration::MAX; 2];
    let mut statistics = ParallelStatistics::default();
    for round in 0..ROUNDS as u64 {
        for (scene, time) in scenes.iter_mut().zip(&mut times) {
            let transfers: Vec<_> = (0..BLOCK)
                .zip(&senders)
                .map(|(number, sender)| transfer(scene.token, *sender, round, to(number), 1))
                .collect();
            let signed: Vec<_> = if is_signed {
                let sign =
                    |(transfer, key): (&Transaction, _)| Signed::sign(transfer.clone(), 1337, key);
                transfers.iter().zip(&keys).map(sign).collect()
            } else {
                Vec::new()
            };
            let transactions: Vec<BlockTransaction<'_>> = if is_signed {
                signed.iter().map(BlockTransaction::from).collect()
            } else {
                transfers.iter().map(BlockTransaction::from).collect()
            };
            let mut block = scene.chain.block();
            *time = (*time).min(timed(&mut block, &transactions));
            statistics = *block.parallel_statistics();
            assert!(block.receipts().iter().all(bessemer_chain::Receipt::succeeded));
            block.commit().expect("a block");
        }
    }
    let [one, several] = times;
    println!(
        "{BLOCK} transfers {name}: one thread {one:.1?}, {threads} threads {several:.1?}, {:.2} times as fast; {} aborts, \
         {} waits, {} by one thread, critical path 1/{}",
        one.as_secs_f64() / several.as_secs_f64(),
        statistics.aborts,
        statistics.waits,
        statistics.sequential,
        statistics.gas / statistics.critical_path.max(1),
    );
}

fn timed(block: &mut Block<'_>, transactions: &[BlockTransaction<'_>]) -> Duration {
    let begin = Instant::now();
    block.push_all(transactions).expect("a block");
    begin.elapsed()
}
