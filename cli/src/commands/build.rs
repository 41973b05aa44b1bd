//! `bessemer build`: images of the project's contracts.

use serde_json::json;

use crate::support::build::{Built, contracts};
use crate::support::failure::Failure;
use crate::support::local::Folder;
use crate::support::output::{self, Output};

/// Builds the project's contracts, and writes their images to target/bessemer.
///
/// An image holds the program and its interface. Beside it stand a file with symbols and debug
/// data, which `deploy` keeps so that failures name source lines, and an artifact (NAME.json), from
/// which ethers, viem, web3.py, Foundry and Hardhat deploy the contract on a running node.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// The contracts; all of the project unless said
    contracts: Vec<String>,
}

const AFTER_HELP: &str = "\
Uses the first of these: the project's Rust with the target installed, the same
with library source, Debian's Rust with library source; or, if BESSEMER_RUST
names a folder, the cargo and rustc in it. `bessemer doctor` shows which.

Exit code: 3 if something does not compile or no compiler is there.

Examples:
  bessemer build
  bessemer build token exchange --json
";

/// Builds what `args` name.
pub(crate) fn run(args: &Args, output: Output) -> Result<u8, Failure> {
    let built = contracts(&args.contracts, &Folder::find()?, output)?;
    if output.json {
        let list: Vec<_> = built.iter().map(Built::to_json).collect();
        output.document(&json!({ "schema": "bessemer.build/1", "contracts": list }))?;
    } else {
        output.text(output::table(built.iter().map(Built::row)))?;
    }
    Ok(0)
}
