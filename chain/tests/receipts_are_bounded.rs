//! What a node keeps of a transaction is bounded in bytes, whatever the transaction does.
#![allow(clippy::unwrap_used, reason = "tests fail by panics")]

mod common;

use std::sync::Arc;

use bessemer_abi::limits::{CREATIONS, OUTPUT_BYTES};
use bessemer_chain::store::MemoryStore;
use bessemer_chain::{
    Action, Address, Chain, ChainConfig, ChainError, CodeHash, Diagnosis, Receipt, Refusal, Status,
    Transaction, U256,
};
use bessemer_image::{ImageBuilder, Profile};
use bessemer_isa::{TrapKind, asm};
use common::assembly::contract_with;
use common::script::{Script, deploy_script};
use common::{BACKENDS, chain, contract, deploy, engine, on_both, trap};

/// Bytes of a receipt as stores keep it.
fn kept(receipt: &Receipt) -> usize {
    postcard::to_stdvec(receipt).unwrap().len()
}

/// A transaction that calls a contract as often as it can, which reverts with all that it may.
fn failing_loudly(chain: &mut Chain, alice: Address, times: u32) -> Receipt {
    let outer = deploy_script(chain, alice);
    let source = format!("beqz a0, 1f\nhost finish(0, 0)\n1:\nhost revert(DATA, {OUTPUT_BYTES})");
    let inner = chain.deploy(contract_with(&source, 2 * OUTPUT_BYTES, false)).from(alice);
    let inner = inner.create().unwrap();
    let mut script = Script::new();
    let (to, value) = (script.put(inner.as_bytes()), script.space(32));
    script.repeat(times, "call", &[to, value, 0, 0, u32::MAX, 0]);
    let request = chain.call(outer, "").input(script.input()).from(alice).gas(1 << 36);
    let receipt = request.send().unwrap();
    assert_eq!(script.told(&receipt.output).results, [1], "they all revert");
    receipt
}

#[test]
fn output_of_failed_frames_is_not_kept() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let receipt = failing_loudly(chain, alice, 300);
        assert_eq!(receipt.diagnosis.failures.len(), Diagnosis::MOST_FAILURES);
        assert!(receipt.diagnosis.cut);
        assert!(receipt.diagnosis.bytes() <= Diagnosis::MOST_BYTES);
        assert!(kept(&receipt) < 64 << 10, "{} bytes", kept(&receipt));
        receipt.diagnosis
    });
}

#[test]
fn of_many_failures_the_cause_is_first_and_the_transactions_own_is_last() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let outer = deploy_script(chain, alice);
        let inner = deploy(chain, alice, "unimp");
        let mut script = Script::new();
        let (to, value) = (script.put(inner.as_bytes()), script.space(32));
        script.repeat(300, "call", &[to, value, 0, 0, 1000, 0]).host("revert", &[to, 4]);
        let request = chain.call(outer, "").input(script.input()).from(alice);
        let receipt = request.send().unwrap();
        assert_eq!(receipt.status, Status::Revert);
        let failures = &receipt.diagnosis.failures;
        let (first, last) = (failures.first().unwrap(), failures.last().unwrap());
        assert_eq!((first.depth, first.status), (2, Status::Trap));
        assert_eq!((last.depth, last.status), (1, Status::Revert));
        receipt.diagnosis
    });
}

#[test]
fn empty_lines_fill_the_debug_log_too() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let outer = deploy_script(chain, alice);
        let mut script = Script::new();
        script.repeat(100_000, "log", &[0, 0]);
        let receipt = script.send(chain, alice, outer);
        assert!(receipt.succeeded());
        let lines = receipt.diagnosis.log.len();
        assert!((1..5_000).contains(&lines), "{lines} lines");
        assert!(receipt.diagnosis.cut);
    });
}

#[test]
fn the_name_of_a_function_is_cut() {
    let program = asm::assemble("unimp", &asm::Options::default()).unwrap();
    let elf = ImageBuilder::new(Profile::rv32(false))
        .text(program.text.base, &program.text.bytes)
        .symbol("n".repeat(1_000), program.text.base)
        .build();
    let mut chain = chain(BACKENDS[0]);
    let alice = chain.user("alice").unwrap();
    let receipt = chain.deploy(elf).from(alice).send().unwrap();
    let function = receipt.diagnosis.failures[0].function.as_ref().unwrap();
    assert_eq!(function.len(), 128);
}

