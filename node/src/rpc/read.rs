//! Methods that read: blocks, transactions, receipts, accounts.

use std::collections::BTreeMap;
use std::sync::Arc;

use alloy_eips::BlockId;
use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_rpc_types_eth::BlockNumberOrTag;
use bessemer_chain::StorageKey;
use bessemer_evm::Fork;
use serde_json::{Value, json};

use super::error::RpcError;
use super::json::{self as form, quantity, quantity_256};
use super::params::{Params, slot};
use super::{Answer, Rpc};
use crate::backend::chain_address;
use crate::block::Sealed;
use crate::ledger::Place;
use crate::pool::Waiting;

/// The most slots that one request reads.
const MOST_SLOTS: usize = 1024;

/// The most blocks that one request of fees goes back.
const MOST_FEE_BLOCKS: u64 = 1024;

/// The answer to `web3_clientVersion`.
pub(super) fn client_version() -> String {
    format!(
        "bessemer/v{}/{}-{}",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        std::env::consts::ARCH
    )
}

impl Rpc {
    pub(super) fn web3_client_version(&self, _: &Params) -> Answer {
        Ok(client_version().into())
    }

    pub(super) fn web3_sha3(&self, params: &Params) -> Answer {
        let bytes: alloy_primitives::Bytes = params.get(0)?;
        Ok(form::hash(&keccak256(&bytes)))
    }

    pub(super) fn net_version(&self, _: &Params) -> Answer {
        Ok(self.node.spec.chain_id.to_string().into())
    }

    pub(super) fn yes(&self, _: &Params) -> Answer {
        Ok(true.into())
    }

    pub(super) fn no(&self, _: &Params) -> Answer {
        Ok(false.into())
    }

    pub(super) fn zero(&self, _: &Params) -> Answer {
        Ok(quantity(0_u8))
    }

    pub(super) fn chain_id(&self, _: &Params) -> Answer {
        Ok(quantity(self.node.spec.chain_id))
    }

    pub(super) fn block_number(&self, _: &Params) -> Answer {
        Ok(quantity(self.node.ledger().height()))
    }

    pub(super) fn protocol_version(&self, _: &Params) -> Answer {
        Ok(quantity(68_u8))
    }

    pub(super) fn accounts(&self, _: &Params) -> Answer {
        Ok(self
            .node
            .with_wallet(|wallet| wallet.addresses().map(|found| form::address(&found)).collect()))
    }

    pub(super) fn coinbase(&self, _: &Params) -> Answer {
        let coinbase = self.node.write_blocking(|miner| miner.coinbase())?;
        Ok(form::address(&coinbase))
    }

    pub(super) fn get_balance(&self, params: &Params) -> Answer {
        let address: Address = params.get(0)?;
        let world = self.world(params.block(1)?)?;
        Ok(quantity_256(&world.account(&chain_address(&address))?.balance))
    }

    pub(super) fn get_transaction_count(&self, params: &Params) -> Answer {
        let address: Address = params.get(0)?;
        let id = params.block(1)?;
        if id == BlockId::Number(BlockNumberOrTag::Pending) {
            let (nonce, _) = self.node.account(&address);
            return Ok(quantity(self.node.pool().next_nonce(&address, nonce)));
        }
        Ok(quantity(self.world(id)?.account(&chain_address(&address))?.nonce))
    }

    pub(super) fn get_code(&self, params: &Params) -> Answer {
        let address: Address = params.get(0)?;
        let world = self.world(params.block(1)?)?;
        Ok(form::bytes(&world.code(&chain_address(&address))?))
    }

    pub(super) fn get_storage_at(&self, params: &Params) -> Answer {
        let address: Address = params.get(0)?;
        let slot = slot(&params.get::<String>(1)?)?;
        let world = self.world(params.block(2)?)?;
        Ok(form::hash(&world.slot(&chain_address(&address), slot).into()))
    }

