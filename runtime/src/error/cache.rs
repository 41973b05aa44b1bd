//! Why a cache directory is not used.

use std::io;
use std::path::PathBuf;

/// Why a cache cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CacheError {
    /// The directory is not there and cannot be made, or cannot be read.
    #[error("the cache directory {} cannot be used", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// Others can use the directory.
    #[error("others may use the cache directory {}; give it to this user with mode 0700", path.display())]
    Shared {
        /// The directory.
        path: PathBuf,
    },
    /// There is no secret that is known to this user alone.
    #[error("the cache's secret {} cannot be used", path.display())]
    Secret {
        /// The file of the secret.
        path: PathBuf,
        /// The fault.
        source: io::Error,
    },
}
