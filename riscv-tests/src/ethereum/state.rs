//! States: as fixtures give them, as views, and their roots.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result};
use bessemer_chain::store::{
    BlockCommit, ChangeSet, MemoryStore, Store, StoreError, View, decode_account, encode_account,
};
use bessemer_chain::{Account, Address, Code, CodeHash, Header, StateKey, StorageKey, U256, Value};
use bessemer_evm::alloy_primitives::B256;

use super::fixture;
use super::number::{Fixed, Number};

/// All keys and values of a state.
#[derive(Clone, Debug, Default)]
pub(super) struct State(BTreeMap<StateKey, Value>);

/// An account with its storage.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Whole {
    pub(super) account: Account,
    pub(super) storage: BTreeMap<B256, U256>,
}

impl State {
    /// The state that a fixture gives.
    pub(super) fn of(accounts: &BTreeMap<Fixed<20>, fixture::Account>) -> Result<Self> {
        let mut state = BTreeMap::new();
        for (address, account) in accounts {
            let address = Address::new(address.0);
            let whole = whole(account)?;
            if let Some(Code::Evm(hash)) = whole.account.code {
                state.insert(StateKey::Bytecode(hash), Value::from(account.code.0.as_slice()));
            }
            if let Some(value) = encode_account(&whole.account) {
                state.insert(StateKey::Account(address), value);
            }
            for (slot, word) in &whole.storage {
                let key = StateKey::Storage(address, StorageKey::of_word(slot.0));
                state.insert(key, Value::from(digits(&word.to_be_bytes())));
            }
        }
        Ok(Self(state))
    }

    /// The state after changes.
    pub(super) fn apply(&mut self, changes: &ChangeSet) {
        for (key, value) in changes.iter() {
            match value {
                Some(value) => drop(self.0.insert(*key, value.clone())),
                None => drop(self.0.remove(key)),
            }
        }
    }

    /// The accounts with their storage.
    pub(super) fn accounts(&self) -> Result<BTreeMap<Address, Whole>> {
        let mut accounts: BTreeMap<Address, Whole> = BTreeMap::new();
        for (key, value) in &self.0 {
            match key {
                StateKey::Account(address) => {
                    accounts.entry(*address).or_default().account = decode_account(value)?;
                }
                StateKey::Storage(address, key) => {
                    let slot = B256::try_from(key.as_bytes()).context("a slot has 32 bytes")?;
                    let word = U256::try_from_be_slice(value).context("a word has 32 bytes")?;
                    accounts.entry(*address).or_default().storage.insert(slot, word);
                }
                _ => {}
            }
        }
        Ok(accounts)
    }

    /// The root of this state after changes, as a block computes it: the tries of this state, updated.
    /// Without changes, that is the root of the state.
    pub(super) fn root_after(&self, changes: &ChangeSet) -> Result<B256> {
        let store = MemoryStore::with_root();
        let all = self.0.iter().map(|(key, value)| (*key, Some(value.clone())));
        let all = ChangeSet::new(all.collect());
        let before = store.commitment(&all)?.context("the store has roots")?;
        let header = Header { height: 1, ..Header::default() };
        let rows = before.rows;
        store.commit(BlockCommit { header, rows, ..BlockCommit::default() })?;
        let after = store.commitment(changes)?.context("the store has roots")?;
        Ok(after.root.into())
    }
}

/// The account that a fixture gives. One that is empty exists all the same.
pub(super) fn whole(account: &fixture::Account) -> Result<Whole> {
    let word = |number: &Number| number.word().context("a number of the state is above 2^256");
    let code = (!account.code.0.is_empty()).then(|| Code::Evm(CodeHash::of(&account.code.0)));
    let mut whole = Whole {
        account: Account {
            nonce: account.nonce.short().context("a nonce of the state is above 2^64")?,
            balance: word(&account.balance)?,
            code,
            present: false,
        },
        storage: BTreeMap::new(),
    };
    whole.account.present = whole.account.is_empty();
    for (slot, value) in &account.storage {
        let slot: Number = serde_json::from_value(slot.clone().into())?;
        let value = word(value)?;
        if !value.is_zero() {
            whole.storage.insert(B256::from(word(&slot)?), value);
        }
    }
    Ok(whole)
}

/// A number without leading zeros.
fn digits(word: &[u8; 32]) -> &[u8] {
    let zeros = word.iter().take_while(|&&byte| byte == 0).count();
    &word[zeros..]
}

/// A state as what a block begins with.
#[derive(Debug)]
pub(super) struct Before(pub(super) Arc<State>);

impl View for Before {
    fn get(&self, key: &StateKey) -> Result<Option<Value>, StoreError> {
        Ok(self.0.0.get(key).cloned())
    }

    fn storage_keys(&self, contract: &Address) -> Result<Vec<StorageKey>, StoreError> {
        let first = StateKey::Storage(*contract, StorageKey::new(&[]).expect("it has no byte"));
        let stored = self.0.0.range(first..).map_while(|(key, _)| match key {
            StateKey::Storage(owner, key) if owner == contract => Some(*key),
            _ => None,
        });
        Ok(stored.collect())
    }
}
