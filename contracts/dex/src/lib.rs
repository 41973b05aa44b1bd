//! An exchange of the native coin and a token: constant product, fee of 0.3 %, shares.

#![cfg_attr(not(test), no_std)]

use bessemer_sdk::prelude::*;
use erc20::Erc20Client;

/// A pool of coins and tokens. Who adds to it gets shares, and with them the fees.
#[contract]
pub struct Dex {
    token: Value<Address>,
    coins: Value<U256>,
    tokens: Value<U256>,
    total_shares: Value<U256>,
    shares: Map<Address, U256>,
}

/// Someone added to the pool.
#[event]
pub struct Added {
    /// The account.
    #[indexed]
    pub provider: Address,
    /// How many coins.
    pub coins: U256,
    /// How many tokens.
    pub tokens: U256,
    /// For how many shares.
    pub shares: U256,
}

/// Someone took a part out of the pool.
#[event]
pub struct Removed {
    /// The account.
    #[indexed]
    pub provider: Address,
    /// How many coins.
    pub coins: U256,
    /// How many tokens.
    pub tokens: U256,
    /// For how many shares.
    pub shares: U256,
}

/// Someone exchanged.
#[event]
pub struct Swapped {
    /// The account.
    #[indexed]
    pub trader: Address,
    /// Coins that came in.
    pub coins_in: U256,
    /// Tokens that came in.
    pub tokens_in: U256,
    /// Coins that went out.
    pub coins_out: U256,
    /// Tokens that went out.
    pub tokens_out: U256,
}

/// Why the exchange refuses.
#[error]
pub enum DexError {
    /// There is nothing in the pool, or nothing was offered.
    Empty,
    /// The trader would get less than it accepts.
    Slippage {
        /// The amount that it would get.
        offered: U256,
        /// The least amount that it accepts.
        least: U256,
    },
    /// The provider has fewer shares.
    InsufficientShares {
        /// How many it has.
        have: U256,
        /// How many it wants to give back.
        want: U256,
    },
    /// The block is later than the trader accepts.
    Late,
}

use DexError::*;

/// The parts of 1000 that are exchanged; the rest is the fee.
const EXCHANGED: u64 = 997;
/// Shares without an owner, so that the first provider cannot make a share worth too much.
const LOCKED: u64 = 1_000;

#[contract(events(Added, Removed, Swapped))]
impl Dex {
    /// An empty pool of coins and this token.
    #[init]
    pub fn new(&mut self, token: Address) {
        self.token.set(token);
    }

    /// The token.
    pub fn token(&self) -> Address {
        self.token.get()
    }

    /// Coins and tokens in the pool.
    pub fn reserves(&self) -> (U256, U256) {
        (self.coins.get(), self.tokens.get())
    }

    /// How many shares an account has.
    pub fn shares_of(&self, provider: Address) -> U256 {
        self.shares.get(provider)
    }

    /// How many shares there are.
    pub fn total_shares(&self) -> U256 {
        self.total_shares.get()
    }

    /// The tokens for so many coins, or the coins for so many tokens, by the reserves of the two.
    pub fn quote(&self, amount: U256, reserve_in: U256, reserve_out: U256) -> U256 {
        let exchanged = amount * U256::from(EXCHANGED);
        let sum = reserve_in * U256::from(1_000) + exchanged;
        if sum.is_zero() { sum } else { exchanged * reserve_out / sum }
    }

