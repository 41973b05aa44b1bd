//! Stores: where state, headers and receipts are kept.

mod change;
pub(crate) mod commitment;
mod fetch;
mod memory;
mod record;
#[cfg(feature = "redb")]
mod redb;
mod versions;

use std::path::PathBuf;
use std::sync::Arc;

use bessemer_types::Address;

pub use change::ChangeSet;
pub(crate) use change::Changed;
pub(crate) use fetch::fetch;
pub use memory::MemoryStore;
pub use record::RecordSet;
#[cfg(feature = "redb")]
pub use redb::{FileCommit, FileKind, FileView, RedbStore, StateFile};

pub use self::commitment::{Commitment, CommitmentRows, verify};
pub use crate::encoding::{
    EncodingError, KeyBytes, decode_account, decode_key, encode_account, encode_key,
};
use crate::header::Header;
use crate::key::{StateKey, StorageKey};
use crate::receipt::Receipt;
pub use crate::records::RecordError;
use crate::value::Value;

/// State that does not change while it is looked at.
pub trait View: Send + Sync {
    /// The value of a key; `None` if there is none.
    ///
    /// # Errors
    ///
    /// If the value cannot be read: the host's failure, which stops the block.
    fn get(&self, key: &StateKey) -> Result<Option<Value>, StoreError>;

    /// Shows the row with this name of what the store keeps of the state's tries; shows nothing if there
    /// is none. A store that commits to nothing has no rows.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    fn row(&self, name: &[u8], show: &mut dyn FnMut(&[u8])) -> Result<(), StoreError> {
        let _ = (name, show);
        Ok(())
    }

    /// Whether an account has stored values.
    ///
    /// Only rules of Ethereum ask this, when a contract is created where storage without code stands
    /// (EIP-7610). A chain that began after EIP-6780 has no such account, so a store may leave it out.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    fn has_storage(&self, contract: &Address) -> Result<bool, StoreError> {
        Ok(!self.storage_keys(contract)?.is_empty())
    }

    /// The keys of all stored values of an account, in any order. Used when a contract is removed with its
    /// storage, which happens under the rules from before EIP-6780. Later a contract is removed only in the
    /// transaction that created it, when the store has no value of it yet.
    ///
    /// # Errors
    ///
    /// If they cannot be read.
    fn storage_keys(&self, contract: &Address) -> Result<Vec<StorageKey>, StoreError> {
        let _ = contract;
        Ok(Vec::new())
    }
}

/// State that blocks change. This is what an embedder with a state of his own implements.
pub trait Store: View {
    /// The header of the newest block; `None` before the first. A chain that is opened goes on from
    /// its height and its time, so every store keeps this one.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    fn head(&self) -> Result<Option<Header>, StoreError>;

    /// Applies a block: all of it, durably, or nothing.
    ///
    /// # Errors
    ///
    /// If it cannot; then the store is as it was. After a failure of the disk, whether the block is
    /// there shows when the store is opened again; it never is in part.
    fn commit(&self, block: BlockCommit<'_>) -> Result<(), StoreError>;

    /// The state as it is now, which later blocks do not change.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unsupported`] unless overridden.
    fn snapshot(&self) -> Result<Arc<dyn View>, StoreError> {
        Err(StoreError::Unsupported { what: "snapshots" })
    }

    /// The header of a block; `None` if there is no such block, or the store does not keep it. Unless
    /// overridden, a store keeps the newest.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    fn header(&self, height: u64) -> Result<Option<Header>, StoreError> {
        Ok(self.head()?.filter(|head| head.height == height))
    }

    /// The receipt of a transaction; `None` if there is no such transaction, or the store does not
    /// keep it. Unless overridden, a store keeps no receipts.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    fn receipt(&self, height: u64, index: u32) -> Result<Option<Receipt>, StoreError> {
        let _ = (height, index);
        Ok(None)
    }

    /// The receipts of a block, in order; none if the store does not keep them.
    ///
    /// # Errors
    ///
    /// If they cannot be read.
    fn receipts(&self, height: u64) -> Result<Vec<Receipt>, StoreError> {
        let _ = height;
        Ok(Vec::new())
    }

    /// The record of a block under a key of the embedder's own. Unless overridden, a store keeps
    /// none.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    fn record(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let _ = key;
        Ok(None)
    }

    /// All records of the embedder's own whose keys begin so, in the order of keys.
    ///
    /// # Errors
    ///
    /// If they cannot be read.
    fn records(&self, prefix: &[u8]) -> Result<Vec<Record>, StoreError> {
        let _ = prefix;
        Ok(Vec::new())
    }

    /// Visits all keys and values in the order of keys, in their stored form.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unsupported`] unless overridden, and if something cannot be read.
    fn for_each(&self, visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), StoreError> {
        let _ = visit;
        Err(StoreError::Unsupported { what: "iteration" })
    }

    /// The commitment of the state after these changes, which are not made yet; `None` for a store
    /// that commits to nothing.
    ///
    /// # Errors
    ///
    /// If what it needs cannot be read.
    fn commitment(&self, changes: &ChangeSet) -> Result<Option<Commitment>, StoreError> {
        let _ = changes;
        Ok(None)
    }

    /// Whether [`Store::commitment`] has an answer.
    fn commits(&self) -> bool {
        false
    }
}

