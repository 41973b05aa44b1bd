//! `bessemer address`: where a contract will be.

use bessemer_chain::{Address, CodeHash, address_by_nonce, address_by_salt};
use serde_json::json;
use sha3::{Digest, Keccak256};

use crate::support::abi::{self, Given, Interface};
use crate::support::failure::Failure;
use crate::support::images;
use crate::support::local::{Folder, Local};
use crate::support::names::Names;
use crate::support::number::parse_hex;
use crate::support::output::{Output, hex};

/// Prints the address that a contract will have: by the nonce of its creator, or by a salt.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// Who creates it: a user, a contract or an address
    creator: String,
    /// The creator's nonce; its next on the local chain unless said
    #[arg(long, conflicts_with = "salt")]
    nonce: Option<u64>,
    /// The salt, as for `call::create2`: a number, or 0x and 64 hexadecimal digits
    #[arg(long, requires = "of")]
    salt: Option<String>,
    /// What is created: a contract of the project, an image, or the hash of its code
    #[arg(long, value_name = "CONTRACT", requires = "salt")]
    of: Option<String>,
    /// Arguments of the constructor that the creator binds into the salt by `call::salt_with`
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        requires = "salt",
        value_name = "ARGUMENTS"
    )]
    arguments: Vec<String>,
}

const AFTER_HELP: &str = "\
The address of `create2` follows from the creator, the salt and the code. It does
not follow from the constructor's arguments, unlike that of Solidity's
`new C{salt: s}(arguments)`, unless the creator makes the salt of them; give them
here if it does.

Examples:
  bessemer address alice
  bessemer address alice --nonce 7
  bessemer address factory --salt 1 --of wallet
  bessemer address factory --salt 1 --of wallet alice 2
";

/// Prints the address that `args` ask for.
pub(crate) fn run(args: &Args, output: Output) -> Result<u8, Failure> {
    let chain = Folder::find()?.path("chain.redb").is_file();
    let local = if chain { Some(Local::existing()?) } else { None };
    let users = Names::users();
    let names = local.as_ref().map_or(&users, |local| &local.names);
    let creator = names.address(&args.creator).map_err(Failure::Usage)?;
    let address = match (&args.salt, &args.of) {
        (Some(salt), Some(of)) => by_salt(creator, salt, of, &args.arguments, names, output)?,
        _ => {
            let next = || match &local {
                Some(local) => Ok(local.chain.account(&creator)?.nonce),
                None => Ok::<_, Failure>(0),
            };
            address_by_nonce(&creator, args.nonce.map_or_else(next, Ok)?)
        }
    };
    if output.json {
        let address = address.to_string();
        output.document(&json!({ "schema": "bessemer.address/1", "address": address }))?;
    } else {
        output.text(format!("{address}\n"))?;
    }
    Ok(0)
}

fn by_salt(
    creator: Address,
    salt: &str,
    of: &str,
    arguments: &[String],
    names: &Names,
    output: Output,
) -> Result<Address, Failure> {
    let salt = abi::amount(salt);
    let salt = salt.map_err(|reason| Failure::Usage(format!("--salt: {reason}")))?;
    let mut salt = salt.to_be_bytes::<32>();
    let hash = parse_hex(of).and_then(|hash| <[u8; 32]>::try_from(hash).ok());
    let code = match hash {
        Some(hash) if arguments.is_empty() => CodeHash::from_bytes(hash),
        Some(_) => {
            return Err(Failure::Usage(
                "the arguments of a constructor are known by the image: name it instead of its hash"
                    .to_owned(),
            ));
        }
        None => {
            let image = images::find(of, output)?;
            if !arguments.is_empty() {
                let interface = Interface::of_image(&image.file.bytes).transpose();
                let interface = interface.map_err(Failure::Other)?;
                let params = interface.as_ref().map_or(&[][..], Interface::constructor);
                let given = Given { positional: arguments.to_vec(), ..Given::default() };
                let what = format!("the constructor of {of}");
                let bound = abi::bind(&what, params, &given, names).map_err(Failure::Usage)?;
                salt = Keccak256::digest([salt.as_slice(), &bound].concat()).into();
            }
            CodeHash::of(&image.file.bytes)
        }
    };
    if !output.json {
        output.note(format_args!("salt 0x{}, code {code}", hex(&salt)));
    }
    Ok(address_by_salt(&creator, &salt, &code))
}
