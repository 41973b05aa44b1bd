//! The records that a store keeps beside the state: headers and receipts in postcard's encoding.

use postcard::ser_flavors::Flavor;
use serde::{Serialize, de::DeserializeOwned};

#[cfg(feature = "redb")]
use crate::header::Header;
use crate::receipt::Receipt;

/// A record that cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("the record of {what} is damaged; restore the database from a copy")]
pub struct RecordError {
    what: String,
    source: postcard::Error,
}

/// The bytes of a header.
#[cfg(feature = "redb")]
pub(crate) fn encode_header(header: &Header) -> Result<Vec<u8>, RecordError> {
    let mut bytes = Vec::new();
    encode(|| format!("block {}", header.height), header, &mut bytes)?;
    Ok(bytes)
}

/// The header of the block of this height.
#[cfg(feature = "redb")]
pub(crate) fn decode_header(height: u64, bytes: &[u8]) -> Result<Header, RecordError> {
    let what = || format!("block {height}");
    match postcard::from_bytes(bytes) {
        // format 2 ends before the schedule, which was schedule 1
        Err(postcard::Error::DeserializeUnexpectedEnd) => decode(what, &[bytes, &[1]].concat()),
        decoded => decoded.map_err(|source| RecordError { what: what(), source }),
    }
}

/// Appends the bytes of a receipt.
pub(crate) fn encode_receipt(receipt: &Receipt, to: &mut Vec<u8>) -> Result<(), RecordError> {
    let what = || format!("transaction {} of block {}", receipt.index, receipt.height);
    encode(what, receipt, to)
}

/// The receipt of this transaction of a block.
pub(crate) fn decode_receipt(
    height: u64,
    index: u32,
    bytes: &[u8],
) -> Result<Receipt, RecordError> {
    decode(|| format!("transaction {index} of block {height}"), bytes)
}

fn encode(
    what: impl FnOnce() -> String,
    value: &impl Serialize,
    to: &mut Vec<u8>,
) -> Result<(), RecordError> {
    postcard::serialize_with_flavor(value, Appended(to))
        .map_err(|source| RecordError { what: what(), source })
}

fn decode<T: DeserializeOwned>(
    what: impl FnOnce() -> String,
    bytes: &[u8],
) -> Result<T, RecordError> {
    postcard::from_bytes(bytes).map_err(|source| RecordError { what: what(), source })
}

/// Appends encoded bytes to a buffer that is reused.
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
