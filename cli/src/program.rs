//! Program files, and how they are compiled.

use std::path::{Path, PathBuf};

use bessemer_image::Limits;
use bessemer_runtime::{Config, Engine, Module, OptLevel};
use clap::ValueEnum;

use crate::failure::Failure;

/// A program file and its bytes.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) path: PathBuf,
    pub(crate) bytes: Vec<u8>,
}

impl File {
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let bytes = std::fs::read(path)
            .map_err(|source| Failure::Io { what: format!("read {}", path.display()), source })?;
        Ok(Self { path: path.to_owned(), bytes })
    }

    /// The program for an engine with these settings.
    pub(crate) fn module(&self, config: Config) -> Result<Module, Failure> {
        Engine::new(config)
            .and_then(|engine| Module::new(&engine, &self.bytes))
            .map_err(|error| Failure::program(&self.path, error))
    }
}

/// What a bare program may be, with another stack if one is asked for.
pub(crate) fn limits(stack: Option<u32>) -> Limits {
    stack.map_or(Limits::bare(), |stack| Limits::bare().with_stack(stack))
}

/// How much native code is optimised, as an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OptLevelArg {
    /// Compile fast
    None,
    /// Make fast code
    Speed,
}

impl OptLevelArg {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Speed => "speed",
        }
    }
}

impl From<OptLevelArg> for OptLevel {
    fn from(level: OptLevelArg) -> Self {
        match level {
            OptLevelArg::None => Self::None,
            OptLevelArg::Speed => Self::Speed,
        }
    }
}
