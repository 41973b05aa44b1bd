//! A contract is entered again only if each of its live frames allows it (attack 21).

use bessemer_abi::codes::status;
use bessemer_chain::{Address, Chain};

use crate::common::on_both;
use crate::common::script::{Script, deploy_script};

/// The status that the call at the end of a path of calls had. Each call is made by the contract
/// before it; those marked allow re-entry before they call.
fn last_status(chain: &mut Chain, from: Address, path: &[(Address, bool)], last: Address) -> u32 {
    let (to, allows) = path[0];
    let script = calling(allows, &path[1..], last);
    let receipt = chain.call(to, "").input(script.input()).from(from).send().unwrap();
    let mut output = receipt.output;
    // each frame returns what the next one returned, and then the status of its own call
    let statuses: Vec<u32> = path
        .iter()
        .map(|_| {
            let results = output.split_off(output.len() - 3 * 20);
            u32::from_le_bytes(results[36..40].try_into().unwrap())
        })
        .collect();
    let (found, others) = statuses.split_last().unwrap();
    assert!(others.iter().all(|status| *status == status::RETURN), "{statuses:x?}");
    *found
}

fn calling(allows: bool, path: &[(Address, bool)], last: Address) -> Script {
    let mut script = Script::new();
    script.host("allow_reentry", &[allows.into()]);
    let inner = match path {
        [] => Vec::new(),
        [(_, allows), rest @ ..] => calling(*allows, rest, last).input(),
    };
    script.call(path.first().map_or(last, |(next, _)| *next), 0, &inner);
    // a frame returns its results and 60 bytes for each frame below it before them
    script.pass_on(60 * path.len() as u32);
    script
}

#[test]
fn a_contract_does_not_enter_itself_unless_it_allows_it() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let a = deploy_script(chain, alice);
        assert_eq!(last_status(chain, alice, &[(a, false)], a), status::REENTRY);
        assert_eq!(last_status(chain, alice, &[(a, true)], a), status::RETURN);
    });
}

#[test]
fn a_contract_that_was_called_does_not_enter_its_caller_unless_that_allows_it() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let [a, b] = [(); 2].map(|()| deploy_script(chain, alice));
        assert_eq!(last_status(chain, alice, &[(a, false), (b, false)], a), status::REENTRY);
        assert_eq!(last_status(chain, alice, &[(a, true), (b, false)], a), status::RETURN);
        // that the callee allows re-entry into itself says nothing of its caller
        assert_eq!(last_status(chain, alice, &[(a, false), (b, true)], a), status::REENTRY);
    });
}

#[test]
fn every_live_frame_has_to_allow_it() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let [a, b] = [(); 2].map(|()| deploy_script(chain, alice));
        // the inner frame of `a` is closed
        assert_eq!(last_status(chain, alice, &[(a, true), (a, false)], a), status::REENTRY);
        assert_eq!(last_status(chain, alice, &[(a, true), (a, true)], a), status::RETURN);
        let path = [(a, true), (b, true), (a, false), (b, true)];
        assert_eq!(last_status(chain, alice, &path, a), status::REENTRY);
        assert_eq!(last_status(chain, alice, &path, b), status::RETURN);
    });
}

#[test]
fn permission_ends_with_the_frame_and_when_it_is_taken_back() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let [a, b] = [(); 2].map(|()| deploy_script(chain, alice));
        let mut script = Script::new();
        script.call(a, 0, &[]).host("allow_reentry", &[1]).call(a, 0, &[]);
        script.host("allow_reentry", &[0]).call(a, 0, &[]);
        // a contract that has ended is entered again without asking
        let mut allows = Script::new();
        allows.host("allow_reentry", &[1]);
        script.call(b, 0, &allows.input()).call(b, 0, &[]);
        let results = script.tell(chain, alice, a).results;
        let closed = status::REENTRY;
        assert_eq!(results, [closed, 0, status::RETURN, 1, closed, status::RETURN, status::RETURN]);
    });
}

#[test]
fn static_calls_and_value_need_permission_too_and_code_alone_does_not() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let a = deploy_script(chain, alice);
        chain.call(a, "").from(alice).value(crate::common::amount(9)).send().unwrap();
        let mut script = Script::new();
        script.call_as("static_call", a, &[]).call(a, 1, &[]).call_as("delegate_call", a, &[]);
        let results = script.tell(chain, alice, a).results;
        assert_eq!(results, [status::REENTRY, status::REENTRY, status::RETURN]);
    });
}

/// A library runs in a frame of the contract that it works for.
#[test]
fn a_delegate_frame_is_a_frame_of_the_contract_whose_state_it_uses() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let [a, library] = [(); 2].map(|()| deploy_script(chain, alice));
        let back = |allows: u32| {
            let mut code = Script::new();
            code.host("allow_reentry", &[allows]).call(a, 0, &[]).call(library, 0, &[]);
            code.call_as("delegate_call", library, &code.clone().host("finish", &[0, 0]).input());
            code.input()
        };
        let mut told = Vec::new();
        for (outer, inner) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
            let mut script = Script::new();
            script.host("allow_reentry", &[outer]);
            script.call_as("delegate_call", library, &back(inner));
            let out = script.space(80);
            script.host("output_copy", &[0, out, 80]).show_memory();
            let output = script.tell(chain, alice, a);
            let result = |index: u32| {
                u32::from_le_bytes(output.at(out + 20 * index + 16, 4).try_into().unwrap())
            };
            told.push([result(1), result(2)]);
        }
        // the library's own account is not entered: its code is, for another
        let (open, closed) = (status::RETURN, status::REENTRY);
        assert_eq!(told, [[closed, open], [closed, open], [closed, open], [open, open]]);
    });
}
