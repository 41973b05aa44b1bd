//! `deploy`, `call`, `query` and `receipt` on the chain of a running node (`--rpc`).

use alloy_json_abi::Function;
use bessemer_chain::{Address, initcode};
use serde_json::{Value, json};

use crate::support::abi::{self, Field, Interface};
use crate::support::bytecode;
use crate::support::failure::Failure;
use crate::support::images;
use crate::support::invocation::{Invocation, Options};
use crate::support::local::Terms;
use crate::support::output::{self, Output, grouped, hex};
use crate::support::prepared::CallArgs;
use crate::support::rpc::Refused;
use crate::support::rpc::chain::{RemoteChain, Sent, number};

/// The option that chooses the chain.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct RemoteArgs {
    /// Works on the chain of the node at this URL in place of the local chain; `node`: of the node that
    /// this project runs with --state. alice to erin are its development accounts, and a private key
    /// in BESSEMER_PRIVATE_KEY is the sender unless --from says another
    #[arg(long, value_name = "URL")]
    rpc: Option<String>,
}

impl RemoteArgs {
    /// The node, if one was chosen.
    pub(crate) fn url(&self) -> Option<&str> {
        self.rpc.as_deref()
    }

    /// The node, and the words without the option, which may stand among them too.
    pub(crate) fn split(&self, words: &[String]) -> (Option<String>, Vec<String>) {
        let at = words.iter().take_while(|word| *word != "--").position(|word| word == "--rpc");
        let mut words = words.to_vec();
        let among = match at {
            Some(at) if at + 1 < words.len() => words.drain(at..at + 2).next_back(),
            _ => None,
        };
        (among.or_else(|| self.rpc.clone()), words)
    }
}

/// A call of a function, or of none.
struct Call {
    to: Address,
    /// As messages call it.
    what: String,
    input: Vec<u8>,
    function: Option<Function>,
    interface: Option<Interface>,
    options: Options,
    output: Output,
}

impl Call {
    fn new(
        chain: &RemoteChain,
        contract: &str,
        words: &[String],
        options: &Options,
        output: Output,
    ) -> Result<Self, Failure> {
        let to = chain.address(contract)?;
        if words.iter().any(|word| word == "--abi") {
            return Err(no_interface_given());
        }
        let name = words.first().filter(|name| !name.starts_with('-'));
        let arguments = if name.is_some() { &words[1..] } else { words };
        let plain = |input: Vec<u8>| {
            let parsed = Invocation::parse(arguments, &[], options, false)?;
            if let Some(word) = parsed.given.positional.first() {
                return Err(Failure::Usage(format!(
                    "`{}` stands behind encoded input",
                    abi::printable(word)
                )));
            }
            let output = Output { json: output.json || parsed.json };
            let (what, options) = (contract.to_owned(), parsed.options);
            Ok(Self { to, what, input, function: None, interface: None, options, output })
        };
        let Some(name) = name else { return plain(Vec::new()) };
        if let Some(digits) = name.strip_prefix("0x") {
            let input = ::hex::decode(digits);
            return plain(input.map_err(|_| {
                Failure::Usage(format!("`{}` is not hexadecimal", abi::printable(name)))
            })?);
        }
        let interface = chain.interface(&to)?;
        let mut refused = None;
        for function in interface.named(name) {
            let parsed = Invocation::parse(arguments, &function.inputs, options, false)?;
            let what = format!("{contract}.{}", function.name);
            match abi::bind(&what, &function.inputs, &parsed.given, &chain.names) {
                Ok(arguments) => {
                    let input = [function.selector().as_slice(), &arguments].concat();
                    let function = Some(function.clone());
                    let output = Output { json: output.json || parsed.json };
                    let options = parsed.options;
                    let interface = Some(interface);
                    return Ok(Self { to, what, input, function, interface, options, output });
                }
                Err(reason) => refused = refused.or(Some(reason)),
            }
        }
        Err(Failure::Usage(refused.unwrap_or_else(|| {
            let known: Vec<_> = interface.functions().map(|known| known.name.as_str()).collect();
            format!("{contract} has no function `{name}`: it has {}", known.join(", "))
        })))
    }
}

