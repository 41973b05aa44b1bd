//! `ethereum`: Ethereum's own state tests.

use std::path::PathBuf;

use anyhow::Result;
use bessemer_conformance::ethereum::{Filter, SKIPPED, SKIPPED_FORKS, run};
use bessemer_evm::Fork;
use indicatif::ProgressBar;

/// Run Ethereum's state tests: each transaction must leave the right state root and logs, or be
/// refused for the right reason.
#[derive(clap::Args)]
#[command(after_help = "Example: cargo run --release -p bessemer-conformance -- ethereum \
                        ~/fixtures/state_tests --fork Osaka")]
pub(crate) struct Ethereum {
    /// The directory with the fixtures, or one of them.
    path: PathBuf,
    /// Only this fork: its name in Ethereum or in fixtures.
    #[arg(long)]
    fork: Option<Fork>,
    /// Only tests with this in the path of their file or in their name.
    #[arg(long)]
    name: Option<String>,
    /// Print as many failures at most.
    #[arg(long, default_value_t = 50)]
    most: usize,
}

impl Ethereum {
    pub(crate) fn run(self) -> Result<bool> {
        let bar = ProgressBar::no_length();
        let filter = Filter { fork: self.fork, name: self.name };
        let summary = run(&self.path, &filter, &|files| {
            bar.set_length(files as u64);
            bar.inc(1);
        })?;
        bar.finish_and_clear();
        for failure in summary.failures.iter().take(self.most) {
            println!("FAILED {}\n  {}\n  {}", failure.file, failure.test, failure.reason);
        }
        if summary.failures.len() > self.most {
            println!("and {} more", summary.failures.len() - self.most);
        }
        for (what, why) in SKIPPED.iter().chain(SKIPPED_FORKS).filter(|_| summary.skipped > 0) {
            println!("skipped: {what} ({why})");
        }
        println!(
            "{} tests in {} files: {} passed, {} failed, {} skipped",
            summary.ran,
            summary.files,
            summary.ran.saturating_sub(summary.failures.len()),
            summary.failures.len(),
            summary.skipped
        );
        if summary.ran == 0 {
            println!("no test ran, which is a failure");
        }
        Ok(summary.ran > 0 && summary.failures.is_empty())
    }
}
