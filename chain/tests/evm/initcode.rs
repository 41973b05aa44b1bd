//! Initcode that creates RISC-V contracts: by the hash of an uploaded file, and with the file itself.

use bessemer_chain::evm::GAS_SHIFT;
use bessemer_chain::{
    Address, Chain, ChainError, Code, CodeHash, DESIGNATOR_PREFIX, Receipt, Status,
    address_by_nonce, address_by_salt, initcode,
};
use bessemer_evm::interpreter::bytecode::opcode as op;
use bessemer_evm::{FILE_PREFIX, Transaction};
use bessemer_image::LoadError;
use fastrand::Rng;

use crate::common::script::{Script, deploy_script, script_code};
use crate::common::{PRICES, amount, entry_price, on_both, outcome};
use crate::scene::{GAS, deploy, send, send_with, theirs};

/// The most bytes of initcode by EIP-3860.
const LONG: usize = 49_152;

/// A contract's file with more bytes than EIP-3860 allows. What stands behind the sections is read by
/// nobody.
fn long_file() -> Vec<u8> {
    let mut file = script_code();
    file.resize(LONG + 1000, 0);
    file
}

/// Creates a contract with its calldata as initcode, and returns a word with the address, and then what
/// came back.
fn factory(kind: u8) -> Vec<u8> {
    let mut code = vec![op::CALLDATASIZE, op::PUSH0, op::PUSH0, op::CALLDATACOPY];
    if kind == op::CREATE2 {
        code.extend([op::PUSH1, 9]);
    }
    code.extend([op::CALLDATASIZE, op::PUSH0, op::CALLVALUE, kind, op::PUSH0, op::MSTORE]);
    code.extend([op::RETURNDATASIZE, op::PUSH0, op::PUSH1, 32, op::RETURNDATACOPY]);
    code.extend([op::RETURNDATASIZE, op::PUSH1, 32, op::ADD, op::PUSH0, op::RETURN]);
    code
}

/// The contract that a [`factory`] created, or what came back instead.
fn made(receipt: &Receipt) -> Result<Address, Vec<u8>> {
    assert!(receipt.succeeded(), "{}", outcome(receipt));
    let (word, output) = receipt.output.split_first_chunk::<32>().unwrap();
    match <[u8; 20]>::try_from(&word[12..]).unwrap() {
        [0, ..] if *word == [0; 32] => Err(output.to_vec()),
        address => Ok(Address::new(address)),
    }
}

/// The message of a revert with `Error(string)`.
fn message(output: &[u8]) -> &str {
    match bessemer_types::revert::Revert::decode(output) {
        Some(bessemer_types::revert::Revert::Error(message)) => message,
        other => panic!("{other:?} in {output:02x?}"),
    }
}

/// A constructor's input that stores, and one that stores and then traps.
fn constructors() -> [Vec<u8>; 2] {
    let mut stores = Script::new();
    stores.set(b"key", b"value");
    let mut traps = stores.clone();
    traps.trap();
    [stores.input(), traps.input()]
}

#[test]
fn a_transaction_uploads_a_file_and_creates_a_contract_of_it() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let [stores, _] = constructors();
        for file in [script_code(), long_file()] {
            let hash = CodeHash::of(&file);
            assert_eq!(chain.code(&hash).unwrap(), None);
            let nonce = chain.account(&alice).unwrap().nonce;
            let receipt = send(chain, alice, None, &initcode(&file, &stores), 7);
            assert!(receipt.succeeded(), "{}", outcome(&receipt));
            let created = receipt.contract().unwrap();
            assert_eq!(created, address_by_nonce(&alice, nonce));
            let account = chain.account(&created).unwrap();
            assert_eq!((account.code, account.balance), (Some(Code::RiscV(hash)), amount(7)));
            assert_eq!(chain.storage(&created, b"key").unwrap().unwrap(), b"value");
            assert_eq!(chain.code(&hash).unwrap().unwrap(), file);
            let size = chain.code_size(&hash).unwrap().unwrap();
            assert_eq!(size.file as usize, file.len());
            // it can be called, and more contracts created of it
            assert!(send(chain, alice, Some(created), &Script::new().input(), 0).succeeded());
            assert!(send(chain, alice, None, &Code::designator(&hash), 0).succeeded());
        }
    });
}

