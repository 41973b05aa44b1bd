//! Changes of the state that no transaction makes: first blocks and overrides.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bytes, U256};
use bessemer_chain::store::{ChangeSet, encode_account};
use bessemer_chain::{Account, Code, CodeHash, StateKey, StorageKey, Value};
use serde::Deserialize;

use super::chain_address;
use super::execute::Failure;
use super::world::World;
use crate::spec::GenesisAccount;

/// Overrides of accounts for one call, as `eth_call` takes them.
pub type StateOverride = BTreeMap<Address, AccountOverride>;

/// The override of one account.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountOverride {
    /// The balance.
    pub balance: Option<U256>,
    /// The transactions that it sent.
    pub nonce: Option<alloy_primitives::U64>,
    /// Its bytecode.
    pub code: Option<Bytes>,
    /// The whole storage.
    pub state: Option<BTreeMap<B256, B256>>,
    /// Some of what it stores.
    pub state_diff: Option<BTreeMap<B256, B256>>,
    /// Where the precompiled contract of this address is instead.
    pub move_precompile_to_address: Option<Address>,
}

/// The changes that make the first block's accounts.
///
/// # Errors
///
/// Never, so far.
pub fn genesis_state(accounts: &BTreeMap<Address, GenesisAccount>) -> Result<ChangeSet, Failure> {
    let mut changes = Vec::new();
    for (address, found) in accounts {
        let address = chain_address(address);
        let code = (!found.code.is_empty()).then(|| CodeHash::of(&found.code));
        if let Some(hash) = code {
            changes.push((StateKey::Bytecode(hash), Some(Value::from(&found.code[..]))));
        }
        let mut account = Account {
            nonce: found.nonce.to(),
            balance: found.balance,
            code: code.map(Code::Evm),
            present: false,
        };
        account.present = account.is_empty();
        changes.push((StateKey::Account(address), encode_account(&account)));
        for (slot, value) in &found.storage {
            if let Some(value) = slot_value(U256::from_be_bytes(value.0)) {
                changes.push((StateKey::Storage(address, slot_key(slot)), Some(value)));
            }
        }
    }
    Ok(ChangeSet::new(changes))
}

/// The key of an EVM slot.
pub(super) fn slot_key(slot: &B256) -> StorageKey {
    StorageKey::new(slot.as_slice()).expect("32 bytes are a key")
}

/// The value of an EVM slot: without leading zeros; nothing for zero.
pub(super) fn slot_value(value: U256) -> Option<Value> {
    (!value.is_zero()).then(|| Value::from(&value.to_be_bytes_trimmed_vec()[..]))
}

/// A change of one account by hand.
#[derive(Clone, Debug)]
pub enum Hand {
    /// Sets what it owns.
    Balance(U256),
    /// Sets how many transactions it sent.
    Nonce(u64),
    /// Sets its bytecode; empty: removes it.
    Code(Bytes),
    /// Sets a slot.
    Slot(U256, U256),
}

impl Hand {
    /// The change as the state has it.
    ///
    /// # Errors
    ///
    /// If the stored bytes are not an account.
    pub fn changes(&self, world: &World, address: &Address) -> Result<ChangeSet, Failure> {
        let at = chain_address(address);
        let mut account = world.account(&at)?;
        let mut changes = Vec::new();
        match self {
            Self::Balance(balance) => account.balance = *balance,
            Self::Nonce(nonce) => account.nonce = *nonce,
            Self::Code(code) if code.is_empty() => account.code = None,
            Self::Code(code) => {
                let hash = CodeHash::of(code);
                account.code = Some(Code::Evm(hash));
                changes.push((StateKey::Bytecode(hash), Some(Value::from(&code[..]))));
            }
            Self::Slot(slot, value) => {
                let key = slot_key(&B256::from(*slot));
                changes.push((StateKey::Storage(at, key), slot_value(*value)));
            }
        }
        changes.push((StateKey::Account(at), encode_account(&account)));
        Ok(ChangeSet::new(changes))
    }
}
