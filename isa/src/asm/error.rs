//! Why a program cannot be assembled.

use alloc::string::String;
use core::{error, fmt};

/// One sentence about the first thing that is wrong, and the line that it is on.
///
/// For text the line is that of the source text; for calls of the builder it is the line of the
/// Rust source that made the call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AsmError {
    line: u32,
    sentence: String,
}

impl AsmError {
    pub(super) fn new(line: u32, sentence: impl Into<String>) -> Self {
        Self { line, sentence: sentence.into() }
    }

    /// The line, counted from 1; 0 for what no line says, the options.
    pub fn line(&self) -> u32 {
        self.line
    }

    /// The fault, the rule that it breaks, and what to write instead.
    pub fn sentence(&self) -> &str {
        &self.sentence
    }
}

impl fmt::Display for AsmError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(&self.sentence),
            line => write!(f, "line {line}: {}", self.sentence),
        }
    }
}

impl error::Error for AsmError {}
