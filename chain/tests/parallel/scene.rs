//! Chains with contracts of both kinds, and random transactions for them.

use std::collections::BTreeMap;
use std::sync::Arc;

use bessemer_chain::bessemer_evm::alloy_primitives::{Address as Theirs, Bytes};
use bessemer_chain::bessemer_evm::interpreter::bytecode::opcode as op;
use bessemer_chain::bessemer_evm::{AccessListItem, Fork, Transaction as Ethereum};
use bessemer_chain::store::MemoryStore;
use bessemer_chain::{
    AccessList, Action, Address, BlockTransaction, Chain, ChainConfig, ParallelStatistics, Receipt,
    Sealed, SecretKey, Signed, StateKey, StorageKey, Transaction, U256,
};
use bessemer_runtime::Engine;
use fastrand::Rng;

use super::common::contract;
use super::program;

/// Adds one to the number under its first byte of input, tells it, and emits it. The second byte says how it
/// ends: 7 reverts, and any other number counts 256 times so far before.
const COUNTER: &str = "
        beqz a0, 1f
        host finish(0, 0)
1:      host input_copy(0, DATA, 64)
        li   s0, DATA
        addi s1, s0, 256
        host storage_get(s0, 1, s1, 4)
        lw   t0, 0(s1)
        addi t0, t0, 1
        sw   t0, 0(s1)
        host storage_set(s0, 1, s1, 4)
        host emit(s1, 0, s1, 4)
        lbu  t0, 1(s0)
        li   t1, 7
        beq  t0, t1, fail
        slli t0, t0, 8
2:      beqz t0, 3f
        addi t0, t0, -1
        j    2b
3:      host finish(s1, 4)
fail:   host revert(0, 0)
";

/// Adds one to slot 0, and emits a log.
const HOT: &[u8] = &[
    op::PUSH0,
    op::SLOAD,
    op::PUSH1,
    1,
    op::ADD,
    op::PUSH0,
    op::SSTORE,
    op::PUSH0,
    op::PUSH0,
    op::LOG0,
];
/// Stores what the coinbase has.
const TREASURER: &[u8] = &[op::COINBASE, op::BALANCE, op::PUSH0, op::SSTORE];
/// Stores its calldata under the caller.
const DISJOINT: &[u8] = &[op::PUSH0, op::CALLDATALOAD, op::CALLER, op::SSTORE];
/// Stores a word, and gives all to the caller when it is called with calldata.
const MORTAL: &[u8] = &[
    op::CALLVALUE,
    op::NUMBER,
    op::SSTORE,
    op::CALLDATASIZE,
    op::PUSH1,
    9,
    op::JUMPI,
    op::STOP,
    op::INVALID,
    op::JUMPDEST,
    op::CALLER,
    op::SELFDESTRUCT,
];
/// Creates a contract by a salt that is its calldata, whose constructor stores and destroys itself.
const FACTORY: &[u8] = &[
    op::PUSH6,
    op::PUSH0,
    op::PUSH0,
    op::SLOAD,
    op::POP,
    op::ORIGIN,
    op::SELFDESTRUCT,
    op::PUSH0,
    op::MSTORE,
    op::PUSH0,
    op::CALLDATALOAD,
    op::PUSH1,
    6,
    op::PUSH1,
    26,
    op::PUSH0,
    op::CREATE2,
];

pub(crate) const USERS: u8 = 14;

/// Any transaction, with what belongs to it.
#[derive(Clone, Debug)]
pub(crate) enum Any {
    Own(Transaction),
    Signed(Signed),
    Ethereum(Box<Ethereum>),
}

impl Any {
    pub(crate) fn as_block(&self) -> BlockTransaction<'_> {
        match self {
            Self::Own(transaction) => transaction.into(),
            Self::Signed(signed) => signed.into(),
            Self::Ethereum(transaction) => {
                BlockTransaction::Ethereum(transaction, Some(b"envelope"))
            }
        }
    }
}

/// A chain before the block that is compared.
pub(crate) struct Scene {
    pub(crate) chain: Chain,
    counters: Vec<Address>,
    bytecodes: Vec<Address>,
}

/// Everything that must not depend on the number of threads.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) error: Option<String>,
    pub(crate) sealed: Sealed,
    pub(crate) receipts: Vec<Receipt>,
    digest: [u8; 32],
    accessed: AccessList,
}

pub(crate) fn key(user: u8) -> SecretKey {
    SecretKey::from_bytes([user + 1; 32]).unwrap()
}

