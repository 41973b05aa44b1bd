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
struct Step {
    kind: String,
    height: u64,
    timestamp: u64,
    chain_id: u64,
    sender: String,
    to: String,
    value: String,
    input: String,
    code: String,
    salt: Option<String>,
    status: u32,
    output: String,
    events: Vec<EventRecord>,
    state: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct EventRecord {
    contract: String,
    topics: Vec<String>,
    data: String,
}

/// The parts of a step that are compared.
#[derive(Debug, PartialEq, Eq)]
struct Ended {
    status: u32,
    output: String,
    events: Vec<EventRecord>,
    state: String,
}

impl Record {
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
    pub(crate) fn play(&self, images: &Images) -> Result<(Played, Noted), String> {
        let mut played = Vec::new();
        let mut noted = Noted::default();
        for (backend, name) in BACKENDS {
            let counted = (backend == Backend::Interpreter).then_some(&mut noted);
            let done = self
                .play_on(backend, images, counted)
                .map_err(|reason| format!("  on {name}: {reason}"))?;
            played.push(done);
        }
        match played.as_slice() {
            [first, second] if first != second => Err(format!(
                "  gas differs: {} on the interpreter, {} in native code",
                first.gas, second.gas
            )),
            _ => Ok((played.first().copied().unwrap_or_default(), noted)),
        }
    }

    fn play_on(
        &self,
        backend: Backend,
        images: &Images,
        mut noted: Option<&mut Noted>,
    ) -> Result<Played, String> {
        let engine = engine(backend)?;
        let mut store = Arc::new(Recorded::default());
        let mut played = Played::default();
        for (index, step) in self.0.iter().enumerate() {
            let at = |reason: String| format!("step {}, {}: {reason}", index + 1, step.describe());
            match step.kind.as_str() {
                "reset" => store = Arc::new(Recorded::default()),
                "balance" => step.set_balance(&store).map_err(at)?,
                "upload" => {
                    if let Some(image) = step.image(images) {
                        store.set(StateKey::Code(CodeHash::of(image)), Some(image));
                    }
                }
                _ if step.never_ran() => {}
                _ => {
                    let mut frames = noted.is_some().then(Frames::default);
                    let ran = step.run(&engine, &store, images, frames.as_mut());
                    let (ended, gas) = ran.map_err(at)?;
                    if let (Some(noted), Some(frames)) = (&mut noted, frames) {
                        note(noted, &frames, &store, images);
                    }
                    if step.kind != "query" {
                        played.gas += gas;
                        played.transactions += 1;
                    }
                    step.compare(&ended).map_err(at)?;
                }
            }
        }
        Ok(played)
    }
}

impl Step {
    fn describe(&self) -> String {
        let selector = self.input.get(..10).unwrap_or(&self.input);
        match self.kind.as_str() {
            "create" => format!("creation of {}", self.code),
            kind => format!("{kind} of {} with input {selector}...", self.to),
        }
    }

    fn image<'a>(&self, images: &'a Images) -> Option<&'a Arc<[u8]>> {
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
    fn run(
        &self,
        engine: &Engine,
        store: &Arc<Recorded>,
        images: &Images,
        frames: Option<&mut Frames>,
    ) -> Result<(Ended, u64), String> {
        let failed = |error: ChainError| with_sources(&error);
        store.set_head(self.height.saturating_sub(1), self.timestamp.saturating_sub(1));
        let config = ChainConfig { chain_id: self.chain_id, ..ChainConfig::default() };
        let shared = Arc::clone(store) as Arc<dyn Store>;
        let mut chain = Chain::on(engine, shared, config).map_err(failed)?;
        let (sender, input) = (address(&self.sender)?, bytes(&self.input)?);
        if self.kind == "query" {
            let mut call = chain.call(address(&self.to)?, "").from(sender).input(input);
            if let Some(frames) = frames {
                call = call.inspect(frames);
            }
            let asked = call.query_bytes();
            let (status, output) = match asked {
                Ok(output) => (status::RETURN, output),
                Err(ChainError::Failed(receipt)) => (code(&receipt), receipt.output),
                Err(error) => return Err(failed(error)),
            };
            let output = format!("0x{}", hex(&output));
            return Ok((Ended { status, output, events: Vec::new(), state: digest(store)? }, 0));
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
        let terms = Terms { from: sender, value: number(&self.value)?, gas: None };
        let transaction = transaction(nonce, action, terms);
        let mut block = chain.block();
        let inspector = frames.map(|frames| frames as &mut dyn Inspector);
        let receipt = block.push_inspected(&transaction, inspector).map_err(failed)?.clone();
        block.commit().map_err(failed)?;
        let events = receipt.events.iter().map(EventRecord::of).collect();
        // a creation returns nothing to a native test
        let output = format!("0x{}", hex(&receipt.output));
        let ended = Ended { status: code(&receipt), output, events, state: digest(store)? };
        Ok((ended, receipt.gas_used))
    }

    fn compare(&self, ended: &Ended) -> Result<(), String> {
        let differs = |what: &str, native: &dyn std::fmt::Debug, image: &dyn std::fmt::Debug| {
            Err(format!("{what} differs\n    native {native:?}\n    image  {image:?}"))
        };
        if self.status != ended.status {
            return differs("status", &self.status, &ended.status);
        }
        // a message with the place of a panic names the same line by another path
        if self.output != ended.output && !same_message(&self.output, &ended.output) {
            return differs("output", &self.output, &ended.output);
        }
        if self.events != ended.events {
            return differs("events", &self.events, &ended.events);
        }
        if self.state != ended.state {
            return differs("state", &self.state, &ended.state);
        }
        Ok(())
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

fn address(text: &str) -> Result<Address, String> {
    text.parse().map_err(|_| format!("`{text}` is not an address"))
}

fn bytes(text: &str) -> Result<Vec<u8>, String> {
    parse_hex(text).ok_or_else(|| format!("`{text}` is not bytes"))
}

fn number(text: &str) -> Result<U256, String> {
    text.parse().map_err(|_| format!("`{text}` is not a number"))
}
