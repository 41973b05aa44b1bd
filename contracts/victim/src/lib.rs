//! A bank that pays before it books. Its one door is safe because contracts are not entered again
//! while they run; the other allows that, and is robbed.

#![cfg_attr(not(test), no_std)]

use bessemer_sdk::prelude::*;

/// The accounts of the bank.
#[contract]
pub struct Bank {
    balances: Map<Address, U256>,
}

#[contract]
impl Bank {
    /// Puts the value that is sent into the bank.
    #[payable]
    pub fn deposit(&mut self) {
        self.balances[env::caller()] += env::value();
    }

    /// The balance of an account.
    pub fn balance_of(&self, account: Address) -> U256 {
        self.balances.get(account)
    }

    /// Pays everything out.
    pub fn withdraw(&mut self) {
        self.pay_before_booking();
    }

    /// Pays everything out, and can be entered again meanwhile.
    #[reentrant]
    pub fn careless_withdraw(&mut self) {
        self.pay_before_booking();
    }

    fn pay_before_booking(&mut self) {
        let caller = env::caller();
        let amount = self.balances.get(caller);
        if let Err(failed) = call::transfer(caller, amount) {
            failed.pass_on();
        }
        self.balances.take(caller);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bessemer_sdk::testing;

    #[test]
    fn what_was_put_in_comes_out() {
        let alice = testing::user("alice");
        testing::act_as(alice);
        let bank = BankClient::new(testing::deploy::<Bank>(&()).unwrap());
        let (before, five) = (env::balance(alice), U256::from(5u64));
        bank.with_value(five).deposit();
        assert_eq!((bank.balance_of(alice), env::balance(alice)), (five, before - five));
        bank.withdraw();
        assert_eq!((bank.balance_of(alice), env::balance(alice)), (U256::ZERO, before));
    }
}
