//! Many transactions at once, of all kinds.

use std::collections::BTreeSet;

use bessemer_abi::limits::ACCESS_ENTRIES;
#[cfg(feature = "evm")]
use bessemer_abi::limits::OUTPUT_BYTES;

use super::{Block, Progress};
use crate::access::AccessList;
use crate::chain::ChainError;
use crate::header::Listed;
use crate::key::StateKey;
#[cfg(feature = "evm")]
use crate::key::StorageKey;
use crate::parallel::{self, Outcome, ParallelStatistics};
use crate::process::{Processed, Processor, Stopped};
#[cfg(feature = "secp256k1")]
use crate::signed::Signed;
use crate::store;
use crate::transaction::{Action, Refusal, Transaction};

/// A transaction of any kind, for [`Block::push_all`].
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum BlockTransaction<'t> {
    /// As [`Block::push`] takes it.
    Own(&'t Transaction),
    /// As [`Block::push_signed`] takes it.
    #[cfg(feature = "secp256k1")]
    Signed(&'t Signed),
    /// An Ethereum transaction, and the envelope that it was decoded from: as [`Block::push_raw`] takes
    /// it, and without an envelope as [`Block::push_ethereum`] does.
    #[cfg(feature = "evm")]
    Ethereum(&'t bessemer_evm::Transaction, Option<&'t [u8]>),
}

impl<'t> From<&'t Transaction> for BlockTransaction<'t> {
    fn from(transaction: &'t Transaction) -> Self {
        Self::Own(transaction)
    }
}

#[cfg(feature = "secp256k1")]
impl<'t> From<&'t Signed> for BlockTransaction<'t> {
    fn from(signed: &'t Signed) -> Self {
        Self::Signed(signed)
    }
}

#[cfg(feature = "evm")]
impl<'t> From<&'t bessemer_evm::Transaction> for BlockTransaction<'t> {
    fn from(transaction: &'t bessemer_evm::Transaction) -> Self {
        Self::Ethereum(transaction, None)
    }
}

impl<'t> From<&'t BlockTransaction<'t>> for BlockTransaction<'t> {
    fn from(transaction: &'t BlockTransaction<'t>) -> Self {
        *transaction
    }
}

/// The most Ethereum gas with which a transaction is executed before those before it are committed: the cap
/// of EIP-7825. Bytecode cannot be interrupted when that turns out to be for nothing.
#[cfg(feature = "evm")]
const AHEAD_GAS: u64 = 1 << 24;

