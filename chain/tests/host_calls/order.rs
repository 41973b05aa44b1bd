//! The order of the checks of rule G6: of two steps that fail, the earlier one ends the frame.

use bessemer_abi::HostCall;
use bessemer_chain::Chain;

use crate::case::{Step, assert_ends, failing, steps};
use crate::common::on_both;
use crate::probe::{Probe, Try};

/// Steps that cannot fail together, because both are about the same register.
fn exclude(first: Step, second: Step) -> bool {
    let argument = |step| if let Step::Range(index, _) = step { Some(index) } else { None };
    argument(first).is_some() && argument(first) == argument(second)
}

/// The tries of a row with the step that ends each.
fn tries(call: HostCall) -> Vec<(Step, Step, Try)> {
    let steps = steps(call);
    let mut tries = Vec::new();
    for (index, &first) in steps.iter().enumerate() {
        for &second in &steps[index..] {
            if !exclude(first, second) || first == second {
                tries.push((first, second, failing(call, &[first, second])));
            }
        }
    }
    tries
}

#[test]
fn the_first_step_that_fails_ends_the_frame() {
    let count = on_both(|chain| {
        let probe = Probe::new(chain);
        let mut count = 0;
        for &call in HostCall::ALL {
            let tries = tries(call);
            let all: Vec<Try> = tries.iter().map(|(_, _, what)| what.clone()).collect();
            for ((first, second, what), done) in tries.iter().zip(probe.run(chain, &all)) {
                let context = format!("{first:?} and {second:?} fail");
                assert_ends(call, *first, what, &done, &context);
                count += 1;
            }
        }
        count
    });
    // rows with a base charge at least, and many with ranges
    assert!(count > 1_500, "only {count} pairs of steps were tried");
}

#[test]
fn a_call_that_fails_changes_nothing() {
    on_both(|chain| {
        let probe = Probe::new(chain);
        let digest = |chain: &Chain| chain.state_digest().unwrap();
        let all: Vec<Try> =
            HostCall::ALL.iter().flat_map(|call| tries(*call)).map(|(_, _, what)| what).collect();
        // a sender's nonce is all that a failed transaction leaves
        let nothing = vec![Try { number: 0, ..Try::of(HostCall::InputSize, &[]) }; all.len()];
        let mut twin = crate::common::chain(bessemer_runtime::Backend::Interpreter);
        let same = Probe::new(&mut twin);
        probe.run(chain, &all);
        same.run(&mut twin, &nothing);
        assert_eq!(digest(chain), digest(&twin));
    });
}

#[test]
fn unknown_numbers_trap_before_anything_is_charged() {
    let known: Vec<u32> = HostCall::ALL.iter().map(|call| call.number()).collect();
    on_both(|chain| {
        let probe = Probe::new(chain);
        let numbers = (0..=0x200).chain([0x8000_0000, 0xffff_ffff, 0x0001_0001, 0x101]);
        let unknown: Vec<u32> = numbers.filter(|number| !known.contains(number)).collect();
        let tries: Vec<Try> = unknown
            .iter()
            .map(|&number| Try { number, gas: 0, ..Try::of(HostCall::InputSize, &[]) })
            .collect();
        let all = probe.run(chain, &tries);
        for (number, done) in unknown.iter().zip(&all) {
            let trap = Some(bessemer_isa::TrapKind::UnknownHostCall);
            assert_eq!((done.trap, done.used), (trap, 0), "number {number:#x}");
        }
        all.len()
    });
}
