//! Ethereum's hexary Merkle Patricia trie with Keccak-256, over keys of 32 bytes.
//!
//! A [`Trie`] is the part of a tree that is in memory. What is missing is loaded from a [`Source`]
//! when it is needed: from rows of a store ([`Node::from_row`]), or from the nodes of a witness
//! ([`Nodes`]). A node that the source lacks is an error; it is never taken for the absence of a key.
//!
//! ```
//! use bessemer_trie::{EMPTY_ROOT, Nodes, Trie, keccak256, verify};
//!
//! let nothing = Nodes::default();
//! let mut trie = Trie::at(EMPTY_ROOT);
//! let key = keccak256(b"key");
//! trie.update(&nothing, &mut [(key, Some(b"value".to_vec()))])?;
//! let root = trie.root();
//! let proof = trie.prove(&nothing, &key)?;
//! assert_eq!(verify(&root, &key, &proof)?, Some(&b"value"[..]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Shapes
//!
//! The root, the nodes and the proofs are Ethereum's to the byte (Yellow Paper, appendix D), for
//! tries whose keys all have 32 bytes: a branch never has a value of its own. [`ordered_root`] has
//! the roots of lists, whose keys are indices in RLP.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod account;
#[cfg(feature = "keccak")]
mod build;
mod compact;
#[cfg(feature = "keccak")]
mod encode;
#[cfg(feature = "keccak")]
mod node;
#[cfg(feature = "keccak")]
mod nodes;
mod path;
mod proof;
mod rlp;
#[cfg(feature = "keccak")]
mod row;
mod state;
#[cfg(feature = "keccak")]
mod trie;
#[cfg(feature = "keccak")]
mod update;

pub use account::{AccountLeaf, EMPTY_CODE};
#[cfg(feature = "keccak")]
pub use build::{ordered_root, root_of};
#[cfg(feature = "keccak")]
pub use node::Node;
#[cfg(feature = "keccak")]
pub use nodes::{NodeError, Nodes};
#[cfg(feature = "keccak")]
pub use path::Place;
#[cfg(feature = "keccak")]
pub use proof::verify;
pub use proof::{ProofError, verify_with};
pub use rlp::Malformed;
pub use state::{AccountProof, StateProofError, StorageProof, storage_leaf, storage_value};
#[cfg(feature = "keccak")]
pub use trie::{Rows, Trie};

/// A Keccak-256 hash.
pub type Hash = [u8; 32];

/// The key of a value: in state tries, the Keccak-256 hash of an address or a storage key.
pub type Key = [u8; 32];

/// A key with its new value, or with `None` to remove it.
pub type Change = (Key, Option<alloc::vec::Vec<u8>>);

/// The root of a trie without keys: the hash of the empty string in RLP.
pub const EMPTY_ROOT: Hash = [
    0x56, 0xe8, 0x1f, 0x17, 0x1b, 0xcc, 0x55, 0xa6, 0xff, 0x83, 0x45, 0xe6, 0x92, 0xc0, 0xf8, 0x6e,
    0x5b, 0x48, 0xe0, 0x1b, 0x99, 0x6c, 0xad, 0xc0, 0x01, 0x62, 0x2f, 0xb5, 0xe3, 0x63, 0xb4, 0x21,
];

/// Where nodes come from that are not in memory.
#[cfg(feature = "keccak")]
pub trait Source {
    /// Why a node could not be loaded.
    type Error;

    /// The node at this place, which has this hash.
    ///
    /// # Errors
    ///
    /// If the node is not there, or is not a node of this place. There is no answer that means that
    /// there is nothing: the hash says that there is something.
    fn load(&self, place: &Place, hash: &Hash) -> Result<Node, Self::Error>;
}

/// The Keccak-256 hash of some bytes.
#[cfg(feature = "keccak")]
pub fn keccak256(bytes: &[u8]) -> Hash {
    use sha3::{Digest, Keccak256};
    Keccak256::digest(bytes).into()
}
