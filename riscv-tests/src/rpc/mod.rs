//! Ethereum's request-and-answer tests (execution-apis): a node on their chain answers as they say.

mod compare;
mod script;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use bessemer_node::spec::Genesis;
use bessemer_node::{Background, Config, Limits, Mining, Node, ServerOptions, Wallet};
use serde_json::Value;

pub use self::compare::Difference;
use self::script::{Exchange, Script};

/// Tests that are not expected to pass, with the reason of each: the file's folder and name.
pub const EXCEPTIONS: &[(&str, &str)] = &[
    (
        "eth_simulateV1/ethSimulate-self-destructive-contract-produces-logs.io",
        "traceTransfers does not show what SELFDESTRUCT moves: inspectors of the chain are not told",
    ),
    (
        "eth_simulateV1/ethSimulate-use-as-many-features-as-possible.io",
        "the hash of the tenth simulated block is another, for a reason that is not found yet",
    ),
];

/// The gas that calls may use, as the tests were recorded.
const CALL_GAS: u64 = 50_000_000;

/// The outcome of one file.
#[derive(Debug)]
pub enum Verdict {
    /// All answers were right.
    Passed,
    /// An answer was not.
    Failed(String),
    /// It failed, as was expected, for this reason.
    Excepted(&'static str),
    /// It was expected to fail and did not: the exception is to be removed.
    PassedThough(&'static str),
}

impl Verdict {
    /// Whether the run is good with this verdict.
    pub fn is_good(&self) -> bool {
        matches!(self, Self::Passed | Self::Excepted(_))
    }
}

/// The files of a directory with requests and answers, in order.
///
/// # Errors
///
/// If the directory cannot be read, or has none.
pub fn scripts(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![directory.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder);
        for entry in entries.with_context(|| format!("{} cannot be read", folder.display()))? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "io") {
                found.push(path);
            }
        }
    }
    ensure!(!found.is_empty(), "no .io file is in {}", directory.display());
    found.sort();
    Ok(found)
}

/// A node on the chain of the tests.
pub struct Subject {
    server: Background,
    /// The number of the newest block.
    pub height: u64,
}

impl Subject {
    /// Starts a node on the directory's `genesis.json`, and imports its `chain.rlp`: each block is
    /// executed, and its state root, receipts root, gas and bloom filter are compared. Seals of proof
    /// of work are not checked.
    ///
    /// # Errors
    ///
    /// If a file is missing, a block breaks a rule, or the node cannot start.
    pub fn start(directory: &Path) -> Result<Self> {
        let read = |name: &str| {
            let path = directory.join(name);
            std::fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))
        };
        let node = Node::start(Config {
            genesis: Genesis::parse(&read("genesis.json")?)?,
            wallet: Wallet::default(),
            mining: Mining::Manual,
            base_fee: None,
            pool: Limits::default(),
            call_gas: CALL_GAS,
            archive: None,
            sources: bessemer_node::no_sources(),
        })?;
        let bytes = read("chain.rlp")?;
        let imported =
            node.write_blocking(move |miner| miner.import(bessemer_node::block::blocks(&bytes)))?;
        let height = imported.context("chain.rlp cannot be imported")?;
        let options =
            ServerOptions { address: ([127, 0, 0, 1], 0).into(), ..ServerOptions::default() };
        let server = Background::start(Arc::clone(&node), &options)?;
        Ok(Self { server, height })
    }

    /// Sends the requests of a file, and compares the answers.
    ///
    /// # Errors
    ///
    /// If the file cannot be read.
    pub fn judge(&self, path: &Path) -> Result<Verdict> {
        let text = std::fs::read_to_string(path)?;
        let script = Script::parse(&text).with_context(|| path.display().to_string())?;
        let name = name(path);
        let exception = EXCEPTIONS.iter().find(|(excepted, _)| *excepted == name);
        let failure = script.exchanges.iter().find_map(|exchange| {
            self.exchange(exchange, script.shape_only).err().map(|error| format!("{error:#}"))
        });
        Ok(match (failure, exception) {
            (None, None) => Verdict::Passed,
            (Some(failure), None) => Verdict::Failed(failure),
            (Some(_), Some((_, reason))) => Verdict::Excepted(reason),
            (None, Some((_, reason))) => Verdict::PassedThough(reason),
        })
    }

    fn exchange(&self, exchange: &Exchange, shape_only: bool) -> Result<()> {
        let url = format!("http://{}", self.server.address());
        let agent: ureq::Agent =
            ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let sent =
            agent.post(&url).content_type("application/json").send(exchange.request.as_bytes());
        let answer = sent?.body_mut().with_config().limit(u64::MAX).read_to_string()?;
        let found: Value = serde_json::from_str(&answer).context("the answer is not JSON")?;
        if let Some(difference) = compare::answers(&exchange.answer, &found, shape_only) {
            let request: String = exchange.request.chars().take(300).collect();
            bail!("{difference}\n    in the answer to {request}");
        }
        Ok(())
    }
}

/// The folder and the name of a file, by which exceptions are named.
pub fn name(path: &Path) -> String {
    let parts: Vec<_> = path.iter().rev().take(2).map(|part| part.to_string_lossy()).collect();
    parts.into_iter().rev().collect::<Vec<_>>().join("/")
}
