//! How fast readers query a chain, alone and beside blocks.
//!
//! `cargo bench -p bessemer-bench --bench readers`: one thread asks for balances of a token, and takes
//! the newest state every 100 queries, while another makes blocks of 500 transfers, or does not. The
//! figures are queries for each second of the asking thread's processor time, which stands still while
//! others have the processor; and of the longest wait of a query for anything else.
#![allow(clippy::print_stdout, reason = "its figures are its purpose")]
#![allow(clippy::expect_used, reason = "a bench that cannot run stops")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use bessemer_chain::store::{MemoryStore, RedbStore, Store};
use bessemer_chain::{Action, Address, Chain, ChainConfig, Reader, Transaction, U256, selector};
use bessemer_runtime::{Backend, Config, Engine, Limits};
use rustix::time::{ClockId, clock_gettime};

const ROUND: Duration = Duration::from_millis(400);
const ROUNDS: usize = 7;
const TRANSFERS: u64 = 500;

fn main() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("chain");
    measure("memory", Arc::new(MemoryStore::new()));
    measure("memory, with roots", Arc::new(MemoryStore::with_root()));
    measure("file", Arc::new(RedbStore::open(path).expect("a store")));
}

fn measure(name: &str, store: Arc<dyn Store>) {
    let config = Config::new().backend(Backend::Jit).limits(Limits::contract());
    let engine = Engine::new(config).expect("an engine");
    let mut chain = Chain::on(&engine, store, ChainConfig::default()).expect("a chain");
    let alice = chain.user("alice").expect("a user");
    let image = bessemer_contracts::image("erc20").expect("it is built");
    let supply = U256::from(1_u64 << 60);
    let token = chain.deploy(image).args(("Gold", "GLD", 0_u8, supply)).from(alice);
    let token = token.create().expect("a contract");
    let reader = chain.reader().expect("a reader");
    let mut alone = Vec::new();
    let mut beside = Vec::new();
    let mut blocks = 0;
    for _ in 0..ROUNDS {
        alone.push(ask(reader.clone(), token, alice));
        let done = AtomicBool::new(false);
        let rate = thread::scope(|scope| {
            let writer = scope.spawn(|| {
                let mut made = 0;
                while !done.load(Ordering::Relaxed) {
                    fill(&mut chain, token, alice);
                    made += 1;
                }
                made
            });
            let rate = ask(reader.clone(), token, alice);
            done.store(true, Ordering::Relaxed);
            blocks += writer.join().expect("the writer ends");
            rate
        });
        beside.push(rate);
    }
    let [alone, beside] = [alone, beside].map(|mut rates| {
        rates.sort_by(|a, b| a.0.total_cmp(&b.0));
        rates[ROUNDS / 2]
    });
    println!(
        "{name}: {:.0} queries/s alone, {:.0} beside {blocks} blocks ({:.1} %)",
        alone.0,
        beside.0,
        100.0 * beside.0 / alone.0
    );
    println!("  median of the longest query: {:?} alone, {:?} beside", alone.1, beside.1);
}

/// Queries for each second of this thread, and the longest that one took on the wall.
fn ask(mut reader: Reader, token: Address, who: Address) -> (f64, Duration) {
    let (start, begin) = (Instant::now(), thread_time());
    let mut queries = 0;
    let mut longest = Duration::ZERO;
    while start.elapsed() < ROUND {
        let begin = Instant::now();
        if queries % 100 == 0 {
            reader.refresh().expect("there is a newest state");
        }
        let balance = reader.call(token, "balanceOf(address)").args((who,)).query::<U256>();
        assert!(balance.expect("a balance") > U256::ZERO);
        longest = longest.max(begin.elapsed());
        queries += 1;
    }
    (f64::from(queries) / (thread_time() - begin).as_secs_f64(), longest)
}

fn fill(chain: &mut Chain, token: Address, sender: Address) {
    let nonce = chain.account(&sender).expect("an account").nonce;
    let mut block = chain.block();
    for index in 0..TRANSFERS {
        let mut input = selector("transfer(address,uint256)").to_vec();
        let mut to = [0; 32];
        to[24..].copy_from_slice(&(1 + (nonce + index) % 20_000).to_be_bytes());
        input.extend(to);
        input.extend(U256::ONE.to_be_bytes::<32>());
        let transaction = Transaction {
            sender,
            nonce: nonce + index,
            gas_limit: 10_000_000,
            gas_price: U256::ZERO,
            value: U256::ZERO,
            action: Action::Call { to: token, input },
            access: None,
        };
        assert!(block.push(&transaction).expect("it is processed").succeeded());
    }
    block.commit().expect("it is committed");
}

fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
}
