//! The state under one root: Ethereum's tries of accounts and of what each stores.
//!
//! `docs/commitment.md` describes them to the byte. Here a [`ChangeSet`] becomes changes of
//! tries, wherever their nodes come from: from rows of a store, or from a witness.

use std::collections::BTreeMap;

use bessemer_trie::{
    AccountLeaf, AccountProof, Change, EMPTY_ROOT, Hash, Node, Nodes, Place, Source, StorageProof,
    Trie, keccak256, storage_leaf, storage_value,
};
use bessemer_types::Address;

use crate::account::Account;
use crate::encoding::{decode_account, decode_key};
use crate::key::{StateKey, StorageKey};
use crate::store::{ChangeSet, Store, StoreError, View};
use crate::value::Value;

/// The address in whose storage the state lists its program files. The key is the file's hash. The value
/// is the file's sizes, or only its length if the sizes are not recorded. No account has this address.
pub const FILES: Address = Address::new(*b"\xefRV\x01bessemer files\0\0");

/// The state that a block leaves, as a store keeps it beside the values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Commitment {
    /// The root.
    pub root: Hash,
    /// The changes of the rows that a store keeps.
    pub rows: CommitmentRows,
}

/// Rows of the state's tries by name; `None` for those that go.
pub type CommitmentRows = Vec<(Vec<u8>, Option<Vec<u8>>)>;

/// Where the nodes of the tries come from.
pub(crate) trait Tries {
    type Source<'a>: Source<Error = StoreError>
    where
        Self: 'a;

    fn accounts(&self) -> Self::Source<'_>;
    /// The trie of what the account with this hashed address stores.
    fn storage(&self, account: Hash) -> Self::Source<'_>;
}

/// Tries in the rows of a store.
pub(crate) struct InRows<'v>(pub(crate) &'v dyn View);

/// The rows of one trie.
pub(crate) struct RowsOf<'v> {
    view: &'v dyn View,
    prefix: Prefix,
}

/// The prefix of the names of a trie's rows.
#[derive(Clone, Copy)]
enum Prefix {
    Accounts,
    Storage(Hash),
}

/// The name of the row that has the root. The others' are longer.
const ROOT: &[u8] = &[];

impl Prefix {
    fn name(&self, place: &Place) -> Vec<u8> {
        let mut name = Vec::with_capacity(1 + 32 + 33);
        match self {
            Self::Accounts => name.push(0),
            Self::Storage(account) => {
                name.push(1);
                name.extend_from_slice(account);
            }
        }
        name.extend_from_slice(&place.to_bytes());
        name
    }
}

impl Tries for InRows<'_> {
    type Source<'a>
        = RowsOf<'a>
    where
        Self: 'a;

    fn accounts(&self) -> RowsOf<'_> {
        RowsOf { view: self.0, prefix: Prefix::Accounts }
    }

    fn storage(&self, account: Hash) -> RowsOf<'_> {
        RowsOf { view: self.0, prefix: Prefix::Storage(account) }
    }
}

impl Source for RowsOf<'_> {
    type Error = StoreError;

    fn load(&self, place: &Place, hash: &Hash) -> Result<Node, StoreError> {
        let damaged = |what: String| StoreError::Commitment { what };
        let mut node = None;
        self.view.row(&self.prefix.name(place), &mut |row| {
            node = Some(Node::from_row(row, place));
        })?;
        let node = node.ok_or_else(|| {
            damaged(format!(
                "a node at depth {} is missing, {}",
                place.depth(),
                hex::encode_prefixed(hash)
            ))
        })?;
        node.map_err(|error| damaged(error.to_string()))
    }
}

/// The root of the state that a view has.
pub(crate) fn root(view: &dyn View) -> Result<Hash, StoreError> {
    let mut root = Ok(EMPTY_ROOT);
    view.row(ROOT, &mut |row| {
        let wrong = || StoreError::Commitment { what: "the root is not a hash".to_owned() };
        root = row.try_into().map_err(|_| wrong());
    })?;
    root
}

