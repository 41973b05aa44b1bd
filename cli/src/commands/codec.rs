//! `bessemer encode`, `decode`, `selector` and `hash`: Solidity's encoding by hand.

use std::path::PathBuf;

use alloy_json_abi::{Error, Event, Function, Param};
use serde_json::json;
use sha3::{Digest, Keccak256};

use crate::support::abi::{self, Field, Given};
use crate::support::failure::Failure;
use crate::support::local;
use crate::support::number::parse_hex;
use crate::support::output::{Output, hex};
use crate::support::typed;

/// Encodes the input of a function, or arguments alone.
#[derive(Debug, clap::Args)]
#[command(after_help = ENCODE_HELP)]
pub(crate) struct EncodeArgs {
    /// The signature of the function, or only types in parentheses
    signature: String,
    /// The arguments, as for `bessemer call`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

const ENCODE_HELP: &str = "\
The input of a function begins with its selector. Without a name, only the
arguments are encoded, as Solidity's `abi.encode` does.

Examples:
  bessemer encode 'transfer(address to, uint256 amount)' bob 5e18
  bessemer encode '(uint256[],bool)' '[1,2]' true
";

/// Decodes the input or the results of a function, or arguments alone.
#[derive(Debug, clap::Args)]
#[command(after_help = DECODE_HELP)]
pub(crate) struct DecodeArgs {
    /// The signature of the function, or only types in parentheses
    signature: String,
    /// The bytes: 0x and hexadecimal digits
    data: String,
    /// The bytes are what the function returned
    #[arg(long)]
    output: bool,
}

const DECODE_HELP: &str = "\
Examples:
  bessemer decode 'transfer(address to, uint256 amount)' 0xa9059cbb...
  bessemer decode 'get()(uint64)' --output 0x0000...
  bessemer decode '(uint256,bool)' 0x0000...
";

/// Prints the selector of a function or an error, or the topic of an event.
#[derive(Debug, clap::Args)]
#[command(visible_alias = "sig", after_help = SELECTOR_HELP)]
pub(crate) struct SelectorArgs {
    /// The signature; `error` or `event` may stand in front
    signature: String,
}

const SELECTOR_HELP: &str = "\
Spaces and names of arguments do not count, and `uint` is `uint256`.

Examples:
  bessemer selector 'transfer(address,uint256)'
  bessemer selector 'error TooLittle(uint256 have, uint256 want)'
  bessemer selector 'event Transfer(address indexed, address indexed, uint256)'
";

/// Prints the Keccak-256 hash of bytes or of a text, or the hash that is signed of typed data.
#[derive(Debug, clap::Args)]
#[command(after_help = HASH_HELP)]
pub(crate) struct HashArgs {
    /// Bytes as 0x and hexadecimal digits, or a text
    #[arg(required_unless_present = "typed")]
    value: Option<String>,
    /// A file with typed data (EIP-712), as wallets take it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["value", "text"])]
    typed: Option<PathBuf>,
    /// A text, even if it begins with 0x
    #[arg(long)]
    text: bool,
}

const HASH_HELP: &str = "\
Examples:
  bessemer hash 'Transfer(address,address,uint256)'
  bessemer hash 0x00
  bessemer hash --typed order.json
";

/// Encodes what `args` say.
pub(crate) fn encode(args: &EncodeArgs, output: Output) -> Result<u8, Failure> {
    let signature = Signature::parse(&args.signature)?;
    let given = Given { positional: args.arguments.clone(), ..Given::default() };
    let bound = abi::bind(&args.signature, &signature.inputs, &given, &local::names()?);
    let arguments = bound.map_err(Failure::Usage)?;
    let bytes = [signature.selector.as_deref().unwrap_or_default(), &arguments].concat();
    print("bessemer.encode/1", "data", &format!("0x{}", hex(&bytes)), output)
}

/// Decodes what `args` say.
pub(crate) fn decode(args: &DecodeArgs, output: Output) -> Result<u8, Failure> {
    let signature = Signature::parse(&args.signature)?;
    let bytes = parse_hex(&args.data).ok_or_else(|| {
        let data = abi::printable(&args.data);
        Failure::Usage(format!("`{data}` is not 0x and an even number of hexadecimal digits"))
    })?;
    let (params, bytes) = match (&signature.selector, args.output) {
        (_, true) => (&signature.outputs, bytes.as_slice()),
        (None, false) => (&signature.inputs, bytes.as_slice()),
        (Some(selector), false) => {
            let arguments = bytes.strip_prefix(selector.as_slice()).ok_or_else(|| {
                Failure::Other(format!(
                    "the input of {} begins with 0x{}, and this does not",
                    args.signature,
                    hex(selector)
                ))
            })?;
            (&signature.inputs, arguments)
        }
    };
    let fields = abi::decode(params, bytes).ok_or_else(|| {
        let types: Vec<_> = params.iter().map(|param| param.selector_type()).collect();
        let types = types.join(",");
        Failure::Other(format!("the {} bytes are not an encoding of ({types})", bytes.len()))
    })?;
    if output.json {
        let values = Field::list_to_json(&fields);
        output.document(&json!({ "schema": "bessemer.decode/1", "values": values }))?;
    } else {
        output.text(abi::values(&fields, &local::names()?))?;
    }
    Ok(0)
}

/// Prints the selector that `args` ask for.
pub(crate) fn selector(args: &SelectorArgs, output: Output) -> Result<u8, Failure> {
    let text = args.signature.trim();
    let wrong = |error: alloy_json_abi::parser::Error| no_signature(text, &error);
    let bytes = if text.starts_with("event ") {
        Event::parse(text).map_err(wrong)?.selector().to_vec()
    } else if text.starts_with("error ") {
        Error::parse(text).map_err(wrong)?.selector().to_vec()
    } else {
        Function::parse(text).map_err(wrong)?.selector().to_vec()
    };
    print("bessemer.selector/1", "selector", &format!("0x{}", hex(&bytes)), output)
}

/// Prints the hash that `args` ask for.
pub(crate) fn hash(args: &HashArgs, output: Output) -> Result<u8, Failure> {
    if let Some(file) = &args.typed {
        let digest = hex(&typed::hash_of_file(file, &local::names()?)?);
        return print("bessemer.hash/1", "hash", &format!("0x{digest}"), output);
    }
    let given = args.value.as_deref().unwrap_or_default();
    let bytes = match given.strip_prefix("0x") {
        Some(_) if !args.text => parse_hex(given).ok_or_else(|| {
            let value = abi::printable(given);
            Failure::Usage(format!(
                "`{value}` is not 0x and an even number of hexadecimal digits; hash it as text with --text"
            ))
        })?,
        _ => given.as_bytes().to_vec(),
    };
    let digest = hex(&Keccak256::digest(&bytes));
    print("bessemer.hash/1", "hash", &format!("0x{digest}"), output)
}

/// A function, or types without a name.
struct Signature {
    selector: Option<Vec<u8>>,
    inputs: Vec<Param>,
    outputs: Vec<Param>,
}

impl Signature {
    fn parse(text: &str) -> Result<Self, Failure> {
        let text = text.trim();
        let named = if text.starts_with('(') { format!("f{text}") } else { text.to_owned() };
        let function = Function::parse(&named).map_err(|error| no_signature(text, &error))?;
        let selector = (!text.starts_with('(')).then(|| function.selector().to_vec());
        Ok(Self { selector, inputs: function.inputs, outputs: function.outputs })
    }
}

fn no_signature(text: &str, error: &alloy_json_abi::parser::Error) -> Failure {
    let error = error.to_string();
    let reason = error.lines().next_back().unwrap_or_default().trim().trim_start_matches("= ");
    let (text, reason) = (abi::printable(text), abi::printable(reason));
    Failure::Usage(format!("`{text}` is not a signature: {reason}"))
}

fn print(schema: &str, name: &str, value: &str, output: Output) -> Result<u8, Failure> {
    if output.json {
        output.document(&json!({ "schema": schema, name: value }))?;
    } else {
        output.text(format!("{value}\n"))?;
    }
    Ok(0)
}
