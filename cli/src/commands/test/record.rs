//! Replays what a native test did, with images.

use std::path::Path;
use std::sync::Arc;

use bessemer_abi::codes::status;
use bessemer_chain::store::{Store, decode_account};
use bessemer_chain::{
    Account, Action, Address, Chain, ChainConfig, ChainError, CodeHash, Event, Inspector, Receipt,
    StateKey, U256,
};
use bessemer_runtime::{Backend, Engine};
use serde::Deserialize;
use sha3::{Digest, Keccak256};

use super::{BACKENDS, engine};
use crate::support::failure::{Failure, with_sources};
use crate::support::functions::{Frames, Images, Noted};
use crate::support::local::{Recorded, Terms, transaction};
use crate::support::number::parse_hex;
use crate::support::output::hex;

/// The steps of one test.
#[derive(Debug, Default)]
pub(crate) struct Record(Vec<Step>);

/// The costs of playing a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Played {
    pub(crate) gas: u64,
    pub(crate) transactions: usize,
}

/// A line of the record, as the SDK writes it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Step {
    pub(super) kind: String,
    height: u64,
    timestamp: u64,
    chain_id: u64,
    sender: String,
    pub(super) to: String,
    value: String,
    pub(super) input: String,
    pub(super) code: String,
    salt: Option<String>,
    status: u32,
    output: String,
    events: Vec<EventRecord>,
    state: String,
    /// Where the test did it.
    pub(super) line: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct EventRecord {
    contract: String,
    topics: Vec<String>,
    data: String,
}

/// The parts of a step that are compared.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ended {
    pub(super) status: u32,
    pub(super) output: String,
    pub(super) events: Vec<EventRecord>,
    pub(super) state: String,
}

/// A step that ran.
pub(super) struct Ran {
    pub(super) ended: Ended,
    gas: u64,
    /// None of a query that returned.
    pub(super) receipt: Option<Receipt>,
}

/// The first difference between a native test and images.
pub(crate) struct Difference {
    /// Where it showed.
    pub(super) engine: &'static str,
    /// The step.
    pub(super) index: usize,
    pub(super) reason: Reason,
}

pub(super) enum Reason {
    /// This differs, and so the images ended.
    Differs(&'static str, Ended),
    Other(String),
}

impl Record {
    pub(super) fn steps(&self) -> &[Step] {
        &self.0
    }

    /// Whether the test did nothing with contracts.
    pub(super) fn is_empty(&self) -> bool {
        let mut steps = self.0.iter();
        !steps.any(|step| matches!(step.kind.as_str(), "create" | "call" | "query"))
    }

    /// The record of a test; empty if it did nothing with contracts.
    pub(crate) fn read(folder: &Path, test: &str) -> Result<Self, Failure> {
        let path = folder.join(format!("{}.jsonl", test.replace("::", ".")));
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(source) => return Err(Failure::file("read", &path, source)),
        };
        let steps = text.lines().map(serde_json::from_str).collect::<Result<_, _>>();
        steps.map(Self).map_err(|error| {
            Failure::Tests(format!(
                "the record of {test} is damaged: {error}; is the SDK of this version?"
            ))
        })
    }

    /// A contract of the test that has no image, so that the test cannot be played.
    pub(crate) fn without_image(&self, images: &Images) -> Option<&str> {
        let creation = |step: &&Step| step.kind == "create" && step.image(images).is_none();
        self.0.iter().find(creation).map(|step| step.code.as_str())
    }

    /// Plays it on each back end. The error describes the first difference.
    pub(crate) fn play(&self, images: &Images) -> Result<(Played, Noted), Difference> {
        let mut played = Vec::new();
        let mut noted = Noted::default();
        for (backend, name) in BACKENDS {
            let counted = (backend == Backend::Interpreter).then_some(&mut noted);
            let done = self.play_on(backend, images, counted);
            played.push(done.map_err(|(index, reason)| Difference {
                engine: name,
                index,
                reason,
            })?);
        }
        match played.as_slice() {
            [first, second] if first != second => Err(Difference {
                engine: "both engines",
                index: self.0.len().saturating_sub(1),
                reason: Reason::Other(format!(
                    "gas differs: {} on the interpreter, {} in native code",
                    first.gas, second.gas
                )),
            }),
            _ => Ok((played.first().copied().unwrap_or_default(), noted)),
        }
    }