#[test]
fn a_file_costs_what_upload_and_create_cost_besides_its_calldata() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let file = script_code();
        // by the hash first, which needs the file
        deploy_script(chain, alice);
        let by_hash = Code::designator(&CodeHash::of(&file)).to_vec();
        let with_file = initcode(&file, &[]);
        let intrinsic = |chain: &Chain, input: &[u8]| {
            let transaction = Transaction {
                sender: theirs(alice),
                input: input.to_vec().into(),
                ..Transaction::default()
            };
            chain.env().rules.intrinsic_gas(&transaction).needed
        };
        let [hash, carried] = [by_hash, with_file].map(|code| {
            let receipt = send(chain, alice, None, &code, 0);
            assert!(receipt.succeeded(), "{}", outcome(&receipt));
            receipt.gas_used - intrinsic(chain, &code)
        });
        let [upload, create] =
            [PRICES.code_byte * file.len() as u64, PRICES.new_account + entry_price(&file)];
        assert_eq!(carried - hash, upload.div_ceil(1 << GAS_SHIFT));
        assert!(hash > create >> GAS_SHIFT, "{hash}");
        // the constructor runs a few instructions
        assert!(hash - (create >> GAS_SHIFT) < 100, "{hash}");
    });
}

#[test]
fn each_gas_limit_that_does_not_suffice_creates_nothing() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let file = script_code();
        let code = initcode(&file, &[]);
        let exact = {
            let view = chain.store().snapshot().unwrap();
            let mut ethereum = chain.ethereum(view, chain.env());
            let transaction = Transaction {
                chain_id: Some(1337),
                sender: theirs(alice),
                nonce: chain.account(&alice).unwrap().nonce,
                gas_limit: GAS,
                input: code.clone().into(),
                ..Transaction::default()
            };
            let checks = bessemer_chain::evm::Checks::ALL;
            let receipt = ethereum.transact(&transaction, checks, None).unwrap();
            assert!(receipt.succeeded());
            receipt.gas_used
        };
        let upload = (PRICES.code_byte * file.len() as u64) >> GAS_SHIFT;
        // below, the floor of EIP-7623 refuses the transaction
        for short in [1, 2, 100, upload / 2] {
            let receipt = send_with(chain, exact - short, alice, None, &code, 0);
            assert_eq!(receipt.status, Status::OutOfGas, "{short} less than {exact}");
            assert_eq!(receipt.gas_used, exact - short);
            assert_eq!(chain.code(&CodeHash::of(&file)).unwrap(), None);
        }
        assert!(send_with(chain, exact, alice, None, &code, 0).succeeded());
    });
}

#[test]
fn bytecode_creates_contracts_of_files_by_nonce_and_by_salt() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let [stores, _] = constructors();
        for kind in [op::CREATE, op::CREATE2] {
            let factory = deploy(chain, alice, &factory(kind));
            for file in [script_code(), long_file()] {
                let hash = CodeHash::of(&file);
                let nonce = chain.account(&factory).unwrap().nonce;
                let salt = std::array::from_fn(|index| if index == 31 { 9 } else { 0 });
                let expected = match kind {
                    op::CREATE => address_by_nonce(&factory, nonce),
                    _ => address_by_salt(&factory, &salt, &hash),
                };
                let receipt = send(chain, alice, Some(factory), &initcode(&file, &stores), 3);
                let created = made(&receipt).unwrap();
                assert_eq!(created, expected);
                assert_eq!(receipt.created, [created]);
                let account = chain.account(&created).unwrap();
                assert_eq!((account.code, account.balance), (Some(Code::RiscV(hash)), amount(3)));
                assert_eq!(chain.account(&factory).unwrap().nonce, nonce + 1);
                assert_eq!(chain.code(&hash).unwrap().unwrap(), file);
                if kind == op::CREATE2 {
                    // the address is taken now, also for other input
                    let receipt = send(chain, alice, Some(factory), &initcode(&file, &[]), 0);
                    let reason = made(&receipt).unwrap_err();
                    assert_eq!(message(&reason), format!("an account is at {created} already"));
                }
            }
        }
    });
}

#[test]
fn long_initcode_without_a_file_stays_forbidden() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let mut bytecode = FILE_PREFIX.to_vec();
        bytecode.resize(LONG + 1, 0);
        for kind in [op::CREATE, op::CREATE2] {
            let factory = deploy(chain, alice, &factory(kind));
            for first in [0, 0x5b, 0xef] {
                bytecode[..2].copy_from_slice(&[first, 0]);
                let receipt = send(chain, alice, Some(factory), &bytecode, 0);
                assert_eq!((receipt.status, receipt.gas_used), (Status::Trap, GAS));
                let transaction = Transaction {
                    chain_id: Some(1337),
                    sender: theirs(alice),
                    nonce: chain.account(&alice).unwrap().nonce,
                    gas_limit: GAS,
                    input: bytecode.clone().into(),
                    ..Transaction::default()
                };
                let mut block = chain.block();
                let refused = block.push_ethereum(&transaction, None).unwrap_err();
                assert!(refused.to_string().contains("EIP-3860"), "{refused}");
            }
            // memory that nobody wrote is zero
            let mut code = vec![op::PUSH3, 0, 0xc0, 1, op::PUSH0, op::PUSH0, kind, op::STOP];
            if kind == op::CREATE2 {
                code.insert(0, op::PUSH0);
            }
            let empty = deploy(chain, alice, &code);
            assert_eq!(send(chain, alice, Some(empty), &[], 0).status, Status::Trap);
        }
    });
}

