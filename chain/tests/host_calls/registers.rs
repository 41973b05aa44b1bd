//! A host call changes a0 and no other register (attack 19).

use bessemer_abi::{Effect, HostCall};

use crate::case::valid;
use crate::common::on_both;
use crate::probe::{Probe, Try};

#[test]
fn all_registers_but_a0_are_as_before_behind_every_call() {
    let count = on_both(|chain| {
        let probe = Probe::new(chain);
        let goes_on = |call: &&HostCall| call.row().effect != Effect::Ends;
        let mut count = 0;
        for call in HostCall::ALL.iter().filter(goes_on) {
            let what = Try::of(*call, &valid(*call));
            let before = what.registers();
            let done = probe.run_one(chain, what);
            for register in (1..32).filter(|register| *register != 10) {
                let found = done.register(register);
                let name = call.row().name;
                assert_eq!(found, before[register], "x{register} behind {name}");
            }
            count += 1;
        }
        count
    });
    assert_eq!(count, HostCall::ALL.len() - 3);
}
