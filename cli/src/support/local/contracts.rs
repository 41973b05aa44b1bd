//! `.bessemer/contracts.json`: names of deployed contracts.

use std::collections::BTreeMap;

use bessemer_chain::Address;
use serde::{Deserialize, Serialize};

use super::folder::Folder;
use crate::support::failure::Failure;

const FILE: &str = "contracts.json";
const SCHEMA: &str = "bessemer.contracts/1";

/// Names of deployed contracts.
#[derive(Debug, Default)]
pub(crate) struct Contracts(pub(crate) BTreeMap<String, Address>);

#[derive(Serialize, Deserialize)]
struct Document {
    schema: String,
    contracts: BTreeMap<String, String>,
}

impl Contracts {
    /// Those of the local chain.
    pub(crate) fn read(folder: &Folder) -> Result<Self, Failure> {
        Self::read_from(folder, FILE)
    }

    /// Those in a file of the folder.
    pub(crate) fn read_from(folder: &Folder, file: &str) -> Result<Self, Failure> {
        let path = folder.path(file);
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            Err(source) => return Err(Failure::file("read", &path, source)),
        };
        let damaged = |reason: &str| {
            Failure::State(format!(
                "{} is damaged: {reason}; restore it, or remove it and call contracts by address",
                path.display()
            ))
        };
        let document: Document =
            serde_json::from_slice(&text).map_err(|error| damaged(&error.to_string()))?;
        if document.schema != SCHEMA {
            return Err(damaged(&format!("it is not of the form {SCHEMA}")));
        }
        let parsed = document.contracts.into_iter().map(|(name, address)| {
            let address = address.parse().map_err(|_| damaged("an address is malformed"))?;
            Ok((name, address))
        });
        Ok(Self(parsed.collect::<Result<_, Failure>>()?))
    }

    pub(crate) fn write(&self, folder: &Folder) -> Result<(), Failure> {
        self.write_to(folder, FILE)
    }

    pub(crate) fn write_to(&self, folder: &Folder, file: &str) -> Result<(), Failure> {
        let contracts = self.0.iter().map(|(name, address)| (name.clone(), address.to_string()));
        let document = Document { schema: SCHEMA.to_owned(), contracts: contracts.collect() };
        let text = serde_json::to_vec_pretty(&document)
            .map_err(|error| Failure::Other(format!("cannot write {file}: {error}")))?;
        folder.write(file, &text).map(drop)
    }
}
