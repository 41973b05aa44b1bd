//! The interface of compilers: a program becomes native code.

use std::fmt;
use std::sync::Arc;
use std::thread;

use bessemer_image::{Charges, Limits, Program};
use bessemer_isa::GasSchedule;
use bessemer_translator::{Artifact, Options, TranslateError, translate};

use super::cache::Key;
use crate::error::CompileError;

/// Makes native code. Whatever goes wrong is an error: a compiler does not panic.
pub(crate) trait Compile: Send + Sync + fmt::Debug {
    /// Makes the native code of a program.
    fn compile(&self, source: &Source<'_>) -> Result<Artifact, CompileError>;

    /// Whether [`Source::file`] has to be there.
    fn needs_file(&self) -> bool;
}

/// A program to compile.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source<'a> {
    /// The program's ELF file, for compilers that need it.
    pub(crate) file: Option<&'a [u8]>,
    pub(crate) program: &'a Program,
    pub(crate) charges: &'a Charges,
    pub(crate) options: &'a Options,
    pub(crate) limits: &'a Limits,
    pub(crate) schedule: &'a GasSchedule,
    /// The key of the artifact.
    pub(crate) key: Key,
}

/// Bytes of stack that a thread needs to compile.
const STACK: usize = 1 << 20;

/// The translator, in this process and on the thread that asks, unless that has too little stack:
/// guests may be run on very small ones.
#[derive(Debug)]
pub(crate) struct InProcess;

impl Compile for InProcess {
    fn compile(&self, source: &Source<'_>) -> Result<Artifact, CompileError> {
        let translate = || translate(source.program, source.charges, source.options);
        if stacker::remaining_stack().is_some_and(|left| left >= STACK) {
            return Ok(translate()?);
        }
        thread::scope(|scope| {
            let thread = thread::Builder::new().name("bessemer-compile".to_owned());
            let thread = thread
                .stack_size(2 * STACK)
                .spawn_scoped(scope, translate)
                .map_err(|error| CompileError::Thread(Arc::new(error)))?;
            match thread.join() {
                Ok(artifact) => Ok(artifact?),
                Err(_) => {
                    Err(TranslateError::Panic("the thread that compiled ended".into()).into())
                }
            }
        })
    }

    fn needs_file(&self) -> bool {
        false
    }
}
