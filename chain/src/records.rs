//! What a store keeps beside the state: headers and receipts.
//!
//! | Key | Value |
//! |---|---|
//! | `h` and the height | [`Header`] |
//! | `r`, the height, the index | [`Receipt`] |
//!
//! Numbers in keys are big-endian, so that keys are in the order of the chain. Values are in
//! postcard's encoding.

use postcard::ser_flavors::Flavor;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::receipt::Receipt;
use crate::store::{RecordSet, StoreError};

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
pub(crate) fn of_block(header: &Header, receipts: &[Receipt]) -> Result<RecordSet, RecordError> {
    let mut records = RecordSet::new();
    let mut value = Vec::new();
    encode("a header", header, &mut value)?;
    records.push(&header_key(header.height), &value);
    for receipt in receipts {
        value.clear();
        encode("a receipt", receipt, &mut value)?;
        records.push(&receipt_key(receipt.height, receipt.index), &value);
    }
    Ok(records)
}

pub(crate) fn header_key(height: u64) -> Vec<u8> {
    [b"h".as_slice(), &height.to_be_bytes()].concat()
}

pub(crate) fn receipt_key(height: u64, index: u32) -> [u8; 13] {
    let mut key = [b'r'; 13];
    key[1..9].copy_from_slice(&height.to_be_bytes());
    key[9..].copy_from_slice(&index.to_be_bytes());
    key
}

/// The begin of the keys of a block's receipts.
pub(crate) fn receipts_prefix(height: u64) -> Vec<u8> {
    [b"r".as_slice(), &height.to_be_bytes()].concat()
}

/// Appends a value.
fn encode(what: &str, value: &impl Serialize, to: &mut Vec<u8>) -> Result<(), RecordError> {
    postcard::serialize_with_flavor(value, Appended(to))
        .map_err(|source| RecordError { what: what.to_owned(), source })
}

/// Where encoded bytes go, whose memory serves again.
struct Appended<'a>(&'a mut Vec<u8>);

impl Flavor for Appended<'_> {
    type Output = ();

    #[inline]
    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    #[inline]
    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
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
