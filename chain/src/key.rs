//! The keys of the state.

use std::fmt;
use std::hash::{Hash, Hasher};

use bessemer_abi::limits::KEY_BYTES;
use bessemer_image::CodeHash;
use bessemer_types::Address;

/// The key of a stored value within one contract: up to 64 bytes. A slot of 32 bytes is one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct StorageKey {
    len: u8,
    bytes: [u8; KEY_BYTES as usize],
}

/// The key of one value of the state.
///
/// Keys are ordered as their encodings are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StateKey {
    /// An account: nonce, balance, code hash.
    Account(Address),
    /// A value that a contract stored.
    Storage(Address, StorageKey),
    /// The file of a RISC-V program, stored once for all accounts that have it.
    Code(CodeHash),
    /// EVM bytecode, stored once for all accounts that have it. It is kept apart from files: bytes that
    /// an EVM contract stored never pass for a checked program.
    Bytecode(CodeHash),
    /// How large that file is: what a frame of it costs, known before it is loaded.
    CodeSize(CodeHash),
}

/// A key that is too long to be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a storage key has at most {KEY_BYTES} bytes, this one has {0}")]
pub struct KeyTooLong(pub usize);

impl StorageKey {
    /// The key with these bytes.
    ///
    /// # Errors
    ///
    /// For more than 64 bytes.
    pub fn new(key: &[u8]) -> Result<Self, KeyTooLong> {
        let mut bytes = [0; KEY_BYTES as usize];
        bytes.get_mut(..key.len()).ok_or(KeyTooLong(key.len()))?.copy_from_slice(key);
        Ok(Self { len: key.len() as u8, bytes })
    }

    /// The key that is a word: a slot of an EVM contract.
    pub fn of_word(word: [u8; 32]) -> Self {
        let mut bytes = [0; KEY_BYTES as usize];
        bytes[..32].copy_from_slice(&word);
        Self { len: 32, bytes }
    }

    /// The bytes of the key.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

impl Hash for StorageKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // what is behind the key is always zero, and nothing follows a key that a length would set apart
        state.write(self.as_bytes());
    }
}

impl PartialOrd for StorageKey {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for StorageKey {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl fmt::Debug for StorageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode_prefixed(self.as_bytes()))
    }
}

impl fmt::Display for StateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(address) => write!(f, "account {address}"),
            Self::Storage(address, key) => write!(f, "key {key:?} of {address}"),
            Self::Code(hash) => write!(f, "code {hash}"),
            Self::Bytecode(hash) => write!(f, "bytecode {hash}"),
            Self::CodeSize(hash) => write!(f, "the size of code {hash}"),
        }
    }
}
