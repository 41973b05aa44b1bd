//! What is refused costs little, because the cheap checks come first.
#![allow(clippy::unwrap_used, reason = "tests fail by panics")]

mod common;

use std::sync::Arc;

use bessemer_abi::limits::ACCESS_ENTRIES;
use bessemer_chain::{
    AccessList, Action, Address, ChainConfig, ChainError, Prices, Refusal, SecretKey, Signed,
    StateKey, Transaction, U256,
};
use common::BACKENDS;
use common::counting::Counting;

fn transaction(sender: Address, action: Action) -> Transaction {
    Transaction {
        sender,
        nonce: 0,
        gas_limit: 1 << 33,
        gas_price: U256::ZERO,
        value: U256::ZERO,
        action,
        access: None,
    }
}

fn send(sender: Address) -> Transaction {
    transaction(sender, Action::Call { to: Address::new([7; 20]), input: Vec::new() })
}

fn list(entries: u32) -> AccessList {
    let key = |number: u32| {
        let mut address = [9; 20];
        address[..4].copy_from_slice(&number.to_be_bytes());
        StateKey::Account(Address::new(address))
    };
    AccessList { reads: (0..entries).map(key).collect(), ..AccessList::default() }
}

#[test]
fn the_signature_is_looked_at_last() {
    let (_, mut chain) = Counting::chain(BACKENDS[0], ChainConfig::default());
    let key = SecretKey::from_bytes([7; 32]).unwrap();
    let sender = key.address();
    chain.endow(&sender, U256::from(1_000)).unwrap();
    let id = chain.config().chain_id;
    let forged = |transaction: Transaction| {
        let mut signed = Signed::sign(transaction, id, &key);
        signed.signature[40] ^= 1;
        signed
    };
    let good = send(sender);
    let mut block = chain.block();
    let mut refusal = |signed: Signed| match block.push_signed(&signed) {
        Err(ChainError::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    };
    let wrong_nonce = Transaction { nonce: 3, ..good.clone() };
    assert!(matches!(refusal(forged(wrong_nonce)), Refusal::Nonce { .. }));
    let too_dear = Transaction { value: U256::from(1_001), ..good.clone() };
    assert!(matches!(refusal(forged(too_dear)), Refusal::Balance { .. }));
    let no_gas = Transaction { gas_limit: 1, ..good.clone() };
    assert!(matches!(refusal(forged(no_gas)), Refusal::GasTooLow { .. }));
    assert!(matches!(refusal(forged(good.clone())), Refusal::Signature { .. }));
    assert!(block.push_signed(&Signed::sign(good, id, &key)).unwrap().succeeded());
}

#[test]
fn a_refused_deployment_reads_its_sender_and_nothing_else() {
    let (store, mut chain) = Counting::chain(BACKENDS[0], ChainConfig::default());
    let alice = chain.user("alice").unwrap();
    let code: Arc<[u8]> = vec![0; 1 << 20].into();
    let action = Action::Deploy { code, input: Vec::new(), salt: Some([1; 32]) };
    let wrong = Transaction { nonce: 5, ..transaction(alice, action) };
    let mut block = chain.block();
    store.reads();
    let refused = block.push(&wrong).unwrap_err();
    assert!(matches!(refused, ChainError::Refused(Refusal::Nonce { .. })), "{refused}");
    assert_eq!(store.reads().0, 1);
}

#[test]
fn an_access_list_has_a_cap_and_each_entry_a_price() {
    let config = ChainConfig { prices: Prices::V2, ..ChainConfig::default() };
    let (_, mut chain) = Counting::chain(BACKENDS[0], config);
    let alice = chain.user("alice").unwrap();
    let mut block = chain.block();
    let plain = block.push(&send(alice)).unwrap().gas_used;
    for (nonce, entries) in (1..).zip([0, 1, 100, ACCESS_ENTRIES]) {
        let access = Some(Arc::new(list(entries)));
        let receipt = block.push(&Transaction { nonce, access, ..send(alice) }).unwrap();
        let price = Prices::V2.access_entry * u64::from(entries);
        assert_eq!(receipt.gas_used, plain + price, "{entries} entries");
    }
    for entries in [ACCESS_ENTRIES + 1, 100_000] {
        // the cap is looked at before the gas
        let access = Some(Arc::new(list(entries)));
        let long = Transaction { nonce: 5, gas_limit: 1, access, ..send(alice) };
        let refused = block.push(&long).unwrap_err();
        let ChainError::Refused(Refusal::AccessListTooLong { len, most }) = refused else {
            panic!("{refused}")
        };
        assert_eq!((len, most), (entries as usize, ACCESS_ENTRIES as usize));
    }
    let short = Transaction {
        nonce: 5,
        gas_limit: plain + 99 * Prices::V2.access_entry,
        access: Some(Arc::new(list(100))),
        ..send(alice)
    };
    assert!(matches!(
        block.push(&short).unwrap_err(),
        ChainError::Refused(Refusal::GasTooLow { .. })
    ));
}

/// The price of a list does not count as execution: a run under its own list uses as much more gas as the list
/// costs, and as much comes back for removed values.
#[test]
fn under_its_own_list_a_run_has_the_same_outcome_and_gas() {
    let config = ChainConfig { prices: Prices::V2, ..ChainConfig::default() };
    let (_, mut chain) = Counting::chain(BACKENDS[0], config);
    let alice = chain.user("alice").unwrap();
    let [a, b] = [(); 2].map(|()| common::script::deploy_script(&mut chain, alice));
    let mut script = common::script::Script::new();
    script.set(b"one", b"value");
    chain.call(a, "").input(script.input()).from(alice).send().unwrap();
    let mut script = common::script::Script::new();
    let key = script.put(b"one");
    script.host("storage_remove", &[key, 3]);
    // more value than there is, and code that nobody knows
    script.call(b, u64::MAX, &[]).call(Address::new([5; 20]), 1 << 60, &[]);
    script.create(&bessemer_chain::CodeHash::of(b"nothing"), 1, &[]);
    let nonce = chain.account(&alice).unwrap().nonce;
    let action = Action::Call { to: a, input: script.input() };
    let free = Transaction { nonce, gas_limit: 10_000_000, ..transaction(alice, action) };
    let simulated = chain.simulate(&free).unwrap();
    assert!(simulated.succeeded());
    let list = simulated.diagnosis.access.clone().unwrap();
    let price = Prices::V2.access_entry * list.len() as u64;
    let gas_limit = free.gas_limit + price;
    let listed = Transaction { gas_limit, access: Some(Arc::new(list)), ..free };
    let receipt = chain.simulate(&listed).unwrap();
    assert_eq!(receipt.gas_used, simulated.gas_used + price);
    assert_eq!((receipt.status, receipt.output), (simulated.status, simulated.output));
    assert_eq!(receipt.diagnosis, simulated.diagnosis);
}
