//! Calls as a command line describes them: arguments bound to a function of a deployed contract.

use bessemer_chain::Address;

use crate::support::abi::{self, Interface, printable};
use crate::support::failure::Failure;
use crate::support::invocation::{Invocation, Options};
use crate::support::local::Local;
use crate::support::names::closest;
use crate::support::number::parse_hex;
use crate::support::output::Output;

/// The contract, the function and its arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct CallArgs {
    #[command(flatten)]
    options: Options,
    /// Calls it by this interface instead of its own: that in a file (Solidity's JSON, an artifact or an
    /// image), or of the contract of this name, also of those that the tool has with it, as erc20
    #[arg(long, value_name = "FILE|NAME")]
    abi: Option<String>,
    /// The contract: its name on this chain, or an address
    contract: String,
    /// The function and its arguments; `transferFrom`, `transfer_from` and `transfer-from` are the same.
    /// Or the whole input as 0x and hexadecimal digits, as `bessemer encode` makes it.
    /// --from, --value and --gas may stand here too, unless the function has an argument of that name
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "FUNCTION ARGUMENTS")]
    words: Vec<String>,
}

/// A call that is ready to be sent.
pub(crate) struct Prepared {
    pub(crate) to: Address,
    pub(crate) input: Vec<u8>,
    pub(crate) options: Options,
    pub(crate) json: bool,
    pub(crate) verbose: bool,
    /// The function, if there is one.
    pub(crate) function: Option<alloy_json_abi::Function>,
    /// The interface that was given for the contract.
    pub(crate) given: Option<Interface>,
}

impl CallArgs {
    /// The contract, as it was named.
    pub(crate) fn contract(&self) -> &str {
        &self.contract
    }

    /// The function and its arguments, as they were written.
    pub(crate) fn words(&self) -> &[String] {
        &self.words
    }

    /// Whether an interface is given for the contract.
    pub(crate) fn gives_interface(&self) -> bool {
        self.abi.is_some()
    }

    /// The options before the contract.
    pub(crate) fn options(&self) -> &Options {
        &self.options
    }
}

impl Prepared {
    /// `None` if only help was asked for.
    pub(crate) fn new(
        args: &CallArgs,
        local: &Local,
        output: Output,
    ) -> Result<Option<Self>, Failure> {
        let CallArgs { options, abi, contract, words } = args;
        let contract = contract.as_str();
        // it may stand among the arguments too, and says how these are to be read
        let at = words.iter().take_while(|word| *word != "--").position(|word| word == "--abi");
        let mut words = words.clone();
        let abi = match at {
            Some(at) if at + 1 < words.len() => words.drain(at..at + 2).next_back(),
            _ => abi.clone(),
        };
        let mut call = Self::of(local, contract, abi.as_deref(), &words, options, output)?;
        if let (Some(call), Some(abi)) = (&mut call, abi) {
            call.given = Some(local.contract(contract, Some(&abi))?.1);
        }
        Ok(call)
    }

    fn of(
        local: &Local,
        contract: &str,
        abi: Option<&str>,
        words: &[String],
        options: &Options,
        output: Output,
    ) -> Result<Option<Self>, Failure> {
        let function = words.split_first().filter(|(name, _)| !name.starts_with('-'));
        let Some((name, arguments)) = function else {
            let parsed = Invocation::parse(words, &[], options, false)?;
            if parsed.help || !parsed.given.named.is_empty() {
                let (_, interface) = local.contract(contract, abi)?;
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
            let Invocation { options, json, verbose, .. } = parsed;
            return Ok(Some(Self {
                to,
                input: Vec::new(),
                options,
                json,
                verbose,
                function: None,
                given: None,
            }));
        };
        if name.starts_with("0x") {
            return Self::raw(local, contract, name, arguments, options).map(Some);
        }
        let (to, interface) = local.contract(contract, abi)?;
        let candidates = interface.named(name);
        if candidates.is_empty() {
            return Err(no_function(contract, name, &interface));
        }
        let mut refused = None;
        let mut fitting: Vec<Self> = Vec::new();
        for function in &candidates {
            let params = &function.inputs;
            let parsed = Invocation::parse(arguments, params, options, false)?;
            if parsed.help {
                let usage = abi::usage(function);
                output.text(format!("bessemer call {contract} {usage}\n"))?;
                return Ok(None);
            }
            let what = format!("{contract}.{}", function.name);
            match abi::bind(&what, params, &parsed.given, &local.names) {
                Ok(arguments) => {
                    let input = [function.selector().as_slice(), &arguments].concat();
                    let Invocation { options, json, verbose, .. } = parsed;
                    let function = Some((*function).clone());
                    fitting.push(Self { to, input, options, json, verbose, function, given: None });
                }
                Err(reason) => refused = refused.or(Some(with_sender(reason, params))),
            }
        }
        if fitting.len() > 1 {
            let functions = fitting.iter().filter_map(|call| call.function.as_ref());
            let signatures: Vec<_> =
                functions.map(|function| format!("'{}'", function.signature())).collect();
            return Err(Failure::Usage(format!(
                "the arguments fit more than one function {name} of {contract}: say which by its signature, {}",
                signatures.join(" or ")
            )));
        }
        match fitting.pop() {
            Some(call) => Ok(Some(call)),
            None => Err(Failure::Usage(refused.unwrap_or_default())),
        }
    }
}

impl Prepared {
    /// A call with input that is encoded already, for which no interface is needed.
    fn raw(
        local: &Local,
        contract: &str,
        input: &str,
        words: &[String],
        options: &Options,
    ) -> Result<Self, Failure> {
        let parsed = Invocation::parse(words, &[], options, false)?;
        let named = parsed.given.named.first().map(|(name, _)| format!("--{name}"));
        if let Some(word) = parsed.given.positional.first().cloned().or(named) {
            let word = printable(&word);
            return Err(Failure::Usage(format!(
                "`{word}` stands behind encoded input, which has its arguments in it"
            )));
        }
        let to = local.names.address(contract).map_err(Failure::Usage)?;
        let input = parse_hex(input).ok_or_else(|| {
            let input = printable(input);
            Failure::Usage(format!("`{input}` is not 0x and an even number of hexadecimal digits"))
        })?;
        let function = local.interface(&to)?;
        let function = function.and_then(|interface| interface.function_of(&input).cloned());
        let Invocation { options, json, verbose, .. } = parsed;
        Ok(Self { to, input, options, json, verbose, function, given: None })
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
    let hint = match closest(name, known) {
        Some(name) => format!("did you mean `{}`?", printable(name)),
        None => format!("it has\n{}", functions(interface).trim_end()),
    };
    Failure::Usage(format!("{contract} has no function `{name}`: {hint}"))
}

fn functions(interface: &Interface) -> String {
    interface.functions().map(|function| format!("  {}\n", abi::usage(function))).collect()
}
