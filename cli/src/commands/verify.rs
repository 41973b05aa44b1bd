//! `bessemer verify`: checks a proof of state. It needs no chain.

use std::path::PathBuf;

use bessemer_chain::{AccountLeaf, AccountProof, StorageProof};
use serde_json::{Value, json};

use crate::support::failure::Failure;
use crate::support::output::{self, Output, bytes};

/// Checks a proof of an account and of what it stores against a state root.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// The document that `bessemer prove` or `eth_getProof` gave
    proof: PathBuf,
    /// The state root, from a header that you trust; the one in the document proves only that the
    /// document agrees with itself
    #[arg(long, value_name = "HASH")]
    root: Option<String>,
}

const AFTER_HELP: &str = "\
Examples:
  bessemer verify proof.json
  bessemer verify proof.json --root 0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421
";

/// Checks what `args` name.
pub(crate) fn run(args: &Args, out: Output) -> Result<u8, Failure> {
    let text = std::fs::read_to_string(&args.proof)
        .map_err(|source| Failure::file("read", &args.proof, source))?;
    let document: Value = serde_json::from_str(&text)
        .map_err(|error| Failure::Other(format!("{}: {error}", args.proof.display())))?;
    // the answer of a node stands in `result`
    let document = document.get("result").unwrap_or(&document);
    let wrong = |what: &str| {
        Failure::Other(format!("{}: `{what}` is missing or malformed", args.proof.display()))
    };
    let proof = parse(document).map_err(wrong)?;
    let root = match &args.root {
        Some(root) => fixed(root).ok_or_else(|| {
            Failure::Usage(format!("{root} is not a state root: it has 64 digits behind 0x"))
        })?,
        None => field(document, "stateRoot").map_err(|_| {
            Failure::Usage("the document has no state root: give one with --root".to_owned())
        })?,
    };
    proof.verify(&root).map_err(|error| {
        Failure::Other(format!(
            "the state root 0x{} does not have this: {error}",
            output::hex(&root)
        ))
    })?;
    let address = format!("0x{}", output::hex(&proof.address));
    if out.json {
        let values = proof.storage.len();
        out.document(&json!({
            "schema": "bessemer.verified/1",
            "stateRoot": format!("0x{}", output::hex(&root)),
            "address": address,
            "present": proof.account.is_some(),
            "values": values,
        }))?;
        return Ok(0);
    }
    let what = if proof.account.is_some() { "has the account" } else { "has no account" };
    let mut lines = format!("the state root 0x{} {what} {address}\n", output::hex(&root));
    for stored in &proof.storage {
        let value = match &stored.value {
            Some(value) => format!("0x{}", output::hex(value)),
            None => "nothing".to_owned(),
        };
        lines.push_str(&format!("  under 0x{}: {value}\n", output::hex(&stored.key)));
    }
    out.text(lines)?;
    Ok(0)
}

fn fixed<const N: usize>(text: &str) -> Option<[u8; N]> {
    bytes(text)?.try_into().ok()
}

fn field<'a, const N: usize>(document: &Value, name: &'a str) -> Result<[u8; N], &'a str> {
    document.get(name).and_then(Value::as_str).and_then(fixed).ok_or(name)
}

/// A number, with or without leading zeros.
fn number<'a, const N: usize>(document: &Value, name: &'a str) -> Result<[u8; N], &'a str> {
    let text = document.get(name).and_then(Value::as_str).ok_or(name)?;
    let digits = text.strip_prefix("0x").ok_or(name)?;
    let padded = format!("0x{digits:0>width$}", width = 2 * N);
    fixed(&padded).ok_or(name)
}

fn nodes<'a>(document: &Value, name: &'a str) -> Result<Vec<Vec<u8>>, &'a str> {
    let nodes = document.get(name).and_then(Value::as_array).ok_or(name)?;
    nodes.iter().map(|node| node.as_str().and_then(bytes).ok_or(name)).collect()
}

fn parse(document: &Value) -> Result<AccountProof, &'static str> {
    let account = AccountLeaf {
        nonce: u64::from_be_bytes(number(document, "nonce")?),
        balance: number(document, "balance")?,
        storage_root: field(document, "storageHash")?,
        code_hash: field(document, "codeHash")?,
    };
    // Ethereum's answers do not say whether there is an account; one that is empty is none
    let present = match document.get("present") {
        Some(present) => present.as_bool().ok_or("present")?,
        None => account != AccountLeaf::default(),
    };
    let storage = document.get("storageProof").and_then(Value::as_array).ok_or("storageProof")?;
    let storage = storage.iter().map(|stored| {
        let key = stored.get("key").and_then(Value::as_str).and_then(bytes).ok_or("key")?;
        let value = match stored.get("value").ok_or("value")? {
            Value::Null => None,
            value => {
                let text = value.as_str().ok_or("value")?;
                match document.get("schema") {
                    Some(_) => Some(bytes(text).ok_or("value")?),
                    // a word, which is stored without leading zeros
                    None => Some(number::<32>(stored, "value")?.to_vec())
                        .map(|word| word.into_iter().skip_while(|byte| *byte == 0).collect())
                        .filter(|word: &Vec<u8>| !word.is_empty()),
                }
            }
        };
        Ok::<_, &'static str>(StorageProof { key, value, nodes: nodes(stored, "proof")? })
    });
    Ok(AccountProof {
        address: field(document, "address")?,
        account: present.then_some(account),
        nodes: nodes(document, "accountProof")?,
        storage: storage.collect::<Result<_, _>>()?,
    })
}
