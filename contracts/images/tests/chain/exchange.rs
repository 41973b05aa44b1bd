//! The exchange.

use bessemer_chain::{Address, Status, U256};

use bessemer_types::decode;

use crate::{Stage, amount, on_both, refused};

const LATER: u64 = u64::MAX;

/// A pool of 100,000 coins and 400,000 tokens.
fn pool(stage: &Stage) -> (Address, Address) {
    let token = stage.deploy("erc20", 0, ("Gold", "GLD", 18u8, amount(3_000_000)));
    let dex = stage.deploy("dex", 0, (token,));
    for user in [stage.alice, stage.bob] {
        assert!(stage.done::<bool>(user, token, "approve(address,uint256)", (dex, U256::MAX)));
    }
    let added = stage.pay(stage.alice, dex, 100_000, "add(uint256)", (amount(400_000),));
    assert_eq!(added.status, Status::Return, "{}", bessemer_chain::sentence(&added));
    (token, dex)
}

#[test]
fn the_pool_has_what_it_says_after_swaps_both_ways() {
    on_both(|stage| {
        let (token, dex) = pool(stage);
        let swap = "swapCoins(uint256,uint64)";
        let bought = stage.pay(stage.bob, dex, 1_000, swap, (amount(1), LATER));
        assert_eq!(bought.output, amount(3_948).to_be_bytes::<32>());
        let sold: U256 = stage.done(
            stage.bob,
            dex,
            "swapTokens(uint256,uint256,uint64)",
            (amount(3_948), amount(1), LATER),
        );
        assert!(sold < amount(1_000));
        let tokens: U256 = stage.ask(token, "balanceOf(address)", (dex,));
        let reserves = stage.chain.borrow_mut().call(dex, "reserves()").query_bytes().unwrap();
        let said = decode::<(U256, U256)>(&reserves);
        assert_eq!(said, Ok((stage.balance(dex), tokens)));
        assert!(stage.balance(dex) * tokens > amount(100_000) * amount(400_000));
    });
}

#[test]
fn what_the_trader_does_not_accept_changes_nothing() {
    on_both(|stage| {
        let (_, dex) = pool(stage);
        let before = stage.balance(stage.bob);
        let swap = "swapCoins(uint256,uint64)";
        for (least, deadline) in [(3_949, LATER), (1, 1)] {
            let refused = stage.pay(stage.bob, dex, 1_000, swap, (amount(least), deadline));
            assert_eq!(refused.status, Status::Revert);
        }
        assert_eq!((stage.balance(stage.bob), stage.balance(dex)), (before, amount(100_000)));
    });
}

#[test]
fn shares_are_paid_back_and_the_rest_is_refused() {
    on_both(|stage| {
        let (token, dex) = pool(stage);
        let (alice, bob) = (stage.alice, stage.bob);
        assert_eq!(stage.ask::<Address>(dex, "token()", ()), token);
        let shares: U256 = stage.ask(dex, "sharesOf(address)", (alice,));
        assert_eq!(shares, amount(199_000));
        assert_eq!(stage.ask::<U256>(dex, "totalShares()", ()), amount(200_000));
        let remove = "remove(uint256,uint256,uint256)";
        let zero = U256::ZERO;
        let foreign = stage.send(bob, dex, remove, (amount(1), zero, zero));
        refused(&foreign, "InsufficientShares(uint256,uint256)", (zero, amount(1)));
        refused(&stage.send(alice, dex, remove, (zero, zero, zero)), "Empty()", ());
        let greedy = stage.send(alice, dex, remove, (shares, amount(100_000), zero));
        refused(&greedy, "Slippage(uint256,uint256)", (amount(99_500), amount(100_000)));
        let late = stage.pay(bob, dex, 10, "swapCoins(uint256,uint64)", (zero, 1u64));
        refused(&late, "Late()", ());
        let none = stage.send(bob, dex, "swapCoins(uint256,uint64)", (zero, LATER));
        refused(&none, "Empty()", ());
        let back = stage.went(alice, dex, remove, (shares, zero, zero));
        assert_eq!(decode(&back.output), Ok((amount(99_500), amount(398_000))));
        assert_eq!(stage.balance(dex), amount(500));
        assert_eq!(stage.ask::<U256>(token, "balanceOf(address)", (dex,)), amount(2_000));
    });
}
