//! `eth_simulateV1`: blocks that might follow, with unsigned calls.

use std::sync::Arc;

use alloy_consensus::{
    Header, SignableTransaction, TxEip1559, TxEip2930, TxEip4844, TxEip7702, TxEnvelope, TxLegacy,
};
use alloy_primitives::{
    Address, B256, Bytes, Log, LogData, Signature, TxKind, U256, address, b256,
};
use alloy_rpc_types_eth::{BlockOverrides, TransactionRequest};
use bessemer_evm::Invalid;
use serde::Deserialize;
use serde_json::{Value, json};

use super::call::override_block;
use super::error::{RpcError, codes, invalid, reverted};
use super::json::{self as form, PlacedLog, quantity};
use super::params::{Params, request_of};
use super::send::of_envelope;
use super::{Answer, Rpc};
use crate::backend::{
    Checks, Environment, Frame, FrameKind, Refused, StateOverride, Tracer, World,
};
use crate::block::{BlockHashes, Draft, Sealed, States, successor};
use crate::spec::MAX_TIME;

/// The most blocks of one request.
const MOST_BLOCKS: u64 = 256;

/// How far blocks are apart that say no time (seconds of a slot).
const SLOT: u64 = 12;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    #[serde(default)]
    block_state_calls: Vec<SimulatedBlock>,
    #[serde(default)]
    trace_transfers: bool,
    #[serde(default)]
    validation: bool,
    #[serde(default)]
    return_full_transactions: bool,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SimulatedBlock {
    block_overrides: Option<BlockOverrides>,
    state_overrides: Option<StateOverride>,
    #[serde(default)]
    calls: Vec<Value>,
}

impl SimulatedBlock {
    fn overrides(&self) -> BlockOverrides {
        self.block_overrides.clone().unwrap_or_default()
    }
}

impl Rpc {
    pub(super) fn simulate(&self, params: &Params) -> Answer {
        let request: Request = params.get(0)?;
        if request.block_state_calls.is_empty() {
            return Err(RpcError::params("empty input"));
        }
        let base = self.select(params.block(1)?)?;
        let blocks = in_order(request.block_state_calls, &base.block.header)?;
        let mut simulation = Simulation {
            rpc: self,
            validates: request.validation,
            traces_transfers: request.trace_transfers,
            gas_left: self.node.call_gas,
            parent: base.block.header.clone(),
            parent_hash: base.block.hash,
            world: base.world,
            hashes: base.environment.hashes,
        };
        let mut answers = Vec::new();
        for block in &blocks {
            answers.push(simulation.block(block, request.return_full_transactions)?);
        }
        Ok(answers.into())
    }
}

/// Fills gaps between the blocks, so that each follows the one before.
fn in_order(wanted: Vec<SimulatedBlock>, base: &Header) -> Result<Vec<SimulatedBlock>, RpcError> {
    let (mut number, mut time) = (base.number, base.timestamp);
    let mut blocks = Vec::new();
    for mut block in wanted {
        let mut overrides = block.overrides();
        let found = match overrides.number {
            Some(found) => found
                .try_into()
                .map_err(|_| RpcError::params(format!("block number {found} is above 2^64")))?,
            None => number.saturating_add(1),
        };
        if found <= number {
            return Err(RpcError::new(
                -38020,
                format!("block numbers must be in order: {found} <= {number}"),
            ));
        }
        if found - base.number > MOST_BLOCKS {
            return Err(RpcError::new(-38026, "too many blocks"));
        }
        for gap in number.saturating_add(1)..found {
            time = time.saturating_add(SLOT);
            let overrides = BlockOverrides {
                number: Some(U256::from(gap)),
                time: Some(time),
                ..BlockOverrides::default()
            };
            blocks.push(SimulatedBlock { block_overrides: Some(overrides), ..<_>::default() });
        }
        let next = overrides.time.unwrap_or(time.saturating_add(SLOT));
        if next > MAX_TIME {
            return Err(RpcError::params(format!("block time {next} is above {MAX_TIME}")));
        }
        if next <= time {
            return Err(RpcError::new(
                -38021,
                format!("block timestamps must be in order: {next} <= {time}"),
            ));
        }
        (number, time) = (found, next);
        overrides.number = Some(U256::from(found));
        overrides.time = Some(next);
        block.block_overrides = Some(overrides);
        blocks.push(block);
    }
    Ok(blocks)
}

