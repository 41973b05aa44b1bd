//! Program files, and how they are compiled.

use std::path::{Path, PathBuf};

use bessemer_image::Limits;
use bessemer_runtime::{Config, Engine, Module, OptLevel, PortableFile};
use clap::ValueEnum;

use crate::support::failure::Failure;

/// A program file and its bytes.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) path: PathBuf,
    /// The ELF file of the program.
    pub(crate) bytes: Vec<u8>,
    /// The file that holds the program and its native code, if it is one of those.
    portable: Option<Vec<u8>>,
}

impl File {
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let bytes = std::fs::read(path)
            .map_err(|source| Failure::Io { what: format!("read {}", path.display()), source })?;
        Ok(Self::new(path.to_owned(), bytes))
    }

    /// The program in these bytes: an ELF file, or one with native code.
    pub(crate) fn new(path: PathBuf, bytes: Vec<u8>) -> Self {
        match PortableFile::parse(&bytes).map(|file| file.image().to_vec()) {
            Some(image) => Self { path, bytes: image, portable: Some(bytes) },
            None => Self { path, bytes, portable: None },
        }
    }

    /// Whether the file holds native code too.
    pub(crate) fn is_portable(&self) -> bool {
        self.portable.is_some()
    }

    /// Like [`File::module`], but uses the native code in the file if it is authentic.
    pub(crate) fn ready_module(&self, config: Config) -> Result<Module, Failure> {
        let Some(file) = self.portable.as_deref().and_then(PortableFile::parse) else {
            return self.module(config);
        };
        let (module, unused) = Engine::new(config)
            .and_then(|engine| file.module(&engine))
            .map_err(|error| Failure::program(&self.path, error))?;
        if let Some(reason) = unused {
            let path = self.path.display();
            log::warn!("{path}: {reason}; the program in it is compiled anew");
        }
        Ok(module)
    }

    /// The program for an engine with these settings.
    pub(crate) fn module(&self, config: Config) -> Result<Module, Failure> {
        Engine::new(config)
            .and_then(|engine| Module::new(&engine, &self.bytes))
            .map_err(|error| Failure::program(&self.path, error))
    }
}

/// The limits of bare programs, with another stack if one is asked for.
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
