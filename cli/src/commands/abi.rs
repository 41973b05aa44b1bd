//! `bessemer abi`: the interface of a contract.

use crate::support::abi::{self, Interface};
use crate::support::artifact::artifact;
use crate::support::failure::Failure;
use crate::support::images;
use crate::support::local::{Folder, Local};
use crate::support::output::Output;

/// Prints the interface of a contract as JSON, in Solidity's format.
#[derive(Debug, clap::Args)]
#[command(name = "abi", after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// A deployed contract, a package of the project, or the path of an image
    contract: String,
    /// Prints how functions are called instead
    #[arg(long)]
    functions: bool,
    /// Prints it as an interface in Solidity, for contracts that call this one
    #[arg(long, conflicts_with = "functions")]
    solidity: bool,
    /// Prints an artifact: interface and initcode, from which tools of Ethereum deploy the contract
    #[arg(long, conflicts_with_all = ["functions", "solidity"])]
    artifact: bool,
}

const AFTER_HELP: &str = "\
The interface stands in the image: a deployed contract describes itself.

Examples:
  bessemer abi token > token.json
  bessemer abi token --functions
  bessemer abi token --solidity > IToken.sol
  bessemer abi target/bessemer/token.elf
  bessemer abi token --artifact > token.json
";

/// Prints the interface that `args` name.
pub(crate) fn run(args: &Args, output: Output) -> Result<u8, Failure> {
    let Found { name, interface, file } = find(&args.contract, output)?;
    if args.artifact {
        let Some(file) = file else {
            return Err(Failure::Usage(format!(
                "{} is EVM bytecode: its compiler wrote its artifact",
                args.contract
            )));
        };
        output.document(&artifact(&name, &args.contract, Some(&interface.json), &file))?;
    } else if args.functions {
        let lines = interface.functions().map(|function| abi::usage(function) + "\n");
        output.text(lines.collect::<String>())?;
    } else if args.solidity {
        output.text(interface.to_solidity(&solidity_name(&args.contract)))?;
    } else {
        let json: serde_json::Value = serde_json::from_str(&interface.json)
            .map_err(|error| Failure::Other(error.to_string()))?;
        output.document(&json)?;
    }
    Ok(0)
}

/// A name for an interface in Solidity: `I`, and the contract's name with a capital.
fn solidity_name(contract: &str) -> String {
    let name = contract.rsplit('/').next().unwrap_or(contract);
    let name = name.split('.').next().unwrap_or(name);
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let capital = |word: &str| {
        let (first, rest) = word.split_at(1);
        first.to_uppercase() + rest
    };
    format!("I{}", words.map(capital).collect::<String>())
}

/// A contract that was named.
struct Found {
    name: String,
    interface: Interface,
    /// Its file, unless it is EVM bytecode.
    file: Option<Vec<u8>>,
}

fn find(contract: &str, output: Output) -> Result<Found, Failure> {
    let deployed = Folder::find()?.path("contracts.json").is_file();
    if deployed && !contract.contains('/') {
        let local = Local::existing()?;
        if local.is_deployed(contract) {
            let (address, interface) = local.contract(contract, None)?;
            let hash = local.chain.account(&address)?.program();
            let file = hash.map(|hash| local.chain.code(&hash)).transpose()?.flatten();
            return Ok(Found { name: contract.to_owned(), interface, file });
        }
    }
    let image = images::find(contract, output)?;
    let interface = Interface::of_image(&image.file.bytes).transpose();
    let interface = interface.map_err(|reason| Failure::Other(format!("{contract}: {reason}")))?;
    let interface = interface.ok_or_else(|| {
        Failure::Other(format!(
            "{contract} has no section .bessemer.abi: link it with the SDK's script"
        ))
    })?;
    Ok(Found { name: image.name, interface, file: Some(image.file.bytes) })
}
