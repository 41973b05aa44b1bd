//! Execution without state: blocks over a witness.
//!
//! A [`Witness`] has what one block needs of the state before it: nodes of the tries, files and
//! bytecode. [`execute`] runs the block over it with the ordinary executor, and arrives at the same
//! receipts and the same header as a node that has the state, or fails: what a witness lacks is an
//! error, and what it has is checked against the state root of the parent.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bessemer_image::CodeHash;
use bessemer_runtime::Engine;
use bessemer_trie::{
    AccountLeaf, EMPTY_CODE, EMPTY_ROOT, Hash, Node, NodeError, Nodes, Place, Source, keccak256,
};
use bessemer_types::{Address, U256};
use serde::{Deserialize, Serialize};

use crate::account::{Account, Code, DESIGNATOR_PREFIX};
use crate::block::Sealed;
use crate::chain::{Chain, ChainConfig, ChainError};
use crate::encoding::encode_account;
use crate::header::Header;
use crate::key::{StateKey, StorageKey};
use crate::size::CodeSize;
use crate::store::commitment::{self, Commitment, FILES, Reader, Tries, exists};
use crate::store::{BlockCommit, ChangeSet, Store, StoreError, View};
use crate::transaction::Transaction;
use crate::value::Value;

/// The part of the state before a block that the block needs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Witness {
    /// Nodes of the tries in RLP, each once, in the order of their hashes.
    pub nodes: Vec<Bytes>,
    /// Files of RISC-V programs that run.
    pub files: Vec<Bytes>,
    /// Hashes of the files of RISC-V accounts that are looked up: what their code hash is made of.
    pub programs: Vec<Hash>,
    /// Bytecode of EVM accounts that are looked up.
    pub bytecodes: Vec<Bytes>,
}

/// Bytes of a witness.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Bytes(#[serde(with = "serde_bytes")] pub Vec<u8>);

/// Bytes that are not a witness.
#[derive(Debug, thiserror::Error)]
#[error("these {len} bytes are not a witness: {source}")]
pub struct WitnessError {
    len: usize,
    source: postcard::Error,
}

impl Witness {
    /// The witness as bytes, in postcard's encoding.
    pub fn to_bytes(&self) -> Vec<u8> {
        postcard::to_stdvec(self).expect("lists of bytes have an encoding")
    }

    /// The witness with these bytes.
    ///
    /// # Errors
    ///
    /// For bytes that [`Witness::to_bytes`] does not make.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WitnessError> {
        let wrong = |source| WitnessError { len: bytes.len(), source };
        match postcard::take_from_bytes(bytes).map_err(wrong)? {
            (witness, []) => Ok(witness),
            _ => Err(wrong(postcard::Error::SerdeDeCustom)),
        }
    }
}

/// Runs a block over its witness, and gives its header and its receipts.
///
/// The caller knows the parent's header to be right, and compares what comes back with the header that
/// the block claims.
///
/// # Errors
///
/// [`ChainError::Store`] if the witness lacks something, [`ChainError::Refused`] if a transaction
/// cannot be part of the block, and the host's failures.
pub fn execute<'t>(
    engine: &Engine,
    config: ChainConfig,
    parent: &Header,
    timestamp: u64,
    transactions: impl IntoIterator<Item = &'t Transaction>,
    witness: Witness,
) -> Result<Sealed, ChainError> {
    let mut chain = chain(engine, config, parent, witness)?;
    let mut block = chain.block_at(timestamp);
    for transaction in transactions {
        block.push(transaction)?;
    }
    block.commit()
}

/// A chain whose state is a witness. It can run the block that the witness was made for.
///
/// # Errors
///
/// [`ChainError::Store`] if the parent commits to no state.
pub fn chain(
    engine: &Engine,
    config: ChainConfig,
    parent: &Header,
    witness: Witness,
) -> Result<Chain, ChainError> {
    Chain::on(engine, Arc::new(WitnessStore::new(parent, witness)?), config)
}

/// State made of a witness.
struct WitnessStore {
    head: Mutex<Header>,
    root: Hash,
    nodes: Nodes,
    files: BTreeMap<Hash, Value>,
    /// Code of accounts, by code hash.
    codes: BTreeMap<Hash, Code>,
    bytecodes: BTreeMap<Hash, Value>,
    reader: Mutex<Reader>,
}