/// Key and value of something that an embedder keeps beside the state.
pub type Record = (Vec<u8>, Vec<u8>);

/// The effect of a block on a store.
#[derive(Clone, Debug, Default)]
pub struct BlockCommit<'a> {
    /// The header of the block. Its height is one more than the last.
    pub header: Header,
    /// The state that it changes.
    pub changes: ChangeSet,
    /// The receipts of its transactions, in order.
    pub receipts: &'a [Receipt],
    /// The records of the embedder, under keys of its own.
    pub records: RecordSet,
    /// Rows of the state's tries that change, as [`Store::commitment`] gave them.
    pub rows: CommitmentRows,
}

impl BlockCommit<'_> {
    /// Whether the block is the next one; the first is 1.
    ///
    /// # Errors
    ///
    /// [`StoreError::Height`] if it is not.
    pub fn check_follows(&self, head: Option<u64>) -> Result<(), StoreError> {
        let (head, found) = (head.unwrap_or(0), self.header.height);
        if head.checked_add(1) == Some(found) {
            return Ok(());
        }
        Err(StoreError::Height { head, found })
    }
}

/// A failure of a store. It is always the host's, never a transaction's.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Blocks come one after the other.
    #[error("block {found} cannot follow block {head}")]
    Height {
        /// The number of the newest block.
        head: u64,
        /// The number of the block that was to be committed.
        found: u64,
    },
    /// A stored value is damaged.
    #[error(transparent)]
    Encoding(#[from] EncodingError),
    /// A header or a receipt is not what was stored.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The file is open, here or in another process.
    #[error(
        "the database {} is in use by {}; close it, or ask it for what you need",
        .path.display(), .owner.as_deref().unwrap_or("this or another process")
    )]
    InUse {
        /// The file.
        path: PathBuf,
        /// The process that has it open, if the system tells.
        owner: Option<String>,
    },
    /// The file was never what is looked for.
    #[error("{} is not {what}: {why}; it was left as it is", .path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What is looked for, like `a database of a chain`.
        what: &'static str,
        /// The sign of it.
        why: &'static str,
    },
    /// The file is a database that this program cannot read.
    #[error(
        "the database {} has format {found}, and this program knows format {known}; it was left as \
         it is: use the release that made it, or begin a new chain",
        .path.display()
    )]
    Format {
        /// The file.
        path: PathBuf,
        /// The format of the file.
        found: u64,
        /// The format that this program knows.
        known: u64,
    },
    /// The file is not what was written.
    #[error("the database {} is damaged ({what}); restore it from a copy", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The sign of it.
        what: String,
    },
    /// The stored rows of the state's tries contradict each other.
    #[error("the state's tries are damaged ({what}); run `bessemer state verify`")]
    Commitment {
        /// How that shows.
        what: String,
    },
    /// A block needs something of the state that its witness does not have.
    #[error("the witness lacks {what}; make it again from the state before the block")]
    Witness {
        /// The key or code that is missing.
        what: String,
    },
    /// The operating system refused.
    #[error("the database {} cannot be used", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Its reason.
        source: std::io::Error,
    },
    /// An earlier commit failed. Open the file again to see whether its block is there.
    #[error("the database {} failed before; open it again", .path.display())]
    Reopen {
        /// The file.
        path: PathBuf,
    },
    /// The store cannot do that.
    #[error("this store has no {what}")]
    Unsupported {
        /// The feature that was asked for.
        what: &'static str,
    },
    /// Any other failure of a store.
    #[error(transparent)]
    Other(#[from] Box<dyn std::error::Error + Send + Sync>),
}
