//! A delegate call runs another contract's code for the caller.

use bessemer_abi::codes::status;
use bessemer_chain::CallKind;

use crate::common::script::{Script, deploy_script};
use crate::common::watch::Frames;
use crate::common::{amount, on_both};

#[test]
fn storage_caller_value_address_and_events_are_those_of_the_frame_that_delegates() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let [a, library] = [(); 2].map(|()| deploy_script(chain, alice));
        let mut code = Script::new();
        let out = code.space(96);
        code.host("caller", &[out]).host("own_address", &[out + 32]).host("value", &[out + 64]);
        code.host("emit", &[0, 0, 0, 0]).set(b"key", b"value");
        code.host("finish", &[out, 96]);
        let mut script = Script::new();
        script.call_as("delegate_call", library, &code.input());
        let at = script.space(96);
        script.host("output_copy", &[0, at, 96]).show_memory();
        let mut frames = Frames::default();
        let request = chain.call(a, "").input(script.input()).from(alice).value(amount(5));
        let receipt = request.inspect(&mut frames).send().unwrap();
        let told = script.told(&receipt.output);
        assert_eq!(told.results, [status::RETURN, 96]);
        assert_eq!(told.at(at, 20), alice.as_bytes());
        assert_eq!(told.at(at + 32, 20), a.as_bytes());
        assert_eq!(told.at(at + 64, 32), amount(5).to_le_bytes::<32>());
        assert_eq!(receipt.events[0].address, a);
        assert_eq!(chain.storage(&a, b"key").unwrap().unwrap(), b"value");
        assert_eq!(chain.storage(&library, b"key").unwrap(), None);
        // no value moves a second time
        assert_eq!(chain.balance(&a).unwrap(), amount(5));
        assert_eq!(chain.balance(&library).unwrap(), amount(0));
        let seen = &frames.0[1];
        assert_eq!((seen.kind, seen.from, seen.to), (CallKind::Delegate, alice, library));
    });
}

#[test]
fn what_the_code_calls_is_called_by_the_contract_that_delegates() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let [a, library, other] = [(); 3].map(|()| deploy_script(chain, alice));
        chain.call(a, "").from(alice).value(amount(9)).send().unwrap();
        let mut asked = Script::new();
        let out = asked.space(20);
        asked.host("caller", &[out]).host("finish", &[out, 20]);
        let mut code = Script::new();
        code.call(other, 4, &asked.input());
        let at = code.space(20);
        code.host("output_copy", &[0, at, 20]).host("finish", &[at, 20]);
        let mut script = Script::new();
        script.call_as("delegate_call", library, &code.input());
        let at = script.space(20);
        let told = script.host("output_copy", &[0, at, 20]).show_memory().tell(chain, alice, a);
        assert_eq!(told.at(at, 20), a.as_bytes());
        // the money of the contract that delegates, and of nobody else
        assert_eq!(chain.balance(&a).unwrap(), amount(5));
        assert_eq!(chain.balance(&other).unwrap(), amount(4));
    });
}

#[test]
fn a_delegate_frame_that_fails_undoes_itself_alone() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let [a, library] = [(); 2].map(|()| deploy_script(chain, alice));
        let mut code = Script::new();
        code.set(b"both", b"code").set(b"code", b"code").host("revert", &[0, 0]);
        let mut script = Script::new();
        script.set(b"both", b"own").call_as("delegate_call", library, &code.input());
        assert_eq!(script.tell(chain, alice, a).results, [0, status::REVERT]);
        assert_eq!(chain.storage(&a, b"both").unwrap().unwrap(), b"own");
        assert_eq!(chain.storage(&a, b"code").unwrap(), None);
    });
}
