//! Every status that a call can have, and that nothing of a refused call stays.

use std::sync::Arc;

use bessemer_abi::codes::status;
use bessemer_chain::store::{BlockCommit, ChangeSet, MemoryStore, Store, encode_account};
use bessemer_chain::{Chain, ChainConfig, CodeHash, Header, StateKey};

use crate::common::script::{Script, deploy_script, script_code};
use crate::common::{deploy, on_both};

#[test]
fn each_way_for_a_call_to_end_has_its_status() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let outer = deploy_script(chain, alice);
        let mut script = Script::new();
        let mut expected = Vec::new();
        let value = script.space(32);
        for (source, status) in [
            ("host finish(0, 0)", status::RETURN),
            ("host revert(0, 0)", status::REVERT),
            ("unimp", status::TRAP),
            ("1: j 1b", status::OUT_OF_GAS),
        ] {
            let inner = deploy(chain, alice, source);
            let to = script.put(inner.as_bytes());
            script.host("call", &[to, value, 0, 0, 10_000, 0]);
            script.host("static_call", &[to, 0, 0, 10_000, 0]);
            script.host("delegate_call", &[to, 0, 0, 10_000, 0]);
            expected.extend([status; 3]);
        }
        let inner = deploy(chain, alice, "host finish(0, 0)");
        script.call(inner, 1, &[]).call(alice, 0, &[1]).call_as("static_call", alice, &[]);
        script.call_as("delegate_call", alice, &[]).call(outer, 0, &[]);
        expected.extend([status::BALANCE, status::NO_CODE, status::NO_CODE, status::NO_CODE]);
        expected.push(status::REENTRY);
        script.create(&CodeHash::of(b"nothing"), 0, &[]);
        expected.push(status::UNKNOWN_CODE);
        script.create(&CodeHash::of(&script_code()), 1, &[]);
        expected.push(status::BALANCE);
        assert_eq!(script.tell(chain, alice, outer).results, expected);
    });
}

#[test]
fn the_first_refusal_in_order_is_the_status() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let outer = deploy_script(chain, alice);
        let unknown = CodeHash::of(b"nothing");
        let mut script = Script::new();
        // the contract itself, with more than it has
        script.call(outer, 1, &[1]);
        // an account without code, with more than there is
        script.call(alice, 1, &[1]);
        // code that nobody knows, with more than there is
        script.create(&unknown, 1, &[]);
        // code that nobody knows, at the address that is taken
        let code = CodeHash::of(&script_code());
        script.create2(&code, [7; 32], &[]);
        script.create2(&code, [7; 32], &[]);
        let told = script.tell(chain, alice, outer);
        let expected =
            [status::REENTRY, status::BALANCE, status::BALANCE, status::RETURN, status::OCCUPIED];
        assert_eq!(told.results, expected);
    });
}

#[test]
fn a_creator_without_nonces_left_cannot_create() {
    let run = |backend| {
        let store = Arc::new(MemoryStore::new());
        let engine = crate::common::engine(backend);
        let mut chain = Chain::on(&engine, store.clone(), ChainConfig::default()).unwrap();
        let alice = chain.user("alice").unwrap();
        let outer = deploy_script(&mut chain, alice);
        let mut account = chain.account(&outer).unwrap();
        account.nonce = u64::MAX;
        let changes = ChangeSet::new(vec![(StateKey::Account(outer), encode_account(&account))]);
        let height = chain.height() + 1;
        let header = Header { height, ..chain.head().clone() };
        let commit = BlockCommit { header, changes, ..BlockCommit::default() };
        store.commit(commit).unwrap();
        let mut chain = Chain::on(&engine, store, ChainConfig::default()).unwrap();
        let mut script = Script::new();
        let code = CodeHash::of(&script_code());
        script.create(&code, 0, &[]);
        script.create2(&code, [7; 32], &[]);
        let told = script.tell(&mut chain, alice, outer);
        assert_eq!(told.results, [status::NONCE, status::NONCE]);
        chain.state_digest().unwrap()
    };
    let [one, other] = crate::common::BACKENDS.map(run);
    assert_eq!(one, other);
}