    fn play_on(
        &self,
        backend: Backend,
        images: &Images,
        mut noted: Option<&mut Noted>,
    ) -> Result<Played, (usize, Reason)> {
        let engine = engine(backend).map_err(|reason| (0, Reason::Other(reason)))?;
        let mut store = Arc::new(Recorded::default());
        let mut played = Played::default();
        for (index, step) in self.0.iter().enumerate() {
            let other = |reason: String| (index, Reason::Other(reason));
            if step.prepare(&mut store, images).map_err(other)? {
                continue;
            }
            let mut frames = noted.is_some().then(Frames::default);
            let inspector = frames.as_mut().map(|frames| frames as &mut (dyn Inspector + Send));
            let ran = step.run(&engine, &store, images, inspector);
            let Ran { ended, gas, .. } = ran.map_err(other)?;
            if let (Some(noted), Some(frames)) = (&mut noted, frames) {
                note(noted, &frames, &store, images);
            }
            if step.kind != "query" {
                played.gas += gas;
                played.transactions += 1;
            }
            if let Some(what) = step.difference(&ended) {
                return Err((index, Reason::Differs(what, ended)));
            }
        }
        Ok(played)
    }
}

impl Step {
    /// Does what needs no contract; whether that was all.
    pub(super) fn prepare(
        &self,
        store: &mut Arc<Recorded>,
        images: &Images,
    ) -> Result<bool, String> {
        match self.kind.as_str() {
            "reset" => *store = Arc::new(Recorded::default()),
            "balance" => self.set_balance(store)?,
            "upload" => {
                if let Some(image) = self.image(images) {
                    store.set(StateKey::Code(CodeHash::of(image)), Some(image));
                }
            }
            // a name, for people
            "user" => {}
            _ => return Ok(self.never_ran()),
        }
        Ok(true)
    }

    pub(super) fn image<'a>(&self, images: &'a Images) -> Option<&'a Arc<[u8]>> {
        // what is declared among tests stands in no image
        let among_tests = self.code.split("::").any(|module| module == "tests");
        images.get(self.code.split("::").next()?).filter(|_| !among_tests)
    }

    /// Whether it was refused before any contract ran, which a transaction has other words for.
    fn never_ran(&self) -> bool {
        ![status::RETURN, status::REVERT, status::TRAP, status::OUT_OF_GAS].contains(&self.status)
    }

    fn set_balance(&self, store: &Recorded) -> Result<(), String> {
        let to = address(&self.to)?;
        let found = store.entry(&StateKey::Account(to));
        let found = found.map(|bytes| decode_account(&bytes)).transpose();
        let found = found.map_err(|error| with_sources(&error))?.unwrap_or_default();
        store.set_account(&to, &Account { balance: number(&self.value)?, ..found });
        Ok(())
    }

    /// Runs the step on the state that the steps before left.
    pub(super) fn run(
        &self,
        engine: &Engine,
        store: &Arc<Recorded>,
        images: &Images,
        inspector: Option<&mut (dyn Inspector + Send)>,
    ) -> Result<Ran, String> {
        let failed = |error: ChainError| with_sources(&error);
        store.set_head(self.height.saturating_sub(1), self.timestamp.saturating_sub(1));
        let config = ChainConfig { chain_id: self.chain_id, ..ChainConfig::default() };
        let shared = Arc::clone(store) as Arc<dyn Store>;
        let mut chain = Chain::on(engine, shared, config).map_err(failed)?;
        let (sender, input) = (address(&self.sender)?, bytes(&self.input)?);
        if self.kind == "query" {
            let mut call = chain.call(address(&self.to)?, "").from(sender).input(input);
            if let Some(inspector) = inspector {
                call = call.inspect(inspector);
            }
            let asked = call.query_bytes();
            let (status, output, receipt) = match asked {
                Ok(output) => (status::RETURN, output, None),
                Err(ChainError::Failed(receipt)) => {
                    (code(&receipt), receipt.output.clone(), Some(*receipt))
                }
                Err(error) => return Err(failed(error)),
            };
            let output = format!("0x{}", hex(&output));
            let ended = Ended { status, output, events: Vec::new(), state: digest(store)? };
            return Ok(Ran { ended, gas: 0, receipt });
        }
        let action = if self.kind == "create" {
            let image = self.image(images).ok_or_else(|| {
                format!("there is no image of {}: it is not a contract of this project", self.code)
            })?;
            let salt = self.salt.as_deref().map(bytes).transpose()?;
            let salt = salt.and_then(|salt| salt.try_into().ok());
            Action::Deploy { code: Arc::clone(image), input, salt }
        } else {
            Action::Call { to: address(&self.to)?, input }
        };
        let nonce = chain.account(&sender).map_err(failed)?.nonce;
        let terms = Terms { from: sender, value: number(&self.value)?, gas: None, at: None };
        let transaction = transaction(nonce, action, terms);
        let mut block = chain.block();
        let inspector = inspector.map(|inspector| inspector as &mut dyn Inspector);
        let receipt = block.push_inspected(&transaction, inspector).map_err(failed)?.clone();
        block.commit().map_err(failed)?;
        let events = receipt.events.iter().map(EventRecord::of).collect();
        // a creation returns nothing to a native test
        let output = format!("0x{}", hex(&receipt.output));
        let ended = Ended { status: code(&receipt), output, events, state: digest(store)? };
        Ok(Ran { ended, gas: receipt.gas_used, receipt: Some(receipt) })
    }

    /// The outcome in the native test.
    pub(super) fn native(&self) -> Ended {
        Ended {
            status: self.status,
            output: self.output.clone(),
            events: self.events.clone(),
            state: self.state.clone(),
        }
    }

    /// What of an outcome is not as in the native test.
    pub(super) fn difference(&self, ended: &Ended) -> Option<&'static str> {
        // a message with the place of a panic names the same line by another path
        let output = self.output == ended.output || same_message(&self.output, &ended.output);
        [
            ("status", self.status == ended.status),
            ("output", output),
            ("events", self.events == ended.events),
            ("state", self.state == ended.state),
        ]
        .into_iter()
        .find_map(|(what, same)| (!same).then_some(what))
    }
}

