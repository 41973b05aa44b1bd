//! What a node is given besides guest code: transactions of every kind, whose gas is compared with the
//! processor time of the whole way from the transaction to the sealed block.

mod calls;
mod contract;
mod group;
mod measure;

pub use calls::HostCalls;
pub use group::Group;
pub use measure::{InputReport, InputRow, InputWork, count, measure_inputs, measure_one};

use anyhow::Result;
use bessemer_chain::{Address, Transaction};

use self::measure::Scene;

/// Some transactions that make one kind of work.
#[derive(Clone, Debug)]
pub struct Input {
    /// What kind of work.
    pub group: Group,
    /// A short name.
    pub name: String,
    pub(super) source: Source,
}

#[derive(Clone, Debug)]
pub(super) enum Source {
    /// Made by a function of this crate.
    Made(fn(&mut Scene) -> Result<Vec<Transaction>>),
    /// A contract that makes host calls until its gas ends.
    HostCalls(HostCalls),
    /// The deployment of a program.
    Deployment(super::Genome),
    /// A guest program that is called until its gas ends.
    Guest(super::Program),
}

impl Input {
    /// A contract that makes these host calls.
    pub fn host_calls(calls: HostCalls) -> Self {
        Self { group: Group::HostCalls, name: calls.to_string(), source: Source::HostCalls(calls) }
    }

    /// The deployment of this program.
    pub fn deployment(genome: super::Genome) -> Self {
        let name = genome.to_string();
        Self { group: Group::Deployments, name, source: Source::Deployment(genome) }
    }

    /// A contract that is this program.
    pub fn guest(program: super::Program) -> Self {
        let name = program.name.clone();
        Self { group: Group::GuestCode, name, source: Source::Guest(program) }
    }
}

/// All inputs of the corpus.
///
/// # Errors
///
/// If a line of the frozen corpus does not parse.
pub fn inputs() -> Result<Vec<Input>> {
    let mut inputs = group::all();
    inputs.extend(host_calls()?.into_iter().map(Input::host_calls));
    Ok(inputs)
}

/// The host calls of the corpus.
pub(super) fn host_calls() -> Result<Vec<HostCalls>> {
    calls::corpus()
}

/// An address that nobody has.
fn stranger(number: u32) -> Address {
    let mut bytes = [0xee; 20];
    bytes[..4].copy_from_slice(&number.to_le_bytes());
    Address::new(bytes)
}
