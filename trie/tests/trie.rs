//! Roots, rows, proofs and witnesses against two oracles: the naive build of the whole tree, and
//! `alloy-trie`.

#![allow(clippy::unwrap_used, reason = "this file holds only tests")]

use std::collections::BTreeMap;

use alloy_primitives::B256;
use alloy_trie::{HashBuilder, Nibbles};
use bessemer_trie::{
    Change, EMPTY_ROOT, Hash, Key, Malformed, Node, NodeError, Nodes, Place, Rows, Source, Trie,
    keccak256, ordered_root, root_of, verify,
};

type Model = BTreeMap<Key, Vec<u8>>;

/// A store of rows.
#[derive(Default)]
struct Store(BTreeMap<Place, Vec<u8>>);

impl Store {
    fn write(&mut self, rows: Rows) {
        for (place, row) in rows {
            match row {
                Some(row) => drop(self.0.insert(place, row)),
                None => drop(self.0.remove(&place)),
            }
        }
    }
}

impl Source for Store {
    type Error = String;

    fn load(&self, place: &Place, _: &Hash) -> Result<Node, String> {
        let row = self.0.get(place).ok_or_else(|| format!("no row for {place:?}"))?;
        Node::from_row(row, place).map_err(|error: Malformed| error.to_string())
    }
}

/// Keys that share many nibbles, so that all shapes of nodes come about: short ones too.
fn random_key(rng: &mut fastrand::Rng, spread: u8) -> Key {
    let mut key = [0x11; 32];
    match spread {
        0 => rng.fill(&mut key),
        1 => (0..3).for_each(|_| key[rng.usize(0..32)] = rng.u8(..)),
        2 => key[31] = rng.u8(..),
        _ => key[28..].iter_mut().for_each(|byte| *byte = rng.u8(0..3)),
    }
    key
}

fn random_value(rng: &mut fastrand::Rng) -> Vec<u8> {
    let len = match rng.u8(0..8) {
        0 => rng.usize(100..300),
        1 => rng.usize(1..40),
        _ => rng.usize(1..4),
    };
    (0..len).map(|_| rng.u8(..)).collect()
}

fn random_changes(rng: &mut fastrand::Rng, spread: u8, model: &Model) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    for _ in 0..rng.usize(1..30) {
        let known = (rng.bool() && !model.is_empty())
            .then(|| *model.keys().nth(rng.usize(0..model.len())).unwrap());
        let key = known.unwrap_or_else(|| random_key(rng, spread));
        changes.push((key, rng.bool().then(|| random_value(rng))));
    }
    changes
}

fn apply(model: &mut Model, changes: &[Change]) {
    for (key, value) in changes {
        match value {
            Some(value) => drop(model.insert(*key, value.clone())),
            None => drop(model.remove(key)),
        }
    }
}

fn alloy_root(model: &Model) -> Hash {
    let mut builder = HashBuilder::default();
    for (key, value) in model {
        builder.add_leaf(Nibbles::unpack(B256::from(*key)), value);
    }
    builder.root().0
}

fn rounds() -> impl Iterator<Item = (u64, u8)> {
    (0..400).map(|seed| (seed, (seed % 4) as u8))
}

#[test]
fn roots_and_rows_after_updates_are_those_of_a_tree_built_at_once() {
    for (seed, spread) in rounds() {
        let rng = &mut fastrand::Rng::with_seed(seed);
        let (mut model, mut store, mut root) = (Model::new(), Store::default(), EMPTY_ROOT);
        for block in 0..12 {
            let mut trie = Trie::in_rows(root);
            // several updates before rows are taken, with and without hashing between them
            for _ in 0..rng.usize(1..4) {
                let mut changes = random_changes(rng, spread, &model);
                apply(&mut model, &changes);
                trie.update(&store, &mut changes).unwrap();
                if rng.bool() {
                    trie.root();
                }
            }
            root = trie.root();
            store.write(trie.take_rows());
            assert_eq!(root, root_of(&model), "naive: seed {seed}, block {block}");
            assert_eq!(root, alloy_root(&model), "alloy-trie: seed {seed}, block {block}");

            let mut at_once = Trie::in_rows(EMPTY_ROOT);
            let mut all: Vec<_> = model.iter().map(|(k, v)| (*k, Some(v.clone()))).collect();
            at_once.update(&Store::default(), &mut all).unwrap();
            let mut fresh = Store::default();
            fresh.write(at_once.take_rows());
            assert_eq!(store.0, fresh.0, "rows: seed {seed}, block {block}");

            let mut trie = Trie::at(root);
            for _ in 0..20 {
                let key = random_key(rng, spread);
                let value = trie.get(&store, &key).unwrap();
                assert_eq!(value, model.get(&key).map(Vec::as_slice), "seed {seed}");
            }
            for (key, value) in &model {
                assert_eq!(trie.get(&store, key).unwrap(), Some(&value[..]), "seed {seed}");
            }
        }
    }
}

