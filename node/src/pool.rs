//! Transactions that wait for a block, by sender and nonce.

use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::sync::Arc;

use alloy_consensus::TxEnvelope;
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, B256, U256};
use bessemer_evm::Transaction;

/// How much may wait.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The most transactions of one sender.
    pub per_sender: usize,
    /// The most bytes of all transactions.
    pub bytes: usize,
    /// By how many percent a replacement must pay more.
    pub replacement_percent: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { per_sender: 4096, bytes: 64 << 20, replacement_percent: 10 }
    }
}

/// A transaction that waits.
#[derive(Debug)]
pub struct Waiting {
    /// The transaction as its sender signed it.
    pub envelope: TxEnvelope,
    /// The same as the rules see it.
    pub transaction: Transaction,
    /// Whether it came without a signature, by impersonation.
    pub impersonated: bool,
    size: usize,
    arrival: u64,
}

impl Waiting {
    /// A transaction outside of the pool.
    pub fn of(envelope: TxEnvelope, transaction: Transaction) -> Arc<Self> {
        Arc::new(Self { envelope, transaction, impersonated: false, size: 0, arrival: 0 })
    }
}

/// Why a transaction was not taken into the pool.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PoolError {
    /// It waits already.
    #[error("already known")]
    Known,
    /// Another one with this nonce waits and pays too much to be replaced.
    #[error(
        "replacement transaction underpriced: it must pay {percent} % more than the one that waits"
    )]
    Underpriced {
        /// How much more.
        percent: u64,
    },
    /// The sender has too many that wait.
    #[error("txpool is full: {limit} transactions of {sender} wait already")]
    SenderFull {
        /// The sender.
        sender: Address,
        /// The most of one sender.
        limit: usize,
    },
    /// Too much waits.
    #[error("txpool is full: {limit} bytes of transactions wait already")]
    Full {
        /// The most bytes.
        limit: usize,
    },
}

/// The pool.
#[derive(Debug, Default)]
pub struct Pool {
    limits: Limits,
    senders: HashMap<Address, BTreeMap<u64, Arc<Waiting>>>,
    by_hash: HashMap<B256, (Address, u64)>,
    bytes: usize,
    arrivals: u64,
}

impl Pool {
    /// An empty pool.
    pub fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Takes a transaction, in place of one with the same nonce if it pays more.
    ///
    /// # Errors
    ///
    /// If it waits already, pays too little to replace another, or the pool is full.
    pub fn insert(
        &mut self,
        envelope: TxEnvelope,
        transaction: Transaction,
        impersonated: bool,
    ) -> Result<Arc<Waiting>, PoolError> {
        let hash = transaction.hash;
        if self.by_hash.contains_key(&hash) {
            return Err(PoolError::Known);
        }
        let (sender, nonce) = (transaction.sender, transaction.nonce);
        let size = envelope.encode_2718_len() + size_of::<Waiting>();
        let queue = self.senders.get(&sender);
        let replaced = queue.and_then(|queue| queue.get(&nonce)).cloned();
        if let Some(old) = &replaced {
            let percent = self.limits.replacement_percent;
            let more = |old: U256| old.saturating_add(old * U256::from(percent) / U256::from(100));
            let old = &old.transaction;
            if transaction.max_fee_per_gas < more(old.max_fee_per_gas)
                || transaction.max_priority_fee_per_gas < more(old.max_priority_fee_per_gas)
                || transaction.max_fee_per_blob_gas < more(old.max_fee_per_blob_gas)
            {
                return Err(PoolError::Underpriced { percent });
            }
        } else if queue.is_some_and(|queue| queue.len() >= self.limits.per_sender) {
            return Err(PoolError::SenderFull { sender, limit: self.limits.per_sender });
        }
        let freed = replaced.as_ref().map_or(0, |old| old.size);
        if self.bytes - freed + size > self.limits.bytes {
            return Err(PoolError::Full { limit: self.limits.bytes });
        }
        if let Some(old) = replaced {
            self.remove(&old.transaction.hash);
        }
        self.arrivals += 1;
        let waiting =
            Arc::new(Waiting { envelope, transaction, impersonated, size, arrival: self.arrivals });
        self.bytes += size;
        self.by_hash.insert(hash, (sender, nonce));
        self.senders.entry(sender).or_default().insert(nonce, Arc::clone(&waiting));
        Ok(waiting)
    }