    /// Adds the coins that are sent, and as many tokens as are worth the same, which the caller
    /// allowed. The first provider says how many tokens. Returns the shares.
    #[payable]
    pub fn add(&mut self, most_tokens: U256) -> Result<U256, DexError> {
        let provider = env::caller();
        let coins = env::value();
        let (pool, total) = (self.coins.get(), self.total_shares.get());
        if coins == U256::ZERO {
            return Err(Empty);
        }
        let (tokens, shares) = if total == U256::ZERO {
            let shares = (coins * most_tokens).isqrt();
            let locked = U256::from(LOCKED);
            if shares <= locked {
                return Err(Empty);
            }
            self.total_shares.set(locked);
            (most_tokens, shares - locked)
        } else {
            // Rounded up, in favour of who is in the pool already.
            ((coins * self.tokens.get()).div_ceil(pool), coins * total / pool)
        };
        if tokens > most_tokens {
            return Err(Slippage { offered: tokens, least: most_tokens });
        }
        self.coins += coins;
        self.tokens += tokens;
        self.total_shares += shares;
        self.shares[provider] += shares;
        self.client().transfer_from(provider, env::address(), tokens);
        Added { provider, coins, tokens, shares }.emit();
        Ok(shares)
    }

    /// Gives shares back for their part of the pool.
    pub fn remove(
        &mut self,
        shares: U256,
        least_coins: U256,
        least_tokens: U256,
    ) -> Result<(U256, U256), DexError> {
        let provider = env::caller();
        let (have, total) = (self.shares.get(provider), self.total_shares.get());
        if shares > have {
            return Err(InsufficientShares { have, want: shares });
        }
        if shares == U256::ZERO {
            return Err(Empty);
        }
        let coins = self.coins.get() * shares / total;
        let tokens = self.tokens.get() * shares / total;
        enough(coins, least_coins)?;
        enough(tokens, least_tokens)?;
        self.shares.set(provider, have - shares);
        self.total_shares -= shares;
        self.coins -= coins;
        self.tokens -= tokens;
        self.client().transfer(provider, tokens);
        pay(provider, coins);
        Removed { provider, coins, tokens, shares }.emit();
        Ok((coins, tokens))
    }

    /// Exchanges the coins that are sent for tokens, at least so many.
    #[payable]
    pub fn swap_coins(&mut self, least_tokens: U256, deadline: u64) -> Result<U256, DexError> {
        in_time(deadline)?;
        let (coins, tokens) = self.reserves();
        let coins_in = env::value();
        let tokens_out = self.quote(coins_in, coins, tokens);
        if tokens_out == U256::ZERO {
            return Err(Empty);
        }
        enough(tokens_out, least_tokens)?;
        self.coins.set(coins + coins_in);
        self.tokens.set(tokens - tokens_out);
        let trader = env::caller();
        self.client().transfer(trader, tokens_out);
        let zero = U256::ZERO;
        Swapped { trader, coins_in, tokens_in: zero, coins_out: zero, tokens_out }.emit();
        Ok(tokens_out)
    }

    /// Exchanges tokens, which the caller allowed, for coins, at least so many.
    pub fn swap_tokens(
        &mut self,
        tokens_in: U256,
        least_coins: U256,
        deadline: u64,
    ) -> Result<U256, DexError> {
        in_time(deadline)?;
        let (coins, tokens) = self.reserves();
        let coins_out = self.quote(tokens_in, tokens, coins);
        if coins_out == U256::ZERO {
            return Err(Empty);
        }
        enough(coins_out, least_coins)?;
        self.tokens.set(tokens + tokens_in);
        self.coins.set(coins - coins_out);
        let trader = env::caller();
        self.client().transfer_from(trader, env::address(), tokens_in);
        pay(trader, coins_out);
        let zero = U256::ZERO;
        Swapped { trader, coins_in: zero, tokens_in, coins_out, tokens_out: zero }.emit();
        Ok(coins_out)
    }

    fn client(&self) -> Erc20Client {
        Erc20Client::new(self.token.get())
    }
}

fn in_time(deadline: u64) -> Result<(), DexError> {
    if env::timestamp() > deadline { Err(Late) } else { Ok(()) }
}

fn enough(offered: U256, least: U256) -> Result<(), DexError> {
    if offered < least { Err(Slippage { offered, least }) } else { Ok(()) }
}

fn pay(to: Address, coins: U256) {
    if let Err(failed) = call::transfer(to, coins) {
        failed.pass_on();
    }
}

#[cfg(test)]
mod tests;