/// The state after these changes of what a view has.
pub(crate) fn after(view: &dyn View, changes: &ChangeSet) -> Result<Commitment, StoreError> {
    apply(&InRows(view), Reader::in_rows(root(view)?), changes, None)
}

/// The changes that a block makes to one account.
#[derive(Default)]
struct AccountChange {
    record: Option<Option<Account>>,
    storage: Vec<Change>,
}

/// The state after these changes of what a reader has. Nodes that the changes need and that are on no
/// changed key's way go to `siblings`.
pub(crate) fn apply<T: Tries>(
    tries: &T,
    reader: Reader,
    changes: &ChangeSet,
    mut siblings: Option<&mut Nodes>,
) -> Result<Commitment, StoreError> {
    let Reader { accounts: mut trie, storage: mut known, rows: keeps_rows } = reader;
    let mut rows = Vec::new();
    let source = tries.accounts();
    let mut leaves = Vec::new();
    for (address, change) in by_account(changes)? {
        let hashed = keccak256(address.as_bytes());
        let before = trie.get(&source, &hashed)?.map(read_leaf).transpose()?;
        let mut leaf = before.unwrap_or_default();
        let exists = match &change.record {
            Some(record) => record.is_some(),
            None => before.is_some_and(|leaf| exists(&leaf)),
        };
        if let Some(record) = change.record {
            let storage_root = leaf.storage_root;
            leaf = AccountLeaf { storage_root, ..leaf_of(&record.unwrap_or_default()) };
        }
        if !change.storage.is_empty() {
            let stored = known.remove(&hashed);
            let mut stored = stored.unwrap_or_else(|| trie_at(leaf.storage_root, keeps_rows));
            update(&mut stored, &tries.storage(hashed), change.storage, &mut siblings)?;
            leaf.storage_root = stored.root();
            collect(&mut rows, Prefix::Storage(hashed), stored);
        }
        let stays = exists || leaf.storage_root != EMPTY_ROOT;
        leaves.push((hashed, stays.then(|| leaf.to_rlp())));
    }
    update(&mut trie, &source, leaves, &mut siblings)?;
    let root = trie.root();
    collect(&mut rows, Prefix::Accounts, trie);
    if keeps_rows {
        rows.push((ROOT.to_vec(), Some(root.to_vec())));
    }
    Ok(Commitment { root, rows })
}

fn trie_at(root: Hash, in_rows: bool) -> Trie {
    if in_rows { Trie::in_rows(root) } else { Trie::at(root) }
}

fn update<S: Source<Error = StoreError>>(
    trie: &mut Trie,
    source: &S,
    mut changes: Vec<Change>,
    siblings: &mut Option<&mut Nodes>,
) -> Result<(), StoreError> {
    match siblings {
        Some(siblings) => trie.update_recorded(source, &mut changes, siblings),
        None => trie.update(source, &mut changes),
    }
}

fn collect(rows: &mut CommitmentRows, prefix: Prefix, mut trie: Trie) {
    rows.extend(trie.take_rows().into_iter().map(|(place, row)| (prefix.name(&place), row)));
}

