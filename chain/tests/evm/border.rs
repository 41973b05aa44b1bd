//! Calls between RISC-V programs and EVM bytecode.

use std::sync::Arc;

use bessemer_abi::codes::status;
use bessemer_chain::evm::GAS_SHIFT;
use bessemer_chain::{
    AccessList, Action, Address, Code, CodeHash, Receipt, StateKey, Status, StorageKey,
    Transaction as NativeTransaction, U256,
};
use bessemer_evm::alloy_primitives::keccak256;
use bessemer_evm::interpreter::bytecode::opcode as op;
use bessemer_evm::{Invalid, Transaction};

use crate::common::script::{Script, deploy_script, script_code};
use crate::common::{amount, on_both};
use crate::scene::{GAS, deploy, send, theirs};

/// Calls `to` by this instruction with its own calldata and value and all gas, and returns a word that
/// tells whether that succeeded, and then what was returned.
fn caller(to: Address, kind: u8) -> Vec<u8> {
    let mut code = vec![op::CALLDATASIZE, op::PUSH0, op::PUSH0, op::CALLDATACOPY];
    code.extend([op::PUSH0, op::PUSH0, op::CALLDATASIZE, op::PUSH0]);
    if matches!(kind, op::CALL | op::CALLCODE) {
        code.push(op::CALLVALUE);
    }
    code.push(op::PUSH20);
    code.extend(to.as_bytes());
    code.extend([op::GAS, kind, op::PUSH0, op::MSTORE]);
    code.extend([op::RETURNDATASIZE, op::PUSH0, op::PUSH1, 32, op::RETURNDATACOPY]);
    code.extend([op::RETURNDATASIZE, op::PUSH1, 32, op::ADD, op::PUSH0, op::RETURN]);
    code
}

/// What a contract made by [`caller`] gives: whether its call succeeded, and what that returned.
fn answer(receipt: &Receipt) -> (bool, Vec<u8>) {
    assert!(receipt.succeeded(), "{receipt:?}");
    let (word, output) = receipt.output.split_at(32);
    (word[31] == 1, output.to_vec())
}

/// Stores calldata's first word in slot 0, emits a log, and returns the value that came with the call.
const STORES: &[u8] = &[
    op::PUSH0,
    op::CALLDATALOAD,
    op::PUSH0,
    op::SSTORE,
    op::PUSH0,
    op::PUSH0,
    op::LOG0,
    op::CALLVALUE,
    op::PUSH0,
    op::MSTORE,
    op::PUSH1,
    32,
    op::PUSH0,
    op::RETURN,
];
const REVERTS: &[u8] = &[
    op::PUSH1,
    1,
    op::PUSH0,
    op::SSTORE,
    op::PUSH1,
    7,
    op::PUSH0,
    op::MSTORE,
    op::PUSH1,
    32,
    op::PUSH0,
    op::REVERT,
];
const HALTS: &[u8] = &[op::PUSH1, 1, op::PUSH0, op::SSTORE, op::INVALID];

#[test]
fn bytecode_calls_a_program_and_gets_its_answer() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let program = deploy_script(chain, alice);
        let contract = deploy(chain, alice, &caller(program, op::CALL));
        let mut script = Script::new();
        script.set(b"key", b"value");
        let place = script.space(20);
        script.host("caller", &[place]);
        let value = script.space(32);
        script.host("value", &[value]);
        let script = script.show_memory();
        let receipt = send(chain, alice, Some(contract), &script.input(), 5);
        let (succeeded, output) = answer(&receipt);
        assert!(succeeded, "{receipt:?}");
        let told = script.told(&output);
        assert_eq!(told.at(place, 20), contract.as_bytes());
        assert_eq!(told.at(value, 32), amount(5).to_le_bytes::<32>());
        assert_eq!(chain.storage(&program, b"key").unwrap().unwrap(), b"value");
        assert_eq!(chain.balance(&program).unwrap(), amount(5));
        receipt
    });
}

#[test]
fn a_static_call_of_a_program_is_read_only() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let program = deploy_script(chain, alice);
        let contract = deploy(chain, alice, &caller(program, op::STATICCALL));
        let mut script = Script::new();
        script.set(b"key", b"value");
        let receipt = send(chain, alice, Some(contract), &script.input(), 0);
        assert_eq!(answer(&receipt), (false, Vec::new()));
        assert_eq!(chain.storage(&program, b"key").unwrap(), None);
        receipt
    });
}

