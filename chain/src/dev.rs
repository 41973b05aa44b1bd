//! Users and endowments, for local chains and tests: coins that no rule of a real chain creates.

use bessemer_types::{Address, U256};
use sha3::{Digest, Keccak256};

use crate::account::Account;
use crate::chain::{Chain, ChainError};
use crate::header::{Header, Roots};
use crate::journal::{Journal, JournalError};
use crate::store::BlockCommit;

impl Chain {
    /// The account of a user by name, for local chains: the address follows from the name, and a new
    /// user gets an endowment. It has no key.
    ///
    /// # Errors
    ///
    /// [`ChainError::Store`] if the endowment cannot be stored.
    pub fn user(&mut self, name: &str) -> Result<Address, ChainError> {
        let address = Self::user_address(name);
        let account = self.account(&address)?;
        if account.is_empty() {
            self.endow(&address, self.config().endowment)?;
        }
        Ok(address)
    }

    /// The address of a user by name, on every chain.
    pub fn user_address(name: &str) -> Address {
        let hash = Keccak256::new().chain_update("bessemer user ").chain_update(name);
        let digest: [u8; 32] = hash.finalize().into();
        let (_, last) = digest.split_last_chunk::<20>().expect("a digest has 32 bytes");
        Address::new(*last)
    }

    /// The most coins that one endowment may create.
    pub const MOST_ENDOWED: U256 = U256::from_limbs([0, 0, 0, 1]);

    /// Creates coins for an account, in a block of its own: how a chain begins.
    ///
    /// # Errors
    ///
    /// [`ChainError::Supply`] for more than 2^192: as each endowment is a block, and there are fewer
    /// than 2^64 of them, all accounts together never have 2^256. And [`ChainError::Store`].
    pub fn endow(&mut self, address: &Address, amount: U256) -> Result<(), ChainError> {
        if amount > Self::MOST_ENDOWED {
            return Err(ChainError::Supply { amount });
        }
        let info = self.next_block(None);
        let mut journal = Journal::new(self.view());
        journal.begin(None);
        let found = journal.account(address)?;
        let balance = found.account.balance.checked_add(amount).ok_or(JournalError::Supply)?;
        journal.set_account(found.id, Account { balance, ..found.account })?;
        let changes = journal.changes();
        let (state, rows) = match self.store().commitment(&changes)? {
            Some(commitment) => (Some(commitment.root), commitment.rows),
            None => (None, Vec::new()),
        };
        let header = Header {
            height: info.height,
            timestamp: info.timestamp,
            gas_limit: self.config().block_gas,
            parent: self.head_hash(),
            roots: state.map(|state| Roots::new(state, &[], &[])),
            schedule: self.config().prices.id,
            ..Header::default()
        };
        let block = BlockCommit { header: header.clone(), changes, rows, ..BlockCommit::default() };
        self.store().commit(block)?;
        self.advance(header);
        Ok(())
    }
}
