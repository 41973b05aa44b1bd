//! An embedder with a state of his own: a store, and a host call that contracts can make.
//!
//! `cargo run --release -p bessemer-chain --example own_state`

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use bessemer_chain::store::{BlockCommit, Store, StoreError, View};
use bessemer_chain::{
    Chain, ChainConfig, Effect, Extension, ExtensionRow, Header, StateKey, Value, sentence,
};
use bessemer_image::{ImageBuilder, Profile};
use bessemer_isa::asm;
use bessemer_runtime::{Config, Engine};

/// The embedder's own database: here a map, and a count of what was asked of it.
#[derive(Default)]
struct Ledger {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    /// The newest block, from whose height and time the chain goes on.
    head: Option<Header>,
    entries: BTreeMap<StateKey, Value>,
    reads: u64,
}

impl View for Ledger {
    fn get(&self, key: &StateKey) -> Result<Option<Value>, StoreError> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.reads += 1;
        Ok(inner.entries.get(key).cloned())
    }
}

impl Store for Ledger {
    fn head(&self) -> Result<Option<Header>, StoreError> {
        Ok(self.inner.lock().unwrap_or_else(PoisonError::into_inner).head.clone())
    }

    fn commit(&self, block: BlockCommit<'_>) -> Result<(), StoreError> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        block.check_follows(inner.head.as_ref().map(|head| head.height))?;
        for (key, value) in block.changes.iter() {
            match value {
                Some(value) => inner.entries.insert(*key, value.clone()),
                None => inner.entries.remove(key),
            };
        }
        inner.head = Some(block.header);
        Ok(())
    }
}

/// Asks the host for a price, host call 0x1000, and returns it.
const CONTRACT: &str = "
    bnez a0, done           # nothing to construct
    li   a0, 7              # the instrument
    li   a7, 0x1000
    ecall
    lui  t0, 0x20           # a page of data
    sw   a0, 0(t0)
    mv   a0, t0
    li   a1, 4
    li   a7, 3              # finish
    ecall
done:
    li   a0, 0
    li   a1, 0
    li   a7, 3
    ecall
";

#[allow(clippy::print_stdout, reason = "an example prints")]
pub(crate) fn main() -> Result<(), Box<dyn std::error::Error>> {
    let program = asm::assemble(CONTRACT, &asm::Options::default())?;
    let code = ImageBuilder::new(Profile::rv32(false))
        .text(program.text.base, &program.text.bytes)
        .data(0x2_0000, b"", 4096)
        .build();

    let engine = Engine::new(Config::new())?;
    let ledger = Arc::new(Ledger::default());
    let mut chain = Chain::on(&engine, ledger.clone(), ChainConfig::default())?;

    // What the market says is the embedder's; contracts pay 500 gas to ask.
    let prices = BTreeMap::from([(7, 4_200_u32)]);
    let row =
        ExtensionRow { number: 0x1000, name: "price".into(), base: 500, effect: Effect::Frame };
    chain.host_call(row, move |call: &mut Extension<'_>| {
        Ok(prices.get(&call.argument(0)).copied().unwrap_or(u32::MAX))
    })?;

    let alice = chain.user("alice")?;
    let contract = chain.deploy(code).from(alice).create()?;
    let receipt = chain.call(contract, "").input(*b"?").from(alice).send()?;
    println!("{}", sentence(&receipt));
    let price = u32::from_le_bytes(receipt.output.as_slice().try_into()?);
    let inner = ledger.inner.lock().unwrap_or_else(PoisonError::into_inner);
    println!("price {price}, gas {}, {} entries", receipt.gas_used, inner.entries.len());
    assert_eq!(price, 4_200);
    assert!(inner.reads > 0);
    drop(inner);

    // The chain is opened again on the same state, and its time goes on.
    let (height, timestamp) = (chain.height(), chain.head().timestamp);
    drop(chain);
    let mut chain = Chain::on(&engine, ledger, ChainConfig::default())?;
    let next = *chain.block().info();
    println!("the next block is {} at {}", next.height, next.timestamp);
    assert_eq!((next.height, next.timestamp), (height + 1, timestamp + 1));
    Ok(())
}
