//! The frozen corpus of hostile programs has native code that does not leave for the runtime.
//!
//! Work is counted, not timed: a busy machine changes nothing.

#![allow(clippy::unwrap_used, reason = "this file holds only tests")]

use bessemer_bench::fairness::{Kind, corpus, work};
use bessemer_isa::GasSchedule;
use bessemer_toolchain::tests::cases;
use bessemer_translator::Options;

const GAS: u64 = 3_000_000;

/// The programs that jump to what cannot be seen in their file; the interpreter executes it.
fn is_hidden(name: &str) -> bool {
    name.starts_with("hidden") || name == "overlap"
}

#[test]
fn hostile_programs_are_compiled_and_leave_native_code_for_hidden_jumps_only() {
    let mut programs = corpus().unwrap();
    programs.retain(|program| program.kind() == Kind::Hostile);
    let all = programs.len();
    programs.retain(|program| program.deploys().unwrap());
    assert!(programs.len() >= 25, "only {} of {all} programs", programs.len());
    // each takes seconds to compile; siblings stand side by side, so that a part has some of each kind
    let step = cases(4, 1) as usize;
    for program in programs.into_iter().step_by(step) {
        let work = work(&program, GasSchedule::V2, GAS).unwrap();
        assert!(work.gas >= GAS / 2 || program.name == "grow", "{}: {work:?}", program.name);
        let limit = Options::default().native_limit(work.slots);
        assert!(work.native <= limit, "{}: {work:?}, a limit of {limit}", program.name);
        let in_gaps = work.gap_gas * 10 >= work.gas;
        assert_eq!(in_gaps, is_hidden(&program.name), "{}: {work:?}", program.name);
    }
}
