//! `bessemer node`: a chain that wallets and Ethereum's tools talk to.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bessemer_chain::U256;
use bessemer_node::spec::{Development, Fork, Genesis};
use bessemer_node::{
    Archive, ArchiveError, Background, Config, Limits, Mining, Node, ServerOptions, StartError,
    TEST_MNEMONIC, Wallet,
};
use serde_json::json;

use crate::support::failure::{Failure, with_sources};
use crate::support::local::Folder;
use crate::support::output::Output;
use crate::support::rpc::endpoint::{self, Endpoint};
use crate::support::source::Sources;

/// Starts a node that wallets, ethers, viem, web3.py, Hardhat and Foundry talk to
///
/// The chain is in memory and ends with the node, unless `--state` puts it in a file. It begins with funded accounts whose keys everybody
/// knows: send nothing to them on other chains.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// The port, for HTTP and WebSocket; 0 lets the system choose
    #[arg(long, short, default_value_t = 8545)]
    port: u16,
    /// The address; from others than this machine, the accounts' keys cannot be used
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
    /// How many accounts have coins
    #[arg(long, short, default_value_t = 10)]
    accounts: u32,
    /// What each of them owns, in ether
    #[arg(long, default_value_t = 10_000)]
    balance: u64,
    /// The words that the accounts' keys follow from
    #[arg(long, short, default_value = TEST_MNEMONIC, hide_default_value = true)]
    mnemonic: String,
    /// The identity of the chain
    #[arg(long, default_value_t = 31_337)]
    chain_id: u64,
    /// Makes a block each so many seconds, in place of one for each transaction
    #[arg(long, short, value_name = "SECONDS")]
    block_time: Option<f64>,
    /// Makes blocks only when a client asks for them
    #[arg(long, conflicts_with = "block_time")]
    no_mining: bool,
    /// A base fee that does not change, in wei; 0 makes gas free
    #[arg(long, value_name = "WEI")]
    base_fee: Option<u64>,
    /// The gas limit of blocks
    #[arg(long, default_value_t = 30_000_000)]
    gas_limit: u64,
    /// The rules of this fork of Ethereum, like `prague`
    #[arg(long, value_name = "NAME", default_value_t = Fork::NEWEST)]
    hardfork: Fork,
    /// The time of the first block, in seconds since 1970; now, unless it is given
    #[arg(long, value_name = "SECONDS")]
    timestamp: Option<u64>,
    /// Begins with the first block in this file, a genesis.json, in place of accounts with coins
    #[arg(long, value_name = "FILE", conflicts_with_all = ["hardfork", "timestamp", "gas_limit"])]
    genesis: Option<PathBuf>,
    /// Executes and checks the blocks in this file (RLP), and adds them
    #[arg(long, value_name = "FILE", requires = "genesis")]
    import: Option<PathBuf>,
    /// Keeps the chain in this folder, and goes on with one that is there; without a folder,
    /// `.bessemer/node` in the project
    #[arg(long, value_name = "FOLDER")]
    state: Option<Option<PathBuf>>,
    /// Lets web pages of this origin send requests; `*`: of all
    #[arg(long, value_name = "ORIGIN")]
    allow_origin: Vec<String>,
    /// Answers requests that name the node so; `*`: by any name
    #[arg(long, value_name = "NAME")]
    allow_host: Vec<String>,
    /// The most gas of a call
    #[arg(long, value_name = "GAS", default_value_t = 50_000_000)]
    call_gas: u64,
    /// Says nothing
    #[arg(long)]
    silent: bool,
}

const AFTER_HELP: &str = "\
What happens is logged to standard error; RUST_LOG says how much, like RUST_LOG=bessemer_node=debug.

Examples:
  bessemer node
  bessemer node --state
  bessemer node --port 0 --accounts 3 --block-time 2
  bessemer node --hardfork prague --base-fee 0
  bessemer node --genesis genesis.json --import chain.rlp
";

/// Wei of one ether.
const ETHER: u64 = 1_000_000_000_000_000_000;