    pub(super) fn get_storage_values(&self, params: &Params) -> Answer {
        let request: BTreeMap<Address, Vec<String>> = params.get(0)?;
        let count: usize = request.values().map(Vec::len).sum();
        if request.is_empty() || count == 0 {
            return Err(RpcError::params("empty request"));
        }
        if count > MOST_SLOTS {
            return Err(RpcError::params(format!("too many slots (max {MOST_SLOTS})")));
        }
        let world = self.world(params.block(1)?)?;
        let mut answer = serde_json::Map::new();
        for (address, slots) in request {
            let read = |text: &String| {
                let value = world.slot(&chain_address(&address), slot(text)?);
                Ok(form::hash(&value.into()))
            };
            let values = slots.iter().map(read).collect::<Result<_, RpcError>>()?;
            answer.insert(format!("{address:#x}"), Value::Array(values));
        }
        Ok(answer.into())
    }

    pub(super) fn get_account_info(&self, params: &Params) -> Answer {
        let address: Address = params.get(0)?;
        let world = self.world(params.block(1)?)?;
        let account = world.account(&chain_address(&address))?;
        Ok(json!({
            "balance": quantity_256(&account.balance),
            "nonce": quantity(account.nonce),
            "code": form::bytes(&world.code(&chain_address(&address))?),
        }))
    }

    pub(super) fn get_account(&self, params: &Params) -> Answer {
        let address: Address = params.get(0)?;
        let world = self.world(params.block(1)?)?;
        let account = world.account(&chain_address(&address))?;
        let proof = world.prove(&chain_address(&address), &[])?;
        Ok(json!({
            "balance": quantity_256(&account.balance),
            "nonce": quantity(account.nonce),
            "codeHash": form::hash(&account.code_hash().into()),
            "storageRoot": form::hash(&proof.storage_root),
        }))
    }

    pub(super) fn get_proof(&self, params: &Params) -> Answer {
        let address: Address = params.get(0)?;
        let texts: Vec<String> = params.optional(1)?.unwrap_or_default();
        if texts.len() > MOST_SLOTS {
            return Err(RpcError::params(format!("too many keys (max {MOST_SLOTS})")));
        }
        let slots = texts.iter().map(|text| slot(text)).collect::<Result<Vec<_>, _>>()?;
        let world = self.world(params.block(2)?)?;
        let at = chain_address(&address);
        let keys: Vec<_> = slots
            .iter()
            .map(|slot| StorageKey::new(&slot.to_be_bytes::<32>()).expect("32 bytes are a key"))
            .collect();
        let account = world.account(&at)?;
        let proof = world.prove(&at, &keys)?;
        let nodes =
            |proof: &[Vec<u8>]| proof.iter().map(|node| form::bytes(node)).collect::<Value>();
        let storage = texts.iter().zip(&slots).zip(&proof.storage).map(|((text, slot), proof)| {
            // keys come back as they were asked for: as a number, or with all their digits
            let whole = text.len() == 66;
            json!({
                "key": if whole { form::hash(&(*slot).into()) } else { quantity_256(slot) },
                "value": quantity_256(&world.slot(&at, *slot)),
                "proof": nodes(proof),
            })
        });
        Ok(json!({
            "address": form::address(&address),
            "accountProof": nodes(&proof.account),
            "balance": quantity_256(&account.balance),
            "codeHash": form::hash(&account.code_hash().into()),
            "nonce": quantity(account.nonce),
            "storageHash": form::hash(&proof.storage_root),
            "storageProof": storage.collect::<Vec<_>>(),
        }))
    }

    fn block_answer(&self, block: Option<Arc<Sealed>>, whole: bool, pending: bool) -> Value {
        let Some(block) = block else { return Value::Null };
        let mut object = form::block(&block, whole);
        if pending {
            // it is not made yet, so nothing can be found by these
            for name in ["hash", "nonce", "miner"] {
                object.insert(name.to_owned(), Value::Null);
            }
        }
        object.into()
    }

    pub(super) fn get_block_by_number(&self, params: &Params) -> Answer {
        let tag = params.tag(0)?;
        let whole = params.optional(1)?.unwrap_or(false);
        let is_pending = tag == BlockNumberOrTag::Pending;
        Ok(self.block_answer(self.block(tag.into())?, whole, is_pending))
    }

    pub(super) fn get_block_by_hash(&self, params: &Params) -> Answer {
        let hash: B256 = params.get(0)?;
        let whole = params.optional(1)?.unwrap_or(false);
        Ok(self.block_answer(self.node.ledger().block_by_hash(&hash)?, whole, false))
    }

