//! Copying, filling and comparing memory.

use bessemer_abi::HostCall;

use crate::common::on_both;
use crate::probe::{MEMORY, Probe, Try};

#[test]
fn copy_and_fill_change_their_range_and_nothing_beside_it() {
    on_both(|chain| {
        let probe = Probe::new(chain);
        let before: Vec<u8> = (1..=32).collect();
        let mut run = |call, arguments: &[u32]| {
            let what = Try::of(call, arguments).with_memory(before.clone()).with_window(32);
            let done = probe.run_one(chain, what);
            assert_eq!(done.result(), 0);
            done.memory().to_vec()
        };
        let copied = run(HostCall::Copy, &[MEMORY, 3, MEMORY + 9]);
        assert_eq!(copied[..12], [1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3]);
        assert_eq!(copied[12..], before[12..]);
        // the byte is the low one of its register
        let filled = run(HostCall::Fill, &[MEMORY + 1, 2, 0xffff_ffaa]);
        assert_eq!(filled[..4], [1, 0xaa, 0xaa, 4]);
        assert_eq!(filled[4..], before[4..]);
        assert_eq!(run(HostCall::Fill, &[MEMORY, 0, 7]), before);
        assert_eq!(run(HostCall::Copy, &[MEMORY, 0, MEMORY + 4]), before);
    });
}

#[test]
fn compare_orders_by_the_first_byte_that_differs_unsigned() {
    on_both(|chain| {
        let probe = Probe::new(chain);
        let mut compare = |left: [u8; 4], right: [u8; 4], length| {
            let what = Try::of(HostCall::Compare, &[MEMORY, length, MEMORY + 4]);
            probe.run_one(chain, what.with_memory([left, right].concat())).result() as i32
        };
        assert_eq!(compare([1, 2, 3, 4], [1, 2, 3, 4], 4), 0);
        assert_eq!(compare([1, 2, 3, 4], [1, 2, 3, 5], 4), -1);
        assert_eq!(compare([1, 2, 3, 4], [1, 2, 3, 5], 3), 0);
        assert_eq!(compare([0x80, 0, 0, 0], [0x7f, 9, 9, 9], 4), 1);
        assert_eq!(compare([0, 9, 9, 9], [0xff, 0, 0, 0], 4), -1);
        assert_eq!(compare([1, 0, 0, 0], [2, 0, 0, 0], 0), 0);
    });
}
