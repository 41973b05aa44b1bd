//! Events stand in the order in which they were emitted, with the contract that emitted them.

use crate::common::on_both;
use crate::common::script::{Script, deploy_script};

/// Emits an event with this data.
fn emit(script: &mut Script, data: &[u8]) {
    let at = script.put(data);
    script.host("emit", &[0, 0, at, data.len() as u32]);
}

#[test]
fn events_of_nested_calls_stand_between_those_of_the_caller() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let [a, b, c] = [(); 3].map(|()| deploy_script(chain, alice));
        let mut inner = Script::new();
        emit(&mut inner, b"inner");
        let mut failing = inner.clone();
        failing.host("revert", &[0, 0]);
        let mut script = Script::new();
        emit(&mut script, b"1");
        script.call(b, 0, &inner.input());
        emit(&mut script, b"2");
        script.call(b, 0, &failing.input()).call_as("delegate_call", c, &inner.input());
        emit(&mut script, b"3");
        let receipt = script.send(chain, alice, a);
        let events: Vec<_> =
            receipt.events.iter().map(|event| (event.address, event.data.as_slice())).collect();
        let expected: [(_, &[u8]); 5] =
            [(a, b"1"), (b, b"inner"), (a, b"2"), (a, b"inner"), (a, b"3")];
        assert_eq!(events, expected);
    });
}