impl BlockTransaction<'_> {
    pub(crate) fn is_ethereum(&self) -> bool {
        self.own().is_none()
    }

    /// The transaction, if it is one of ours.
    fn own(&self) -> Option<&Transaction> {
        match self {
            Self::Own(transaction) => Some(transaction),
            #[cfg(feature = "secp256k1")]
            Self::Signed(signed) => Some(&signed.transaction),
            #[cfg(feature = "evm")]
            Self::Ethereum(..) => None,
        }
    }

    /// What the transaction declares to use, if one may declare that much: longer lists are refused, and
    /// reading them is not paid.
    fn declared(&self) -> Option<&AccessList> {
        let list = self.own()?.access.as_deref();
        list.filter(|list| list.len() <= ACCESS_ENTRIES as usize)
    }

    /// The keys that the transaction certainly or by its own word writes; `None` if it is not to be executed
    /// ahead.
    pub(crate) fn expected(&self) -> Option<Vec<StateKey>> {
        match self {
            #[cfg(feature = "evm")]
            Self::Ethereum(transaction, _) => {
                use crate::bytecode::ours;

                let to = transaction.to.filter(|_| !transaction.value.is_zero());
                let accounts = [Some(transaction.sender), to].into_iter().flatten();
                let keys = accounts.map(|address| StateKey::Account(ours(&address))).collect();
                (transaction.gas_limit <= AHEAD_GAS).then_some(keys)
            }
            _ => {
                let transaction = self.own()?;
                let mut keys = vec![StateKey::Account(transaction.sender)];
                if let Action::Call { to, .. } = &transaction.action
                    && !transaction.value.is_zero()
                {
                    keys.push(StateKey::Account(*to));
                }
                keys.extend(self.declared().into_iter().flat_map(|list| &list.writes));
                Some(keys)
            }
        }
    }

    /// The keys that the transaction certainly or by its own word reads.
    fn reads(&self, keys: &mut BTreeSet<StateKey>) {
        if let Some(transaction) = self.own() {
            keys.insert(StateKey::Account(transaction.sender));
            if let Action::Call { to, .. } = &transaction.action {
                keys.insert(StateKey::Account(*to));
            }
            let list = self.declared();
            keys.extend(list.into_iter().flat_map(|list| list.reads.union(&list.writes)));
        }
        #[cfg(feature = "evm")]
        if let Self::Ethereum(transaction, _) = self {
            use crate::bytecode::ours;

            let accounts = [Some(transaction.sender), transaction.to].into_iter().flatten();
            keys.extend(accounts.map(|address| StateKey::Account(ours(&address))));
            for item in &transaction.access_list {
                let address = ours(&item.address);
                keys.insert(StateKey::Account(address));
                let slots = item.slots.iter().map(|slot| StorageKey::of_word(slot.0));
                keys.extend(slots.map(|slot| StateKey::Storage(address, slot)));
            }
        }
    }

    /// Whether the transaction may pay the coinbase.
    #[cfg(feature = "evm")]
    pub(crate) fn tips(&self, base_fee: bessemer_types::U256) -> bool {
        match self {
            Self::Ethereum(transaction, _) => transaction.effective_gas_price(base_fee) > base_fee,
            _ => false,
        }
    }

    /// The gas limit in units of RISC-V gas.
    pub(crate) fn riscv_gas(&self) -> u64 {
        match self {
            #[cfg(feature = "evm")]
            Self::Ethereum(transaction, _) => crate::bytecode::to_riscv(transaction.gas_limit),
            _ => self.own().map_or(0, |transaction| transaction.gas_limit),
        }
    }

    /// Whether the gas limit is within this RISC-V gas.
    pub(crate) fn fits(&self, gas: u64) -> bool {
        match self {
            #[cfg(feature = "evm")]
            Self::Ethereum(transaction, _) => {
                transaction.gas_limit <= crate::bytecode::to_ethereum(gas)
            }
            _ => self.riscv_gas() <= gas,
        }
    }

    /// Gas of the receipt in units of RISC-V gas.
    pub(crate) fn to_riscv(self, used: u64) -> u64 {
        #[cfg(feature = "evm")]
        if self.is_ethereum() {
            return crate::bytecode::to_riscv(used);
        }
        used
    }

    /// Checks the signature, if the transaction has one.
    #[cfg_attr(not(feature = "secp256k1"), expect(unused_variables, reason = "none has one"))]
    pub(crate) fn check_signature(&self, chain_id: u64) -> Result<(), Refusal> {
        match self {
            #[cfg(feature = "secp256k1")]
            Self::Signed(signed) => signed.check(chain_id),
            _ => Ok(()),
        }
    }

    /// Processes the transaction with at most this RISC-V gas. The signature is not checked.
    pub(crate) fn process(
        &self,
        processor: &mut Processor,
        index: u32,
        gas: u64,
    ) -> Result<Processed, Stopped> {
        match self {
            #[cfg(feature = "evm")]
            Self::Ethereum(transaction, _) => {
                let gas = crate::bytecode::to_ethereum(gas);
                process_ethereum(processor, transaction, index, gas, None)
            }
            Self::Own(transaction) => processor.process(transaction, index, gas, &mut None),
            #[cfg(feature = "secp256k1")]
            Self::Signed(signed) => processor.process(&signed.transaction, index, gas, &mut None),
        }
    }

    /// The entry in the list that a block commits to.
    fn listed(&self) -> Listed {
        match self {
            Self::Own(transaction) => Listed::own(transaction),
            #[cfg(feature = "secp256k1")]
            Self::Signed(signed) => Listed::own(&signed.transaction),
            #[cfg(feature = "evm")]
            Self::Ethereum(transaction, envelope) => {
                let bytes = envelope.unwrap_or(transaction.hash.as_slice()).to_vec();
                Listed { kind: transaction.kind as u8, bytes }
            }
        }
    }
}

/// Processes an Ethereum transaction of a block, with at most this Ethereum gas.
#[cfg(feature = "evm")]
pub(super) fn process_ethereum(
    processor: &mut Processor,
    transaction: &bessemer_evm::Transaction,
    index: u32,
    gas: u64,
    mut inspector: Option<&mut dyn crate::inspect::Inspector>,
) -> Result<Processed, Stopped> {
    let checks = crate::process::Checks::ALL;
    let mut processed =
        processor.process_ethereum(transaction, checks, index, gas, &mut inspector)?;
    // a receipt of Ethereum has no output; what explains it to people is as long as elsewhere
    processed.receipt.output.truncate(OUTPUT_BYTES as usize);
    Ok(processed)
}