    /// The block that the first parameter names, by hash or by number.
    fn named(&self, params: &Params, by_hash: bool) -> Result<Option<Arc<Sealed>>, RpcError> {
        let id = if by_hash { params.get::<B256>(0)?.into() } else { params.tag(0)?.into() };
        self.block(id)
    }

    fn count_of(&self, params: &Params, by_hash: bool, count: fn(&Sealed) -> usize) -> Answer {
        let block = self.named(params, by_hash)?;
        Ok(block.map_or(Value::Null, |block| quantity(count(&block) as u64)))
    }

    pub(super) fn transaction_count_by_hash(&self, params: &Params) -> Answer {
        self.count_of(params, true, |block| block.transactions.len())
    }

    pub(super) fn transaction_count_by_number(&self, params: &Params) -> Answer {
        self.count_of(params, false, |block| block.transactions.len())
    }

    pub(super) fn uncle_count_by_hash(&self, params: &Params) -> Answer {
        self.count_of(params, true, |block| block.ommers.len())
    }

    pub(super) fn uncle_count_by_number(&self, params: &Params) -> Answer {
        self.count_of(params, false, |block| block.ommers.len())
    }

    fn uncle(&self, params: &Params, by_hash: bool) -> Answer {
        let block = self.named(params, by_hash)?;
        let index = params.small_number(1)? as usize;
        let ommer = block.as_ref().and_then(|block| block.ommers.get(index));
        Ok(ommer.map_or(Value::Null, |ommer| {
            let mut object = form::header(ommer, Some(ommer.hash_slow()));
            object.insert("uncles".to_owned(), json!([]));
            object.into()
        }))
    }

    pub(super) fn uncle_by_hash(&self, params: &Params) -> Answer {
        self.uncle(params, true)
    }

    pub(super) fn uncle_by_number(&self, params: &Params) -> Answer {
        self.uncle(params, false)
    }

    fn in_block(&self, params: &Params, by_hash: bool) -> Result<Option<Place>, RpcError> {
        let block = self.named(params, by_hash)?;
        let index = params.small_number(1)? as usize;
        let is_there = |block: &Arc<Sealed>| index < block.transactions.len();
        Ok(block.filter(is_there).map(|block| Place { block, index }))
    }

    pub(super) fn transaction_by_block_hash(&self, params: &Params) -> Answer {
        Ok(self.in_block(params, true)?.map_or(Value::Null, |place| form::transaction(&place)))
    }

    pub(super) fn transaction_by_block_number(&self, params: &Params) -> Answer {
        Ok(self.in_block(params, false)?.map_or(Value::Null, |place| form::transaction(&place)))
    }

    pub(super) fn raw_by_block_hash(&self, params: &Params) -> Answer {
        Ok(self.in_block(params, true)?.map_or(Value::Null, |place| form::raw(place.envelope())))
    }

    pub(super) fn raw_by_block_number(&self, params: &Params) -> Answer {
        Ok(self.in_block(params, false)?.map_or(Value::Null, |place| form::raw(place.envelope())))
    }

    fn waiting(&self, hash: &B256) -> Option<Arc<Waiting>> {
        self.node.pool().get(hash).cloned()
    }

    /// The base fee that the newest block has.
    pub(super) fn base_fee(&self) -> U256 {
        U256::from(self.node.ledger().head().header.base_fee_per_gas.unwrap_or(0))
    }

    pub(super) fn transaction_by_hash(&self, params: &Params) -> Answer {
        let hash: B256 = params.get(0)?;
        if let Some(place) = self.node.ledger().transaction(&hash)? {
            return Ok(form::transaction(&place));
        }
        let waiting = self.waiting(&hash);
        Ok(waiting.map_or(Value::Null, |waiting| form::waiting(&waiting, self.base_fee())))
    }

    pub(super) fn raw_by_hash(&self, params: &Params) -> Answer {
        let hash: B256 = params.get(0)?;
        if let Some(place) = self.node.ledger().transaction(&hash)? {
            return Ok(form::raw(place.envelope()));
        }
        Ok(self.waiting(&hash).map_or(Value::Null, |waiting| form::raw(&waiting.envelope)))
    }

    fn receipt_answer(&self, block: &Sealed, index: usize) -> Value {
        let header = &block.header;
        let blobs = self.node.spec.blobs(header.timestamp);
        let price = blobs
            .zip(header.excess_blob_gas)
            .map(|(blobs, excess)| crate::backend::blob_base_fee(&blobs, excess));
        form::receipt(block, index, price)
    }

