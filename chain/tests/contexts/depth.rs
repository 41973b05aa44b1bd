//! 64 frames exist at once, and the next call is refused for its base price (attack 21).

use bessemer_abi::codes::status;
use bessemer_abi::limits::CALL_DEPTH;

use crate::common::watch::Frames;
use crate::common::{deploy, on_both, words};

/// Calls itself as deep as it can. Returns how many frames there were from this one on, the status
/// of the call that was refused, and what that call cost.
fn recursive(call: &str) -> String {
    format!(
        "host allow_reentry(1)
        host own_address(DATA)
        host gas_left(DATA + 64)
        {call}
        mv s0, a0
        host gas_left(DATA + 72)
        bnez s0, refused
        host output_copy(0, DATA, 12)
        li t0, DATA
        lw t1, 0(t0)
        addi t1, t1, 1
        sw t1, 0(t0)
        host finish(DATA, 12)
refused:
        li t0, DATA
        li t1, 1
        sw t1, 0(t0)
        sw s0, 4(t0)
        lw t1, 64(t0)
        lw t2, 72(t0)
        sub t1, t1, t2
        sw t1, 8(t0)
        host finish(DATA, 12)"
    )
}

#[test]
fn as_many_frames_as_may_exist_at_once_do_whatever_the_kind_of_call() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        for call in [
            "host call(DATA, DATA + 96, DATA, 20, -1, -1)",
            "host static_call(DATA, DATA, 20, -1, -1)",
            "host delegate_call(DATA, DATA, 20, -1, -1)",
        ] {
            let contract = deploy(chain, alice, &recursive(call));
            let mut frames = Frames::default();
            let request = chain.call(contract, "").from(alice).inspect(&mut frames);
            let receipt = request.send().unwrap();
            let told = words(&receipt);
            assert_eq!(told[..2], [CALL_DEPTH, status::DEPTH], "{call}");
            assert_eq!(frames.0.len() as u32, CALL_DEPTH);
            assert_eq!(frames.0.last().unwrap().depth, CALL_DEPTH);
            // two runs with an ECALL, `gas_left`, and at most 20 short instructions beside the base
            let beside = u64::from(told[2]) - 25_000 - 2 * 152 - 10;
            assert!(beside <= 20, "{call} cost {}", told[2]);
        }
    });
}

#[test]
fn a_depth_of_frames_without_the_gas_for_it_ends_the_deepest_one() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let call = "host call(DATA, DATA + 96, DATA, 20, -1, -1)";
        let contract = deploy(chain, alice, &recursive(call));
        let receipt = chain.call(contract, "").from(alice).gas(600_000).send().unwrap();
        let told = words(&receipt);
        assert_eq!(told[1], status::OUT_OF_GAS);
        assert!(told[0] > 1 && told[0] < 20, "{told:?}");
        receipt.gas_used
    });
}

/// The depth is a check of step 3: behind the cap on the input, before the ranges.
#[test]
fn at_full_depth_a_bad_pointer_is_not_looked_at_and_a_length_over_its_cap_is() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        for call in ["call(DATA, DATA + 96, {}, -1, -1)", "static_call(DATA, {}, -1, -1)"] {
            // only the frame without gas for two more goes over; all others make a good call
            let good = call.replace("{}", "DATA, 20");
            for (range, expected) in [
                ("0xdead0000, 4", [CALL_DEPTH, status::DEPTH]),
                ("DATA, 65537", [63, status::TRAP]),
            ] {
                let source = recursive(&format!("host {good}")).replace(
                    "bnez s0, refused",
                    &format!(
                        "beqz s0, 1f
                        li t0, {}
                        bne s0, t0, refused
                        host {}
                        mv s0, a0
                        j refused
                        1:",
                        status::DEPTH as i32,
                        call.replace("{}", range)
                    ),
                );
                let contract = deploy(chain, alice, &source);
                let receipt = chain.call(contract, "").from(alice).send().unwrap();
                assert_eq!(words(&receipt)[..2], expected, "{call} with {range}");
            }
        }
    });
}
