//! Records of a native test, so that `bessemer test` can repeat it with images and compare.
//!
//! With `BESSEMER_RECORD` set to a folder, each test appends to a file of its own there, named by
//! the program and the test: a JSON document a line. Calls and creations by the test itself are
//! recorded with their outcome, and what the test sets in the environment. `BESSEMER_IMAGES` says
//! the code hashes of images by crate, as `crate=hash,crate=hash`, so that both know code by the
//! same hash.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::panic::Location;
use std::path::PathBuf;

use bessemer_types::{Address, U256};

use super::keccak256;
use super::world::{World, with};

/// A call or creation that is about to run.
pub(super) struct Step {
    kind: &'static str,
    text: String,
    events: usize,
}

/// Begins a step, if the test itself makes it and a record is wanted. It is the caller's, whose line is
/// recorded.
#[track_caller]
pub(super) fn begin(kind: &'static str, to: Address, value: U256, input: &[u8]) -> Option<Step> {
    folder()?;
    let line = Location::caller();
    with(|world| {
        if world.frames.len() != 1 {
            return None;
        }
        let (height, time, chain) = (world.block_number, world.timestamp, world.chain_id);
        let sender = world.frame().address;
        let mut text = format!("\"height\":{height},\"timestamp\":{time},\"chain_id\":{chain}");
        let _ = write!(text, ",\"sender\":\"{sender}\",\"to\":\"{to}\",\"value\":\"{value}\"");
        let _ = write!(text, ",\"input\":\"{}\"", hex(input));
        let _ = write!(text, ",\"line\":\"{}:{}\"", quoted(line.file()), line.line());
        Some(Step { kind, text, events: world.state.events.len() })
    })
}

impl Step {
    /// Adds what is created.
    pub(super) fn code(mut self, hash: &[u8; 32], salt: Option<&[u8; 32]>) -> Self {
        let name = with(|world| world.uploaded.get(hash).map(|code| code.name)).unwrap_or_default();
        let _ = write!(self.text, ",\"code\":\"{name}\"");
        if let Some(salt) = salt {
            let _ = write!(self.text, ",\"salt\":\"{}\"", hex(salt));
        }
        self
    }

    /// Writes the step with its outcome.
    pub(super) fn end(mut self, status: u32) {
        let (output, events, state) = with(|world| {
            let new = world.state.events.get(self.events..).unwrap_or_default();
            let events: Vec<_> = new
                .iter()
                .map(|event| {
                    let topics: Vec<_> =
                        event.topics.iter().map(|topic| format!("\"{}\"", hex(topic))).collect();
                    let (contract, topics, data) =
                        (event.contract, topics.join(","), hex(&event.data));
                    format!(
                        "{{\"contract\":\"{contract}\",\"topics\":[{topics}],\"data\":\"{data}\"}}"
                    )
                })
                .collect();
            (hex(&world.frame().output), events.join(","), hex(&digest(world)))
        });
        let _ = write!(self.text, ",\"status\":{status},\"output\":\"{output}\"");
        let _ = write!(self.text, ",\"events\":[{events}],\"state\":\"{state}\"");
        write(self.kind, &self.text);
    }
}

/// Records a setting of the test.
pub(crate) fn set_balance(account: Address, amount: U256) {
    write("balance", &format!("\"to\":\"{account}\",\"value\":\"{amount}\""));
}

/// Records the name of a user.
pub(crate) fn user(name: &str, address: Address) {
    write("user", &format!("\"to\":\"{address}\",\"code\":\"{}\"", quoted(name)));
}

/// Records code that the test registered.
pub(crate) fn uploaded(name: &str) {
    write("upload", &format!("\"code\":\"{name}\""));
}

/// Records that the environment was reset.
pub(crate) fn reset() {
    write("reset", "\"code\":\"\"");
}

/// The code hash of the image of a contract, if it is known. One that is declared among tests has no
/// image.
pub(crate) fn image(type_name: &str) -> Option<[u8; 32]> {
    let list = std::env::var("BESSEMER_IMAGES").ok()?;
    if type_name.split("::").any(|module| module == "tests") {
        return None;
    }
    let wanted = type_name.split("::").next()?;
    let (_, digits) = list
        .split(',')
        .filter_map(|pair| pair.split_once('='))
        .find(|(name, _)| *name == wanted)?;
    let mut hash = [0; 32];
    for (index, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(digits.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    Some(hash)
}

/// The hash of what transactions change: balances that are not 0, and what contracts have stored;
/// in order, each part behind its length.
fn digest(world: &World) -> [u8; 32] {
    let mut bytes = Vec::new();
    let mut part = |part: &[u8]| {
        bytes.extend_from_slice(&(part.len() as u32).to_le_bytes());
        bytes.extend_from_slice(part);
    };
    for (address, account) in &world.state.accounts {
        if account.balance != U256::ZERO {
            part(address.as_bytes());
            part(&account.balance.to_be_bytes::<32>());
        }
        for (key, value) in account.storage.iter().filter(|_| account.code.is_some()) {
            part(address.as_bytes());
            part(key);
            part(value);
        }
    }
    let mut digest = [0; 32];
    keccak256(&bytes, &mut digest);
    digest
}

fn folder() -> Option<PathBuf> {
    std::env::var_os("BESSEMER_RECORD").map(PathBuf::from)
}

/// Appends a document. A record that cannot be written fails the test, which could not be compared.
fn write(kind: &str, text: &str) {
    let Some(folder) = folder() else { return };
    let thread = std::thread::current();
    let test = thread.name().unwrap_or_default();
    let path = folder.join(format!("{}.jsonl", test.replace("::", ".")));
    let mut options = File::options();
    let written = options
        .create(true)
        .append(true)
        .open(&path)
        .and_then(|mut file| writeln!(file, "{{\"kind\":\"{kind}\",{text}}}"));
    if let Err(error) = written {
        panic!("cannot write {}: {error}", path.display());
    }
}

/// Text as it stands in JSON between quotation marks.
fn quoted(text: &str) -> String {
    let escaped = text.chars().flat_map(|c| match c {
        '"' | '\\' => vec!['\\', c],
        c if c.is_control() => vec!['?'],
        c => vec![c],
    });
    escaped.collect()
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::from("0x");
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}
