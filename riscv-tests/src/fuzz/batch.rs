//! A batch of random programs on several threads.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::Health;
use crate::differential::{Bench, Judged, Rungs, Selection, Subject, Trial, Verdict, climb, judge};
use crate::generate::{Case, Generator};
use crate::oracle::MemoryClass;

/// Which programs a batch runs, and how.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The generator; `None` for the mix that [`Generator::for_seed`] gives.
    pub generator: Option<Generator>,
    /// The first seed.
    pub seed: u64,
    /// How many programs; `None` for no bound.
    pub count: Option<u64>,
    /// How long; `None` for no bound. A plan without any bound runs until a difference.
    pub time: Option<Duration>,
    /// Threads.
    pub jobs: usize,
    /// Every so many programs one is run with many gas limits; 0 for never.
    pub ladder: u64,
    /// Whether every program runs on every subject.
    pub thorough: bool,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            generator: None,
            seed: 0,
            count: None,
            time: None,
            jobs: 1,
            ladder: 256,
            thorough: false,
        }
    }
}

/// A program on which an engine differs from the oracle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The generator.
    pub generator: Generator,
    /// The seed.
    pub seed: u64,
    /// The engine, and what differs.
    pub verdict: Verdict,
}

/// The outcome of a batch.
#[derive(Clone, Debug)]
pub struct Report {
    /// Counts.
    pub health: Health,
    /// How long it took.
    pub time: Duration,
    /// The difference that ended it.
    pub finding: Option<Finding>,
}

impl Report {
    /// Programs per second, all threads together.
    pub fn rate(&self) -> f64 {
        self.health.cases as f64 / self.time.as_secs_f64()
    }
}

/// The program of a seed, which also says the width of its registers and its extensions.
pub fn case(generator: Option<Generator>, seed: u64) -> (Generator, Case) {
    let generator = generator.unwrap_or_else(|| Generator::for_seed(seed));
    (generator, generator.case_of(seed, Generator::isa_for_seed(seed)))
}

/// A case as every batch runs it; the seed picks the memory class.
pub fn trial(case: &Case) -> Trial {
    let classes = MemoryClass::ALL;
    Trial::of_case(case, classes[(case.seed % classes.len() as u64) as usize])
}

/// Runs a batch. Calls `progress` with the number of programs done, now and then, from any thread.
pub fn run(bench: &Bench, plan: &Plan, progress: impl Fn(u64) + Sync) -> Report {
    let start = Instant::now();
    let shared = Shared {
        bench,
        plan,
        start,
        next: AtomicU64::new(0),
        done: AtomicU64::new(0),
        stop: AtomicBool::new(false),
        result: Mutex::default(),
    };
    thread::scope(|scope| {
        for _ in 0..plan.jobs.max(1) {
            scope.spawn(|| shared.work(&progress));
        }
    });
    let (health, finding) = shared.result.into_inner().unwrap_or_else(PoisonError::into_inner);
    Report { health, time: start.elapsed(), finding }
}

struct Shared<'a> {
    bench: &'a Bench,
    plan: &'a Plan,
    start: Instant,
    next: AtomicU64,
    done: AtomicU64,
    stop: AtomicBool,
    result: Mutex<(Health, Option<Finding>)>,
}

impl Shared<'_> {
    fn work(&self, progress: &(impl Fn(u64) + Sync)) {
        let mut health = Health::default();
        let mut finding = None;
        while let Some(number) = self.take() {
            let (generator, case) = case(self.plan.generator, self.plan.seed + number);
            let judged = self.judge(&case, number, &mut health);
            health.add(&judged, case.gas);
            let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
            if done.is_multiple_of(256) {
                progress(done);
            }
            if let Some(verdict) = judged.verdict {
                self.stop.store(true, Ordering::Relaxed);
                finding = Some(Finding { generator, seed: case.seed, verdict });
            }
        }
        let mut result = self.result.lock().unwrap_or_else(PoisonError::into_inner);
        result.0.merge(&health);
        // The lowest seed, so that the report does not depend on which thread was faster.
        let known = result.1.as_ref().map_or(u64::MAX, |finding| finding.seed);
        if finding.as_ref().is_some_and(|finding| finding.seed < known) {
            result.1 = finding;
        }
    }

    /// The number of the next program, unless the batch is over.
    fn take(&self) -> Option<u64> {
        let over = self.stop.load(Ordering::Relaxed)
            || self.plan.time.is_some_and(|time| self.start.elapsed() >= time);
        let number = (!over).then(|| self.next.fetch_add(1, Ordering::Relaxed))?;
        self.plan.count.is_none_or(|count| number < count).then_some(number)
    }

    fn judge(&self, case: &Case, number: u64, health: &mut Health) -> Judged {
        let trial = trial(case);
        let selection =
            if self.plan.thorough { Selection::All } else { Selection::Sampled(number) };
        let mut judged = judge(self.bench, &trial, selection);
        let is_rung = self.plan.ladder != 0 && number.is_multiple_of(self.plan.ladder);
        if is_rung && judged.verdict.is_none() {
            match climb(self.bench, &trial, Rungs::Ends) {
                Ok((rungs, ladder)) => {
                    health.rungs += rungs;
                    judged.verdict = ladder.verdict;
                }
                Err(error) => {
                    let difference = format!("on the gas ladder: {error:#}");
                    judged.verdict = Some(Verdict { subject: Subject::JitNone, difference });
                }
            }
        }
        judged
    }
}