#[test]
fn a_program_calls_bytecode_and_sees_how_it_ended() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let program = deploy_script(chain, alice);
        chain.call(program, "").from(alice).value(amount(100)).send().unwrap();
        let [stores, reverts, halts] =
            [STORES, REVERTS, HALTS].map(|code| deploy(chain, alice, code));
        let mut script = Script::new();
        script.call(stores, 3, &[9; 32]);
        script.call(reverts, 3, &[]);
        script.call_as("static_call", stores, &[9; 32]);
        let told = script.tell(chain, alice, program);
        // a write in a static frame is an exceptional halt
        assert_eq!(told.results, [status::RETURN, status::REVERT, status::TRAP]);
        let word = chain.storage(&stores, &[0; 32]).unwrap().unwrap();
        assert_eq!(word, [9; 32]);
        assert_eq!(chain.storage(&reverts, &[0; 32]).unwrap(), None);
        assert_eq!(chain.balance(&stores).unwrap(), amount(3));
        assert_eq!(chain.balance(&reverts).unwrap(), amount(0));

        let mut script = Script::new();
        script.call(halts, 3, &[]);
        assert_eq!(script.tell(chain, alice, program).results, [status::TRAP]);
        assert_eq!(chain.storage(&halts, &[0; 32]).unwrap(), None);
        assert_eq!(chain.balance(&halts).unwrap(), amount(0));
    });
}

#[test]
fn code_of_the_other_kind_never_runs_on_an_account() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let program = deploy_script(chain, alice);
        for kind in [op::DELEGATECALL, op::CALLCODE] {
            let contract = deploy(chain, alice, &caller(program, kind));
            let receipt = send(chain, alice, Some(contract), &Script::new().input(), 0);
            assert_eq!(answer(&receipt), (false, Vec::new()));
            // the gas of the call came back
            assert!(receipt.gas_used < 60_000, "{}", receipt.gas_used);
        }
        let stores = deploy(chain, alice, STORES);
        let mut script = Script::new();
        script.call_as("delegate_call", stores, &[]);
        assert_eq!(script.tell(chain, alice, program).results, [status::KIND]);
    });
}

#[test]
fn bytecode_sees_a_designator_in_the_place_of_a_program() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let program = deploy_script(chain, alice);
        let mut code = vec![op::PUSH20];
        code.extend(program.as_bytes());
        code.extend([op::DUP1, op::EXTCODESIZE, op::PUSH0, op::MSTORE]);
        code.extend([op::DUP1, op::EXTCODEHASH, op::PUSH1, 32, op::MSTORE]);
        code.extend([op::PUSH1, 64, op::PUSH0, op::PUSH1, 64, op::DUP4, op::EXTCODECOPY]);
        code.extend([op::PUSH1, 128, op::PUSH0, op::RETURN]);
        let looks = deploy(chain, alice, &code);
        let receipt = send(chain, alice, Some(looks), &[], 0);
        assert!(receipt.succeeded(), "{receipt:?}");
        let designator = Code::designator(&CodeHash::of(&script_code()));
        assert_eq!(designator[0], 0xef);
        assert_eq!(U256::from_be_slice(&receipt.output[..32]), U256::from(36));
        assert_eq!(receipt.output[32..64], keccak256(designator).0);
        assert_eq!(receipt.output[64..100], designator);
        assert_eq!(receipt.output[100..], [0; 28]);
        let account = chain.account(&program).unwrap();
        assert_eq!(account.code_hash(), keccak256(designator).0);
    });
}

#[test]
fn a_program_that_is_closed_is_not_entered_again_through_bytecode() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let program = deploy_script(chain, alice);
        let back = deploy(chain, alice, &caller(program, op::CALL));
        let inner = Script::new().input();
        let mut script = Script::new();
        script.call(back, 0, &inner).pass_on(32);
        let receipt = script.send(chain, alice, program);
        assert!(receipt.succeeded(), "{receipt:?}");
        assert_eq!(receipt.output[31], 0, "the inner call was refused");

        let mut script = Script::new();
        script.host("allow_reentry", &[1]).call(back, 0, &inner).pass_on(32);
        let receipt = script.send(chain, alice, program);
        assert!(receipt.succeeded(), "{receipt:?}");
        assert_eq!(receipt.output[31], 1, "the inner call ran");
    });
}

#[test]
fn what_a_caller_on_one_side_does_is_undone_with_it_on_the_other() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let program = deploy_script(chain, alice);
        let stores = deploy(chain, alice, STORES);
        let contract = deploy(chain, alice, &caller(program, op::CALL));
        // bytecode calls a program, which stores, calls bytecode that stores and emits, and then traps
        let mut script = Script::new();
        script.set(b"key", b"value").call(stores, 2, &[9; 32]).trap();
        let receipt = send(chain, alice, Some(contract), &script.input(), 5);
        assert_eq!(answer(&receipt), (false, Vec::new()));
        assert!(receipt.events.is_empty());
        assert_eq!(chain.storage(&program, b"key").unwrap(), None);
        assert_eq!(chain.storage(&stores, &[0; 32]).unwrap(), None);
        // the caller keeps what came with the transaction
        let balances = [contract, program, stores].map(|address| chain.balance(&address).unwrap());
        assert_eq!(balances, [5, 0, 0].map(amount));
        receipt
    });
}

