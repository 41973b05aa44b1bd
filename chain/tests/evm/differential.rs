//! Random bytecode in random transactions, against whole revm: outcome, gas, output, logs and state.
//!
//! `BESSEMER_CASES` says how many, and `BESSEMER_SEED` which is the first.

use std::collections::BTreeMap;
use std::sync::Arc;

use bessemer_chain::evm::{Checks, Env, logs};
use bessemer_chain::{Address, BlockInfo, Chain, ChainError, Receipt, Status, U256};
use bessemer_evm::alloy_primitives::{Address as Theirs, B256, Bytes, Log};
use bessemer_evm::{AccessListItem, Authorization, Fork, Rules, Transaction, TransactionKind};
use bessemer_runtime::{Backend, Config, Engine};
use fastrand::Rng;
use revm::context::either::Either;
use revm::context::result::ExecutionResult;
use revm::context::transaction::{
    AccessList, AccessListItem as TheirItem, Authorization as TheirAuthorization,
    RecoveredAuthority, RecoveredAuthorization,
};
use revm::context::{BlockEnv, CfgEnv, TxEnv};
use revm::database::{CacheDB, EmptyDB};
use revm::primitives::TxKind;
use revm::state::{AccountInfo, Bytecode};
use revm::{Context, DatabaseRef, ExecuteEvm, MainBuilder, MainContext};

use crate::program::bytecode;
use crate::world::{Told, World};

/// Forks whose rules for empty accounts are those of today; revm leaves the others to its database.
const FORKS: &[Fork] = &[
    Fork::SpuriousDragon,
    Fork::Byzantium,
    Fork::Petersburg,
    Fork::Istanbul,
    Fork::Berlin,
    Fork::London,
    Fork::Paris,
    Fork::Shanghai,
    Fork::Cancun,
    Fork::Prague,
    Fork::Osaka,
];

const CASES: u64 = 3_000;
const SENDER: u8 = 0xee;
const COINBASE: u8 = 0xcc;

fn account(byte: u8) -> Theirs {
    Theirs::with_last_byte(byte)
}

/// What both sides are given.
struct Case {
    fork: Fork,
    /// Code and balance of contracts, by address.
    contracts: Vec<(Theirs, Vec<u8>, u64)>,
    transaction: Transaction,
}

/// What both sides tell.
#[derive(Debug, PartialEq)]
struct Outcome {
    status: &'static str,
    gas_used: u64,
    output: Vec<u8>,
    logs: Vec<Log>,
    state: BTreeMap<Address, Told>,
}

fn case(seed: u64) -> Case {
    let mut random = Rng::with_seed(seed);
    let random = &mut random;
    let fork = FORKS[random.usize(..FORKS.len())];
    let contracts: Vec<_> = (0x20..0x24).map(account).collect();
    let mut known = contracts.clone();
    known.extend((1..=0x11).map(account));
    known.extend([0x30, SENDER, COINBASE].map(account));
    let mut codes: Vec<_> = contracts
        .iter()
        .map(|address| (*address, bytecode(random, 40, &known), random.u64(..10)))
        .collect();
    if fork.has(Fork::Prague) && random.u8(..4) == 0 {
        // one account delegates to another
        let target = known[random.usize(..known.len())];
        codes[0].1 = [&[0xef, 1, 0][..], target.as_slice()].concat();
    }
    let kinds = [
        (TransactionKind::Legacy, Fork::Frontier),
        (TransactionKind::AccessList, Fork::Berlin),
        (TransactionKind::DynamicFee, Fork::London),
        (TransactionKind::SetCode, Fork::Prague),
    ];
    let known_kinds = kinds.iter().filter(|(_, since)| fork.has(*since)).count();
    let kind = kinds[random.usize(..known_kinds)].0;
    let creates = kind != TransactionKind::SetCode && random.u8(..5) == 0;
    let input = if creates {
        bytecode(random, 30, &known)
    } else {
        (0..random.usize(..70)).map(|_| random.u8(..) & random.u8(..)).collect()
    };
    let price = U256::from(random.u64(7..20));
    let of_kind = |least| kind >= least;
    let access_list = if kind == TransactionKind::Legacy {
        Vec::new()
    } else {
        (0..random.usize(..3))
            .map(|_| AccessListItem {
                address: known[random.usize(..known.len())],
                slots: (0..random.usize(..3))
                    .map(|_| B256::with_last_byte(random.u8(..4)))
                    .collect(),
            })
            .collect()
    };
    let authorizations = if kind == TransactionKind::SetCode {
        (0..random.usize(1..4))
            .map(|_| Authorization {
                chain_id: U256::from(random.u64(..3)),
                address: if random.u8(..5) == 0 {
                    Theirs::ZERO
                } else {
                    known[random.usize(..known.len())]
                },
                nonce: random.u64(..2),
                authority: (random.u8(..6) != 0).then(|| account(random.u8(0x28..0x34))),
            })
            .collect()
    } else {
        Vec::new()
    };
    // half of the calls go to a contract
    let most = if random.bool() { 4 } else { known.len() };
    let transaction = Transaction {
        kind,
        hash: B256::ZERO,
        chain_id: Some(1),
        sender: account(SENDER),
        nonce: u64::from(random.u8(..50) == 0),
        gas_limit: random.u64(21_000..400_000),
        max_fee_per_gas: price,
        max_priority_fee_per_gas: if of_kind(TransactionKind::DynamicFee) {
            U256::from(random.u64(..8))
        } else {
            price
        },
        to: (!creates).then(|| known[random.usize(..most)]),
        value: U256::from(random.u64(..3)),
        input: input.into(),
        access_list,
        authorizations,
        ..Transaction::default()
    };
    Case { fork, contracts: codes, transaction }
}

