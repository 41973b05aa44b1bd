//! What a store keeps beside the state: headers and receipts.
//!
//! | Key | Value |
//! |---|---|
//! | `h` and the height | [`Header`] |
//! | `r`, the height, the index | [`Receipt`] |
//!
//! Numbers in keys are big-endian, so that keys are in the order of the chain. Values are in
//! postcard's encoding.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::receipt::Receipt;
use crate::store::{Record, StoreError};

/// What a block says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The number of the block; the first is 1.
    pub height: u64,
    /// When it was made, in seconds since 1970.
    pub timestamp: u64,
    /// How many transactions it has.
    pub transactions: u32,
    /// The gas that they used.
    pub gas_used: u64,
}

/// A record that cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("the record of {what} is damaged: {source}; restore the database from a copy")]
pub struct RecordError {
    what: String,
    source: postcard::Error,
}

/// The records of one block.
pub(crate) struct Records(Vec<Record>);

impl Records {
    pub(crate) fn of(header: &Header, receipts: &[Receipt]) -> Result<Self, RecordError> {
        let mut records = Vec::with_capacity(receipts.len() + 1);
        records.push((header_key(header.height), encode("a header", header)?));
        for receipt in receipts {
            let key = receipt_key(receipt.height, receipt.index);
            records.push((key, encode("a receipt", receipt)?));
        }
        Ok(Self(records))
    }

    pub(crate) fn as_slice(&self) -> &[Record] {
        &self.0
    }
}

pub(crate) fn header_key(height: u64) -> Vec<u8> {
    [b"h".as_slice(), &height.to_be_bytes()].concat()
}

pub(crate) fn receipt_key(height: u64, index: u32) -> Vec<u8> {
    [b"r".as_slice(), &height.to_be_bytes(), &index.to_be_bytes()].concat()
}

/// The begin of the keys of a block's receipts.
pub(crate) fn receipts_prefix(height: u64) -> Vec<u8> {
    [b"r".as_slice(), &height.to_be_bytes()].concat()
}

fn encode(what: &str, value: &impl Serialize) -> Result<Vec<u8>, RecordError> {
    postcard::to_stdvec(value).map_err(|source| RecordError { what: what.to_owned(), source })
}

pub(crate) fn decode<T: DeserializeOwned>(
    what: impl Into<String>,
    bytes: &[u8],
) -> Result<T, RecordError> {
    postcard::from_bytes(bytes).map_err(|source| RecordError { what: what.into(), source })
}

impl From<RecordError> for StoreError {
    fn from(error: RecordError) -> Self {
        Self::Other(Box::new(error))
    }
}
