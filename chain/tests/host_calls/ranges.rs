//! Ranges: empty ones anywhere, overlapping ones, outputs into every kind of page.

use bessemer_abi::{HostCall, Kind};
use bessemer_isa::TrapKind;

use crate::case::{register, valid};
use crate::common::{DATA, on_both};
use crate::probe::{MEMORY, Probe, Try};

#[test]
fn an_empty_range_is_valid_wherever_it_points() {
    let count = on_both(|chain| {
        let probe = Probe::new(chain);
        let mut count = 0;
        for &call in HostCall::ALL {
            for (index, argument) in call.row().arguments.iter().enumerate() {
                let empty = matches!(
                    argument.kind,
                    Kind::Bytes { .. }
                        | Kind::Items { .. }
                        | Kind::Buffer { .. }
                        | Kind::SameIn
                        | Kind::SameOut
                );
                if !empty {
                    continue;
                }
                for pointer in [0, 0xdead_beef, u32::MAX] {
                    let mut arguments = valid(call);
                    let at = register(call, index);
                    arguments[at] = pointer;
                    let length = match argument.kind {
                        Kind::SameIn | Kind::SameOut => at - 1,
                        _ => at + 1,
                    };
                    arguments[length] = 0;
                    let done = probe.run_one(chain, Try::of(call, &arguments));
                    let context = format!("{}: {}", call.row().name, argument.name);
                    assert_eq!(done.trap, None, "{context} at {pointer:#x}: {done:?}");
                    count += 1;
                }
            }
        }
        count
    });
    assert!(count > 80, "only {count} empty ranges were tried");
}

/// Hashes and copies read all input before they write.
#[test]
fn output_may_lie_over_input() {
    on_both(|chain| {
        let probe = Probe::new(chain);
        let bytes: Vec<u8> = (0..64).collect();
        let over = |from: u32, into: u32| {
            let what = Try::of(HostCall::Copy, &[MEMORY + from, 40, MEMORY + into]);
            let what = what.with_memory(bytes.clone()).with_window(64);
            let mut expected = bytes.clone();
            expected.copy_within(from as usize..from as usize + 40, into as usize);
            (what, expected)
        };
        for (what, expected) in [over(0, 8), over(8, 0), over(5, 5), over(24, 23), over(0, 24)] {
            assert_eq!(probe.run_one(chain, what.clone()).memory(), expected, "{what:?}");
        }
        // an address and the balance that is written over it
        let address = chain.user("alice").unwrap();
        let what = Try::of(HostCall::Balance, &[MEMORY, MEMORY])
            .with_memory(address.as_bytes().as_slice())
            .with_window(32);
        let balance = chain.balance(&address).unwrap().to_le_bytes::<32>();
        assert_eq!(probe.run_one(chain, what).memory(), balance);
    });
}

/// An output with a page that cannot be written is refused as a whole.
#[test]
fn an_output_that_ends_in_a_page_that_cannot_be_written_writes_nothing() {
    on_both(|chain| {
        let probe = Probe::new(chain);
        let last = DATA + crate::probe::DATA_BYTES;
        for (at, addr) in
            [(last - 31, last), (last, last), (DATA - 1, DATA - 1), (u32::MAX, u32::MAX)]
        {
            let done = probe.run_one(chain, Try::of(HostCall::Value, &[at]));
            assert_eq!((done.trap, done.addr), (Some(TrapKind::BadPointer), Some(addr)));
        }
        let done = probe.run_one(chain, Try::of(HostCall::Value, &[last - 32]));
        assert_eq!(done.result(), 0);
    });
}
