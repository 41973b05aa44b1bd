//! Many histories on several threads.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::{Engines, Expected, Health, History};

/// Which histories a batch runs.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// The first seed.
    pub seed: u64,
    /// How many call trees, at least.
    pub count: u64,
    /// For how long, at most.
    pub time: Option<Duration>,
    /// Threads.
    pub jobs: usize,
}

/// A history on which a chain differs from the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The seed.
    pub seed: u64,
    /// The engine, the transaction, and what differs.
    pub difference: String,
}

/// The outcome of a batch.
#[derive(Clone, Debug)]
pub struct Report {
    /// Counts.
    pub health: Health,
    /// How long it took.
    pub time: Duration,
    /// The difference with the lowest seed.
    pub finding: Option<Finding>,
}

/// Runs histories until enough trees have grown, time is up, or one differs. `progress` is told how
/// many trees there are.
pub fn run(engines: &Engines, plan: &Plan, progress: impl Fn(u64) + Sync) -> Report {
    let start = Instant::now();
    let (next, trees) = (AtomicU64::new(plan.seed), AtomicU64::new(0));
    let stop = AtomicBool::new(false);
    let result = Mutex::new((Health::default(), None::<Finding>));
    let over = || {
        stop.load(Ordering::Relaxed)
            || trees.load(Ordering::Relaxed) >= plan.count
            || plan.time.is_some_and(|time| start.elapsed() >= time)
    };
    let work = || {
        while !over() {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            let expected = Expected::of(&History::random(seed, true));
            let difference = engines.difference(&expected);
            let done = trees.fetch_add(expected.health.trees, Ordering::Relaxed);
            progress(done + expected.health.trees);
            let mut result = result.lock().unwrap_or_else(PoisonError::into_inner);
            result.0.merge(&expected.health);
            if let Some(difference) = difference {
                stop.store(true, Ordering::Relaxed);
                if result.1.as_ref().is_none_or(|known| seed < known.seed) {
                    result.1 = Some(Finding { seed, difference });
                }
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..plan.jobs.max(1) {
            scope.spawn(work);
        }
    });
    let (health, finding) = result.into_inner().unwrap_or_else(PoisonError::into_inner);
    Report { health, time: start.elapsed(), finding }
}

/// Leaves out transactions and operations as long as there is a difference, for a bounded time; the
/// smallest history, and what differs in it. `None` if nothing differs to begin with.
pub fn shrink(engines: &Engines, history: &History, time: Duration) -> Option<(History, String)> {
    let start = Instant::now();
    let differs = |history: History| {
        let difference = engines.difference(&Expected::of(&history))?;
        Some((history, difference))
    };
    let mut best = differs(history.clone())?;
    let ways: [fn(&History, usize) -> Option<History>; 2] =
        [History::without_transaction, History::without_operation];
    for without in ways {
        let mut n = 0;
        while let Some(shorter) = without(&best.0, n)
            && start.elapsed() < time
        {
            match differs(shorter) {
                Some(shorter) => best = shorter,
                None => n += 1,
            }
        }
    }
    Some(best)
}