    /// Takes a transaction out.
    pub fn remove(&mut self, hash: &B256) -> Option<Arc<Waiting>> {
        let (sender, nonce) = self.by_hash.remove(hash)?;
        let queue = self.senders.get_mut(&sender)?;
        let waiting = queue.remove(&nonce)?;
        if queue.is_empty() {
            self.senders.remove(&sender);
        }
        self.bytes -= waiting.size;
        Some(waiting)
    }

    /// Takes out what can never be part of a block any more: nonces below the account's.
    pub fn prune(&mut self, next_nonce: impl Fn(&Address) -> u64) {
        let used = self.senders.iter().flat_map(|(sender, queue)| {
            queue.range(..next_nonce(sender)).map(|(_, waiting)| waiting.transaction.hash)
        });
        for hash in used.collect::<Vec<_>>() {
            self.remove(&hash);
        }
    }

    /// Takes everything out.
    pub fn clear(&mut self) {
        *self = Self { arrivals: self.arrivals, ..Self::new(self.limits) };
    }

    /// A transaction by hash.
    pub fn get(&self, hash: &B256) -> Option<&Arc<Waiting>> {
        let (sender, nonce) = self.by_hash.get(hash)?;
        self.senders.get(sender)?.get(nonce)
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.by_hash.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.by_hash.is_empty()
    }

    /// All senders with what waits of each, by nonce.
    pub fn senders(&self) -> impl Iterator<Item = (&Address, &BTreeMap<u64, Arc<Waiting>>)> {
        self.senders.iter()
    }

    /// The waiting transactions of one sender, by nonce.
    pub fn of(&self, sender: &Address) -> Option<&BTreeMap<u64, Arc<Waiting>>> {
        self.senders.get(sender)
    }

    /// The nonce after the last that follows without a gap.
    pub fn next_nonce(&self, sender: &Address, account_nonce: u64) -> u64 {
        let Some(queue) = self.senders.get(sender) else { return account_nonce };
        let mut next = account_nonce;
        for &nonce in queue.range(account_nonce..).map(|(nonce, _)| nonce) {
            if nonce != next {
                break;
            }
            next += 1;
        }
        next
    }

    /// The transactions that can be part of the next block, in the order in which a block takes it: of each sender
    /// without gaps, and among senders the highest tip first, then who came first.
    pub fn ready(
        &self,
        base_fee: U256,
        account_nonce: impl Fn(&Address) -> u64,
    ) -> Vec<Arc<Waiting>> {
        let mut heap = BinaryHeap::new();
        let next = |sender: &Address, nonce: u64| {
            let waiting = self.senders.get(sender)?.get(&nonce)?;
            let price = waiting.transaction.effective_gas_price(base_fee);
            let tip = price.checked_sub(base_fee)?;
            Some(Candidate { tip, waiting: Arc::clone(waiting) })
        };
        heap.extend(self.senders.keys().filter_map(|sender| next(sender, account_nonce(sender))));
        let mut ready = Vec::new();
        while let Some(Candidate { waiting, .. }) = heap.pop() {
            let transaction = &waiting.transaction;
            heap.extend(
                transaction.nonce.checked_add(1).and_then(|nonce| next(&transaction.sender, nonce)),
            );
            ready.push(waiting);
        }
        ready
    }
}

/// The first transaction of a sender that is not yet taken.
struct Candidate {
    tip: U256,
    waiting: Arc<Waiting>,
}

impl Candidate {
    fn order(&self) -> (U256, std::cmp::Reverse<u64>) {
        (self.tip, std::cmp::Reverse(self.waiting.arrival))
    }
}

impl PartialEq for Candidate {
    fn eq(&self, other: &Self) -> bool {
        self.order() == other.order()
    }
}

