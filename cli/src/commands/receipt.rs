//! `bessemer receipt`: the receipt of a transaction.

use serde_json::json;

use crate::support::abi;
use crate::support::failure::Failure;
use crate::support::local::Local;
use crate::support::outcome::Explainer;
use crate::support::output::{self, Output, grouped, hex, merge};
use crate::support::source::Sources;

/// Shows the receipt of a transaction on the local chain; the newest unless said.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// The block
    height: Option<u64>,
    /// The transaction's place in the block
    #[arg(default_value_t = 0)]
    index: u32,
}

const AFTER_HELP: &str = "\
Transactions that failed are not part of the chain: `bessemer replay` has them.

Examples:
  bessemer receipt
  bessemer receipt 7
  bessemer receipt 7 0 --json
";

/// Shows the receipt that `args` name.
pub(crate) fn run(args: &Args, output: Output) -> Result<u8, Failure> {
    let local = Local::existing()?;
    let chain = &local.chain;
    let found = match args.height {
        Some(height) => chain.receipt(height, args.index)?,
        None => newest(&local)?,
    };
    let Some(receipt) = found else {
        let height = chain.height();
        return Err(Failure::Usage(match args.height {
            Some(asked) if asked > height => {
                format!("there is no block {asked}: the newest is {height}")
            }
            Some(asked) => format!("block {asked} has no transaction {}", args.index),
            None => "no transaction was made yet: deploy or call a contract".to_owned(),
        }));
    };
    let mut explainer = Explainer::new(chain, &local.names, Sources::of(&local.folder));
    if output.json {
        let mut document = json!({ "schema": "bessemer.receipt/1" });
        merge(&mut document, explainer.document(&[], &receipt));
        output.document(&document)?;
        return Ok(0);
    }
    output.text(table(&mut explainer, &local, &receipt))?;
    Ok(0)
}

fn table(
    explainer: &mut Explainer<'_>,
    local: &Local,
    receipt: &bessemer_chain::Receipt,
) -> String {
    let names = &local.names;
    let mut rows = vec![
        ["block".to_owned(), receipt.height.to_string()],
        ["index".to_owned(), receipt.index.to_string()],
    ];
    let mut row = |name: &str, value: String| rows.push([name.to_owned(), value]);
    row("from", names.show(&receipt.sender));
    row("to", names.show(&receipt.to));
    row("status", receipt.status.to_string());
    row("gas used", grouped(receipt.gas_used));
    if !receipt.output.is_empty() {
        row("output", format!("0x{}", hex(&receipt.output)));
    }
    for created in &receipt.created {
        row("created", names.show(created));
    }
    for event in &receipt.events {
        row("event", explainer.event(event, &receipt.to));
    }
    for line in &receipt.diagnosis.log {
        row("log", explainer.log_line(line));
    }
    if let Some(reason) = &receipt.diagnosis.refused {
        row("refused", abi::printable(reason));
    }
    output::table(rows)
}

/// The receipt of the last transaction; blocks that only endow users have none.
fn newest(local: &Local) -> Result<Option<bessemer_chain::Receipt>, Failure> {
    for height in (1..=local.chain.height()).rev() {
        if let Some(receipt) = local.chain.receipts(height)?.pop() {
            return Ok(Some(receipt));
        }
    }
    Ok(None)
}
