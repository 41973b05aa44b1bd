//! State in versions: each is a value, and shares with the others what is equal.

use std::sync::Arc;

use alloy_primitives::{B256, U256, keccak256};
use bessemer_chain::store::{ChangeSet, StoreError, View, decode_account};
use bessemer_chain::{Account, Address, Code, StateKey, StorageKey, Value};
use bessemer_trie::{AccountLeaf, Change, EMPTY_ROOT, Node, Place, Source, Trie};
use rpds::HashTrieMapSync as Map;

/// One version of the state, with its root. A clone costs nothing, and later versions do not change
/// it.
#[derive(Clone)]
pub struct World {
    accounts: Map<Address, Entry>,
    /// Files of programs with what is kept beside them, and bytecode.
    codes: Map<StateKey, Value>,
    nodes: Rows,
    root: B256,
}

/// Everything that belongs to one account.
#[derive(Clone)]
struct Entry {
    /// The account as stores keep it; `None` if nothing but storage is there.
    account: Option<Value>,
    storage: Map<StorageKey, Value>,
    nodes: Rows,
    root: B256,
}

/// Nodes of a trie by place.
#[derive(Clone, Default)]
struct Rows(Map<Vec<u8>, Arc<[u8]>>);

/// The proof of an account and some of its values, as `eth_getProof` answers.
pub struct Proof {
    /// The nodes from the state root on.
    pub account: Vec<Vec<u8>>,
    /// The root of the account's storage.
    pub storage_root: B256,
    /// The nodes from that root on, for each key.
    pub storage: Vec<Vec<Vec<u8>>>,
}

impl Default for World {
    fn default() -> Self {
        Self {
            accounts: Map::new_sync(),
            codes: Map::new_sync(),
            nodes: Rows::default(),
            root: EMPTY_ROOT.into(),
        }
    }
}

impl Default for Entry {
    fn default() -> Self {
        let (storage, nodes) = (Map::new_sync(), Rows::default());
        Self { account: None, storage, nodes, root: EMPTY_ROOT.into() }
    }
}

impl World {
    /// The root of the state (Yellow Paper, section 4.1).
    pub fn root(&self) -> B256 {
        self.root
    }

    /// The state after these changes.
    ///
    /// # Errors
    ///
    /// If a stored account or a node of a trie is not what was stored.
    pub fn with(&self, changes: ChangeSet) -> Result<Self, StoreError> {
        let mut next = self.clone();
        let mut accounts: Vec<(Address, Entry)> = Vec::new();
        let mut slots: Vec<Change> = Vec::new();
        // changes come in the order of keys: first all accounts, then the values of each
        for (key, value) in changes {
            match key {
                StateKey::Account(address) => {
                    let mut entry = next.entry(&address);
                    entry.account = value;
                    next.accounts.insert_mut(address, entry.clone());
                    accounts.push((address, entry));
                }
                StateKey::Storage(address, key) => {
                    if accounts.last().is_none_or(|(last, _)| *last != address) {
                        next.finish_storage(accounts.last(), &mut slots)?;
                        let entry = next.entry(&address);
                        accounts.push((address, entry));
                    }
                    let entry = &mut accounts.last_mut().expect("one was just pushed").1;
                    slots.push((
                        keccak256(key.as_bytes()).0,
                        value.as_deref().map(alloy_rlp::encode),
                    ));
                    match value {
                        Some(value) => entry.storage.insert_mut(key, value),
                        None => {
                            entry.storage.remove_mut(&key);
                        }
                    }
                }
                key => match value {
                    Some(value) => next.codes.insert_mut(key, value),
                    None => {
                        next.codes.remove_mut(&key);
                    }
                },
            }
        }
        next.finish_storage(accounts.last(), &mut slots)?;

        let mut leaves = Vec::with_capacity(accounts.len());
        for (address, _) in accounts {
            let entry = next.entry(&address);
            let leaf = entry.leaf()?.map(|leaf| leaf.to_rlp());
            if leaf.is_none() && entry.storage.is_empty() {
                next.accounts.remove_mut(&address);
            }
            leaves.push((keccak256(address.as_bytes()).0, leaf));
        }
        next.root = next.nodes.update(next.root, &mut leaves)?;
        Ok(next)
    }

    /// Ends the changes of one account's storage.
    fn finish_storage(
        &mut self,
        changed: Option<&(Address, Entry)>,
        slots: &mut Vec<Change>,
    ) -> Result<(), StoreError> {
        let Some((address, entry)) = changed.filter(|_| !slots.is_empty()) else { return Ok(()) };
        let mut entry = entry.clone();
        entry.root = entry.nodes.update(entry.root, slots)?;
        slots.clear();
        self.accounts.insert_mut(*address, entry);
        Ok(())
    }

    fn entry(&self, address: &Address) -> Entry {
        self.accounts.get(address).cloned().unwrap_or_default()
    }

    /// An account; zeros if it was never used.
    ///
    /// # Errors
    ///
    /// If the stored bytes are not an account.
    pub fn account(&self, address: &Address) -> Result<Account, StoreError> {
        let Some(entry) = self.accounts.get(address) else { return Ok(Account::default()) };
        Ok(entry.account()?.unwrap_or_default())
    }

    /// A stored value.
    pub fn storage(&self, address: &Address, key: &StorageKey) -> Option<&Value> {
        self.accounts.get(address)?.storage.get(key)
    }

