//! State as an EVM frame sees it: the interpreter's host over the journal.

use std::borrow::Cow;

use bessemer_evm::alloy_primitives::{Address, B256, Bytes, Log, U256};
use bessemer_evm::interpreter::bytecode::Bytecode;
use bessemer_evm::interpreter::context_interface::cfg::GasParams;
use bessemer_evm::interpreter::context_interface::host::LoadError;
use bessemer_evm::interpreter::context_interface::journaled_state::AccountInfoLoad;
use bessemer_evm::interpreter::state::AccountInfo;
use bessemer_evm::interpreter::{Host, SStoreResult, SelfDestructResult, StateLoad};
use bessemer_evm::{Fork, Rules};

use crate::account::{Account, Code};
use crate::bytecode::{HostFailure, ours, theirs};
use crate::event::Event;
use crate::host::Session;
use crate::inspect::Observation;
use crate::journal::{AccountId, SlotId};
use crate::key::StorageKey;
use crate::value::Value;

/// The host of the EVM frame that runs.
pub(crate) struct EvmHost<'s> {
    pub(crate) session: &'s mut Session,
    rules: &'s Rules,
    /// Why the frame ended with a host failure.
    pub(crate) failure: Option<HostFailure>,
}

/// The result of looking up a stored word.
struct Stored {
    id: SlotId,
    is_cold: bool,
    /// At the begin of the transaction.
    original: U256,
    present: U256,
}

impl<'s> EvmHost<'s> {
    pub(crate) fn new(session: &'s mut Session, rules: &'s Rules) -> Self {
        Self { session, rules, failure: None }
    }

    fn fail<T>(&mut self, failure: impl Into<HostFailure>) -> Result<T, LoadError> {
        self.failure = Some(failure.into());
        Err(LoadError::DBError)
    }

    /// Looks an account up and warms it. With `skip_cold`, a cold one is left without a trace.
    fn load(
        &mut self,
        address: &Address,
        skip_cold: bool,
    ) -> Result<(AccountId, Account, bool), LoadError> {
        let ours = ours(address);
        let journal = &mut self.session.journal;
        let built_in = self.rules.precompiles.is_warm(address);
        if skip_cold && !built_in && !journal.is_warm_account(&ours) {
            return Err(LoadError::ColdLoadSkipped);
        }
        let entry = match journal.account(&ours) {
            Ok(entry) => entry,
            Err(error) => return self.fail(error),
        };
        let is_cold = !entry.warm && !built_in;
        if !entry.warm {
            journal.warm_account(entry.id);
        }
        Ok((entry.id, entry.account, is_cold))
    }

    /// Looks a stored value up and warms it. With `skip_cold`, a cold one is left without a trace.
    #[inline]
    fn load_slot(
        &mut self,
        contract: &bessemer_types::Address,
        key: &StorageKey,
        skip_cold: bool,
    ) -> Result<Stored, LoadError> {
        let journal = &mut self.session.journal;
        if skip_cold && !journal.is_warm(contract, key) {
            return Err(LoadError::ColdLoadSkipped);
        }
        let entry = match journal.storage(contract, key) {
            Ok(entry) => entry,
            Err(error) => return self.fail(error),
        };
        let (id, is_cold) = (entry.id, !entry.warm);
        let (original, present) = (word(entry.original), word(entry.value));
        if is_cold {
            journal.warm(id);
        }
        Ok(Stored { id, is_cold, original, present })
    }

    fn set(&mut self, id: AccountId, account: Account) -> Result<(), LoadError> {
        match self.session.journal.set_account(id, account) {
            Ok(()) => Ok(()),
            Err(error) => self.fail(error),
        }
    }

    /// Whether the account is empty by the rules; before EIP-161, whether it does not exist.
    fn is_empty(&self, account: &Account) -> bool {
        if self.rules.has(Fork::SpuriousDragon) { account.is_empty() } else { !account.exists() }
    }

    /// The code as EVM contracts see it.
    fn code(&mut self, account: &Account) -> Result<Bytecode, LoadError> {
        match &account.code {
            None => Ok(Bytecode::new()),
            Some(Code::RiscV(hash)) => {
                Ok(Bytecode::new_legacy(Bytes::copy_from_slice(&Code::designator(hash))))
            }
            Some(Code::Evm(hash)) => {
                let Session { evm, journal, .. } = &mut *self.session;
                match evm.codes.of(&evm.rules, hash, journal) {
                    Ok(code) => Ok(code),
                    Err(error) => self.fail(error),
                }
            }
        }
    }
}

/// A slot as a key of the state.
fn slot(key: &U256) -> StorageKey {
    StorageKey::of_word(key.to_be_bytes())
}

/// A stored value as a word: the number of which it has the digits, most significant first. Longer
/// values, which only a RISC-V program stores, give their last 32 bytes.
fn word(value: Option<&[u8]>) -> U256 {
    let value = value.unwrap_or_default();
    U256::from_be_slice(&value[value.len().saturating_sub(32)..])
}

/// A word as a stored value: its digits without leading zeros; nothing for zero.
pub(crate) fn stored(word: &U256) -> Option<Value> {
    let bytes = word.to_be_bytes::<32>();
    let digits = &bytes[word.leading_zeros() / 8..];
    (!digits.is_empty()).then(|| Value::from(digits))
}

