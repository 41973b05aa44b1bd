//! The encoding of keys and accounts in stores: one canonical form each.
//!
//! | Key | Bytes |
//! |---|---|
//! | account | 0, address (20) |
//! | storage | 1, address (20), key (0 to 64) |
//! | file of a RISC-V program | 2, hash (32) |
//! | EVM bytecode | 3, hash (32) |
//! | sizes of such a file | 4, hash (32) |
//!
//! An account is nonce (8, least significant byte first), balance (32, likewise), and then its code:
//! 0 for none, 1 and the hash (32) for a RISC-V program, 2 and the hash for EVM bytecode, 3 for an
//! account that exists although it is empty. An account that does not exist is not stored. The order
//! of keys is the order of their bytes.

use std::ops::Deref;

use bessemer_abi::limits::KEY_BYTES;
use bessemer_image::CodeHash;
use bessemer_types::{Address, U256};

use crate::account::{Account, Code};
use crate::key::{StateKey, StorageKey};
use crate::value::Value;

/// Bytes that are not a key, or not an account.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the database has {len} bytes that are not {what}; restore it from a copy")]
pub struct EncodingError {
    what: &'static str,
    len: usize,
}

impl EncodingError {
    pub(crate) fn new(what: &'static str, len: usize) -> Self {
        Self { what, len }
    }
}

const ACCOUNT: u8 = 0;
const STORAGE: u8 = 1;
const CODE: u8 = 2;
const BYTECODE: u8 = 3;
const CODE_SIZE: u8 = 4;

const NO_CODE: u8 = 0;
const RISCV: u8 = 1;
const EVM: u8 = 2;
const EMPTY: u8 = 3;

/// The bytes of a key; ordered as keys are.
#[derive(Clone, Copy)]
pub struct KeyBytes {
    len: u8,
    bytes: [u8; Self::MOST],
}

impl KeyBytes {
    const MOST: usize = 1 + 20 + KEY_BYTES as usize;
}

impl Deref for KeyBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

/// The bytes of a key.
pub fn encode_key(key: &StateKey) -> KeyBytes {
    let mut bytes = [0; KeyBytes::MOST];
    let parts: [&[u8]; 3] = match key {
        StateKey::Account(address) => [&[ACCOUNT], address.as_bytes(), &[]],
        StateKey::Storage(address, key) => [&[STORAGE], address.as_bytes(), key.as_bytes()],
        StateKey::Code(hash) => [&[CODE], hash.as_bytes(), &[]],
        StateKey::Bytecode(hash) => [&[BYTECODE], hash.as_bytes(), &[]],
        StateKey::CodeSize(hash) => [&[CODE_SIZE], hash.as_bytes(), &[]],
    };
    let mut len = 0;
    for part in parts {
        bytes[len..][..part.len()].copy_from_slice(part);
        len += part.len();
    }
    KeyBytes { len: len as u8, bytes }
}

/// The prefix of the keys of all stored values of an account.
#[cfg(feature = "redb")]
pub(crate) fn storage_prefix(contract: &Address) -> [u8; 21] {
    let mut prefix = [STORAGE; 21];
    prefix[1..].copy_from_slice(contract.as_bytes());
    prefix
}

/// The key with these bytes.
///
/// # Errors
///
/// For bytes that [`encode_key`] does not make.
pub fn decode_key(bytes: &[u8]) -> Result<StateKey, EncodingError> {
    let wrong = EncodingError { what: "a key", len: bytes.len() };
    let (&domain, rest) = bytes.split_first().ok_or(wrong.clone())?;
    if matches!(domain, CODE | BYTECODE) {
        let hash = CodeHash::from_bytes(rest.try_into().map_err(|_| wrong)?);
        let key = if domain == CODE { StateKey::Code } else { StateKey::Bytecode };
        return Ok(key(hash));
    }
    if domain == CODE_SIZE {
        let hash = rest.try_into().map_err(|_| wrong)?;
        return Ok(StateKey::CodeSize(CodeHash::from_bytes(hash)));
    }
    let (address, rest) = rest.split_first_chunk().ok_or(wrong.clone())?;
    let address = Address::new(*address);
    match domain {
        ACCOUNT if rest.is_empty() => Ok(StateKey::Account(address)),
        STORAGE => {
            let key = StorageKey::new(rest).map_err(|_| wrong)?;
            Ok(StateKey::Storage(address, key))
        }
        _ => Err(wrong),
    }
}

