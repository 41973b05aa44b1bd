//! Blobs: how many a block and a transaction may have, and what they cost (EIP-4844).

use alloy_eips::eip4844;
use alloy_primitives::U256;

/// Gas of a blob.
pub(crate) const BLOB_GAS: u64 = eip4844::DATA_GAS_PER_BLOB;

/// The blobs of blocks and transactions under one fork.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlobParams {
    /// The most blobs of a block.
    pub block: u64,
    /// The most blobs of a transaction.
    pub transaction: u64,
    /// How slowly the price changes (`BLOB_BASE_FEE_UPDATE_FRACTION`).
    pub update_fraction: u64,
}

impl BlobParams {
    pub(crate) const NONE: Self = Self { block: 0, transaction: 0, update_fraction: 3_338_477 };
    pub(crate) const CANCUN: Self = Self { block: 6, transaction: 6, update_fraction: 3_338_477 };
    pub(crate) const PRAGUE: Self = Self { block: 9, transaction: 9, update_fraction: 5_007_716 };
    pub(crate) const OSAKA: Self = Self { block: 9, transaction: 6, update_fraction: 5_007_716 };
}

/// The price of blob gas in a block with this excess blob gas: `e^(excess / update_fraction)`, by the
/// series of EIP-4844.
pub fn blob_base_fee(excess: u64, update_fraction: u64) -> U256 {
    let (excess, fraction) = (U256::from(excess), U256::from(update_fraction.max(1)));
    let (mut term, mut sum, mut index) = (fraction, U256::ZERO, U256::ONE);
    while !term.is_zero() {
        sum = sum.saturating_add(term);
        // no block reaches prices of 2^256, and a price that does stays there
        let Some(product) = term.checked_mul(excess) else { return U256::MAX };
        term = product / (fraction * index);
        index += U256::ONE;
    }
    sum / fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blob_base_fees_are_those_of_another_implementation() {
        for excess in [0, 1, 2_314_057, 2_314_058, 10_485_760, 100_000_000, 148_099_578] {
            let expected = eip4844::fake_exponential(1, excess.into(), 3_338_477);
            assert_eq!(blob_base_fee(excess, 3_338_477), U256::from(expected), "{excess}");
        }
        assert_eq!(blob_base_fee(u64::MAX, 1), U256::MAX);
    }
}
