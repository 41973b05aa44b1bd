//! Accounts.

use bessemer_image::CodeHash;
use bessemer_types::U256;
use sha3::{Digest, Keccak256};

/// One account in the state. An account that is all zero does not exist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Transactions sent and contracts created.
    pub nonce: u64,
    /// The balance, in the smallest unit.
    pub balance: U256,
    /// The code; `None` for an account without code.
    pub code: Option<Code>,
    /// Whether the account exists although it is empty. That is possible only under Ethereum's rules
    /// from before EIP-161; everywhere else it is `false`.
    pub present: bool,
}

/// The code of an account: its kind, which is recorded and never guessed from the bytes, and its
/// hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// A RISC-V program: the hash of its ELF file.
    RiscV(CodeHash),
    /// EVM bytecode: the Keccak-256 hash of its bytes.
    Evm(CodeHash),
}

/// The bytes before the hash of the file in the [designator](Code::designator) of a RISC-V program.
pub const DESIGNATOR_PREFIX: [u8; 4] = [0xef, b'R', b'V', 1];

/// The Keccak-256 hash of no bytes, which Ethereum gives as the code hash of an account without code.
pub const NO_CODE_HASH: [u8; 32] = [
    0xc5, 0xd2, 0x46, 0x01, 0x86, 0xf7, 0x23, 0x3c, 0x92, 0x7e, 0x7d, 0xb2, 0xdc, 0xc7, 0x03, 0xc0,
    0xe5, 0x00, 0xb6, 0x53, 0xca, 0x82, 0x27, 0x3b, 0x7b, 0xfa, 0xd8, 0x04, 0x5d, 0x85, 0xa4, 0x70,
];

impl Account {
    /// Whether nonce, balance and code are those of an account that was never used (EIP-161).
    pub fn is_empty(&self) -> bool {
        self.nonce == 0 && self.balance.is_zero() && self.code.is_none()
    }

    /// Whether the state holds the account.
    pub fn exists(&self) -> bool {
        self.present || !self.is_empty()
    }

    /// The hash of the file, if the account is a RISC-V contract.
    pub fn program(&self) -> Option<CodeHash> {
        match self.code? {
            Code::RiscV(hash) => Some(hash),
            Code::Evm(_) => None,
        }
    }

    /// The code hash of the account as Ethereum encodes accounts: [`NO_CODE_HASH`] without code, the
    /// hash of bytecode, or the hash of the designator of a RISC-V program.
    pub fn code_hash(&self) -> [u8; 32] {
        match self.code {
            None => NO_CODE_HASH,
            Some(Code::Evm(hash)) => *hash.as_bytes(),
            Some(Code::RiscV(hash)) => Keccak256::digest(Code::designator(&hash)).into(),
        }
    }
}

impl Code {
    /// The hash of the file or the bytecode.
    pub fn hash(&self) -> &CodeHash {
        match self {
            Self::RiscV(hash) | Self::Evm(hash) => hash,
        }
    }

    /// The code of a RISC-V contract, as Ethereum's tools and EVM contracts see it: `0xef` (which no
    /// bytecode begins with, EIP-3541), `RV`, 1, and the hash of the file.
    pub fn designator(file: &CodeHash) -> [u8; 36] {
        let mut bytes = [0; 36];
        let (prefix, hash) = bytes.split_at_mut(DESIGNATOR_PREFIX.len());
        prefix.copy_from_slice(&DESIGNATOR_PREFIX);
        hash.copy_from_slice(file.as_bytes());
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_hashes_are_those_of_the_bytes_that_ethereum_sees() {
        let keccak = |bytes: &[u8]| <[u8; 32]>::from(Keccak256::digest(bytes));
        let account = |code| Account { code, ..Account::default() };
        assert_eq!(account(None).code_hash(), keccak(b""));
        let file = CodeHash::of(b"file");
        assert_eq!(account(Some(Code::Evm(file))).code_hash(), keccak(b"file"));
        let seen = [&DESIGNATOR_PREFIX[..], file.as_bytes()].concat();
        assert_eq!(account(Some(Code::RiscV(file))).code_hash(), keccak(&seen));
    }
}