#[test]
fn what_a_rule_forbids_reverts_with_the_reason() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let factory = deploy(chain, alice, &factory(op::CREATE));
        let mut foreign = script_code();
        foreign[18] = 0x3e;
        let rule = LoadError::NotRiscV { found: 0x3e }.rule();
        let unknown = CodeHash::from_bytes([1; 32]);
        let cases = [
            (initcode(b"no program", &[]), "the file is not a contract (L2)".to_owned()),
            (initcode(&[], &[]), "the file is not a contract (L2)".to_owned()),
            (initcode(&foreign, &[]), format!("the file is not a contract ({rule})")),
            (FILE_PREFIX.to_vec(), "the initcode ends within the length of the file".to_owned()),
            (
                [&FILE_PREFIX[..], &[0, 0, 0, 1]].concat(),
                "the initcode ends within the file".to_owned(),
            ),
            (
                [&FILE_PREFIX[..], &[0xff; 4]].concat(),
                "the file is longer than 1048576 bytes".to_owned(),
            ),
            (
                DESIGNATOR_PREFIX.to_vec(),
                "the initcode ends within the hash of the file".to_owned(),
            ),
            (
                Code::designator(&unknown).to_vec(),
                format!("no file with the hash {unknown} was uploaded"),
            ),
        ];
        for (code, expected) in cases {
            let receipt = send(chain, alice, None, &code, 0);
            assert_eq!(receipt.status, Status::Revert, "{expected}");
            assert_eq!(receipt.message(), Some(&*expected));
            assert!(receipt.created.is_empty() && receipt.events.is_empty());
            assert!(receipt.gas_used < GAS / 2, "{expected}: {}", receipt.gas_used);
            let explained = receipt.diagnosis.refused.as_ref().unwrap();
            let begin = expected.split(" (").next().unwrap();
            assert!(explained.starts_with(begin), "{explained}");
            // the creator goes on, and is told the same
            let receipt = send(chain, alice, Some(factory), &code, 0);
            assert_eq!(message(&made(&receipt).unwrap_err()), expected);
            let line = &receipt.diagnosis.log[0];
            assert!(line.text.starts_with(&format!("creation refused: {begin}")), "{line:?}");
        }
    });
}

#[test]
fn a_constructor_that_fails_undoes_the_upload() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let [stores, traps] = constructors();
        let factory = deploy(chain, alice, &factory(op::CREATE));
        let (file, hash) = (script_code(), CodeHash::of(&script_code()));
        let receipt = send(chain, alice, None, &initcode(&file, &traps), 5);
        assert_eq!((receipt.status, receipt.contract()), (Status::Trap, None));
        let receipt = send(chain, alice, Some(factory), &initcode(&file, &traps), 5);
        assert_eq!(made(&receipt), Err(Vec::new()));
        assert!(receipt.created.is_empty());
        assert_eq!((chain.code(&hash).unwrap(), chain.code_size(&hash).unwrap()), (None, None));
        assert_eq!(chain.balance(&factory).unwrap(), amount(5));
        // so the hash alone names nothing
        let receipt = send(chain, alice, None, &Code::designator(&hash), 0);
        assert!(receipt.message().unwrap().starts_with("no file with the hash"));
        // a caller that fails undoes what it created
        let receipt = send(chain, alice, None, &initcode(&file, &stores), 0);
        let script = receipt.contract().unwrap();
        let (other, its_hash) = (long_file(), CodeHash::of(&long_file()));
        let mut outer = Script::new();
        // a script is too short for the file, so the factory is given a part of it, which is refused
        outer.call(factory, 0, &initcode(&other[..1000], &[])).trap();
        assert_eq!(send(chain, alice, Some(script), &outer.input(), 0).status, Status::Trap);
        assert_eq!(chain.code(&its_hash).unwrap(), None);
        // what was there stays
        let receipt = send(chain, alice, None, &initcode(&file, &traps), 0);
        assert_eq!(receipt.status, Status::Trap);
        assert_eq!(chain.code(&hash).unwrap().unwrap(), file);
    });
}