#[test]
fn the_diagnoses_of_a_block_are_bounded_together() {
    let mut chain = chain(BACKENDS[1]);
    let alice = chain.user("alice").unwrap();
    let outer = deploy_script(&mut chain, alice);
    let mut script = Script::new();
    let line = script.space(4096);
    script.repeat(20, "log", &[line, 4096]);
    let mut block = chain.block();
    for nonce in 0..400 {
        let action = Action::Call { to: outer, input: script.input() };
        block.push(&call(alice, nonce + 1, action)).unwrap();
    }
    let receipts = block.receipts();
    let bytes: usize = receipts.iter().map(|receipt| receipt.diagnosis.bytes()).sum();
    let most = Diagnosis::MOST_BYTES_OF_BLOCK;
    assert!((most / 2..=most).contains(&bytes), "{bytes} bytes");
    assert!(!receipts[0].diagnosis.log.is_empty());
    let last = &receipts[399];
    assert!(last.succeeded() && last.diagnosis.log.is_empty() && last.diagnosis.cut);
}

fn call(sender: Address, nonce: u64, action: Action) -> Transaction {
    Transaction {
        sender,
        nonce,
        gas_limit: 100_000_000,
        gas_price: U256::ZERO,
        value: U256::ZERO,
        action,
        access: None,
    }
}

#[test]
fn a_block_takes_no_transaction_whose_receipt_might_not_fit() {
    let config =
        ChainConfig { block_receipts: Receipt::MOST_BYTES + 500, ..ChainConfig::default() };
    let store = Arc::new(MemoryStore::new());
    let mut chain = Chain::on(&engine(BACKENDS[0]), store, config).unwrap();
    let alice = chain.user("alice").unwrap();
    let mut block = chain.block();
    let send = |nonce| call(alice, nonce, Action::Call { to: Address::ZERO, input: Vec::new() });
    let taken = (0..100).take_while(|&nonce| block.push(&send(nonce)).is_ok()).count();
    let bytes: u64 = block.receipts().iter().map(Receipt::bytes).sum();
    assert_eq!((taken, bytes), (4, 512), "a plain transfer counts for 128 bytes");
    let refused = block.push(&send(4)).unwrap_err();
    assert!(matches!(refused, ChainError::Refused(Refusal::BlockFull { bytes: 512, .. })));
    assert_eq!(block.commit().unwrap().receipts.len(), 4);
    // the next block has room again
    assert!(chain.block().push(&send(4)).is_ok());
}

#[test]
fn a_transaction_creates_a_bounded_number_of_contracts() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let outer = deploy_script(chain, alice);
        let code = contract("host finish(0, 0)");
        let hash = CodeHash::of(&code);
        chain.deploy(code).from(alice).create().unwrap();
        for (count, fits) in [(CREATIONS, true), (CREATIONS + 1, false)] {
            let mut script = Script::new();
            let (hash, value) = (script.put(hash.as_bytes()), script.space(32));
            let address = script.space(20);
            script.repeat(count, "create", &[hash, value, 0, 0, address]);
            let request = chain.call(outer, "").input(script.input()).from(alice);
            let receipt = request.gas(1 << 34).send().unwrap();
            assert_eq!(receipt.succeeded(), fits, "{count}");
            assert_eq!(receipt.created.len() as u32, if fits { count } else { 0 });
            assert_eq!(trap(&receipt), (!fits).then_some(TrapKind::HostLimit));
            assert!(receipt.bytes() <= Receipt::MOST_BYTES);
        }
    });
}

#[test]
fn a_simulation_reports_no_longer_list_than_a_transaction_can_declare() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        // reads as many keys as the input's first word says
        let source = "host input_copy(0, DATA, 4)
            li s1, DATA
            lw s0, 0(s1)
            1: sw s0, 0(s1)
            host storage_get(DATA, 4, DATA + 16, 4)
            addi s0, s0, -1
            bnez s0, 1b
            host finish(0, 0)";
        let reader = deploy(chain, alice, source);
        for (keys, reported) in [(4_000_u32, true), (5_000, false)] {
            let request = chain.call(reader, "").input(keys.to_le_bytes()).from(alice);
            let receipt = request.simulate().unwrap();
            assert!(receipt.succeeded());
            assert_eq!(receipt.diagnosis.access.is_some(), reported, "{keys} keys");
            assert_eq!(receipt.diagnosis.cut, !reported);
        }
    });
}
