//! `cargo xtask`: the stages of continuous integration, each a command that anyone can run.
//!
//! `cargo xtask ci` runs them all in order, as `.ci/run` does. `cargo xtask list` says what each
//! does and which commands it runs.

#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a command that reports what it does")]

mod features;
mod stage;
mod stages;

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use clap::Parser;

use crate::stage::Stage;
use crate::stages::{CI, OTHER};

/// Runs stages of continuous integration
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", after_help = AFTER_HELP)]
struct Args {
    /// Stages by name; `ci` is all that continuous integration runs, `list` says what there is
    #[arg(required = true, value_name = "STAGE")]
    stages: Vec<String>,
}

const AFTER_HELP: &str = "\
Examples:
  cargo xtask list
  cargo xtask fmt clippy
  cargo xtask test
  cargo xtask ci";

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask is in a folder")?;
    if args.stages.iter().any(|name| name == "list") {
        println!("continuous integration, in this order:\n");
        CI.iter().for_each(|stage| println!("{stage}"));
        println!("not part of it:\n");
        OTHER.iter().for_each(|stage| println!("{stage}"));
        return Ok(());
    }
    let mut chosen = Vec::new();
    for name in &args.stages {
        if name == "ci" {
            chosen.extend(CI);
        } else {
            chosen.push(find(name)?);
        }
    }
    let mut times = Vec::new();
    for stage in chosen {
        println!("\n=== {}: {}", stage.name, stage.what);
        let begin = Instant::now();
        stage.run(root).with_context(|| format!("stage `{}`", stage.name))?;
        times.push((stage.name, begin.elapsed()));
    }
    println!("\n=== all stages passed");
    for (name, time) in times {
        println!("{:8.1} s  {name}", time.as_secs_f64());
    }
    Ok(())
}

fn find(name: &str) -> Result<&'static Stage> {
    let mut all = CI.iter().chain(OTHER);
    let Some(stage) = all.find(|stage| stage.name == name) else {
        let names: Vec<_> = CI.iter().chain(OTHER).map(|stage| stage.name).collect();
        bail!("there is no stage `{name}`; there are ci, list, {}", names.join(", "));
    };
    Ok(stage)
}
