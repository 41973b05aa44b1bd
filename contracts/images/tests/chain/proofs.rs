//! A contract that believes what the state root of another chain proves.

use std::sync::Arc;

use bessemer_chain::store::MemoryStore;
use bessemer_chain::{Address, Chain, ChainConfig, StorageKey, U256};
use bessemer_runtime::{Backend, Config, Engine, Limits};
use bessemer_types::{Bytes, FixedBytes};

use crate::{amount, on_both, refused};

const BALANCE: &str = "balanceOf(address,bytes[])";
const STORED: &str = "stored(address,bytes,bytes[],bytes[])";

fn proof(nodes: &[Vec<u8>]) -> Vec<Bytes> {
    nodes.iter().cloned().map(Bytes).collect()
}

/// Another chain: a counter that was counted up, and its user.
fn other_chain() -> (Chain, Address, Address) {
    let config = Config::new().backend(Backend::Interpreter).limits(Limits::contract());
    let engine = Engine::new(config).unwrap();
    let store = Arc::new(MemoryStore::with_root());
    let mut chain = Chain::on(&engine, store, ChainConfig::default()).unwrap();
    for number in 0..40_u8 {
        chain.endow(&Address::new([number; 20]), amount(42)).unwrap();
    }
    let user = chain.user("carol").unwrap();
    let counter = bessemer_contracts::image("counter").unwrap();
    let counter = chain.deploy(counter).from(user).create().unwrap();
    let receipt = chain.call(counter, "add(uint64)").args((5u64,)).from(user).send().unwrap();
    assert!(receipt.succeeded(), "{}", bessemer_chain::sentence(&receipt));
    (chain, counter, user)
}

#[test]
fn a_light_client_believes_only_what_the_root_of_another_chain_has() {
    let (other, counter, user) = other_chain();
    let root = FixedBytes(other.state_root().unwrap());
    // every key that the counter has
    let mut keys = Vec::new();
    let visit = &mut |key: &[u8], _: &[u8]| {
        if let bessemer_chain::StateKey::Storage(owner, key) =
            bessemer_chain::store::decode_key(key).unwrap()
            && owner == counter
        {
            keys.push(key);
        }
    };
    other.store().for_each(visit).unwrap();
    assert!(!keys.is_empty());
    keys.push(StorageKey::new(b"no key of a counter").unwrap());
    let of_counter = other.prove(&counter, &keys).unwrap();
    let holder = Address::new([7; 20]);
    let of_holder = proof(&other.prove(&holder, &[]).unwrap().nodes);
    let absent = Address::new([99; 20]);
    let of_absent = proof(&other.prove(&absent, &[]).unwrap().nodes);

    on_both(|stage| {
        let client = stage.deploy("light_client", 0, (root,));
        let balance: U256 = stage.done(stage.bob, client, BALANCE, (holder, of_holder.clone()));
        assert_eq!(balance, amount(42));
        let nothing: U256 = stage.done(stage.bob, client, BALANCE, (absent, of_absent.clone()));
        assert_eq!(nothing, U256::ZERO);
        for stored in &of_counter.storage {
            let arguments = (
                counter,
                Bytes(stored.key.clone()),
                proof(&of_counter.nodes),
                proof(&stored.nodes),
            );
            let value: Bytes = stage.done(stage.bob, client, STORED, arguments);
            let expected = other.storage(&counter, &stored.key).unwrap();
            assert_eq!(value.0, expected.unwrap_or_default());
        }
        // another account's proof, one with a wrong bit, one that lacks a node
        let mut forged = of_holder.clone();
        forged[0].0[9] ^= 1;
        for (account, nodes) in [
            (user, of_holder.clone()),
            (holder, forged),
            (holder, of_holder[..of_holder.len() - 1].to_vec()),
            (holder, Vec::new()),
        ] {
            let receipt = stage.send(stage.bob, client, BALANCE, (account, nodes));
            refused(&receipt, "NotProved()", ());
        }
        // another root proves other things, and only the owner says which is right
        let other_root = FixedBytes([1; 32]);
        let stranger = stage.send(stage.bob, client, "update(bytes32)", (other_root,));
        refused(&stranger, "NotOwner()", ());
        stage.went(stage.alice, client, "update(bytes32)", (other_root,));
        let receipt = stage.send(stage.bob, client, BALANCE, (holder, of_holder.clone()));
        refused(&receipt, "NotProved()", ());
    });
}
