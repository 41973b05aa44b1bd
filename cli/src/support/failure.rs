//! The failures of commands, and their exit codes.

use std::io;
use std::path::{Path, PathBuf};

use bessemer_runtime::{Error, ErrorKind};
use serde_json::{Value, json};

/// A command could not do its work. Guests that trap and engines that disagree are results, not
/// failures.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The command line is wrong.
    #[error("{0}")]
    Usage(String),
    /// The runtime refused the program, or failed.
    #[error("{}", path.display())]
    Program {
        path: PathBuf,
        #[source]
        error: Error,
    },
    /// The program lacks something that the command needs.
    #[error("{0}")]
    Other(String),
    /// A contract could not be built.
    #[error("{0}")]
    Build(String),
    /// Tests failed.
    #[error("{0}")]
    Tests(String),
    /// Engines, or a run and its record, disagree.
    #[error("{0}")]
    Mismatch(String),
    /// The local chain cannot be used, or something is not on it.
    #[error("{0}")]
    State(String),
    /// A file or stream could not be read or written.
    #[error("cannot {what}")]
    Io { what: String, source: io::Error },
    /// The reader of standard output has closed it. Nothing is printed about that.
    #[error("standard output is closed")]
    OutputClosed,
}

impl Failure {
    /// A file that cannot be used.
    pub(crate) fn file(what: &str, path: &Path, source: io::Error) -> Self {
        Self::Io { what: format!("{what} {}", path.display()), source }
    }

    /// A failed write to a standard stream.
    pub(crate) fn stream(name: &str, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::BrokenPipe => Self::OutputClosed,
            _ => Self::Io { what: format!("write to {name}"), source },
        }
    }

    /// An error of the runtime about the program in this file. A guest's write that failed is a
    /// failure of the stream.
    pub(crate) fn program(path: &Path, error: Error) -> Self {
        let error = match error.into_kind() {
            ErrorKind::Host { name, source } => match source.downcast::<io::Error>() {
                Ok(source) => return Self::stream("the guest's output", *source),
                Err(source) => ErrorKind::Host { name, source }.into(),
            },
            kind => kind.into(),
        };
        Self::Program { path: path.to_owned(), error }
    }

    /// The exit code of the process.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Program { .. } | Self::Other(_) => 1,
            Self::Usage(_) => 2,
            Self::Build(_) => 3,
            Self::Tests(_) => 5,
            Self::Mismatch(_) => 6,
            Self::State(_) => 7,
            Self::Io { .. } | Self::OutputClosed => 7,
        }
    }

    /// Whether nothing is printed on standard error.
    pub(crate) fn is_silent(&self) -> bool {
        matches!(self, Self::OutputClosed)
    }

    pub(crate) fn to_json(&self) -> Value {
        let (kind, rule) = match self {
            Self::Usage(_) => ("usage", None),
            Self::Program { error, .. } => match error.kind() {
                ErrorKind::Load(error) => ("load", Some(error.rule())),
                _ => ("runtime", None),
            },
            Self::Other(_) => ("other", None),
            Self::Build(_) => ("build", None),
            Self::Tests(_) => ("tests", None),
            Self::Mismatch(_) => ("mismatch", None),
            Self::State(_) => ("state", None),
            Self::Io { .. } | Self::OutputClosed => ("io", None),
        };
        json!({
            "schema": "bessemer.error/1",
            "error": { "kind": kind, "rule": rule, "message": with_sources(self) },
        })
    }
}

impl From<bessemer_chain::ChainError> for Failure {
    fn from(error: bessemer_chain::ChainError) -> Self {
        use bessemer_chain::ChainError;
        match error {
            ChainError::Refused(refusal) => Self::Usage(format!("the chain refuses: {refusal}")),
            ChainError::Store(_) | ChainError::Root { .. } => Self::State(with_sources(&error)),
            error => Self::Other(with_sources(&error)),
        }
    }
}

/// An error with all its sources, in one line: messages do not repeat what `source` returns.
pub(crate) fn with_sources(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text += &format!(": {error}");
        source = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_source_is_printed_once() {
        let source = io::Error::other("the disk is on fire");
        let failure = Failure::file("write", Path::new("state"), source);
        assert_eq!(with_sources(&failure), "cannot write state: the disk is on fire");
    }
}
