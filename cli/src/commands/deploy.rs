//! `bessemer deploy`: puts a contract on the local chain.

use bessemer_chain::{Action, CodeHash};
use serde_json::json;

use crate::commands::remote::{self, RemoteArgs};
use crate::support::abi::{self, Interface};
use crate::support::bytecode;
use crate::support::failure::Failure;
use crate::support::images;
use crate::support::invocation::{Invocation, Options};
use crate::support::local::{Keep, Local, Recording, Terms};
use crate::support::names::USERS;
use crate::support::outcome::{self, Explainer};
use crate::support::output::{Output, grouped, kib, merge};
use crate::support::source::Sources;
use crate::support::tree::{Shown, Tree};

/// Deploys a contract of the project, an image, or EVM bytecode onto the project's local chain.
///
/// Bytecode comes from a file of solc, Foundry or Hardhat (.json), or as hexadecimal (.bin, .hex).
/// Builds the contract first. The chain is in the folder .bessemer, which is made if it is missing.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    #[command(flatten)]
    options: Options,
    /// The name that the contract gets on this chain; the contract's own unless said
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// The contract, a package of the project or the path of an image; and the constructor's arguments,
    /// among which options may stand too
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        required = true,
        value_name = "CONTRACT ARGUMENTS"
    )]
    words: Vec<String>,
    #[command(flatten)]
    remote: RemoteArgs,
}

const AFTER_HELP: &str = "\
The name points to the newest contract that got it; older ones stay at their
addresses.

Examples:
  bessemer deploy counter
  bessemer deploy token Gold GLD 18 1e24 --from bob
  bessemer deploy token --help
  bessemer deploy target/bessemer/counter.elf --name second
  bessemer deploy out/Token.sol/Token.json Gold GLD
  bessemer deploy combined.json:Token
  bessemer deploy --rpc http://127.0.0.1:8545 counter
";

/// Deploys what `args` name.
pub(crate) fn run(args: &Args, output: Output) -> Result<u8, Failure> {
    if let (Some(url), words) = args.remote.split(&args.words) {
        return remote::deploy(&url, args.name.as_deref(), &words, &args.options, output);
    }
    let Some((contract, arguments)) = args.words.split_first() else {
        return Err(Failure::Usage("say which contract is to be deployed".to_owned()));
    };
    if bytecode::names_one(contract) {
        return deploy_bytecode(args, contract, arguments, output);
    }
    let image = images::find(contract, output)?;
    let elf = &image.file.bytes;
    let interface = Interface::of_image(elf).transpose();
    let interface = interface.map_err(|reason| Failure::Other(format!("{contract}: {reason}")))?;
    let prepared =
        Prepared::new(args, contract, arguments, interface.as_ref(), image.name, output)?;
    let Some(Prepared { mut local, name, what, input, terms, output }) = prepared else {
        return Ok(0);
    };
    let action = Action::Deploy { code: elf.as_slice().into(), input, salt: None };
    let mut tree = Tree::default();
    let executed = local.execute(action, terms, Keep::Success, Some(&mut tree))?;
    let receipt = &executed.receipt;
    tree.explain(receipt);

    let Some(address) = receipt.contract().filter(|_| receipt.succeeded()) else {
        let saved =
            Recording::save(&local.folder, &local.names, &executed, local.chain.prices().id)?;
        let mut explainer = Explainer::new(&local.chain, &local.names, Sources::default());
        if output.json {
            let mut document = json!({ "schema": "bessemer.deploy/1", "name": name });
            merge(&mut document, explainer.document(&[], receipt));
            document["failed_file"] = saved.display().to_string().into();
            output.document(&document)?;
        }
        let text = match (&interface, receipt.diagnosis.refused.is_some()) {
            // the contract does not exist, so that its errors are told by its image
            (Some(interface), false) => match interface.error(&receipt.output) {
                Some(error) if error.name != "Error" => {
                    format!("{what} reverted: {}", abi::one_line(&error, &local.names))
                }
                _ => explainer.failure(&what, receipt),
            },
            _ => explainer.failure(&what, receipt),
        };
        output.error(text);
        if receipt.diagnosis.refused.is_none() {
            if let Some(interface) = interface {
                explainer.know(receipt.to, interface);
            }
            let before = |contract: &_, key: &_| executed.stored(contract, key);
            output.note(tree.text(&mut explainer, &before, Shown::SCREEN).trim_end());
        }
        let saved = saved.strip_prefix(local.folder.project()).unwrap_or(&saved);
        output.note(outcome::aftermath(receipt, Some(saved)));
        return Ok(4);
    };
    let before = local.is_deployed(&name).then(|| local.names.address(&name).ok()).flatten();
    local.name(&name, address)?;
    if let Some(before) = before {
        output.note(format_args!("{name} was {before}, which stays at its address"));
    }
    if let Some(debug) = &image.debug {
        Sources::keep(&local.folder, &CodeHash::of(elf), debug)?;
    }
    let mut explainer = Explainer::new(&local.chain, &local.names, Sources::default());
    if output.json {
        let mut document = json!({
            "schema": "bessemer.deploy/1",
            "name": name,
            "address": address.to_string(),
            "size": elf.len(),
            "code_hash": CodeHash::of(elf).to_string(),
        });
        merge(&mut document, explainer.document(&[], receipt));
        output.document(&document)?;
    } else {
        let (size, gas) = (kib(elf.len()), grouped(receipt.gas_used));
        output.text(format!("{name}  {address}  {size}  gas {gas}\n"))?;
        for event in &receipt.events {
            output.note(format_args!("event {}", explainer.event(event, &address)));
        }
    }
    Ok(0)
}

