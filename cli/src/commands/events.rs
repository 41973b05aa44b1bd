//! `bessemer events`: events that contracts emitted.

use serde_json::{Value, json};

use crate::support::abi::plain;
use crate::support::failure::Failure;
use crate::support::local::Local;
use crate::support::outcome::Explainer;
use crate::support::output::{self, Output, merge};
use crate::support::source::Sources;

/// Shows the events on the local chain, the oldest first.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// Only those of this contract
    contract: Option<String>,
    /// Only those of this name
    #[arg(long, value_name = "EVENT")]
    event: Option<String>,
    /// Only the newest, at most this many
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    last: usize,
}

const AFTER_HELP: &str = "\
Examples:
  bessemer events
  bessemer events token --event Transfer --last 5
  bessemer events --json
";

/// Shows the events that `args` select.
pub(crate) fn run(args: &Args, output: Output) -> Result<u8, Failure> {
    let local = Local::existing()?;
    let only = args.contract.as_deref().map(|name| local.contract(name, None)).transpose()?;
    let only = only.map(|(address, _)| address);
    let mut explainer = Explainer::new(&local.chain, &local.names, Sources::default());
    let mut found: Vec<(u64, u32, String, Value)> = Vec::new();
    'blocks: for height in (1..=local.chain.height()).rev() {
        for receipt in local.chain.receipts(height)?.iter().rev() {
            for event in receipt.events.iter().rev() {
                let shown = explainer.event(event, &event.address);
                let name = shown.split([' ', '(']).next().unwrap_or_default();
                let wanted = args.event.as_deref().is_none_or(|event| plain(event) == plain(name));
                if !wanted || only.is_some_and(|only| only != event.address) {
                    continue;
                }
                if found.len() >= args.last {
                    break 'blocks;
                }
                let shown = format!("{}.{shown}", local.names.show(&event.address));
                found.push((height, receipt.index, shown, explainer.event_json(event)));
            }
        }
    }
    found.reverse();
    if output.json {
        let events: Vec<_> = found
            .into_iter()
            .map(|(height, index, _, event)| {
                let mut document = json!({ "height": height, "index": index });
                merge(&mut document, event);
                document
            })
            .collect();
        output.document(&json!({ "schema": "bessemer.events/1", "events": events }))?;
    } else if found.is_empty() {
        output.note("no such events");
    } else {
        let rows = found
            .into_iter()
            .map(|(height, index, shown, _)| [format!("block {height}"), index.to_string(), shown]);
        output.text(output::table(rows))?;
    }
    Ok(0)
}
