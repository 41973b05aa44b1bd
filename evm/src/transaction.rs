//! A transaction as Ethereum's rules see it, whichever envelope it came in.

use alloy_primitives::{Address, B256, Bytes, U256};

/// The type of an envelope (EIP-2718).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum TransactionKind {
    /// Without a type.
    #[default]
    Legacy = 0,
    /// With an access list (EIP-2930).
    AccessList = 1,
    /// With base fee and tip (EIP-1559).
    DynamicFee = 2,
    /// With blobs (EIP-4844).
    Blob = 3,
    /// With authorizations to set code (EIP-7702).
    SetCode = 4,
}

/// A transaction of any type, with its sender. Fields that the type does not have are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transaction {
    /// The type of the envelope.
    pub kind: TransactionKind,
    /// The hash of the envelope; zero for a call without one.
    pub hash: B256,
    /// The chain that it is for; legacy transactions from before EIP-155 are for any.
    pub chain_id: Option<u64>,
    /// The signer.
    pub sender: Address,
    /// How many transactions the sender has sent before.
    pub nonce: u64,
    /// The most gas that may be used.
    pub gas_limit: u64,
    /// The most that a unit of gas may cost; the gas price of types 0 and 1.
    pub max_fee_per_gas: U256,
    /// The most of it that goes to the coinbase; the gas price of types 0 and 1.
    pub max_priority_fee_per_gas: U256,
    /// The called account; `None` to create a contract.
    pub to: Option<Address>,
    /// The value that moves from the sender to the called or created account.
    pub value: U256,
    /// The calldata, or the initcode.
    pub input: Bytes,
    /// Accounts and slots that are warm from the begin (EIP-2930).
    pub access_list: Vec<AccessListItem>,
    /// The versioned hashes of the blobs (EIP-4844).
    pub blob_hashes: Vec<B256>,
    /// The most that a unit of blob gas may cost.
    pub max_fee_per_blob_gas: U256,
    /// Authorizations to set code (EIP-7702).
    pub authorizations: Vec<Authorization>,
}

/// An account and some of its slots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessListItem {
    /// The account.
    pub address: Address,
    /// The slots.
    pub slots: Vec<B256>,
}

/// A request to let an account run the code of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorization {
    /// The chain that it is for; 0: any.
    pub chain_id: U256,
    /// The account with the code; zero to remove the delegation.
    pub address: Address,
    /// The nonce that the signer's account must have.
    pub nonce: u64,
    /// The signer; `None` if the signature is not valid, and the authorization has no effect.
    pub authority: Option<Address>,
}

impl Transaction {
    /// The price of a unit of gas in a block with this base fee.
    pub fn effective_gas_price(&self, base_fee: U256) -> U256 {
        match self.kind {
            TransactionKind::Legacy | TransactionKind::AccessList => self.max_fee_per_gas,
            _ => self.max_fee_per_gas.min(base_fee.saturating_add(self.max_priority_fee_per_gas)),
        }
    }

    /// The gas of the blobs.
    pub fn blob_gas(&self) -> u64 {
        self.blob_hashes.len() as u64 * crate::blob::BLOB_GAS
    }
}