/// The bytes of an account; `None` for one that does not exist.
pub fn encode_account(account: &Account) -> Option<Value> {
    if !account.exists() {
        return None;
    }
    let mut bytes = [0; 8 + 32 + 1 + 32];
    bytes[..8].copy_from_slice(&account.nonce.to_le_bytes());
    bytes[8..40].copy_from_slice(&account.balance.to_le_bytes::<32>());
    let (kind, hash) = match &account.code {
        None if account.is_empty() => (EMPTY, None),
        None => (NO_CODE, None),
        Some(Code::RiscV(hash)) => (RISCV, Some(hash)),
        Some(Code::Evm(hash)) => (EVM, Some(hash)),
    };
    bytes[40] = kind;
    let Some(hash) = hash else { return Some(Value::from(&bytes[..41])) };
    bytes[41..].copy_from_slice(hash.as_bytes());
    Some(Value::from(&bytes[..]))
}

/// The account with these bytes.
///
/// # Errors
///
/// For bytes that [`encode_account`] does not make.
pub fn decode_account(bytes: &[u8]) -> Result<Account, EncodingError> {
    let parse = || {
        let (nonce, rest) = bytes.split_first_chunk()?;
        let (balance, rest) = rest.split_first_chunk()?;
        let hash = |bytes: &[u8]| Some(CodeHash::from_bytes(bytes.try_into().ok()?));
        let (code, present) = match rest {
            [NO_CODE] => (None, false),
            [RISCV, bytes @ ..] => (Some(Code::RiscV(hash(bytes)?)), false),
            [EVM, bytes @ ..] => (Some(Code::Evm(hash(bytes)?)), false),
            [EMPTY] => (None, true),
            _ => return None,
        };
        let (nonce, balance) = (u64::from_le_bytes(*nonce), U256::from_le_bytes::<32>(*balance));
        let account = Account { nonce, balance, code, present };
        Some(account).filter(|account| account.is_empty() == present)
    };
    parse().ok_or(EncodingError { what: "an account", len: bytes.len() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_accounts_have_one_form() {
        let address = Address::new([7; 20]);
        let keys = [
            StateKey::Account(address),
            StateKey::Storage(address, StorageKey::new(b"").unwrap()),
            StateKey::Storage(address, StorageKey::new(&[9; 64]).unwrap()),
            StateKey::Code(CodeHash::of(b"code")),
            StateKey::Bytecode(CodeHash::of(b"code")),
            StateKey::CodeSize(CodeHash::of(b"code")),
        ];
        assert!(keys.is_sorted());
        assert!(keys.map(|key| encode_key(&key).to_vec()).is_sorted());
        for key in keys {
            assert_eq!(decode_key(&encode_key(&key)), Ok(key));
        }
        let hash = CodeHash::of(b"");
        let used = Account { nonce: 3, balance: U256::MAX, ..Account::default() };
        let accounts = [
            used,
            Account { code: Some(Code::RiscV(hash)), ..used },
            Account { code: Some(Code::Evm(hash)), ..used },
            Account { present: true, ..Account::default() },
        ];
        for account in accounts {
            let bytes = encode_account(&account).unwrap();
            assert_eq!(decode_account(&bytes), Ok(account));
            for len in 0..bytes.len() {
                assert!(decode_account(&bytes[..len]).is_err(), "{len}");
            }
            assert!(decode_account(&[&bytes[..], &[0]].concat()).is_err());
        }
        assert_eq!(encode_account(&Account::default()), None);
        assert!(decode_account(&[0; 41]).is_err(), "an empty account is not stored");
        for wrong in [&[][..], &[0], &[5; 33], &[0; 22], &[1; 86], &[2; 32]] {
            assert!(decode_key(wrong).is_err(), "{wrong:?}");
        }
    }
}
