//! Proofs of state: an account, and what it stores.

use alloc::vec::Vec;

use crate::rlp::item;
use crate::{AccountLeaf, EMPTY_ROOT, Hash, Malformed, ProofError, verify_with};

/// The proof of one account and of values that it stores, as `eth_getProof` answers it.
///
/// ```
/// use bessemer_trie::{AccountLeaf, AccountProof, EMPTY_ROOT, Nodes, Trie, keccak256};
///
/// let address = [7; 20];
/// let leaf = AccountLeaf { nonce: 1, ..AccountLeaf::default() };
/// let key = keccak256(&address);
/// let mut trie = Trie::at(EMPTY_ROOT);
/// trie.update(&Nodes::default(), &mut [(key, Some(leaf.to_rlp()))])?;
/// let proof = AccountProof {
///     address,
///     account: Some(leaf),
///     nodes: trie.prove(&Nodes::default(), &key)?,
///     storage: Vec::new(),
/// };
/// proof.verify(&trie.root())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountProof {
    /// The address.
    pub address: [u8; 20],
    /// The account in the trie; `None` if it has none.
    pub account: Option<AccountLeaf>,
    /// The nodes from the state root on.
    pub nodes: Vec<Vec<u8>>,
    /// Stored values.
    pub storage: Vec<StorageProof>,
}

/// The proof of one value that an account stores, or of its absence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageProof {
    /// The key as the contract knows it; its hash is the way through the trie.
    pub key: Vec<u8>,
    /// The value; `None` if nothing is stored under the key.
    pub value: Option<Vec<u8>>,
    /// The nodes from the account's storage root on.
    pub nodes: Vec<Vec<u8>>,
}

/// Why an account's proof does not prove what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StateProofError {
    /// The nodes of the account prove nothing.
    #[error("the account is not proved: {0}")]
    Account(ProofError),
    /// The nodes prove another account than the one that is stated.
    #[error("the nodes prove another account than the one that is stated")]
    OtherAccount,
    /// The nodes of a stored value prove nothing.
    #[error("stored value {0} is not proved: {1}")]
    Storage(usize, ProofError),
    /// The nodes prove another value than the one that is stated.
    #[error("the nodes of stored value {0} prove another value than the one that is stated")]
    OtherValue(usize),
}

impl AccountProof {
    /// Checks all that the proof says against a state root.
    ///
    /// # Errors
    ///
    /// If the root does not have exactly this account and these values.
    #[cfg(feature = "keccak")]
    pub fn verify(&self, root: &Hash) -> Result<(), StateProofError> {
        self.verify_with(root, crate::keccak256)
    }

    /// Like `verify`, with another way to compute Keccak-256.
    ///
    /// # Errors
    ///
    /// As `verify`.
    pub fn verify_with(
        &self,
        root: &Hash,
        keccak: impl Fn(&[u8]) -> Hash,
    ) -> Result<(), StateProofError> {
        let found = verify_with(root, &keccak(&self.address), &self.nodes, &keccak);
        let found = found.map_err(StateProofError::Account)?;
        if found != self.account.map(|account| account.to_rlp()).as_deref() {
            return Err(StateProofError::OtherAccount);
        }
        let root = self.account.map_or(EMPTY_ROOT, |account| account.storage_root);
        for (at, storage) in self.storage.iter().enumerate() {
            let found = verify_with(&root, &keccak(&storage.key), &storage.nodes, &keccak);
            let found = found.map_err(|error| StateProofError::Storage(at, error))?;
            if found != storage.value.as_deref().map(storage_leaf).as_deref() {
                return Err(StateProofError::OtherValue(at));
            }
        }
        Ok(())
    }
}

/// The value of the leaf that has a stored value.
pub fn storage_leaf(value: &[u8]) -> Vec<u8> {
    alloy_rlp::encode(value)
}

/// The stored value in a leaf.
///
/// # Errors
///
/// For bytes that [`storage_leaf`] does not make.
pub fn storage_value(mut leaf: &[u8]) -> Result<&[u8], Malformed> {
    match item(&mut leaf)? {
        value if !value.list && leaf.is_empty() => Ok(value.payload),
        _ => Err(Malformed("a stored value is not one string")),
    }
}
