//! The frozen corpus of hostile programs has native code that does not leave for the runtime.
//!
//! Work is counted, not timed: a busy machine changes nothing.

#![allow(clippy::unwrap_used, reason = "this file holds only tests")]

use bessemer_bench::fairness::{Kind, Program, corpus, work};
use bessemer_isa::GasSchedule;
use bessemer_toolchain::tests::cases;
use bessemer_translator::Options;

const GAS: u64 = 3_000_000;
/// Bytes of a file that has much native code.
const LARGE: usize = 32 << 10;

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
    // the largest take seconds to compile: one of them here, and of the others every second
    let size = |program: &Program| program.image().unwrap().len();
    let (large, small): (Vec<_>, Vec<_>) =
        programs.into_iter().partition(|program| size(program) > LARGE);
    let (first, step) = (cases(1, large.len() as u64) as usize, cases(2, 1) as usize);
    assert!(small.len() >= 10 && !large.is_empty(), "{} small, {} large", small.len(), large.len());
    for program in large.into_iter().take(first).chain(small.into_iter().step_by(step)) {
        let work = work(&program, GasSchedule::V2, GAS).unwrap();
        assert!(work.gas >= GAS / 2 || program.name == "grow", "{}: {work:?}", program.name);
        let limit = Options::default().native_limit(work.slots);
        assert!(work.native <= limit, "{}: {work:?}, a limit of {limit}", program.name);
        let in_gaps = work.gap_gas * 10 >= work.gas;
        assert_eq!(in_gaps, is_hidden(&program.name), "{}: {work:?}", program.name);
    }
}
