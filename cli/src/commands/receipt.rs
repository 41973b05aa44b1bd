//! `bessemer receipt`: the receipt of a transaction.

use serde_json::json;

use crate::commands::remote::{self, RemoteArgs};
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
    /// The block; with --rpc, the hash of the transaction
    #[arg(value_name = "HEIGHT")]
    height: Option<String>,
    /// The transaction's place in the block
    #[arg(default_value_t = 0)]
    index: u32,
    #[command(flatten)]
    remote: RemoteArgs,
}

const AFTER_HELP: &str = "\
Transactions that failed are not part of the chain: `bessemer replay` has them.

Examples:
  bessemer receipt
  bessemer receipt 7
  bessemer receipt 7 0 --json
  bessemer receipt --rpc http://127.0.0.1:8545 0x5c50...
";

/// Shows the receipt that `args` name.
pub(crate) fn run(args: &Args, output: Output) -> Result<u8, Failure> {
    if let Some(url) = args.remote.url() {
        let hash = args.height.as_deref().ok_or_else(|| {
            Failure::Usage("say the hash of the transaction whose receipt is asked for".to_owned())
        })?;
        return remote::receipt(url, hash, output);
    }
    let height = args.height.as_deref().map(|text| {
        let wrong = |_| Failure::Usage(format!("`{}` is not a block", abi::printable(text)));
        text.parse::<u64>().map_err(wrong)
    });
    let height = height.transpose()?;
    let local = Local::existing()?;
    let chain = &local.chain;
    let found = match height {
        Some(height) => chain.receipt(height, args.index)?,
        None => newest(&local)?,
    };
    let Some(receipt) = found else {
        let newest = chain.height();
        return Err(Failure::Usage(match height {
            Some(asked) if asked > newest => {
                format!("there is no block {asked}: the newest is {newest}")
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