#[test]
fn a_proof_proves_a_value_or_its_absence_and_nothing_else() {
    for (seed, spread) in rounds().take(24) {
        let rng = &mut fastrand::Rng::with_seed(seed);
        let mut model = Model::new();
        apply(&mut model, &random_changes(rng, spread, &Model::new()));
        apply(&mut model, &random_changes(rng, spread, &Model::new()));
        let nothing = Nodes::default();
        let mut trie = Trie::at(EMPTY_ROOT);
        let mut all: Vec<_> = model.iter().map(|(k, v)| (*k, Some(v.clone()))).collect();
        trie.update(&nothing, &mut all).unwrap();
        let root = trie.root();
        let keys: Vec<Key> = (0..20).map(|_| random_key(rng, spread)).collect();
        for key in model.keys().chain(&keys) {
            let value = model.get(key).map(Vec::as_slice);
            let proof = trie.prove(&nothing, key).unwrap();
            assert_eq!(verify(&root, key, &proof), Ok(value), "seed {seed}");
            let outside: Vec<_> = proof.iter().cloned().map(Into::into).collect();
            let expected = value.map(<[u8]>::to_vec);
            let path = Nibbles::unpack(B256::from(*key));
            if !model.is_empty() {
                alloy_trie::proof::verify_proof(root.into(), path, expected, &outside).unwrap();
            }
            // any byte of it, any node of it, any node more
            let mut wrong = proof.clone();
            for at in 0..proof.len() {
                for byte in 0..proof[at].len() {
                    wrong[at][byte] ^= 1 << rng.u8(0..8);
                    assert!(verify(&root, key, &wrong).is_err(), "seed {seed}, node {at}");
                    wrong[at][byte] = proof[at][byte];
                }
                let mut fewer = proof.clone();
                fewer.remove(at);
                assert!(verify(&root, key, &fewer).is_err(), "seed {seed}, without node {at}");
            }
            wrong.push(vec![0x80]);
            assert_eq!(verify(&root, key, &wrong).is_err(), !model.is_empty(), "seed {seed}");
        }
    }
}

#[test]
fn a_witness_suffices_for_the_next_root_and_has_no_node_to_spare() {
    let mut siblings_needed = 0;
    for (seed, spread) in rounds() {
        let rng = &mut fastrand::Rng::with_seed(seed);
        let mut model = Model::new();
        (0..3).for_each(|_| apply(&mut model, &random_changes(rng, spread, &Model::new())));
        let (mut store, mut trie) = (Store::default(), Trie::in_rows(EMPTY_ROOT));
        let mut all: Vec<_> = model.iter().map(|(k, v)| (*k, Some(v.clone()))).collect();
        trie.update(&store, &mut all).unwrap();
        let before = trie.root();
        store.write(trie.take_rows());

        let changes = random_changes(rng, spread, &model);
        let mut witness = Nodes::default();
        let mut trie = Trie::at(before);
        trie.prove_all(&store, changes.iter().map(|(key, _)| key), &mut witness).unwrap();
        let on_the_way = witness.len();
        trie.update_recorded(&store, &mut changes.clone(), &mut witness).unwrap();
        siblings_needed += witness.len() - on_the_way;
        let after = trie.root();
        apply(&mut model, &changes);
        assert_eq!(after, root_of(&model), "seed {seed}");

        let run = |witness: &Nodes| {
            let mut trie = Trie::at(before);
            for (key, _) in &changes {
                trie.get(witness, key)?;
            }
            trie.update(witness, &mut changes.clone())?;
            Ok::<_, NodeError>(trie.root())
        };
        assert_eq!(run(&witness), Ok(after), "seed {seed}");
        let nodes: Vec<Vec<u8>> = witness.iter().map(<[u8]>::to_vec).collect();
        for at in 0..nodes.len() {
            let mut fewer = nodes.clone();
            let missing = keccak256(&fewer.remove(at));
            match run(&fewer.into_iter().collect()) {
                Err(NodeError::Missing { hash, .. }) => assert_eq!(hash, missing, "seed {seed}"),
                other => panic!("without node {at}: {other:?}, seed {seed}"),
            }
        }
    }
    assert!(siblings_needed > 20, "branches that end need their last child: {siblings_needed}");
}