fn slots(address: &Theirs) -> [([u8; 32], U256); 2] {
    let word = U256::from(address[19]);
    [(B256::with_last_byte(0).0, word), (B256::with_last_byte(1).0, U256::MAX - word)]
}

const BALANCE: u64 = 1 << 40;
const TIME: u64 = 1_000;

fn ours(chain: &Chain, case: &Case) -> Result<Outcome, String> {
    let mut world = World::default();
    world.account(Address::new(account(SENDER).0.0), 0, U256::from(BALANCE), &[]);
    for (address, code, balance) in &case.contracts {
        let address_of = Address::new(address.0.0);
        world.account(address_of, 1, U256::from(*balance), code);
        for (slot, word) in slots(address) {
            world.slot(address_of, slot, word);
        }
    }
    let env = Env {
        block: BlockInfo {
            chain_id: 1,
            height: 300,
            timestamp: TIME,
            gas_limit: 30_000_000,
            coinbase: Address::new(account(COINBASE).0.0),
            base_fee: U256::from(7),
            blob_base_fee: U256::ONE,
            prev_randao: [5; 32],
            difficulty: U256::from(9),
        },
        rules: Arc::new(Rules::new(case.fork)),
        hashes: Arc::new(|number| Some(EmptyDB::new().block_hash_ref(number).unwrap().0)),
    };
    let mut ethereum = chain.ethereum(Arc::new(world.clone()), env);
    let receipt: Receipt = match ethereum.transact(&case.transaction, Checks::ALL, None) {
        Ok(receipt) => receipt,
        Err(ChainError::Refused(refusal)) => return Err(refusal.to_string()),
        Err(error) => panic!("the host failed: {error}"),
    };
    world.apply(&ethereum.changes());
    Ok(Outcome {
        status: match receipt.status {
            Status::Return => "return",
            Status::Revert => "revert",
            Status::Trap | Status::OutOfGas => "halt",
        },
        gas_used: receipt.gas_used,
        logs: logs(&receipt),
        output: receipt.output,
        state: world.told(),
    })
}

