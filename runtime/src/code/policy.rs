//! When programs are compiled in the background.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::program::Identity;

/// How often programs were wanted and compiled.
///
/// A program that is wanted for the first time is compiled at once. One that was compiled before and has
/// gone, or could not be compiled, waits four times as long each time: a cache that is too small for
/// what is in use costs speed, and never an endless stream of compilations.
#[derive(Debug, Default)]
pub(crate) struct Policy {
    demand: Mutex<HashMap<Identity, Demand>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Demand {
    compiles: u32,
    /// Wanted without native code since the last time.
    wanted: u32,
}

impl Policy {
    /// Whether it is the turn of a program that is wanted and has no native code.
    pub(crate) fn is_due(&self, program: Identity) -> bool {
        let mut all = self.demand.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MAX_PROGRAMS && !all.contains_key(&program) {
            // forgetting costs each program one compilation at most
            all.clear();
        }
        let demand = all.entry(program).or_default();
        demand.wanted = demand.wanted.saturating_add(1);
        let threshold = 1_u32.checked_shl(2 * demand.compiles).unwrap_or(u32::MAX);
        let is_due = demand.wanted >= threshold;
        if is_due {
            *demand = Demand { compiles: demand.compiles.saturating_add(1), wanted: 0 };
        }
        is_due
    }
}

/// Programs whose demand is remembered.
const MAX_PROGRAMS: usize = 1 << 16;

#[cfg(test)]
mod tests {
    use bessemer_image::Limits;
    use bessemer_isa::GasSchedule;

    use super::*;
    use crate::program::{ImageHash, Rules};

    #[test]
    fn each_compilation_of_a_program_has_to_be_wanted_four_times_as_often() {
        let policy = Policy::default();
        let rules = Rules { limits: Limits::bare(), schedule: GasSchedule::V1, number: 0 };
        let program = rules.identity(ImageHash::of(b""));
        let due: Vec<_> = (1..=1 + 4 + 16 + 64).filter(|_| policy.is_due(program)).collect();
        assert_eq!(due, [1, 1 + 4, 1 + 4 + 16, 1 + 4 + 16 + 64]);
    }
}
