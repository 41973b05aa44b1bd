//! `bessemer call`: transactions to contracts.

use bessemer_chain::Action;
use serde_json::json;

use crate::commands::remote::{self, RemoteArgs};
use crate::support::abi;
use crate::support::failure::Failure;
use crate::support::local::{Executed, Keep, Local, Recording};
use crate::support::outcome::{self, Explainer};
use crate::support::output::{Output, hex, merge};
use crate::support::prepared::{CallArgs, Prepared};
use crate::support::source::Sources;
use crate::support::tree::{Shown, Tree};

/// Calls a function of a deployed contract, as a transaction.
///
/// Arguments have names or places: `--to bob --amount 5` or `bob 5`. Without a function, the value
/// goes to the contract, or to a user.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    #[command(flatten)]
    call: CallArgs,
    #[command(flatten)]
    remote: RemoteArgs,
    /// Shows all calls with their events and changes of storage; if it fails they are shown anyway
    #[arg(short, long)]
    verbose: bool,
}

const AFTER_HELP: &str = "\
Values: 5, 0x10, 1_000, 2.5e18, 1.5coin; true; 0x and hexadecimal digits for
bytes; addresses as 0x.., as users (alice, bob, carol, dave, erin) or as names
of contracts; arrays and structures as JSON.

Exit code: 4 if the contract reverts, traps or runs out of gas. Then nothing
has changed, and a file in .bessemer/failed can run it again.

Examples:
  bessemer call counter add --by 3
  bessemer call token transfer bob 5 --from alice
  bessemer call token 0xa9059cbb0000...
  bessemer call proxy transfer bob 5 --abi erc20
  bessemer call exchange buy --least 90 --value 1.5coin --json
";

/// Sends the transaction that `args` describe.
pub(crate) fn run(args: &Args, output: Output) -> Result<u8, Failure> {
    let (node, words) = args.remote.split(args.call.words());
    if let Some(url) = node {
        return remote::call(&url, &args.call, &words, output);
    }
    let mut local = Local::existing()?;
    let Some(mut call) = Prepared::new(&args.call, &local, output)? else { return Ok(0) };
    let output = Output { json: output.json || call.json };
    let terms = call.options.terms(&local.names)?;
    let action = Action::Call { to: call.to, input: call.input.clone() };
    let mut tree = Tree::default();
    let executed = local.execute(action, terms, Keep::Success, Some(&mut tree))?;
    tree.explain(&executed.receipt);
    let verbose = args.verbose || call.verbose;
    let shown = if verbose { Shown::ALL } else { Shown::SCREEN };
    let shown = (verbose || !executed.receipt.succeeded()).then_some(shown);
    report(&local, &executed, &mut call, (&tree, shown), output)
}

/// Prints how a transaction ended, and records it if it failed.
fn report(
    local: &Local,
    executed: &Executed,
    call: &mut Prepared,
    (tree, shown): (&Tree, Option<Shown>),
    output: Output,
) -> Result<u8, Failure> {
    let receipt = &executed.receipt;
    let saved = match receipt.succeeded() {
        true => None,
        false => {
            Some(Recording::save(&local.folder, &local.names, executed, local.chain.prices().id)?)
        }
    };
    let mut explainer = Explainer::new(&local.chain, &local.names, Sources::of(&local.folder));
    explainer.know_given(call);
    let (to, input) = (call.to, call.input.as_slice());
    let what = explainer.call_name(&to, input);
    let before = |contract: &_, key: &_| executed.stored(contract, key);
    let calls = shown.map(|shown| tree.text(&mut explainer, &before, shown));
    if output.json {
        let mut document = json!({ "schema": "bessemer.call/1" });
        merge(&mut document, explainer.document(input, receipt));
        document["changed"] = receipt.succeeded().into();
        document["trace"] = tree.document(&mut explainer, &before);
        document["failed_file"] = saved.as_ref().map(|path| path.display().to_string()).into();
        output.document(&document)?;
    }
    if receipt.succeeded() {
        if !output.json {
            match explainer.result(&to, input, &receipt.output) {
                Some(fields) => output.text(abi::values(&fields, &local.names))?,
                None if receipt.output.is_empty() => {}
                None => output.text(format!("0x{}\n", hex(&receipt.output)))?,
            }
            output.note(outcome::summary(&mut explainer, receipt));
            if let Some(calls) = calls {
                output.note(calls.trim_end());
            }
        }
        return Ok(0);
    }
    let saved =
        saved.as_deref().map(|path| path.strip_prefix(local.folder.project()).unwrap_or(path));
    output.error(explainer.failure(&what, receipt));
    if let Some(calls) = calls {
        output.note(calls.trim_end());
    }
    output.note(outcome::aftermath(receipt, saved));
    Ok(4)
}