/// The changes of each account's leaf, in the order of addresses.
fn by_account(changes: &ChangeSet) -> Result<BTreeMap<Address, AccountChange>, StoreError> {
    let mut accounts: BTreeMap<Address, AccountChange> = BTreeMap::new();
    for (key, value) in changes.iter() {
        match key {
            StateKey::Account(address) => {
                let record = value.map(|value| decode_account(value)).transpose()?;
                accounts.entry(*address).or_default().record = Some(record);
            }
            StateKey::Storage(address, key) => {
                let change = (keccak256(key.as_bytes()), value.map(|value| storage_leaf(value)));
                accounts.entry(*address).or_default().storage.push(change);
            }
            StateKey::Code(hash) => {
                let value = value.map(|file| storage_leaf(&number(file.len())));
                let change = (keccak256(hash.as_bytes()), value);
                accounts.entry(FILES).or_default().storage.push(change);
            }
            // comes after the file's own key, and takes the place of its length
            StateKey::CodeSize(hash) => {
                let change = (keccak256(hash.as_bytes()), value.map(|size| storage_leaf(size)));
                accounts.entry(FILES).or_default().storage.push(change);
            }
            // it follows from the code hashes of accounts
            StateKey::Bytecode(_) => {}
        }
    }
    Ok(accounts)
}

/// A number, the most significant byte first, without leading zeros.
fn number(number: usize) -> Vec<u8> {
    number.to_be_bytes().into_iter().skip_while(|&byte| byte == 0).collect()
}

/// The leaf of an account that stores nothing.
fn leaf_of(account: &Account) -> AccountLeaf {
    AccountLeaf {
        nonce: account.nonce,
        balance: account.balance.to_be_bytes(),
        storage_root: EMPTY_ROOT,
        code_hash: account.code_hash(),
    }
}

/// Whether there is an account, and not only something stored under its address. An account that has
/// nothing at all and yet a leaf exists by Ethereum's rules from before EIP-161.
pub(crate) fn exists(leaf: &AccountLeaf) -> bool {
    let bare = AccountLeaf { storage_root: leaf.storage_root, ..AccountLeaf::default() };
    *leaf != bare || leaf.storage_root == EMPTY_ROOT
}

pub(crate) fn read_leaf(rlp: &[u8]) -> Result<AccountLeaf, StoreError> {
    let damaged =
        |error: bessemer_trie::Malformed| StoreError::Commitment { what: error.to_string() };
    AccountLeaf::from_rlp(rlp).map_err(damaged)
}

/// Tries of which parts are in memory, to look things up.
pub(crate) struct Reader {
    accounts: Trie,
    storage: BTreeMap<Hash, Trie>,
    /// Whether changes give rows.
    rows: bool,
}

impl Reader {
    pub(crate) fn new(root: Hash) -> Self {
        Self { accounts: Trie::at(root), storage: BTreeMap::new(), rows: false }
    }

    /// Tries whose changes give rows.
    pub(crate) fn in_rows(root: Hash) -> Self {
        Self { accounts: Trie::in_rows(root), storage: BTreeMap::new(), rows: true }
    }

    /// The leaf of an account.
    pub(crate) fn account<T: Tries>(
        &mut self,
        tries: &T,
        address: &Address,
    ) -> Result<Option<AccountLeaf>, StoreError> {
        let hashed = keccak256(address.as_bytes());
        self.accounts.get(&tries.accounts(), &hashed)?.map(read_leaf).transpose()
    }

    /// A value that an account stores.
    pub(crate) fn stored<T: Tries>(
        &mut self,
        tries: &T,
        address: &Address,
        key: &[u8],
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let Some((hashed, trie)) = self.trie_of(tries, address)? else { return Ok(None) };
        let leaf = trie.get(&tries.storage(hashed), &keccak256(key))?;
        let value = leaf.map(|leaf| storage_value(leaf).map(<[u8]>::to_vec)).transpose();
        value.map_err(|error| StoreError::Commitment { what: error.to_string() })
    }

    /// Adds the nodes that say what the account is.
    pub(crate) fn prove_account<T: Tries>(
        &mut self,
        tries: &T,
        address: &Address,
        nodes: &mut Nodes,
    ) -> Result<(), StoreError> {
        self.accounts.prove_all(&tries.accounts(), [&keccak256(address.as_bytes())], nodes)
    }

