//! Every store keeps the same promises.
#![allow(clippy::unwrap_used, reason = "tests fail by panics")]

mod blocks;
mod common;

use std::sync::Arc;

use bessemer_chain::store::{
    BlockCommit, ChangeSet, MemoryStore, RedbStore, Store, StoreError, decode_key,
};
use bessemer_chain::{Header, StateKey, Value};
use blocks::{Content, block, commit, key};
use common::bare::Bare;

/// Runs a check on each store, new and empty.
fn each_store(check: impl Fn(&dyn Store)) {
    check(&MemoryStore::new());
    check(&MemoryStore::with_root());
    let directory = tempfile::tempdir().unwrap();
    check(&RedbStore::open(directory.path().join("chain")).unwrap());
}

#[test]
fn after_each_block_a_store_has_what_the_blocks_left_in_order() {
    each_store(|store| {
        assert_eq!(Content::of(store).unwrap(), Content::default());
        for height in 1..=60 {
            commit(store, height).unwrap();
            let content = Content::of(store).unwrap();
            assert_eq!(content, Content::at(height));
            assert!(content.state.is_sorted_by(|(a, _), (b, _)| a < b));
            let keys: Vec<_> =
                content.state.iter().map(|(key, _)| decode_key(key).unwrap()).collect();
            assert!(keys.is_sorted(), "bytes are ordered as keys are");
            for (key, (_, value)) in keys.iter().zip(&content.state) {
                assert_eq!(&*store.get(key).unwrap().unwrap(), value.as_slice());
            }
            let absent = (0..=255).map(key).filter(|key| !keys.contains(key));
            for key in absent {
                assert_eq!(store.get(&key).unwrap(), None, "{key}");
            }
        }
    });
}

#[test]
fn a_block_that_is_not_the_next_changes_nothing() {
    each_store(|store| {
        for height in 1..=3 {
            for wrong in [0, height - 1, height + 1, u64::MAX] {
                let (header, changes, receipts) = block(height);
                let header = Header { height: wrong, ..header };
                let receipts = &receipts[..];
                let block = BlockCommit { header, changes, receipts, ..Default::default() };
                let error = store.commit(block).unwrap_err();
                let head = height - 1;
                assert!(
                    matches!(error, StoreError::Height { head: h, found } if h == head && found == wrong),
                    "{error}"
                );
                assert_eq!(Content::of(store).unwrap(), Content::at(head));
            }
            commit(store, height).unwrap();
        }
    });
}

#[test]
fn a_snapshot_stays_as_it_was() {
    each_store(|store| {
        let mut snapshots = Vec::new();
        for height in 1..=20 {
            commit(store, height).unwrap();
            snapshots.push((height, store.snapshot().unwrap()));
            if height % 3 == 0 {
                snapshots.remove(0);
            }
            for (height, snapshot) in &snapshots {
                let content = Content::at(*height);
                for key in (0..=255).map(key) {
                    let bytes = bessemer_chain::store::encode_key(&key);
                    let found = content.state.binary_search_by(|(k, _)| k.as_slice().cmp(&bytes));
                    let expected = found.ok().map(|at| content.state[at].1.as_slice());
                    assert_eq!(snapshot.get(&key).unwrap().as_deref(), expected, "{key}");
                }
            }
        }
    });
}

#[test]
fn records_are_found_by_key_and_by_prefix() {
    each_store(|store| {
        let records: Vec<_> = [&b"a"[..], b"ab", b"ab\xff", b"ac", b"b"]
            .map(|key| (key.to_vec(), key.to_vec()))
            .into();
        let committed = BlockCommit {
            header: Header { height: 1, ..Header::default() },
            records: records.iter().cloned().collect(),
            ..BlockCommit::default()
        };
        store.commit(committed).unwrap();
        assert_eq!(store.records(b"").unwrap(), records);
        assert_eq!(store.records(b"a").unwrap(), records[..4]);
        assert_eq!(store.records(b"ab").unwrap(), records[1..3]);
        assert_eq!(store.records(b"\xff").unwrap(), []);
        assert_eq!(store.record(b"ac").unwrap().unwrap(), b"ac");
        assert_eq!(store.record(b"acc").unwrap(), None);
    });
}

#[test]
fn the_last_change_of_a_key_counts() {
    let value = |byte: u8| Some(Value::from(&[byte][..]));
    let changes = ChangeSet::new(vec![
        (key(9), value(1)),
        (key(2), value(2)),
        (key(9), None),
        (key(2), value(3)),
        (key(9), value(4)),
    ]);
    let expected = ChangeSet::new(vec![(key(2), value(3)), (key(9), value(4))]);
    assert_eq!(changes, expected);
    assert!(changes.iter().is_sorted_by(|(a, _), (b, _)| a < b));
}

#[test]
fn a_store_says_what_it_does_not_support() {
    let store = Bare(MemoryStore::new());
    let error = store.snapshot().map(drop).unwrap_err();
    assert_eq!(error.to_string(), "this store has no snapshots");
    let error = store.for_each(&mut |_, _| {}).unwrap_err();
    assert_eq!(error.to_string(), "this store has no iteration");
    assert!(!store.commits());
    assert_eq!(store.commitment(&ChangeSet::default()).unwrap(), None);
}

#[test]
fn a_file_has_when_it_is_opened_what_it_had_when_it_was_closed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("chain");
    for height in 1..=20 {
        let store = RedbStore::open(&path).unwrap();
        assert_eq!(Content::of(&store).unwrap(), Content::at(height - 1));
        commit(&store, height).unwrap();
    }
    let files: Vec<_> = directory.path().read_dir().unwrap().collect();
    assert_eq!(files.len(), 1, "{files:?}");
}

#[test]
fn a_snapshot_keeps_its_file_open() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("chain");
    let store = RedbStore::open(&path).unwrap();
    commit(&store, 1).unwrap();
    let snapshot = store.snapshot().unwrap();
    drop(store);
    assert!(matches!(RedbStore::open(&path), Err(StoreError::InUse { .. })));
    let there = (0..=255).filter(|&number| snapshot.get(&key(number)).unwrap().is_some()).count();
    assert_eq!(there, Content::at(1).state.len());
    drop(snapshot);
    RedbStore::open(&path).unwrap();
}

#[test]
fn readers_beside_a_writer_see_whole_blocks() {
    // all values of a block are its height
    let keys: Vec<StateKey> = (0..100).map(key).collect();
    let put = |store: &dyn Store, height: u64| {
        let value = Value::from(&height.to_le_bytes()[..]);
        let changes = keys.iter().map(|key| (*key, Some(value.clone())));
        let changes = ChangeSet::new(changes.collect());
        let header = Header { height, ..Header::default() };
        store.commit(BlockCommit { header, changes, ..BlockCommit::default() }).unwrap();
    };
    let directory = tempfile::tempdir().unwrap();
    let stores: [Arc<dyn Store>; 2] = [
        Arc::new(MemoryStore::new()),
        Arc::new(RedbStore::open(directory.path().join("chain")).unwrap()),
    ];
    for store in stores {
        put(&*store, 1);
        std::thread::scope(|threads| {
            threads.spawn(|| (2..=50).for_each(|height| put(&*store, height)));
            threads.spawn(|| {
                while store.head().unwrap().is_none_or(|head| head.height < 50) {
                    let snapshot = store.snapshot().unwrap();
                    let first = snapshot.get(&keys[0]).unwrap().unwrap();
                    for key in &keys {
                        assert_eq!(snapshot.get(key).unwrap().unwrap(), first);
                    }
                }
            });
        });
    }
}
