//! Blocks as the consensus layer reads them (Engine API).

use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::U256;
use serde_json::{Value, json};

use super::json::{self as form, quantity};
use crate::block::Sealed;

/// A block that was made but is not part of the chain.
pub(super) fn payload(block: &Sealed) -> Value {
    let header = &block.header;
    let base_fee = U256::from(header.base_fee_per_gas.unwrap_or(0));
    let value = block.receipts.iter().fold(U256::ZERO, |sum, receipt| {
        sum + receipt.gas_price.saturating_sub(base_fee) * U256::from(receipt.gas_used)
    });
    let members = form::header(header, None);
    let member = |name: &str| members.get(name).cloned().unwrap_or_default();
    let transactions =
        block.transactions.iter().map(|envelope| form::bytes(&envelope.encoded_2718()));
    let withdrawals = block.withdrawals.iter().flatten().map(|withdrawal| {
        json!({
            "index": quantity(withdrawal.index),
            "validatorIndex": quantity(withdrawal.validator_index),
            "address": form::address(&withdrawal.address),
            "amount": quantity(withdrawal.amount),
        })
    });
    json!({
        "executionPayload": {
            "parentHash": member("parentHash"),
            "feeRecipient": member("miner"),
            "stateRoot": member("stateRoot"),
            "receiptsRoot": member("receiptsRoot"),
            "logsBloom": member("logsBloom"),
            "prevRandao": member("mixHash"),
            "blockNumber": member("number"),
            "gasLimit": member("gasLimit"),
            "gasUsed": member("gasUsed"),
            "timestamp": member("timestamp"),
            "extraData": member("extraData"),
            "baseFeePerGas": member("baseFeePerGas"),
            "blockHash": form::hash(&block.hash),
            "transactions": transactions.collect::<Vec<_>>(),
            "withdrawals": withdrawals.collect::<Vec<_>>(),
            "blobGasUsed": quantity(header.blob_gas_used.unwrap_or(0)),
            "excessBlobGas": quantity(header.excess_blob_gas.unwrap_or(0)),
        },
        "blockValue": form::quantity_256(&value),
        "blobsBundle": { "commitments": [], "proofs": [], "blobs": [] },
        "executionRequests": [],
        "shouldOverrideBuilder": false,
    })
}
