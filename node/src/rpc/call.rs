//! Calls that change nothing: `eth_call`, `eth_estimateGas`, `eth_createAccessList`.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use alloy_eips::eip2930::{AccessList, AccessListItem};
use alloy_primitives::{Address, B256, TxKind, U256};
use alloy_rpc_types_eth::{BlockOverrides, TransactionRequest};
use bessemer_evm::{Authorization, Fork, Rules, Transaction, TransactionKind};
use serde_json::json;

use super::error::RpcError;
use super::json::{self as form, quantity};
use super::params::{Params, Selected};
use super::{Answer, Rpc};
use crate::backend::{Checks, Environment, Outcome, StateOverride, Step, Tracer};

/// The gas of a plain transfer, the least that any transaction needs.
const TRANSFER_GAS: u64 = 21_000;

/// A call, with everything that it runs on.
pub(super) struct Prepared {
    pub(super) selected: Selected,
    pub(super) overrides: StateOverride,
    pub(super) transaction: Transaction,
    /// Whether the request says what it pays.
    pub(super) pays: bool,
}

impl Rpc {
    /// Reads a call: request, block, overrides of the state and of the block.
    pub(super) fn prepare(&self, params: &Params) -> Result<Prepared, RpcError> {
        let request = params.request(0)?;
        let selected = self.select(params.block(1)?)?;
        let overrides = params.optional(2)?.unwrap_or_default();
        let block: Option<BlockOverrides> = params.optional(3)?;
        self.prepare_request(&request, selected, overrides, block.as_ref())
    }

    pub(super) fn prepare_request(
        &self,
        request: &TransactionRequest,
        mut selected: Selected,
        overrides: StateOverride,
        block: Option<&BlockOverrides>,
    ) -> Result<Prepared, RpcError> {
        if let Some(block) = block {
            override_block(&mut selected.environment, block)?;
        }
        let price = request.gas_price.or(request.max_fee_per_gas).unwrap_or(0);
        if price == 0 {
            // a call that pays nothing cannot pay the base fee
            selected.environment.base_fee = U256::ZERO;
        }
        if request.max_fee_per_blob_gas.unwrap_or(0) == 0 {
            selected.environment.blob_base_fee = U256::ZERO;
        }
        let mut transaction = transaction_of(request)?;
        let fork = selected.environment.fork;
        if transaction.kind == TransactionKind::DynamicFee && !fork.has(Fork::London) {
            // a call that says no type is one of any block
            transaction.kind = TransactionKind::Legacy;
        }
        transaction.gas_limit = request.gas.unwrap_or(self.node.call_gas).min(self.node.call_gas);
        Ok(Prepared { selected, overrides, transaction, pays: price > 0 })
    }

    /// Runs a call.
    pub(super) fn run(
        &self,
        prepared: &Prepared,
        transaction: &Transaction,
        tracer: Option<&mut dyn Tracer>,
    ) -> Result<Outcome, RpcError> {
        let Selected { world, environment, .. } = &prepared.selected;
        let mut session = self.node.engine.session(world, environment);
        session.override_state(&prepared.overrides)?;
        let checks = Checks { funds: prepared.pays, base_fee: prepared.pays, ..Checks::NONE };
        Ok(session.transact(transaction, checks, tracer)?)
    }

    pub(super) fn call(&self, params: &Params) -> Answer {
        let prepared = self.prepare(params)?;
        let outcome = self.run(&prepared, &prepared.transaction, None)?;
        if !outcome.succeeded() {
            return Err(RpcError::of_call(&outcome));
        }
        Ok(form::bytes(&outcome.output))
    }

    pub(super) fn estimate_gas(&self, params: &Params) -> Answer {
        let request = params.request(0)?;
        let selected = self.select(params.block(1)?)?;
        let overrides = params.optional(2)?.unwrap_or_default();
        let block: Option<BlockOverrides> = params.optional(3)?;
        let prepared = self.prepare_request(&request, selected, overrides, block.as_ref())?;
        Ok(quantity(self.estimate(&prepared, request.gas)?))
    }