pub(crate) fn user(user: u8) -> Address {
    key(user).address()
}

pub(crate) fn theirs(address: Address) -> Theirs {
    Theirs::from(*address.as_bytes())
}

impl Scene {
    /// The same for the same arguments, but for the number of threads.
    pub(crate) fn new(
        engine: &Engine,
        threads: usize,
        fork: Fork,
        coinbase: Address,
        seed: u64,
    ) -> Self {
        let config = ChainConfig {
            threads,
            fork,
            fee_recipient: Some(coinbase),
            prefetch: usize::from(seed.is_multiple_of(2)) * 2,
            ..ChainConfig::default()
        };
        let store = Arc::new(MemoryStore::with_root());
        let mut chain = Chain::on(engine, store, config).unwrap();
        for number in 0..USERS {
            chain.endow(&user(number), U256::from(1_u64 << 60)).unwrap();
        }
        let deployer = chain.user("deployer").unwrap();
        let mut deploy =
            |source: &str| chain.deploy(contract(source)).from(deployer).create().unwrap();
        let counters = vec![deploy(COUNTER), deploy(&format!("{COUNTER}\n.word 1\n"))];
        let mut rng = Rng::with_seed(seed);
        let random_accounts: Vec<_> = (0..4).map(|number| theirs(user(number))).collect();
        let mut random = program::bytecode(&mut rng, 20, &random_accounts);
        random.truncate(250);
        let codes = [HOT, TREASURER, DISJOINT, MORTAL, FACTORY, &random];
        let bytecodes = codes.map(|code| deploy_bytecode(&mut chain, deployer, code)).to_vec();
        Self { chain, counters, bytecodes }
    }

    /// Random transactions, which are the same for every number of threads.
    pub(crate) fn transactions(&self, rng: &mut Rng) -> Vec<Any> {
        let mode = rng.u8(0..6);
        let mut nonces: BTreeMap<Address, u64> = BTreeMap::new();
        let count = rng.usize(5..70);
        let broken = (rng.u8(0..3) == 0).then(|| rng.usize(0..count));
        let mut transactions = Vec::with_capacity(count);
        for number in 0..count {
            let signer = match mode {
                // chains of one sender
                0 => rng.u8(0..2),
                // disjoint senders
                1 => (number % usize::from(USERS)) as u8,
                _ => rng.u8(0..USERS),
            };
            let sender = user(signer);
            let next =
                nonces.entry(sender).or_insert_with(|| self.chain.account(&sender).unwrap().nonce);
            let nonce = *next;
            *next += 1;
            let nonce = if broken == Some(number) { nonce + 3 } else { nonce };
            let transaction = if rng.bool() && mode != 5 {
                self.own(rng, signer, nonce, mode)
            } else {
                self.ethereum(rng, signer, nonce, mode)
            };
            transactions.push(transaction);
        }
        transactions
    }

    fn own(&self, rng: &mut Rng, signer: u8, nonce: u64, mode: u8) -> Any {
        let counter = self.counters[rng.usize(0..self.counters.len())];
        let key = match mode {
            // one hot key
            2 => 0,
            1 => signer,
            _ => rng.u8(0..4),
        };
        let (action, value) = match rng.u8(0..10) {
            0..2 => {
                let to =
                    if mode == 1 { Address::new([signer; 20]) } else { user(rng.u8(0..USERS)) };
                (Action::Call { to, input: Vec::new() }, rng.u64(0..9))
            }
            2 if mode == 3 => {
                let code = contract(&format!("{COUNTER}\n.word {}\n", rng.u8(0..3))).into();
                (Action::Deploy { code, input: Vec::new(), salt: None }, 0)
            }
            3 if mode != 1 => {
                // a program calls nobody here, but value goes to contracts of the other kind
                let to = self.bytecodes[rng.usize(0..self.bytecodes.len())];
                (Action::Call { to, input: vec![rng.u8(..); rng.usize(0..2)] }, rng.u64(0..3))
            }
            _ => {
                let end = [0, 0, 0, 7, 1, 200][rng.usize(0..6)];
                (Action::Call { to: counter, input: vec![key, end] }, 0)
            }
        };
        let storage = StateKey::Storage(counter, StorageKey::new(&[key]).unwrap());
        let access = match rng.u8(0..6) {
            0 => Some(Arc::new(AccessList { reads: [].into(), writes: [storage].into() })),
            1 => Some(Arc::new(AccessList { reads: [storage].into(), writes: [].into() })),
            _ => None,
        };
        let transaction = Transaction {
            sender: user(signer),
            nonce,
            gas_limit: 50_000_000,
            gas_price: U256::from(rng.u64(0..3)),
            value: U256::from(value),
            action,
            access,
        };
        if rng.bool() {
            return Any::Own(transaction);
        }
        // now and then the signature is somebody else's
        let signer = if rng.u8(0..60) == 0 { (signer + 1) % USERS } else { signer };
        Any::Signed(Signed::sign(transaction, self.chain.config().chain_id, &self::key(signer)))
    }

