//! Blocks, transactions, receipts and logs as clients read them.

use alloy_consensus::{Eip658Value, Header, Transaction as _, TxEnvelope, Typed2718};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, B256, Bloom, Bytes, Log, U256};
use alloy_rlp::Encodable;
use serde_json::{Map, Value, json};

use crate::block::{Receipt, Sealed};
use crate::ledger::Place;
use crate::pool::Waiting;

/// A number in hexadecimal digits without leading zeros.
pub fn quantity(number: impl Into<u128>) -> Value {
    Value::String(format!("{:#x}", number.into()))
}

/// A number of 256 bits in hexadecimal digits without leading zeros.
pub fn quantity_256(number: &U256) -> Value {
    Value::String(format!("{number:#x}"))
}

/// An address in lower case: a mixed case is refused by clients unless its checksum holds.
pub fn address(address: &Address) -> Value {
    Value::String(format!("{address:#x}"))
}

/// Bytes in hexadecimal digits.
pub fn bytes(bytes: &[u8]) -> Value {
    Value::String(alloy_primitives::hex::encode_prefixed(bytes))
}

/// A hash in hexadecimal digits.
pub fn hash(hash: &B256) -> Value {
    Value::String(format!("{hash:#x}"))
}

/// A header as a block's members.
pub fn header(header: &Header, block_hash: Option<B256>) -> Map<String, Value> {
    let mut object = Map::new();
    let mut put = |name: &str, value: Value| {
        object.insert(name.to_owned(), value);
    };
    put("hash", block_hash.map_or(Value::Null, |found| hash(&found)));
    put("parentHash", hash(&header.parent_hash));
    put("sha3Uncles", hash(&header.ommers_hash));
    put("miner", address(&header.beneficiary));
    put("stateRoot", hash(&header.state_root));
    put("transactionsRoot", hash(&header.transactions_root));
    put("receiptsRoot", hash(&header.receipts_root));
    put("logsBloom", bloom(&header.logs_bloom));
    put("difficulty", quantity_256(&header.difficulty));
    put("number", quantity(header.number));
    put("gasLimit", quantity(header.gas_limit));
    put("gasUsed", quantity(header.gas_used));
    put("timestamp", quantity(header.timestamp));
    put("extraData", bytes(&header.extra_data));
    put("mixHash", hash(&header.mix_hash));
    put("nonce", bytes(header.nonce.as_slice()));
    for (name, value) in [
        ("baseFeePerGas", header.base_fee_per_gas.map(quantity)),
        ("withdrawalsRoot", header.withdrawals_root.as_ref().map(hash)),
        ("blobGasUsed", header.blob_gas_used.map(quantity)),
        ("excessBlobGas", header.excess_blob_gas.map(quantity)),
        ("parentBeaconBlockRoot", header.parent_beacon_block_root.as_ref().map(hash)),
        ("requestsHash", header.requests_hash.as_ref().map(hash)),
    ] {
        if let Some(value) = value {
            put(name, value);
        }
    }
    object
}

fn bloom(bloom: &Bloom) -> Value {
    bytes(bloom.as_slice())
}

/// A block, with its transactions whole or by hash.
pub fn block(block: &Sealed, whole: bool) -> Map<String, Value> {
    let mut object = header(&block.header, Some(block.hash));
    let size = block.consensus().length() as u64;
    object.insert("size".to_owned(), quantity(size));
    let transactions = block.transactions.iter().enumerate().map(|(index, envelope)| {
        if !whole {
            return hash(envelope.tx_hash());
        }
        transaction_in_block(block, index)
    });
    object.insert("transactions".to_owned(), transactions.collect());
    let uncles = block.ommers.iter().map(|ommer| hash(&ommer.hash_slow())).collect();
    object.insert("uncles".to_owned(), uncles);
    if let Some(list) = &block.withdrawals {
        let list = list.iter().map(|withdrawal| {
            json!({
                "index": quantity(withdrawal.index),
                "validatorIndex": quantity(withdrawal.validator_index),
                "address": address(&withdrawal.address),
                "amount": quantity(withdrawal.amount),
            })
        });
        object.insert("withdrawals".to_owned(), list.collect());
    }
    object
}