/// Notes the frames of a step, by what code stands at their addresses behind it.
fn note(noted: &mut Noted, frames: &Frames, store: &Recorded, images: &Images) {
    for frame in &frames.returned {
        let account = store.entry(&StateKey::Account(frame.code));
        let account = account.and_then(|bytes| decode_account(&bytes).ok());
        if let Some(hash) = account.and_then(|account| account.program()) {
            noted.frame(frame, &hash, images);
        }
    }
}

/// Whether both are messages that end with a place in a source file, and differ in its folder only.
fn same_message(native: &str, image: &str) -> bool {
    use bessemer_types::revert::Revert;
    let message = |output: &str| -> Option<(String, String)> {
        let output = parse_hex(output)?;
        let Some(Revert::Error(message)) = Revert::decode(&output) else { return None };
        let (said, place) = message.strip_suffix(')')?.rsplit_once(" (")?;
        let file = place.rsplit('/').next()?;
        Some((said.to_owned(), file.to_owned()))
    };
    message(native).is_some_and(|native| message(image) == Some(native))
}

impl EventRecord {
    pub(super) fn event(&self) -> Result<Event, String> {
        let word = |text: &String| {
            let bytes = bytes(text)?;
            <[u8; 32]>::try_from(bytes).map_err(|_| format!("`{text}` is not a topic"))
        };
        Ok(Event {
            address: address(&self.contract)?,
            topics: self.topics.iter().map(word).collect::<Result<_, _>>()?,
            data: bytes(&self.data)?,
        })
    }

    fn of(event: &Event) -> Self {
        Self {
            contract: event.address.to_string(),
            topics: event.topics.iter().map(|topic| format!("0x{}", hex(topic))).collect(),
            data: format!("0x{}", hex(&event.data)),
        }
    }
}

/// The status as contracts see it.
fn code(receipt: &Receipt) -> u32 {
    use bessemer_chain::Status;
    match receipt.status {
        Status::Return => status::RETURN,
        Status::Revert => status::REVERT,
        Status::Trap => status::TRAP,
        Status::OutOfGas => status::OUT_OF_GAS,
    }
}

/// The digest that the SDK writes: balances that are not 0, and what contracts have stored.
fn digest(store: &Recorded) -> Result<String, String> {
    let mut bytes = Vec::new();
    let mut part = |part: &[u8]| {
        bytes.extend_from_slice(&(part.len() as u32).to_le_bytes());
        bytes.extend_from_slice(part);
    };
    let entries = store.entries();
    for (key, value) in &entries {
        let StateKey::Account(address) = key else { continue };
        let account = decode_account(value).map_err(|error| error.to_string())?;
        if !account.balance.is_zero() {
            part(address.as_bytes());
            part(&account.balance.to_be_bytes::<32>());
        }
        for (key, value) in &entries {
            if let StateKey::Storage(of, key) = key
                && of == address
                && account.code.is_some()
            {
                part(address.as_bytes());
                part(key.as_bytes());
                part(value);
            }
        }
    }
    let digest: [u8; 32] = Keccak256::digest(&bytes).into();
    Ok(format!("0x{}", hex(&digest)))
}

pub(super) fn address(text: &str) -> Result<Address, String> {
    text.parse().map_err(|_| format!("`{text}` is not an address"))
}

pub(super) fn bytes(text: &str) -> Result<Vec<u8>, String> {
    parse_hex(text).ok_or_else(|| format!("`{text}` is not bytes"))
}

fn number(text: &str) -> Result<U256, String> {
    text.parse().map_err(|_| format!("`{text}` is not a number"))
}
