//! `bessemer call` and `bessemer simulate`: transactions to contracts.

use std::collections::BTreeMap;

use bessemer_chain::{Action, Address, Inspector, StateKey, StorageKey};
use serde_json::{Value, json};

use crate::support::abi::{self, Interface, printable};
use crate::support::failure::Failure;
use crate::support::invocation::{Invocation, Options};
use crate::support::local::{Executed, Failed, Keep, Local};
use crate::support::outcome::{self, Teller};
use crate::support::output::{self, Output, TITLE, grouped, hex};
use crate::support::source::Sources;

/// Calls a function of a deployed contract, as a transaction.
///
/// Arguments have names or places: `--to bob --amount 5` or `bob 5`. Without a function, the value
/// goes to the contract, or to a user.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    #[command(flatten)]
    options: Options,
    /// The contract: its name on this chain, or an address
    contract: String,
    /// The function and its arguments; `transferFrom`, `transfer_from` and `transfer-from` are the same.
    /// --from, --value and --gas may stand here too, unless the function has an argument of that name
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "FUNCTION ARGUMENTS")]
    words: Vec<String>,
}

/// Shows what a call would do, and does nothing.
#[derive(Debug, clap::Args)]
#[command(after_help = SIMULATE_HELP)]
pub(crate) struct SimulateArgs {
    #[command(flatten)]
    call: Args,
}

const AFTER_HELP: &str = "\
Values: 5, 0x10, 1_000, 2.5e18, 1.5coin; true; 0x and hexadecimal digits for
bytes; addresses as 0x.., as users (alice, bob, carol, dave, erin) or as names
of contracts; arrays and structures as JSON.

Exit code: 4 if the contract reverts, traps or runs out of gas. Then nothing
has changed, and a file in .bessemer/failed can run it again.

Examples:
  bessemer call counter add --by 3
  bessemer call token transfer bob 5 --from alice
  bessemer call exchange buy --least 90 --value 1.5coin --json
";

const SIMULATE_HELP: &str = "\
Shows the result, gas, events, and every value that would change.

Examples:
  bessemer simulate counter add --by 3
  bessemer simulate token transfer --to bob --amount 5 --from carol
";

/// Sends the transaction that `args` describe.
pub(crate) fn run(args: &Args, output: Output) -> Result<u8, Failure> {
    let mut local = Local::existing()?;
    let Some(call) = Prepared::new(args, &local, output)? else { return Ok(0) };
    let output = Output { json: output.json || call.json };
    let terms = call.options.terms(&local.names)?;
    let action = Action::Call { to: call.to, input: call.input.clone() };
    let executed = local.execute(action, terms, Keep::Success, None)?;
    report(&mut local, &executed, output)
}

/// Shows what the transaction that `args` describe would do.
pub(crate) fn simulate(args: &SimulateArgs, output: Output) -> Result<u8, Failure> {
    let mut local = Local::existing()?;
    let Some(call) = Prepared::new(&args.call, &local, output)? else { return Ok(0) };
    let output = Output { json: output.json || call.json };
    let terms = call.options.terms(&local.names)?;
    let action = Action::Call { to: call.to, input: call.input.clone() };
    let mut writes = Writes::default();
    let executed = local.execute(action, terms, Keep::Nothing, Some(&mut writes))?;
    let receipt = &executed.receipt;
    let mut teller = Teller::new(&local.chain, &local.names, Sources::of(&local.folder));
    let changes = if receipt.succeeded() { writes.changes(&executed) } else { Vec::new() };
    if output.json {
        let mut document = json!({ "schema": "bessemer.simulate/1" });
        merge(&mut document, teller.document(&call.input, receipt));
        document["changes"] = changes.iter().map(Change::to_json).collect();
        let keys = |keys: &std::collections::BTreeSet<StateKey>| -> Vec<String> {
            keys.iter().map(ToString::to_string).collect()
        };
        document["reads"] = keys(&executed.accessed.reads).into();
        document["writes"] = keys(&executed.accessed.writes).into();
        output.document(&document)?;
    } else {
        let what = teller.call_name(&call.to, &call.input);
        let mut text = format!("{TITLE}{what}{TITLE:#} would ");
        if receipt.succeeded() {
            text.push_str("return\n");
            let result = teller.result(&call.to, &call.input, &receipt.output).unwrap_or_default();
            let result = abi::values(&result, &local.names);
            text.extend(result.lines().map(|line| format!("  {line}\n")));
        } else {
            text.push_str(&format!("fail: {}\n", teller.failure(&what, receipt)));
        }
        text.push_str(&format!("gas {}\n", grouped(receipt.gas_used)));
        for event in &receipt.events {
            text.push_str(&format!("event {}\n", teller.event(event, &receipt.to)));
        }
        let rows = changes.iter().map(|change| {
            let name = local.names.show(&change.contract);
            [
                name,
                format!("0x{}", hex(&change.key)),
                shown(&change.before),
                "->".into(),
                shown(&change.after),
            ]
        });
        if !changes.is_empty() {
            text.push_str("storage\n");
            text.push_str(&output::table(rows));
        }
        let (reads, writes) = (executed.accessed.reads.len(), executed.accessed.writes.len());
        text.push_str(&format!("keys read: {reads}, written: {writes}; nothing was kept\n"));
        output.text(text)?;
    }
    Ok(if receipt.succeeded() { 0 } else { 4 })
}

