//! `bessemer trace`: the calls of a transaction.

use std::path::Path;

use bessemer_runtime::Backend;
use serde_json::json;

use crate::support::failure::Failure;
use crate::support::local::{Folder, Local, Recording};
use crate::support::outcome::Explainer;
use crate::support::output::Output;
use crate::support::source::Sources;
use crate::support::tree::{Shown, Tree};

/// Shows the calls of a transaction: arguments, results, gas, events, log lines and changes of storage.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// A block of the local chain, or a file of a failed transaction; the newest block unless said
    transaction: Option<String>,
}

const AFTER_HELP: &str = "\
The transaction runs again, on the values that it used, which `call` and `deploy`
keep in .bessemer/transactions. In brackets is the gas of a frame with all that it
calls.

Examples:
  bessemer trace
  bessemer trace 7
  bessemer trace .bessemer/failed/0007.json --json
";

/// Shows the transaction that `args` name.
pub(crate) fn run(args: &Args, output: Output) -> Result<u8, Failure> {
    let asked = args.transaction.as_deref();
    let height = asked.map(str::parse::<u64>);
    // a transaction of the chain is told by the contracts that the chain has now
    let (recording, local) = match (asked, height) {
        (Some(file), Some(Err(_))) => (Recording::read(Path::new(file))?, None),
        (_, height) => {
            let local = Local::existing()?;
            (of_block(&local, height.and_then(Result::ok))?, Some(local))
        }
    };
    let mut tree = Tree::default();
    let (chain, receipt) = recording.run(Backend::Interpreter, Some(&mut tree))?;
    if !recording.is_like(&receipt) {
        return Err(Failure::Mismatch(format!(
            "run again, the transaction {} with {} gas, but it was recorded as {} with {}",
            receipt.status, receipt.gas_used, recording.status, recording.gas_used
        )));
    }
    tree.explain(&receipt);
    let sources = Folder::find().map(|folder| Sources::of(&folder)).unwrap_or_default();
    let (chain, names) = match &local {
        Some(local) => (&local.chain, &local.names),
        None => (&chain, &recording.names),
    };
    let mut explainer = Explainer::new(chain, names, sources);
    let before = |contract: &_, key: &_| recording.stored(contract, key);
    if output.json {
        let trace = tree.document(&mut explainer, &before);
        output.document(&json!({
            "schema": "bessemer.trace/1",
            "height": receipt.height,
            "status": receipt.status,
            "gas_used": receipt.gas_used,
            "trace": trace,
        }))?;
    } else {
        output.text(tree.text(&mut explainer, &before, Shown::ALL))?;
    }
    Ok(0)
}

/// The transaction of a block, the newest unless said.
fn of_block(local: &Local, asked: Option<u64>) -> Result<Recording, Failure> {
    let recorded = |height: &u64| Recording::of_block(&local.folder, *height);
    let newest = local.chain.height();
    let Some(height) =
        asked.or_else(|| (1..=newest).rev().find(|height| recorded(height).is_some()))
    else {
        return Err(Failure::Usage(
            "no transaction was made yet: deploy or call a contract".to_owned(),
        ));
    };
    if height > newest {
        return Err(Failure::Usage(format!("there is no block {height}: the newest is {newest}")));
    }
    let file = recorded(&height).ok_or_else(|| {
        Failure::Usage(format!(
            "the transactions of block {height} were not recorded: those of `call` and `deploy` are"
        ))
    })?;
    let mut recording = Recording::read(&file)?;
    recording.complete(&**local.chain.store())?;
    Ok(recording)
}