    /// A slot of an EVM contract, or of any other whose keys have 32 bytes.
    pub fn slot(&self, address: &Address, slot: U256) -> U256 {
        let key = StorageKey::new(&slot.to_be_bytes::<32>()).expect("32 bytes are a key");
        let value = self.storage(address, &key).map(|value| value.to_vec()).unwrap_or_default();
        U256::try_from_be_slice(value.get(..32).unwrap_or(&value)).unwrap_or_default()
    }

    /// The code of an account for Ethereum's tools: bytecode, or the designator of a program.
    ///
    /// # Errors
    ///
    /// If the stored bytes are not an account.
    pub fn code(&self, address: &Address) -> Result<Vec<u8>, StoreError> {
        Ok(match self.account(address)?.code {
            None => Vec::new(),
            Some(Code::Evm(hash)) => self
                .codes
                .get(&StateKey::Bytecode(hash))
                .map(|code| code.to_vec())
                .unwrap_or_default(),
            Some(Code::RiscV(hash)) => Code::designator(&hash).to_vec(),
        })
    }

    /// All accounts, in any order.
    pub fn addresses(&self) -> impl Iterator<Item = &Address> {
        self.accounts.keys()
    }

    /// All keys and values, as changes that make this state of an empty one.
    pub fn all(&self) -> ChangeSet {
        let mut all = Vec::new();
        for (address, entry) in self.accounts.iter() {
            all.push((StateKey::Account(*address), entry.account.clone()));
            let stored = entry.storage.iter();
            all.extend(
                stored.map(|(key, value)| (StateKey::Storage(*address, *key), Some(value.clone()))),
            );
        }
        all.extend(self.codes.iter().map(|(key, value)| (*key, Some(value.clone()))));
        ChangeSet::new(all)
    }

    /// The storage of an account, in any order.
    pub fn stored(&self, address: &Address) -> Vec<(StorageKey, Value)> {
        let Some(entry) = self.accounts.get(address) else { return Vec::new() };
        entry.storage.iter().map(|(key, value)| (*key, value.clone())).collect()
    }

    /// The proof of an account and of values with these keys.
    ///
    /// # Errors
    ///
    /// If a node of a trie is not what was stored.
    pub fn prove(&self, address: &Address, keys: &[StorageKey]) -> Result<Proof, StoreError> {
        let entry = self.entry(address);
        let mut storage = Trie::at(entry.root.0);
        let proofs = keys.iter().map(|key| {
            let proof = storage.prove(&entry.nodes, &keccak256(key.as_bytes()).0)?;
            // the storage of an account without any has no nodes
            Ok(proof)
        });
        Ok(Proof {
            account: Trie::at(self.root.0).prove(&self.nodes, &keccak256(address.as_bytes()).0)?,
            storage_root: entry.root,
            storage: proofs.collect::<Result<_, StoreError>>()?,
        })
    }
}

impl Entry {
    fn account(&self) -> Result<Option<Account>, StoreError> {
        Ok(self.account.as_ref().map(|value| decode_account(value)).transpose()?)
    }

    /// The leaf in the trie of accounts; `None` if the account does not exist.
    fn leaf(&self) -> Result<Option<AccountLeaf>, StoreError> {
        let account = self.account()?.unwrap_or_default();
        Ok(account.exists().then(|| AccountLeaf {
            nonce: account.nonce,
            balance: account.balance.to_be_bytes(),
            storage_root: self.root.0,
            code_hash: account.code_hash(),
        }))
    }
}

impl Rows {
    /// Changes the trie with this root, and gives the new root.
    fn update(&mut self, root: B256, changes: &mut [Change]) -> Result<B256, StoreError> {
        let mut trie = Trie::in_rows(root.0);
        trie.update(&*self, changes)?;
        let root = trie.root();
        for (place, row) in trie.take_rows() {
            match row {
                Some(row) => self.0.insert_mut(place.to_bytes(), row.into()),
                None => {
                    self.0.remove_mut(&place.to_bytes());
                }
            }
        }
        Ok(root.into())
    }
}

impl Source for Rows {
    type Error = StoreError;

    fn load(&self, place: &Place, _hash: &bessemer_trie::Hash) -> Result<Node, StoreError> {
        let row = self.0.get(&place.to_bytes()).ok_or("a node of the state trie is missing");
        let node = row
            .map_err(<_>::into)
            .and_then(|row| Node::from_row(row, place).map_err(|error| error.to_string().into()));
        node.map_err(StoreError::Other)
    }
}

impl View for World {
    fn get(&self, key: &StateKey) -> Result<Option<Value>, StoreError> {
        Ok(match key {
            StateKey::Account(address) => {
                self.accounts.get(address).and_then(|entry| entry.account.clone())
            }
            StateKey::Storage(address, key) => self.storage(address, key).cloned(),
            key => self.codes.get(key).cloned(),
        })
    }

    fn has_storage(&self, contract: &Address) -> Result<bool, StoreError> {
        Ok(self.accounts.get(contract).is_some_and(|entry| !entry.storage.is_empty()))
    }

    fn storage_keys(&self, contract: &Address) -> Result<Vec<StorageKey>, StoreError> {
        let entry = self.accounts.get(contract);
        Ok(entry.map(|entry| entry.storage.keys().copied().collect()).unwrap_or_default())
    }
}