    fn ethereum(&self, rng: &mut Rng, signer: u8, nonce: u64, mode: u8) -> Any {
        let to = match mode {
            1 => self.bytecodes[2],
            2 => self.bytecodes[0],
            // contracts that are destroyed and made again
            4 => self.bytecodes[rng.usize(3..6)],
            _ => self.bytecodes[rng.usize(0..self.bytecodes.len())],
        };
        let to = match rng.u8(0..8) {
            0 if mode != 1 => Some(theirs(user(rng.u8(0..USERS)))),
            1 if mode == 3 => None,
            2 if mode != 1 => Some(theirs(self.counters[0])),
            _ => Some(theirs(to)),
        };
        let input = match to {
            None => init(&[op::PUSH1, rng.u8(..), op::PUSH0, op::SSTORE]),
            _ => vec![rng.u8(0..3); rng.usize(0..3)],
        };
        let access_list = (rng.u8(0..5) == 0).then(|| AccessListItem {
            address: theirs(if rng.bool() {
                self.bytecodes[0]
            } else {
                self.chain.info().coinbase
            }),
            slots: vec![[0; 32].into()],
        });
        let price = U256::from(if rng.u8(0..4) == 0 { 0 } else { rng.u64(1..5) });
        Any::Ethereum(Box::new(Ethereum {
            chain_id: Some(self.chain.config().chain_id),
            sender: theirs(user(signer)),
            nonce,
            gas_limit: [300_000, 300_000, 1 << 24][rng.usize(0..3)],
            max_fee_per_gas: price,
            max_priority_fee_per_gas: price,
            to,
            value: U256::from(if rng.bool() { 0 } else { rng.u64(0..5) }),
            input: Bytes::from(input),
            access_list: access_list.into_iter().collect(),
            ..Ethereum::default()
        }))
    }

    /// Pushes some transactions one by one, the rest together, and commits what is there.
    pub(crate) fn run(
        mut self,
        alone: usize,
        transactions: &[Any],
    ) -> (Outcome, ParallelStatistics) {
        let transactions: Vec<_> = transactions.iter().map(Any::as_block).collect();
        let (before, together) = transactions.split_at(alone.min(transactions.len()));
        let mut block = self.chain.block();
        block.record_witness();
        let mut error = None;
        for transaction in before {
            error = error.or(block.push_all(std::slice::from_ref(transaction)).err());
        }
        error = error.or(block.push_all(together).err());
        let statistics = *block.parallel_statistics();
        let accessed = block.accessed();
        let sealed = block.commit();
        let sealed = sealed.unwrap_or_else(|failure| panic!("{failure}: {error:?}"));
        let receipts = self.chain.receipts(sealed.header.height).unwrap();
        let digest = self.chain.state_digest().unwrap();
        let error = error.map(|error| format!("{error:?}"));
        (Outcome { error, sealed, receipts, digest, accessed }, statistics)
    }
}

/// A constructor of this code.
fn init(code: &[u8]) -> Vec<u8> {
    let len = u8::try_from(code.len()).unwrap();
    // no PUSH0, which older forks do not know
    let mut init = vec![op::PUSH1, len, op::DUP1, op::PUSH1, 12, op::PUSH1, 0, op::CODECOPY];
    init.extend([op::PUSH1, 0, op::RETURN, op::STOP]);
    init.truncate(12);
    init.extend(code);
    init
}

fn deploy_bytecode(chain: &mut Chain, from: Address, code: &[u8]) -> Address {
    let transaction = Ethereum {
        chain_id: Some(chain.config().chain_id),
        sender: theirs(from),
        nonce: chain.account(&from).unwrap().nonce,
        gas_limit: 10_000_000,
        input: init(code).into(),
        ..Ethereum::default()
    };
    let mut block = chain.block();
    let receipt = block.push_ethereum(&transaction, None).unwrap().clone();
    block.commit().unwrap();
    assert!(receipt.succeeded(), "{receipt:?}");
    receipt.contract().unwrap()
}
