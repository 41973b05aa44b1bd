//! Events.

use bessemer_types::Address;
use serde::{Deserialize, Serialize};

/// An event that a contract emitted: topics, by which it is found, and data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The contract that emitted it.
    pub address: Address,
    /// Up to four words; the first is the hash of the event's signature by Solidity's convention.
    pub topics: Vec<[u8; 32]>,
    /// The rest.
    #[serde(with = "serde_bytes")]
    pub data: Vec<u8>,
}

impl Event {
    /// The bytes that count towards the cap of a transaction.
    pub fn bytes(&self) -> u32 {
        let bytes = self.topics.len() * 32 + self.data.len();
        u32::try_from(bytes).unwrap_or(u32::MAX)
    }
}
