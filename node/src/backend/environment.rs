//! The environment of a block, as contracts see it.

use alloy_consensus::Header;
use alloy_eips::eip7840::BlobParams;
use alloy_primitives::{Address, B256, U256};
use bessemer_evm::Fork;

use crate::block::BlockHashes;
use crate::spec::Spec;

/// The environment of the block that contracts run in, and its rules.
#[derive(Clone)]
pub struct Environment {
    /// The identity of the chain.
    pub chain_id: u64,
    /// The fork of the block.
    pub fork: Fork,
    /// The parameters of blobs; `None` before EIP-4844.
    pub blobs: Option<BlobParams>,
    /// The number of the block.
    pub number: u64,
    /// The time of the block, in seconds since 1970.
    pub timestamp: u64,
    /// The account that makes the block.
    pub coinbase: Address,
    /// The most gas that the block may use.
    pub gas_limit: u64,
    /// The base fee; 0 before EIP-1559.
    pub base_fee: U256,
    /// The randomness of the block, from the merge on.
    pub prevrandao: B256,
    /// The difficulty of the block, before the merge.
    pub difficulty: U256,
    /// The price of a unit of blob gas.
    pub blob_base_fee: U256,
    /// The hashes of earlier blocks.
    pub hashes: BlockHashes,
}

impl Environment {
    /// The environment of a block with this header.
    pub fn of_header(spec: &Spec, header: &Header, hashes: &BlockHashes) -> Self {
        let blobs = spec.blobs(header.timestamp);
        let excess = header.excess_blob_gas.unwrap_or(0);
        Self {
            chain_id: spec.chain_id,
            fork: spec.fork(header.number, header.timestamp),
            blobs,
            number: header.number,
            timestamp: header.timestamp,
            coinbase: header.beneficiary,
            gas_limit: header.gas_limit,
            base_fee: U256::from(header.base_fee_per_gas.unwrap_or(0)),
            prevrandao: header.mix_hash,
            difficulty: header.difficulty,
            blob_base_fee: blobs.map(|blobs| blob_base_fee(&blobs, excess)).unwrap_or_default(),
            hashes: hashes.clone(),
        }
    }
}

/// The price of a unit of blob gas. Headers are not trusted to have an excess whose price fits.
pub(crate) fn blob_base_fee(blobs: &BlobParams, excess: u64) -> U256 {
    bessemer_evm::blob_base_fee(excess, u64::try_from(blobs.update_fraction).unwrap_or(u64::MAX))
}