    pub(super) fn transaction_receipt(&self, params: &Params) -> Answer {
        let hash: B256 = params.get(0)?;
        let place = self.node.ledger().transaction(&hash)?;
        Ok(place.map_or(Value::Null, |place| self.receipt_answer(&place.block, place.index)))
    }

    pub(super) fn block_receipts(&self, params: &Params) -> Answer {
        let Some(block) = self.block(params.get(0)?)? else { return Ok(Value::Null) };
        let receipts = 0..block.transactions.len();
        Ok(receipts.map(|index| self.receipt_answer(&block, index)).collect())
    }

    pub(super) fn gas_price(&self, _: &Params) -> Answer {
        Ok(quantity_256(&(self.next_base_fee() + U256::from(self.suggested_tip()))))
    }

    pub(super) fn max_priority_fee(&self, _: &Params) -> Answer {
        Ok(quantity(self.suggested_tip()))
    }

    pub(super) fn blob_base_fee(&self, _: &Params) -> Answer {
        let ledger = self.node.ledger();
        let header = &ledger.head().header;
        let (_, excess) =
            crate::block::following(&self.node.spec, header, header.timestamp.saturating_add(1));
        let blobs = self.node.spec.blobs(header.timestamp.saturating_add(1));
        let price =
            blobs.zip(excess).map(|(blobs, excess)| crate::backend::blob_base_fee(&blobs, excess));
        Ok(quantity_256(&price.unwrap_or_default()))
    }

    /// The base fee of the next block, as far as it follows from the newest.
    pub(super) fn next_base_fee(&self) -> U256 {
        let ledger = self.node.ledger();
        let header = &ledger.head().header;
        if let Some(fixed) = self.node.fixed_base_fee {
            return U256::from(fixed);
        }
        let (base_fee, _) =
            crate::block::following(&self.node.spec, header, header.timestamp.saturating_add(1));
        U256::from(base_fee.unwrap_or(0))
    }

    /// The tip that a transaction needs: any does, so it is a usual one, unless fees are 0.
    pub(super) fn suggested_tip(&self) -> u64 {
        if self.node.fixed_base_fee == Some(0) { 0 } else { 1_000_000_000 }
    }

    pub(super) fn fee_history(&self, params: &Params) -> Answer {
        let count = params.small_number(0)?.min(MOST_FEE_BLOCKS);
        let newest = params.tag(1)?;
        let percentiles: Vec<f64> = params.optional(2)?.unwrap_or_default();
        let rising = percentiles.windows(2).all(|pair| pair[0] <= pair[1]);
        if percentiles.len() > 100
            || !rising
            || percentiles.iter().any(|p| !(0.0..=100.0).contains(p))
        {
            return Err(RpcError::server(
                "invalid reward percentile: at most 100 rising numbers from 0 to 100",
            ));
        }
        let ledger = self.node.ledger();
        let newest = match newest {
            BlockNumberOrTag::Number(number) if number > ledger.height() => {
                return Err(RpcError::server(format!(
                    "request beyond head block: requested {number}, head {}",
                    ledger.height()
                )));
            }
            BlockNumberOrTag::Number(number) => number,
            BlockNumberOrTag::Earliest => 0,
            _ => ledger.height(),
        };
        if count == 0 {
            return Ok(json!({ "oldestBlock": "0x0", "gasUsedRatio": [] }));
        }
        let oldest = (newest + 1).saturating_sub(count);
        let spec = &self.node.spec;
        let blob_fee = |timestamp: u64, excess: Option<u64>| {
            let blobs = spec.blobs(timestamp).zip(excess);
            blobs
                .map(|(blobs, excess)| crate::backend::blob_base_fee(&blobs, excess))
                .unwrap_or_default()
        };
        let (mut base_fees, mut ratios, mut blob_fees, mut blob_ratios, mut rewards) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for number in oldest..=newest {
            let block = ledger.block(number)?.ok_or_else(RpcError::no_block)?;
            let header = &block.header;
            base_fees.push(quantity(header.base_fee_per_gas.unwrap_or(0)));
            ratios.push(json!(header.gas_used as f64 / header.gas_limit.max(1) as f64));
            blob_fees.push(quantity_256(&blob_fee(header.timestamp, header.excess_blob_gas)));
            let most =
                spec.blobs(header.timestamp).map_or(1, |blobs| blobs.max_blob_gas_per_block());
            let used = header.blob_gas_used.unwrap_or(0);
            blob_ratios.push(json!(used as f64 / most.max(1) as f64));
            if !percentiles.is_empty() {
                rewards.push(tips(&block, &percentiles));
            }
        }
        // one more base fee than blocks: that of the block after
        let last = ledger.block(newest)?.ok_or_else(RpcError::no_block)?;
        let header = &last.header;
        let after = ledger.block(newest.saturating_add(1))?.map(|block| {
            let header = &block.header;
            (
                header.base_fee_per_gas.unwrap_or(0),
                blob_fee(header.timestamp, header.excess_blob_gas),
            )
        });
        let (base_fee, blobs) = after.unwrap_or_else(|| {
            let time = header.timestamp.saturating_add(1);
            let (fee, excess) = crate::block::following(spec, header, time);
            (self.node.fixed_base_fee.or(fee).unwrap_or(0), blob_fee(time, excess))
        });
        base_fees.push(quantity(base_fee));
        blob_fees.push(quantity_256(&blobs));
        let mut answer = json!({
            "oldestBlock": quantity(oldest),
            "baseFeePerGas": base_fees,
            "gasUsedRatio": ratios,
            "baseFeePerBlobGas": blob_fees,
            "blobGasUsedRatio": blob_ratios,
        });
        if !percentiles.is_empty() {
            answer["reward"] = rewards.into();
        }
        Ok(answer)
    }