    /// The least gas limit with which a call succeeds, by trying: gas used is not enough, because
    /// frames keep back a share and refunds come at the end.
    pub(super) fn estimate(
        &self,
        prepared: &Prepared,
        asked: Option<u64>,
    ) -> Result<u64, RpcError> {
        let environment = &prepared.selected.environment;
        let mut most = environment.gas_limit.min(self.node.call_gas);
        if let Some(asked) = asked.filter(|&asked| asked >= TRANSFER_GAS) {
            most = most.min(asked);
        }
        if let Some(cap) = environment.fork.transaction_gas_cap() {
            most = most.min(cap);
        }
        let transaction = &prepared.transaction;
        let mut session = self.node.engine.session(&prepared.selected.world, environment);
        session.override_state(&prepared.overrides)?;
        let balance = session.balance(&transaction.sender)?;
        let left = balance.checked_sub(transaction.value).ok_or_else(|| {
            RpcError::server(format!(
                "insufficient funds for transfer: address {} have {balance} want {}",
                transaction.sender, transaction.value
            ))
        })?;
        if prepared.pays {
            let affordable = left / transaction.max_fee_per_gas;
            most = most.min(affordable.try_into().unwrap_or(u64::MAX));
        }
        let run =
            |gas_limit| self.run(prepared, &Transaction { gas_limit, ..transaction.clone() }, None);
        let rules = Rules::new(environment.fork);
        let needed = rules.intrinsic_gas(transaction);
        let needed = needed.needed.max(needed.floor);
        if most < needed {
            return Err(RpcError::server(format!("gas required exceeds allowance ({most})")));
        }
        let outcome = run(most)?;
        if !outcome.succeeded() {
            if outcome.halted.as_deref() == Some("out of gas") {
                return Err(RpcError::server(format!("gas required exceeds allowance ({most})")));
            }
            return Err(RpcError::of_call(&outcome));
        }
        // what fails is at most this, what succeeds at least that
        let mut fails = outcome.gas_used.max(needed) - 1;
        let mut succeeds = most;
        let mut guess = (outcome.gas_spent + 2300).saturating_mul(64) / 63;
        if run(outcome.gas_spent.max(needed)).is_ok_and(|outcome| outcome.succeeded()) {
            succeeds = outcome.gas_spent.max(needed);
        }
        while fails + 1 < succeeds {
            if guess <= fails || guess >= succeeds {
                guess = fails + (succeeds - fails) / 2;
            }
            // a limit below what the transaction itself costs is refused, and fails too
            if run(guess).is_ok_and(|outcome| outcome.succeeded()) {
                succeeds = guess;
            } else {
                fails = guess;
            }
            guess = 0;
        }
        Ok(succeeds)
    }

    pub(super) fn create_access_list(&self, params: &Params) -> Answer {
        let prepared = self.prepare(params)?;
        let environment = &prepared.selected.environment;
        let mut transaction = prepared.transaction.clone();
        if transaction.kind == TransactionKind::Legacy {
            transaction.kind = TransactionKind::AccessList;
        }
        let mut excluded: HashSet<Address> =
            Rules::new(environment.fork).precompiles.addresses().copied().collect();
        excluded.insert(transaction.sender);
        excluded.insert(transaction.to.unwrap_or_else(|| {
            let nonce = prepared
                .selected
                .world
                .account(&crate::backend::chain_address(&transaction.sender));
            transaction.sender.create(nonce.map(|account| account.nonce).unwrap_or_default())
        }));
        // what a transaction touches depends on what is warm, so it is asked until it stays the same
        for _ in 0..ACCESS_LIST_RUNS {
            let before = list_of(&transaction);
            let mut accesses = Accesses::new(&excluded, &before);
            let outcome = self.run(&prepared, &transaction, Some(&mut accesses))?;
            let list = accesses.list();
            if list == before {
                let mut answer = json!({
                    "accessList": form::access_list(&list),
                    "gasUsed": quantity(outcome.gas_used),
                });
                if !outcome.succeeded() {
                    answer["error"] = RpcError::of_call(&outcome).message.into();
                }
                return Ok(answer);
            }
            transaction.access_list = items(&list);
        }
        Err(RpcError::server(format!(
            "the access list still changed after {ACCESS_LIST_RUNS} runs: what the call touches \
             depends on the list"
        )))
    }
}

/// A contract can touch something new whenever the last thing is warm, so the runs have a bound.
const ACCESS_LIST_RUNS: u32 = 16;

fn list_of(transaction: &Transaction) -> AccessList {
    let items = transaction
        .access_list
        .iter()
        .map(|item| AccessListItem { address: item.address, storage_keys: item.slots.clone() });
    AccessList(items.collect())
}

pub(super) fn items(list: &AccessList) -> Vec<bessemer_evm::AccessListItem> {
    let items = list.0.iter().map(|item| bessemer_evm::AccessListItem {
        address: item.address,
        slots: item.storage_keys.clone(),
    });
    items.collect()
}

/// Collects what a transaction touches.
struct Accesses<'e> {
    excluded: &'e HashSet<Address>,
    touched: BTreeMap<Address, BTreeSet<B256>>,
}

impl<'e> Accesses<'e> {
    fn new(excluded: &'e HashSet<Address>, before: &AccessList) -> Self {
        let mut touched: BTreeMap<Address, BTreeSet<B256>> = BTreeMap::new();
        for item in &before.0 {
            touched.entry(item.address).or_default().extend(&item.storage_keys);
        }
        Self { excluded, touched }
    }

    fn account(&mut self, word: U256) {
        let address = Address::from_word(word.into());
        if !self.excluded.contains(&address) {
            self.touched.entry(address).or_default();
        }
    }

    fn list(&self) -> AccessList {
        let items = self.touched.iter().map(|(address, slots)| AccessListItem {
            address: *address,
            storage_keys: slots.iter().copied().collect(),
        });
        AccessList(items.collect())
    }
}

