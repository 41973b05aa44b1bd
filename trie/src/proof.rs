//! Checks proofs without a tree, and without memory of its own.

use crate::path::{NIBBLES, common, nibble};
use crate::rlp::{Items, Malformed, items};
use crate::{EMPTY_ROOT, Hash, Key, compact};

/// Why a proof proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// A node is not the one that the node above, or the root, names.
    #[error("node {0} of the proof does not have the hash that is expected there")]
    Hash(usize),
    /// A node is none.
    #[error("node {0} of the proof cannot be read: {1}")]
    Malformed(usize, Malformed),
    /// The proof ends before the way of the key does.
    #[error("the proof ends after {0} nodes, before the way of the key does")]
    Short(usize),
    /// The proof goes on after the way of the key has ended.
    #[error("the proof goes on after {0} nodes, where the way of the key has ended")]
    Long(usize),
}

#[cfg(feature = "keccak")]
/// The value of a key in the trie with this root, `None` if the key is absent, by a proof: the nodes
/// from the root on in RLP, as `Trie::prove` and `eth_getProof` have them.
///
/// # Errors
///
/// If the proof does not prove it, or has more nodes than it takes.
pub fn verify<'p, N: AsRef<[u8]>>(
    root: &Hash,
    key: &Key,
    proof: &'p [N],
) -> Result<Option<&'p [u8]>, ProofError> {
    verify_with(root, key, proof, crate::keccak256)
}

/// Like `verify`, with another way to compute Keccak-256: a contract asks its host.
///
/// # Errors
///
/// As `verify`.
pub fn verify_with<'p, N: AsRef<[u8]>>(
    root: &Hash,
    key: &Key,
    proof: &'p [N],
    keccak: impl Fn(&[u8]) -> Hash,
) -> Result<Option<&'p [u8]>, ProofError> {
    let mut expected = *root;
    let mut depth = 0;
    if *root == EMPTY_ROOT {
        return match proof {
            [] => Ok(None),
            // some clients prove the empty trie by its only node, the empty string
            [only] if only.as_ref() == [0x80] => Ok(None),
            _ => Err(ProofError::Long(0)),
        };
    }
    for (at, node) in proof.iter().enumerate() {
        let mut rlp = node.as_ref();
        if keccak(rlp) != expected {
            return Err(ProofError::Hash(at));
        }
        let value = loop {
            match step(rlp, key, depth).map_err(|error| ProofError::Malformed(at, error))? {
                Step::End(value) => break Some(value),
                Step::Inside(node, end) => (rlp, depth) = (node, end),
                Step::Next(hash, end) => {
                    (expected, depth) = (hash, end);
                    break None;
                }
            }
        };
        match value {
            Some(_) if at + 1 < proof.len() => return Err(ProofError::Long(at + 1)),
            Some(value) => return Ok(value),
            None => {}
        }
    }
    Err(ProofError::Short(proof.len()))
}

enum Step<'a> {
    End(Option<&'a [u8]>),
    Next(Hash, usize),
    Inside(&'a [u8], usize),
}

/// Where the way of a key leads from a node.
fn step<'a>(rlp: &'a [u8], key: &Key, depth: usize) -> Result<Step<'a>, Malformed> {
    let (reference, end) = match items(rlp)? {
        Items::Branch(children) => {
            if depth >= NIBBLES {
                return Err(Malformed("a branch is deeper than keys are long"));
            }
            let child = &children[nibble(key, depth)];
            (*child, depth + 1)
        }
        Items::Two(path, second) => {
            let mut found = *key;
            let (end, leaf) = compact::decode(path, &mut found, depth)?;
            if leaf {
                if second.list || second.payload.is_empty() || end != NIBBLES {
                    return Err(Malformed("a leaf has no value, or is not where its key ends"));
                }
                return Ok(Step::End((found == *key).then_some(second.payload)));
            }
            if end == depth || end >= NIBBLES {
                return Err(Malformed("an extension has no length, or no branch below"));
            }
            if !second.list && second.payload.is_empty() {
                return Err(Malformed("an extension leads to nothing"));
            }
            if common(&found, key) < end {
                return Ok(Step::End(None));
            }
            (second, end)
        }
    };
    if reference.list {
        if reference.whole.len() >= 32 {
            return Err(Malformed("a long node is inside of another"));
        }
        return Ok(Step::Inside(reference.whole, end));
    }
    match reference.payload {
        [] => Ok(Step::End(None)),
        hash => match hash.try_into() {
            Ok(hash) => Ok(Step::Next(hash, end)),
            Err(_) => Err(Malformed("a reference is not a hash")),
        },
    }
}