impl WitnessStore {
    fn new(parent: &Header, witness: Witness) -> Result<Self, StoreError> {
        let roots = parent.roots.as_ref();
        let root = roots.ok_or(StoreError::Unsupported { what: "state root" })?.state;
        let mut codes = BTreeMap::new();
        let mut bytecodes = BTreeMap::new();
        for Bytes(bytecode) in witness.bytecodes {
            // a program of RISC-V is named by its file, or a witness could say what kind it is
            if bytecode.starts_with(&DESIGNATOR_PREFIX) {
                continue;
            }
            let hash = keccak256(&bytecode);
            codes.insert(hash, Code::Evm(CodeHash::from_bytes(hash)));
            bytecodes.insert(hash, Value::from(&*bytecode));
        }
        for hash in witness.programs {
            let hash = CodeHash::from_bytes(hash);
            codes.insert(keccak256(&Code::designator(&hash)), Code::RiscV(hash));
        }
        let files = witness.files.into_iter();
        Ok(Self {
            head: Mutex::new(parent.clone()),
            root,
            nodes: witness.nodes.into_iter().map(|node| node.0).collect(),
            files: files
                .map(|file| (*CodeHash::of(&file.0).as_bytes(), Value::from(&*file.0)))
                .collect(),
            codes,
            bytecodes,
            reader: Mutex::new(Reader::new(root)),
        })
    }

    fn reader(&self) -> MutexGuard<'_, Reader> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn head(&self) -> MutexGuard<'_, Header> {
        self.head.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn account(&self, leaf: &AccountLeaf) -> Result<Account, StoreError> {
        let code = match leaf.code_hash {
            EMPTY_CODE => None,
            hash => Some(*self.codes.get(&hash).ok_or(StoreError::Witness {
                what: format!("what the code of an account is, {}", CodeHash::from_bytes(hash)),
            })?),
        };
        let account = Account {
            nonce: leaf.nonce,
            balance: U256::from_be_bytes(leaf.balance),
            code,
            present: false,
        };
        let present = exists(leaf) && account.is_empty();
        Ok(Account { present, ..account })
    }
}

impl View for WitnessStore {
    fn get(&self, key: &StateKey) -> Result<Option<Value>, StoreError> {
        let missing = |what: String| StoreError::Witness { what };
        match key {
            StateKey::Account(address) => {
                let Some(leaf) = self.reader().account(self, address)? else { return Ok(None) };
                Ok(encode_account(&self.account(&leaf)?))
            }
            StateKey::Storage(address, key) => {
                let value = self.reader().stored(self, address, key.as_bytes())?;
                Ok(value.map(|value| Value::from(&*value)))
            }
            StateKey::Code(hash) => {
                if self.reader().stored(self, &FILES, hash.as_bytes())?.is_none() {
                    return Ok(None);
                }
                let file = self.files.get(hash.as_bytes());
                file.cloned().map(Some).ok_or_else(|| missing(format!("the file {hash}")))
            }
            StateKey::CodeSize(hash) => {
                let value = self.reader().stored(self, &FILES, hash.as_bytes())?;
                // what is shorter is the number of the file's bytes
                let size = value.filter(|value| CodeSize::decode(value).is_ok());
                Ok(size.map(|size| Value::from(&*size)))
            }
            StateKey::Bytecode(hash) => {
                // that of every account that was looked up is here, or the account is an error
                Ok(self.bytecodes.get(hash.as_bytes()).cloned())
            }
        }
    }

    fn has_storage(&self, contract: &Address) -> Result<bool, StoreError> {
        let leaf = self.reader().account(self, contract)?;
        Ok(leaf.is_some_and(|leaf| leaf.storage_root != EMPTY_ROOT))
    }

    fn storage_keys(&self, contract: &Address) -> Result<Vec<StorageKey>, StoreError> {
        // tries have only the hashes of keys
        match self.has_storage(contract)? {
            false => Ok(Vec::new()),
            true => {
                Err(StoreError::Witness { what: format!("the keys under which {contract} stores") })
            }
        }
    }
}

impl Store for WitnessStore {
    fn head(&self) -> Result<Option<Header>, StoreError> {
        let head = WitnessStore::head(self).clone();
        Ok((head.height > 0).then_some(head))
    }

