use super::*;
use bessemer_sdk::testing;
use erc20::Erc20;

const LATER: u64 = u64::MAX;

fn amount(number: u64) -> U256 {
    U256::from(number)
}

/// A pool of 100,000 coins and 400,000 tokens by alice; bob has 1,000,000 tokens too.
fn pool() -> (DexClient, Erc20Client, [Address; 2]) {
    let users = ["alice", "bob"].map(testing::user);
    testing::act_as(users[0]);
    let supply = amount(3_000_000);
    let token = testing::deploy::<Erc20>(&("Gold", "GLD", 18u8, supply)).unwrap();
    let token = Erc20Client::new(token);
    token.transfer(users[1], amount(1_000_000));
    let address = token.target().address;
    let dex = DexClient::new(testing::deploy::<Dex>(&(address,)).unwrap());
    for user in users {
        testing::act_as(user);
        token.approve(dex.target().address, U256::MAX);
    }
    testing::act_as(users[0]);
    dex.with_value(amount(100_000)).add(amount(400_000));
    (dex, token, users)
}

/// The pool has what it says it has.
fn check(dex: DexClient, token: Erc20Client) {
    let address = dex.target().address;
    assert_eq!(dex.reserves(), (env::balance(address), token.balance_of(address)));
}

#[test]
fn swaps_keep_the_product_and_the_fee() {
    let (dex, token, [_, bob]) = pool();
    testing::act_as(bob);
    let before = token.balance_of(bob);
    let bought = dex.with_value(amount(1_000)).swap_coins(amount(1), LATER);
    // 400,000 * 997 * 1,000 / (100,000 * 1,000 + 997 * 1,000)
    assert_eq!(bought, amount(3_948));
    assert_eq!(token.balance_of(bob), before + bought);
    check(dex, token);
    let (coins, tokens) = dex.reserves();
    assert!(coins * tokens > amount(100_000) * amount(400_000));

    let coins = env::balance(bob);
    let back = dex.swap_tokens(bought, amount(1), LATER);
    assert!(back < amount(1_000));
    assert_eq!(env::balance(bob), coins + back);
    check(dex, token);
}

#[test]
fn a_provider_gets_its_part_back() {
    let (dex, token, [alice, _]) = pool();
    let shares = dex.shares_of(alice);
    assert_eq!(shares, dex.total_shares() - amount(1_000));
    assert_eq!(dex.remove(shares, amount(1), amount(1)), (amount(99_500), amount(398_000)));
    check(dex, token);
    assert_eq!(dex.shares_of(alice), U256::ZERO);
    let want = amount(1);
    let refused = InsufficientShares { have: U256::ZERO, want };
    assert_eq!(dex.try_remove(want, want, want), Err(Failure::Error(refused)));
}

#[test]
fn adding_takes_what_is_worth_the_same() {
    let (dex, token, [_, bob]) = pool();
    testing::act_as(bob);
    let before = token.balance_of(bob);
    let shares = dex.with_value(amount(1_000)).add(amount(5_000));
    assert_eq!(token.balance_of(bob), before - amount(4_000));
    assert_eq!(shares, amount(2_000));
    let few = dex.with_value(amount(1_000)).try_add(amount(3_999));
    assert!(matches!(few, Err(Failure::Error(Slippage { .. }))));
    check(dex, token);
}

#[test]
fn what_the_trader_does_not_accept_changes_nothing() {
    let (dex, token, [_, bob]) = pool();
    testing::act_as(bob);
    let (coins, reserves) = (env::balance(bob), dex.reserves());
    let refused = Slippage { offered: amount(3_948), least: amount(3_949) };
    let paying = dex.with_value(amount(1_000));
    assert_eq!(paying.try_swap_coins(amount(3_949), LATER), Err(Failure::Error(refused)));
    assert_eq!(paying.try_swap_coins(amount(1), 1), Err(Failure::Error(Late)));
    assert_eq!(dex.try_swap_coins(U256::ZERO, LATER), Err(Failure::Error(Empty)));
    assert_eq!((env::balance(bob), dex.reserves()), (coins, reserves));
    check(dex, token);
}

#[test]
fn a_trader_without_tokens_gets_no_coins() {
    let (dex, token, _) = pool();
    let carol = testing::user("carol");
    testing::act_as(carol);
    let coins = env::balance(carol);
    assert!(dex.try_swap_tokens(amount(1_000), U256::ZERO, LATER).is_err());
    assert_eq!(env::balance(carol), coins);
    check(dex, token);
}
