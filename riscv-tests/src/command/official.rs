//! `official`: the official suites, from the user's checkouts.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use bessemer_conformance::official::{
    Checkouts, Compiler, ENGINES, Engines, March, Outcome, Row, discover, run,
};
use comfy_table::{Table, presets};

/// Compile the official suites with our environment and run them on every engine.
#[derive(clap::Args)]
#[command(after_help = "Example: cargo run --release -p bessemer-conformance -- official \
                        --riscv-tests ~/riscv-tests --arch-test ~/riscv-arch-test")]
pub(crate) struct Official {
    /// A checkout of riscv-tests.
    #[arg(long, value_name = "DIR")]
    riscv_tests: Option<PathBuf>,
    /// A checkout of riscv-arch-test.
    #[arg(long, value_name = "DIR")]
    arch_test: Option<PathBuf>,
    /// The cross compiler.
    #[arg(long, default_value = "riscv64-unknown-elf-gcc")]
    cc: PathBuf,
    /// rv32im, rv32imac, rv64im or rv64imac; without it all.
    #[arg(long, value_parser = march)]
    march: Option<March>,
    /// Print every test, not only those that fail or have a remark.
    #[arg(long)]
    all: bool,
}

fn march(name: &str) -> Result<March> {
    let found = March::ALL.into_iter().find(|march| march.name() == name);
    found.context("march is rv32im, rv32imac, rv64im or rv64imac")
}

impl Official {
    pub(crate) fn run(self) -> Result<bool> {
        for directory in [&self.riscv_tests, &self.arch_test].into_iter().flatten() {
            ensure!(directory.is_dir(), "there is no directory {}", directory.display());
        }
        let checkouts =
            Checkouts { riscv_tests: self.riscv_tests.clone(), arch_test: self.arch_test.clone() };
        let engines = Engines::new()?;
        let mut all_passed = true;
        for march in self.march.map_or(March::ALL.to_vec(), |march| vec![march]) {
            let compiler = Compiler::new(&self.cc, march)?;
            let tests = discover(&checkouts, march)?;
            let rows: Vec<Row> = tests.iter().map(|test| run(test, &compiler, &engines)).collect();
            all_passed &= report(march, &rows, self.all);
        }
        Ok(all_passed)
    }
}

/// Prints the rows; true if there are some and all passed.
fn report(march: March, rows: &[Row], all: bool) -> bool {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_header(["suite", "test"].into_iter().chain(ENGINES).chain(["remark"]));
    let is_shown = |row: &&Row| all || !(row.passed() || row.was_skipped());
    for row in rows.iter().filter(is_shown) {
        let mut cells = vec![row.suite.clone(), row.name.clone()];
        cells.extend(row.outcomes.iter().map(|outcome| match outcome {
            Outcome::Passed => "ok".to_owned(),
            Outcome::NotRun => "not run".to_owned(),
            Outcome::Failed(reason) => reason.clone(),
        }));
        cells.push(row.remark.clone());
        table.add_row(cells);
    }
    println!("{}", march.name());
    if table.row_iter().next().is_some() {
        println!("{table}");
    }
    let mut suites: Vec<&str> = rows.iter().map(|row| &*row.suite).collect();
    suites.dedup();
    for suite in suites {
        let of_suite: Vec<_> = rows.iter().filter(|row| row.suite == suite).collect();
        let passed = of_suite.iter().filter(|row| row.passed()).count();
        println!("{suite}: {passed} of {} as expected on every engine", of_suite.len());
        let mut reasons: Vec<&str> = Vec::new();
        for row in of_suite.iter().filter(|row| row.was_skipped()) {
            if !reasons.contains(&&*row.remark) {
                reasons.push(&row.remark);
            }
        }
        for reason in reasons {
            let of_reason = of_suite.iter().filter(|row| row.was_skipped() && row.remark == reason);
            let names: Vec<_> = of_reason.map(|row| &*row.name).collect();
            println!("  not run: {}: {reason}", names.join(", "));
        }
        let remarks = of_suite.iter().filter(|row| row.passed() && !row.remark.is_empty());
        for row in remarks.filter(|row| row.suite.starts_with("rv")) {
            println!("  {}: {}", row.name, row.remark);
        }
    }
    if rows.is_empty() {
        println!(
            "no tests were found: that is a failure; --riscv-tests takes a checkout with a folder \
             isa/rv32ui, --arch-test one with a folder riscv-test-suite/rv32i_m/I"
        );
    }
    !rows.is_empty() && rows.iter().all(|row| row.passed() || row.was_skipped())
}
