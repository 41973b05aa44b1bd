//! Errors of the host. None is ever an outcome of a guest.

mod cache;
mod compile;
mod signal;

use std::fmt;

use bessemer_image::LoadError;
use bessemer_translator::TranslateError;

use crate::Exit;
use crate::memory::RegionError;

pub use cache::CacheError;
pub use compile::ChildError;
pub(crate) use compile::CompileError;
pub use signal::SignalError;

/// A failure of the host or the embedder, never an outcome of the guest, except where a call by name
/// has no other way to say that the guest did not return.
///
/// One pointer in size, so that results stay small.
#[derive(Debug)]
pub struct Error(Box<ErrorKind>);

/// The kind of an [`Error`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The file is not a program that this engine accepts.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The program has no native code and the engine was told to use nothing else.
    #[error("the module cannot be compiled")]
    Translate(#[from] TranslateError),
    /// The process that compiles gave no artifact, and the engine was told to use nothing else.
    #[error("the module cannot be compiled")]
    Compiler(#[from] ChildError),
    /// The code cache must not be used.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// A file with native code needs a secret to seal it with.
    #[error("there is no secret to seal the file with; the engine needs a cache directory")]
    NoSecret,
    /// No memory for the guest.
    #[error(transparent)]
    Region(#[from] RegionError),
    /// Faults of native code cannot be handled.
    #[error(transparent)]
    Signal(#[from] SignalError),
    /// The module has no symbol of that name in its text.
    #[error("the module has no function `{0}`; link it with its symbol table")]
    NoFunction(String),
    /// More than 2^62 gas (specification, section 4).
    #[error("a gas limit of {0} is above 2^62")]
    GasLimit(u64),
    /// Two host functions have the same number.
    #[error("host call {number} is defined as `{first}` and as `{second}`")]
    HostCallTwice {
        /// The number in a7.
        number: u32,
        /// The name of the first definition.
        first: String,
        /// The name of the second definition.
        second: String,
    },
    /// The program makes host calls that the linker does not define.
    #[error("the program makes host calls that are not defined: {}; define them, or a fallback", list(.0))]
    HostCallsMissing(Vec<MissingHostCall>),
    /// A host function failed; the embedder's own error is the source.
    #[error("host call `{name}` failed")]
    Host {
        /// The name given to the linker.
        name: String,
        /// The error of the host function.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// [`Instance::resume`](crate::Instance::resume) without a host call to resume from.
    #[error("the instance is not paused at a host call")]
    NotPaused,
    /// [`Instance::run`](crate::Instance::run) where an observer paused, not at an arrival.
    #[error("the instance is paused inside a run that is paid for; go on tracing")]
    InsideRun,
    /// [`Instance::run`](crate::Instance::run) or [`call`](crate::Instance::call) of an instance
    /// that is paused.
    #[error("the instance is paused at a host call; resume it")]
    Paused,
    /// [`Instance::call_at`](crate::Instance::call_at) with an address where control cannot arrive.
    #[error("no instruction of text is at {0:#010x}")]
    NoText(u32),
    /// The instance has ended, or a host function panicked in it.
    #[error("the instance has ended; make a new one")]
    Ended,
    /// An [`InterruptHandle`](crate::InterruptHandle) ended the instance.
    #[error("the guest was interrupted; what it did so far is of no use")]
    Interrupted,
    /// [`Instance::refuel`](crate::Instance::refuel) of an instance that did not run out of gas at an
    /// arrival, or whose registers are not known.
    #[error(
        "the instance cannot go on with more gas: it is not out of gas at an arrival, or the engine \
         does not keep registers precise"
    )]
    NotOutOfGas,
    /// A function called by name did not return.
    #[error("the guest did not return: {0}")]
    NoReturn(Exit),
}

/// A host call that a program makes and a linker does not define.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingHostCall {
    /// The number in a7.
    pub number: u32,
    /// Address of the first ECALL with it.
    pub pc: u32,
    /// The function of the program that the ECALL is in, if the file has symbols.
    pub function: Option<String>,
}

impl fmt::Display for MissingHostCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {:#010x}", self.number, self.pc)?;
        self.function.as_ref().map_or(Ok(()), |function| write!(f, " in {function}"))
    }
}

/// The first few, in a row.
fn list(calls: &[MissingHostCall]) -> String {
    const SHOWN: usize = 5;
    let mut all: Vec<String> = calls.iter().take(SHOWN).map(ToString::to_string).collect();
    if let Some(more) = calls.len().checked_sub(SHOWN).filter(|&more| more != 0) {
        all.push(format!("and {more} more"));
    }
    all.join(", ")
}

impl Error {
    /// The kind of the error.
    pub fn kind(&self) -> &ErrorKind {
        &self.0
    }

    /// The kind of the error, owned.
    pub fn into_kind(self) -> ErrorKind {
        *self.0
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

impl<E: Into<ErrorKind>> From<E> for Error {
    fn from(kind: E) -> Self {
        Self(Box::new(kind.into()))
    }
}

/// An error with all its sources, in one line: messages do not repeat what `source` returns.
pub(crate) struct WithSources<'a>(pub(crate) &'a dyn std::error::Error);

impl fmt::Display for WithSources<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut source = self.0.source();
        while let Some(error) = source {
            write!(f, ": {error}")?;
            source = error.source();
        }
        Ok(())
    }
}

const _: () = assert!(size_of::<Error>() == size_of::<usize>());
