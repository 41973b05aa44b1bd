//! The leaves of the trie of accounts.

use alloc::vec::Vec;

use alloy_rlp::{Encodable, Header};

use crate::rlp::{Malformed, item};
use crate::{EMPTY_ROOT, Hash};

/// The hash of no code.
pub const EMPTY_CODE: Hash = [
    0xc5, 0xd2, 0x46, 0x01, 0x86, 0xf7, 0x23, 0x3c, 0x92, 0x7e, 0x7d, 0xb2, 0xdc, 0xc7, 0x03, 0xc0,
    0xe5, 0x00, 0xb6, 0x53, 0xca, 0x82, 0x27, 0x3b, 0x7b, 0xfa, 0xd8, 0x04, 0x5d, 0x85, 0xa4, 0x70,
];

/// An account as Ethereum's trie has it: the RLP list of these four.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountLeaf {
    /// Transactions sent and contracts created.
    pub nonce: u64,
    /// The balance, the most significant byte first.
    pub balance: [u8; 32],
    /// The root of the trie of what the account stores.
    pub storage_root: Hash,
    /// The Keccak-256 hash of the account's code.
    pub code_hash: Hash,
}

impl Default for AccountLeaf {
    fn default() -> Self {
        let (storage_root, code_hash) = (EMPTY_ROOT, EMPTY_CODE);
        Self { nonce: 0, balance: [0; 32], storage_root, code_hash }
    }
}

impl AccountLeaf {
    /// The value of the account's leaf.
    pub fn to_rlp(&self) -> Vec<u8> {
        let balance = significant(&self.balance);
        let payload_length = self.nonce.length() + balance.length() + 33 + 33;
        let mut out = Vec::with_capacity(payload_length + 3);
        Header { list: true, payload_length }.encode(&mut out);
        self.nonce.encode(&mut out);
        balance.encode(&mut out);
        self.storage_root.encode(&mut out);
        self.code_hash.encode(&mut out);
        out
    }

    /// The account with this leaf.
    ///
    /// # Errors
    ///
    /// For bytes that [`AccountLeaf::to_rlp`] does not make.
    pub fn from_rlp(mut rlp: &[u8]) -> Result<Self, Malformed> {
        let wrong = Malformed("an account is not in its form");
        let list = item(&mut rlp)?;
        if !list.list || !rlp.is_empty() {
            return Err(wrong);
        }
        let mut rest = list.payload;
        let mut string = || {
            item(&mut rest).and_then(|item| if item.list { Err(wrong) } else { Ok(item.payload) })
        };
        let (nonce, balance, root, code) = (string()?, string()?, string()?, string()?);
        if !rest.is_empty() {
            return Err(wrong);
        }
        Ok(Self {
            nonce: u64::from_be_bytes(number(nonce).ok_or(wrong)?),
            balance: number(balance).ok_or(wrong)?,
            storage_root: root.try_into().map_err(|_| wrong)?,
            code_hash: code.try_into().map_err(|_| wrong)?,
        })
    }
}

/// A number without its leading zeros.
fn significant(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|&&byte| byte == 0).count();
    &number[zeros..]
}

/// A number that has no leading zeros, with them.
fn number<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    let mut number = [0; N];
    let begin = N.checked_sub(bytes.len())?;
    number[begin..].copy_from_slice(bytes);
    (bytes.first() != Some(&0)).then_some(number)
}
