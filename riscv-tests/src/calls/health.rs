//! Whether random call trees were worth their time.

use std::fmt;

use bessemer_chain::Status;

/// Counts over call trees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Chains.
    pub histories: u64,
    /// Transactions that were part of a block: call trees.
    pub trees: u64,
    /// Transactions that were refused.
    pub refused: u64,
    /// Trees, by [`Status`].
    pub ended: [u64; 4],
    /// Frames, by [`Status`].
    pub frames: [u64; 4],
    /// Calls that ran nothing, with a code that says why.
    pub refused_calls: u64,
    /// The most frames at once.
    pub depth: u64,
    /// Contracts that came into being and stayed.
    pub created: u64,
    /// Events that stayed.
    pub events: u64,
    /// Trees with an access list.
    pub declared: u64,
    /// Traps because a list did not have a key.
    pub undeclared: u64,
}

impl Health {
    /// Adds the counts of other trees.
    pub fn merge(&mut self, other: &Self) {
        let Self { histories, trees, refused, ended, frames, refused_calls, .. } = other;
        self.histories += histories;
        self.trees += trees;
        self.refused += refused;
        self.refused_calls += refused_calls;
        self.depth = self.depth.max(other.depth);
        self.created += other.created;
        self.events += other.events;
        self.declared += other.declared;
        self.undeclared += other.undeclared;
        for status in 0..4 {
            self.ended[status] += ended[status];
            self.frames[status] += frames[status];
        }
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let share = |counts: &[u64; 4]| {
            let total = counts.iter().sum::<u64>().max(1) as f64;
            counts.map(|count| 100.0 * count as f64 / total)
        };
        let statuses = [Status::Return, Status::Revert, Status::Trap, Status::OutOfGas];
        for (what, counts) in [("trees", &self.ended), ("frames", &self.frames)] {
            write!(f, "{} {what}:", counts.iter().sum::<u64>())?;
            for (status, share) in statuses.iter().zip(share(counts)) {
                write!(f, " {share:.1} % {status}")?;
            }
            write!(f, "; ")?;
        }
        write!(
            f,
            "{} transactions and {} calls refused, {} contracts created, {} events, {} access lists \
             with {} violations, depth up to {}",
            self.refused,
            self.refused_calls,
            self.created,
            self.events,
            self.declared,
            self.undeclared,
            self.depth
        )
    }
}
