//! What a search tries.

use std::fmt;

use anyhow::Result;
use bessemer_chain::Prices;
use bessemer_runtime::Backend;

use super::inputs::{self, HostCalls, Input, measure_one};
use super::measure::Subject;
use super::text::Random;
use super::{Genome, Program, corpus};

/// What is searched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Searched {
    /// Guest code.
    Programs,
    /// Sequences of host calls in a transaction.
    HostCalls,
    /// Transactions that deploy a program, compiled at once.
    Deployments,
}

/// Something that may take more than it pays for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Candidate {
    /// A program that runs until its gas ends.
    Program(Genome),
    /// A contract that makes host calls until its gas ends.
    HostCalls(HostCalls),
    /// The deployment of a program.
    Deployment(Genome),
}

/// A candidate that can be measured again and again.
pub(super) enum Measured {
    Program(Subject),
    Input { input: Input, backend: Backend, prices: Prices },
}

impl Searched {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Programs, Self::HostCalls, Self::Deployments];

    /// What a search begins with: what is hostile in the corpus.
    pub(super) fn seeds(self) -> Result<Vec<Candidate>> {
        let genomes = || -> Result<Vec<Genome>> {
            Ok(corpus()?.iter().filter_map(Program::genome).cloned().collect())
        };
        Ok(match self {
            Self::Programs => genomes()?.into_iter().map(Candidate::Program).collect(),
            Self::Deployments => genomes()?.into_iter().map(Candidate::Deployment).collect(),
            Self::HostCalls => {
                inputs::host_calls()?.into_iter().map(Candidate::HostCalls).collect()
            }
        })
    }
}

impl Candidate {
    /// The candidate with this text form.
    ///
    /// # Errors
    ///
    /// For text of another form.
    pub fn parse(searched: Searched, line: &str) -> Result<Self> {
        Ok(match searched {
            Searched::Programs => Self::Program(line.parse()?),
            Searched::HostCalls => Self::HostCalls(line.parse()?),
            Searched::Deployments => Self::Deployment(line.parse()?),
        })
    }

    /// Ready to be measured; `None` for what cannot be deployed.
    pub(super) fn prepare(&self, backend: Backend, prices: Prices) -> Result<Option<Measured>> {
        let input = |input| Measured::Input { input, backend, prices };
        Ok(match self {
            Self::Program(genome) => {
                let program = Program::of(genome.clone());
                match program.deploys()? {
                    true => Some(Measured::Program(Subject::new(&program, backend, prices.guest)?)),
                    false => None,
                }
            }
            Self::HostCalls(calls) => Some(input(Input::host_calls(calls.clone()))),
            Self::Deployment(genome) => Some(input(Input::deployment(genome.clone()))),
        })
    }

    /// One that differs in one place.
    pub(super) fn mutate(&self, random: &mut Random) -> Self {
        match self {
            Self::Program(genome) => Self::Program(genome.mutate(random)),
            Self::HostCalls(calls) => Self::HostCalls(calls.mutate(random)),
            Self::Deployment(genome) => Self::Deployment(genome.mutate(random)),
        }
    }

    /// One that has parts of both, if they are of one kind.
    pub(super) fn cross(&self, other: &Self, random: &mut Random) -> Self {
        match (self, other) {
            (Self::Program(one), Self::Program(other)) => Self::Program(one.cross(other, random)),
            (Self::HostCalls(one), Self::HostCalls(other)) => Self::HostCalls(one.cross(other)),
            (Self::Deployment(one), Self::Deployment(other)) => {
                Self::Deployment(one.cross(other, random))
            }
            _ => self.clone(),
        }
    }
}

impl Measured {
    /// The least of some samples, each of which takes about so many nanoseconds if it can be chosen.
    pub(super) fn ns_per_gas(&self, sample_ns: f64, rounds: usize) -> Result<f64> {
        match self {
            Self::Program(subject) => subject.ns_per_gas(sample_ns, rounds),
            Self::Input { input, backend, prices } => {
                Ok(measure_one(input, *backend, *prices, rounds - 1)?.1)
            }
        }
    }
}

impl fmt::Display for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Program(genome) | Self::Deployment(genome) => genome.fmt(f),
            Self::HostCalls(calls) => calls.fmt(f),
        }
    }
}
