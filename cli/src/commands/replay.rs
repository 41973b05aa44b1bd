//! `bessemer replay`: runs a failed transaction again.

use std::path::PathBuf;

use bessemer_chain::Action;
use bessemer_runtime::Backend;
use serde_json::json;

use crate::support::failure::Failure;
use crate::support::local::{Folder, Recording};
use crate::support::outcome::{self, Explainer};
use crate::support::output::{Output, merge};
use crate::support::source::Sources;
use crate::support::tree::{Shown, Tree};

/// Runs a recorded transaction again, on the interpreter and natively, and compares.
///
/// The file holds all that the transaction used: it needs no chain, and changes none.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// The file, which failed transactions leave in .bessemer/failed
    file: PathBuf,
    /// Shows all calls, however many
    #[arg(short, long)]
    verbose: bool,
}

const AFTER_HELP: &str = "\
Exit code: 4 if it ends as it was recorded; 0 if it succeeds now; 6 if the
engines disagree, or it fails otherwise than it was recorded.

Examples:
  bessemer replay .bessemer/failed/0007.json
  bessemer replay .bessemer/failed/0007.json --json
";

/// Runs the transaction that `args` name.
pub(crate) fn run(args: &Args, output: Output) -> Result<u8, Failure> {
    let failed = Recording::read(&args.file)?;
    let mut tree = Tree::default();
    let (chain, receipt) = failed.run(Backend::Interpreter, Some(&mut tree))?;
    tree.explain(&receipt);
    let (_, native) = failed.run(Backend::Auto, None)?;
    if receipt != native {
        return Err(Failure::Mismatch(format!(
            "the engines disagree: the interpreter says {receipt:?}, native code {native:?}"
        )));
    }
    let same = failed.is_like(&receipt);
    let sources = Folder::find().map(|folder| Sources::of(&folder)).unwrap_or_default();
    let mut explainer = Explainer::new(&chain, &failed.names, sources);
    let (to, input) = match &failed.transaction.action {
        Action::Call { to, input } => (*to, input.as_slice()),
        _ => (receipt.to, &[][..]),
    };
    let before = |contract: &_, key: &_| failed.stored(contract, key);
    if output.json {
        let mut document = json!({ "schema": "bessemer.replay/1", "as_recorded": same });
        merge(&mut document, explainer.document(input, &receipt));
        document["trace"] = tree.document(&mut explainer, &before);
        output.document(&document)?;
    }
    let shown = if args.verbose { Shown::ALL } else { Shown::SCREEN };
    let calls = tree.text(&mut explainer, &before, shown);
    if receipt.succeeded() {
        output.note(outcome::summary(&mut explainer, &receipt));
        output.note(calls.trim_end());
        return Ok(0);
    }
    let what = explainer.call_name(&to, input);
    output.error(explainer.failure(&what, &receipt));
    output.note(calls.trim_end());
    output.note(outcome::aftermath(&receipt, None));
    output.note("  both engines agree");
    if same {
        return Ok(4);
    }
    Err(Failure::Mismatch(format!(
        "this is not what was recorded: {} with {} gas",
        failed.status, failed.gas_used
    )))
}