    pub(super) fn config(&self, _: &Params) -> Answer {
        let ledger = self.node.ledger();
        let header = &ledger.head().header;
        let blobs = self.node.spec.blobs(header.timestamp);
        let fork = self.node.spec.fork(header.number, header.timestamp);
        Ok(json!({
            "current": {
                "activationTime": 0,
                "fork": fork.to_string(),
                "chainId": quantity(self.node.spec.chain_id),
                "blobSchedule": blobs.map(|blobs| json!({
                    "target": blobs.target_blob_count,
                    "max": blobs.max_blob_count,
                    "baseFeeUpdateFraction": blobs.update_fraction as u64,
                })),
                "cancun": fork.has(Fork::Cancun),
            },
            "next": null,
            "last": null,
        }))
    }

    pub(super) fn raw_header(&self, params: &Params) -> Answer {
        let block = self.block(params.get(0)?)?.ok_or_else(RpcError::no_block)?;
        Ok(form::bytes(&alloy_rlp::encode(&block.header)))
    }

    pub(super) fn raw_block(&self, params: &Params) -> Answer {
        let block = self.block(params.get(0)?)?.ok_or_else(RpcError::no_block)?;
        Ok(form::bytes(&form::raw_block(&block)))
    }

    pub(super) fn raw_receipts(&self, params: &Params) -> Answer {
        let block = self.block(params.get(0)?)?.ok_or_else(RpcError::no_block)?;
        let encode = |receipt: &crate::block::Receipt| {
            form::bytes(&alloy_eips::eip2718::Encodable2718::encoded_2718(&receipt.consensus()))
        };
        Ok(block.receipts.iter().map(encode).collect())
    }
}

/// The tips at percentiles of a block's gas.
fn tips(block: &Sealed, percentiles: &[f64]) -> Value {
    let base_fee = U256::from(block.header.base_fee_per_gas.unwrap_or(0));
    let paid = |receipt: &crate::block::Receipt| {
        (receipt.gas_price.saturating_sub(base_fee), receipt.gas_used)
    };
    let mut paid: Vec<_> = block.receipts.iter().map(paid).collect();
    paid.sort_unstable();
    let at = |percentile: &f64| {
        let threshold = (block.header.gas_used as f64 * percentile / 100.0) as u64;
        let mut sum = 0;
        let found = paid.iter().find(|(_, gas)| {
            sum += gas;
            sum >= threshold
        });
        quantity_256(&found.or(paid.last()).map(|(tip, _)| *tip).unwrap_or_default())
    };
    percentiles.iter().map(at).collect()
}
