//! Receives and pays the native coin.

#![cfg_attr(not(test), no_std)]

use bessemer_sdk::prelude::*;

/// A purse that its owner pays from.
#[contract]
pub struct NativeTransfer {
    owner: Value<Address>,
}

/// Value came in.
#[event]
pub struct Received {
    /// From whom.
    #[indexed]
    pub from: Address,
    /// How much.
    pub amount: U256,
}

/// Why the purse does not pay.
#[error]
pub enum PurseError {
    /// Only the owner pays.
    NotOwner,
    /// The payment failed.
    Refused,
}

#[contract(events(Received))]
impl NativeTransfer {
    /// Its creator owns it.
    #[init]
    #[payable]
    pub fn new(&mut self) {
        self.owner.set(env::caller());
    }

    /// Takes value.
    #[receive]
    pub fn receive(&mut self) {
        Received { from: env::caller(), amount: env::value() }.emit();
    }

    /// The balance.
    pub fn balance(&self) -> U256 {
        env::balance(env::address())
    }

    /// Pays.
    pub fn pay(&mut self, to: Address, amount: U256) -> Result<(), PurseError> {
        if self.owner != env::caller() {
            return Err(PurseError::NotOwner);
        }
        call::transfer(to, amount).map_err(|_| PurseError::Refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bessemer_sdk::testing::{self, Emitted};

    #[test]
    fn the_purse_pays_and_nobody_else() {
        let (alice, bob) = (testing::user("alice"), testing::user("bob"));
        testing::act_as(alice);
        let ten = U256::from(10u64);
        let address = testing::deploy_with::<NativeTransfer>(ten, &()).unwrap();
        let purse = NativeTransferClient::new(address);
        call::transfer(address, ten).unwrap();
        let received = Received { from: alice, amount: ten };
        assert_eq!(testing::events(), [Emitted::new(address, &received)]);
        let (hers, his) = (env::balance(alice), env::balance(bob));
        purse.pay(bob, U256::from(15u64));
        assert_eq!(purse.balance(), U256::from(5u64));
        assert_eq!((env::balance(alice), env::balance(bob)), (hers, his + U256::from(15)));
        assert_eq!(purse.try_pay(bob, ten), Err(Failure::Error(PurseError::Refused)));
        testing::act_as(bob);
        assert_eq!(purse.try_pay(bob, ten), Err(Failure::Error(PurseError::NotOwner)));
        assert!(purse.with_value(ten).try_balance().is_ok());
        assert!(purse.with_value(ten).try_pay(bob, ten).is_err());
    }
}
