//! Which blocks have logs with an address or a topic: one empty record for each, named so that the
//! blocks of one address or topic stand together, in order.

use std::collections::BTreeSet;

use alloy_primitives::{Address, B256, Keccak256};

use super::record::keys;
use crate::block::Sealed;

/// The beginning of the names of all records of one address or topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Name([u8; 9]);

impl Name {
    /// Logs of any kind.
    pub(crate) const ANY: Self = Self([keys::LOGS, 0, 0, 0, 0, 0, 0, 0, 0]);

    /// Logs of a contract.
    pub(crate) fn address(address: &Address) -> Self {
        Self::of(0, address.as_slice())
    }

    /// Logs with a topic at this place.
    pub(crate) fn topic(place: usize, topic: &B256) -> Self {
        Self::of(place as u8 + 1, topic.as_slice())
    }

    /// Two may have the same name. Who reads a block looks at its logs themselves.
    fn of(place: u8, bytes: &[u8]) -> Self {
        let mut hasher = Keccak256::new();
        hasher.update([place]);
        hasher.update(bytes);
        let mut name = [keys::LOGS; 9];
        name[1..].copy_from_slice(&hasher.finalize()[..8]);
        Self(name)
    }
}

/// The names that a block is found by.
pub(super) fn names(block: &Sealed) -> BTreeSet<Name> {
    let mut names = BTreeSet::new();
    for log in block.receipts.iter().flat_map(|receipt| &receipt.logs) {
        names.insert(Name::ANY);
        names.insert(Name::address(&log.address));
        let topics = log.topics().iter().enumerate();
        names.extend(topics.map(|(place, topic)| Name::topic(place, topic)));
    }
    names
}

/// The key of a record.
pub(super) fn key(name: Name, number: u64) -> [u8; 17] {
    let mut key = [0; 17];
    key[..9].copy_from_slice(&name.0);
    key[9..].copy_from_slice(&number.to_be_bytes());
    key
}

/// The number of the block in a key.
pub(super) fn number(key: &[u8]) -> Option<u64> {
    Some(u64::from_be_bytes(key.get(9..)?.try_into().ok()?))
}
