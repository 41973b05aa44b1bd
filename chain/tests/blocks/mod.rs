//! Blocks that follow from their height, and what a store must have after them.
#![allow(dead_code, reason = "each test file uses a part")]
#![allow(clippy::unwrap_used, reason = "tests fail by panics")]

use std::collections::BTreeMap;

use bessemer_chain::store::{
    BlockCommit, ChangeSet, Record, Store, StoreError, encode_account, encode_key,
};
use bessemer_chain::{
    Account, Address, CodeHash, Diagnosis, Event, Header, Receipt, StateKey, Status, StorageKey,
    U256, Value,
};
use fastrand::Rng;

/// All that a store keeps, in its stored form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) head: Option<Header>,
    pub(crate) state: Vec<(Vec<u8>, Vec<u8>)>,
    /// The header of each block, and its receipts.
    pub(crate) blocks: Vec<(Header, Vec<Receipt>)>,
    /// What is recorded beside.
    pub(crate) records: Vec<Record>,
}

impl Content {
    /// What a store keeps, in the order in which it says so.
    pub(crate) fn of(store: &dyn Store) -> Result<Self, StoreError> {
        let mut state = Vec::new();
        store.for_each(&mut |key, value| state.push((key.to_vec(), value.to_vec())))?;
        let head = store.head()?;
        let mut blocks = Vec::new();
        for height in 1..=head.as_ref().map_or(0, |head| head.height) {
            let receipts = store.receipts(height)?;
            for (index, receipt) in (0..).zip(&receipts) {
                assert_eq!(store.receipt(height, index)?.as_ref(), Some(receipt));
            }
            assert_eq!(store.receipt(height, receipts.len() as u32)?, None);
            blocks.push((store.header(height)?.expect("every block has a header"), receipts));
        }
        let next = blocks.len() as u64 + 1;
        assert_eq!((store.header(next)?, store.receipts(next)?), (None, Vec::new()));
        assert_eq!(store.header(0)?, None);
        Ok(Self { head, state, blocks, records: store.records(b"")? })
    }

    /// What a store must keep after the block of this height.
    pub(crate) fn at(height: u64) -> Self {
        let (mut state, mut blocks) = (BTreeMap::new(), Vec::new());
        for height in 1..=height {
            let (header, changes, receipts) = block(height);
            for (key, value) in changes.iter() {
                match value {
                    Some(value) => state.insert(encode_key(key).to_vec(), value.to_vec()),
                    None => state.remove(&*encode_key(key)),
                };
            }
            blocks.push((header, receipts));
        }
        Self {
            head: blocks.last().map(|(header, _)| header.clone()),
            state: state.into_iter().collect(),
            blocks,
            records: (1..=height).flat_map(records).collect(),
        }
    }
}

/// The block of this height: its header, what it changes, and its receipts.
pub(crate) fn block(height: u64) -> (Header, ChangeSet, Vec<Receipt>) {
    let mut random = Rng::with_seed(height);
    let changes = (0..random.usize(1..40)).map(|_| {
        let kept = random.u8(..4) > 0;
        let key = key(random.u8(..));
        let value = match key {
            StateKey::Account(_) => account(&mut random),
            _ => Some(value(&mut random)),
        };
        (key, value.filter(|_| kept))
    });
    let changes = ChangeSet::new(changes.collect());
    let receipts: Vec<_> =
        (0..random.u32(..5)).map(|index| receipt(height, index, &mut random)).collect();
    let header = Header {
        height,
        timestamp: height * 3,
        transactions: receipts.len() as u32,
        gas_used: random.u64(..),
        ..Header::default()
    };
    (header, changes, receipts)
}

/// What is recorded with the block of this height.
fn records(height: u64) -> Vec<Record> {
    let key = |kind: u8| [&[kind][..], &height.to_be_bytes()].concat();
    height
        .is_multiple_of(3)
        .then(|| (key(b'h'), height.to_le_bytes().to_vec()))
        .into_iter()
        .collect()
}

fn receipt(height: u64, index: u32, random: &mut Rng) -> Receipt {
    let address = Address::new([random.u8(..); 20]);
    let event = Event { address, topics: vec![[1; 32]], data: vec![2; random.usize(..99)] };
    Receipt {
        height,
        index,
        sender: address,
        to: Address::new([random.u8(..); 20]),
        status: Status::Revert,
        gas_used: random.u64(..),
        output: vec![random.u8(..); random.usize(..300)],
        events: vec![event; random.usize(..3)],
        created: vec![address; random.usize(..3)],
        diagnosis: Diagnosis { refused: Some(index.to_string()), ..Diagnosis::default() },
    }
}

/// Commits the block of this height.
pub(crate) fn commit(store: &dyn Store, height: u64) -> Result<(), StoreError> {
    let (header, changes, receipts) = block(height);
    let records = records(height).into_iter().collect();
    let rows = store.commitment(&changes)?.unwrap_or_default().rows;
    store.commit(BlockCommit { header, changes, receipts: &receipts, records, rows })
}

fn account(random: &mut Rng) -> Option<Value> {
    let (nonce, balance) = (random.u64(..), U256::from(random.u64(..)));
    encode_account(&Account { nonce, balance, ..Account::default() })
}

/// One of 256 keys, of all kinds and lengths.
pub(crate) fn key(number: u8) -> StateKey {
    let address = Address::new([number % 3; 20]);
    match number % 8 {
        0 => StateKey::Account(Address::new([number; 20])),
        1 => StateKey::Code(CodeHash::from_bytes([number; 32])),
        _ => StateKey::Storage(
            address,
            StorageKey::new(&[number; 64][..usize::from(number % 65)]).unwrap(),
        ),
    }
}

fn value(random: &mut Rng) -> Value {
    let len = match random.u8(..50) {
        0 => 100_000,
        1..5 => random.usize(..5_000),
        5 => 0,
        _ => random.usize(..80),
    };
    let fill = random.u8(..);
    Value::from(vec![fill; len].as_slice())
}
