//! The four outcomes of a frame are all that its caller sees (rule G10).

use bessemer_abi::codes::status;
use bessemer_chain::{AccessList, StateKey};
use bessemer_isa::TrapKind;

use crate::common::script::{Script, deploy_script};
use crate::common::{deploy, on_both, trap};

/// A program for each kind of trap.
const TRAPS: [(TrapKind, &str); 12] = [
    (TrapKind::IllegalInstruction, "unimp"),
    (TrapKind::Breakpoint, "ebreak"),
    (TrapKind::BadJump, "jr zero"),
    (TrapKind::MisalignedJump, "la t0, 1f\n1: addi t0, t0, 2\njr t0"),
    (TrapKind::BadLoad, "lw a0, 0(zero)"),
    (TrapKind::BadStore, "sw a0, 0(zero)"),
    (TrapKind::MisalignedAtomic, "li t0, DATA + 1\nlr.w a0, (t0)"),
    (TrapKind::UnknownHostCall, "li a7, 0x1234\necall"),
    (TrapKind::BadPointer, "host caller(0)"),
    (TrapKind::HostLimit, "host log(DATA, 4097)"),
    (TrapKind::StaticViolation, "host emit(0, 0, 0, 0)"),
    (TrapKind::AccessViolation, "host storage_get(DATA, 1, DATA, 1)"),
];

#[test]
fn a_caller_sees_that_its_callee_trapped_and_not_how() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let outer = deploy_script(chain, alice);
        let mut receipts = Vec::new();
        for (kind, source) in TRAPS {
            let inner = deploy(chain, alice, source);
            let mut script = Script::new();
            script.call_as("static_call", inner, &[]).host("output_size", &[]);
            let mut declared = AccessList::default();
            declared.reads.insert(StateKey::Account(inner));
            let request = chain.call(outer, "").input(script.input()).from(alice);
            let receipt = request.access(declared).send().unwrap();
            assert_eq!(script.told(&receipt.output).results, [status::TRAP, 0], "{kind:?}");
            // the kind is for people
            assert_eq!(trap(&receipt), Some(kind));
            receipts.push(receipt);
        }
        receipts
    });
}

#[test]
fn every_kind_of_trap_has_its_program() {
    let codes = TRAPS.map(|(kind, _)| kind as u8);
    assert!(codes.iter().copied().eq(1..=12));
    assert_eq!(TrapKind::from_code(13), None);
}