/// A call that is ready to be sent.
pub(crate) struct Prepared {
    pub(crate) to: Address,
    pub(crate) input: Vec<u8>,
    pub(crate) options: Options,
    pub(crate) json: bool,
    /// The function, if there is one.
    pub(crate) function: Option<alloy_json_abi::Function>,
}

impl Prepared {
    /// Nothing, if only help was asked for.
    fn new(args: &Args, local: &Local, output: Output) -> Result<Option<Self>, Failure> {
        let Args { options, contract, words } = args;
        Self::of(local, contract, words, options, output)
    }

    pub(crate) fn of(
        local: &Local,
        contract: &str,
        words: &[String],
        options: &Options,
        output: Output,
    ) -> Result<Option<Self>, Failure> {
        let function = words.split_first().filter(|(name, _)| !name.starts_with('-'));
        let Some((name, arguments)) = function else {
            let parsed = Invocation::parse(words, &[], options, false)?;
            if parsed.help || !parsed.given.named.is_empty() {
                let (_, interface) = local.contract(contract)?;
                let names = format!("functions of {contract}:\n{}", functions(&interface));
                if parsed.help {
                    return output.text(names).map(|()| None);
                }
                return Err(Failure::Usage(format!(
                    "say which function is to be called: {}",
                    names.trim_end()
                )));
            }
            let to = local.names.address(contract).map_err(Failure::Usage)?;
            let (options, json) = (parsed.options, parsed.json);
            return Ok(Some(Self { to, input: Vec::new(), options, json, function: None }));
        };
        let (to, interface) = local.contract(contract)?;
        let candidates = interface.named(name);
        if candidates.is_empty() {
            return Err(no_function(contract, name, &interface));
        }
        let mut refused = None;
        for function in &candidates {
            let params = &function.inputs;
            let parsed = Invocation::parse(arguments, params, options, false)?;
            if parsed.help {
                let usage = Interface::usage(function);
                output.text(format!("bessemer call {contract} {usage}\n"))?;
                return Ok(None);
            }
            let what = format!("{contract}.{}", function.name);
            match abi::bind(&what, params, &parsed.given, &local.names) {
                Ok(arguments) => {
                    let input = [function.selector().as_slice(), &arguments].concat();
                    let (options, json) = (parsed.options, parsed.json);
                    let function = Some((*function).clone());
                    return Ok(Some(Self { to, input, options, json, function }));
                }
                Err(reason) => refused = refused.or(Some(with_sender(reason, params))),
            }
        }
        Err(Failure::Usage(refused.unwrap_or_default()))
    }
}

/// Reminds of where `--from` stands if the function has an argument of that name.
fn with_sender(reason: String, params: &[alloy_json_abi::Param]) -> String {
    if params.iter().any(|param| param.name == "from") {
        return format!(
            "{reason}\n  `--from` behind the function is its argument; to say who sends, write `--sender bob` or put --from first: bessemer call --from bob ..."
        );
    }
    reason
}