    fn commit(&self, block: BlockCommit<'_>) -> Result<(), StoreError> {
        let mut head = WitnessStore::head(self);
        block.check_follows(Some(head.height))?;
        *head = block.header;
        Ok(())
    }

    fn commitment(&self, changes: &ChangeSet) -> Result<Option<Commitment>, StoreError> {
        // it has the nodes on the way of most changes
        let reader = std::mem::replace(&mut *self.reader(), Reader::new(self.root));
        commitment::apply(self, reader, changes, None).map(Some)
    }

    fn commits(&self) -> bool {
        true
    }
}

impl Tries for WitnessStore {
    type Source<'a> = Needed<'a>;

    fn accounts(&self) -> Needed<'_> {
        Needed(&self.nodes)
    }

    fn storage(&self, _: Hash) -> Needed<'_> {
        Needed(&self.nodes)
    }
}

/// The nodes of a witness.
struct Needed<'a>(&'a Nodes);

impl Source for Needed<'_> {
    type Error = StoreError;

    fn load(&self, place: &Place, hash: &Hash) -> Result<Node, StoreError> {
        self.0.load(place, hash).map_err(|error| match error {
            NodeError::Missing { .. } => StoreError::Witness { what: error.to_string() },
            error => StoreError::Commitment { what: error.to_string() },
        })
    }
}

/// The part of a view's state that these keys and changes need.
pub(crate) fn witness(
    view: &dyn View,
    keys: impl Iterator<Item = StateKey>,
    ran: impl Iterator<Item = CodeHash>,
    changes: &ChangeSet,
) -> Result<(Witness, Commitment), StoreError> {
    let tries = commitment::InRows(view);
    let root = commitment::root(view)?;
    let mut reader = Reader::in_rows(root);
    let mut nodes = Nodes::default();
    let mut programs = BTreeMap::new();
    let mut files = BTreeMap::new();
    let mut bytecodes = BTreeMap::new();
    let keep_bytecode = |hash: CodeHash, bytecodes: &mut BTreeMap<_, _>| {
        if let Some(code) = view.get(&StateKey::Bytecode(hash))? {
            bytecodes.insert(hash, Bytes(code.to_vec()));
        }
        Ok::<_, StoreError>(())
    };
    for key in keys {
        match key {
            StateKey::Account(address) => {
                reader.prove_account(&tries, &address, &mut nodes)?;
                let account = view.get(&key)?;
                let account = account.map(|bytes| crate::encoding::decode_account(&bytes));
                match account.transpose()?.and_then(|account| account.code) {
                    None => {}
                    Some(Code::RiscV(hash)) => drop(programs.insert(hash, *hash.as_bytes())),
                    Some(Code::Evm(hash)) => keep_bytecode(hash, &mut bytecodes)?,
                }
            }
            StateKey::Storage(address, key) => {
                reader.prove_stored(&tries, &address, key.as_bytes(), &mut nodes)?;
            }
            StateKey::Code(hash) => {
                reader.prove_stored(&tries, &FILES, hash.as_bytes(), &mut nodes)?;
                if let Some(file) = view.get(&key)? {
                    files.insert(hash, Bytes(file.to_vec()));
                }
            }
            StateKey::CodeSize(hash) => {
                reader.prove_stored(&tries, &FILES, hash.as_bytes(), &mut nodes)?;
            }
            StateKey::Bytecode(hash) => keep_bytecode(hash, &mut bytecodes)?,
        }
    }
    for hash in ran {
        if let Some(file) = view.get(&StateKey::Code(hash))? {
            reader.prove_stored(&tries, &FILES, hash.as_bytes(), &mut nodes)?;
            files.insert(hash, Bytes(file.to_vec()));
        }
    }
    let commitment = commitment::apply(&tries, reader, changes, Some(&mut nodes))?;
    let witness = Witness {
        nodes: nodes.iter().map(|node| Bytes(node.to_vec())).collect(),
        files: files.into_values().collect(),
        programs: programs.into_values().collect(),
        bytecodes: bytecodes.into_values().collect(),
    };
    Ok((witness, commitment))
}
