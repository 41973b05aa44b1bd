//! A small state, given to us and to revm.

use std::collections::BTreeMap;

use bessemer_chain::store::{ChangeSet, StoreError, View, decode_account, encode_account};
use bessemer_chain::{Account, Address, Code, CodeHash, StateKey, StorageKey, U256, Value};

/// All keys and values of a state.
#[derive(Clone, Debug, Default)]
pub(crate) struct World(pub(crate) BTreeMap<StateKey, Value>);

/// An account as both sides can tell it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) nonce: u64,
    pub(crate) balance: U256,
    pub(crate) code_hash: [u8; 32],
    pub(crate) storage: BTreeMap<[u8; 32], U256>,
}

impl World {
    pub(crate) fn account(&mut self, address: Address, nonce: u64, balance: U256, code: &[u8]) {
        let hash = CodeHash::of(code);
        let kind = (!code.is_empty()).then_some(Code::Evm(hash));
        if kind.is_some() {
            self.0.insert(StateKey::Bytecode(hash), Value::from(code));
        }
        let account = Account { nonce, balance, code: kind, present: false };
        if let Some(value) = encode_account(&account) {
            self.0.insert(StateKey::Account(address), value);
        }
    }

    pub(crate) fn slot(&mut self, address: Address, slot: [u8; 32], word: U256) {
        let bytes = word.to_be_bytes::<32>();
        let digits = &bytes[word.leading_zeros() / 8..];
        if !digits.is_empty() {
            let key = StateKey::Storage(address, StorageKey::of_word(slot));
            self.0.insert(key, Value::from(digits));
        }
    }

    pub(crate) fn apply(&mut self, changes: &ChangeSet) {
        for (key, value) in changes.iter() {
            match value {
                Some(value) => drop(self.0.insert(*key, value.clone())),
                None => drop(self.0.remove(key)),
            }
        }
    }

    pub(crate) fn told(&self) -> BTreeMap<Address, Told> {
        let mut told: BTreeMap<Address, Told> = BTreeMap::new();
        for (key, value) in &self.0 {
            match key {
                StateKey::Account(address) => {
                    let account = decode_account(value).unwrap();
                    let one = told.entry(*address).or_default();
                    one.nonce = account.nonce;
                    one.balance = account.balance;
                    one.code_hash = account.code_hash();
                }
                StateKey::Storage(address, key) => {
                    let slot = key.as_bytes().try_into().unwrap();
                    let word = U256::from_be_slice(value);
                    told.entry(*address).or_default().storage.insert(slot, word);
                }
                StateKey::Code(_) | StateKey::CodeSize(_) | StateKey::Bytecode(_) => {}
            }
        }
        told
    }
}

impl View for World {
    fn get(&self, key: &StateKey) -> Result<Option<Value>, StoreError> {
        Ok(self.0.get(key).cloned())
    }

    fn storage_keys(&self, contract: &Address) -> Result<Vec<StorageKey>, StoreError> {
        let keys = self.0.keys().filter_map(|key| match key {
            StateKey::Storage(owner, key) if owner == contract => Some(*key),
            _ => None,
        });
        Ok(keys.collect())
    }
}