/// Initcode of all kinds: whole, cut, with wrong lengths, files that are damaged, one in another.
fn hostile(random: &mut Rng, file: &[u8]) -> Vec<u8> {
    let [stores, traps] = constructors();
    let input = match random.u8(..5) {
        0 => stores,
        1 => traps,
        2 => (0..random.usize(..100)).map(|_| random.u8(..)).collect(),
        3 => initcode(&file[..random.usize(..300)], &stores),
        _ => Vec::new(),
    };
    let mut file = file.to_vec();
    match random.u8(..8) {
        0 => file.truncate(random.usize(..file.len())),
        1 => {
            let at = random.usize(..file.len().min(0x200));
            file[at] ^= 1 << random.u8(..8);
        }
        2 => file.resize(random.usize(..60_000), random.u8(..)),
        3 => file = initcode(&file, &input),
        4 => file.clear(),
        _ => {}
    }
    let mut code = initcode(&file, &input);
    match random.u8(..6) {
        0 => code.truncate(random.usize(..=code.len())),
        1 => code[4 + random.usize(..4)] = random.u8(..),
        2 => code[random.usize(..8)] = random.u8(..),
        3 => {
            let off = u32::from_be_bytes(*code[4..].first_chunk().unwrap());
            let off = off.wrapping_add(random.u32(..9)).wrapping_sub(4);
            code[4..8].copy_from_slice(&off.to_be_bytes());
        }
        _ => {}
    }
    code
}

/// `BESSEMER_CASES` says how many, and `BESSEMER_SEED` which is the first.
#[test]
fn hostile_initcode_costs_what_it_has_and_leaves_only_whole_contracts() {
    let setting = |name: &str, default: u64| {
        std::env::var(name).map_or(default, |text| text.parse().unwrap())
    };
    let (first, cases) = (setting("BESSEMER_SEED", 0), setting("BESSEMER_CASES", 150));
    let statuses = on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let factories = [op::CREATE, op::CREATE2].map(|kind| deploy(chain, alice, &factory(kind)));
        let file = script_code();
        let mut statuses = Vec::new();
        for seed in first..first + cases {
            let again = format!("BESSEMER_SEED={seed} BESSEMER_CASES=1");
            let random = &mut Rng::with_seed(seed);
            let code = hostile(random, &file);
            let to = [None, Some(factories[0]), Some(factories[1])][random.usize(..3)];
            let gas = [600_000, 3_000_000, GAS][random.usize(..3)];
            let transaction = Transaction {
                chain_id: Some(1337),
                sender: theirs(alice),
                nonce: chain.account(&alice).unwrap().nonce,
                gas_limit: gas,
                to: to.map(theirs),
                input: code.into(),
                ..Transaction::default()
            };
            let before = chain.state_digest().unwrap();
            let mut block = chain.block();
            let receipt = match block.push_ethereum(&transaction, None) {
                Ok(receipt) => receipt.clone(),
                // too little gas for its calldata, or long bytecode
                Err(ChainError::Refused(_)) => {
                    drop(block);
                    assert_eq!(chain.state_digest().unwrap(), before, "{again}");
                    statuses.push(None);
                    continue;
                }
                Err(error) => panic!("{again}: the host failed: {error}"),
            };
            block.commit().unwrap();
            assert!(receipt.gas_used <= gas, "{again}");
            assert!(receipt.created.len() <= 1, "{again}");
            for created in &receipt.created {
                let account = chain.account(created).unwrap();
                if let Some(hash) = account.program() {
                    let stored = chain.code(&hash).unwrap().unwrap();
                    assert_eq!(CodeHash::of(&stored), hash, "{again}");
                    assert!(chain.code_size(&hash).unwrap().is_some(), "{again}");
                    let called = send(chain, alice, Some(*created), &Script::new().input(), 0);
                    assert!(called.succeeded(), "{again}: {}", outcome(&called));
                }
            }
            statuses.push(Some((receipt.status, receipt.created.len())));
        }
        statuses
    });
    let count = |wanted| statuses.iter().filter(|found| **found == wanted).count();
    println!("{cases} cases: {} created", count(Some((Status::Return, 1))));
    if cases >= 150 {
        for wanted in [
            Some((Status::Return, 1)),
            Some((Status::Return, 0)),
            Some((Status::Revert, 0)),
            Some((Status::Trap, 0)),
            Some((Status::OutOfGas, 0)),
        ] {
            assert!(count(wanted) > 2, "{wanted:?}: {}", count(wanted));
        }
    }
}