fn no_interface_given() -> Failure {
    Failure::Usage(
        "--abi is not taken with --rpc: the node or the deployment tells interfaces".to_owned(),
    )
}

/// The chain of a node, and what is called there.
fn prepared(
    url: &str,
    args: &CallArgs,
    words: &[String],
    output: Output,
) -> Result<(RemoteChain, Call, Terms), Failure> {
    if args.gives_interface() {
        return Err(no_interface_given());
    }
    let chain = RemoteChain::at(url)?;
    let call = Call::new(&chain, args.contract(), words, args.options(), output)?;
    let terms = chain.terms(&call.options)?;
    Ok((chain, call, terms))
}

/// Sends the transaction of a call.
pub(crate) fn call(
    url: &str,
    args: &CallArgs,
    words: &[String],
    output: Output,
) -> Result<u8, Failure> {
    let (chain, call, terms) = prepared(url, args, words, output)?;
    match chain.send(Some(&call.to), call.input, &terms)? {
        Ok(sent) => report("bessemer.call/1", &call.what, &sent, json!({}), call.output),
        Err(refused) => reverted(&chain, &call.what, call.interface.as_ref(), &refused, output),
    }
}

/// Asks a function without a transaction.
pub(crate) fn query(
    url: &str,
    args: &CallArgs,
    words: &[String],
    output: Output,
) -> Result<u8, Failure> {
    let (chain, call, terms) = prepared(url, args, words, output)?;
    if !terms.value.is_zero() {
        return Err(Failure::Usage("a query sends nothing: leave --value out".to_owned()));
    }
    let bytes = match chain.call(&call.to, &call.input, &terms)? {
        Ok(bytes) => bytes,
        Err(refused) => {
            return reverted(&chain, &call.what, call.interface.as_ref(), &refused, output);
        }
    };
    let fields = call.function.and_then(|function| abi::decode(&function.outputs, &bytes));
    if call.output.json {
        call.output.document(&json!({
            "schema": "bessemer.query/1",
            "status": "return",
            "result": fields.as_deref().map(Field::list_to_json),
            "output": format!("0x{}", hex(&bytes)),
        }))?;
    } else {
        match fields {
            Some(fields) => call.output.text(abi::values(&fields, &chain.names))?,
            None => call.output.text(format!("0x{}\n", hex(&bytes)))?,
        }
    }
    Ok(0)
}

/// Creates a contract by an ordinary transaction.
pub(crate) fn deploy(
    url: &str,
    name: Option<&str>,
    words: &[String],
    options: &Options,
    output: Output,
) -> Result<u8, Failure> {
    let Some((contract, arguments)) = words.split_first() else {
        return Err(Failure::Usage("say which contract is to be deployed".to_owned()));
    };
    let mut chain = RemoteChain::at(url)?;
    let is_bytecode = bytecode::names_one(contract);
    let (code, own_name, interface) = if is_bytecode {
        let found = bytecode::read(contract)?;
        (found.init, found.name, found.interface)
    } else {
        let image = images::find(contract, output)?;
        let interface = Interface::of_image(&image.file.bytes).transpose();
        let interface =
            interface.map_err(|reason| Failure::Other(format!("{contract}: {reason}")))?;
        (image.file.bytes, image.name, interface)
    };
    let params = interface.as_ref().map_or(&[][..], Interface::constructor);
    let mut parsed = Invocation::parse(arguments, params, options, true)?;
    let name = parsed.name.take().or_else(|| name.map(str::to_owned)).unwrap_or(own_name);
    super::deploy::check_name(&name)?;
    let what = format!("the constructor of {name}");
    let input = abi::bind(&what, params, &parsed.given, &chain.names).map_err(Failure::Usage)?;
    let terms = chain.terms(&parsed.options)?;
    let output = Output { json: output.json || parsed.json };
    let init = if is_bytecode { [code, input].concat() } else { initcode(&code, &input) };
    let sent = match chain.send(None, init, &terms)? {
        Ok(sent) => sent,
        Err(refused) => return reverted(&chain, &what, interface.as_ref(), &refused, output),
    };
    let address = sent.receipt["contractAddress"].as_str().and_then(|text| text.parse().ok());
    let Some(address): Option<Address> = address.filter(|_| sent.succeeded()) else {
        return report("bessemer.deploy/1", &what, &sent, json!({}), output);
    };
    chain.name(&name, address, interface.as_ref())?;
    if !output.json {
        output.text(format!("{name}  {address}\n"))?;
    }
    let more = json!({ "name": name, "address": address.to_string() });
    report("bessemer.deploy/1", &what, &sent, more, output)
}

