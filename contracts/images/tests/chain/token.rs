//! The token, as an independent implementation of Solidity's encoding sees it.

use alloy_sol_types::private::{Address as TheirAddress, U256 as TheirU256};
use alloy_sol_types::{SolCall, SolError, SolEvent, sol};
use bessemer_chain::{Address, Status, U256};
use bessemer_contracts::image;

use bessemer_types::encode;

use crate::{Stage, amount, event, message, on_both, refused};

sol! {
    function transfer(address to, uint256 value) returns (bool);
    function balanceOf(address account) returns (uint256);
    event Transfer(address indexed from, address indexed to, uint256 value);
    error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed);
}

fn theirs(address: Address) -> TheirAddress {
    address.to_bytes().into()
}

fn token(stage: &Stage) -> Address {
    stage.deploy("erc20", 0, ("Gold", "GLD", 18u8, amount(1_000)))
}

#[test]
fn calls_results_events_and_errors_are_soliditys() {
    on_both(|stage| {
        let (token, alice, bob) = (token(stage), stage.alice, stage.bob);
        let send = |value: u64| {
            let call = transferCall { to: theirs(bob), value: TheirU256::from(value) };
            let mut chain = stage.chain.borrow_mut();
            let receipt = chain.call(token, "").input(call.abi_encode()).from(alice).send();
            let receipt = receipt.unwrap();
            stage.note("erc20 transfer, encoded by alloy", &receipt);
            receipt
        };
        let receipt = send(30);
        assert_eq!(receipt.status, Status::Return);
        assert!(transferCall::abi_decode_returns_validate(&receipt.output).unwrap());
        let [event] = receipt.events.as_slice() else { panic!("{:?}", receipt.events) };
        let topics = event.topics.iter().map(|topic| alloy_sol_types::private::B256::from(*topic));
        let event = Transfer::decode_raw_log_validate(topics, &event.data).unwrap();
        assert_eq!((event.from, event.to), (theirs(alice), theirs(bob)));
        assert_eq!(event.value, TheirU256::from(30));

        let refused = send(971);
        assert_eq!(refused.status, Status::Revert);
        assert!(refused.events.is_empty());
        let error = ERC20InsufficientBalance::abi_decode_validate(&refused.output).unwrap();
        assert_eq!((error.sender, error.balance), (theirs(alice), TheirU256::from(970)));

        let held: U256 = stage.ask(token, "balanceOf(address)", (bob,));
        assert_eq!(held, amount(30));
        assert_eq!(balanceOfCall::SIGNATURE, "balanceOf(address)");
    });
}

#[test]
fn allowances_are_used_up_and_supply_is_kept() {
    on_both(|stage| {
        let (token, alice, bob) = (token(stage), stage.alice, stage.bob);
        assert!(stage.done::<bool>(alice, token, "approve(address,uint256)", (bob, amount(50))));
        let move_to = "transferFrom(address,address,uint256)";
        assert!(stage.done::<bool>(bob, token, move_to, (alice, bob, amount(20))));
        assert!(stage.done::<bool>(alice, token, "transfer(address,uint256)", (alice, amount(9))));
        assert_eq!(
            stage.send(bob, token, move_to, (alice, bob, amount(31))).status,
            Status::Revert
        );
        let left: U256 = stage.ask(token, "allowance(address,address)", (alice, bob));
        let held = [alice, bob].map(|user| stage.ask::<U256>(token, "balanceOf(address)", (user,)));
        assert_eq!((left, held), (amount(30), [amount(980), amount(20)]));
        assert_eq!(stage.ask::<String>(token, "symbol()", ()), "GLD");
    });
}

#[test]
fn malformed_input_and_value_are_refused() {
    on_both(|stage| {
        let (token, alice) = (token(stage), stage.alice);
        let sent = stage.pay(alice, token, 1, "transfer(address,uint256)", (alice, amount(1)));
        assert_eq!(message(&sent), "value was sent to a function that is not payable");
        let short = stage.send(alice, token, "transfer(address,uint256)", (alice,));
        assert_eq!(message(&short), "the encoded values end too early");
        let wide = stage.send(alice, token, "transfer(address,uint256)", (U256::MAX, amount(1)));
        assert_eq!(message(&wide), "an encoded value is outside the range of its type");
        let unknown = stage.send(alice, token, "mint()", ());
        assert_eq!(message(&unknown), "the contract has no function with this selector");
    });
}

#[test]
fn the_image_has_at_most_12_kib() {
    let length = image("erc20").unwrap().len();
    println!("the token has {length} bytes");
    assert!(length <= 12 << 10, "the token has {length} bytes");
}

#[test]
fn names_supply_and_burning_are_readable() {
    on_both(|stage| {
        let (token, alice) = (token(stage), stage.alice);
        assert_eq!(stage.ask::<String>(token, "name()", ()), "Gold");
        assert_eq!(stage.ask::<u8>(token, "decimals()", ()), 18);
        let burnt = stage.went(alice, token, "burn(uint256)", (amount(400),));
        let moved = "Transfer(address,address,uint256)";
        let topics = [encode(&(alice,)), encode(&(Address::ZERO,))];
        assert_eq!(burnt.events, [event(token, moved, topics, (amount(400),))]);
        assert_eq!(stage.ask::<U256>(token, "totalSupply()", ()), amount(600));
        let more = stage.send(alice, token, "burn(uint256)", (amount(601),));
        let error = "ERC20InsufficientBalance(address,uint256,uint256)";
        refused(&more, error, (alice, amount(600), amount(601)));
        let zero = Address::ZERO;
        let nobody = stage.send(alice, token, "transfer(address,uint256)", (zero, amount(1)));
        refused(&nobody, "ERC20InvalidReceiver(address)", (zero,));
        let nobody = stage.send(alice, token, "approve(address,uint256)", (zero, amount(1)));
        refused(&nobody, "ERC20InvalidSpender(address)", (zero,));
        assert_eq!(stage.ask::<U256>(token, "totalSupply()", ()), amount(600));
    });
}