    /// Adds the nodes that say what the account stores under a key.
    pub(crate) fn prove_stored<T: Tries>(
        &mut self,
        tries: &T,
        address: &Address,
        key: &[u8],
        nodes: &mut Nodes,
    ) -> Result<(), StoreError> {
        self.prove_account(tries, address, nodes)?;
        let Some((hashed, trie)) = self.trie_of(tries, address)? else { return Ok(()) };
        trie.prove_all(&tries.storage(hashed), [&keccak256(key)], nodes)
    }

    /// The proof of an account and of some of its values.
    pub(crate) fn proof<T: Tries>(
        &mut self,
        tries: &T,
        address: &Address,
        keys: &[StorageKey],
    ) -> Result<AccountProof, StoreError> {
        let hashed = keccak256(address.as_bytes());
        let account = self.account(tries, address)?;
        let nodes = self.accounts.prove(&tries.accounts(), &hashed)?;
        let mut storage = Vec::with_capacity(keys.len());
        for key in keys {
            let key = key.as_bytes().to_vec();
            let value = self.stored(tries, address, &key)?;
            let nodes = match self.trie_of(tries, address)? {
                Some((hashed, trie)) => trie.prove(&tries.storage(hashed), &keccak256(&key))?,
                None => Vec::new(),
            };
            storage.push(StorageProof { key, value, nodes });
        }
        Ok(AccountProof { address: *address.as_bytes(), account, nodes, storage })
    }

    /// The trie of what an account stores, under its hashed address; `None` without an account.
    fn trie_of<T: Tries>(
        &mut self,
        tries: &T,
        address: &Address,
    ) -> Result<Option<(Hash, &mut Trie)>, StoreError> {
        let Some(leaf) = self.account(tries, address)? else { return Ok(None) };
        let hashed = keccak256(address.as_bytes());
        let begin = || trie_at(leaf.storage_root, self.rows);
        let trie = self.storage.entry(hashed).or_insert_with(begin);
        Ok(Some((hashed, trie)))
    }
}

/// Builds the tries anew from all accounts, values and files that a store has, and compares them with
/// what it keeps of them. Gives the root. Reads everything, and takes memory for the whole state.
///
/// # Errors
///
/// [`StoreError::Commitment`] if something differs, also for a store that commits to nothing, and if
/// the store cannot be read.
pub fn verify(store: &dyn Store) -> Result<Hash, StoreError> {
    let mut changes = Vec::new();
    let mut wrong = None;
    store.for_each(&mut |key, value| match decode_key(key) {
        Ok(key) => changes.push((key, Some(Value::from(value)))),
        Err(error) => wrong = Some(error),
    })?;
    if let Some(error) = wrong {
        return Err(error.into());
    }
    let built = apply(&Nowhere, Reader::in_rows(EMPTY_ROOT), &ChangeSet::new(changes), None)?;
    let stated = root(store)?;
    if stated != built.root {
        let [stated, built] = [stated, built.root].map(hex::encode_prefixed);
        let what = format!("the root is {stated}, of what is stored {built}");
        return Err(StoreError::Commitment { what });
    }
    // a store without any block has not even the row of the root
    for (name, row) in built.rows.iter().filter(|(name, _)| !name.is_empty()) {
        let mut kept = None;
        store.row(name, &mut |row| kept = Some(row.to_vec()))?;
        if kept != *row {
            let what = format!("the row {} is not what it should be", hex::encode_prefixed(name));
            return Err(StoreError::Commitment { what });
        }
    }
    Ok(built.root)
}

/// Tries without nodes.
struct Nowhere;

impl Tries for Nowhere {
    type Source<'a> = Self;

    fn accounts(&self) -> Self {
        Self
    }

    fn storage(&self, _: Hash) -> Self {
        Self
    }
}

impl Source for Nowhere {
    type Error = StoreError;

    fn load(&self, place: &Place, _: &Hash) -> Result<Node, StoreError> {
        let what = format!("there is no node at depth {}", place.depth());
        Err(StoreError::Commitment { what })
    }
}
