//! Blocks that are made to cost more on several threads, and hosts that fail.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bessemer_chain::store::{BlockCommit, MemoryStore, Store, StoreError, View};
use bessemer_chain::{
    Action, Address, Chain, ChainConfig, ChainError, Effect, ExtensionRow, FIRST_EXTENSION, Header,
    StateKey, Transaction, U256, Value,
};
use bessemer_runtime::{Backend, HostStop};

use super::common::{contract, engine};

fn transaction(
    sender: Address,
    nonce: u64,
    to: Address,
    input: &[u8],
    gas_limit: u64,
) -> Transaction {
    Transaction {
        sender,
        nonce,
        gas_limit,
        gas_price: U256::ZERO,
        value: U256::ZERO,
        action: Action::Call { to, input: input.to_vec() },
        access: None,
    }
}

fn chain(backend: Backend, threads: usize) -> (Chain, Vec<Address>) {
    let config = ChainConfig { threads, block_gas: 1 << 40, ..ChainConfig::default() };
    let store = Arc::new(MemoryStore::with_root());
    let mut chain = Chain::on(&engine(backend), store, config).unwrap();
    let users = (0..32).map(|number| chain.user(&number.to_string()).unwrap()).collect();
    (chain, users)
}

/// With input 1 it counts for a while, and then sets a flag that says whether it was called in an odd place. With
/// input 0 it ends at once if the flag is set, and otherwise counts for as long as there is gas: and clears
/// the flag.
const TRAP: &str = "
        beqz a0, 1f
        host finish(0, 0)
1:      host input_copy(0, DATA, 1)
        li   s0, DATA
        addi s1, s0, 256
        lbu  t0, 0(s0)
        beqz t0, second
        li   t0, 2000000
2:      addi t0, t0, -1
        bnez t0, 2b
        sw   s0, 0(s1)
        host storage_set(s0, 0, s1, 4)
        host finish(0, 0)
second: host storage_get(s0, 0, s1, 4)
        lw   t0, 0(s1)
        beqz t0, burn
        host storage_remove(s0, 0)
        host finish(0, 0)
burn:   j    burn
";

/// In order, each second transaction ends at once. Executed ahead, it would count for hours; it is stopped
/// soon, or this test does not end.
#[test]
fn an_execution_that_is_for_nothing_is_stopped() {
    let run = |threads| {
        let (mut chain, users) = chain(Backend::Jit, threads);
        let contract = chain.deploy(contract(TRAP)).from(users[0]).create().unwrap();
        let first = chain.account(&users[0]).unwrap().nonce;
        let transactions: Vec<_> = (0..32)
            .map(|number: usize| {
                let nonce = if number == 0 { first } else { 0 };
                let gas = if number.is_multiple_of(2) { 1 << 30 } else { 1 << 39 };
                transaction(users[number], nonce, contract, &[number.is_multiple_of(2).into()], gas)
            })
            .collect();
        let mut block = chain.block();
        block.push_all(&transactions).unwrap();
        assert!(block.receipts().iter().all(bessemer_chain::Receipt::succeeded));
        block.commit().unwrap()
    };
    let one = run(1);
    for threads in [2, 3, 8] {
        assert_eq!(run(threads), one);
    }
}

/// Calls a host call of the embedder with its input.
const CALLS: &str = "
        beqz a0, 1f
        host finish(0, 0)
1:      host input_copy(0, DATA, 4)
        li   t0, DATA
        lw   a0, 0(t0)
        li   a7, 0x1000
        ecall
        host finish(0, 0)
";

/// A host call that fails, or panics, at its seventh transaction.
fn failing(threads: usize, panics: bool) -> (Result<Result<(), String>, String>, usize, bool) {
    let (mut chain, users) = chain(Backend::Interpreter, threads);
    let row = ExtensionRow {
        number: FIRST_EXTENSION,
        name: "fail".into(),
        base: 1,
        effect: Effect::Frame,
    };
    let call = move |extension: &mut bessemer_chain::Extension<'_>| match extension.argument(0) {
        7 if panics => panic!("a host function of the embedder"),
        7 => Err(HostStop::error("the embedder's own")),
        number => Ok(number),
    };
    chain.host_call(row, call).unwrap();
    let contract = chain.deploy(contract(CALLS)).from(users[0]).create().unwrap();
    let first = chain.account(&users[0]).unwrap().nonce;
    let transactions: Vec<_> = (0..20_u8)
        .map(|number| {
            let nonce = if number == 0 { first } else { 0 };
            transaction(users[usize::from(number)], nonce, contract, &[number, 0, 0, 0], 1 << 24)
        })
        .collect();
    let mut block = chain.block();
    let ended = catch_unwind(AssertUnwindSafe(|| block.push_all(&transactions)));
    let ended = match ended {
        Ok(ended) => Ok(ended.map_err(|error| format!("{error:?}"))),
        Err(panic) => Err(panic.downcast_ref::<&str>().map(|text| (*text).to_owned()).unwrap()),
    };
    let pushed = block.receipts().len();
    let has_failed = matches!(block.commit(), Err(ChainError::BlockFailed));
    (ended, pushed, has_failed)
}

#[test]
fn a_failing_host_function_fails_the_block_where_it_would_with_one_thread() {
    for panics in [false, true] {
        let one = failing(1, panics);
        assert_eq!((one.1, one.2), (7, true));
        for threads in [2, 5, 16] {
            assert_eq!(failing(threads, panics), one);
        }
    }
}

/// A store that fails at one read.
struct Failing {
    inner: MemoryStore,
    left: AtomicU32,
}

impl View for Failing {
    fn get(&self, key: &StateKey) -> Result<Option<Value>, StoreError> {
        if self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            return Err(StoreError::Other("the disk failed".into()));
        }
        self.inner.get(key)
    }
}

impl Store for Failing {
    fn head(&self) -> Result<Option<Header>, StoreError> {
        self.inner.head()
    }

    fn commit(&self, block: BlockCommit<'_>) -> Result<(), StoreError> {
        self.inner.commit(block)
    }
}

/// A read that fails once, in an execution ahead, may do no harm; whatever happens, the block is the right
/// one or has failed.
#[test]
fn a_failure_of_the_store_never_makes_another_block() {
    let run = |threads: usize, fails_at: u32| {
        let store = Arc::new(Failing { inner: MemoryStore::new(), left: AtomicU32::new(u32::MAX) });
        let config = ChainConfig { threads, ..ChainConfig::default() };
        let shared = Arc::clone(&store) as Arc<dyn Store>;
        let mut chain = Chain::on(&engine(Backend::Interpreter), shared, config).unwrap();
        let users: Vec<_> =
            (0..12).map(|number| chain.user(&number.to_string()).unwrap()).collect();
        let to = Address::new([7; 20]);
        let transactions: Vec<_> = users
            .iter()
            .map(|&sender| {
                let transfer = transaction(sender, 0, to, &[], 1_000_000);
                Transaction { value: U256::from(1), ..transfer }
            })
            .collect();
        let mut block = chain.block();
        store.left.store(fails_at, Ordering::SeqCst);
        block.push_all(&transactions)?;
        block.commit()
    };
    let right = run(1, u32::MAX).unwrap();
    let mut failed = 0;
    for threads in [2, 4] {
        for fails_at in 1..20 {
            match run(threads, fails_at) {
                Ok(sealed) => assert_eq!(sealed, right),
                Err(error) => {
                    assert!(!matches!(error, ChainError::Refused(_)), "{error:?}");
                    failed += 1;
                }
            }
        }
    }
    println!("{failed} of 38 blocks failed");
}
