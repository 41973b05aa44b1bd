//! `bessemer prove`: a proof of state that anyone checks with the state root alone.

use bessemer_chain::{AccountProof, StorageKey};
use serde_json::{Value, json};

use crate::support::failure::Failure;
use crate::support::local::Local;
use crate::support::output::{Output, bytes, hex};

/// Proves an account of the local chain, and what it stores, against the newest state root.
///
/// The document has the form of Ethereum's `eth_getProof`, with the block and the root added.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// A contract or user, by name or address
    account: String,
    /// Keys of stored values, in hexadecimal digits behind 0x, as `bessemer state --json` shows them
    keys: Vec<String>,
}

const AFTER_HELP: &str = "\
What is absent is proved too: an account that was never used, a key without a
value. `bessemer verify` checks the document, and needs no chain.

Examples:
  bessemer prove alice
  bessemer prove token 0x00
  bessemer prove token 0x00 > proof.json
";

/// Proves what `args` name.
pub(crate) fn run(args: &Args, output: Output) -> Result<u8, Failure> {
    let local = Local::existing()?;
    let address = local.names.address(&args.account).map_err(Failure::Usage)?;
    let keys = args.keys.iter().map(|key| parse_key(key)).collect::<Result<Vec<_>, _>>()?;
    let chain = &local.chain;
    let proof = chain.prove(&address, &keys)?;
    let root = chain.state_root().unwrap_or(bessemer_chain::EMPTY_ROOT);
    output.document(&document(&proof, chain.height(), &root))?;
    Ok(0)
}

fn parse_key(text: &str) -> Result<StorageKey, Failure> {
    let wrong = || Failure::Usage(format!("{text} is not a key: write up to 64 bytes as 0x01ff"));
    let key = bytes(text).ok_or_else(wrong)?;
    StorageKey::new(&key).map_err(|_| wrong())
}

fn document(proof: &AccountProof, height: u64, root: &[u8; 32]) -> Value {
    let text = |bytes: &[u8]| format!("0x{}", hex(bytes));
    let nodes = |nodes: &[Vec<u8>]| nodes.iter().map(|node| text(node)).collect::<Vec<_>>();
    let account = proof.account.unwrap_or_default();
    let storage = proof.storage.iter().map(|stored| {
        let value = stored.value.as_deref().map(text);
        json!({ "key": text(&stored.key), "value": value, "proof": nodes(&stored.nodes) })
    });
    json!({
        "schema": "bessemer.proof/1",
        "height": height,
        "stateRoot": text(root),
        "address": text(&proof.address),
        "present": proof.account.is_some(),
        "nonce": format!("{:#x}", account.nonce),
        "balance": quantity(&account.balance),
        "codeHash": text(&account.code_hash),
        "storageHash": text(&account.storage_root),
        "accountProof": nodes(&proof.nodes),
        "storageProof": storage.collect::<Vec<_>>(),
    })
}

/// A number as Ethereum's interface writes it.
fn quantity(number: &[u8; 32]) -> String {
    let digits = hex(number);
    match digits.trim_start_matches('0') {
        "" => "0x0".to_owned(),
        digits => format!("0x{digits}"),
    }
}
