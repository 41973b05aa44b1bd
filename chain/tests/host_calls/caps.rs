//! Caps on lengths: the largest length passes, one more does not.

use bessemer_abi::{HostCall, Kind};
use bessemer_chain::Status;
use bessemer_isa::TrapKind;

use crate::case::{cap, register, valid};
use crate::common::{DATA, on_both};
use crate::probe::{DATA_BYTES, Probe, Try};

/// Bytes of an item.
fn size(kind: Kind) -> u32 {
    if let Kind::Items { size, .. } = kind { size } else { 1 }
}

#[test]
fn a_length_at_its_cap_passes_and_one_above_does_not() {
    let count = on_both(|chain| {
        let probe = Probe::new(chain);
        let mut count = 0;
        for &call in HostCall::ALL {
            for (index, argument) in call.row().arguments.iter().enumerate() {
                let Some(max) = cap(argument.kind) else { continue };
                let at = register(call, index);
                let tries = [max, max + 1, u32::MAX].map(|length| {
                    let mut arguments = valid(call);
                    // all ranges begin at the same place, where most room is
                    for (index, argument) in call.row().arguments.iter().enumerate() {
                        if !matches!(argument.kind, Kind::Number | Kind::Wide) {
                            arguments[register(call, index)] = DATA;
                        }
                    }
                    arguments[at + 1] = length;
                    Try::of(call, &arguments).with_gas(1 << 38)
                });
                let [most, above, wild] = tries.map(|what| probe.run_one(chain, what));
                let context = format!("{}: {}", call.row().name, argument.name);
                for done in [above, wild] {
                    assert_eq!(done.trap, Some(TrapKind::HostLimit), "{context}");
                    assert_eq!(done.used, u64::from(call.row().base), "{context}");
                }
                // memory cannot hold the largest ranges; then it is the next step that fails
                if most.trap.is_some() {
                    let bytes = u64::from(max) * u64::from(size(argument.kind));
                    let too_many = call == HostCall::Emit && argument.name == "data";
                    let expected =
                        if too_many { TrapKind::HostLimit } else { TrapKind::BadPointer };
                    assert_eq!(most.trap, Some(expected), "{context}");
                    assert!(too_many || bytes > u64::from(DATA_BYTES), "{context}");
                } else {
                    assert_ne!(most.status, Status::OutOfGas, "{context}");
                }
                count += 1;
            }
        }
        count
    });
    assert!(count > 25, "only {count} lengths have a cap");
}
