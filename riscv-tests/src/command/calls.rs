//! `calls`: random call trees on chains and on the naive model.

use std::io::IsTerminal;
use std::num::NonZeroUsize;
use std::time::Duration;

use anyhow::Result;
use bessemer_conformance::calls::{Engines, History, Plan, run, shrink};

/// Run random call trees on chains with every engine and on the naive model; stop at the first
/// difference.
#[derive(clap::Args)]
#[command(
    after_help = "Example: cargo run --release -p bessemer-conformance -- calls --count 100000"
)]
pub(crate) struct Calls {
    /// The first seed; each is a chain of some forty transactions.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// How many call trees, at least.
    #[arg(long, default_value_t = 2_000)]
    count: u64,
    /// For how long, at most.
    #[arg(long)]
    seconds: Option<u64>,
    /// Threads; without it one for each processor.
    #[arg(long)]
    jobs: Option<NonZeroUsize>,
}

/// How long a history with a difference is made smaller.
const SHRINK: Duration = Duration::from_secs(60);

impl Calls {
    pub(crate) fn run(self) -> Result<bool> {
        let jobs = self.jobs.or_else(|| std::thread::available_parallelism().ok());
        let plan = Plan {
            seed: self.seed,
            count: self.count,
            time: self.seconds.map(Duration::from_secs),
            jobs: jobs.map_or(1, NonZeroUsize::get),
        };
        let engines = Engines::new()?;
        let bar = super::fuzz::progress_bar(Some(plan.count));
        let in_log = !std::io::stderr().is_terminal();
        let report = run(&engines, &plan, |trees| {
            bar.set_position(trees);
            if in_log && trees % 10_000 < 20 {
                eprintln!("{trees} call trees, no difference so far");
            }
        });
        bar.finish_and_clear();
        let (health, seconds) = (report.health, report.time.as_secs_f64());
        let (rate, jobs) = (health.trees as f64 / seconds, plan.jobs);
        println!(
            "{} call trees in {} histories in {seconds:.1} s: {rate:.0} per second on {jobs} threads",
            health.trees, health.histories
        );
        println!("{health}");
        let Some(finding) = report.finding else {
            println!("no difference");
            return Ok(health.trees > 0);
        };
        println!("difference with seed {}: {}", finding.seed, finding.difference);
        println!(
            "again: cargo run --release -p bessemer-conformance -- calls --seed {} --count 1 --jobs 1",
            finding.seed
        );
        let history = History::random(finding.seed, true);
        if let Some((history, difference)) = shrink(&engines, &history, SHRINK) {
            println!("made smaller: {difference}");
            println!("{:#x?}", history.blocks);
        }
        Ok(false)
    }
}
