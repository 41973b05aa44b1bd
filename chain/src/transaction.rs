//! Transactions, and the block that they are in.

use std::sync::Arc;

use bessemer_image::CodeHash;
use bessemer_types::{Address, U256};

use crate::access::AccessList;

/// A transaction, without a signature.
///
/// The embedder establishes the sender; [`Signed`](crate::Signed) does so by signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// The account that sends and pays.
    pub sender: Address,
    /// How many transactions the sender has sent before.
    pub nonce: u64,
    /// The most gas that may be used.
    pub gas_limit: u64,
    /// The price of a unit of gas, in the smallest unit of the native coin.
    pub gas_price: U256,
    /// The value that moves from the sender to the called or created account.
    pub value: U256,
    /// The action.
    pub action: Action,
    /// The keys that may be used. `None`: all.
    pub access: Option<Arc<AccessList>>,
}

/// The action of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Calls a contract, or sends value to an account without code if the input is empty.
    Call {
        /// The account.
        to: Address,
        /// The input of the contract.
        input: Vec<u8>,
    },
    /// Stores the code of a contract and creates one from it.
    Deploy {
        /// The file of the contract.
        code: Arc<[u8]>,
        /// The input of the constructor.
        input: Vec<u8>,
        /// With a salt, the address does not depend on the sender's nonce.
        salt: Option<[u8; 32]>,
    },
    /// Creates a contract from code that is stored already.
    Create {
        /// The code.
        code: CodeHash,
        /// The input of the constructor.
        input: Vec<u8>,
        /// With a salt, the address does not depend on the sender's nonce.
        salt: Option<[u8; 32]>,
    },
}

/// The environment of the block, as contracts see it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BlockInfo {
    /// The chain's identity.
    pub chain_id: u64,
    /// The number of the block.
    pub height: u64,
    /// When it was made, in seconds since 1970: a part of the block, not a clock.
    pub timestamp: u64,
    /// The most gas of all transactions of the block.
    pub gas_limit: u64,
    /// The account that gets the tips of Ethereum transactions.
    pub coinbase: Address,
    /// The least price of a unit of Ethereum's gas, which is burnt.
    pub base_fee: U256,
    /// The price of a unit of blob gas.
    pub blob_base_fee: U256,
    /// The random number of the beacon chain, or what stands for it (EIP-4399).
    pub prev_randao: [u8; 32],
    /// The difficulty, before EIP-4399.
    pub difficulty: U256,
}

/// Why a transaction cannot be part of a block: nothing happened, and nothing was paid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Ethereum's rules refuse an Ethereum transaction.
    #[cfg(feature = "evm")]
    #[error(transparent)]
    Ethereum(#[from] bessemer_evm::Invalid),
    /// The bytes are not a signed Ethereum transaction.
    #[cfg(feature = "evm")]
    #[error(transparent)]
    Envelope(#[from] bessemer_evm::DecodeError),
    /// Sent before, or too early.
    #[error("nonce {found} of {sender} is not the next, which is {expected}")]
    Nonce {
        /// The sender of the transaction.
        sender: Address,
        /// The nonce of the transaction.
        found: u64,
        /// The nonce of the account.
        expected: u64,
    },
    /// The account has sent as many transactions as an account can.
    #[error("{sender} has used up its nonces")]
    NoncesUsedUp {
        /// The sender of the transaction.
        sender: Address,
    },
    /// The sender has too little to buy the gas and send the value.
    #[error("{sender} has {balance}, and needs {needed} for value and gas")]
    Balance {
        /// The sender of the transaction.
        sender: Address,
        /// The balance of the sender.
        balance: U256,
        /// The highest price of the transaction.
        needed: U256,
    },
    /// Value and price of the gas do not fit into 256 bits.
    #[error("value and price of the gas exceed 2^256")]
    Cost,
    /// The gas does not suffice for the transaction itself.
    #[error("a gas limit of {limit} is below {needed}, which the transaction costs before it runs")]
    GasTooLow {
        /// The gas limit of the transaction.
        limit: u64,
        /// The gas that it costs before it runs.
        needed: u64,
    },
    /// The gas limit is above what a frame can have, or what the block has left.
    #[error("a gas limit of {limit} is above {most}")]
    GasTooHigh {
        /// The gas limit of the transaction.
        limit: u64,
        /// The highest possible.
        most: u64,
    },
    /// The receipt might not fit into the block.
    #[error("the block has {bytes} bytes of receipts of {most} at most, and another might not fit")]
    BlockFull {
        /// The size of the receipts of the block.
        bytes: u64,
        /// The most that they may.
        most: u64,
    },
    /// More input than a call can have.
    #[error("the input has {len} bytes, and {most} at most are allowed")]
    InputTooLong {
        /// Bytes of the input.
        len: usize,
        /// The most that are allowed.
        most: usize,
    },
    /// The file is longer than a contract can be.
    #[error("the contract file has {len} bytes, and {most} at most are allowed")]
    CodeTooLong {
        /// Bytes of the file.
        len: usize,
        /// The most that are allowed.
        most: usize,
    },
    /// More keys than a transaction may declare.
    #[error("the access list has {len} entries, and {most} at most are allowed")]
    AccessListTooLong {
        /// Entries of the list.
        len: usize,
        /// The most that are allowed.
        most: usize,
    },
    /// A contract cannot send transactions.
    #[error("{sender} is a contract, and contracts send no transactions")]
    SenderIsContract {
        /// The sender of the transaction.
        sender: Address,
    },
    /// The signature is not one of the sender.
    #[error("the signature is not one of {sender} for this transaction on this chain")]
    Signature {
        /// The sender that the transaction names.
        sender: Address,
    },
}
