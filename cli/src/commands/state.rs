//! `bessemer state`: accounts, and what contracts have stored.

use bessemer_chain::store::{decode_account, decode_key};
use bessemer_chain::{Account, Address, StateKey};
use serde_json::{Value, json};

use crate::support::failure::{Failure, with_sources};
use crate::support::local::Local;
use crate::support::output::{self, Output, hex};
use crate::support::stored::{guess, place};

/// Shows the accounts of the local chain, or one account with everything that it stores.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP, args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    task: Option<Task>,
    /// A contract or user, by name or address
    account: Option<String>,
}

#[derive(Debug, clap::Subcommand)]
enum Task {
    /// Builds the state's tries anew from all accounts, values and files, and compares the root and
    /// the stored nodes with the newest block
    Verify,
}

const AFTER_HELP: &str = "\
Keys are shown as contracts on the SDK make them, the number of the field and
the keys of maps; values as account, text or number, whichever they look like,
and as they stand. --json has keys and values in hexadecimal digits.

Examples:
  bessemer state
  bessemer state token
  bessemer state alice --json
  bessemer state verify
";

/// Shows what `args` name.
pub(crate) fn run(args: &Args, output: Output) -> Result<u8, Failure> {
    let local = Local::existing()?;
    if let Some(Task::Verify) = args.task {
        return verify(&local, output);
    }
    let address = args.account.as_deref().map(|name| local.names.address(name)).transpose();
    let address = address.map_err(Failure::Usage)?;
    let state = State::read(&local, address)?;
    if output.json {
        output.document(&state.to_json(&local)?)?;
    } else {
        output.text(state.to_text(&local))?;
    }
    Ok(0)
}

fn verify(local: &Local, output: Output) -> Result<u8, Failure> {
    let root = format!("0x{}", hex(&local.chain.verify_state()?));
    let height = local.chain.height();
    if output.json {
        let schema = "bessemer.verified-state/1";
        output.document(&json!({ "schema": schema, "height": height, "stateRoot": root }))?;
    } else {
        output.text(format!("block {height} has the state root {root}, and the state agrees\n"))?;
    }
    Ok(0)
}

/// A part of the state.
#[derive(Default)]
struct State {
    accounts: Vec<(Address, Account)>,
    storage: Vec<(Vec<u8>, Vec<u8>)>,
}

impl State {
    /// All accounts, or one with its storage.
    fn read(local: &Local, only: Option<Address>) -> Result<Self, Failure> {
        let mut state = Self::default();
        let mut damaged = None;
        let mut visit = |key: &[u8], value: &[u8]| {
            let parsed = decode_key(key).and_then(|key| {
                match key {
                    StateKey::Account(address) if only.is_none_or(|only| only == address) => {
                        state.accounts.push((address, decode_account(value)?));
                    }
                    StateKey::Storage(address, key) if only == Some(address) => {
                        state.storage.push((key.as_bytes().to_vec(), value.to_vec()));
                    }
                    _ => {}
                }
                Ok(())
            });
            damaged = damaged.take().or(parsed.err());
        };
        let visited = local.chain.store().for_each(&mut visit);
        visited.map_err(|error| Failure::State(with_sources(&error)))?;
        match damaged {
            Some(error) => Err(Failure::State(format!("the database is damaged: {error}"))),
            None => Ok(state),
        }
    }

    fn to_text(&self, local: &Local) -> String {
        let rows = self.accounts.iter().map(|(address, account)| {
            let name = local.names.show(address);
            let name = if name == address.to_string() { String::new() } else { name };
            let kind = if account.code.is_some() { "contract" } else { "user" };
            let nonce = format!("nonce {}", account.nonce);
            [name, address.to_string(), kind.into(), format!("balance {}", account.balance), nonce]
        });
        let mut text = output::table(rows);
        if self.accounts.is_empty() {
            text.push_str("  the account was never used\n");
        }
        let rows = self.storage.iter().map(|(key, value)| {
            let raw = format!("0x{}", hex(value));
            [place(key, &local.names), guess(value, &local.names), raw]
        });
        text.push_str(&output::table(rows));
        text
    }

    fn to_json(&self, local: &Local) -> Result<Value, Failure> {
        let accounts = self.accounts.iter().map(|(address, account)| {
            json!({
                "address": address.to_string(),
                "name": local.names.show(address),
                "balance": account.balance.to_string(),
                "nonce": account.nonce,
                "code_hash": account.code.map(|code| code.hash().to_string()),
            })
        });
        let storage = self.storage.iter().map(|(key, value)| {
            json!({ "key": format!("0x{}", hex(key)), "value": format!("0x{}", hex(value)) })
        });
        Ok(json!({
            "schema": "bessemer.state/1",
            "height": local.chain.height(),
            "digest": format!("0x{}", hex(&local.chain.state_digest()?)),
            "state_root": local.chain.state_root().map(|root| format!("0x{}", hex(&root))),
            "accounts": accounts.collect::<Vec<_>>(),
            "storage": storage.collect::<Vec<_>>(),
        }))
    }
}
