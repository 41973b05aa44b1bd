//! Why there is no native code.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bessemer_translator::{ReadError, TranslateError};

use super::ErrorKind;

/// Why there is no native code for a program. It says nothing about the program.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum CompileError {
    #[error(transparent)]
    Translate(#[from] TranslateError),
    #[error(transparent)]
    Child(#[from] ChildError),
    #[error("cannot start a thread that has enough stack to compile")]
    Thread(#[source] Arc<io::Error>),
}

impl CompileError {
    /// Whether every further attempt would end the same way.
    pub(crate) fn is_final(&self) -> bool {
        matches!(
            self,
            Self::Translate(TranslateError::TooLarge { .. })
                | Self::Child(ChildError::TooLarge { .. })
        )
    }
}

/// Why a child gave no artifact. None of this says anything about the program.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChildError {
    /// It could not be started, or its pipe failed.
    #[error("cannot start the compiler process")]
    Start(#[source] Arc<io::Error>),
    /// It did not answer in time, and was killed.
    #[error("the compiler process did not answer in {0:?}")]
    Deadline(Duration),
    /// It ended, or was killed, without an answer; or answered with something else.
    #[error("the compiler process gave no answer")]
    Answer,
    /// It reported a failure.
    #[error("the compiler process failed: {0}")]
    Failed(String),
    /// Its answer is not an artifact.
    #[error("the compiler process gave an artifact that cannot be read")]
    Artifact(#[from] ReadError),
    /// There is more native code than the program may have.
    #[error("the compiler process gave {size} bytes of native code, which is more than {limit}")]
    TooLarge {
        /// Bytes of the code.
        size: usize,
        /// Bytes that are allowed.
        limit: usize,
    },
    /// It is another build, or compiled something else.
    #[error("the compiler process compiled something else; it must be of the same build")]
    Key,
}

impl From<CompileError> for ErrorKind {
    fn from(error: CompileError) -> Self {
        match error {
            CompileError::Translate(error) => Self::Translate(error),
            CompileError::Child(error) => Self::Compiler(error),
            CompileError::Thread(error) => Self::Compiler(ChildError::Start(error)),
        }
    }
}
