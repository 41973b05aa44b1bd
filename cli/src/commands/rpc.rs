//! `bessemer rpc` and `bessemer send`: requests to a node as they are.

use serde_json::{Value, json};

use crate::support::failure::Failure;
use crate::support::output::Output;
use crate::support::rpc::Remote;

/// Asks a node over JSON-RPC, and prints its answer
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// The node: its URL, or `node` for the one of this project
    #[arg(long, value_name = "URL", default_value = DEFAULT)]
    rpc: String,
    /// The method, like `eth_blockNumber`
    method: String,
    /// Its parameters, each as JSON; what is not JSON is text
    #[arg(allow_hyphen_values = true)]
    params: Vec<String>,
}

/// Where nodes answer unless they are told otherwise.
const DEFAULT: &str = "http://127.0.0.1:8545";

const AFTER_HELP: &str = r#"
Exit code: 1 if the node answers with an error.

Examples:
  bessemer rpc eth_blockNumber
  bessemer rpc eth_getBalance 0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266 latest
  bessemer rpc eth_getLogs '{"fromBlock":"0x0"}'
  bessemer rpc --rpc node evm_mine
"#;

/// Sends a signed transaction to a node
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Prints the hash of the transaction.

Examples:
  bessemer send --raw 0x02f8...
  bessemer send --raw 0x02f8... --wait --rpc node
")]
pub(crate) struct SendArgs {
    /// The node: its URL, or `node` for the one of this project
    #[arg(long, value_name = "URL", default_value = DEFAULT)]
    rpc: String,
    /// The signed transaction: 0x and hexadecimal digits
    #[arg(long, value_name = "BYTES")]
    raw: String,
    /// Waits until it is in a block, and prints its receipt
    #[arg(long)]
    wait: bool,
}

/// Asks what `args` say.
pub(crate) fn run(args: &Args, output: Output) -> Result<u8, Failure> {
    let parse = |text: &String| -> Value {
        serde_json::from_str(text).unwrap_or_else(|_| text.clone().into())
    };
    let params: Value = args.params.iter().map(parse).collect();
    let answer = Remote::at(&args.rpc)?.result(&args.method, &params)?;
    print(&answer, output)
}

/// Sends what `args` have.
pub(crate) fn send(args: &SendArgs, output: Output) -> Result<u8, Failure> {
    let digits = args.raw.strip_prefix("0x").unwrap_or(&args.raw);
    if digits.is_empty() || hex::decode(digits).is_err() {
        return Err(Failure::Usage("--raw: write 0x and pairs of hexadecimal digits".to_owned()));
    }
    let remote = Remote::at(&args.rpc)?;
    let hash = remote.result("eth_sendRawTransaction", &json!([format!("0x{digits}")]))?;
    if !args.wait {
        return print(&hash, output);
    }
    print(&remote.receipt(&hash)?, output)
}

/// Text as it is, and everything else as JSON.
fn print(answer: &Value, output: Output) -> Result<u8, Failure> {
    match answer {
        Value::String(text) if !output.json => output.text(format!("{text}\n"))?,
        answer => output.document(answer)?,
    }
    Ok(0)
}