/// A deployment whose arguments have been read.
struct Prepared {
    local: Local,
    /// The name that the contract gets.
    name: String,
    /// The constructor, as messages call it.
    what: String,
    /// The constructor's encoded arguments.
    input: Vec<u8>,
    terms: Terms,
    output: Output,
}

impl Prepared {
    /// Reads the arguments of a constructor. `None` if help was asked for and given.
    fn new(
        args: &Args,
        contract: &str,
        arguments: &[String],
        interface: Option<&Interface>,
        default_name: String,
        output: Output,
    ) -> Result<Option<Self>, Failure> {
        let params = interface.map_or(&[][..], Interface::constructor);
        let mut parsed = Invocation::parse(arguments, params, &args.options, true)?;
        if parsed.help {
            let usage: Vec<_> = params
                .iter()
                .map(|param| format!(" --{} <{}>", param.name, abi::type_name(param)))
                .collect();
            output.text(format!("bessemer deploy {contract}{}\n", usage.concat()))?;
            return Ok(None);
        }
        let name = parsed.name.take().or_else(|| args.name.clone()).unwrap_or(default_name);
        check_name(&name)?;
        let local = Local::open_or_create()?;
        let what = format!("the constructor of {name}");
        let input =
            abi::bind(&what, params, &parsed.given, &local.names).map_err(Failure::Usage)?;
        let terms = parsed.options.terms(&local.names)?;
        let output = Output { json: output.json || parsed.json };
        Ok(Some(Self { local, name, what, input, terms, output }))
    }
}

/// Deploys EVM bytecode, by an Ethereum transaction.
fn deploy_bytecode(
    args: &Args,
    contract: &str,
    arguments: &[String],
    output: Output,
) -> Result<u8, Failure> {
    let found = bytecode::read(contract)?;
    let interface = found.interface.as_ref();
    let prepared = Prepared::new(args, contract, arguments, interface, found.name, output)?;
    let Some(Prepared { mut local, name, what, input, terms, output }) = prepared else {
        return Ok(0);
    };
    let init = [found.init, input].concat();
    let receipt = local.create_bytecode(init, terms)?;
    let Some(address) = receipt.contract().filter(|_| receipt.succeeded()) else {
        let reason = match &found.interface {
            Some(interface) => interface.error(&receipt.output),
            None => abi::standard(&receipt.output),
        };
        let reason = reason.map(|error| abi::one_line(&error, &local.names));
        let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
        output.error(format!("{what} {}{reason}", receipt.status));
        return Ok(4);
    };
    local.name(&name, address)?;
    if let Some(interface) = &found.interface {
        local.keep_interface(&address, interface)?;
    }
    let size = local.chain.account(&address)?.code;
    let size = size.map(|code| local.chain.bytecode(code.hash())).transpose()?.flatten();
    let size = size.map_or(0, |code| code.len());
    if output.json {
        output.document(&json!({
            "schema": "bessemer.deploy/1",
            "name": name,
            "kind": "evm",
            "address": address.to_string(),
            "size": size,
            "gas_used": receipt.gas_used,
        }))?;
    } else {
        let gas = grouped(receipt.gas_used);
        output.text(format!("{name}  {address}  {}  gas {gas} (EVM)\n", kib(size)))?;
    }
    Ok(0)
}

/// A name that can be told from an address, an option, a path and a user.
pub(super) fn check_name(name: &str) -> Result<(), Failure> {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let begins = name.starts_with(|c: char| c.is_ascii_alphabetic());
    if !begins || !name.chars().all(fits) {
        return Err(Failure::Usage(format!(
            "`{name}` is not a name for a contract: use letters, digits, - and _, and give one with --name"
        )));
    }
    if USERS.contains(&name) {
        return Err(Failure::Usage(format!(
            "`{name}` is a user: give the contract another --name"
        )));
    }
    Ok(())
}