impl Host for EvmHost<'_> {
    fn basefee(&self) -> U256 {
        self.session.block.base_fee
    }

    fn blob_gasprice(&self) -> U256 {
        self.session.block.blob_base_fee
    }

    fn gas_limit(&self) -> U256 {
        U256::from(self.session.block.gas_limit)
    }

    fn difficulty(&self) -> U256 {
        self.session.block.difficulty
    }

    fn prevrandao(&self) -> Option<U256> {
        Some(U256::from_be_bytes(self.session.block.prev_randao))
    }

    fn block_number(&self) -> U256 {
        U256::from(self.session.block.height)
    }

    fn timestamp(&self) -> U256 {
        U256::from(self.session.block.timestamp)
    }

    fn beneficiary(&self) -> Address {
        theirs(&self.session.block.coinbase)
    }

    fn slot_num(&self) -> U256 {
        U256::ZERO
    }

    fn chain_id(&self) -> U256 {
        U256::from(self.session.block.chain_id)
    }

    fn effective_gas_price(&self) -> U256 {
        self.session.evm.gas_price
    }

    fn caller(&self) -> Address {
        theirs(&self.session.origin)
    }

    fn blob_hash(&self, number: usize) -> Option<U256> {
        self.session.evm.blob_hashes.get(number).map(|hash| U256::from_be_bytes(*hash))
    }

    fn max_initcode_size(&self) -> usize {
        // the instruction checks it, because initcode with a file has another limit
        usize::MAX
    }

    fn gas_params(&self) -> &GasParams {
        &self.rules.gas
    }

    fn is_amsterdam_eip8037_enabled(&self) -> bool {
        false
    }

    fn block_hash(&mut self, number: u64) -> Option<B256> {
        Some((self.session.evm.hashes)(number).unwrap_or_default().into())
    }

    fn selfdestruct(
        &mut self,
        address: Address,
        target: Address,
        skip_cold_load: bool,
    ) -> Result<StateLoad<SelfDestructResult>, LoadError> {
        let (to, heir, is_cold) = self.load(&target, skip_cold_load)?;
        let target_exists = !self.is_empty(&heir);
        let contract = ours(&address);
        let (id, account) = match self.session.journal.account(&contract) {
            Ok(entry) => (entry.id, entry.account),
            Err(error) => return self.fail(error),
        };
        let balance = account.balance;
        if address != target {
            // also a heir that gets nothing is touched
            let sum = heir.balance.saturating_add(balance);
            if !balance.is_zero() || heir.is_empty() {
                self.set(to, Account { balance: sum, ..heir })?;
            }
        }
        let previously_destroyed = self.session.journal.is_destroyed(&contract);
        let is_destroyed =
            !self.rules.has(Fork::Cancun) || self.session.journal.is_created(&contract);
        if is_destroyed && !previously_destroyed {
            self.session.journal.destroy(contract);
        }
        // what a destroyed contract gives to itself is burnt
        if !balance.is_zero() && (is_destroyed || address != target) {
            self.set(id, Account { balance: U256::ZERO, ..account })?;
        }
        let data = SelfDestructResult {
            had_value: !balance.is_zero(),
            target_exists,
            previously_destroyed,
        };
        Ok(StateLoad { data, is_cold })
    }

    fn log(&mut self, log: Log) {
        let event = Event {
            address: ours(&log.address),
            topics: log.data.topics().iter().map(|topic| topic.0).collect(),
            data: log.data.data.to_vec(),
        };
        self.session.observe(|| Observation::Event(event.clone()));
        self.session.journal.emit(event);
    }

    fn sstore_skip_cold_load(
        &mut self,
        address: Address,
        key: U256,
        value: U256,
        skip_cold_load: bool,
    ) -> Result<StateLoad<SStoreResult>, LoadError> {
        let (contract, key) = (ours(&address), slot(&key));
        let Stored { id, is_cold, original, present } =
            self.load_slot(&contract, &key, skip_cold_load)?;
        let data =
            SStoreResult { original_value: original, present_value: present, new_value: value };
        if data.present_value != value {
            let new = stored(&value);
            if let Err(error) = self.session.journal.set(id, new.clone()) {
                return self.fail(error);
            }
            self.session.observe(|| Observation::Write { address: contract, key, value: new });
        }
        Ok(StateLoad { data, is_cold })
    }

    fn sload_skip_cold_load(
        &mut self,
        address: Address,
        key: U256,
        skip_cold_load: bool,
    ) -> Result<StateLoad<U256>, LoadError> {
        let stored = self.load_slot(&ours(&address), &slot(&key), skip_cold_load)?;
        Ok(StateLoad { data: stored.present, is_cold: stored.is_cold })
    }

    fn tstore(&mut self, address: Address, key: U256, value: U256) {
        self.session.journal.set_transient(&ours(&address), &slot(&key), stored(&value));
    }

    fn tload(&mut self, address: Address, key: U256) -> U256 {
        word(self.session.journal.transient(&ours(&address), &slot(&key)))
    }

    fn load_account_info_skip_cold_load(
        &mut self,
        address: Address,
        load_code: bool,
        skip_cold_load: bool,
    ) -> Result<AccountInfoLoad<'_>, LoadError> {
        let (_, account, is_cold) = self.load(&address, skip_cold_load)?;
        let code = if load_code { Some(self.code(&account)?) } else { None };
        let info = AccountInfo {
            balance: account.balance,
            nonce: account.nonce,
            code_hash: account.code_hash().into(),
            account_id: None,
            code,
        };
        let is_empty = self.is_empty(&account);
        Ok(AccountInfoLoad { account: Cow::Owned(info), is_cold, is_empty })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_stored_as_their_digits() {
        for number in [U256::ONE, U256::from(255), U256::from(256), U256::MAX, U256::MAX >> 9] {
            let value = stored(&number).unwrap();
            assert_ne!(value.first(), Some(&0));
            assert_eq!(word(Some(&value)), number);
        }
        assert_eq!(stored(&U256::ZERO), None);
        assert_eq!(word(None), U256::ZERO);
        assert_eq!(word(Some(&[1; 40])), U256::from_be_bytes([1; 32]));
    }
}
