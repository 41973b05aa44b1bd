//! Blocks of transactions, before they know nonces, gas limits and access lists.

use std::sync::Arc;

use bessemer_chain::{Action, Address, CodeHash, Transaction, U256};

use super::contract::CONTRACTS;
use super::generate;
use super::model::{Model, created_by};
use super::script::Script;

/// A chain from its first block on.
#[derive(Clone, Debug)]
pub struct History {
    /// The transactions of each block.
    pub blocks: Vec<Vec<Planned>>,
    /// Whether contracts look at the block, and fees are paid at its end.
    pub timely: bool,
}

/// A transaction to be.
#[derive(Clone, Debug)]
pub struct Planned {
    pub(super) sender: Address,
    pub(super) deed: Deed,
    pub(super) value: u64,
    pub(super) price: u64,
    pub(super) gas: Gas,
    pub(super) access: Access,
    /// How far the nonce is from the right one.
    pub(super) nonce_off: u64,
}

#[derive(Clone, Debug)]
pub(super) enum Deed {
    Call {
        to: Address,
        script: Script,
    },
    /// A call with an input that is not a script.
    Send {
        to: Address,
        input: Vec<u8>,
    },
    Deploy {
        file: Arc<[u8]>,
        salt: Option<[u8; 32]>,
        script: Script,
    },
    Create {
        code: CodeHash,
        salt: Option<[u8; 32]>,
        script: Script,
    },
}

/// The gas limit.
#[derive(Clone, Copy, Debug)]
pub(super) enum Gas {
    Ample,
    /// So many thousandths of what the transaction uses besides its own price.
    Part(u64),
    /// Too little for the transaction itself.
    Short,
}

/// The access list.
#[derive(Clone, Copy, Debug)]
pub(super) enum Access {
    Free,
    /// The keys that the transaction accesses.
    Recorded,
    /// The same without one key.
    Without(u32),
    /// The same, with one key that may be read only.
    ReadOnly(u32),
}

/// Contracts that exist from the first block on.
const COPIES: u64 = 6;
/// Gas beyond what every transaction here needs.
const AMPLE: u64 = 30_000_000;

/// The account of a sender.
pub(super) fn sender(number: u8) -> Address {
    Address::new([0xa0 + number; 20])
}

/// The account that gets the fees.
pub(super) const RECIPIENT: Address = Address::new([0xfe; 20]);

/// The balances of senders in the beginning; one is poor.
pub(super) const ENDOWED: [u64; 4] =
    [1_000_000_000_000_000_000, 1_000_000_000_000_000_000, 1_000_000_000_000_000_000, 400_000_000];

/// The address of a contract that exists from the first block on.
pub(super) fn copy(number: u64) -> Address {
    created_by(&sender(0), number % COPIES)
}

impl History {
    /// The history that belongs to a seed.
    pub fn random(seed: u64, timely: bool) -> Self {
        generate::history(seed, timely)
    }

    /// The first block: contracts.
    pub(super) fn genesis() -> Vec<Planned> {
        let deploy = |_| Planned {
            sender: sender(0),
            deed: Deed::Deploy {
                file: Arc::clone(&CONTRACTS.universal.file),
                salt: None,
                script: Script::default(),
            },
            value: 1_000_000,
            price: 0,
            gas: Gas::Ample,
            access: Access::Free,
            nonce_off: 0,
        };
        (0..COPIES).map(deploy).collect()
    }

    /// Operations and transactions, the larger part of which can be left out.
    pub fn size(&self) -> usize {
        self.blocks.iter().flatten().map(|planned| 1 + planned.operations()).sum()
    }

    /// The history without its n-th transaction.
    pub(super) fn without_transaction(&self, n: usize) -> Option<Self> {
        let mut shorter = self.clone();
        let mut begin = 0;
        for block in &mut shorter.blocks {
            if n < begin + block.len() {
                block.remove(n - begin);
                shorter.blocks.retain(|block| !block.is_empty());
                return Some(shorter);
            }
            begin += block.len();
        }
        None
    }

    /// The history without its n-th operation.
    pub(super) fn without_operation(&self, mut n: usize) -> Option<Self> {
        let mut shorter = self.clone();
        for planned in shorter.blocks.iter_mut().flatten() {
            let count = planned.operations();
            if n < count {
                let script = planned.script_mut()?;
                *script = script.without(n)?;
                return Some(shorter);
            }
            n -= count;
        }
        None
    }
}

impl Planned {
    fn operations(&self) -> usize {
        match &self.deed {
            Deed::Call { script, .. }
            | Deed::Deploy { script, .. }
            | Deed::Create { script, .. } => script.len(),
            Deed::Send { .. } => 0,
        }
    }

    fn script_mut(&mut self) -> Option<&mut Script> {
        match &mut self.deed {
            Deed::Call { script, .. }
            | Deed::Deploy { script, .. }
            | Deed::Create { script, .. } => Some(script),
            Deed::Send { .. } => None,
        }
    }

    /// The transaction, as the next of the model's.
    pub(super) fn resolve(&self, model: &Model) -> Transaction {
        let action = match &self.deed {
            Deed::Call { to, script } => Action::Call { to: *to, input: script.encode() },
            Deed::Send { to, input } => Action::Call { to: *to, input: input.clone() },
            Deed::Deploy { file, salt, script } => {
                Action::Deploy { code: Arc::clone(file), input: script.encode(), salt: *salt }
            }
            Deed::Create { code, salt, script } => {
                Action::Create { code: *code, input: script.encode(), salt: *salt }
            }
        };
        let own_price = match &action {
            Action::Call { input, .. } | Action::Create { input, .. } => 10 * input.len(),
            Action::Deploy { code, input, .. } => 4_000 * code.len() + 10 * input.len(),
        };
        let own_price = 150_000 + own_price as u64;
        let mut transaction = Transaction {
            sender: self.sender,
            nonce: model.account(&self.sender).nonce + self.nonce_off,
            gas_limit: own_price + AMPLE,
            gas_price: U256::from(self.price),
            value: U256::from(self.value),
            action,
            access: None,
        };
        let dry_run = |transaction: &Transaction| {
            let done = model.clone().process(transaction, 0, u64::MAX);
            done.map(|(receipt, _)| receipt).ok()
        };
        match self.gas {
            Gas::Ample => {}
            Gas::Part(part) => {
                let used = dry_run(&transaction).map_or(own_price, |receipt| receipt.gas_used);
                let beyond = used.saturating_sub(own_price);
                transaction.gas_limit = own_price + beyond * part / 1000;
            }
            Gas::Short => transaction.gas_limit = own_price - 1,
        }
        if !matches!(self.access, Access::Free)
            && let Some(receipt) = dry_run(&transaction)
            && let Some(mut list) = receipt.diagnosis.access
        {
            let keys: Vec<_> = list.reads.union(&list.writes).copied().collect();
            let pick = |n: u32| keys[n as usize % keys.len()];
            match self.access {
                Access::Free | Access::Recorded => {}
                Access::Without(n) => {
                    list.reads.remove(&pick(n));
                    list.writes.remove(&pick(n));
                }
                Access::ReadOnly(n) => {
                    list.writes.remove(&pick(n));
                    list.reads.insert(pick(n));
                }
            }
            transaction.gas_limit += 1_000 * list.len() as u64;
            transaction.access = Some(Arc::new(list));
        }
        transaction
    }
}