/// A transaction in its block.
pub fn transaction(place: &Place) -> Value {
    transaction_in_block(&place.block, place.index)
}

fn transaction_in_block(block: &Sealed, index: usize) -> Value {
    let envelope = &block.transactions[index];
    let price = block.receipts.get(index).map(|receipt| receipt.gas_price);
    let place = TransactionPlace {
        block_hash: block.hash,
        number: block.header.number,
        timestamp: block.header.timestamp,
        index,
    };
    transaction_object(envelope, &block.senders[index], Some(&place), price)
}

/// A transaction that waits.
pub fn waiting(waiting: &Waiting, base_fee: U256) -> Value {
    let transaction = &waiting.transaction;
    let price = transaction.effective_gas_price(base_fee);
    transaction_object(&waiting.envelope, &transaction.sender, None, Some(price))
}

/// A transaction that is in no block and waits for none.
pub fn loose(envelope: &TxEnvelope, sender: &Address) -> Value {
    transaction_object(envelope, sender, None, None)
}

struct TransactionPlace {
    block_hash: B256,
    number: u64,
    timestamp: u64,
    index: usize,
}

fn transaction_object(
    envelope: &TxEnvelope,
    sender: &Address,
    place: Option<&TransactionPlace>,
    price: Option<U256>,
) -> Value {
    let mut object = Map::new();
    let mut put = |name: &str, value: Value| {
        object.insert(name.to_owned(), value);
    };
    let placed = |value: fn(&TransactionPlace) -> Value| place.map_or(Value::Null, value);
    put("blockHash", placed(|place| hash(&place.block_hash)));
    put("blockNumber", placed(|place| quantity(place.number)));
    put("blockTimestamp", placed(|place| quantity(place.timestamp)));
    put("from", address(sender));
    put("gas", quantity(envelope.gas_limit()));
    let fee = U256::from(envelope.max_fee_per_gas());
    let dynamic = envelope.max_priority_fee_per_gas();
    put(
        "gasPrice",
        quantity_256(if dynamic.is_some() { price.as_ref().unwrap_or(&fee) } else { &fee }),
    );
    if let Some(tip) = dynamic {
        put("maxFeePerGas", quantity_256(&fee));
        put("maxPriorityFeePerGas", quantity(tip));
    }
    if let Some(fee) = envelope.max_fee_per_blob_gas() {
        put("maxFeePerBlobGas", quantity(fee));
    }
    put("hash", hash(envelope.tx_hash()));
    put("input", bytes(envelope.input()));
    put("nonce", quantity(envelope.nonce()));
    put("to", envelope.to().map_or(Value::Null, |to| address(&to)));
    put("transactionIndex", placed(|place| quantity(place.index as u64)));
    put("value", quantity_256(&envelope.value()));
    put("type", quantity(envelope.ty()));
    if let Some(list) = envelope.access_list() {
        put("accessList", access_list(list));
    }
    if let Some(chain_id) = envelope.chain_id() {
        put("chainId", quantity(chain_id));
    }
    if let Some(hashes) = envelope.blob_versioned_hashes() {
        put("blobVersionedHashes", hashes.iter().map(hash).collect());
    }
    if let Some(list) = envelope.authorization_list() {
        let list = list.iter().map(|signed| {
            json!({
                "chainId": quantity_256(signed.chain_id()),
                "address": address(signed.address()),
                "nonce": quantity(signed.nonce()),
                "yParity": quantity(signed.y_parity()),
                "r": quantity_256(&signed.r()),
                "s": quantity_256(&signed.s()),
            })
        });
        put("authorizationList", list.collect());
    }
    let signature = envelope.signature();
    let parity = signature.v();
    if envelope.is_legacy() {
        // EIP-155: the chain is in v
        let v = match envelope.chain_id() {
            Some(chain_id) => u128::from(chain_id) * 2 + 35 + u128::from(parity),
            None => 27 + u128::from(parity),
        };
        put("v", quantity(v));
    } else {
        put("v", quantity(u8::from(parity)));
    }
    put("r", quantity_256(&signature.r()));
    put("s", quantity_256(&signature.s()));
    if !envelope.is_legacy() {
        put("yParity", quantity(u8::from(parity)));
    }
    Value::Object(object)
}

