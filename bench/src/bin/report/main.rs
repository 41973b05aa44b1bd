//! Measures Bessemer and prints what it found.
//!
//! stdout carries the report, as tables in Markdown or as JSON; progress goes to stderr, if that is a
//! terminal.

#![forbid(unsafe_code)]

mod fairness;
mod tables;

use std::fmt::Display;
use std::io::{Write, stdout};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, bail};
use bessemer_bench::contender::Contender;
use bessemer_bench::latency::{self, Latencies};
use bessemer_bench::speed::{self, Report};
use bessemer_bench::translation::{self, Translation};
use bessemer_bench::{Profile, bombs, process, workloads};
use clap::{Parser, Subcommand, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

/// Measurements of Bessemer.
#[derive(Parser, Debug)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Measures how fast programs execute and translate, and what calls cost.
    Report(Arguments),
    /// Measures processor time per gas of ordinary and of hostile programs, or searches for worse ones.
    Fairness(fairness::Arguments),
}

/// The contents of the report.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  report                          everything, in about a minute
  report --quick                  everything, in a few seconds, with more noise
  report --only fib,matmul        the speed of two workloads and nothing else
  report --bombs                  how hostile programs translate
  report --json                   the same for programs")]
struct Arguments {
    /// Print JSON instead of tables.
    #[arg(long)]
    json: bool,
    /// Measure how hostile programs translate, and nothing else.
    #[arg(long)]
    bombs: bool,
    /// Only the speed of these workloads, or with --bombs these families.
    #[arg(long, value_name = "NAME,..", value_delimiter = ',')]
    only: Vec<String>,
    /// How often each workload runs on each engine [default: 15, with --quick 3].
    #[arg(long, value_name = "N")]
    rounds: Option<u32>,
    /// Fewer rounds and smaller programs.
    #[arg(long)]
    quick: bool,
    /// End with status 1 if execution times, or bombs, miss their targets.
    #[arg(long)]
    check: bool,
    /// The instruction set of the 32-bit workloads; those with 64 bits are RV64IMAC with Zba, Zbb and
    /// Zbs, and so is imac-b.
    #[arg(long, value_enum, default_value = "imac-b")]
    profile: ProfileName,
    /// Leave out the interpreter.
    #[arg(long)]
    no_interpreter: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ProfileName {
    Im,
    Imac,
    ImacB,
    Rv64,
}

/// Everything that was measured.
#[derive(Debug, Serialize)]
struct Everything {
    speed: Report,
    latencies: Vec<Latencies>,
    translations: Vec<Translation>,
    /// The highest resident set of the whole process, in bytes.
    peak_memory: Option<u64>,
}

fn main() -> Result<ExitCode> {
    let arguments = match Cli::parse().command {
        Command::Report(arguments) => arguments,
        Command::Fairness(arguments) => return fairness::run(&arguments),
    };
    if arguments.bombs {
        return bombs(&arguments);
    }
    let everything = measure(&arguments)?;
    show(arguments.json, &everything, tables::everything)?;
    let failed = arguments.check && everything.speed.pass == Some(false);
    Ok(ExitCode::from(u8::from(failed)))
}

/// Prints a report, as JSON or as tables.
fn show<R: Serialize, T: Display>(json: bool, report: &R, tables: impl Fn(&R) -> T) -> Result<()> {
    let mut out = stdout().lock();
    if json {
        serde_json::to_writer_pretty(&mut out, report)?;
        writeln!(out)?;
    } else {
        write!(out, "{}", tables(report))?;
    }
    Ok(())
}

fn bombs(arguments: &Arguments) -> Result<ExitCode> {
    let families = match arguments.only.as_slice() {
        [] => bombs::ALL.iter().collect(),
        only => chosen(only, bombs::find, "family of bombs", bombs::ALL.iter().map(|it| it.name))?,
    };
    let instructions = if arguments.quick { BOMB_WORDS / 8 } else { BOMB_WORDS };
    let progress = progress(families.len() as u64 + 1);
    let report = bombs::measure(&families, instructions, |name| {
        progress.set_message(format!("translating {name}"));
        progress.inc(1);
    })?;
    progress.finish_and_clear();
    show(arguments.json, &report, tables::bombs)?;
    let failed = arguments.check && report.blasts.iter().any(|blast| !blast.pass);
    Ok(ExitCode::from(u8::from(failed)))
}

/// Words of text of a large bomb: 512 KiB.
const BOMB_WORDS: usize = 131_072;

fn measure(arguments: &Arguments) -> Result<Everything> {
    let rounds = arguments.rounds.unwrap_or(if arguments.quick { 3 } else { 15 });
    let options = speed::Options {
        workloads: match arguments.only.as_slice() {
            [] => workloads::ALL.iter().collect(),
            only => {
                let known = workloads::ALL.iter().map(|workload| workload.name);
                chosen(only, workloads::find, "workload", known)?
            }
        },
        profile: match arguments.profile {
            ProfileName::Im => Profile::Im,
            ProfileName::Imac => Profile::Imac,
            ProfileName::ImacB => Profile::ImacB,
            ProfileName::Rv64 => Profile::Rv64,
        },
        rounds,
        interpreter: !arguments.no_interpreter,
    };
    let progress = progress(u64::from(rounds) * options.workloads.len() as u64);
    let speed = speed::measure(&options, |round, name| {
        progress.set_message(format!("round {} of {rounds}: {name}", round + 1));
        progress.inc(1);
    })?;
    progress.finish_and_clear();
    if !arguments.only.is_empty() {
        let peak_memory = process::peak_memory();
        return Ok(Everything {
            speed,
            latencies: Vec::new(),
            translations: Vec::new(),
            peak_memory,
        });
    }

    let progress = self::progress(0);
    progress.enable_steady_tick(Duration::from_millis(100));
    let latencies = Contender::GUESTS.iter().map(|&contender| {
        progress.set_message(format!("latencies: {}", contender.name()));
        latency::measure(contender, rounds.max(10) * 2)
    });
    let latencies = latencies.collect::<Result<Vec<_>>>()?;
    let large = if arguments.quick { 1 << 17 } else { 1 << 20 };
    let translations = translation::measure(rounds.min(5), large, |name| {
        progress.set_message(format!("translating {name}"));
    })?;
    progress.finish_and_clear();
    let peak_memory = translations.iter().filter_map(|row| row.peak_memory).max();
    Ok(Everything { speed, latencies, translations, peak_memory })
}

/// Finds what was named on the command line.
fn chosen<T>(
    only: &[String],
    find: impl Fn(&str) -> Option<T>,
    what: &str,
    known: impl Iterator<Item = &'static str>,
) -> Result<Vec<T>> {
    let known: Vec<_> = known.collect();
    let find = |name: &String| match find(name) {
        Some(found) => Ok(found),
        None => bail!("no {what} is named `{name}`; there are {}", known.join(", ")),
    };
    only.iter().map(find).collect()
}

fn progress(steps: u64) -> ProgressBar {
    let (bar, template) = match steps {
        0 => (ProgressBar::no_length(), "{spinner} {msg}"),
        _ => (ProgressBar::new(steps), "{bar:30} {msg}"),
    };
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
