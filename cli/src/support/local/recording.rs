//! Transactions with all that running them again needs: those that failed in `.bessemer/failed/NNNN.json`,
//! where they can be taken elsewhere, and those of the chain in `.bessemer/transactions/HEIGHT.json`, without
//! the code, which the chain has.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bessemer_chain::store::{View, decode_key, encode_key};
use bessemer_chain::{
    Action, Address, BlockInfo, Chain, ChainConfig, CodeHash, Inspector, Prices, Receipt, StateKey,
    Status, StorageKey, Transaction, U256,
};
use bessemer_runtime::Backend;
use serde::{Deserialize, Serialize};

use super::{Executed, Folder, Recorded, engine};
use crate::support::failure::{Failure, with_sources};
use crate::support::names::Names;
use crate::support::number::parse_hex as bytes;
use crate::support::output::hex;

const FAILED: &str = "bessemer.failed/1";
const KEPT: &str = "bessemer.transaction/1";
const FOLDER: &str = "failed";
/// The largest file that is read.
const BYTES: u64 = 64 << 20;

/// A transaction, and the state that it used.
pub(crate) struct Recording {
    pub(crate) chain_id: u64,
    /// The number of the chain's gas schedule.
    pub(crate) schedule: u32,
    pub(crate) info: BlockInfo,
    pub(crate) transaction: Transaction,
    pub(crate) state: Vec<(StateKey, Vec<u8>)>,
    pub(crate) names: Names,
    pub(crate) status: Status,
    pub(crate) gas_used: u64,
    pub(crate) output: Vec<u8>,
    /// Code that is not in the file, and of it that which the transaction deploys.
    codes: Vec<StateKey>,
    deployed: Option<StateKey>,
}

#[derive(Serialize, Deserialize)]
struct Document {
    schema: String,
    chain_id: u64,
    #[serde(default = "first_schedule")]
    schedule: u32,
    height: u64,
    timestamp: u64,
    sender: String,
    nonce: u64,
    gas_limit: u64,
    value: String,
    action: ActionDocument,
    outcome: OutcomeDocument,
    names: Vec<(String, String)>,
    state: Vec<(String, String)>,
    /// Keys of code that the chain has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    codes: Vec<String>,
}

