//! `bessemer simulate`: what a call would do.

use std::collections::BTreeSet;

use bessemer_chain::{Action, Address, StateKey, StorageKey};
use serde_json::{Value, json};

use crate::support::abi;
use crate::support::failure::Failure;
use crate::support::local::{Executed, Keep, Local};
use crate::support::outcome::Explainer;
use crate::support::output::{self, Output, TITLE, grouped, hex, merge};
use crate::support::prepared::{CallArgs, Prepared};
use crate::support::source::Sources;
use crate::support::tree::{Shown, Tree};

/// Shows what a call would do, without doing it.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    #[command(flatten)]
    call: CallArgs,
}

const AFTER_HELP: &str = "\
Shows the result, gas, events, every value that would change, all calls with
their arguments and gas, and how long the witness is by which the call runs
without the state.

Examples:
  bessemer simulate counter add --by 3
  bessemer simulate token transfer --to bob --amount 5 --from carol
";

/// Shows what the transaction that `args` describe would do.
pub(crate) fn run(args: &Args, output: Output) -> Result<u8, Failure> {
    let mut local = Local::existing()?;
    let Some(mut call) = Prepared::new(&args.call, &local, output)? else { return Ok(0) };
    let output = Output { json: output.json || call.json };
    let terms = call.options.terms(&local.names)?;
    let action = Action::Call { to: call.to, input: call.input.clone() };
    let mut tree = Tree::default();
    let executed = local.execute(action, terms, Keep::Nothing, Some(&mut tree))?;
    let receipt = &executed.receipt;
    tree.explain(receipt);
    let mut explainer = Explainer::new(&local.chain, &local.names, Sources::of(&local.folder));
    explainer.know_given(&mut call);
    let changes = if receipt.succeeded() { changes(&tree, &executed) } else { Vec::new() };
    let before = |contract: &_, key: &_| executed.stored(contract, key);
    if output.json {
        let mut document = json!({ "schema": "bessemer.simulate/1" });
        merge(&mut document, explainer.document(&call.input, receipt));
        document["changes"] = changes.iter().map(Change::to_json).collect();
        let keys = |keys: &BTreeSet<StateKey>| -> Vec<String> {
            keys.iter().map(ToString::to_string).collect()
        };
        document["reads"] = keys(&executed.accessed.reads).into();
        document["writes"] = keys(&executed.accessed.writes).into();
        document["trace"] = tree.document(&mut explainer, &before);
        document["witness_bytes"] = executed.witness.into();
        output.document(&document)?;
    } else {
        let what = explainer.call_name(&call.to, &call.input);
        let mut text = format!("{TITLE}{what}{TITLE:#} would ");
        if receipt.succeeded() {
            text.push_str("return\n");
            let result =
                explainer.result(&call.to, &call.input, &receipt.output).unwrap_or_default();
            let result = abi::values(&result, &local.names);
            text.extend(result.lines().map(|line| format!("  {line}\n")));
        } else {
            text.push_str(&format!("fail: {}\n", explainer.failure(&what, receipt)));
        }
        text.push_str(&format!("gas {}\n", grouped(receipt.gas_used)));
        for event in &receipt.events {
            text.push_str(&format!("event {}\n", explainer.event(event, &receipt.to)));
        }
        let rows = changes.iter().map(|change| {
            let name = local.names.show(&change.contract);
            [
                name,
                format!("0x{}", hex(&change.key)),
                shown(&change.before),
                "->".into(),
                shown(&change.after),
            ]
        });
        if !changes.is_empty() {
            text.push_str("storage\n");
            text.push_str(&output::table(rows));
        }
        text.push_str("calls\n");
        let calls = tree.text(&mut explainer, &before, Shown::ALL);
        text.extend(calls.lines().map(|line| format!("  {line}\n")));
        let (reads, writes) = (executed.accessed.reads.len(), executed.accessed.writes.len());
        text.push_str(&format!("keys read: {reads}, written: {writes}"));
        if let Some(bytes) = executed.witness {
            text.push_str(&format!("; witness of {} bytes", grouped(bytes as u64)));
        }
        text.push_str("; nothing was kept\n");
        output.text(text)?;
    }
    Ok(if receipt.succeeded() { 0 } else { 4 })
}

struct Change {
    contract: Address,
    key: Vec<u8>,
    before: Option<Vec<u8>>,
    after: Option<Vec<u8>>,
}

/// The writes that make a difference. Frames that failed wrote too: only keys that the transaction
/// wrote in the end count.
fn changes(tree: &Tree, executed: &Executed) -> Vec<Change> {
    let written = |(contract, key): &(Address, StorageKey)| StateKey::Storage(*contract, *key);
    let kept = tree
        .last_writes()
        .into_iter()
        .filter(|(at, _)| executed.accessed.writes.contains(&written(at)));
    let changes = kept.map(|(at, after)| {
        let before = executed.stored(&at.0, &at.1);
        Change { contract: at.0, key: at.1.as_bytes().to_vec(), before, after }
    });
    changes.filter(|change| change.before != change.after).collect()
}

impl Change {
    fn to_json(&self) -> Value {
        let text =
            |value: &Option<Vec<u8>>| value.as_ref().map(|value| format!("0x{}", hex(value)));
        json!({
            "contract": self.contract.to_string(),
            "key": format!("0x{}", hex(&self.key)),
            "before": text(&self.before),
            "after": text(&self.after),
        })
    }
}

fn shown(value: &Option<Vec<u8>>) -> String {
    value.as_ref().map_or("nothing".to_owned(), |value| format!("0x{}", hex(value)))
}
