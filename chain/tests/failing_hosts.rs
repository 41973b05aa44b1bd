//! A block whose host failed in the middle of a transaction is not a block any more.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panics")]

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bessemer_chain::store::{BlockCommit, MemoryStore, Store, StoreError, View};
use bessemer_chain::{
    Action, Address, Block, Chain, ChainConfig, ChainError, Effect, ExtensionRow, Header, Refusal,
    StateKey, Transaction, U256, Value,
};
use common::{BACKENDS, amount, contract, engine};

/// A store that fails after so many reads.
struct Failing {
    inner: MemoryStore,
    reads_left: AtomicU64,
}

impl Failing {
    fn new() -> Arc<Self> {
        Arc::new(Self { inner: MemoryStore::new(), reads_left: AtomicU64::new(u64::MAX) })
    }

    fn fail_after(&self, reads: u64) {
        self.reads_left.store(reads, Ordering::Relaxed);
    }
}

impl View for Failing {
    fn get(&self, key: &StateKey) -> Result<Option<Value>, StoreError> {
        let left = self.reads_left.load(Ordering::Relaxed).checked_sub(1);
        let Some(left) = left else { return Err(StoreError::Other("the disk is gone".into())) };
        self.reads_left.store(left, Ordering::Relaxed);
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

    fn for_each(&self, visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), StoreError> {
        self.inner.for_each(visit)
    }
}

fn call(sender: Address, nonce: u64, to: Address) -> Transaction {
    Transaction {
        sender,
        nonce,
        gas_limit: 10_000_000,
        gas_price: U256::ONE,
        value: U256::ZERO,
        action: Action::Call { to, input: Vec::new() },
        access: None,
    }
}

/// The block takes nothing more, and nothing of it can be committed.
fn assert_failed(mut block: Block<'_>, next: &Transaction) {
    assert!(matches!(block.push(next), Err(ChainError::BlockFailed)));
    assert!(matches!(block.push(next), Err(ChainError::BlockFailed)), "a second push is the same");
    assert!(block.accessed().is_empty());
    assert!(matches!(block.commit(), Err(ChainError::BlockFailed)));
}

#[test]
fn a_store_that_fails_at_any_read_fails_the_block_and_nothing_is_committed() {
    for backend in BACKENDS {
        let store = Failing::new();
        let config =
            ChainConfig { fee_recipient: Some(Address::new([9; 20])), ..Default::default() };
        let mut chain = Chain::on(&engine(backend), store.clone(), config).unwrap();
        let alice = chain.user("alice").unwrap();
        // its key is read in the middle of the frame
        let code = contract(
            "beqz a0, 1f\nhost finish(0, 0)\n1:\nhost storage_get(DATA, 1, DATA, 4)\n\
             host balance(DATA, DATA + 32)\nhost finish(0, 0)",
        );
        let to = chain.deploy(code).from(alice).create().unwrap();
        let (head, digest) = (chain.head().clone(), chain.state_digest().unwrap());
        let mut failed = 0;
        for reads in 0..100 {
            let mut block = chain.block();
            store.fail_after(reads);
            let result = block.push(&call(alice, 1, to)).map(drop);
            store.fail_after(u64::MAX);
            if result.is_ok() {
                break;
            }
            assert!(matches!(result, Err(ChainError::Execute(_))), "{result:?}");
            assert_failed(block, &call(alice, 1, to));
            assert_eq!(chain.head(), &head);
            assert_eq!(chain.state_digest().unwrap(), digest);
            failed += 1;
        }
        assert!(failed >= 4, "sender, contract, value and another account are read: {failed}");
        // the chain goes on with another block
        let mut block = chain.block();
        assert!(block.push(&call(alice, 1, to)).unwrap().succeeded());
        block.commit().unwrap();
    }
}

#[test]
fn a_panic_of_the_embedders_own_call_fails_the_block() {
    for backend in BACKENDS {
        let mut chain = common::chain(backend);
        let row =
            ExtensionRow { number: 0x1000, name: "panics".into(), base: 0, effect: Effect::Frame };
        chain.host_call(row, |_| panic!("a fault of the embedder")).unwrap();
        let alice = chain.user("alice").unwrap();
        let to = common::deploy(&mut chain, alice, "li a7, 0x1000\necall");
        let digest = chain.state_digest().unwrap();
        let mut block = chain.block();
        let pushed = catch_unwind(AssertUnwindSafe(|| block.push(&call(alice, 1, to)).map(drop)));
        assert!(pushed.is_err());
        assert_failed(block, &call(alice, 1, to));
        assert_eq!(chain.state_digest().unwrap(), digest);
    }
}

#[test]
fn a_refused_transaction_leaves_the_block_open() {
    let mut chain = common::chain(BACKENDS[0]);
    let alice = chain.user("alice").unwrap();
    let mut block = chain.block();
    let refused = block.push(&call(alice, 7, Address::ZERO)).unwrap_err();
    assert!(matches!(refused, ChainError::Refused(Refusal::Nonce { .. })));
    block.push(&Transaction { value: amount(1), ..call(alice, 0, Address::ZERO) }).unwrap();
    assert_eq!(block.commit().unwrap().receipts.len(), 1);
}
