//! Why a transaction is not a valid part of a block.

use alloy_primitives::{Address, U256};

use crate::transaction::TransactionKind;

/// Why Ethereum's rules keep a transaction out of a block: nothing happens, and nothing is paid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Invalid {
    /// The fork does not have this type of transaction.
    #[error("a transaction of type {} is not known before {since}", *.kind as u8)]
    Type {
        /// The type of the transaction.
        kind: TransactionKind,
        /// The fork that introduced it.
        since: crate::Fork,
    },
    /// It was signed for another chain.
    #[error("the transaction is for chain {found}, and this is chain {expected}")]
    ChainId {
        /// The chain that the transaction names.
        found: u64,
        /// This chain.
        expected: u64,
    },
    /// More gas than a transaction may have (EIP-7825).
    #[error(
        "a gas limit of {limit} is above {cap}, the most that a transaction may have (EIP-7825)"
    )]
    GasAboveCap {
        /// The gas limit.
        limit: u64,
        /// The highest possible.
        cap: u64,
    },
    /// More gas than the block has left.
    #[error("a gas limit of {limit} is above the {left} gas that the block has left")]
    GasAboveBlock {
        /// The gas limit.
        limit: u64,
        /// The gas that the block has left.
        left: u64,
    },
    /// Less gas than the transaction costs before it runs.
    #[error("a gas limit of {limit} is below the intrinsic gas of {needed}")]
    IntrinsicGas {
        /// The gas limit.
        limit: u64,
        /// The gas that the transaction costs before it runs.
        needed: u64,
    },
    /// Less gas than the floor for its calldata (EIP-7623).
    #[error("a gas limit of {limit} is below the calldata floor of {needed} (EIP-7623)")]
    FloorGas {
        /// The gas limit.
        limit: u64,
        /// The least price of the calldata.
        needed: u64,
    },
    /// Longer initcode than allowed (EIP-3860).
    #[error("the initcode has {len} bytes, and {most} at most are allowed (EIP-3860)")]
    InitcodeTooLong {
        /// Bytes of the initcode.
        len: usize,
        /// The most that are allowed.
        most: usize,
    },
    /// The nonce cannot be increased (EIP-2681).
    #[error("the nonce is 2^64 - 1, which no transaction may have (EIP-2681)")]
    NonceIsMax,
    /// The nonce was used.
    #[error("nonce {found} of {sender} was used, the next is {expected}")]
    NonceTooLow {
        /// The sender of the transaction.
        sender: Address,
        /// The nonce of the transaction.
        found: u64,
        /// The nonce of the account.
        expected: u64,
    },
    /// There is a transaction to come before.
    #[error("nonce {found} of {sender} is too high, the next is {expected}")]
    NonceTooHigh {
        /// The sender of the transaction.
        sender: Address,
        /// The nonce of the transaction.
        found: u64,
        /// The nonce of the account.
        expected: u64,
    },
    /// The sender has too little for value, gas and blobs.
    #[error("{sender} has {balance}, which is less than value, gas and blobs may cost")]
    Funds {
        /// The sender of the transaction.
        sender: Address,
        /// The balance of the sender.
        balance: U256,
    },
    /// The sender is a contract (EIP-3607).
    #[error("{sender} is a contract, and contracts send no transactions (EIP-3607)")]
    SenderIsContract {
        /// The sender of the transaction.
        sender: Address,
    },
    /// The fee per gas is below the block's base fee.
    #[error("a fee of {fee} per gas is below the base fee of {base_fee}")]
    FeeBelowBase {
        /// The highest fee per gas.
        fee: U256,
        /// The base fee of the block.
        base_fee: U256,
    },
    /// The tip is above the whole fee.
    #[error("the priority fee of {priority} per gas is above the whole fee of {fee}")]
    PriorityAboveFee {
        /// The highest tip per gas.
        priority: U256,
        /// The highest fee per gas.
        fee: U256,
    },
    /// The fee per blob gas is below the block's.
    #[error("a fee of {fee} per blob gas is below the blob base fee of {base_fee}")]
    BlobFee {
        /// The highest fee per blob gas.
        fee: U256,
        /// The blob base fee of the block.
        base_fee: U256,
    },
    /// A blob transaction without blobs.
    #[error("a blob transaction needs at least one blob")]
    NoBlobs,
    /// More blobs than a transaction or the block may have.
    #[error("the transaction has {count} blobs, and {most} at most are allowed")]
    TooManyBlobs {
        /// Blobs of the transaction.
        count: usize,
        /// The most that are allowed.
        most: u64,
    },
    /// A blob hash that is not of version 1.
    #[error("blob hash {index} is not of version 1")]
    BlobVersion {
        /// Which of the hashes.
        index: usize,
    },
    /// Blob and set-code transactions create no contracts.
    #[error("a transaction of type {} cannot create a contract", *.kind as u8)]
    Creates {
        /// The type of the transaction.
        kind: TransactionKind,
    },
    /// A set-code transaction without authorizations.
    #[error("a set-code transaction needs at least one authorization (EIP-7702)")]
    NoAuthorizations,
}
