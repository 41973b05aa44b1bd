//! Whether a batch of random programs was worth its time.

use std::collections::BTreeMap;
use std::fmt;

use crate::differential::{Ending, Judged};

/// Counts over the programs of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Programs.
    pub cases: u64,
    /// Executions of a program by an engine other than the oracle.
    pub executions: u64,
    /// Programs that ended by the host call for it.
    pub exited: u64,
    /// Programs that ran out of gas.
    pub out_of_gas: u64,
    /// Programs that trapped, by code of the kind.
    pub trapped: BTreeMap<u8, u64>,
    /// Host calls.
    pub calls: u64,
    /// Gas that the programs used.
    pub gas: u64,
    /// Gas limits run on ladders.
    pub rungs: u64,
}

impl Health {
    /// Counts one program.
    pub fn add(&mut self, judged: &Judged, limit: u64) {
        self.cases += 1;
        self.executions += judged.subjects as u64;
        self.calls += judged.expected.calls.len() as u64;
        self.gas += limit - judged.expected.gas;
        match judged.expected.end.ending {
            Ending::Exit => self.exited += 1,
            Ending::OutOfGas => self.out_of_gas += 1,
            Ending::Trap(kind) => *self.trapped.entry(kind).or_default() += 1,
        }
    }

    /// Adds the counts of another batch.
    pub fn merge(&mut self, other: &Self) {
        self.cases += other.cases;
        self.executions += other.executions;
        self.exited += other.exited;
        self.out_of_gas += other.out_of_gas;
        self.calls += other.calls;
        self.gas += other.gas;
        self.rungs += other.rungs;
        for (kind, count) in &other.trapped {
            *self.trapped.entry(*kind).or_default() += count;
        }
    }

    /// Programs that trapped.
    pub fn traps(&self) -> u64 {
        self.trapped.values().sum()
    }

    fn percent(&self, count: u64) -> f64 {
        100.0 * count as f64 / self.cases.max(1) as f64
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:.1} % trap {:?}, {:.1} % out of gas, {:.1} % exit; per program {:.1} host calls and \
             {} gas; {} executions, {} further gas limits",
            self.percent(self.traps()),
            self.trapped,
            self.percent(self.out_of_gas),
            self.percent(self.exited),
            self.calls as f64 / self.cases.max(1) as f64,
            self.gas / self.cases.max(1),
            self.executions,
            self.rungs,
        )
    }
}