struct Simulation<'r> {
    rpc: &'r Rpc,
    validates: bool,
    traces_transfers: bool,
    /// The gas that all calls may use together.
    gas_left: u64,
    parent: Header,
    parent_hash: B256,
    world: World,
    hashes: BlockHashes,
}

/// The outcome of a call.
struct Called {
    returned: Bytes,
    logs: Vec<Log>,
    gas_used: u64,
    gas_spent: u64,
    error: Option<RpcError>,
}

impl Simulation<'_> {
    fn header(&self, overrides: &BlockOverrides) -> Header {
        let spec = &self.rpc.node.spec;
        let parent = &self.parent;
        let timestamp = overrides.time.unwrap_or(parent.timestamp.saturating_add(SLOT));
        let next = successor(spec, parent, self.parent_hash, timestamp);
        let chosen = overrides.base_fee.map(|fee| fee.saturating_to::<u64>());
        let base_fee = next.base_fee_per_gas.map(|fee| if self.validates { fee } else { 0 });
        Header {
            beneficiary: overrides.coinbase.unwrap_or(parent.beneficiary),
            difficulty: overrides.difficulty.unwrap_or(parent.difficulty),
            gas_limit: overrides.gas_limit.unwrap_or(parent.gas_limit),
            mix_hash: overrides.random.unwrap_or_default(),
            base_fee_per_gas: base_fee.map(|fee| chosen.unwrap_or(fee)),
            parent_beacon_block_root: next
                .parent_beacon_block_root
                .map(|zero| overrides.beacon_root.unwrap_or(zero)),
            ..next
        }
    }

    /// Runs a block, and becomes what the next one follows.
    fn block(&mut self, block: &SimulatedBlock, whole: bool) -> Answer {
        let overrides = block.overrides();
        let mut header = self.header(&overrides);
        let spec = &self.rpc.node.spec;
        let mut environment = Environment::of_header(spec, &header, &self.hashes);
        override_block(
            &mut environment,
            &BlockOverrides {
                blob_base_fee: overrides.blob_base_fee,
                block_hash: overrides.block_hash.clone(),
                ..BlockOverrides::default()
            },
        )?;
        let (engine, base) = (&self.rpc.node.engine, self.world.clone());
        let state = block.state_overrides.clone().unwrap_or_default();
        let mut draft = Draft::begin_with(
            engine,
            spec,
            base,
            environment,
            &state,
            self.parent_hash,
            header.parent_beacon_block_root,
        )?;
        let (mut transactions, mut senders, mut calls) = (Vec::new(), Vec::new(), Vec::new());
        let mut gas_used = 0;
        for (index, call) in block.calls.iter().enumerate() {
            let request = request_of(call, index)?;
            let (envelope, called) = self.call(&mut draft, &header, &request, &mut gas_used)?;
            senders.push(called.0);
            calls.push(called.1);
            transactions.push(envelope);
        }
        let before = self.world.clone();
        let finished = draft.finish(&[], &[])?;
        finished.complete(&mut header, &transactions);
        let sealed = Sealed {
            hash: header.hash_slow(),
            withdrawals: header.withdrawals_root.map(|_| Vec::new()),
            header,
            transactions,
            senders,
            ommers: Vec::new(),
            receipts: finished.receipts,
            states: States::Here { before, after: finished.world },
        };
        let answer = answer(&sealed, &calls, whole);
        self.advance(sealed);
        Ok(answer)
    }

    fn advance(&mut self, sealed: Sealed) {
        let (number, hash, before) = (sealed.header.number, sealed.hash, Arc::clone(&self.hashes));
        self.hashes = Arc::new(move |asked| if asked == number { hash } else { before(asked) });
        self.parent = sealed.header;
        self.parent_hash = hash;
        self.world = sealed.states.after_here();
    }

    fn call(
        &mut self,
        draft: &mut Draft<'_>,
        header: &Header,
        request: &TransactionRequest,
        gas_used: &mut u64,
    ) -> Result<(TxEnvelope, (Address, Called)), RpcError> {
        let sender = request.from.unwrap_or_default();
        let nonce = match request.nonce {
            Some(nonce) => nonce,
            None => draft.session().account(&sender)?.nonce,
        };
        let gas = request.gas.unwrap_or(header.gas_limit - *gas_used);
        if gas_used.saturating_add(gas) > header.gas_limit {
            return Err(RpcError::new(
                -38015,
                format!(
                    "block gas limit reached: {} >= {}",
                    gas_used.saturating_add(gas),
                    header.gas_limit
                ),
            ));
        }
        let gas = gas.min(self.gas_left);
        let envelope = unsigned(request, self.rpc.node.spec.chain_id, nonce, gas)?;
        let transaction = bessemer_evm::Transaction { sender, ..of_envelope(&envelope) };
        let checks = if self.validates {
            // the gas of a call is bounded by the request's, not by the cap of a transaction
            Checks { sender_code: false, gas_cap: false, ..Checks::ALL }
        } else {
            // value and fees must be there in any case
            Checks { funds: true, base_fee: false, ..Checks::NONE }
        };
        let mut transfers = Transfers { on: self.traces_transfers, frames: vec![Vec::new()] };
        let receipt = draft.push(&transaction, checks, Some(&mut transfers)).map_err(refused)?;
        *gas_used += receipt.gas_used;
        self.gas_left = self.gas_left.saturating_sub(receipt.gas_used);
        let error = match (&receipt.halted, receipt.reverted) {
            (Some(halted), _) => Some(RpcError::new(codes::VM, halted.clone())),
            (None, true) => Some(RpcError {
                data: Some(receipt.output.clone()),
                ..RpcError::new(codes::REVERTED, reverted(&receipt.output))
            }),
            (None, false) => None,
        };
        let logs = transfers.frames.pop().unwrap_or_default();
        let called = Called {
            // the output of a revert is in its error
            returned: if error.is_some() { Bytes::new() } else { receipt.output.clone() },
            logs: if error.is_some() { Vec::new() } else { logs },
            gas_used: receipt.gas_used,
            gas_spent: receipt.gas_spent,
            error,
        };
        Ok((envelope, (sender, called)))
    }
}