impl Tracer for Accesses<'_> {
    fn wants_steps(&self) -> bool {
        true
    }

    fn step(&mut self, step: &Step<'_>) {
        let from_top =
            |index: usize| step.stack.len().checked_sub(index + 1).map(|place| step.stack[place]);
        match step.opcode {
            // SLOAD, SSTORE
            0x54 | 0x55 => {
                if let Some(slot) = from_top(0) {
                    self.touched.entry(step.contract).or_default().insert(slot.into());
                }
            }
            // BALANCE, EXTCODESIZE, EXTCODECOPY, EXTCODEHASH, SELFDESTRUCT
            0x31 | 0x3b | 0x3c | 0x3f | 0xff => {
                from_top(0).into_iter().for_each(|word| self.account(word));
            }
            // CALL, CALLCODE, DELEGATECALL, STATICCALL
            0xf1 | 0xf2 | 0xf4 | 0xfa => {
                from_top(1).into_iter().for_each(|word| self.account(word));
            }
            _ => {}
        }
    }
}

/// Changes what calls see of the block.
pub(super) fn override_block(
    environment: &mut Environment,
    block: &BlockOverrides,
) -> Result<(), RpcError> {
    if let Some(number) = block.number {
        environment.number = number
            .try_into()
            .map_err(|_| RpcError::params(format!("block number {number} is above 2^64")))?;
    }
    if let Some(time) = block.time {
        environment.timestamp = time;
    }
    if let Some(limit) = block.gas_limit {
        environment.gas_limit = limit;
    }
    if let Some(coinbase) = block.coinbase {
        environment.coinbase = coinbase;
    }
    if let Some(randomness) = block.random {
        environment.prevrandao = randomness;
    }
    if let Some(difficulty) = block.difficulty {
        environment.difficulty = difficulty;
    }
    if let Some(fee) = block.base_fee {
        environment.base_fee = fee;
    }
    if let Some(fee) = block.blob_base_fee {
        environment.blob_base_fee = fee;
    }
    if let Some(hashes) = &block.block_hash {
        let (hashes, before) = (hashes.clone(), environment.hashes.clone());
        environment.hashes = std::sync::Arc::new(move |number| {
            hashes.get(&number).copied().unwrap_or_else(|| before(number))
        });
    }
    Ok(())
}

/// The transaction of a request, with nothing for what it does not say.
pub(super) fn transaction_of(request: &TransactionRequest) -> Result<Transaction, RpcError> {
    let kind = kind_of(request)?;
    let fee = request.max_fee_per_gas.or(request.gas_price).unwrap_or(0);
    let tip = match kind {
        TransactionKind::Legacy | TransactionKind::AccessList => fee,
        _ => request
            .max_priority_fee_per_gas
            .or(request.gas_price)
            .unwrap_or(0)
            .min(fee.max(request.max_priority_fee_per_gas.unwrap_or(0))),
    };
    let input = request.input.input.clone().or_else(|| request.input.data.clone());
    let authorizations = request.authorization_list.iter().flatten();
    Ok(Transaction {
        kind,
        hash: B256::ZERO,
        chain_id: request.chain_id,
        sender: request.from.unwrap_or_default(),
        nonce: request.nonce.unwrap_or(0),
        gas_limit: request.gas.unwrap_or(0),
        max_fee_per_gas: U256::from(fee),
        max_priority_fee_per_gas: U256::from(tip),
        to: match request.to {
            Some(TxKind::Call(to)) => Some(to),
            Some(TxKind::Create) | None => None,
        },
        value: request.value.unwrap_or_default(),
        input: input.unwrap_or_default(),
        access_list: request.access_list.as_ref().map(items).unwrap_or_default(),
        blob_hashes: request.blob_versioned_hashes.clone().unwrap_or_default(),
        max_fee_per_blob_gas: U256::from(request.max_fee_per_blob_gas.unwrap_or(0)),
        authorizations: authorizations.map(Authorization::from).collect(),
    })
}

/// The type of a request: what it says, or what follows from what it has.
pub(super) fn kind_of(request: &TransactionRequest) -> Result<TransactionKind, RpcError> {
    let has_list = request.authorization_list.as_ref().is_some_and(|list| !list.is_empty());
    let has_blobs = request.blob_versioned_hashes.as_ref().is_some_and(|list| !list.is_empty());
    Ok(match request.transaction_type {
        _ if has_list => TransactionKind::SetCode,
        _ if has_blobs => TransactionKind::Blob,
        Some(0) => TransactionKind::Legacy,
        Some(1) => TransactionKind::AccessList,
        Some(2) => TransactionKind::DynamicFee,
        Some(3) => TransactionKind::Blob,
        Some(4) => TransactionKind::SetCode,
        Some(other) => {
            return Err(RpcError::params(format!("transaction type {other} is not known")));
        }
        None if request.max_fee_per_gas.or(request.max_priority_fee_per_gas).is_some() => {
            TransactionKind::DynamicFee
        }
        None if request.access_list.is_some() && request.gas_price.is_some() => {
            TransactionKind::AccessList
        }
        None if request.gas_price.is_some() => TransactionKind::Legacy,
        None => TransactionKind::DynamicFee,
    })
}
