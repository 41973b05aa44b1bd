//! Reservations (rules A1 to A6, attack 26).

use crate::common::{deploy, on_both, words};
use crate::scene::attack_by;

/// Runs a contract that leaves its result in s0.
fn run(source: &str) -> u32 {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let contract = deploy(chain, alice, &format!("li s1, DATA\n{source}\nreturn s0"));
        words(&chain.call(contract, "").from(alice).send().unwrap())[0]
    })
}

#[test]
fn a_loop_of_load_reserved_and_store_conditional_ends() {
    let increment = "1: lr.w t0, (s1)\naddi t0, t0, 5\nsc.w t1, t0, (s1)\nbnez t1, 1b\n";
    assert_eq!(run(&format!("{increment}{increment}lw s0, 0(s1)")), 10);
}

#[test]
fn a_store_conditional_without_its_reservation_fails_and_stores_nothing() {
    assert_eq!(run("li t0, 7\nsc.w s0, t0, (s1)\nlw t1, 0(s1)\nslli t1, t1, 8\nor s0, s0, t1"), 1);
    // behind another one, and for another word
    assert_eq!(run("lr.w t0, (s1)\nsc.w t1, s1, (s1)\nsc.w s0, s1, (s1)"), 1);
    assert_eq!(run("lr.w t0, (s1)\naddi t1, s1, 4\nsc.w s0, s1, (t1)"), 1);
}

#[test]
fn a_host_call_takes_the_reservation_away() {
    assert_eq!(run("lr.w t0, (s1)\nhost input_size()\nsc.w s0, s1, (s1)"), 1);
    let receipt = attack_by(
        "li s1, DATA\n1: lr.w t0, (s1)\nhost input_size()\nsc.w t1, t0, (s1)\nbnez t1, 1b",
        &[],
    );
    assert_eq!(receipt.status, bessemer_chain::Status::OutOfGas);
}

/// Nor does it outlive its frame: a callee begins without one, and the caller is without one too.
#[test]
fn a_reservation_does_not_pass_through_calls() {
    let source = "host input_size()
        bnez a0, inner
        lr.w t0, (s1)
        host allow_reentry(1)
        lr.w t0, (s1)
        host own_address(DATA + 64)
        lr.w t0, (s1)
        host call(DATA + 64, DATA + 96, DATA, 1, -1, -1)
        sc.w s2, s1, (s1)
        host output_copy(0, DATA + 128, 4)
        lw s0, 128(s1)
        slli s0, s0, 4
        or s0, s0, s2
        j end
        inner: sc.w s0, s1, (s1)
        end:";
    assert_eq!(run(source), 0x11);
}
