//! Nodes by hash: what proofs and witnesses consist of.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::node::{Kind, Node};
use crate::path::Place;
use crate::rlp::Malformed;
use crate::{Hash, Source, keccak256};

/// Nodes in RLP by their hash, which is computed when they come in: so nothing in here is other than
/// its hash says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Nodes(BTreeMap<Hash, Vec<u8>>);

/// Why a node of a proof or a witness cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NodeError {
    /// The available nodes do not say what the tree has at this place.
    #[error("the node at depth {} is missing: 0x{}", .place.depth(), Hex(.hash))]
    Missing {
        /// Where it is.
        place: Place,
        /// Its hash.
        hash: Hash,
    },
    /// There is a node with the right hash, which is none of a trie with keys of 32 bytes.
    #[error(transparent)]
    Malformed(#[from] Malformed),
}

struct Hex<'a>(&'a Hash);

impl core::fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Nodes {
    /// Adds a node by its RLP, and gives its hash.
    pub fn insert(&mut self, rlp: Vec<u8>) -> Hash {
        let hash = keccak256(&rlp);
        self.0.insert(hash, rlp);
        hash
    }

    /// The nodes in RLP, in the order of their hashes.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.0.values().map(Vec::as_slice)
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a node that has this hash.
    pub(crate) fn add(&mut self, hash: Hash, kind: &Kind, depth: usize) {
        self.0.entry(hash).or_insert_with(|| {
            let mut rlp = Vec::new();
            kind.encode(depth, &mut rlp);
            rlp
        });
    }
}

impl FromIterator<Vec<u8>> for Nodes {
    fn from_iter<I: IntoIterator<Item = Vec<u8>>>(nodes: I) -> Self {
        let mut found = Self::default();
        for rlp in nodes {
            found.insert(rlp);
        }
        found
    }
}

impl Source for Nodes {
    type Error = NodeError;

    fn load(&self, place: &Place, hash: &Hash) -> Result<Node, NodeError> {
        let rlp = self.0.get(hash).ok_or(NodeError::Missing { place: *place, hash: *hash })?;
        Ok(Node::from_rlp(rlp, place)?)
    }
}
