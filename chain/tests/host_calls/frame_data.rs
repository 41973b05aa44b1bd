//! Input, output, revert reasons, the debug log.

use bessemer_abi::HostCall;
use bessemer_abi::limits::{LOG_BYTES, MESSAGE_BYTES, OUTPUT_BYTES};
use bessemer_chain::Status;

use crate::common::script::{Script, deploy_script};
use crate::common::{DATA, deploy, on_both, words};
use crate::probe::{MEMORY, Probe, Try};

/// Copies ten bytes of input from an offset on into a field of 0xee.
fn copier(offset: u32) -> String {
    format!(
        "host fill(DATA, 16, 0xee)
        host input_copy({offset}, DATA, 10)
        li t0, DATA
        sw a0, 12(t0)
        host finish(DATA, 16)"
    )
}

#[test]
fn input_is_copied_as_far_as_it_goes() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let input: Vec<u8> = (1..=12).collect();
        for (offset, count) in [(0, 10_usize), (2, 10), (3, 9), (11, 1), (12, 0), (u32::MAX, 0)] {
            let contract = deploy(chain, alice, &copier(offset));
            let request = chain.call(contract, "").input(input.clone()).from(alice);
            let output = request.send().unwrap().output;
            let from = (offset as usize).min(12);
            let mut expected = input[from..from + count].to_vec();
            expected.resize(12, 0xee);
            expected.extend_from_slice(&(count as u32).to_le_bytes());
            assert_eq!(output, expected, "from {offset} on");
        }
    });
}

#[test]
fn input_size_is_that_of_the_input_also_at_the_cap() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let contract = deploy(chain, alice, "host input_size()\nreturn a0");
        for length in [0, 1, 65_535, 65_536] {
            let request = chain.call(contract, "").input(vec![7; length]).from(alice);
            assert_eq!(words(&request.send().unwrap()), [length as u32]);
        }
        let request = chain.call(contract, "").input(vec![7; 65_537]).from(alice);
        request.send().unwrap_err().to_string()
    });
}

#[test]
fn without_a_call_there_is_no_output_to_copy() {
    on_both(|chain| {
        let probe = Probe::new(chain);
        assert_eq!(probe.run_one(chain, Try::of(HostCall::OutputSize, &[])).result(), 0);
        for offset in [0, 1, u32::MAX] {
            let what = Try::of(HostCall::OutputCopy, &[offset, MEMORY, 4]).with_memory([9; 4]);
            let done = probe.run_one(chain, what.with_window(4));
            assert_eq!((done.result(), done.memory()), (0, &[9; 4][..]));
        }
    });
}

#[test]
fn finish_and_revert_hand_out_their_data() {
    on_both(|chain| {
        let probe = Probe::new(chain);
        let ends = [(HostCall::Finish, Status::Return), (HostCall::Revert, Status::Revert)];
        for (call, status) in ends {
            for length in [0, 1, 255, OUTPUT_BYTES] {
                let done = probe.run_one(chain, Try::of(call, &[DATA + 256, length]));
                assert_eq!((done.status, done.output.len() as u32), (status, length));
            }
        }
    });
}

#[test]
fn a_panic_reverts_with_its_message_as_error_string() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let contract = deploy_script(chain, alice);
        let long = "x".repeat(MESSAGE_BYTES as usize);
        for (bytes, text) in [
            (&b"out of apples"[..], "out of apples"),
            (b"", ""),
            (b"bad \xff byte", "bad \u{fffd} byte"),
            (long.as_bytes(), &long),
        ] {
            let mut script = Script::new();
            let at = script.put(bytes);
            script.host("panic", &[at, bytes.len() as u32]);
            let receipt = script.send(chain, alice, contract);
            assert_eq!((receipt.status, receipt.message()), (Status::Revert, Some(text)));
        }
    });
}

#[test]
fn the_log_keeps_64_kib_and_then_drops_lines_without_a_word() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let contract = deploy_script(chain, alice);
        let mut script = Script::new();
        let line = script.space(MESSAGE_BYTES);
        // each line has an address of 20 bytes
        let lines = LOG_BYTES / (MESSAGE_BYTES + 20);
        script.repeat(lines + 3, "log", &[line, MESSAGE_BYTES]).host("log", &[line, 1]);
        let receipt = script.send(chain, alice, contract);
        assert_eq!(script.told(&receipt.output).results, [0, 0]);
        let log = &receipt.diagnosis.log;
        // the last line is short, and there is room for it
        assert_eq!(log.len() as u32, lines + 1);
        assert!(receipt.diagnosis.cut);
        assert!(log.iter().all(|line| line.address == contract));
        let mut none = Script::new();
        none.repeat(lines + 3, "log", &[line, 0]).host("log", &[line, 1]);
        let told = none.send(chain, alice, contract);
        assert_eq!(told.diagnosis.log.last().unwrap().text, "\0");
        receipt.gas_used
    });
}

#[test]
fn gas_left_does_not_count_the_price_of_asking() {
    on_both(|chain| {
        let probe = Probe::new(chain);
        let gas = 12_345;
        let what = Try::of(HostCall::GasLeft, &[MEMORY]).with_gas(gas).with_window(8);
        let left = gas - u64::from(HostCall::GasLeft.row().base);
        assert_eq!(probe.run_one(chain, what).memory(), left.to_le_bytes());
    });
}

#[test]
fn allow_reentry_tells_what_was_allowed_before() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let contract = deploy_script(chain, alice);
        let mut script = Script::new();
        for allow in [1, 1, 0, 0, 2, u32::MAX] {
            script.host("allow_reentry", &[allow]);
        }
        assert_eq!(script.tell(chain, alice, contract).results, [0, 1, 1, 0, 0, 1]);
    });
}