/// Does what `args` say.
pub(crate) fn run(args: &Args, output: Output) -> Result<u8, Failure> {
    if !args.silent {
        log();
    }
    let wallet = Wallet::from_mnemonic(&args.mnemonic, args.accounts)
        .map_err(|error| Failure::Usage(error.to_string()))?;
    let state = Held::open(args)?;
    let genesis = match &args.genesis {
        Some(path) => Genesis::parse(&read(path)?)
            .map_err(|error| Failure::Other(format!("{}: {error}", path.display())))?,
        None => development(args, &wallet, state.first_time()?),
    };
    let (chain_id, gas_limit) = (genesis.spec.chain_id, genesis.gas_limit);
    let base_fee = genesis.base_fee;
    let banner = banner(args, &wallet);
    // everyone who can reach the port could use the keys
    let wallet = if args.host.is_loopback() { wallet } else { Wallet::default() };
    let other = |error: &dyn std::error::Error| Failure::Other(error.to_string());
    let Held { folder, archive } = state;
    let path = archive.as_ref().map(|archive| archive.path().display().to_string());
    let node = Node::start(Config {
        genesis,
        wallet,
        mining: mining(args)?,
        base_fee: args.base_fee,
        pool: Limits::default(),
        call_gas: args.call_gas,
        archive,
        sources: sources(),
    })
    .map_err(|error| match error {
        StartError::Archive(error) => refused(&error),
        error => other(&error),
    })?;
    let height = node.ledger().height();
    if let Some(path) = &args.import {
        if height > 0 {
            return Err(Failure::Usage(format!(
                "the chain has {height} blocks already: start it without --import"
            )));
        }
        let bytes = read(path)?;
        let blocks = move |miner: &mut bessemer_node::Miner| {
            miner.import(bessemer_node::block::blocks(&bytes))
        };
        let imported = node.write_blocking(blocks).map_err(|error| other(&error))?;
        imported.map_err(|error| Failure::Other(format!("{}: {error}", path.display())))?;
    }
    let options = ServerOptions {
        address: SocketAddr::new(args.host, args.port),
        origins: args.allow_origin.clone(),
        hosts: args.allow_host.clone(),
        ..ServerOptions::default()
    };
    let server = Background::start(node, &options).map_err(|error| other(&error))?;
    let address = server.address();
    let endpoint = folder.map(|folder| Endpoint::write(&folder, &url(address))).transpose()?;
    if output.json {
        output.document(&json!({ "address": address.to_string(), "chainId": chain_id }))?;
    } else {
        if !args.silent {
            output.text(banner)?;
            let fee = base_fee.map_or_else(|| "none".to_owned(), |fee| fee.to_string());
            output.text(format_args!(
                "Chain ID\n==================\n\n{chain_id}\n\nBase Fee\n==================\n\n{fee}\n\n\
                 Gas Limit\n==================\n\n{gas_limit}\n\n"
            ))?;
        }
        if let Some(archive) = path.filter(|_| !args.silent) {
            output.note(format_args!("The chain is in {archive}, at block {height}"));
        }
        output.text(format_args!("Listening on {address}\n"))?;
        if !args.silent {
            output.text(format_args!("Explorer: http://{address}/\n"))?;
        }
    }
    let ended = server.until_told();
    drop(endpoint);
    ended.map_err(|fault| Failure::Other(format!("the node ended: {fault}")))?;
    Ok(0)
}

/// Where a node with this address is asked from the same machine.
fn url(address: SocketAddr) -> String {
    let host = match address.ip() {
        host if !host.is_unspecified() => host,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
    };
    format!("http://{}", SocketAddr::new(host, address.port()))
}

/// Where the chain is kept.
struct Held {
    folder: Option<PathBuf>,
    archive: Option<Archive>,
}

impl Held {
    fn open(args: &Args) -> Result<Self, Failure> {
        let Some(folder) = &args.state else { return Ok(Self { folder: None, archive: None }) };
        let folder = match folder {
            Some(folder) => folder.clone(),
            None => {
                let project = Folder::find()?;
                project.create()?;
                endpoint::folder(&project)
            }
        };
        let archive = Archive::open(&folder).map_err(|error| refused(&error))?;
        Ok(Self { folder: Some(folder), archive: Some(archive) })
    }

    /// The time of the first block, if there is one.
    fn first_time(&self) -> Result<Option<u64>, Failure> {
        let time = self.archive.as_ref().map(Archive::first_time).transpose();
        Ok(time.map_err(|error| refused(&error.into()))?.flatten())
    }
}

/// A chain that cannot be used, in the words of its store.
fn refused(error: &ArchiveError) -> Failure {
    Failure::State(with_sources(error))
}

/// Source lines of the project that the node is started in, if it is one.
fn sources() -> bessemer_node::Sources {
    let sources = Folder::find().map(|folder| Sources::of(&folder)).unwrap_or_default();
    Arc::new(move |code, pc| sources.find(code, pc))
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|source| Failure::file("read", path, source))
}

fn mining(args: &Args) -> Result<Mining, Failure> {
    match args.block_time {
        _ if args.no_mining || args.import.is_some() => Ok(Mining::Manual),
        None => Ok(Mining::Automatic),
        Some(seconds) => Duration::try_from_secs_f64(seconds)
            .ok()
            .filter(|interval| !interval.is_zero())
            .map(Mining::Interval)
            .ok_or_else(|| {
                Failure::Usage(format!("--block-time {seconds} is not a time between blocks"))
            }),
    }
}

fn development(args: &Args, wallet: &Wallet, first: Option<u64>) -> Genesis {
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    Genesis::development(&Development {
        chain_id: args.chain_id,
        fork: args.hardfork,
        // a chain that is there began then
        timestamp: args.timestamp.or(first).unwrap_or_else(now),
        gas_limit: args.gas_limit,
        base_fee: args.base_fee.unwrap_or(1_000_000_000),
        accounts: wallet.addresses().collect(),
        balance: U256::from(args.balance) * U256::from(ETHER),
    })
}

/// The accounts and their keys, as people know it from other development nodes.
fn banner(args: &Args, wallet: &Wallet) -> String {
    let mut text = String::new();
    let secrets: Vec<_> = wallet.secrets().take(100).collect();
    // writing to a string does not fail
    let _ = writeln!(text, "\nAvailable Accounts\n==================\n");
    for (index, (address, _)) in secrets.iter().enumerate() {
        let _ = writeln!(text, "({index}) {address} ({}.000000000000000000 ETH)", args.balance);
    }
    let _ = writeln!(text, "\nPrivate Keys (public: everybody knows them)\n==================\n");
    for (index, (_, key)) in secrets.iter().enumerate() {
        let _ = writeln!(text, "({index}) {key}");
    }
    let _ = writeln!(
        text,
        "\nWallet\n==================\nMnemonic:          {}\nDerivation path:   m/44'/60'/0'/0/\n\n",
        args.mnemonic
    );
    text
}

/// Logs to standard error, as RUST_LOG says.
fn log() {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("warn,bessemer_node=info"));
    // another logger may be set already
    let _ =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).try_init();
}
