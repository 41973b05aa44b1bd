//! Accounts.

use bessemer_image::CodeHash;
use bessemer_types::U256;

/// One account in the state. An account that is all zero does not exist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Transactions sent and contracts created.
    pub nonce: u64,
    /// What the account owns, in the smallest unit.
    pub balance: U256,
    /// The code of a contract; `None` for an account of a person.
    pub code: Option<CodeHash>,
}

impl Account {
    /// Whether the account is one that was never used.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