/// A block with its calls, as it is answered.
fn answer(sealed: &Sealed, calls: &[Called], whole: bool) -> Value {
    let mut object = form::block(sealed, whole);
    let mut log_index = 0;
    let calls = calls.iter().enumerate().map(|(index, called)| {
        let logs = called.logs.iter().map(|log| {
            let placed = PlacedLog {
                log,
                block_hash: sealed.hash,
                number: sealed.header.number,
                timestamp: sealed.header.timestamp,
                transaction_hash: *sealed.transactions[index].tx_hash(),
                transaction_index: index as u64,
                index: log_index,
            };
            log_index += 1;
            form::log(&placed)
        });
        let logs: Vec<_> = logs.collect();
        let mut object = json!({
            "returnData": form::bytes(&called.returned),
            "logs": logs,
            "gasUsed": quantity(called.gas_used),
            "maxUsedGas": quantity(called.gas_spent),
            "status": quantity(u8::from(called.error.is_none())),
        });
        if let Some(error) = &called.error {
            let mut said = json!({ "message": error.message, "code": error.code });
            if let Some(data) = &error.data {
                said["data"] = form::bytes(data);
            }
            object["error"] = said;
        }
        object
    });
    let calls: Vec<_> = calls.collect();
    object.insert("calls".to_owned(), calls.into());
    object.into()
}

