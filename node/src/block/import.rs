//! Blocks of others: executed, and compared with their headers.

use std::fmt::Display;

use alloy_consensus::{Block, TxEnvelope, proofs};
use alloy_rlp::Decodable;
use bessemer_chain::store::ChangeSet;
use bessemer_evm::Transaction;

use super::seal::{bloom, receipts_root};
use super::{BlockHashes, Draft, HeaderError, Sealed, States, header};
use crate::backend::{Checks, Engine, Environment, Failure, Refused, World};
use crate::spec::Spec;

/// Why a block was not imported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The bytes are not a block.
    #[error("the bytes after {at} are not a block: {error}")]
    Rlp {
        /// Where the block begins.
        at: usize,
        /// The fault.
        error: alloy_rlp::Error,
    },
    /// The header does not follow.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// A transaction cannot be part of the block.
    #[error("transaction {index} of block {number}: {error}")]
    Transaction {
        /// The block.
        number: u64,
        /// The place of the transaction.
        index: usize,
        /// Why.
        error: String,
    },
    /// The host failed.
    #[error(transparent)]
    Failure(#[from] Failure),
}

/// The blocks in a file of blocks, one after the other in RLP.
pub fn blocks(bytes: &[u8]) -> impl Iterator<Item = Result<Block<TxEnvelope>, ImportError>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let at = bytes.len() - rest.len();
        let block = Block::decode(&mut rest).map_err(|error| {
            rest = &[];
            ImportError::Rlp { at, error }
        });
        Some(block)
    })
}

/// Executes a block on the state after its parent, and checks everything that its header says but the
/// seal of proof of work and the difficulty. Gives the block with what it changes of the state.
///
/// # Errors
///
/// If the block breaks a rule, with the first that it breaks.
pub fn import(
    engine: &Engine,
    spec: &Spec,
    (parent, world): (&Sealed, &World),
    hashes: &BlockHashes,
    block: Block<TxEnvelope>,
) -> Result<(Sealed, ChangeSet), ImportError> {
    let Block { header, body } = block;
    let number = header.number;
    header::check(spec, &parent.header, parent.hash, &header)?;
    let root = proofs::calculate_transaction_root(&body.transactions);
    same(number, "the transactions root", &header.transactions_root, &root)?;
    same(
        number,
        "the hash of uncles",
        &header.ommers_hash,
        &proofs::calculate_ommers_root(&body.ommers),
    )?;
    let withdrawals = body.withdrawals.map(|list| list.0);
    if let (Some(root), Some(list)) = (header.withdrawals_root, &withdrawals) {
        same(number, "the withdrawals root", &root, &proofs::calculate_withdrawals_root(list))?;
    }

    let environment = Environment::of_header(spec, &header, hashes);
    let mut draft = Draft::begin(
        engine,
        spec,
        world.clone(),
        environment,
        parent.hash,
        header.parent_beacon_block_root,
    )?;
    let mut senders = Vec::with_capacity(body.transactions.len());
    for (index, envelope) in body.transactions.iter().enumerate() {
        let wrong = |error: String| ImportError::Transaction { number, index, error };
        let transaction =
            Transaction::from_envelope(envelope).map_err(|error| wrong(error.to_string()))?;
        match draft.push(&transaction, Checks::ALL, None) {
            Ok(_) => senders.push(transaction.sender),
            Err(Refused::Failure(failure)) => return Err(failure.into()),
            Err(refused) => return Err(wrong(refused.to_string())),
        }
    }
    let finished = draft.finish(withdrawals.as_deref().unwrap_or_default(), &body.ommers)?;
    same(number, "the gas used", &header.gas_used, &finished.gas_used)?;
    same(number, "the blob gas", &header.blob_gas_used.unwrap_or(0), &finished.blob_gas_used)?;
    same(number, "the receipts root", &header.receipts_root, &receipts_root(&finished.receipts))?;
    if header.logs_bloom != bloom(&finished.receipts) {
        let expected = "another".to_owned();
        let found = header.logs_bloom.to_string();
        return Err(HeaderError { number, field: "the bloom filter", found, expected }.into());
    }
    if let (Some(found), Some(requests)) = (header.requests_hash, &finished.requests) {
        same(number, "the requests hash", &found, &requests.requests_hash())?;
    }
    same(number, "the state root", &header.state_root, &finished.world.root())?;
    let sealed = Sealed {
        hash: header.hash_slow(),
        transactions: body.transactions,
        senders,
        ommers: body.ommers,
        withdrawals,
        receipts: finished.receipts,
        states: States::Here { before: world.clone(), after: finished.world },
        header,
    };
    Ok((sealed, finished.changes))
}

/// Fails if a field of the header is not what comes out.
fn same<T: PartialEq + Display>(
    number: u64,
    field: &'static str,
    found: &T,
    expected: &T,
) -> Result<(), HeaderError> {
    if found == expected {
        return Ok(());
    }
    let (found, expected) = (found.to_string(), expected.to_string());
    Err(HeaderError { number, field, found, expected })
}
