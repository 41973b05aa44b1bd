//! Gas of calls (rules G8 and G9): what a call costs, what the callee gets, what comes back.

use bessemer_abi::codes::status;
use bessemer_chain::{Address, Chain};
use bessemer_image::{Limits, Program};

use crate::common::assembly::contract_with;
use crate::common::script::{BEFORE, Script, Told, deploy_script, script_code};
use crate::common::watch::Frames;
use crate::common::{PRICES, contract, deploy, entry_price, on_both};

/// Base of the rows of calls.
const CALL: u64 = 25_000;

/// Sends a script to a contract, and gives what it told with all frames.
fn watch(chain: &mut Chain, from: Address, to: Address, script: &Script) -> (Told, Frames) {
    let mut frames = Frames::default();
    let request = chain.call(to, "").input(script.input()).from(from).inspect(&mut frames);
    let receipt = request.send().unwrap();
    (script.told(&receipt.output), frames)
}

/// A script that calls with this much gas.
fn calling(kind: &str, to: Address, input: &[u8], gas: u64) -> Script {
    let mut script = Script::new();
    let (to, at, len) = (script.put(to.as_bytes()), script.put(input), input.len() as u32);
    let (low, high) = (gas as u32, (gas >> 32) as u32);
    match kind {
        "call" => {
            let value = script.space(32);
            script.host(kind, &[to, value, at, len, low, high]);
        }
        kind => {
            script.host(kind, &[to, at, len, low, high]);
        }
    }
    script
}

#[test]
fn the_callee_gets_the_requested_gas_up_to_63_of_64_parts() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let outer = deploy_script(chain, alice);
        let source = "host finish(0, 0)";
        let entry =
            entry_price(&contract(&format!("beqz a0, 1f\nhost finish(0, 0)\n1:\n{source}")));
        for kind in ["call", "static_call", "delegate_call"] {
            for requested in [u64::MAX, 1 << 40, 100_000, 1_000] {
                let inner = deploy(chain, alice, source);
                let script = calling(kind, inner, &[1, 2, 3], requested);
                let (told, frames) = watch(chain, alice, outer, &script);
                assert_eq!(told.results, [status::RETURN], "{kind} with {requested}");
                let paid = CALL + 3 + PRICES.cold_account + entry;
                let rest = told.gas[0] - BEFORE - paid;
                let given = frames.0[1].gas;
                assert_eq!(given, requested.min(rest - rest / 64), "{kind} with {requested}");
                // what the callee leaves comes back
                assert_eq!(told.costs, [paid + frames.0[1].used()]);
            }
        }
    });
}

#[test]
fn every_gas_of_a_call_is_used_or_comes_back_on_every_outcome() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let outer = deploy_script(chain, alice);
        let outcomes = [
            ("host finish(0, 0)", status::RETURN),
            ("host revert(0, 0)", status::REVERT),
            ("host panic(0, 0)", status::REVERT),
            ("unimp", status::TRAP),
            ("li a7, 0\necall", status::TRAP),
            ("lw a0, 0(x0)", status::TRAP),
            ("1: j 1b", status::OUT_OF_GAS),
            ("host keccak256(0, 0, DATA)\n1: j 1b", status::OUT_OF_GAS),
        ];
        for (source, expected) in outcomes {
            let inner = deploy(chain, alice, source);
            let script = calling("call", inner, &[], 10_000);
            let (told, frames) = watch(chain, alice, outer, &script);
            assert_eq!(told.results, [expected], "{source}");
            let code = contract(&format!("beqz a0, 1f\nhost finish(0, 0)\n1:\n{source}"));
            let paid = CALL + PRICES.cold_account + entry_price(&code);
            assert_eq!(told.costs, [paid + frames.0[1].used()], "{source}");
            let all = frames.0[1].used() == 10_000;
            assert_eq!(all, expected == status::OUT_OF_GAS, "{source}");
        }
    });
}

#[test]
fn gas_is_conserved_through_a_tree_of_frames() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let [a, b, c] = [(); 3].map(|()| deploy_script(chain, alice));
        let mut leaf = Script::new();
        leaf.set(b"key", b"value").host("revert", &[0, 0]);
        let mut middle = Script::new();
        middle.call(c, 0, &leaf.input()).call_as("delegate_call", c, &leaf.input());
        let mut top = Script::new();
        top.call(b, 0, &middle.input()).call_as("static_call", b, &middle.input());
        let mut frames = Frames::default();
        let request = chain.call(a, "").input(top.input()).from(alice).gas(1 << 32);
        let receipt = request.inspect(&mut frames).send().unwrap();
        assert_eq!(frames.0.len(), 7);
        // what the transaction pays is its own price, the entry, and what its first frame used
        let own = PRICES.transaction + PRICES.input_byte * top.input().len() as u64;
        let entry = entry_price(&script_code());
        assert_eq!(receipt.gas_used, own + entry + frames.0[0].used());
        assert_eq!(frames.0[0].gas, (1 << 32) - own - entry);
        // what each call cost its caller is its price and what the callee used
        let told = top.told(&receipt.output);
        for (cost, frame, cold) in [(told.costs[0], 1, 15_000), (told.costs[1], 4, 0)] {
            let paid = CALL + middle.input().len() as u64 + cold + entry;
            assert_eq!(cost, paid + frames.0[frame].used());
        }
    });
}

#[test]
fn a_call_that_cannot_pay_its_callees_pages_ends_its_caller() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let (outer, inner) = (deploy_script(chain, alice), deploy_script(chain, alice));
        let script = calling("call", inner, &[], 0);
        let (told, frames) = watch(chain, alice, outer, &script);
        assert_eq!((told.results, frames.0.len()), (vec![status::OUT_OF_GAS], 2));
        // the transaction that has just enough to enter the callee, and the one that has one less
        let before = frames.0[0].gas - told.gas[0];
        let paid = CALL + PRICES.cold_account + entry_price(&script_code());
        let own = PRICES.transaction + PRICES.input_byte * script.input().len() as u64;
        let exact = own + entry_price(&script_code()) + before + BEFORE + paid;
        for (limit, entered) in [(exact - 1, 1), (exact, 2)] {
            let mut frames = Frames::default();
            let request = chain.call(outer, "").input(script.input()).from(alice).gas(limit);
            let receipt = request.inspect(&mut frames).send().unwrap();
            assert_eq!(frames.0.len(), entered, "{}", crate::common::outcome(&receipt));
            assert_eq!(receipt.gas_used, limit);
        }
    });
}

/// Rule G8.
#[test]
fn every_page_of_segments_and_stack_is_paid_at_frame_entry_by_the_caller() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let outer = deploy_script(chain, alice);
        let mut costs = Vec::new();
        for pages in [1_u32, 2, 33] {
            let code = contract_with("host finish(0, 0)", pages * 4096, false);
            // text, data, and 64 KiB of stack
            let program = Program::parse(&code, &Limits::contract()).unwrap();
            assert_eq!(program.entry_pages(), 17 + pages);
            let inner = chain.deploy(code.clone()).from(alice).create().unwrap();
            let used = chain.call(inner, "").from(alice).send().unwrap().gas_used;
            let (told, frames) = watch(chain, alice, outer, &calling("call", inner, &[], 1 << 20));
            let paid = entry_price(&code);
            assert_eq!(used, PRICES.transaction + paid + frames.0[1].used());
            assert_eq!(told.costs[0], CALL + PRICES.cold_account + paid + frames.0[1].used());
            costs.push(told.costs[0]);
        }
        costs
    });
}
