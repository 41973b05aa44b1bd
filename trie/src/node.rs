//! Nodes in memory.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::{Hash, Key};

/// A node of the tree. How deep it is follows from where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node(pub(crate) Kind);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Leaf {
        key: Key,
        value: Vec<u8>,
    },
    /// The way to a branch further down.
    Extension {
        /// The nibbles from the root to the branch, and zeros behind them.
        path: Key,
        /// The depth of the branch.
        end: usize,
        child: Child,
    },
    /// At least two of them are there.
    Branch(Box<[Child; 16]>),
}

/// The children of a node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Child {
    #[default]
    Nothing,
    /// A node that is not in memory.
    Elsewhere(Hash),
    Here(Box<Here>),
}

/// A node in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Here {
    pub(crate) kind: Kind,
    /// The reference in the node above; `None` if this node changed since.
    pub(crate) reference: Option<Reference>,
}

/// How a node is named by the one above.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reference {
    Hash(Hash),
    /// The node itself, if its RLP has fewer than 32 bytes.
    Short(u8, [u8; 31]),
}

impl Child {
    /// A node that is new.
    pub(crate) fn new(kind: Kind) -> Self {
        Self::Here(Box::new(Here { kind, reference: None }))
    }

    pub(crate) fn is_nothing(&self) -> bool {
        matches!(self, Self::Nothing)
    }
}

impl Kind {
    /// Whether a node is kept in a row of its own, and not in the row of the node above: every other
    /// level, so that a row has up to two levels of branches, and values that are long.
    pub(crate) fn has_row(&self, depth: usize) -> bool {
        /// Bytes of values that stand in the row of the node above.
        const SHORT_VALUE: usize = 128;
        match self {
            _ if depth == 0 => true,
            Self::Leaf { value, .. } => value.len() > SHORT_VALUE,
            _ => depth.is_multiple_of(2),
        }
    }
}