#[test]
fn a_failed_update_leaves_the_trie_as_it_was_made() {
    let mut model = Model::new();
    let rng = &mut fastrand::Rng::with_seed(7);
    (0..20).for_each(|_| drop(model.insert(random_key(rng, 0), vec![1])));
    let mut all: Vec<_> = model.iter().map(|(k, v)| (*k, Some(v.clone()))).collect();
    let (mut store, mut trie) = (Store::default(), Trie::in_rows(EMPTY_ROOT));
    trie.update(&store, &mut all).unwrap();
    let root = trie.root();
    store.write(trie.take_rows());

    let mut trie = Trie::at(root);
    let mut changes: Vec<Change> = (0..50).map(|_| (random_key(rng, 0), Some(vec![2]))).collect();
    assert!(trie.update(&Nodes::default(), &mut changes).is_err());
    assert_eq!(trie.root(), root);
    for (key, value) in &model {
        assert_eq!(trie.get(&store, key).unwrap(), Some(&value[..]));
    }
}

#[test]
fn damaged_rows_and_nodes_are_refused_or_read_as_something_and_never_panic() {
    let rng = &mut fastrand::Rng::with_seed(3);
    let (mut rows, mut refused) = (0, 0);
    for spread in 0..4 {
        let (mut store, mut trie) = (Store::default(), Trie::in_rows(EMPTY_ROOT));
        let mut changes = random_changes(rng, spread, &Model::new());
        changes.extend(random_changes(rng, spread, &Model::new()));
        trie.update(&store, &mut changes).unwrap();
        store.write(trie.take_rows());
        for (place, row) in &store.0 {
            for at in 0..row.len() {
                for value in [0, 1, 2, 3, 0x7f, 0x80, 0xff, rng.u8(..)] {
                    let mut damaged = row.clone();
                    damaged[at] = value;
                    rows += 1;
                    refused += u32::from(Node::from_row(&damaged, place).is_err());
                    let deep = Place::new(&[0x11; 32], rng.usize(0..=64));
                    let _ = Node::from_row(&damaged, &deep);
                    let _ = Node::from_rlp(&damaged, &deep);
                }
                assert!(Node::from_row(&row[..at], place).is_err());
            }
        }
    }
    assert!(rows > 1000 && refused > 100, "{refused} of {rows}");
}

#[test]
fn lists_have_the_roots_of_alloy_trie() {
    for len in [0, 1, 2, 127, 128, 129, 300] {
        let items: Vec<Vec<u8>> = (0..len).map(|at: usize| vec![at as u8; 1 + at % 50]).collect();
        let mut leaves: Vec<_> =
            items.iter().enumerate().map(|(at, item)| (alloy_rlp::encode(at), item)).collect();
        leaves.sort();
        let mut builder = HashBuilder::default();
        for (key, item) in leaves {
            builder.add_leaf(Nibbles::unpack(key), item);
        }
        assert_eq!(ordered_root(&items), builder.root().0, "{len} items");
    }
}

#[test]
fn accounts_are_encoded_as_ethereum_does() {
    use bessemer_trie::{AccountLeaf, EMPTY_CODE};
    assert_eq!(EMPTY_CODE, keccak256(b""));
    assert_eq!(EMPTY_ROOT, keccak256(&[0x80]));
    let rng = &mut fastrand::Rng::with_seed(1);
    for _ in 0..1000 {
        let nonce = rng.u64(..) >> rng.u32(0..64);
        let mut balance = [0; 32];
        let zeros = rng.usize(0..=32);
        balance[zeros..].iter_mut().for_each(|byte| *byte = rng.u8(..));
        let account = AccountLeaf { nonce, balance, ..AccountLeaf::default() };
        let outside = alloy_trie::TrieAccount {
            nonce,
            balance: alloy_primitives::U256::from_be_bytes(balance),
            storage_root: EMPTY_ROOT.into(),
            code_hash: EMPTY_CODE.into(),
        };
        let rlp = account.to_rlp();
        assert_eq!(rlp, alloy_rlp::encode(outside));
        assert_eq!(AccountLeaf::from_rlp(&rlp), Ok(account));
        for at in 0..rlp.len() {
            let mut wrong = rlp.clone();
            wrong[at] = wrong[at].wrapping_add(1);
            assert_ne!(AccountLeaf::from_rlp(&wrong), Ok(account));
            assert!(AccountLeaf::from_rlp(&rlp[..at]).is_err());
        }
    }
}
