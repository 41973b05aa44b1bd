//! Makes a program that shows a difference smaller.

use super::judge::differs;
use super::{Bench, Subject, Trial, Verdict};
use crate::oracle::{Segment, Setup};

/// A smaller program with a difference, not necessarily the same one.
#[derive(Clone, Debug)]
pub struct Shrunk {
    /// The program.
    pub trial: Trial,
    /// The difference.
    pub verdict: Verdict,
}

/// Looks for the lowest gas limit, the shortest text and the fewest instructions that still show a
/// difference in this subject. `None` if there is none to begin with.
pub fn shrink(bench: &Bench, trial: &Trial, subject: Subject) -> Option<Shrunk> {
    let mut best = attempt(bench, trial.setup().clone(), subject)?;
    lower_gas(bench, &mut best, subject);
    for _ in 0..2 {
        shorten_text(bench, &mut best, subject);
        blank_instructions(bench, &mut best, subject);
        lower_gas(bench, &mut best, subject);
    }
    Some(best)
}

fn attempt(bench: &Bench, setup: Setup, subject: Subject) -> Option<Shrunk> {
    let trial = Trial::new(setup);
    let expected = bench.oracle(&trial);
    let difference = differs(&expected, || bench.observe(&trial, subject))?;
    Some(Shrunk { trial, verdict: Verdict { subject, difference } })
}

/// The limit just above the last one that shows no difference: that run executes the place.
fn lower_gas(bench: &Bench, best: &mut Shrunk, subject: Subject) {
    let mut low = 0;
    while low < best.trial.setup().gas {
        let gas = low + (best.trial.setup().gas - low) / 2;
        match attempt(bench, Setup { gas, ..best.trial.setup().clone() }, subject) {
            Some(shrunk) => *best = shrunk,
            None => low = gas + 1,
        }
    }
}

/// Cuts the end of text off, in halving pieces.
fn shorten_text(bench: &Bench, best: &mut Shrunk, subject: Subject) {
    let mut piece = text(best.trial.setup()).bytes.len() / 2;
    while piece >= 4 {
        let mut setup = best.trial.setup().clone();
        let entry = setup.entry;
        let segment = text_mut(&mut setup);
        let length = segment.bytes.len().saturating_sub(piece) & !3;
        segment.bytes.truncate(length);
        segment.memsz = u32::try_from(length).unwrap_or_default();
        let holds_entry = entry.wrapping_sub(segment.addr) < segment.memsz;
        match holds_entry.then(|| attempt(bench, setup, subject)).flatten() {
            Some(shrunk) => *best = shrunk,
            None => piece /= 2,
        }
    }
}

/// Replaces words and parcels by no-operations.
fn blank_instructions(bench: &Bench, best: &mut Shrunk, subject: Subject) {
    let compressed = best.trial.setup().compressed;
    let nops: &[&[u8]] = if compressed { &[&[1, 0, 1, 0], &[1, 0]] } else { &[&[0x13, 0, 0, 0]] };
    for nop in nops {
        let step = if compressed { 2 } else { 4 };
        for at in (0..text(best.trial.setup()).bytes.len()).step_by(step).rev() {
            let mut setup = best.trial.setup().clone();
            let Some(place) = text_mut(&mut setup).bytes.get_mut(at..at + nop.len()) else {
                continue;
            };
            if place == *nop {
                continue;
            }
            place.copy_from_slice(nop);
            if let Some(shrunk) = attempt(bench, setup, subject) {
                *best = shrunk;
            }
        }
    }
}

fn text(setup: &Setup) -> &Segment {
    let found = setup.segments.iter().find(|segment| segment.executable);
    found.expect("the oracle has run the setup, so it has a text")
}

fn text_mut(setup: &mut Setup) -> &mut Segment {
    let found = setup.segments.iter_mut().find(|segment| segment.executable);
    found.expect("the oracle has run the setup, so it has a text")
}
