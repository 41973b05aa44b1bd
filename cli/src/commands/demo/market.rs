//! The transactions of the demo: a token, an exchange, and users who trade.

use std::sync::Arc;

use bessemer_chain::{Action, Address, Chain, Transaction, U256, address_by_nonce, selector};
use bessemer_types::{EncodeFields, encode, encode_behind};

use crate::support::local::{Terms, transaction};
use crate::support::names::USERS;

/// An image of the repository, which is part of the tool.
pub(super) fn image(name: &str) -> &'static [u8] {
    bessemer_contracts::image(name).unwrap_or_default()
}

pub(super) const TOKEN: &str = "erc20";
pub(super) const EXCHANGE: &str = "dex";

/// Swaps in a block.
const BLOCK: u64 = 500;

/// Blocks of transactions. They depend on the number of swaps only.
pub(super) struct Market {
    pub(super) token: Address,
    pub(super) exchange: Address,
    /// Deployments, and everything that trading needs.
    pub(super) preparation: Vec<Vec<Transaction>>,
    pub(super) trade: Vec<Vec<Transaction>>,
}

/// A sender of transactions, with the nonce of the next one.
struct Sender {
    address: Address,
    nonce: u64,
}

impl Sender {
    fn sends(&mut self, value: U256, action: Action) -> Transaction {
        let terms = Terms { from: self.address, value, gas: None, at: None };
        self.nonce += 1;
        transaction(self.nonce - 1, action, terms)
    }

    fn calls(
        &mut self,
        to: Address,
        value: U256,
        signature: &str,
        arguments: &impl EncodeFields,
    ) -> Transaction {
        self.sends(value, Action::Call { to, input: input(signature, arguments) })
    }
}

pub(super) fn input(signature: &str, arguments: &impl EncodeFields) -> Vec<u8> {
    encode_behind(&selector(signature), arguments)
}

/// So many whole coins or tokens, in the smallest unit.
pub(super) fn whole(count: u64) -> U256 {
    U256::from(count) * U256::from(10).pow(U256::from(18))
}

pub(super) const SWAP_COINS: &str = "swapCoins(uint256,uint64)";
const SWAP_TOKENS: &str = "swapTokens(uint256,uint256,uint64)";

impl Market {
    pub(super) fn new(swaps: u64) -> Self {
        let mut senders = USERS.map(|user| Sender { address: Chain::user_address(user), nonce: 0 });
        let owner = senders[0].address;
        let (token, exchange) = (address_by_nonce(&owner, 0), address_by_nonce(&owner, 1));
        let preparation =
            vec![deployments(&mut senders[0], token), funding(&mut senders, token, exchange)];
        let mut trade = Vec::new();
        for first in (0..swaps).step_by(BLOCK as usize) {
            let numbers = first..swaps.min(first + BLOCK);
            trade.push(numbers.map(|number| swap(&mut senders, exchange, number)).collect());
        }
        Self { token, exchange, preparation, trade }
    }
}

fn deployments(owner: &mut Sender, token: Address) -> Vec<Transaction> {
    let supply = whole(1_000_000_000);
    let token_input = encode(&("Gold".to_owned(), "GLD".to_owned(), 18_u8, supply));
    let images = [(image(TOKEN), token_input), (image(EXCHANGE), encode(&(token,)))];
    let deploy = |(code, input): (&[u8], Vec<u8>)| {
        let code = Arc::from(code);
        owner.sends(U256::ZERO, Action::Deploy { code, input, salt: None })
    };
    images.map(deploy).into()
}

/// Tokens for everyone, and coins and tokens for the pool.
fn funding(senders: &mut [Sender; 5], token: Address, exchange: Address) -> Vec<Transaction> {
    let mut block = Vec::new();
    let traders: Vec<_> = senders.iter().skip(1).map(|sender| sender.address).collect();
    for trader in traders {
        let arguments = (trader, whole(1_000_000));
        block.push(senders[0].calls(token, U256::ZERO, "transfer(address,uint256)", &arguments));
    }
    for sender in senders.iter_mut() {
        let arguments = (exchange, U256::MAX);
        block.push(sender.calls(token, U256::ZERO, "approve(address,uint256)", &arguments));
    }
    let most = (whole(1_000_000),);
    block.push(senders[0].calls(exchange, whole(100_000), "add(uint256)", &most));
    block
}

/// One of the traders swaps, coins and tokens by turns, and different amounts.
fn swap(senders: &mut [Sender; 5], exchange: Address, number: u64) -> Transaction {
    let trader = &mut senders[1 + (number / 2 % 4) as usize];
    let amount = U256::from(1 + number % 97) * U256::from(10).pow(U256::from(15));
    let (least, deadline) = (U256::from(1), u64::MAX);
    if number.is_multiple_of(2) {
        trader.calls(exchange, amount, SWAP_COINS, &(least, deadline))
    } else {
        let tokens = amount * U256::from(10);
        trader.calls(exchange, U256::ZERO, SWAP_TOKENS, &(tokens, least, deadline))
    }
}
