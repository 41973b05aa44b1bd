//! Rewards of block makers under proof of work.

use alloy_consensus::Header;
use alloy_primitives::U256;
use bessemer_evm::Fork;

use crate::backend::{Environment, Failure, Session};

/// Wei of one ether.
const ETHER: u128 = 1_000_000_000_000_000_000;

/// The reward of a block (EIP-649, EIP-1234).
fn of_block(fork: Fork) -> u128 {
    match fork {
        fork if fork.has(Fork::Paris) => 0,
        fork if fork.has(Fork::Constantinople) => 2 * ETHER,
        fork if fork.has(Fork::Byzantium) => 3 * ETHER,
        _ => 5 * ETHER,
    }
}

/// Pays the maker of a block, and those of its uncles (Yellow Paper, section 11.3).
pub(super) fn pay(
    session: &mut Session<'_>,
    environment: &Environment,
    ommers: &[Header],
) -> Result<(), Failure> {
    let reward = of_block(environment.fork);
    if reward == 0 {
        return Ok(());
    }
    for ommer in ommers {
        // an uncle is one to six blocks older; what is older yet gets nothing
        let share = (ommer.number + 8).saturating_sub(environment.number);
        let amount = U256::from(reward) * U256::from(share) / U256::from(8);
        session.credit(&ommer.beneficiary, amount)?;
    }
    let for_uncles = reward / 32 * ommers.len() as u128;
    session.credit(&environment.coinbase, U256::from(reward + for_uncles))
}
