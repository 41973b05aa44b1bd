//! The checks of a transaction that need no state, and its price before it runs.

use alloy_primitives::U256;

use crate::fork::{Fork, Rules};
use crate::initcode::carries_file;
use crate::invalid::Invalid;
use crate::transaction::{Transaction, TransactionKind};

/// The first byte of a versioned hash of a blob (EIP-4844).
const BLOB_HASH_VERSION: u8 = 1;

/// The limits of the block for a transaction.
#[derive(Clone, Copy, Debug)]
pub struct BlockLimits {
    /// The chain.
    pub chain_id: u64,
    /// The gas that is left.
    pub gas: u64,
    /// The base fee; 0 before London.
    pub base_fee: U256,
    /// The blob base fee.
    pub blob_base_fee: U256,
}

/// The gas that a transaction costs before it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IntrinsicGas {
    /// The gas that is paid before anything runs.
    pub needed: u64,
    /// The least gas that is paid (EIP-7623); 0 before Prague.
    pub floor: u64,
}

/// The price of a transaction for its sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fees {
    /// The price of a unit of gas.
    pub gas_price: U256,
    /// The part of it that goes to the coinbase.
    pub tip: U256,
    /// The amount that the balance must cover: value, gas and blobs at the highest price.
    pub most: U256,
    /// The price of the blobs, which is burnt.
    pub blobs: U256,
}

impl Fees {
    /// All prices are 0.
    pub const FREE: Self =
        Self { gas_price: U256::ZERO, tip: U256::ZERO, most: U256::ZERO, blobs: U256::ZERO };
}

impl Rules {
    /// The gas that a transaction costs before it runs.
    pub fn intrinsic_gas(&self, transaction: &Transaction) -> IntrinsicGas {
        let slots: usize = transaction.access_list.iter().map(|item| item.slots.len()).sum();
        let gas = self.gas.initial_tx_gas(
            &transaction.input,
            transaction.to.is_none(),
            transaction.access_list.len() as u64,
            slots as u64,
            transaction.authorizations.len() as u64,
            None,
        );
        let floor = if self.has(Fork::Prague) { gas.floor_gas() } else { 0 };
        IntrinsicGas { needed: gas.initial_total_gas(), floor }
    }

    /// Everything that can be checked without state, in the order of Ethereum's specification.
    ///
    /// # Errors
    ///
    /// For a transaction that cannot be part of the block.
    pub fn check(
        &self,
        transaction: &Transaction,
        block: &BlockLimits,
    ) -> Result<IntrinsicGas, Invalid> {
        self.check_some(transaction, block, true)
    }

    /// Like [`check`](Self::check); with `capped` false, a transaction may have more gas than EIP-7825
    /// allows, as an unsigned call may.
    ///
    /// # Errors
    ///
    /// As [`check`](Self::check).
    pub fn check_some(
        &self,
        transaction: &Transaction,
        block: &BlockLimits,
        capped: bool,
    ) -> Result<IntrinsicGas, Invalid> {
        let (kind, limit) = (transaction.kind, transaction.gas_limit);
        let since = match kind {
            TransactionKind::Legacy => Fork::Frontier,
            TransactionKind::AccessList => Fork::Berlin,
            TransactionKind::DynamicFee => Fork::London,
            TransactionKind::Blob => Fork::Cancun,
            TransactionKind::SetCode => Fork::Prague,
        };
        if !self.has(since) {
            return Err(Invalid::Type { kind, since });
        }
        if let Some(found) = transaction.chain_id.filter(|&found| found != block.chain_id) {
            return Err(Invalid::ChainId { found, expected: block.chain_id });
        }
        let gas = self.intrinsic_gas(transaction);
        if limit < gas.needed {
            return Err(Invalid::IntrinsicGas { limit, needed: gas.needed });
        }
        if limit < gas.floor {
            return Err(Invalid::FloorGas { limit, needed: gas.floor });
        }
        if transaction.nonce == u64::MAX {
            return Err(Invalid::NonceIsMax);
        }
        let (len, most) = (transaction.input.len(), self.fork.initcode_bytes());
        if transaction.to.is_none() && len > most && !carries_file(&transaction.input) {
            return Err(Invalid::InitcodeTooLong { len, most });
        }
        if let Some(cap) = self.fork.transaction_gas_cap().filter(|&cap| capped && limit > cap) {
            return Err(Invalid::GasAboveCap { limit, cap });
        }
        if limit > block.gas {
            return Err(Invalid::GasAboveBlock { limit, left: block.gas });
        }
        self.check_fees(transaction, block)?;
        if let (TransactionKind::Blob | TransactionKind::SetCode, None) = (kind, transaction.to) {
            return Err(Invalid::Creates { kind });
        }
        if kind == TransactionKind::SetCode && transaction.authorizations.is_empty() {
            return Err(Invalid::NoAuthorizations);
        }
        Ok(gas)
    }

    fn check_fees(&self, transaction: &Transaction, block: &BlockLimits) -> Result<(), Invalid> {
        let (fee, priority) = (transaction.max_fee_per_gas, transaction.max_priority_fee_per_gas);
        if priority > fee {
            return Err(Invalid::PriorityAboveFee { priority, fee });
        }
        if self.has(Fork::London) && fee < block.base_fee {
            return Err(Invalid::FeeBelowBase { fee, base_fee: block.base_fee });
        }
        if transaction.kind != TransactionKind::Blob {
            return Ok(());
        }
        let count = transaction.blob_hashes.len();
        if count == 0 {
            return Err(Invalid::NoBlobs);
        }
        if count as u64 > self.blobs.transaction {
            return Err(Invalid::TooManyBlobs { count, most: self.blobs.transaction });
        }
        let is_other = |hash: &alloy_primitives::B256| hash[0] != BLOB_HASH_VERSION;
        if let Some(index) = transaction.blob_hashes.iter().position(is_other) {
            return Err(Invalid::BlobVersion { index });
        }
        let (fee, base_fee) = (transaction.max_fee_per_blob_gas, block.blob_base_fee);
        if fee < base_fee {
            return Err(Invalid::BlobFee { fee, base_fee });
        }
        Ok(())
    }

    /// The price of a checked transaction for its sender; `None` if the balance must cover more than 256
    /// bits hold, which no balance does.
    pub fn fees(&self, transaction: &Transaction, block: &BlockLimits) -> Option<Fees> {
        let base_fee = if self.has(Fork::London) { block.base_fee } else { U256::ZERO };
        let gas_price = transaction.effective_gas_price(base_fee);
        let gas = transaction.max_fee_per_gas.checked_mul(U256::from(transaction.gas_limit))?;
        let blob_gas = U256::from(transaction.blob_gas());
        let blobs = transaction.max_fee_per_blob_gas.checked_mul(blob_gas)?;
        let most = gas.checked_add(blobs)?.checked_add(transaction.value)?;
        let tip = gas_price.saturating_sub(base_fee);
        Some(Fees { gas_price, tip, most, blobs: block.blob_base_fee.checked_mul(blob_gas)? })
    }
}
