//! `rpc`: Ethereum's request-and-answer tests.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use bessemer_conformance::rpc::{Subject, Verdict, name, scripts};
use clap::Args;

/// Runs Ethereum's request-and-answer tests (execution-apis) against a node
///
/// The directory has genesis.json, chain.rlp and .io files, as the tests are distributed. All blocks are
/// imported by Ethereum's rules; seals of proof of work are not checked.
#[derive(Args)]
pub(crate) struct Rpc {
    /// The directory
    directory: PathBuf,
    /// Only files whose folder and name contain this
    #[arg(long, value_name = "TEXT", default_value = "")]
    filter: String,
    /// Shows each file, not only those that fail
    #[arg(long)]
    verbose: bool,
}

impl Rpc {
    pub(crate) fn run(&self) -> Result<bool> {
        let mut scripts = scripts(&self.directory)?;
        scripts.retain(|path| name(path).contains(&self.filter));
        ensure!(!scripts.is_empty(), "no file has {:?} in its name", self.filter);
        let subject = Subject::start(&self.directory)?;
        println!("{} blocks imported and verified", subject.height);
        let (mut passed, mut failed, mut excepted) = (0, 0, 0);
        for path in &scripts {
            let verdict = subject.judge(path)?;
            let name = name(path);
            match &verdict {
                Verdict::Passed => {
                    passed += 1;
                    if self.verbose {
                        println!("passed    {name}");
                    }
                }
                Verdict::Excepted(reason) => {
                    excepted += 1;
                    println!("excepted  {name}: {reason}");
                }
                Verdict::Failed(failure) => {
                    failed += 1;
                    println!("FAILED    {name}: {failure}");
                }
                Verdict::PassedThough(reason) => {
                    failed += 1;
                    println!("FAILED    {name}: passes, and is excepted because {reason}");
                }
            }
        }
        println!(
            "{passed} passed, {failed} failed, {excepted} excepted of {} files",
            scripts.len()
        );
        Ok(failed == 0)
    }
}
