//! `bessemer keys` and `bessemer sign`: accounts that sign.

use std::path::PathBuf;

use serde_json::json;
use sha3::{Digest, Keccak256};

use crate::support::abi;
use crate::support::failure::Failure;
use crate::support::local::keys::{self, Key};
use crate::support::local::{self, Folder};
use crate::support::names::USERS;
use crate::support::number::parse_hex;
use crate::support::output::{self, Output, hex};
use crate::support::typed;

/// Shows the keys of the project, or makes one. A key's name is its account's, wherever accounts have names.
#[derive(Debug, clap::Args)]
#[command(after_help = KEYS_HELP)]
pub(crate) struct KeysArgs {
    #[command(subcommand)]
    task: Option<Task>,
}

#[derive(Debug, clap::Subcommand)]
enum Task {
    /// Makes a key
    New {
        name: String,
        /// This one instead of a random one: 0x and 64 hexadecimal digits
        #[arg(long, value_name = "KEY")]
        import: Option<String>,
    },
}

const KEYS_HELP: &str = "\
Keys are for development: they stand in .bessemer/keys as they are. On the local
chain who calls is said by --from, without a signature; keys are for contracts that
check signatures.

Examples:
  bessemer keys new owner
  bessemer keys
  bessemer sign owner --typed order.json
";

/// Signs a message, a hash or typed data with a key.
#[derive(Debug, clap::Args)]
#[command(after_help = SIGN_HELP)]
pub(crate) struct SignArgs {
    /// The key, by its name
    key: String,
    /// A text, which is signed as wallets do (EIP-191)
    #[arg(required_unless_present_any = ["hash", "typed"], conflicts_with_all = ["hash", "typed"])]
    message: Option<String>,
    /// A hash, signed as it is: 0x and 64 hexadecimal digits
    #[arg(long, conflicts_with = "typed")]
    hash: Option<String>,
    /// A file with typed data (EIP-712), as wallets take it
    #[arg(long, value_name = "FILE")]
    typed: Option<PathBuf>,
}

const SIGN_HELP: &str = "\
Prints r, s and v in 65 bytes, v being 27 or 28, as `ecrecover` takes them.

Examples:
  bessemer sign owner 'hello'
  bessemer sign owner --typed order.json
";

/// Shows or makes keys, as `args` say.
pub(crate) fn run(args: &KeysArgs, output: Output) -> Result<u8, Failure> {
    let folder = Folder::find()?;
    let shown = match &args.task {
        None => keys::all(&folder)?,
        Some(Task::New { name, import }) => {
            let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
            let begins = name.starts_with(|c: char| c.is_ascii_alphabetic());
            if !begins || !name.chars().all(fits) || USERS.contains(&name.as_str()) {
                return Err(Failure::Usage(format!(
                    "`{name}` is not a name for a key: use letters, digits, - and _, and none of {}",
                    USERS.join(", ")
                )));
            }
            let known = import.as_deref().map(|text| {
                parse_hex(text).and_then(|bytes| bytes.try_into().ok()).ok_or_else(|| {
                    Failure::Usage("--import: a key is 0x and 64 hexadecimal digits".to_owned())
                })
            });
            vec![(name.clone(), keys::make(&folder, name, known.transpose()?)?)]
        }
    };
    let addresses = shown.iter().map(|(name, key)| (name, key.address().to_string()));
    if output.json {
        let keys: Vec<_> =
            addresses.map(|(name, address)| json!({ "name": name, "address": address })).collect();
        output.document(&json!({ "schema": "bessemer.keys/1", "keys": keys }))?;
    } else if shown.is_empty() {
        output.note("there are no keys: `bessemer keys new NAME` makes one");
    } else {
        output.text(output::table(addresses.map(|(name, address)| [name.clone(), address])))?;
    }
    Ok(0)
}

/// Signs what `args` say.
pub(crate) fn sign(args: &SignArgs, output: Output) -> Result<u8, Failure> {
    let key = find(&args.key)?;
    let digest = match (&args.message, &args.hash, &args.typed) {
        (_, Some(hash), _) => {
            let bytes = parse_hex(hash).and_then(|bytes| bytes.try_into().ok());
            bytes.ok_or_else(|| {
                let hash = abi::printable(hash);
                Failure::Usage(format!("`{hash}` is not 0x and 64 hexadecimal digits"))
            })?
        }
        (_, _, Some(file)) => typed::hash_of_file(file, &local::names()?)?,
        (message, ..) => {
            let message = message.as_deref().unwrap_or_default();
            let text = format!("\x19Ethereum Signed Message:\n{}{message}", message.len());
            Keccak256::digest(text).into()
        }
    };
    let signature = key.sign(&digest);
    let (digest, signature) = (format!("0x{}", hex(&digest)), format!("0x{}", hex(&signature)));
    if output.json {
        output.document(&json!({
            "schema": "bessemer.sign/1",
            "address": key.address().to_string(),
            "hash": digest,
            "signature": signature,
        }))?;
    } else {
        output.text(format!("{signature}\n"))?;
    }
    Ok(0)
}

fn find(name: &str) -> Result<Key, Failure> {
    let all = keys::all(&Folder::find()?)?;
    if let Some((_, key)) = all.iter().find(|(known, _)| known == name) {
        return Ok(key.clone());
    }
    let known: Vec<_> = all.iter().map(|(name, _)| name.as_str()).collect();
    let hint = match (USERS.contains(&name), known.is_empty()) {
        (true, _) => "users of local chains have none".to_owned(),
        (false, true) => "there are no keys".to_owned(),
        (false, false) => format!("there are {}", known.join(", ")),
    };
    Err(Failure::Usage(format!(
        "there is no key `{name}`: {hint}; `bessemer keys new NAME` makes one"
    )))
}