fn theirs(case: &Case) -> Result<Outcome, String> {
    let mut state = CacheDB::new(EmptyDB::new());
    let info = |balance: u64, nonce, code: &[u8]| {
        let code = match bessemer_evm::delegation_target(code) {
            Some(target) if case.fork.has(Fork::Prague) => Bytecode::new_eip7702(target),
            _ => Bytecode::new_legacy(Bytes::copy_from_slice(code)),
        };
        AccountInfo::new(U256::from(balance), nonce, code.hash_slow(), code)
    };
    state.insert_account_info(account(SENDER), info(BALANCE, 0, &[]));
    for (address, code, balance) in &case.contracts {
        state.insert_account_info(*address, info(*balance, 1, code));
        for (slot, word) in slots(address) {
            state.insert_account_storage(*address, U256::from_be_bytes(slot), word).unwrap();
        }
    }
    let mut cfg = CfgEnv::default();
    cfg.set_spec_and_mainnet_gas_params(case.fork.spec());
    cfg.chain_id = 1;
    let mut block = BlockEnv {
        number: U256::from(300),
        beneficiary: account(COINBASE),
        timestamp: U256::from(TIME),
        gas_limit: 30_000_000,
        basefee: if case.fork.has(Fork::London) { 7 } else { 0 },
        difficulty: U256::from(9),
        prevrandao: Some([5; 32].into()),
        ..BlockEnv::default()
    };
    block.set_blob_excess_gas_and_price(0, 5_007_716);
    let context = Context::mainnet().with_db(&mut state).with_cfg(cfg).with_block(block);
    let mut evm = context.build_mainnet();
    let done = evm.transact(transaction(&case.transaction)).map_err(|error| error.to_string())?;
    drop(evm);
    let (status, gas, output, logs) = match done.result {
        ExecutionResult::Success { gas, logs, output, .. } => {
            ("return", gas, output.into_data(), logs)
        }
        ExecutionResult::Revert { gas, output, .. } => ("revert", gas, output, Vec::new()),
        ExecutionResult::Halt { gas, .. } => ("halt", gas, Bytes::new(), Vec::new()),
    };
    revm::DatabaseCommit::commit(&mut state, done.state);
    let mut told = BTreeMap::new();
    for (address, account) in &state.cache.accounts {
        let storage = account.storage.iter().filter(|(_, word)| !word.is_zero());
        let one = Told {
            nonce: account.info.nonce,
            balance: account.info.balance,
            code_hash: account.info.code_hash.0,
            storage: storage.map(|(slot, word)| (slot.to_be_bytes(), *word)).collect(),
        };
        if !account.info.is_empty() {
            told.insert(Address::new(address.0.0), one);
        }
    }
    let gas_used = gas.tx_gas_used();
    Ok(Outcome { status, gas_used, output: output.to_vec(), logs, state: told })
}

fn transaction(ours: &Transaction) -> TxEnv {
    let items = ours
        .access_list
        .iter()
        .map(|item| TheirItem { address: item.address, storage_keys: item.slots.clone() });
    let authorizations = ours.authorizations.iter().map(|one| {
        let inner =
            TheirAuthorization { chain_id: one.chain_id, address: one.address, nonce: one.nonce };
        let authority =
            one.authority.map_or(RecoveredAuthority::Invalid, RecoveredAuthority::Valid);
        Either::Right(RecoveredAuthorization::new_unchecked(inner, authority))
    });
    TxEnv {
        tx_type: ours.kind as u8,
        caller: ours.sender,
        gas_limit: ours.gas_limit,
        gas_price: ours.max_fee_per_gas.to(),
        kind: ours.to.map_or(TxKind::Create, TxKind::Call),
        value: ours.value,
        data: ours.input.clone(),
        nonce: ours.nonce,
        chain_id: ours.chain_id,
        access_list: AccessList(items.collect()),
        gas_priority_fee: (ours.kind >= TransactionKind::DynamicFee)
            .then(|| ours.max_priority_fee_per_gas.to()),
        authorization_list: authorizations.collect(),
        ..TxEnv::default()
    }
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

#[test]
fn random_transactions_do_what_they_do_in_revm() {
    let engine = Engine::new(Config::new().backend(Backend::Interpreter)).unwrap();
    let chain = Chain::in_memory(&engine).unwrap();
    let first = setting("BESSEMER_SEED", 0);
    let mut ran: BTreeMap<&str, u64> = BTreeMap::new();
    for seed in first..first + setting("BESSEMER_CASES", CASES) {
        let case = case(seed);
        let again = format!("BESSEMER_SEED={seed} BESSEMER_CASES=1 ({})", case.fork);
        match (ours(&chain, &case), theirs(&case)) {
            (Ok(mut ours), Ok(theirs)) => {
                // a transaction that creates gives the code in both
                if ours.status == "halt" {
                    ours.output.clear();
                }
                *ran.entry(ours.status).or_default() += 1;
                assert_eq!(ours, theirs, "{again}");
            }
            (Err(_), Err(_)) => *ran.entry("refused").or_default() += 1,
            (ours, theirs) => panic!("{again}: {ours:?}, and revm says {theirs:?}"),
        }
    }
    println!("{ran:?}");
    let enough = |status| ran.get(status).is_some_and(|&count| count > 5);
    if setting("BESSEMER_CASES", CASES) >= CASES {
        assert!(["return", "revert", "halt", "refused"].into_iter().all(enough), "{ran:?}");
    }
}
