use super::*;
use bessemer_sdk::testing::{self, Emitted};
use bessemer_sdk::types;

const SUPPLY: u64 = 1_000;

fn amount(number: u64) -> U256 {
    U256::from(number)
}

/// The token of alice, and her, bob and carol.
fn token() -> (Erc20Client, [Address; 3]) {
    let users = ["alice", "bob", "carol"].map(testing::user);
    testing::act_as(users[0]);
    let arguments = ("Gold", "GLD", 18u8, amount(SUPPLY));
    (Erc20Client::new(testing::deploy::<Erc20>(&arguments).unwrap()), users)
}

fn supply(token: Erc20Client, users: [Address; 3]) -> U256 {
    users.iter().fold(U256::ZERO, |sum, user| sum + token.balance_of(*user))
}

#[test]
fn is_made_with_its_supply() {
    let (token, [alice, ..]) = token();
    assert_eq!((token.name(), token.symbol(), token.decimals()), ("Gold".into(), "GLD".into(), 18));
    assert_eq!((token.total_supply(), token.balance_of(alice)), (amount(SUPPLY), amount(SUPPLY)));
    let made = Transfer { from: Address::ZERO, to: alice, value: amount(SUPPLY) };
    assert_eq!(testing::events(), [Emitted::new(token.target().address, &made)]);
}

#[test]
fn transfers_move_tokens_and_say_so() {
    let (token, users @ [alice, bob, _]) = token();
    assert!(token.transfer(bob, amount(30)));
    assert_eq!((token.balance_of(alice), token.balance_of(bob)), (amount(970), amount(30)));
    let moved = Transfer { from: alice, to: bob, value: amount(30) };
    assert_eq!(testing::events()[1..], [Emitted::new(token.target().address, &moved)]);
    assert_eq!(supply(token, users), amount(SUPPLY));
}

#[test]
fn a_transfer_to_oneself_makes_nothing() {
    let (token, users @ [alice, ..]) = token();
    assert!(token.transfer(alice, amount(400)));
    assert_eq!(token.balance_of(alice), amount(SUPPLY));
    assert_eq!(supply(token, users), token.total_supply());
}

#[test]
fn more_than_there_is_does_not_move() {
    let (token, [alice, bob, _]) = token();
    for needed in [amount(SUPPLY + 1), U256::MAX] {
        let refused = ERC20InsufficientBalance { sender: alice, balance: amount(SUPPLY), needed };
        assert_eq!(token.try_transfer(bob, needed), Err(Failure::Error(refused)));
    }
    let refused = ERC20InvalidReceiver { receiver: Address::ZERO };
    assert_eq!(token.try_transfer(Address::ZERO, amount(1)), Err(Failure::Error(refused)));
    assert_eq!(token.balance_of(alice), amount(SUPPLY));
    assert_eq!(testing::events().len(), 1);
}

#[test]
fn an_allowance_is_used_up() {
    let (token, [alice, bob, carol]) = token();
    assert!(token.approve(bob, amount(50)));
    testing::act_as(bob);
    assert!(token.transfer_from(alice, carol, amount(20)));
    assert_eq!(token.allowance(alice, bob), amount(30));
    assert_eq!(token.balance_of(carol), amount(20));
    let refused =
        ERC20InsufficientAllowance { spender: bob, allowance: amount(30), needed: amount(31) };
    assert_eq!(token.try_transfer_from(alice, carol, amount(31)), Err(Failure::Error(refused)));
    assert_eq!(token.allowance(alice, bob), amount(30));
}

#[test]
fn a_refused_transfer_leaves_the_allowance() {
    let (token, [alice, bob, carol]) = token();
    token.approve(bob, amount(SUPPLY + 5));
    testing::act_as(bob);
    assert!(token.try_transfer_from(alice, carol, amount(SUPPLY + 1)).is_err());
    assert_eq!(token.allowance(alice, bob), amount(SUPPLY + 5));
}

#[test]
fn an_endless_allowance_stays() {
    let (token, [alice, bob, carol]) = token();
    token.approve(bob, U256::MAX);
    testing::act_as(bob);
    token.transfer_from(alice, carol, amount(20));
    assert_eq!(token.allowance(alice, bob), U256::MAX);
}

#[test]
fn burning_shrinks_the_supply() {
    let (token, users) = token();
    token.burn(amount(1));
    assert_eq!(token.total_supply(), amount(SUPPLY - 1));
    assert_eq!(supply(token, users), amount(SUPPLY - 1));
}

#[test]
fn value_and_malformed_input_are_refused() {
    let (token, [alice, bob, _]) = token();
    assert!(token.with_value(amount(1)).try_transfer(bob, amount(1)).is_err());
    let target = token.target();
    let transfer = [0xa9, 0x05, 0x9c, 0xbb];
    for input in [&transfer[..], &[1, 2, 3], &[0; 4], &[transfer.as_slice(), &[0xff; 64]].concat()]
    {
        let failed = call::call(target, input).unwrap_err();
        assert!(types::revert::Revert::decode(&failed.data).is_some(), "{input:?}");
    }
    assert_eq!(token.balance_of(alice), amount(SUPPLY));
}