fn no_function(contract: &str, name: &str, interface: &Interface) -> Failure {
    let known = interface.functions().map(|function| function.name.as_str());
    let hint = match crate::support::names::closest(name, known) {
        Some(name) => format!("did you mean `{}`?", printable(name)),
        None => format!("it has\n{}", functions(interface).trim_end()),
    };
    Failure::Usage(format!("{contract} has no function `{name}`: {hint}"))
}

fn functions(interface: &Interface) -> String {
    interface.functions().map(|function| format!("  {}\n", Interface::usage(function))).collect()
}

/// Tells how a transaction ended, and keeps it if it failed.
pub(crate) fn report(
    local: &mut Local,
    executed: &Executed,
    output: Output,
) -> Result<u8, Failure> {
    let Executed { transaction, receipt, .. } = executed;
    let (to, input) = match &transaction.action {
        Action::Call { to, input } => (*to, input.as_slice()),
        _ => (receipt.to, &[][..]),
    };
    let saved = match receipt.succeeded() {
        true => None,
        false => Some(Failed::save(&local.folder, &local.names, executed)?),
    };
    let mut teller = Teller::new(&local.chain, &local.names, Sources::of(&local.folder));
    let what = teller.call_name(&to, input);
    if output.json {
        let mut document = json!({ "schema": "bessemer.call/1" });
        merge(&mut document, teller.document(input, receipt));
        document["changed"] = receipt.succeeded().into();
        document["failed_file"] = saved.as_ref().map(|path| path.display().to_string()).into();
        output.document(&document)?;
    }
    if receipt.succeeded() {
        if !output.json {
            match teller.result(&to, input, &receipt.output) {
                Some(fields) => output.text(abi::values(&fields, &local.names))?,
                None if receipt.output.is_empty() => {}
                None => output.text(format!("0x{}\n", hex(&receipt.output)))?,
            }
            output.note(outcome::summary(&mut teller, receipt));
        }
        return Ok(0);
    }
    let saved =
        saved.as_deref().map(|path| path.strip_prefix(local.folder.project()).unwrap_or(path));
    output.error(teller.failure(&what, receipt));
    output.note(outcome::aftermath(receipt, saved));
    Ok(4)
}

/// Adds the members of one object to another.
pub(crate) fn merge(into: &mut Value, from: Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        into.extend(from);
    }
}

/// What contracts store; of several values for a key the last counts.
#[derive(Default)]
struct Writes(BTreeMap<(Address, StorageKey), Option<Vec<u8>>>);

impl Inspector for Writes {
    fn on_write(&mut self, contract: Address, key: &StorageKey, value: Option<&[u8]>) {
        self.0.insert((contract, *key), value.map(<[u8]>::to_vec));
    }
}

struct Change {
    contract: Address,
    key: Vec<u8>,
    before: Option<Vec<u8>>,
    after: Option<Vec<u8>>,
}

impl Writes {
    /// The writes that make a difference. Frames that failed wrote too: only keys that the
    /// transaction wrote in the end count.
    fn changes(self, executed: &Executed) -> Vec<Change> {
        let written = |(contract, key): &(Address, StorageKey)| StateKey::Storage(*contract, *key);
        let kept =
            self.0.into_iter().filter(|(at, _)| executed.accessed.writes.contains(&written(at)));
        let changes = kept.map(|(at, after)| {
            let key = written(&at);
            let before = executed.before.iter().find(|(known, _)| *known == key);
            let before = before.and_then(|(_, value)| value.clone());
            Change { contract: at.0, key: at.1.as_bytes().to_vec(), before, after }
        });
        changes.filter(|change| change.before != change.after).collect()
    }
}

impl Change {
    fn to_json(&self) -> Value {
        let text =
            |value: &Option<Vec<u8>>| value.as_ref().map(|value| format!("0x{}", hex(value)));
        json!({
            "contract": self.contract.to_string(),
            "key": format!("0x{}", hex(&self.key)),
            "before": text(&self.before),
            "after": text(&self.after),
        })
    }
}

fn shown(value: &Option<Vec<u8>>) -> String {
    value.as_ref().map_or("nothing".to_owned(), |value| format!("0x{}", hex(value)))
}
