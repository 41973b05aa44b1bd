//! `fuzz`: random programs on every engine, until one differs.

use std::io::IsTerminal;
use std::num::NonZeroUsize;
use std::time::Duration;

use anyhow::Result;
use bessemer_conformance::differential::Bench;
use bessemer_conformance::fuzz::{Plan, Report, run};
use bessemer_conformance::generate::Generator;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::replay;

/// Run random programs on the oracle and every engine; stop at the first difference.
#[derive(clap::Args)]
#[command(after_help = "Example: cargo run --release -p bessemer-conformance -- fuzz --seconds 60")]
pub(crate) struct Fuzz {
    /// raw, grammar, control or pressure; without it a mix.
    #[arg(long, value_parser = super::generator)]
    generator: Option<Generator>,
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// How many programs; 10,000 if neither this nor --seconds is given.
    #[arg(long)]
    count: Option<u64>,
    /// For how long.
    #[arg(long)]
    seconds: Option<u64>,
    /// Threads; without it one for each processor.
    #[arg(long)]
    jobs: Option<NonZeroUsize>,
    /// Run every n-th program with many gas limits; 0 for none.
    #[arg(long, default_value_t = 256)]
    ladder: u64,
    /// Run every program on every engine, not only a part of them with precise registers.
    #[arg(long)]
    thorough: bool,
    /// Print the result as JSON.
    #[arg(long)]
    json: bool,
}

/// Where there is no terminal, every so many programs are a line.
const LOGGED: u64 = 50_176;

impl Fuzz {
    pub(crate) fn run(self) -> Result<bool> {
        let plan = Plan {
            generator: self.generator,
            seed: self.seed,
            count: self.count.or(self.seconds.is_none().then_some(10_000)),
            time: self.seconds.map(Duration::from_secs),
            jobs: self
                .jobs
                .or_else(|| std::thread::available_parallelism().ok())
                .map_or(1, NonZeroUsize::get),
            ladder: self.ladder,
            thorough: self.thorough,
        };
        let bench = Bench::new()?;
        let bar = progress_bar(plan.count);
        let in_log = !std::io::stderr().is_terminal();
        let report = run(&bench, &plan, |done| {
            bar.set_position(done);
            if in_log && done.is_multiple_of(LOGGED) {
                eprintln!("{done} programs, no difference so far");
            }
        });
        bar.finish_and_clear();
        self.print(&report, &plan);
        if let Some(finding) = &report.finding
            && !self.json
        {
            replay::explain(&bench, finding.generator, finding.seed);
        }
        Ok(report.finding.is_none() && report.health.cases > 0)
    }

    fn print(&self, report: &Report, plan: &Plan) {
        let health = &report.health;
        let seconds = report.time.as_secs_f64();
        let rate = report.rate();
        let memory = resident();
        if self.json {
            let result = json!({
                "programs": health.cases,
                "executions": health.executions,
                "seconds": seconds,
                "programs_per_second": rate,
                "jobs": plan.jobs,
                "first_seed": plan.seed,
                "generator": plan.generator.map_or("mix", Generator::name),
                "exited": health.exited,
                "out_of_gas": health.out_of_gas,
                "trapped": health.trapped,
                "host_calls": health.calls,
                "gas": health.gas,
                "ladder_limits": health.rungs,
                "resident_bytes": memory,
                "difference": report.finding.as_ref().map(|finding| json!({
                    "generator": finding.generator.name(),
                    "seed": finding.seed,
                    "engine": finding.verdict.subject.name(),
                    "what": finding.verdict.difference,
                })),
            });
            println!("{result:#}");
            return;
        }
        println!(
            "{} programs in {seconds:.1} s: {rate:.0} per second on {} threads",
            health.cases, plan.jobs
        );
        println!("{health}");
        if let Some(bytes) = memory {
            println!("{} MiB resident at the end", bytes >> 20);
        }
        match &report.finding {
            None => println!("no difference"),
            Some(finding) => {
                println!("difference: {}: {}", finding.verdict.subject, finding.verdict.difference);
            }
        }
    }
}

pub(super) fn progress_bar(count: Option<u64>) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = count.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
    let template = "{wide_bar} {human_pos}/{human_len} {per_sec} {eta}";
    match ProgressStyle::with_template(template) {
        Ok(style) if count.is_some() => bar.with_style(style),
        _ => bar,
    }
}

/// Bytes of memory that the process holds, where /proc tells.
fn resident() -> Option<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split(' ').nth(1)?.parse().ok()?;
    Some(pages * 4096)
}
