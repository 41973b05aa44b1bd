//! Finished blocks, and the first one.

use alloy_consensus::constants::{EMPTY_OMMER_ROOT_HASH, EMPTY_ROOT_HASH};
use alloy_consensus::{Header, TxEnvelope, proofs};
use alloy_eips::eip4895::Withdrawal;
use alloy_eips::eip7685::{EMPTY_REQUESTS_HASH, Requests};
use alloy_primitives::{Address, B256, Bloom};
use bessemer_evm::Fork;

use super::{Finished, Receipt};
use crate::backend::{Failure, World};
use crate::spec::Genesis;

/// A block with everything that is known of it.
#[derive(Clone)]
pub struct Sealed {
    /// The hash of the header.
    pub hash: B256,
    /// The header.
    pub header: Header,
    /// The transactions, in order.
    pub transactions: Vec<TxEnvelope>,
    /// The sender of each of them.
    pub senders: Vec<Address>,
    /// Headers of uncles.
    pub ommers: Vec<Header>,
    /// Withdrawals from the consensus layer; `None` before Shanghai.
    pub withdrawals: Option<Vec<Withdrawal>>,
    /// The receipts, in order.
    pub receipts: Vec<Receipt>,
    /// The states before and after the block.
    pub states: States,
}

/// Where the states before and after a block are.
#[derive(Clone)]
#[expect(clippy::large_enum_variant, reason = "there is one for each block, and it is shared")]
pub enum States {
    /// Here.
    Here {
        /// The state that the block began with.
        before: World,
        /// The state after the block.
        after: World,
    },
    /// In the journal of a file.
    Archived {
        /// How many changes of the state there were up to the block.
        depth: u64,
    },
}

impl States {
    /// The state after a block that was just made; of one from a file, an empty state.
    pub(crate) fn after_here(&self) -> World {
        match self {
            Self::Here { after, .. } => after.clone(),
            Self::Archived { .. } => World::default(),
        }
    }
}

impl Sealed {
    /// The block in Ethereum's form.
    pub fn consensus(&self) -> alloy_consensus::Block<TxEnvelope> {
        let body = alloy_consensus::BlockBody {
            transactions: self.transactions.clone(),
            ommers: self.ommers.clone(),
            withdrawals: self.withdrawals.clone().map(Into::into),
        };
        alloy_consensus::Block::new(self.header.clone(), body)
    }
}

impl Finished {
    /// Writes into a header what follows from the block's execution.
    pub fn complete(&self, header: &mut Header, transactions: &[TxEnvelope]) {
        header.state_root = self.world.root();
        header.transactions_root = proofs::calculate_transaction_root(transactions);
        header.receipts_root = receipts_root(&self.receipts);
        header.logs_bloom = bloom(&self.receipts);
        header.gas_used = self.gas_used;
        if header.blob_gas_used.is_some() {
            header.blob_gas_used = Some(self.blob_gas_used);
        }
        header.requests_hash = self.requests.as_ref().map(Requests::requests_hash);
    }
}

/// The root of the trie of receipts.
pub(super) fn receipts_root(receipts: &[Receipt]) -> B256 {
    let receipts: Vec<_> = receipts.iter().map(Receipt::consensus).collect();
    proofs::calculate_receipt_root(&receipts)
}

/// The bloom filter of all logs of a block.
pub(super) fn bloom(receipts: &[Receipt]) -> Bloom {
    receipts.iter().fold(Bloom::ZERO, |bloom, receipt| bloom | receipt.bloom)
}

/// The first block of a chain.
///
/// # Errors
///
/// If the state cannot be made.
pub fn genesis(genesis: &Genesis) -> Result<Sealed, Failure> {
    let world = World::default().with(crate::backend::genesis_state(&genesis.accounts)?)?;
    let fork = genesis.spec.fork(0, genesis.timestamp);
    let since = |that, root: B256| fork.has(that).then_some(root);
    let header = Header {
        ommers_hash: EMPTY_OMMER_ROOT_HASH,
        beneficiary: genesis.coinbase,
        state_root: world.root(),
        transactions_root: EMPTY_ROOT_HASH,
        receipts_root: EMPTY_ROOT_HASH,
        difficulty: genesis.difficulty,
        gas_limit: genesis.gas_limit,
        timestamp: genesis.timestamp,
        extra_data: genesis.extra_data.clone(),
        mix_hash: genesis.mix_hash,
        nonce: genesis.nonce,
        base_fee_per_gas: genesis.base_fee,
        withdrawals_root: since(Fork::Shanghai, EMPTY_ROOT_HASH),
        blob_gas_used: fork.has(Fork::Cancun).then_some(0),
        excess_blob_gas: fork.has(Fork::Cancun).then_some(0),
        parent_beacon_block_root: since(Fork::Cancun, B256::ZERO),
        requests_hash: since(Fork::Prague, EMPTY_REQUESTS_HASH),
        ..Header::default()
    };
    Ok(Sealed {
        hash: header.hash_slow(),
        withdrawals: fork.has(Fork::Shanghai).then(Vec::new),
        header,
        transactions: Vec::new(),
        senders: Vec::new(),
        ommers: Vec::new(),
        receipts: Vec::new(),
        states: States::Here { before: World::default(), after: world },
    })
}
