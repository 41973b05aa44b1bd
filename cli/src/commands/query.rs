//! `bessemer query`: calls a view function, without a transaction.

use bessemer_chain::{ChainError, DEFAULT_GAS, End, Inspector};
use serde_json::json;

use crate::commands::remote::{self, RemoteArgs};
use crate::support::abi::{self, Field};
use crate::support::failure::Failure;
use crate::support::local::Local;
use crate::support::outcome::Explainer;
use crate::support::output::{DIM, Output, grouped, hex, merge};
use crate::support::prepared::{CallArgs, Prepared};
use crate::support::source::Sources;

/// Calls a function of a contract without a transaction: nothing changes and nothing is paid.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    #[command(flatten)]
    call: CallArgs,
    #[command(flatten)]
    remote: RemoteArgs,
}

const AFTER_HELP: &str = "\
Exit code: 4 if the contract reverts, traps or runs out of gas, and also if the
function would change something.

Examples:
  bessemer query counter get
  bessemer query proxy balanceOf bob --abi erc20
  bessemer query token balanceOf --account bob
  bessemer query token balance-of bob --json
";

/// Asks what `args` describe.
pub(crate) fn run(args: &Args, output: Output) -> Result<u8, Failure> {
    let (node, words) = args.remote.split(args.call.words());
    if let Some(url) = node {
        return remote::query(&url, &args.call, &words, output);
    }
    let mut local = Local::existing()?;
    let Some(mut call) = Prepared::new(&args.call, &local, output)? else { return Ok(0) };
    let contract = args.call.contract();
    // `0x` is raw calldata without bytes
    let is_raw = words.first().is_some_and(|word| word.starts_with("0x"));
    if call.function.is_none() && call.input.is_empty() && !is_raw {
        return Err(Failure::Usage(format!(
            "say which function of {contract} is to be asked: `bessemer query {contract} --help` lists them"
        )));
    }
    let output = Output { json: output.json || call.json };
    let terms = call.options.terms(&local.names)?;
    if !terms.value.is_zero() {
        return Err(Failure::Usage("a query sends nothing: leave --value out".to_owned()));
    }
    let mut spent = Spent::default();
    let time = local.time(terms.at)?;
    let state = local.chain.block_at(time).pending()?;
    let request = state.call(call.to, "").input(call.input.clone()).from(terms.from);
    let request = request.gas(terms.gas.unwrap_or(DEFAULT_GAS)).inspect(&mut spent);
    let answer = request.query_bytes();
    let mut explainer = Explainer::new(&local.chain, &local.names, Sources::of(&local.folder));
    explainer.know_given(&mut call);
    match answer {
        Ok(bytes) => {
            let fields = explainer.result(&call.to, &call.input, &bytes);
            if output.json {
                output.document(&json!({
                    "schema": "bessemer.query/1",
                    "status": "return",
                    "result": fields.as_deref().map(Field::list_to_json),
                    "output": format!("0x{}", hex(&bytes)),
                    "gas_used": spent.0,
                }))?;
            } else {
                match fields {
                    Some(fields) => output.text(abi::values(&fields, &local.names))?,
                    None => output.text(format!("0x{}\n", hex(&bytes)))?,
                }
                output.note(format_args!("{DIM}gas {}{DIM:#}", grouped(spent.0)));
            }
            Ok(0)
        }
        Err(ChainError::NoCode { .. }) => Err(Failure::Usage(format!(
            "{contract} is not a contract on this chain: it has no code that could answer a query"
        ))),
        Err(ChainError::Failed(receipt)) => {
            if output.json {
                let mut document = json!({ "schema": "bessemer.query/1" });
                merge(&mut document, explainer.document(&call.input, &receipt));
                output.document(&document)?;
            }
            let what = explainer.call_name(&call.to, &call.input);
            output.error(explainer.failure(&what, &receipt));
            let view = |function: &alloy_json_abi::Function| {
                use alloy_json_abi::StateMutability::{Pure, View};
                matches!(function.state_mutability, View | Pure)
            };
            if let Some(function) = call.function.filter(|function| !view(function)) {
                let name = &function.name;
                output.note(format_args!(
                    "  `{name}` changes state: send it with `bessemer call {contract} {name}`, or try it with `bessemer simulate`"
                ));
            }
            Ok(4)
        }
        Err(error) => Err(error.into()),
    }
}

/// The gas of the outermost frame.
#[derive(Default)]
struct Spent(u64);

impl Inspector for Spent {
    fn on_return(&mut self, end: &End<'_>) {
        if end.depth == 1 {
            self.0 = end.gas_used;
        }
    }
}
