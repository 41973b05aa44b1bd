//! The state that a transaction touches, as go-ethereum's `prestateTracer` has it.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{Address, B256, U256};
use bessemer_evm::Transaction;
use serde_json::{Map, Value, json};

use super::room::Room;
use crate::backend::{Environment, Frame, Step, Tracer, World, chain_address};
use crate::rpc::error::RpcError;
use crate::rpc::json as form;

/// Accounts and slots that a transaction touched.
pub(super) struct Touched {
    accounts: BTreeMap<Address, BTreeSet<B256>>,
    pub(super) room: Room,
}

/// Bytes that an account takes in an answer in memory, without code and slots.
const ACCOUNT: usize = 1000;
/// Bytes that a slot takes.
const SLOT: usize = 300;

impl Touched {
    pub(super) fn new(room: Room) -> Self {
        Self { accounts: BTreeMap::new(), room }
    }

    fn account(&mut self, address: Address) {
        self.accounts.entry(address).or_default();
    }

    pub(super) fn answer(
        &mut self,
        transaction: &Transaction,
        environment: &Environment,
        before: &World,
        after: &World,
        diff: bool,
    ) -> Result<Value, RpcError> {
        self.account(transaction.sender);
        self.account(environment.coinbase);
        for authorization in &transaction.authorizations {
            authorization.authority.into_iter().for_each(|authority| self.account(authority));
        }
        let (mut pre, mut post) = (Map::new(), Map::new());
        for (address, slots) in &self.accounts {
            if !self.room.take(2 * (ACCOUNT + slots.len() * SLOT)) {
                break;
            }
            let was = account(before, address, slots, &mut self.room)?;
            let is = account(after, address, slots, &mut self.room)?;
            let name = format!("{address:#x}");
            if !diff {
                if let Some(was) = was {
                    pre.insert(name, was.into());
                } else {
                    pre.insert(name, json!({ "balance": "0x0" }));
                }
                continue;
            }
            if was == is {
                continue;
            }
            let changed = changes(was.as_ref(), is.as_ref());
            if let Some(mut was) = was {
                if let Some(Value::Object(storage)) = was.get_mut("storage") {
                    let differ = |slot: &String| changed.1.contains(slot);
                    storage.retain(|slot, _| differ(slot));
                    if storage.is_empty() {
                        was.remove("storage");
                    }
                }
                pre.insert(name.clone(), was.into());
            }
            if is.is_some() && !changed.0.is_empty() {
                post.insert(name, changed.0.into());
            }
        }
        Ok(if diff { json!({ "pre": pre, "post": post }) } else { pre.into() })
    }
}

/// The differences after the transaction, and the slots that differ.
fn changes(
    was: Option<&Map<String, Value>>,
    is: Option<&Map<String, Value>>,
) -> (Map<String, Value>, BTreeSet<String>) {
    let (empty, mut changed, mut slots) = (Map::new(), Map::new(), BTreeSet::new());
    let (was, is) = (was.unwrap_or(&empty), is.unwrap_or(&empty));
    for (name, value) in is {
        if name == "storage" {
            continue;
        }
        if was.get(name) != Some(value) {
            changed.insert(name.clone(), value.clone());
        }
    }
    let storage = |object: &Map<String, Value>| {
        object.get("storage").and_then(Value::as_object).cloned().unwrap_or_default()
    };
    let (before, after) = (storage(was), storage(is));
    let mut stored = Map::new();
    for slot in before.keys().chain(after.keys()) {
        if before.get(slot) != after.get(slot)
            && slots.insert(slot.clone())
            && let Some(value) = after.get(slot)
        {
            stored.insert(slot.clone(), value.clone());
        }
    }
    if !stored.is_empty() {
        changed.insert("storage".to_owned(), stored.into());
    }
    (changed, slots)
}

/// An account with these slots, and its code if there is room; `None` if it does not exist.
fn account(
    world: &World,
    address: &Address,
    slots: &BTreeSet<B256>,
    room: &mut Room,
) -> Result<Option<Map<String, Value>>, RpcError> {
    let at = chain_address(address);
    let account = world.account(&at)?;
    if !account.exists() {
        return Ok(None);
    }
    let mut object = Map::new();
    object.insert("balance".to_owned(), form::quantity_256(&account.balance));
    if account.nonce > 0 {
        object.insert("nonce".to_owned(), json!(account.nonce));
    }
    let code = world.code(&at)?;
    if !code.is_empty() && room.take(code.len() * 2) {
        object.insert("code".to_owned(), form::bytes(&code));
        object.insert("codeHash".to_owned(), form::hash(&account.code_hash().into()));
    }
    let mut stored = Map::new();
    for slot in slots {
        let value = world.slot(&at, U256::from_be_bytes(slot.0));
        if !value.is_zero() {
            stored.insert(format!("{slot:#x}"), form::hash(&value.into()));
        }
    }
    if !stored.is_empty() {
        object.insert("storage".to_owned(), stored.into());
    }
    Ok(Some(object))
}

impl Tracer for Touched {
    fn begin(&mut self, frame: &Frame) {
        self.account(frame.from);
        self.account(frame.to);
    }

    fn wants_steps(&self) -> bool {
        true
    }

    fn step(&mut self, step: &Step<'_>) {
        let from_top =
            |index: usize| step.stack.len().checked_sub(index + 1).map(|place| step.stack[place]);
        let mut touch = |word: Option<U256>| {
            if let Some(word) = word {
                self.account(Address::from_word(word.into()));
            }
        };
        match step.opcode {
            // SLOAD, SSTORE
            0x54 | 0x55 => {
                if let Some(slot) = from_top(0) {
                    self.accounts.entry(step.contract).or_default().insert(slot.into());
                }
            }
            // BALANCE, EXTCODESIZE, EXTCODECOPY, EXTCODEHASH, SELFDESTRUCT
            0x31 | 0x3b | 0x3c | 0x3f | 0xff => touch(from_top(0)),
            // CALL, CALLCODE, DELEGATECALL, STATICCALL
            0xf1 | 0xf2 | 0xf4 | 0xfa => touch(from_top(1)),
            _ => {}
        }
    }
}
