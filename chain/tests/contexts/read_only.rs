//! A static call changes nothing, however deep (attack 30).

use bessemer_abi::codes::status;
use bessemer_abi::{Effect, HostCall, Kind};
use bessemer_chain::Address;
use bessemer_isa::TrapKind;

use crate::common::script::{MEMORY, Script, deploy_script};
use crate::common::{amount, on_both};

/// A script of one call of this row, with valid arguments: empty ranges and zeros.
fn single(call: HostCall) -> Vec<u8> {
    let mut script = Script::new();
    let zeros = script.space(256);
    let arguments = call.row().arguments.iter().flat_map(|argument| match argument.kind {
        Kind::Number => vec![0],
        Kind::Wide => vec![0, 0],
        Kind::Bytes { .. } | Kind::Items { .. } | Kind::Buffer { .. } => vec![zeros, 0],
        Kind::In { .. } | Kind::Out { .. } | Kind::SameIn | Kind::SameOut => vec![zeros],
    });
    script.host(call.row().name, &arguments.collect::<Vec<u32>>());
    script.input()
}

/// Input that makes a contract call another in some way with this input.
fn through(kind: &str, to: Address, input: &[u8]) -> Vec<u8> {
    let mut script = Script::new();
    match kind {
        "call" => script.call(to, 0, input),
        kind => script.call_as(kind, to, input),
    };
    script.input()
}

#[test]
fn every_writing_call_traps_in_a_static_frame_and_below_it() {
    let count = on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let [a, b, c, d] = [(); 4].map(|()| deploy_script(chain, alice));
        let mut count = 0;
        for call in HostCall::ALL.iter().filter(|call| call.row().effect == Effect::State) {
            // directly, by a plain call, by another static call, by a delegate call, two levels down
            let chains: [Vec<u8>; 5] = [
                single(*call),
                through("call", c, &single(*call)),
                through("static_call", c, &single(*call)),
                through("delegate_call", c, &single(*call)),
                through("delegate_call", c, &through("call", d, &single(*call))),
            ];
            for input in chains {
                let mut script = Script::new();
                script.call_as("static_call", b, &input);
                let receipt = script.send(chain, alice, a);
                let cause = &receipt.diagnosis.failures[0];
                let trap = cause.trap.map(|trap| trap.kind);
                assert_eq!(trap, Some(TrapKind::StaticViolation), "{}", call.row().name);
                count += 1;
            }
        }
        count
    });
    assert_eq!(count, 5 * 8);
}

#[test]
fn value_does_not_move_in_a_static_frame_and_a_call_without_value_runs() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let [a, b, c] = [(); 3].map(|()| deploy_script(chain, alice));
        chain.call(b, "").from(alice).value(amount(9)).send().unwrap();
        for (value, cause) in [(0, None), (1, Some(TrapKind::StaticViolation))] {
            let mut calls = Script::new();
            calls.call(c, value, &[]);
            let mut script = Script::new();
            script.call_as("static_call", b, &calls.input());
            let receipt = script.send(chain, alice, a);
            assert_eq!(crate::common::trap(&receipt), cause);
        }
        assert_eq!(chain.balance(&c).unwrap(), amount(0));
    });
}

/// The value is read in step 4, and more than 0 of it is a violation before state is looked at.
#[test]
fn value_in_a_static_frame_fails_behind_the_ranges_and_before_access() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let [a, b] = [(); 2].map(|()| deploy_script(chain, alice));
        for (input, cause) in
            [(0xdead_0000, TrapKind::BadPointer), (MEMORY, TrapKind::StaticViolation)]
        {
            let mut calls = Script::new();
            let (to, value) = (calls.put([0x77; 20]), calls.put(amount(1).to_le_bytes::<32>()));
            calls.host("call", &[to, value, input, 4, 0, 0]);
            let mut script = Script::new();
            script.call_as("static_call", b, &calls.input());
            let mut declared = bessemer_chain::AccessList::default();
            declared.reads.insert(bessemer_chain::StateKey::Account(b));
            let request = chain.call(a, "").input(script.input()).from(alice).access(declared);
            assert_eq!(crate::common::trap(&request.send().unwrap()), Some(cause));
        }
    });
}

#[test]
fn reading_works_in_a_static_frame() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let [a, b] = [(); 2].map(|()| deploy_script(chain, alice));
        let writes = |call: &&HostCall| call.row().effect == Effect::Frame;
        for call in HostCall::ALL.iter().filter(writes) {
            let mut script = Script::new();
            script.call_as("static_call", b, &single(*call));
            let results = script.tell(chain, alice, a).results;
            assert_eq!(results, [status::RETURN], "{}", call.row().name);
        }
    });
}

#[test]
fn the_caller_of_a_static_call_can_write_again_behind_it() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let [a, b] = [(); 2].map(|()| deploy_script(chain, alice));
        let mut script = Script::new();
        script.call_as("static_call", b, &single(HostCall::StorageSet)).set(b"k", b"v");
        script.host("emit", &[0, 0, 0, 0]).call(b, 0, &single(HostCall::StorageSet));
        assert_eq!(script.tell(chain, alice, a).results, [status::TRAP, 0, 0, status::RETURN]);
        assert!(chain.storage(&b, b"").unwrap().is_some());
    });
}
