//! Contracts that hold and pay value.

use bessemer_chain::{Address, Status, U256};
use bessemer_types::{Bytes, encode};

use crate::{amount, event, on_both, refused};

#[test]
fn a_purse_pays_from_its_own_balance() {
    on_both(|stage| {
        let purse = stage.deploy("native_transfer", 10, ());
        let received = stage.pay(stage.bob, purse, 5, "", ());
        assert_eq!((received.status, received.events.len()), (Status::Return, 1));
        let (to, pay) = (Address::new([7; 20]), "pay(address,uint256)");
        assert_eq!(stage.send(stage.bob, purse, pay, (to, amount(1))).status, Status::Revert);
        assert_eq!(stage.send(stage.alice, purse, pay, (to, amount(12))).status, Status::Return);
        assert_eq!((stage.balance(purse), stage.balance(to)), (amount(3), amount(12)));
    });
}

#[test]
fn a_wallet_pays_when_enough_confirmed() {
    on_both(|stage| {
        let (alice, bob) = (stage.alice, stage.bob);
        let wallet = stage.deploy("multisig", 100, (vec![alice, bob], 2u32));
        let to = Address::new([7; 20]);
        let propose = "propose(address,uint256,bytes)";
        let id: u32 = stage.done(alice, wallet, propose, (to, amount(60), Bytes::default()));
        assert_eq!(stage.send(alice, wallet, "execute(uint32)", (id,)).status, Status::Revert);
        assert_eq!(stage.send(bob, wallet, "confirm(uint32)", (id,)).status, Status::Return);
        stage.done::<Bytes>(bob, wallet, "execute(uint32)", (id,));
        assert_eq!(stage.send(bob, wallet, "execute(uint32)", (id,)).status, Status::Revert);
        assert_eq!(stage.balance(to), amount(60));
    });
}

#[test]
fn a_bank_that_allows_it_is_robbed_and_no_other() {
    on_both(|stage| {
        for (careless, left, rounds) in [(false, 100, 1), (true, 80, 3)] {
            let bank = stage.deploy("victim", 0, ());
            stage.pay(stage.alice, bank, 100, "deposit()", ());
            let robber = stage.deploy("attacker", 0, (bank,));
            let attack = stage.pay(stage.bob, robber, 10, "attack(bool)", (careless,));
            assert_eq!(attack.status, Status::Return, "{}", bessemer_chain::sentence(&attack));
            assert_eq!(stage.balance(bank), amount(left));
            assert_eq!(stage.balance(robber), amount(110 - left));
            assert_eq!(stage.ask::<u32>(robber, "rounds()", ()), rounds);
            let of = stage.ask::<U256>(bank, "balanceOf(address)", (stage.alice,));
            assert_eq!(of, amount(100));
            // and the bank cannot pay what it owes, if it was robbed
            let paid = stage.send(stage.alice, bank, "withdraw()", ());
            let expected = if careless { Status::Revert } else { Status::Return };
            assert_eq!(paid.status, expected);
        }
    });
}

#[test]
fn what_a_wallet_or_a_purse_refuses_has_a_name() {
    on_both(|stage| {
        let (alice, bob, to) = (stage.alice, stage.bob, Address::new([7; 20]));
        for (owners, threshold) in
            [(vec![], 1u32), (vec![alice], 0), (vec![alice], 2), (vec![alice, alice], 1)]
        {
            refused(&stage.try_deploy("multisig", 0, (owners, threshold)), "BadOwners()", ());
        }
        let wallet = stage.deploy("multisig", 5, (vec![alice, bob], 2u32));
        let propose = "propose(address,uint256,bytes)";
        let (confirm, execute) = ("confirm(uint32)", "execute(uint32)");
        let call = (to, amount(6), Bytes::default());
        let proposed = stage.went(alice, wallet, propose, call);
        let topics = || [encode(&(0u32,)), encode(&(alice,))];
        let said = ["Proposed(uint32,address)", "Confirmed(uint32,address)"]
            .map(|name| event(wallet, name, topics(), ()));
        assert_eq!(proposed.events, said);
        refused(&stage.send(to, wallet, confirm, (0u32,)), "NotOwner(address)", (to,));
        refused(&stage.send(alice, wallet, confirm, (0u32,)), "Twice()", ());
        refused(&stage.send(alice, wallet, confirm, (1u32,)), "Unknown(uint32)", (1u32,));
        let few = stage.send(alice, wallet, execute, (0u32,));
        refused(&few, "TooFew(uint32,uint32)", (1u32, 2u32));
        stage.went(bob, wallet, confirm, (0u32,));
        // there is less than the call would send
        let failed = stage.send(bob, wallet, execute, (0u32,));
        refused(&failed, "Failed(bytes)", (Bytes::default(),));
        assert_eq!(stage.pay(bob, wallet, 1, "", ()).status, Status::Return);
        let executed = stage.went(bob, wallet, execute, (0u32,));
        assert_eq!(executed.events, [event(wallet, "Executed(uint32)", [encode(&(0u32,))], ())]);
        refused(&stage.send(bob, wallet, execute, (0u32,)), "Done()", ());
        refused(&stage.send(bob, wallet, confirm, (0u32,)), "Done()", ());
        assert_eq!(stage.balance(to), amount(6));

        let purse = stage.deploy("native_transfer", 0, ());
        let pay = "pay(address,uint256)";
        refused(&stage.send(bob, purse, pay, (to, amount(1))), "NotOwner()", ());
        refused(&stage.send(alice, purse, pay, (to, amount(1))), "Refused()", ());
        let filled = stage.pay(bob, purse, 3, "", ());
        let said = event(purse, "Received(address,uint256)", [encode(&(bob,))], (amount(3),));
        assert_eq!(filled.events, [said]);
    });
}
