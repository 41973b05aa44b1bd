//! Searches for programs that take more than they pay for.

use std::time::Duration;

use anyhow::Result;
use bessemer_isa::GasSchedule;
use bessemer_runtime::Backend;
use serde::Serialize;

use super::measure::Subject;
use super::text::Random;
use super::{Genome, Program, corpus};
use crate::timing::processor_time;

/// How to search.
#[derive(Clone, Debug)]
pub struct Options {
    /// Processor time to spend.
    pub budget: Duration,
    /// Where the pseudo-random numbers start.
    pub seed: u64,
    /// The prices.
    pub schedule: GasSchedule,
    /// The engine that is to be slow.
    pub backend: Backend,
    /// Programs to begin with, besides those of the corpus.
    pub seeds: Vec<Genome>,
}

/// A program that was found.
#[derive(Clone, Debug, Serialize)]
pub struct Find {
    /// Its text form.
    pub genome: String,
    /// Nanoseconds of processor time per gas.
    pub ns_per_gas: f64,
}

/// So many of the worst programs are kept, and mutated.
const KEPT: usize = 24;
/// A sample takes about so many nanoseconds. What looks bad is measured again.
const SAMPLE_NS: f64 = 3e6;
const AGAIN_NS: f64 = 20e6;

/// Mutates the hostile programs of the corpus toward the most processor time per gas; the worst
/// finds, the worst first. `found` is told of all that are kept whenever one is added.
///
/// # Errors
///
/// If a program does not load, or ends otherwise than it should: that is a find of another kind.
pub fn search(
    options: &Options,
    mut found: impl FnMut(&[Find]) -> Result<()>,
) -> Result<Vec<Find>> {
    let mut random = Random::new(options.seed);
    let mut worst: Vec<(Genome, f64)> = Vec::new();
    let started = processor_time();
    let mut seeds: Vec<Genome> = corpus()?.iter().filter_map(Program::genome).cloned().collect();
    random.shuffle(&mut seeds);
    // what was found before comes first
    seeds.extend(options.seeds.iter().cloned());
    while processor_time().saturating_sub(started) < options.budget {
        let genome = match seeds.pop() {
            Some(seed) => seed,
            None => {
                let mut pick = || worst[random.below(worst.len())].0.clone();
                let (mother, father) = (pick(), pick());
                let mut child = match random.below(3) {
                    0 => mother.cross(&father, &mut random),
                    _ => mother,
                };
                for _ in 0..=random.below(3) {
                    child = child.mutate(&mut random);
                }
                child
            }
        };
        if worst.iter().any(|(known, _)| *known == genome) {
            continue;
        }
        let program = Program::of(genome.clone());
        if !program.deploys()? {
            continue;
        }
        let subject = Subject::new(&program, options.backend, options.schedule)?;
        let mut ns_per_gas = subject.ns_per_gas(SAMPLE_NS, 1)?;
        let bar = worst.get(KEPT - 1).map_or(0.0, |(_, ns)| *ns);
        if ns_per_gas <= bar {
            continue;
        }
        ns_per_gas = ns_per_gas.min(subject.ns_per_gas(AGAIN_NS, 2)?);
        let place = worst.partition_point(|(_, other)| *other >= ns_per_gas);
        worst.insert(place, (genome, ns_per_gas));
        worst.truncate(KEPT);
        found(&finds(&worst))?;
    }
    Ok(finds(&worst))
}

fn finds(worst: &[(Genome, f64)]) -> Vec<Find> {
    let find = |(genome, ns): &(Genome, f64)| Find { genome: genome.to_string(), ns_per_gas: *ns };
    worst.iter().map(find).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_finds_something_worse_than_its_first_program() {
        let options = Options {
            budget: Duration::from_secs(2),
            seed: 1,
            schedule: GasSchedule::V1,
            backend: Backend::Interpreter,
            seeds: Vec::new(),
        };
        let mut records = 0;
        let mut last = 0.0;
        let finds = search(&options, |finds| {
            records += usize::from(finds[0].ns_per_gas > last);
            last = finds[0].ns_per_gas;
            Ok(())
        });
        let finds = finds.expect("every genome runs");
        assert!(records > 1 && finds.len() > 1, "{finds:?}");
        assert!(finds.is_sorted_by(|a, b| a.ns_per_gas >= b.ns_per_gas));
        let again: Genome = finds[0].genome.parse().expect("a find is a genome");
        assert_eq!(again.to_string(), finds[0].genome);
    }
}
