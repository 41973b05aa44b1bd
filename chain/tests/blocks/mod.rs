//! Blocks that follow from their height, and what a store must have after them.
#![allow(dead_code, reason = "each test file uses a part")]
#![allow(clippy::unwrap_used, reason = "tests fail by panics")]

use std::collections::BTreeMap;

use bessemer_chain::store::{BlockCommit, ChangeSet, Record, Store, StoreError, encode_key};
use bessemer_chain::{Address, CodeHash, StateKey, StorageKey, Value};
use fastrand::Rng;

/// All that a store keeps, in its stored form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) head: Option<u64>,
    pub(crate) state: Vec<(Vec<u8>, Vec<u8>)>,
    pub(crate) records: Vec<Record>,
}

impl Content {
    /// What a store keeps, in the order in which it says so.
    pub(crate) fn of(store: &dyn Store) -> Result<Self, StoreError> {
        let mut state = Vec::new();
        store.for_each(&mut |key, value| state.push((key.to_vec(), value.to_vec())))?;
        Ok(Self { head: store.head()?, state, records: store.records(b"")? })
    }

    /// What a store must keep after the block of this height.
    pub(crate) fn at(height: u64) -> Self {
        let (mut state, mut records) = (BTreeMap::new(), BTreeMap::new());
        for height in 1..=height {
            let (changes, new) = block(height);
            for (key, value) in changes.iter() {
                match value {
                    Some(value) => state.insert(encode_key(key).to_vec(), value.to_vec()),
                    None => state.remove(&*encode_key(key)),
                };
            }
            records.extend(new);
        }
        Self {
            head: Some(height).filter(|&height| height > 0),
            state: state.into_iter().collect(),
            records: records.into_iter().collect(),
        }
    }
}

/// What the block of this height changes and records.
pub(crate) fn block(height: u64) -> (ChangeSet, Vec<Record>) {
    let mut random = Rng::with_seed(height);
    let changes = (0..random.usize(1..40)).map(|_| {
        let value = (random.u8(..4) > 0).then(|| value(&mut random));
        (key(random.u8(..)), value)
    });
    let changes = ChangeSet::new(changes.collect());
    let records = [
        ([b"h".as_slice(), &height.to_be_bytes()].concat(), vec![height as u8; 40]),
        (b"newest".to_vec(), height.to_le_bytes().to_vec()),
    ];
    (changes, records.to_vec())
}

/// Commits the block of this height.
pub(crate) fn commit(store: &dyn Store, height: u64) -> Result<(), StoreError> {
    let (changes, records) = block(height);
    store.commit(BlockCommit { height, changes, records: records.into_iter().collect() })
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
