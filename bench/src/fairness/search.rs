//! Searches for programs, host calls and deployments that take more than they pay for.

use std::time::Duration;

use anyhow::Result;
use bessemer_chain::Prices;
use bessemer_runtime::Backend;
use serde::Serialize;

use super::candidate::{Candidate, Searched};
use super::text::Random;
use crate::timing::processor_time;

/// How to search.
#[derive(Clone, Debug)]
pub struct Options {
    /// Processor time to spend.
    pub budget: Duration,
    /// Where the pseudo-random numbers start.
    pub seed: u64,
    /// What is searched for.
    pub searched: Searched,
    /// The prices.
    pub prices: Prices,
    /// The engine that is to be slow.
    pub backend: Backend,
    /// What to begin with, besides the corpus.
    pub seeds: Vec<Candidate>,
}

/// What was found.
#[derive(Clone, Debug, Serialize)]
pub struct Find {
    /// Its text form.
    pub form: String,
    /// Nanoseconds of processor time per gas.
    pub ns_per_gas: f64,
}

/// So many of the worst are kept, and mutated.
const KEPT: usize = 24;
/// A sample takes about so many nanoseconds. What looks bad is measured again.
const SAMPLE_NS: f64 = 3e6;
const AGAIN_NS: f64 = 20e6;

/// Mutates what is hostile in the corpus toward the most processor time per gas; the worst
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
    let mut worst: Vec<(Candidate, f64)> = Vec::new();
    let started = processor_time();
    let mut seeds = options.searched.seeds()?;
    random.shuffle(&mut seeds);
    // what was found before comes first
    seeds.extend(options.seeds.iter().cloned());
    while processor_time().saturating_sub(started) < options.budget {
        let candidate = match seeds.pop() {
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
        if worst.iter().any(|(known, _)| *known == candidate) {
            continue;
        }
        let Some(measured) = candidate.prepare(options.backend, options.prices)? else { continue };
        let mut ns_per_gas = measured.ns_per_gas(SAMPLE_NS, 1)?;
        let bar = worst.get(KEPT - 1).map_or(0.0, |(_, ns)| *ns);
        if ns_per_gas <= bar {
            continue;
        }
        ns_per_gas = ns_per_gas.min(measured.ns_per_gas(AGAIN_NS, 2)?);
        let place = worst.partition_point(|(_, other)| *other >= ns_per_gas);
        worst.insert(place, (candidate, ns_per_gas));
        worst.truncate(KEPT);
        found(&finds(&worst))?;
    }
    Ok(finds(&worst))
}

fn finds(worst: &[(Candidate, f64)]) -> Vec<Find> {
    let find = |(found, ns): &(Candidate, f64)| Find { form: found.to_string(), ns_per_gas: *ns };
    worst.iter().map(find).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(searched: Searched) -> Options {
        let (seed, seeds) = (1, Vec::new());
        let (budget, backend) = (Duration::from_secs(2), Backend::Interpreter);
        Options { budget, seed, searched, prices: Prices::V1, backend, seeds }
    }

    #[test]
    fn a_search_keeps_its_finds_the_worst_first() {
        for searched in Searched::ALL {
            let mut records = 0;
            let mut last = 0.0;
            let finds = search(&options(searched), |finds| {
                records += usize::from(finds[0].ns_per_gas > last);
                last = finds[0].ns_per_gas;
                Ok(())
            });
            let finds = finds.expect("every candidate runs");
            assert!(records > 0 && finds.len() > 1, "{searched:?}: {finds:?}");
            assert!(finds.is_sorted_by(|a, b| a.ns_per_gas >= b.ns_per_gas));
            let again = Candidate::parse(searched, &finds[0].form).expect("a find has a text form");
            assert_eq!(again.to_string(), finds[0].form);
        }
    }
}