/// An access list.
pub fn access_list(list: &alloy_eips::eip2930::AccessList) -> Value {
    let items = list.0.iter().map(|item| {
        let keys: Vec<_> = item.storage_keys.iter().map(hash).collect();
        json!({ "address": address(&item.address), "storageKeys": keys })
    });
    items.collect()
}

/// The receipt of a transaction.
pub fn receipt(block: &Sealed, index: usize, blob_price: Option<U256>) -> Value {
    let receipt: &Receipt = &block.receipts[index];
    let envelope = &block.transactions[index];
    let mut object = Map::new();
    let mut put = |name: &str, value: Value| {
        object.insert(name.to_owned(), value);
    };
    if receipt.blob_gas > 0 {
        put("blobGasPrice", blob_price.as_ref().map_or(Value::Null, quantity_256));
        put("blobGasUsed", quantity(receipt.blob_gas));
    }
    put("blockHash", hash(&block.hash));
    put("blockNumber", quantity(block.header.number));
    put("contractAddress", receipt.created.as_ref().map_or(Value::Null, address));
    put("cumulativeGasUsed", quantity(receipt.cumulative_gas_used));
    put("effectiveGasPrice", quantity_256(&receipt.gas_price));
    put("from", address(&block.senders[index]));
    put("gasUsed", quantity(receipt.gas_used));
    put("logs", logs_of(block, index).map(|log| self::log(&log)).collect());
    put("logsBloom", bloom(&receipt.bloom));
    match receipt.status {
        Eip658Value::Eip658(success) => put("status", quantity(u8::from(success))),
        Eip658Value::PostState(root) => put("root", hash(&root)),
    }
    put("to", envelope.to().map_or(Value::Null, |to| address(&to)));
    put("transactionHash", hash(envelope.tx_hash()));
    put("transactionIndex", quantity(index as u64));
    put("type", quantity(envelope.ty()));
    Value::Object(object)
}

/// A log with its place.
#[derive(Clone, Debug)]
pub struct PlacedLog<'b> {
    /// The log.
    pub log: &'b Log,
    /// The block.
    pub block_hash: B256,
    /// The number of the block.
    pub number: u64,
    /// The time of the block.
    pub timestamp: u64,
    /// The transaction.
    pub transaction_hash: B256,
    /// The place of the transaction.
    pub transaction_index: u64,
    /// The place of the log among all of the block.
    pub index: u64,
}

/// The logs of one transaction of a block.
pub fn logs_of(block: &Sealed, index: usize) -> impl Iterator<Item = PlacedLog<'_>> {
    let before: usize = block.receipts[..index].iter().map(|receipt| receipt.logs.len()).sum();
    let transaction_hash = *block.transactions[index].tx_hash();
    block.receipts[index].logs.iter().enumerate().map(move |(at, log)| PlacedLog {
        log,
        block_hash: block.hash,
        number: block.header.number,
        timestamp: block.header.timestamp,
        transaction_hash,
        transaction_index: index as u64,
        index: (before + at) as u64,
    })
}

/// A log.
pub fn log(placed: &PlacedLog<'_>) -> Value {
    json!({
        "address": address(&placed.log.address),
        "topics": placed.log.topics().iter().map(hash).collect::<Vec<_>>(),
        "data": bytes(&placed.log.data.data),
        "blockNumber": quantity(placed.number),
        "transactionHash": hash(&placed.transaction_hash),
        "transactionIndex": quantity(placed.transaction_index),
        "blockHash": hash(&placed.block_hash),
        "blockTimestamp": quantity(placed.timestamp),
        "logIndex": quantity(placed.index),
        "removed": false,
    })
}

/// A transaction as its sender signed it.
pub fn raw(envelope: &TxEnvelope) -> Value {
    bytes(&envelope.encoded_2718())
}

/// A block in RLP.
pub fn raw_block(block: &Sealed) -> Bytes {
    alloy_rlp::encode(block.consensus()).into()
}
