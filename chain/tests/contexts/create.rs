//! Contracts create contracts.

use bessemer_abi::codes::status;
use bessemer_chain::{Address, Chain, Code, CodeHash, Status, address_by_nonce, address_by_salt};

use crate::common::script::{Script, deploy_script, script_code};
use crate::common::{PRICES, amount, contract, on_both, words};

fn code() -> CodeHash {
    CodeHash::of(&script_code())
}

/// A contract with a balance of 100.
fn creator(chain: &mut Chain, from: Address) -> Address {
    let contract = deploy_script(chain, from);
    chain.call(contract, "").from(from).value(amount(100)).send().unwrap();
    contract
}

#[test]
fn addresses_follow_from_creator_and_nonce_or_salt_and_code() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let a = creator(chain, alice);
        let mut script = Script::new();
        let places = [script.create(&code(), 0, &[]), script.create2(&code(), [7; 32], &[])];
        let last = script.create(&code(), 0, &[]);
        let receipt = script.show_memory().send(chain, alice, a);
        let told = script.told(&receipt.output);
        assert_eq!(told.results, [status::RETURN; 3]);
        // a contract begins with nonce 1, and every creation uses one
        let expected = [
            address_by_nonce(&a, 1),
            address_by_salt(&a, &[7; 32], &code()),
            address_by_nonce(&a, 3),
        ];
        let found = [places[0], places[1], last].map(|at| told.at(at, 20).to_vec());
        assert_eq!(found, expected.map(|address| address.as_bytes().to_vec()));
        assert_eq!(receipt.created, expected);
        assert_eq!(chain.account(&a).unwrap().nonce, 4);
        for created in expected {
            let account = chain.account(&created).unwrap();
            assert_eq!((account.nonce, account.code), (1, Some(Code::RiscV(code()))));
        }
    });
}

/// The vectors of EIP-1014 have the hash of creation code where ours has that of the file.
#[test]
fn addresses_are_those_of_ethereum() {
    let deployer: Address = "0xdeadbeef00000000000000000000000000000000".parse().unwrap();
    let hash = CodeHash::of(&[0]);
    let address = address_by_salt(&deployer, &[0; 32], &hash);
    assert_eq!(address.to_string(), "0xb928f69bb1d91cd65274e3c79d8986362984fda3");
    let zero = address_by_salt(&Address::ZERO, &[0; 32], &hash);
    assert_eq!(zero.to_string(), "0x4d1a2e2bb4f88f0250f26ffff098b0b30b26bf38");
    let creator: Address = "0x6ac7ea33f8831ea9dcc53393aaa88b25a785dbf0".parse().unwrap();
    let known = [
        (0, "0xcd234a471b72ba2f1ccf0a70fcaba648a5eecd8d"),
        (1, "0x343c43a37d37dff08ae8c4a11544c718abb4fcf8"),
        (2, "0xf778b86fa74e846c4f0a1fbd1335fe81c00a0c91"),
        (3, "0xfffd933a0bc612844eaf0c6fe3e5b8e9b6c1d19c"),
    ];
    for (nonce, address) in known {
        assert_eq!(address_by_nonce(&creator, nonce).to_string(), address);
    }
}

#[test]
fn a_constructor_runs_on_its_input_with_1_in_a0_and_the_value_that_came() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let a = creator(chain, alice);
        // returns what a0 was, in the constructor and in calls
        let file = contract("mv s0, a0\nreturn s0");
        let returns = CodeHash::of(&file);
        let made = chain.deploy(file).from(alice).create().unwrap();
        let receipt = chain.call(made, "").from(alice).send().unwrap();
        assert_eq!(words(&receipt), [0]);
        let mut script = Script::new();
        script.create(&returns, 0, &[]);
        let out = script.space(4);
        script.host("output_copy", &[0, out, 4]);
        let mut constructor = Script::new();
        constructor.set(b"key", b"from the constructor");
        let place = script.create(&code(), 30, &constructor.input());
        let told = script.show_memory().tell(chain, alice, a);
        assert_eq!(told.results, [status::RETURN, 4, status::RETURN]);
        assert_eq!(told.at(out, 4), [1, 0, 0, 0]);
        let made = Address::new(told.at(place, 20).try_into().unwrap());
        assert_eq!(chain.balance(&made).unwrap(), amount(30));
        assert_eq!(chain.storage(&made, b"key").unwrap().unwrap(), b"from the constructor");
    });
}