#[test]
fn requests_for_all_gas_leave_a_64th_and_come_back() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let program = deploy_script(chain, alice);
        let contract = deploy(chain, alice, &caller(program, op::CALL));
        let mut script = Script::new();
        let place = script.space(8);
        script.host("gas_left", &[place]);
        let script = script.show_memory();
        let receipt = send(chain, alice, Some(contract), &script.input(), 0);
        let (succeeded, output) = answer(&receipt);
        assert!(succeeded);
        let left = script.told(&output).gas[0];
        let most = (GAS - GAS / 64) << GAS_SHIFT;
        assert!(left < most && left > most / 2, "{left} of {most}");
        // what was not used came back
        assert!(receipt.gas_used < GAS / 2, "{}", receipt.gas_used);

        // bytecode that halts uses the 63/64 that it got, in whole units
        let halts = deploy(chain, alice, HALTS);
        let mut script = Script::new();
        script.call(halts, 0, &[]);
        let told = script.tell(chain, alice, program);
        let (before, cost) = (told.gas[0], told.costs[0]);
        assert!(cost > before / 64 * 62 && cost < before, "{cost} of {before}");
    });
}

#[test]
fn a_stipend_is_handed_over_and_little_gas_does_not_enter_a_program() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let program = deploy_script(chain, alice);
        // calls with 2,300 gas, which the stipend adds, and no more
        let mut code = vec![op::PUSH0; 4];
        code.extend([op::PUSH1, 1, op::PUSH20]);
        code.extend(program.as_bytes());
        code.extend([
            op::PUSH0,
            op::CALL,
            op::PUSH0,
            op::MSTORE,
            op::PUSH1,
            32,
            op::PUSH0,
            op::RETURN,
        ]);
        let sends = deploy(chain, alice, &code);
        let receipt = send(chain, alice, Some(sends), &[], 1);
        let (succeeded, _) = answer(&receipt);
        let entered = chain.balance(&program).unwrap() == amount(1);
        assert_eq!(succeeded, entered);
        receipt
    });
}

#[test]
fn transactions_call_programs_by_ethereum_s_gas() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let program = deploy_script(chain, alice);
        let receipt = send(chain, alice, Some(program), &Script::new().input(), 0);
        assert!(receipt.succeeded());
        assert!(receipt.gas_used > 21_000 && receipt.gas_used < 100_000, "{}", receipt.gas_used);
        let mut script = Script::new();
        script.trap();
        let receipt = send(chain, alice, Some(program), &script.input(), 0);
        assert_eq!(receipt.status, Status::Trap);
        let mut block = chain.block();
        let too_low = Transaction {
            chain_id: Some(1337),
            sender: theirs(alice),
            gas_limit: 20_999,
            to: Some(theirs(program)),
            ..Transaction::default()
        };
        let refused = block.push_ethereum(&too_low, None).unwrap_err().to_string();
        let expected = Invalid::IntrinsicGas { limit: 20_999, needed: 21_000 };
        assert!(refused.contains(&expected.to_string()), "{refused}");
    });
}

/// A list that does not suffice for bytecode fails the transaction, and never the block.
#[test]
fn bytecode_that_uses_an_undeclared_key_fails_alone() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let stores = deploy(chain, alice, STORES);
        let calls = deploy(chain, alice, &caller(stores, op::CALL));
        let slot = StateKey::Storage(stores, StorageKey::of_word([0; 32]));
        let lists: [&[StateKey]; 3] =
            [&[], &[StateKey::Account(stores)], &[StateKey::Account(stores), slot]];
        let mut block = chain.block();
        let mut statuses = Vec::new();
        let first = block.pending().unwrap().account(&alice).unwrap().nonce;
        for (nonce, writes) in (first..).zip(lists) {
            let transaction = NativeTransaction {
                sender: alice,
                nonce,
                gas_limit: 100_000_000,
                gas_price: U256::ZERO,
                value: U256::ZERO,
                action: Action::Call { to: calls, input: vec![1; 32] },
                access: Some(Arc::new(AccessList {
                    reads: [].into(),
                    writes: writes.iter().copied().collect(),
                })),
            };
            let receipt = block.push(&transaction).unwrap();
            statuses.push((receipt.status, receipt.output.last().copied(), receipt.gas_used));
        }
        block.commit().unwrap();
        // the caller's own frame asks for the account; the callee's asks for the slot, and the caller goes on
        assert_eq!(statuses[0].0, Status::Trap);
        assert_eq!((statuses[1].0, statuses[2].0), (Status::Return, Status::Return));
        assert_eq!(chain.storage(&stores, &[0; 32]).unwrap(), Some(vec![1; 32]));
        statuses
    });
}
