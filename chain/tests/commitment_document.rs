//! The vectors of `docs/commitment.md`.
#![allow(clippy::unwrap_used, reason = "tests fail by panics")]

use bessemer_chain::store::{ChangeSet, MemoryStore, Store, encode_account};
use bessemer_chain::{Account, Address, Code, CodeHash, FILES, StateKey, StorageKey, U256, Value};

const DOCUMENT: &str = include_str!("../../docs/commitment.md");

/// The root in the row of the table that begins so.
fn stated(row: &str) -> &str {
    let line = DOCUMENT.lines().find(|line| line.starts_with(&format!("| {row}"))).unwrap();
    line.rsplit('`').nth(1).unwrap_or_default()
}

#[test]
fn the_roots_are_those_of_the_document() {
    let address = |byte| Address::new([byte; 20]);
    let file = CodeHash::from_bytes([0xaa; 32]);
    let one = Account { nonce: 1, balance: U256::from(1000), ..Account::default() };
    let two = Account { nonce: 1, code: Some(Code::RiscV(file)), ..Account::default() };
    let empty = StorageKey::new(&[]).unwrap();
    let (mut state, mut wrong) = (Vec::new(), Vec::new());
    let mut check = |row: &str, added: Vec<(StateKey, Option<Value>)>| {
        state.extend(added);
        let changes = ChangeSet::new(state.clone());
        let found = MemoryStore::with_root().commitment(&changes).unwrap().unwrap().root;
        let found = hex::encode_prefixed(found);
        if stated(row) != found {
            wrong.push(format!("{row}: {found}"));
        }
    };
    check("no account", Vec::new());
    check("E1", vec![(StateKey::Account(address(1)), encode_account(&one))]);
    check(
        "E2",
        vec![
            (StateKey::Account(address(2)), encode_account(&two)),
            (StateKey::Storage(address(2), empty), Some(Value::from(&b"hello"[..]))),
        ],
    );
    let sizes = [2_u32, 256, 128].map(u32::to_le_bytes);
    let sizes = Some(Value::from(sizes.as_flattened()));
    check(
        "E3",
        vec![
            (StateKey::Code(file), Some(Value::from(&[0; 256][..]))),
            (StateKey::CodeSize(file), sizes),
        ],
    );
    assert!(wrong.is_empty(), "the document has other roots: {wrong:#?}");
}

#[test]
fn the_address_of_files_is_that_of_the_document() {
    assert!(DOCUMENT.contains(&format!("`{}`", hex::encode_prefixed(FILES.as_bytes()))));
}