#[test]
fn a_constructor_that_fails_leaves_nothing_but_a_used_nonce() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let a = creator(chain, alice);
        let mut reverts = Script::new();
        reverts.set(b"key", b"value").host("emit", &[0, 0, 0, 0]).host("revert", &[0, 0]);
        let mut traps = Script::new();
        traps.set(b"key", b"value").trap();
        let mut script = Script::new();
        let mut places = Vec::new();
        for input in [reverts.input(), traps.input()] {
            places.push(script.create(&code(), 30, &input));
            places.push(script.create2(&code(), [9; 32], &input));
        }
        let receipt = script.show_memory().send(chain, alice, a);
        let told = script.told(&receipt.output);
        let expected = [status::REVERT, status::REVERT, status::TRAP, status::TRAP];
        assert_eq!(told.results, expected);
        assert!(places.iter().all(|at| told.at(*at, 20) == [0; 20]), "no address is written");
        assert_eq!((receipt.created, receipt.events), (vec![], vec![]));
        assert_eq!(chain.account(&a).unwrap().nonce, 5);
        assert_eq!(chain.balance(&a).unwrap(), amount(100));
        let addresses = [address_by_nonce(&a, 1), address_by_salt(&a, &[9; 32], &code())];
        for address in addresses {
            assert!(chain.account(&address).unwrap().is_empty());
            assert_eq!(chain.storage(&address, b"key").unwrap(), None);
        }
        // the address of a creation that failed is free for the next
        let mut script = Script::new();
        script.create2(&code(), [9; 32], &[]);
        assert_eq!(script.tell(chain, alice, a).results, [status::RETURN]);
    });
}

#[test]
fn a_creator_that_fails_takes_its_creations_and_its_nonce_with_it() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let a = creator(chain, alice);
        let mut script = Script::new();
        script.create(&code(), 30, &[]);
        script.host("revert", &[0, 0]);
        let receipt = script.send(chain, alice, a);
        assert_eq!((receipt.status, receipt.created), (Status::Revert, vec![]));
        assert_eq!(chain.account(&a).unwrap().nonce, 1);
        assert!(chain.account(&address_by_nonce(&a, 1)).unwrap().is_empty());
    });
}

#[test]
fn an_occupied_address_is_refused_and_one_that_has_coins_only_is_not() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let a = creator(chain, alice);
        let future = address_by_salt(&a, &[7; 32], &code());
        chain.call(future, "").from(alice).value(amount(50)).send().unwrap();
        let mut script = Script::new();
        script.create2(&code(), [7; 32], &[]);
        let place = script.create2(&code(), [7; 32], &[]);
        let told = script.show_memory().tell(chain, alice, a);
        assert_eq!(told.results, [status::RETURN, status::OCCUPIED]);
        assert_eq!(told.at(place, 20), [0; 20]);
        assert_eq!(chain.balance(&future).unwrap(), amount(50));
        // a refusal uses no nonce
        assert_eq!(chain.account(&a).unwrap().nonce, 2);
    });
}

#[test]
fn a_contract_can_be_called_as_soon_as_it_exists_but_not_from_its_constructor() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let a = creator(chain, alice);
        let child = address_by_nonce(&a, 1);
        let mut constructor = Script::new();
        constructor.call(child, 0, &[]);
        let at = constructor.space(20);
        constructor.host("own_address", &[at]);
        let mut script = Script::new();
        script.create(&code(), 0, &constructor.input());
        let out = script.space(20);
        script.host("output_copy", &[0, out, 20]).call(child, 3, &[]);
        let told = script.show_memory().tell(chain, alice, a);
        assert_eq!(told.results, [status::RETURN, 20, status::RETURN]);
        assert_eq!(told.at(out + 16, 4), status::REENTRY.to_le_bytes());
        assert_eq!(chain.balance(&child).unwrap(), amount(3));
    });
}

#[test]
fn creation_costs_its_parts_and_what_the_constructor_used() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let a = creator(chain, alice);
        let mut script = Script::new();
        script.create(&code(), 0, &[]);
        let prices = PRICES;
        let mut frames = crate::common::watch::Frames::default();
        let request = chain.call(a, "").input(script.input()).from(alice).inspect(&mut frames);
        let told = script.told(&request.send().unwrap().output);
        let before = prices.cold_account + prices.new_account + 50_000;
        let entry = crate::common::entry_price(&script_code());
        assert_eq!(told.costs, [before + entry + frames.0[1].used()]);
        let rest = told.gas[0] - crate::common::script::BEFORE - before - entry;
        assert_eq!(frames.0[1].gas, rest - rest / 64);
    });
}
