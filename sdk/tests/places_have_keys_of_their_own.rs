//! No two places in storage share a key, and what is stored is read again.

use std::collections::BTreeSet;

use bessemer_sdk::prelude::*;
use bessemer_sdk::storage::Path;
use bessemer_sdk::testing;

#[contract]
struct Places {
    value: Value<u64>,
    text: StorageString,
    list: StorageVec<u8>,
    lists: StorageVec<StorageVec<u8>>,
    by_number: Map<u8, u64>,
    by_text: Map<String, u64>,
    by_two: Map<String, Map<String, u64>>,
    by_long: Map<U256, Map<FixedBytes<32>, Map<u8, u64>>>,
    groups: Map<u8, Group>,
}

#[storage]
struct Group {
    value: Value<u64>,
    list: StorageVec<u8>,
    inner: Map<u8, Inner>,
}

#[storage]
struct Inner {
    a: Value<u64>,
    b: Value<u64>,
}

/// Texts whose encodings are prefixes and joints of each other, as far as that is possible.
const TEXTS: [&str; 7] = ["", "a", "aa", "ab", "\u{1}a", "\u{0}", "\u{2}aa"];

#[test]
fn every_place_has_its_own_key() {
    testing::act_as(testing::user("alice"));
    let mut places = Places::default();
    let mut written = 0;
    let mut count = |places: usize| written += places;
    places.value.set(1);
    places.text.set("x".to_owned());
    count(2);
    for number in 0..=255u8 {
        places.by_number[number].set(1);
        let group = &mut places.groups[number];
        group.value.set(1);
        group.list.push(1);
        let inner = &mut group.inner[number];
        inner.a.set(1);
        inner.b.set(1);
        // The list and its length are two.
        count(6);
    }
    for _ in 0..40 {
        places.list.push(1);
        places.lists.grow().push(1);
        count(3);
    }
    // The lengths of the two lists.
    count(2);
    for first in TEXTS.map(str::to_owned) {
        places.by_text[&first].set(1);
        count(1);
        for second in TEXTS.map(str::to_owned) {
            places.by_two[&first][second].set(1);
            count(1);
        }
    }
    // Longer than a key may be, so hashed.
    for number in 0..10u64 {
        for byte in 0..10u8 {
            let place = &mut places.by_long[U256::from(number)][FixedBytes([byte; 32])];
            place[1].set(1);
            place[2].set(1);
            count(2);
        }
    }
    let stored = testing::storage(testing::user("alice"));
    assert_eq!(stored.len(), written);
    assert!(stored.iter().all(|(key, _)| key.len() <= 64));
    let first: BTreeSet<u8> = stored.iter().map(|(key, _)| key[0]).collect();
    // Of the seventh field there are only hashed paths.
    assert_eq!(first, (0..7).chain([8, 255]).collect());
}

#[test]
fn a_namespace_stands_apart() {
    #[contract(namespace = "test.apart")]
    struct Apart {
        value: Value<u64>,
    }
    testing::act_as(testing::user("alice"));
    let (mut places, mut apart) = (Places::default(), Apart::default());
    places.value.set(1);
    apart.value.set(2);
    assert_eq!((places.value.get(), apart.value.get()), (1, 2));
    let keys: Vec<Vec<u8>> =
        testing::storage(testing::user("alice")).into_iter().map(|(key, _)| key).collect();
    assert_eq!(keys[0], [0]);
    assert_eq!((keys[1].len(), keys[1][0], keys[1][17]), (18, 254, 0));
}

#[test]
fn long_values_are_read_whole() {
    testing::act_as(testing::user("alice"));
    let mut places = Places::default();
    for length in [0, 1, 126, 127, 128, 129, 300, 16_000] {
        let text = "x".repeat(length);
        places.text.set(&text);
        assert_eq!(places.text.get(), text);
    }
}

#[test]
fn damaged_values_are_no_values() {
    testing::act_as(testing::user("alice"));
    let mut places = Places::default();
    places.text.set("abc".to_owned());
    let other: Value<u64> = Value::at(Path::new(&[1]));
    assert!(std::panic::catch_unwind(|| other.get()).is_err());
}