impl Eq for Candidate {}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.order().cmp(&other.order())
    }
}

#[cfg(test)]
mod tests {
    use alloy_consensus::{SignableTransaction, TxEip1559};
    use alloy_primitives::Signature;
    use bessemer_evm::TransactionKind;

    use super::*;

    fn transaction(sender: u8, nonce: u64, fee: u128, tip: u128) -> (TxEnvelope, Transaction) {
        let inner = TxEip1559 {
            chain_id: 1,
            nonce,
            max_fee_per_gas: fee,
            max_priority_fee_per_gas: tip,
            value: U256::from(sender),
            ..TxEip1559::default()
        };
        let envelope: TxEnvelope = inner.into_signed(Signature::test_signature()).into();
        let transaction = Transaction {
            kind: TransactionKind::DynamicFee,
            hash: *envelope.tx_hash(),
            sender: Address::repeat_byte(sender),
            nonce,
            max_fee_per_gas: U256::from(fee),
            max_priority_fee_per_gas: U256::from(tip),
            ..Transaction::default()
        };
        (envelope, transaction)
    }

    fn insert(
        pool: &mut Pool,
        sender: u8,
        nonce: u64,
        fee: u128,
        tip: u128,
    ) -> Result<(), PoolError> {
        let (envelope, transaction) = transaction(sender, nonce, fee, tip);
        pool.insert(envelope, transaction, false).map(|_| ())
    }

    #[test]
    fn blocks_take_the_highest_tips_and_keep_nonces_in_order() {
        let mut pool = Pool::new(Limits::default());
        insert(&mut pool, 1, 1, 100, 50).unwrap();
        insert(&mut pool, 1, 0, 100, 1).unwrap();
        insert(&mut pool, 2, 0, 100, 5).unwrap();
        insert(&mut pool, 2, 2, 100, 90).unwrap();
        insert(&mut pool, 3, 0, 9, 9).unwrap();
        let ready = pool.ready(U256::from(10), |_| 0);
        let order: Vec<_> = ready
            .iter()
            .map(|waiting| (waiting.transaction.sender[0], waiting.transaction.nonce))
            .collect();
        assert_eq!(order, [(2, 0), (1, 0), (1, 1)]);
        assert_eq!(pool.next_nonce(&Address::repeat_byte(1), 0), 2);
        assert_eq!(pool.next_nonce(&Address::repeat_byte(2), 0), 1);
    }

    #[test]
    fn a_replacement_pays_more() {
        let mut pool = Pool::new(Limits::default());
        insert(&mut pool, 1, 0, 100, 10).unwrap();
        assert_eq!(insert(&mut pool, 1, 0, 100, 10), Err(PoolError::Known));
        let underpriced = Err(PoolError::Underpriced { percent: 10 });
        assert_eq!(insert(&mut pool, 1, 0, 109, 12), underpriced);
        assert_eq!(insert(&mut pool, 1, 0, 120, 10), underpriced);
        insert(&mut pool, 1, 0, 110, 11).unwrap();
        assert_eq!(pool.len(), 1);
    }

    #[test]
    fn what_waits_is_bounded() {
        let limits = Limits { per_sender: 2, bytes: 4000, ..Limits::default() };
        let mut pool = Pool::new(limits);
        insert(&mut pool, 1, 0, 100, 1).unwrap();
        insert(&mut pool, 1, 1, 100, 1).unwrap();
        assert!(matches!(insert(&mut pool, 1, 2, 100, 1), Err(PoolError::SenderFull { .. })));
        let mut sender = 2;
        while insert(&mut pool, sender, 0, 100, 1).is_ok() {
            sender += 1;
        }
        assert!(matches!(insert(&mut pool, sender, 0, 100, 1), Err(PoolError::Full { .. })));
        let bytes = pool.bytes;
        pool.prune(|_| 1);
        assert_eq!(pool.len(), 1);
        assert!(pool.bytes < bytes);
        pool.clear();
        assert_eq!((pool.len(), pool.bytes), (0, 0));
    }
}
