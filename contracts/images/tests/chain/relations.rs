//! Contracts that call, create and stand for others.

use bessemer_chain::{Address, CodeHash, Status};
use bessemer_contracts::image;
use bessemer_types::{Bytes, FixedBytes, decode, encode};

use crate::{event, message, on_both, refused};

#[test]
fn a_called_contract_sees_the_calling_one() {
    on_both(|stage| {
        let simple = stage.deploy("simple", 0, ());
        let caller = stage.deploy("call_program", 0, (simple,));
        let max = "max(uint32,uint32,uint32)";
        assert_eq!(stage.done::<u32>(stage.bob, caller, max, (3u32, 9u32, 4u32)), 9);
        let who = stage.chain.borrow_mut().call(caller, "who()").query_bytes().unwrap();
        assert_eq!(decode::<(Address, Address)>(&who), Ok((caller, simple)));
    });
}

#[test]
fn nobody_at_the_address_is_a_failure_with_a_reason() {
    on_both(|stage| {
        let caller = stage.deploy("call_program", 0, (Address::new([1; 20]),));
        let called = stage.send(stage.bob, caller, "max(uint32,uint32,uint32)", (1u32, 2u32, 3u32));
        assert_eq!(message(&called), "there is no contract at the called address");
        assert!(!stage.ask::<bool>(caller, "alive()", ()));
    });
}

#[test]
fn a_factory_makes_one_contract_by_salt() {
    on_both(|stage| {
        stage.deploy("counter", 0, ());
        let code = FixedBytes(*CodeHash::of(image("counter").unwrap()).as_bytes());
        let factory = stage.deploy("factory", 0, (code,));
        let salt = FixedBytes([5; 32]);
        let made: Address = stage.done(stage.bob, factory, "make(bytes32)", (salt,));
        assert_eq!(stage.ask::<u64>(made, "get()", ()), 1);
        let again = stage.send(stage.bob, factory, "make(bytes32)", (salt,));
        assert_eq!(again.status, Status::Revert);
        assert_eq!(stage.ask::<Vec<Address>>(factory, "made()", ()), [made]);
    });
}

#[test]
fn a_proxy_keeps_the_state_and_runs_the_code() {
    on_both(|stage| {
        let [first, second] = [(); 2].map(|()| stage.deploy("counter", 0, ()));
        let proxy = stage.deploy("proxy", 0, (first, Bytes::default()));
        assert_eq!(stage.done::<u64>(stage.bob, proxy, "add(uint64)", (5u64,)), 5);
        let upgrade = "upgradeTo(address)";
        assert_eq!(stage.send(stage.bob, proxy, upgrade, (second,)).status, Status::Revert);
        assert_eq!(stage.send(stage.alice, proxy, upgrade, (second,)).status, Status::Return);
        assert_eq!(stage.done::<u64>(stage.bob, proxy, "add(uint64)", (1u64,)), 6);
        assert_eq!(stage.ask::<u64>(first, "get()", ()), 0);
    });
}

#[test]
fn what_a_factory_or_a_proxy_cannot_do_has_a_name() {
    on_both(|stage| {
        let (alice, bob) = (stage.alice, stage.bob);
        let factory = stage.deploy("factory", 0, (FixedBytes([1; 32]),));
        let made = stage.send(bob, factory, "make(bytes32)", (FixedBytes([5; 32]),));
        refused(&made, "NoCode()", ());
        let nobody = Address::new([1; 20]);
        let proxy = stage.try_deploy("proxy", 0, (nobody, Bytes::default()));
        refused(&proxy, "NoCode()", ());
        let counter = stage.deploy("counter", 0, ());
        let proxy = stage.deploy("proxy", 0, (counter, Bytes::default()));
        let upgrade = "upgradeTo(address)";
        refused(&stage.send(bob, proxy, upgrade, (counter,)), "NotAdmin()", ());
        refused(&stage.send(alice, proxy, upgrade, (nobody,)), "NoCode()", ());
        let upgraded = stage.went(alice, proxy, upgrade, (counter,));
        let said = event(proxy, "Upgraded(address)", [encode(&(counter,))], ());
        assert_eq!(upgraded.events, [said]);
        // what the code refuses, the proxy refuses in its words
        let unknown = stage.send(bob, proxy, "melt()", ());
        assert_eq!(message(&unknown), "the contract has no function with this selector");
    });
}