/// The transaction of a call, as it would be signed: its type and fees as go-ethereum fills them in.
fn unsigned(
    request: &TransactionRequest,
    chain_id: u64,
    nonce: u64,
    gas_limit: u64,
) -> Result<TxEnvelope, RpcError> {
    let to = request.to.unwrap_or(TxKind::Create);
    let value = request.value.unwrap_or_default();
    let input =
        request.input.input.clone().or_else(|| request.input.data.clone()).unwrap_or_default();
    let access_list = request.access_list.clone().unwrap_or_default();
    let max_fee_per_gas = request.max_fee_per_gas.unwrap_or(0);
    let max_priority_fee_per_gas = request.max_priority_fee_per_gas.unwrap_or(0);
    let nobody = Signature::new(U256::ZERO, U256::ZERO, false);
    let called = || match to {
        TxKind::Call(to) => Ok(to),
        TxKind::Create => Err(RpcError::params("a transaction of this type creates no contract")),
    };
    if let Some(gas_price) = request.gas_price {
        if request.access_list.is_some() {
            let transaction =
                TxEip2930 { chain_id, nonce, gas_price, gas_limit, to, value, access_list, input };
            return Ok(transaction.into_signed(nobody).into());
        }
        let transaction =
            TxLegacy { chain_id: None, nonce, gas_price, gas_limit, to, value, input };
        return Ok(transaction.into_signed(nobody).into());
    }
    if let Some(list) = &request.authorization_list {
        let transaction = TxEip7702 {
            chain_id,
            nonce,
            gas_limit,
            max_fee_per_gas,
            max_priority_fee_per_gas,
            to: called()?,
            value,
            access_list,
            authorization_list: list.clone(),
            input,
        };
        return Ok(transaction.into_signed(nobody).into());
    }
    if let Some(hashes) = &request.blob_versioned_hashes {
        let transaction = TxEip4844 {
            chain_id,
            nonce,
            gas_limit,
            max_fee_per_gas,
            max_priority_fee_per_gas,
            to: called()?,
            value,
            access_list,
            blob_versioned_hashes: hashes.clone(),
            max_fee_per_blob_gas: request.max_fee_per_blob_gas.unwrap_or(0),
            input,
        };
        return Ok(transaction.into_signed(nobody).into());
    }
    let transaction = TxEip1559 {
        chain_id,
        nonce,
        gas_limit,
        max_fee_per_gas,
        max_priority_fee_per_gas,
        to,
        value,
        access_list,
        input,
    };
    Ok(transaction.into_signed(nobody).into())
}

/// The error of a call that cannot be part of its block, with the codes of the specification.
fn refused(refused: Refused) -> RpcError {
    match refused {
        Refused::Invalid(error) => {
            let code = match error {
                Invalid::NonceTooLow { .. } => -38010,
                Invalid::NonceTooHigh { .. } => -38011,
                Invalid::FeeBelowBase { .. } => -38012,
                Invalid::IntrinsicGas { .. } | Invalid::FloorGas { .. } => -38013,
                Invalid::Funds { .. } => -38014,
                Invalid::GasAboveBlock { .. } => -38015,
                Invalid::SenderIsContract { .. } => -38024,
                Invalid::InitcodeTooLong { .. } => -38025,
                Invalid::PriorityAboveFee { .. } => codes::PARAMS,
                _ => codes::INTERNAL,
            };
            RpcError::new(code, format!("err: {}", invalid(&error)))
        }
        Refused::BlockGas { .. } => RpcError::new(-38015, refused.to_string()),
        Refused::Failure(failure) => failure.into(),
        other => RpcError::server(other.to_string()),
    }
}

/// Logs of calls, with transfers of value as logs of a token at this address (ERC-7528).
struct Transfers {
    on: bool,
    /// The logs of each open frame; those of a frame that fails are dropped.
    frames: Vec<Vec<Log>>,
}

const VALUE: Address = address!("0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE");

/// The hash of `Transfer(address,address,uint256)`.
const TRANSFER: B256 = b256!("0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef");

impl Tracer for Transfers {
    fn begin(&mut self, frame: &Frame) {
        let mut logs = Vec::new();
        let moves = !matches!(frame.kind, FrameKind::DelegateCall | FrameKind::StaticCall);
        if self.on && moves && !frame.value.is_zero() {
            let topics = vec![TRANSFER, frame.from.into_word(), frame.to.into_word()];
            let data = Bytes::from(frame.value.to_be_bytes::<32>());
            logs.push(Log { address: VALUE, data: LogData::new_unchecked(topics, data) });
        }
        self.frames.push(logs);
    }

    fn end(&mut self, _: u64, _: &Bytes, error: Option<&str>) {
        let logs = self.frames.pop().unwrap_or_default();
        if let Some(parent) = self.frames.last_mut().filter(|_| error.is_none()) {
            parent.extend(logs);
        }
    }

    fn log(&mut self, log: &Log) {
        if let Some(frame) = self.frames.last_mut() {
            frame.push(log.clone());
        }
    }
}
