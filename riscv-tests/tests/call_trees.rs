//! Random call trees end alike on a chain with either engine and on the naive model.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "this file holds only tests")]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bessemer_conformance::calls::{Engines, Expected, Health, History, Plan, run};

fn no_difference(seed: u64, count: u64, time: Option<Duration>) -> Health {
    let report = run(&Engines::new().unwrap(), &Plan { seed, count, time, jobs: 2 }, |_| ());
    println!("seeds from {seed} on, {:?}: {}", report.time, report.health);
    if let Some(finding) = report.finding {
        panic!(
            "{}\nreproduce and make smaller with: cargo run --release -p bessemer-conformance -- \
             calls --seed {} --count 1 --jobs 1",
            finding.difference, finding.seed
        );
    }
    report.health
}

#[test]
fn call_trees_of_fixed_seeds() {
    let health = no_difference(0, 3000, None);
    assert!(health.trees >= 3000, "{health}");
    assert!(health.frames.iter().all(|frames| *frames > 300), "{health}");
    assert!(health.ended.iter().all(|trees| *trees > 50), "{health}");
    assert!(health.frames.iter().sum::<u64>() > 2 * health.trees, "{health}");
    assert!(health.refused > 50 && health.refused_calls > 300, "{health}");
    assert!(health.created > 300 && health.events > 300, "{health}");
    assert!(health.declared > 300 && health.undeclared > 30, "{health}");
    assert_eq!(health.depth, 64, "{health}");
}

#[test]
fn call_trees_of_other_seeds_at_each_run() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let seed = std::env::var("CONFORMANCE_SEED").ok().and_then(|seed| seed.parse().ok());
    // far from the fixed seeds, and short enough to be typed
    let seed = seed.unwrap_or(1_000_000 + now.as_millis() as u64 % 1_000_000_000);
    let health = no_difference(seed, 3000, Some(Duration::from_secs(15)));
    assert!(health.trees > 0, "{health}");
}

#[test]
fn where_a_block_ends_is_not_seen_by_transactions_that_do_not_ask() {
    let engines = Engines::new().unwrap();
    for seed in 0..8 {
        let expected = Expected::of(&History::random(seed, false));
        for size in [1, 3, 1000] {
            let difference = engines.cut_difference(&expected, size).unwrap();
            assert_eq!(difference, None, "seed {seed}");
        }
    }
}
