//! Random programs of every generator end alike on the oracle and all engines.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "this file holds only tests")]

use std::time::Duration;

use bessemer_conformance::differential::{Bench, Rungs, Selection, Subject, climb, judge, shrink};
use bessemer_conformance::fuzz::{Plan, Report, case, run, trial};
use bessemer_conformance::generate::Generator;

fn no_difference(report: &Report) {
    println!("{:.0} programs/s; {}", report.rate(), report.health);
    if let Some(finding) = &report.finding {
        panic!(
            "{}: {}\nreproduce with: cargo run --release -p bessemer-conformance -- replay {} {}",
            finding.verdict.subject,
            finding.verdict.difference,
            finding.generator.name(),
            finding.seed
        );
    }
}

/// No test takes longer than this, however busy the machine is.
const BOUND: Option<Duration> = Some(Duration::from_secs(8));

/// A fresh range of seeds can be named, so that repeated runs see other programs.
fn first_seed() -> u64 {
    let seed = std::env::var("CONFORMANCE_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or(1);
    println!("seeds from {seed} on; CONFORMANCE_SEED chooses others");
    seed
}

#[test]
fn a_mix_of_generators() {
    let (count, ladder) = (Some(3000), 50);
    let plan = Plan { seed: first_seed(), count, time: BOUND, jobs: 2, ladder, ..Plan::default() };
    let report = run(&Bench::new().unwrap(), &plan, |_| ());
    no_difference(&report);
    assert!(report.health.cases >= 100, "{}", report.health);
    assert!(report.health.traps() > report.health.cases / 5, "{}", report.health);
    assert!(report.health.rungs > 64, "{}", report.health);
}

#[test]
fn every_generator_on_every_engine() {
    let bench = Bench::new().unwrap();
    for generator in Generator::ALL {
        let plan = Plan {
            generator: Some(generator),
            seed: first_seed(),
            count: Some(100),
            time: Some(Duration::from_secs(3)),
            thorough: true,
            ..Plan::default()
        };
        let report = run(&bench, &plan, |_| ());
        no_difference(&report);
        let cases = report.health.cases;
        assert!(cases >= 10, "{}", report.health);
        assert_eq!(report.health.executions, cases * Subject::ALL.len() as u64);
    }
}

#[test]
fn programs_that_once_differed() {
    let bench = Bench::new().unwrap();
    for (name, seed) in [
        // a store that the next one overwrites, where neither may
        ("raw", 1_005_310),
        // a trap in a unit that uses the registers of the entry stub
        ("grammar", 2),
        // a register that one way to an indirect jump has written and another has not loaded
        ("control", 23_305),
        // the same two stores in another order of lowering
        ("raw", 65_582),
        // a trap in a unit that a run entered behind its charge
        ("raw", 10_048_388),
        // a jump that traps instead of writing its link, behind a host call that paused
        ("grammar", 200_242_802),
        // a trap just before the instruction that is lowered first, which nobody claimed
        ("control", 300_243_541),
    ] {
        let case = Generator::by_name(name).unwrap().case(seed);
        let judged = judge(&bench, &trial(&case), Selection::All);
        assert!(judged.verdict.is_none(), "{name} {seed}: {:?}", judged.verdict);
    }
}

#[test]
fn short_programs_with_every_gas_limit() {
    let bench = Bench::new().unwrap();
    let mut climbed = 0;
    for seed in first_seed().. {
        let (generator, case) = case(None, seed);
        let trial = trial(&case);
        let used = case.gas - bench.oracle(&trial).gas;
        if !(20..400).contains(&used) {
            continue;
        }
        let (_, judged) = climb(&bench, &trial, Rungs::All).unwrap();
        assert_eq!(judged.verdict, None, "{} {seed}", generator.name());
        climbed += 1;
        if climbed == 25 {
            break;
        }
    }
}

#[test]
fn a_program_without_a_difference_is_not_shrunk() {
    let bench = Bench::new().unwrap();
    let trial = trial(&case(None, 4).1);
    assert!(shrink(&bench, &trial, Subject::JitSpeed).is_none());
}
