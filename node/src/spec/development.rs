//! The first block of a development chain.

use alloy_eips::{eip2935, eip4788, eip7002, eip7251};
use alloy_primitives::{Address, B64, B256, Bytes, U64, U256, address, hex};
use bessemer_evm::Fork;

use super::{Genesis, GenesisAccount, Spec};

/// The contract that many tools expect on every chain: it creates contracts at addresses that do not
/// depend on who asks.
const CREATE2_DEPLOYER: (Address, [u8; 69]) = (
    address!("0x4e59b44847b379578588920cA78FbF26c0B4956C"),
    hex!(
        "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234"
        "f58015156039578182fd5b8082525050506014600cf3"
    ),
);

/// The options of a development chain.
#[derive(Clone, Debug)]
pub struct Development {
    /// The identity of the chain.
    pub chain_id: u64,
    /// The fork that all blocks are under.
    pub fork: Fork,
    /// The time of the first block, in seconds since 1970.
    pub timestamp: u64,
    /// The gas limit of blocks.
    pub gas_limit: u64,
    /// The base fee of the first block.
    pub base_fee: u64,
    /// The accounts that own something.
    pub accounts: Vec<Address>,
    /// How much each of them owns.
    pub balance: U256,
}

impl Genesis {
    /// The first block of a development chain, with the contracts that blocks and tools need.
    pub fn development(chain: &Development) -> Self {
        let owner = GenesisAccount { balance: chain.balance, ..GenesisAccount::default() };
        let mut accounts: std::collections::BTreeMap<_, _> =
            chain.accounts.iter().map(|address| (*address, owner.clone())).collect();
        let contracts: [(Address, &[u8]); 5] = [
            (CREATE2_DEPLOYER.0, &CREATE2_DEPLOYER.1),
            (eip4788::BEACON_ROOTS_ADDRESS, &eip4788::BEACON_ROOTS_CODE),
            (eip2935::HISTORY_STORAGE_ADDRESS, &eip2935::HISTORY_STORAGE_CODE),
            (
                eip7002::WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS,
                &eip7002::WITHDRAWAL_REQUEST_PREDEPLOY_CODE,
            ),
            (
                eip7251::CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS,
                &eip7251::CONSOLIDATION_REQUEST_PREDEPLOY_CODE,
            ),
        ];
        for (address, code) in contracts {
            let contract = GenesisAccount {
                nonce: U64::from(1),
                code: Bytes::copy_from_slice(code),
                ..GenesisAccount::default()
            };
            accounts.entry(address).or_insert(contract);
        }
        let after_merge = chain.fork.has(Fork::Paris);
        Self {
            spec: Spec::at_fork(chain.chain_id, chain.fork),
            timestamp: chain.timestamp,
            gas_limit: chain.gas_limit,
            base_fee: chain.fork.has(Fork::London).then_some(chain.base_fee),
            difficulty: if after_merge { U256::ZERO } else { U256::ONE },
            extra_data: Bytes::new(),
            mix_hash: B256::ZERO,
            nonce: B64::ZERO,
            coinbase: Address::ZERO,
            accounts,
        }
    }
}