/// The gas schedule of recordings that name none.
fn first_schedule() -> u32 {
    Prices::V1.id
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ActionDocument {
    Call {
        to: String,
        input: String,
    },
    Deploy {
        code: String,
        input: String,
    },
    /// The code is that of a key.
    DeployKnown {
        key: String,
        input: String,
    },
}

#[derive(Serialize, Deserialize)]
struct OutcomeDocument {
    status: Status,
    gas_used: u64,
    output: String,
}

impl Recording {
    /// Writes a transaction that failed into the next file.
    pub(crate) fn save(
        folder: &Folder,
        names: &Names,
        executed: &Executed,
        schedule: u32,
    ) -> Result<PathBuf, Failure> {
        let document = Document::new(names, executed, schedule, false)?;
        document.write(folder, &format!("{FOLDER}/{:04}.json", next(folder)))
    }

    /// Writes a transaction of the chain.
    pub(crate) fn keep(
        folder: &Folder,
        names: &Names,
        executed: &Executed,
        schedule: u32,
    ) -> Result<PathBuf, Failure> {
        let document = Document::new(names, executed, schedule, true)?;
        document.write(folder, &kept(executed.info.height))
    }

    /// The file of the transaction of a block, if it was recorded.
    pub(crate) fn of_block(folder: &Folder, height: u64) -> Option<PathBuf> {
        Some(folder.path(&kept(height))).filter(|path| path.is_file())
    }

    /// Adds code that is not in the file. Says what is missing.
    pub(crate) fn complete(&mut self, store: &dyn View) -> Result<(), Failure> {
        let get = |key: &StateKey| {
            let found = store.get(key).map_err(|error| Failure::State(with_sources(&error)))?;
            found.ok_or_else(|| Failure::State(format!("the chain does not have {key}")))
        };
        for key in &self.codes {
            self.state.push((*key, get(key)?.to_vec()));
        }
        if let (Some(key), Action::Deploy { code, .. }) =
            (&self.deployed, &mut self.transaction.action)
        {
            *code = get(key)?.to_vec().into();
        }
        Ok(())
    }
}

/// The file of the transaction of a block.
fn kept(height: u64) -> String {
    format!("transactions/{height}.json")
}

impl Document {
    /// `known`: whether code is known to the chain and is left out.
    fn new(
        names: &Names,
        executed: &Executed,
        schedule: u32,
        known: bool,
    ) -> Result<Self, Failure> {
        let text = |bytes: &[u8]| format!("0x{}", hex(bytes));
        let Executed { transaction, info, receipt, before, .. } = executed;
        let action = match &transaction.action {
            Action::Call { to, input } => {
                ActionDocument::Call { to: to.to_string(), input: text(input) }
            }
            Action::Deploy { code, input, .. } if known => {
                let key = text(&encode_key(&StateKey::Code(CodeHash::of(code))));
                ActionDocument::DeployKnown { key, input: text(input) }
            }
            Action::Deploy { code, input, .. } => {
                ActionDocument::Deploy { code: text(code), input: text(input) }
            }
            Action::Create { .. } => return Err(unknown("creations from stored code")),
        };
        let is_code = |key: &StateKey| matches!(key, StateKey::Code(_) | StateKey::Bytecode(_));
        let with_values = before.iter().filter_map(|(key, value)| Some((key, value.as_ref()?)));
        let (codes, state): (Vec<_>, Vec<_>) =
            with_values.partition(|(key, _)| known && is_code(key));
        Ok(Self {
            schema: if known { KEPT } else { FAILED }.to_owned(),
            chain_id: info.chain_id,
            schedule,
            height: info.height,
            timestamp: info.timestamp,
            sender: transaction.sender.to_string(),
            nonce: transaction.nonce,
            gas_limit: transaction.gas_limit,
            value: transaction.value.to_string(),
            action,
            outcome: OutcomeDocument {
                status: receipt.status,
                gas_used: receipt.gas_used,
                output: text(&receipt.output),
            },
            names: names.iter().map(|(name, of)| (name.to_owned(), of.to_string())).collect(),
            state: state
                .into_iter()
                .map(|(key, value)| (text(&encode_key(key)), text(value)))
                .collect(),
            codes: codes.into_iter().map(|(key, _)| text(&encode_key(key))).collect(),
        })
    }

    fn write(&self, folder: &Folder, name: &str) -> Result<PathBuf, Failure> {
        let text = serde_json::to_vec_pretty(self)
            .map_err(|error| Failure::Other(format!("cannot write the transaction: {error}")))?;
        folder.write(name, &text)
    }
}

impl Recording {
    /// Reads a recorded transaction. The file is not trusted.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let io = |source| Failure::file("read", path, source);
        let wrong = |reason: String| {
            Failure::Usage(format!("{} is not a recorded transaction: {reason}", path.display()))
        };
        let length = std::fs::metadata(path).map_err(io)?.len();
        if length > BYTES {
            return Err(wrong(format!("it has {length} bytes, more than {BYTES}")));
        }
        let text = std::fs::read(path).map_err(io)?;
        let document: Document =
            serde_json::from_slice(&text).map_err(|error| wrong(error.to_string()))?;
        if ![FAILED, KEPT].contains(&document.schema.as_str()) {
            return Err(wrong(format!("it is not of the form {FAILED} or {KEPT}")));
        }
        Self::parse(document)
            .ok_or_else(|| wrong("a number, an address or bytes are malformed".to_owned()))
    }

    fn parse(document: Document) -> Option<Self> {
        let key = |text: &str| decode_key(&bytes(text)?).ok();
        let mut deployed = None;
        let action = match document.action {
            ActionDocument::Call { to, input } => {
                Action::Call { to: to.parse().ok()?, input: bytes(&input)? }
            }
            ActionDocument::Deploy { code, input } => {
                Action::Deploy { code: bytes(&code)?.into(), input: bytes(&input)?, salt: None }
            }
            ActionDocument::DeployKnown { key: code, input } => {
                deployed = Some(key(&code)?);
                Action::Deploy { code: [].into(), input: bytes(&input)?, salt: None }
            }
        };
        let codes = document.codes.iter().map(|code| key(code)).collect::<Option<_>>()?;
        let mut names = Names::default();
        for (name, address) in document.names {
            names.insert(name, address.parse::<Address>().ok()?);
        }
        let entry = |(of, value): (String, String)| Some((key(&of)?, bytes(&value)?));
        let state = document.state.into_iter().map(entry).collect::<Option<_>>()?;
        let (chain_id, height) = (document.chain_id, document.height.checked_sub(1)? + 1);
        Some(Self {
            chain_id,
            schedule: document.schedule,
            info: BlockInfo {
                chain_id,
                height,
                timestamp: document.timestamp,
                ..BlockInfo::default()
            },
            transaction: Transaction {
                sender: document.sender.parse().ok()?,
                nonce: document.nonce,
                gas_limit: document.gas_limit,
                gas_price: U256::ZERO,
                value: U256::from_str_radix(&document.value, 10).ok()?,
                action,
                access: None,
            },
            state,
            names,
            status: document.outcome.status,
            gas_used: document.outcome.gas_used,
            output: bytes(&document.outcome.output)?,
            codes,
            deployed,
        })
    }

    /// Runs it again, on this back end.
    pub(crate) fn run(
        &self,
        backend: Backend,
        inspector: Option<&mut dyn Inspector>,
    ) -> Result<(Chain, Receipt), Failure> {
        let state = self.state.iter().cloned();
        let store = Arc::new(Recorded::new(state));
        store.set_head(self.info.height - 1, self.info.timestamp.saturating_sub(1));
        store.set_schedule(self.schedule);
        let config = ChainConfig { chain_id: self.chain_id, ..ChainConfig::default() };
        let mut chain = Chain::on(&engine(backend)?, store, config)?;
        let mut block = chain.block_at(self.info.timestamp);
        let receipt = block.push_inspected(&self.transaction, inspector)?.clone();
        drop(block);
        Ok((chain, receipt))
    }

    /// A value that a contract had stored before the transaction.
    pub(crate) fn stored(&self, contract: &Address, key: &StorageKey) -> Option<Vec<u8>> {
        let key = StateKey::Storage(*contract, *key);
        self.state.iter().find(|(known, _)| *known == key).map(|(_, value)| value.clone())
    }

    /// Whether a run ended like the recorded one.
    pub(crate) fn is_like(&self, receipt: &Receipt) -> bool {
        (self.status, self.gas_used, &self.output)
            == (receipt.status, receipt.gas_used, &receipt.output)
    }
}

/// The number after the highest.
fn next(folder: &Folder) -> u32 {
    let Ok(entries) = std::fs::read_dir(folder.path(FOLDER)) else { return 1 };
    let numbers = entries.filter_map(|entry| {
        let name = entry.ok()?.file_name();
        name.to_str()?.strip_suffix(".json")?.parse::<u32>().ok()
    });
    numbers.max().map_or(1, |highest| highest.saturating_add(1))
}

fn unknown(what: &str) -> Failure {
    Failure::Other(format!("{what} cannot be recorded"))
}
