//! `fairness`: whether any program gets more of the machine than it pays for.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bessemer_bench::fairness::{
    self, Candidate, Find, Input, InputReport, Options, Report, Searched,
};
use bessemer_bench::timing::processor_time;
use bessemer_chain::Prices;
use bessemer_runtime::Backend;

use crate::{progress, show, tables};

/// The measurements to make.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  fairness                              the whole corpus, in about two minutes
  fairness --only jal-ra-512,token      these programs beside the ordinary ones
  fairness --search 3600                an hour of processor time for worse programs, natively
  fairness --search 60 --interpreter    the same in the interpreter
  fairness --inputs                     host calls, calls, deployments, loads, receipts, lists, refusals
  fairness --search 600 --for host-calls
                                        sequences of host calls; `deployments` are the third kind
  fairness --blocks                     blocks of the worst three against blocks of token transfers
  fairness --search 3600 --keep finds   the same, going on where the last one ended
  fairness --genome 'text=16 hop=jal'   a program that a search found")]
pub(crate) struct Arguments {
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
    /// Only these programs beside the ordinary ones; the medians are over what is measured.
    #[arg(long, value_name = "NAME,..", value_delimiter = ',')]
    only: Vec<String>,
    /// A program beside those of the corpus, as a search prints it.
    #[arg(long, value_name = "GENOME")]
    genome: Vec<String>,
    /// Samples of each program, of which the least counts.
    #[arg(long, value_name = "N", default_value_t = 3)]
    rounds: usize,
    /// Transactions of all kinds instead of programs.
    #[arg(long, conflicts_with = "search")]
    inputs: bool,
    /// Fill blocks with the worst of programs and transactions, and compare them with blocks of token
    /// transfers of the same gas.
    #[arg(long, conflicts_with_all = ["search", "inputs"])]
    blocks: bool,
    /// The gas schedule.
    #[arg(long, value_name = "ID", default_value_t = Prices::V2.id, value_parser = schedule)]
    schedule: u32,
    /// Search for what is worse, for so many seconds of processor time.
    #[arg(long, value_name = "SECONDS")]
    search: Option<u64>,
    /// What to search for.
    #[arg(long = "for", requires = "search", value_name = "KIND", default_value = "programs")]
    searched: Searched,
    /// Search for what is slow in the interpreter.
    #[arg(long, requires = "search")]
    interpreter: bool,
    /// Where the search starts; another number finds other programs.
    #[arg(long, requires = "search", default_value_t = 1)]
    seed: u64,
    /// Keep the worst in this file, from the first find on, and begin with those that are in it.
    #[arg(long, requires = "search", value_name = "FILE")]
    keep: Option<PathBuf>,
    /// End with status 1 if a target is missed.
    #[arg(long)]
    check: bool,
}

fn schedule(number: &str) -> Result<u32, String> {
    let id = number.parse().ok().filter(|&id| Prices::by_id(id).is_some());
    id.ok_or_else(|| "there are schedules 1 and 2".to_owned())
}

impl Arguments {
    fn prices(&self) -> Prices {
        Prices::by_id(self.schedule).unwrap_or(Prices::V2)
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    if let Some(seconds) = arguments.search {
        return search(arguments, Duration::from_secs(seconds));
    }
    if arguments.blocks {
        let blocks = blocks(arguments)?;
        show(arguments.json, &blocks, tables::blocks)?;
        return Ok(ExitCode::from(u8::from(arguments.check && !blocks.pass())));
    }
    if arguments.inputs {
        let report = measure_inputs(arguments, fairness::inputs()?)?;
        show(arguments.json, &report, tables::inputs)?;
        return Ok(ExitCode::SUCCESS);
    }
    let report = measure(arguments)?;
    show(arguments.json, &report, tables::fairness)?;
    Ok(ExitCode::from(u8::from(arguments.check && !report.pass())))
}

fn measure_inputs(arguments: &Arguments, mut inputs: Vec<Input>) -> Result<InputReport> {
    if !arguments.only.is_empty() {
        inputs.retain(|input| arguments.only.contains(&input.name));
        ensure!(!inputs.is_empty(), "no input has such a name");
    }
    let bar = progress(inputs.len() as u64);
    let report = fairness::measure_inputs(&inputs, arguments.prices(), arguments.rounds, |name| {
        bar.set_message(name.to_owned());
        bar.inc(1);
    })?;
    bar.finish_and_clear();
    Ok(report)
}

fn blocks(arguments: &Arguments) -> Result<fairness::Blocks> {
    let programs = measure(arguments)?;
    let inputs = measure_inputs(arguments, fairness::inputs()?)?;
    fairness::blocks(&programs, &inputs, arguments.prices(), arguments.rounds)
}

/// What a search kept before; nothing if there was no search.
fn kept(searched: Searched, file: &Path) -> Result<Vec<Candidate>> {
    let text = match fs::read_to_string(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        text => text.with_context(|| format!("cannot read {}", file.display()))?,
    };
    let parse = |line| Candidate::parse(searched, line).with_context(|| format!("`{line}`"));
    text.lines().map(parse).collect()
}

fn measure(arguments: &Arguments) -> Result<Report> {
    let mut programs = fairness::corpus()?;
    if !arguments.only.is_empty() {
        for name in &arguments.only {
            let known = programs.iter().any(|program| program.name == *name);
            ensure!(known, "no program of the corpus is named `{name}`");
        }
        programs.retain(|program| {
            program.kind() == fairness::Kind::Ordinary || arguments.only.contains(&program.name)
        });
    }
    for genome in &arguments.genome {
        programs.push(fairness::Program::of(genome.parse()?));
    }
    let bar = progress(programs.len() as u64);
    let report =
        fairness::measure(&programs, arguments.prices().guest, arguments.rounds, |name| {
            bar.set_message(name.to_owned());
            bar.inc(1);
        })?;
    bar.finish_and_clear();
    Ok(report)
}

#[expect(clippy::print_stderr, reason = "a search runs for long and says what it found")]
fn search(arguments: &Arguments, budget: Duration) -> Result<ExitCode> {
    let searched = arguments.searched;
    let options = Options {
        budget,
        seed: arguments.seed,
        searched,
        prices: arguments.prices(),
        backend: if arguments.interpreter { Backend::Interpreter } else { Backend::Jit },
        seeds: arguments
            .keep
            .as_deref()
            .map(|file| kept(searched, file))
            .transpose()?
            .unwrap_or_default(),
    };
    let line = |find: &Find| format!("{:8.3} ns per gas  {}", find.ns_per_gas, find.form);
    let mut worst = String::new();
    let finds = fairness::search(&options, |finds| {
        if let Some(find) = finds.first().filter(|find| find.form != worst) {
            worst.clone_from(&find.form);
            eprintln!("{:7.1} s  {}", processor_time().as_secs_f64(), line(find));
        }
        let Some(keep) = &arguments.keep else { return Ok(()) };
        let forms: String = finds.iter().map(|find| format!("{}\n", find.form)).collect();
        fs::write(keep, forms).with_context(|| format!("cannot write {}", keep.display()))
    })?;
    show(arguments.json, &finds, |finds| {
        finds.iter().map(|find| line(find) + "\n").collect::<String>()
    })?;
    Ok(ExitCode::SUCCESS)
}
