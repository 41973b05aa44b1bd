//! Reasons why a program has no native code. None of them is a verdict on the program: it executes in the
//! interpreter with the same outcome.

use thiserror::Error;

/// Translation or publication failed.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum TranslateError {
    /// This machine cannot run the code that the translator generates.
    #[error("native code needs x86-64 Linux with SSE4.2 ({0}); use the interpreter")]
    Host(String),
    /// The build has no compiler: its feature `compiler` is off.
    #[error("this build has no compiler; use the interpreter")]
    NoCompiler,
    /// Cranelift refused a unit.
    #[error("Cranelift failed on the unit at {pc:#010x}: {reason}")]
    Codegen {
        /// Guest address of the unit.
        pc: u32,
        /// Cranelift's message.
        reason: String,
    },
    /// The translator, or Cranelift inside it, failed an assertion of its own.
    #[error("the translator panicked: {0}")]
    Panic(String),
    /// Generated code has a form that artifacts cannot hold.
    #[error("the unit at {pc:#010x} came out with {what}, which an artifact cannot hold")]
    Form {
        /// Guest address of the unit.
        pc: u32,
        /// The unsupported thing.
        what: &'static str,
    },
    /// There is more native code than a program of this size may have.
    #[error(
        "{size} bytes of native code are more than the {limit} that {slots} slots of text may have"
    )]
    TooLarge {
        /// Bytes when it was noticed.
        size: usize,
        /// Bytes that are allowed, see [`Options::native_limit`](crate::Options::native_limit).
        limit: usize,
        /// Slots of text.
        slots: usize,
    },
    /// The operating system gave no executable memory.
    #[error("cannot make {size} bytes of executable memory: {reason}")]
    Memory {
        /// Bytes wanted.
        size: usize,
        /// The system's message.
        reason: String,
    },
}
