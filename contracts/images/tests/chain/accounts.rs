//! Contracts that hold and pay value.

use bessemer_chain::{Address, Status};
use bessemer_types::Bytes;

use crate::{amount, on_both};

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
    for (careless, left) in [(false, 100), (true, 80)] {
        on_both(|stage| {
            let bank = stage.deploy("victim", 0, ());
            stage.pay(stage.alice, bank, 100, "deposit()", ());
            let robber = stage.deploy("attacker", 0, (bank,));
            let attack = stage.pay(stage.bob, robber, 10, "attack(bool)", (careless,));
            assert_eq!(attack.status, Status::Return, "{}", bessemer_chain::sentence(&attack));
            assert_eq!(stage.balance(bank), amount(left));
            assert_eq!(stage.balance(robber), amount(110 - left));
        });
    }
}
