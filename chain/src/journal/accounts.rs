//! Accounts.

use bessemer_types::Address;

use super::{AccountEntry, AccountId, Journal, JournalError, Undo};
use crate::account::Account;
use crate::encoding::decode_account;
use crate::key::StateKey;
use crate::store::{StoreError, View};

impl Journal {
    /// Looks an account up.
    ///
    /// # Errors
    ///
    /// If it was not declared, or the view fails.
    #[inline]
    pub fn account(&mut self, address: &Address) -> Result<AccountEntry, JournalError> {
        let key = || StateKey::Account(*address);
        let id = self.accounts.find(
            address,
            || self.allowed.read(key),
            || load_account(&*self.view, &key()),
        )?;
        if self.expected.as_ref() == Some(address) {
            self.accounts.warm(id);
        }
        let (warm, account) = (self.accounts.is_warm(id), *self.accounts.value(id));
        Ok(AccountEntry { id: AccountId(id), warm, account })
    }

    /// An account that was looked up, as it is now.
    #[inline]
    pub fn account_at(&self, id: AccountId) -> &Account {
        self.accounts.value(id.0)
    }

    /// Marks the account as warm: the transaction has paid for its first access. A revert keeps the mark.
    #[inline]
    pub fn touch_account(&mut self, id: AccountId) {
        self.accounts.warm(id.0);
    }

    /// Like [`touch_account`](Self::touch_account), but a revert to before this point removes the mark.
    #[inline]
    pub fn warm_account(&mut self, id: AccountId) {
        if !self.accounts.is_warm(id.0) {
            self.accounts.warm(id.0);
            self.undo.push(Undo::ColdAccount(id.0));
        }
    }

    /// Whether the transaction has paid for the first access. Looks nothing up.
    #[inline]
    pub fn is_warm_account(&self, address: &Address) -> bool {
        self.expected.as_ref() == Some(address)
            || self.accounts.find_loaded(address).is_some_and(|id| self.accounts.is_warm(id))
    }

    /// Whether the transaction has looked the account up.
    #[cfg(feature = "evm")]
    pub(crate) fn uses_account(&self, address: &Address) -> bool {
        self.accounts.find_loaded(address).is_some_and(|id| self.accounts.is_used(id))
    }

    /// Has an account warm for the rest of the transaction, without looking it up.
    #[cfg(feature = "evm")]
    pub(crate) fn warm_unseen(&mut self, address: Address) {
        self.expected = Some(address);
    }

    /// Checks that the account may be changed, and records it in the access list as written, even if it is not
    /// changed afterwards: otherwise the same transaction would fail with that list.
    ///
    /// # Errors
    ///
    /// If that was not declared.
    #[inline]
    pub fn may_set_account(&mut self, id: AccountId) -> Result<(), JournalError> {
        self.allowed.write(|| StateKey::Account(*self.accounts.key(id.0)))?;
        self.accounts.claim(id.0);
        Ok(())
    }

    /// Changes an account.
    ///
    /// # Errors
    ///
    /// If that was not declared.
    #[inline]
    pub fn set_account(&mut self, id: AccountId, account: Account) -> Result<(), JournalError> {
        self.may_set_account(id)?;
        let present = account.is_empty() && (account.present || self.keeps_empty);
        if present && !self.keeps_empty {
            self.touched.push(id.0);
        }
        let before = self.accounts.write(id.0, Account { present, ..account });
        self.undo.push(Undo::Account(id.0, before));
        Ok(())
    }

    /// Whether every account that is written exists from then on, even if it is empty: Ethereum's
    /// rule before EIP-161.
    pub fn keep_empty_accounts(&mut self, keep: bool) {
        self.keeps_empty = keep;
    }
}

fn load_account(view: &dyn View, key: &StateKey) -> Result<Account, JournalError> {
    let Some(bytes) = view.get(key)? else { return Ok(Account::default()) };
    Ok(decode_account(&bytes).map_err(StoreError::from)?)
}
