//! `.bessemer/keys`: keys of accounts for signatures, one a file, readable by their owner only. For
//! development: they are not encrypted.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;

use bessemer_chain::{Address, SecretKey};
use k256::ecdsa::SigningKey;
use rustix::rand::{GetRandomFlags, getrandom};

use super::Folder;
use crate::support::failure::Failure;
use crate::support::number::parse_hex;
use crate::support::output::hex;

const FOLDER: &str = "keys";

/// A key that signs whatever it is given; never shown.
#[derive(Clone)]
pub(crate) struct Key {
    address: Address,
    signing: SigningKey,
}

impl Key {
    /// The key with this number; nothing for 0 and for numbers that are too large.
    fn of(bytes: &[u8]) -> Option<Self> {
        let address = SecretKey::from_bytes(bytes.try_into().ok()?)?.address();
        Some(Self { address, signing: SigningKey::from_slice(bytes).ok()? })
    }

    /// Its account.
    pub(crate) fn address(&self) -> Address {
        self.address
    }

    /// The signature of a digest as `ecrecover` takes it: r, s in the lower half, and v, which is 27 or 28.
    pub(crate) fn sign(&self, digest: &[u8; 32]) -> [u8; 65] {
        let (signature, id) = self.signing.sign_prehash_recoverable(digest);
        let mut bytes = [0; 65];
        bytes[..64].copy_from_slice(&signature.to_bytes());
        bytes[64] = 27 + id.to_byte();
        bytes
    }
}

/// All keys, by name.
pub(crate) fn all(folder: &Folder) -> Result<Vec<(String, Key)>, Failure> {
    let path = folder.path(FOLDER);
    let entries = match fs::read_dir(&path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(Failure::file("read", &path, source)),
    };
    let mut keys = Vec::new();
    for entry in entries.flatten() {
        let Some(name) = entry.file_name().to_str().map(str::to_owned) else { continue };
        let path = entry.path();
        let text =
            fs::read_to_string(&path).map_err(|source| Failure::file("read", &path, source))?;
        let key = parse_hex(text.trim()).and_then(|bytes| Key::of(&bytes)).ok_or_else(|| {
            Failure::State(format!("{} is damaged: it is not a key", path.display()))
        })?;
        keys.push((name, key));
    }
    keys.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(keys)
}

/// Makes a key of random bytes, or keeps one that there is.
pub(crate) fn make(folder: &Folder, name: &str, known: Option<[u8; 32]>) -> Result<Key, Failure> {
    let io = |source: std::io::Error| Failure::Io { what: format!("make the key {name}"), source };
    folder.create()?;
    let path = folder.path(FOLDER);
    fs::create_dir_all(&path).map_err(|source| Failure::file("make the folder", &path, source))?;
    let mut bytes = known.unwrap_or_default();
    let key = loop {
        if known.is_none() {
            // so few bytes come at once or not at all
            getrandom(&mut bytes, GetRandomFlags::empty()).map_err(|error| io(error.into()))?;
        }
        match Key::of(&bytes) {
            Some(key) => break key,
            None if known.is_some() => {
                return Err(Failure::Usage(
                    "these digits are not a key: it is 0 or too large".into(),
                ));
            }
            None => {}
        }
    };
    let path = path.join(name);
    let mut options = OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o600).open(&path);
    let written = file.and_then(|mut file| writeln!(file, "0x{}", hex(&bytes)));
    written.map_err(|source| match source.kind() {
        std::io::ErrorKind::AlreadyExists => {
            Failure::Usage(format!("there is a key `{name}` already: choose another name"))
        }
        _ => Failure::file("write", &path, source),
    })?;
    Ok(key)
}