/// Shows the receipt of a transaction.
pub(crate) fn receipt(url: &str, hash: &str, output: Output) -> Result<u8, Failure> {
    let receipt = RemoteChain::at(url)?.receipt(hash)?;
    if receipt.is_null() {
        return Err(Failure::Usage(format!(
            "transaction {hash} is in no block of the node's chain"
        )));
    }
    if output.json {
        output.document(&receipt)?;
        return Ok(0);
    }
    let Value::Object(members) = &receipt else { return Ok(0) };
    let told = members.iter().filter(|(name, value)| !value.is_null() && *name != "logsBloom");
    let told = told.map(|(name, value)| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        [name.clone(), text]
    });
    output.text(output::table(told.collect::<Vec<_>>()))?;
    Ok(0)
}

impl Sent {
    fn succeeded(&self) -> bool {
        self.receipt["status"] == "0x1"
    }
}

/// Prints how a transaction ended.
fn report(
    schema: &str,
    what: &str,
    sent: &Sent,
    more: Value,
    output: Output,
) -> Result<u8, Failure> {
    let gas = number(&sent.receipt["gasUsed"])?;
    let block = number(&sent.receipt["blockNumber"])?;
    if output.json {
        let mut document = json!({
            "schema": schema,
            "status": if sent.succeeded() { "return" } else { "revert" },
            "transaction": sent.hash,
            "block": block,
            "gas_used": gas,
            "logs": sent.receipt["logs"],
        });
        output::merge(&mut document, more);
        output.document(&document)?;
    }
    if !sent.succeeded() {
        output.error(format!(
            "{what} failed in block {block}, and its gas is paid; `bessemer rpc debug_traceTransaction \
             {} '{{\"tracer\":\"callTracer\"}}'` tells more",
            sent.hash
        ));
        return Ok(4);
    }
    if !output.json {
        let logs = sent.receipt["logs"].as_array().map_or(0, Vec::len);
        let events = if logs == 1 { "1 event".to_owned() } else { format!("{logs} events") };
        output.note(format_args!("block {block}  gas {}  {events}  {}", grouped(gas), sent.hash));
    }
    Ok(0)
}

/// Prints why a contract reverted.
fn reverted(
    chain: &RemoteChain,
    what: &str,
    interface: Option<&Interface>,
    refused: &Refused,
    output: Output,
) -> Result<u8, Failure> {
    let data = refused.output();
    let error = interface.and_then(|interface| interface.error(&data));
    let error = error.or_else(|| abi::standard(&data));
    if output.json {
        output.document(&json!({
            "schema": "bessemer.reverted/1",
            "status": "revert",
            "reason": refused.message,
            "error": error.as_ref().map(|error| abi::one_line(error, &chain.names)),
            "output": format!("0x{}", hex(&data)),
        }))?;
    }
    let reason = error.map_or_else(
        || format!("{what}: {}", refused.message),
        |error| format!("{what} reverted: {}", abi::one_line(&error, &chain.names)),
    );
    output.error(reason);
    output.note("nothing was sent, and nothing has changed");
    Ok(4)
}
