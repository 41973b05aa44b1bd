//! A fungible token, ERC-20, with custom errors as in ERC-6093.

#![cfg_attr(not(test), no_std)]

use bessemer_sdk::prelude::*;

/// A token whose supply is made once, at creation, and which holders can burn.
#[contract]
pub struct Erc20 {
    name: StorageString,
    symbol: StorageString,
    decimals: Value<u8>,
    total_supply: Value<U256>,
    balances: Map<Address, U256>,
    allowance: Map<Address, Map<Address, U256>>,
}

/// Tokens moved; they come from, or go to, the zero address if they are made or burnt.
#[event]
pub struct Transfer {
    /// Whose they were.
    #[indexed]
    pub from: Address,
    /// Whose they are.
    #[indexed]
    pub to: Address,
    /// How many.
    pub value: U256,
}

/// An owner set how much another account may spend.
#[event]
pub struct Approval {
    /// Whose tokens they are.
    #[indexed]
    pub owner: Address,
    /// The account that may spend them.
    #[indexed]
    pub spender: Address,
    /// How many.
    pub value: U256,
}

/// Why the token refuses (ERC-6093).
#[error]
pub enum Erc20Error {
    /// The sender has less.
    ERC20InsufficientBalance {
        /// Whose tokens should move.
        sender: Address,
        /// How many there are.
        balance: U256,
        /// How many should move.
        needed: U256,
    },
    /// The spender may spend less.
    ERC20InsufficientAllowance {
        /// The account that would spend.
        spender: Address,
        /// How many it may spend.
        allowance: U256,
        /// How many it would.
        needed: U256,
    },
    /// This address cannot own tokens.
    ERC20InvalidReceiver {
        /// The address.
        receiver: Address,
    },
    /// This address cannot be a spender.
    ERC20InvalidSpender {
        /// The address.
        spender: Address,
    },
}

use Erc20Error::{
    ERC20InsufficientAllowance, ERC20InsufficientBalance, ERC20InvalidReceiver, ERC20InvalidSpender,
};

#[contract(events(Transfer, Approval))]
impl Erc20 {
    /// Makes the supply, which belongs to the creator of the contract.
    #[init]
    pub fn new(&mut self, name: String, symbol: String, decimals: u8, supply: U256) {
        self.name.set(name);
        self.symbol.set(symbol);
        self.decimals.set(decimals);
        self.total_supply.set(supply);
        let owner = env::caller();
        self.balances.set(owner, supply);
        Transfer { from: Address::ZERO, to: owner, value: supply }.emit();
    }

    /// The name of the token.
    pub fn name(&self) -> String {
        self.name.get()
    }

    /// Its symbol.
    pub fn symbol(&self) -> String {
        self.symbol.get()
    }

    /// How many digits of an amount stand behind the point.
    pub fn decimals(&self) -> u8 {
        self.decimals.get()
    }

    /// How many tokens there are.
    pub fn total_supply(&self) -> U256 {
        self.total_supply.get()
    }

    /// How many tokens an account has.
    pub fn balance_of(&self, account: Address) -> U256 {
        self.balances.get(account)
    }

    /// How many tokens of the owner the spender may spend.
    pub fn allowance(&self, owner: Address, spender: Address) -> U256 {
        self.allowance[owner][spender].get()
    }

    /// Sends tokens of the caller.
    pub fn transfer(&mut self, to: Address, value: U256) -> Result<bool, Erc20Error> {
        self.move_tokens(env::caller(), to, value)?;
        Ok(true)
    }

    /// Sets how many tokens of the caller the spender may spend.
    pub fn approve(&mut self, spender: Address, value: U256) -> Result<bool, Erc20Error> {
        if spender == Address::ZERO {
            return Err(ERC20InvalidSpender { spender });
        }
        let owner = env::caller();
        self.allowance[owner][spender].set(value);
        Approval { owner, spender, value }.emit();
        Ok(true)
    }

    /// Sends tokens of another account that allowed it. An allowance of 2^256 - 1 is never used up.
    pub fn transfer_from(
        &mut self,
        from: Address,
        to: Address,
        value: U256,
    ) -> Result<bool, Erc20Error> {
        self.spend_allowance(from, value)?;
        self.move_tokens(from, to, value)?;
        Ok(true)
    }

    /// Burns tokens of the caller.
    pub fn burn(&mut self, value: U256) -> Result<(), Erc20Error> {
        let owner = env::caller();
        self.take(owner, value)?;
        self.total_supply -= value;
        Transfer { from: owner, to: Address::ZERO, value }.emit();
        Ok(())
    }

    fn move_tokens(&mut self, from: Address, to: Address, value: U256) -> Result<(), Erc20Error> {
        if to == Address::ZERO {
            return Err(ERC20InvalidReceiver { receiver: to });
        }
        // Taken before it is given, so that who sends to itself has what it had.
        self.take(from, value)?;
        self.balances[to] += value;
        Transfer { from, to, value }.emit();
        Ok(())
    }

    fn take(&mut self, from: Address, value: U256) -> Result<(), Erc20Error> {
        let mut place = self.balances.at(from);
        let balance = place.get();
        let Some(rest) = balance.checked_sub(value) else {
            return Err(ERC20InsufficientBalance { sender: from, balance, needed: value });
        };
        place.set(rest);
        Ok(())
    }

    fn spend_allowance(&mut self, owner: Address, value: U256) -> Result<(), Erc20Error> {
        let spender = env::caller();
        let mut place = self.allowance.at(owner).at(spender);
        let allowance = place.get();
        if allowance == U256::MAX {
            return Ok(());
        }
        let Some(rest) = allowance.checked_sub(value) else {
            return Err(ERC20InsufficientAllowance { spender, allowance, needed: value });
        };
        place.set(rest);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
