//! Every fuzz target on its seeds and on mutations of them, without a fuzzer.
//!
//! `FUZZ_SEED` sets the number that the mutations follow from, `FUZZ_TIMES` how many times more
//! inputs are tried. A failure prints the input, which `cargo fuzz run NAME FILE` runs again.

use std::panic::catch_unwind;

use bessemer_fuzz::{TARGETS, Target};
use fastrand::Rng;

#[test]
fn every_target_holds_on_mutated_seeds() {
    let number = |name: &str, default: u64| {
        std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let (seed, times) = (number("FUZZ_SEED", 1), number("FUZZ_TIMES", 1));
    let chosen = std::env::var("FUZZ_TARGET").ok();
    let mut tried = 0;
    for target in TARGETS {
        if chosen.as_ref().is_some_and(|name| name != target.name) {
            continue;
        }
        let (inputs, accepted) = try_target(target, Rng::with_seed(seed), times);
        println!("{:12} {inputs} inputs, {accepted} accepted", target.name);
        let wanted = u64::from(target.smoke.1) * times;
        assert!(accepted >= wanted, "{}: only {accepted} inputs were accepted", target.name);
        tried += 1;
    }
    assert!(tried > 0, "there is no such target");
}

/// How many inputs were tried, and how many of them accepted.
fn try_target(target: &Target, mut random: Rng, times: u64) -> (u64, u64) {
    let seeds = (target.seeds)();
    let (mut inputs, mut accepted) = (0, 0);
    let mut attempt = |input: &[u8]| {
        inputs += 1;
        let result = catch_unwind(|| (target.run)(input));
        let shown = match &result {
            Ok(_) => String::new(),
            Err(_) => hex::encode(&input[..input.len().min(4096)]),
        };
        assert!(result.is_ok(), "{} fails on these bytes: {shown}", target.name);
        accepted += u64::from(result.is_ok_and(|accepted| accepted));
    };
    seeds.iter().for_each(|seed| attempt(seed));
    for _ in 0..u64::from(target.smoke.0) * times {
        let mut input = seeds[random.usize(..seeds.len())].clone();
        mutate(&mut input, &seeds, &mut random);
        attempt(&input);
    }
    (inputs, accepted)
}

/// Changes a few bytes, the length, or the order.
fn mutate(input: &mut Vec<u8>, seeds: &[Vec<u8>], random: &mut Rng) {
    for _ in 0..random.usize(1..=4) {
        let at = random.usize(..=input.len());
        match random.u8(..8) {
            0 => input.truncate(at),
            1 => {
                input.splice(at..at, (0..random.usize(..16)).map(|_| random.u8(..))).for_each(drop);
            }
            2 => {
                let other = &seeds[random.usize(..seeds.len())];
                let from = random.usize(..=other.len());
                let len = random.usize(..=64).min(other.len() - from);
                input.extend_from_slice(&other[from..from + len]);
            }
            3 if at + 4 <= input.len() => {
                let edge = [0, 1, 0x7fff_ffff, 0x8000_0000, u32::MAX, 0xffff_0000, 0x1000];
                let edge = edge[random.usize(..edge.len())];
                input[at..at + 4].copy_from_slice(&edge.to_le_bytes());
            }
            4 if at < input.len() => input[at] = random.u8(..),
            _ if at < input.len() => input[at] ^= 1 << random.u8(..8),
            _ => {}
        }
    }
}