/// Fewer transactions than this are executed by one thread.
const FEW: usize = 4;
/// A run of several threads that commits less than this was not worth it.
const WORTH: usize = 64;
/// How many such runs there may be, before a block is left to one thread.
const PATIENCE: u32 = 3;

impl Block<'_> {
    /// Processes transactions one after the other. What they declare to use is read before, at the same
    /// time, by as many threads as [`ChainConfig::prefetch`](crate::ChainConfig::prefetch) says, and as many
    /// execute them as [`ChainConfig::threads`](crate::ChainConfig::threads) says, with the same outcome.
    ///
    /// Takes [`Transaction`]s, [`Signed`](crate::Signed) ones, Ethereum's, or [`BlockTransaction`]s of all kinds.
    ///
    /// # Errors
    ///
    /// As [`Block::push`]; the transactions before stay.
    pub fn push_all<'t, T>(&mut self, transactions: &'t [T]) -> Result<(), ChainError>
    where
        BlockTransaction<'t>: From<&'t T>,
    {
        let transactions: Vec<_> = transactions.iter().map(BlockTransaction::from).collect();
        self.prefetch(&transactions)?;
        let threads = self.chain.config().threads;
        let mut patience = if threads > 1 { PATIENCE } else { 0 };
        let mut rest = &*transactions;
        while let Some((last, before)) = rest.split_last() {
            if patience == 0 || before.len() < FEW {
                return rest.iter().try_for_each(|transaction| self.push_any(transaction));
            }
            // the last one leaves its access list in the block's own journal
            let done = self.execute(before, threads)?;
            let next = before.get(done).unwrap_or(last);
            self.push_any(next)?;
            self.parallel.sequential += 1;
            rest = &rest[done + 1..];
            patience -= u32::from(done < WORTH);
        }
        Ok(())
    }

    /// How the transactions of [`Block::push_all`] were executed by several threads.
    pub fn parallel_statistics(&self) -> &ParallelStatistics {
        &self.parallel
    }

    fn push_any(&mut self, transaction: &BlockTransaction<'_>) -> Result<(), ChainError> {
        match transaction {
            BlockTransaction::Own(transaction) => self.push(transaction)?,
            #[cfg(feature = "secp256k1")]
            BlockTransaction::Signed(signed) => self.push_signed(signed)?,
            #[cfg(feature = "evm")]
            BlockTransaction::Ethereum(transaction, envelope) => {
                let bytes = envelope.unwrap_or(transaction.hash.as_slice());
                self.push_listed(transaction, bytes, None)?
            }
        };
        Ok(())
    }

    /// Has several threads execute transactions. Gives how many are part of the block now.
    fn execute(
        &mut self,
        transactions: &[BlockTransaction<'_>],
        threads: usize,
    ) -> Result<usize, ChainError> {
        let most = self.chain.config().block_receipts;
        let start = parallel::Start {
            info: self.info,
            index: self.receipts.len() as u32,
            gas: self.gas_left(),
            receipt_bytes: most.saturating_sub(self.receipt_bytes),
        };
        let Progress::Open(processor) = std::mem::replace(&mut self.progress, Progress::Failed)
        else {
            return Err(ChainError::BlockFailed);
        };
        let (outcomes, statistics) = parallel::execute(
            self.chain.state(),
            &mut processor.session().journal,
            &start,
            transactions,
            threads,
        )?;
        self.progress = Progress::Open(processor);
        self.parallel.add(&statistics);
        let done = outcomes.len();
        for (transaction, outcome) in transactions.iter().zip(outcomes) {
            let Outcome { receipt, fee, .. } = outcome;
            self.fees += fee;
            self.gas_used += transaction.to_riscv(receipt.gas_used);
            if let Some(listed) = &mut self.listed {
                listed.push(transaction.listed());
            }
            self.keep(receipt);
        }
        Ok(done)
    }

    fn prefetch(&mut self, transactions: &[BlockTransaction<'_>]) -> Result<(), ChainError> {
        let threads = self.chain.config().prefetch;
        let Progress::Open(processor) = &self.progress else { return Ok(()) };
        if threads == 0 {
            return Ok(());
        }
        let mut session = processor.session();
        let mut keys = BTreeSet::new();
        transactions.iter().for_each(|transaction| transaction.reads(&mut keys));
        let keys: Vec<_> = keys.into_iter().filter(|key| !session.journal.knows(key)).collect();
        let view = self.chain.view();
        for (key, value) in keys.iter().zip(store::fetch(&*view, &keys, threads)) {
            session.journal.preload(key, value?)?;
        }
        Ok(())
    }
}
