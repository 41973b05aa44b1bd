//! Modules: checked, charged, translated programs.

pub(crate) mod aot;
pub(crate) mod profile;

use std::sync::Arc;
use std::time::Duration;

use bessemer_image::{Charges, CodeHash, Program};
use bessemer_translator::Code;

use crate::memory::RegionImage;
use crate::program::{Known, LoadedProgram};
use crate::statistics::ModuleStatistics;
use crate::{Engine, Error, Origin};

/// A program that is ready to be instantiated. Cheap to clone; clones are the same module.
#[derive(Clone, Debug)]
pub struct Module {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    engine: Engine,
    loaded: Arc<LoadedProgram>,
}

impl Module {
    /// Parses an ELF file and sees to its native code, unless the engine interprets.
    ///
    /// The code is looked for in the engine's cache. If it is not there, the program is compiled: now
    /// with [`Backend::Jit`](crate::Backend::Jit) and [`Compilation::Eager`](crate::Compilation::Eager),
    /// else in the background, and the interpreter executes until it is ready.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Load`](crate::ErrorKind::Load) if the file is not a program within the engine's
    /// limits, [`ErrorKind::Region`](crate::ErrorKind::Region) if the system gives no memory for its
    /// image. With [`Backend::Jit`](crate::Backend::Jit),
    /// [`ErrorKind::Translate`](crate::ErrorKind::Translate) or
    /// [`ErrorKind::Compiler`](crate::ErrorKind::Compiler) if there is no native code for it; with
    /// [`Backend::Auto`](crate::Backend::Auto) it is then interpreted.
    pub fn new(engine: &Engine, elf: &[u8]) -> Result<Self, Error> {
        Ok(Self::from_loaded(engine, engine.load(elf, Known::Nothing)?))
    }

    /// Like [`Module::new`], for a caller who knows the file's hash: hashing takes longer than all
    /// else of loading. A wrong hash is nowhere noticed, and shows in messages.
    ///
    /// # Errors
    ///
    /// As [`Module::new`].
    pub fn with_code_hash(engine: &Engine, elf: &[u8], hash: CodeHash) -> Result<Self, Error> {
        Ok(Self::from_loaded(engine, engine.load(elf, Known::Hash(hash))?))
    }

    /// Like [`Module::new`], for a file that was parsed within the engine's limits already.
    ///
    /// # Errors
    ///
    /// As [`Module::new`], but for the loader's.
    pub fn of_program(engine: &Engine, elf: &[u8], program: Program) -> Result<Self, Error> {
        Ok(Self::from_loaded(engine, engine.load(elf, Known::Program(Box::new(program)))?))
    }

    pub(crate) fn from_loaded(engine: &Engine, loaded: Arc<LoadedProgram>) -> Self {
        Self { inner: Arc::new(Inner { engine: engine.clone(), loaded }) }
    }

    /// The engine that the module belongs to.
    #[inline]
    pub fn engine(&self) -> &Engine {
        &self.inner.engine
    }

    /// The checked program.
    #[inline]
    pub fn program(&self) -> &Program {
        &self.inner.loaded.program
    }

    /// The charges of arrivals.
    #[inline]
    pub fn charges(&self) -> &Charges {
        self.inner.loaded.charges()
    }

    /// The native code; `None` as long as the module is interpreted.
    #[inline]
    pub fn code(&self) -> Option<&Code> {
        self.inner.loaded.code()
    }

    /// Where the native code came from.
    pub fn origin(&self) -> Option<Origin> {
        self.inner.loaded.origin()
    }

    /// Bytes that the module takes in memory, about: more when its native code is ready.
    pub fn footprint(&self) -> u64 {
        self.inner.loaded.footprint()
    }

    /// How long parsing and decoding took.
    pub fn load_time(&self) -> Duration {
        self.inner.loaded.load_time
    }

    /// How long it took to make or to load the native code; zero without.
    pub fn compile_time(&self) -> Duration {
        self.inner.loaded.compile_time()
    }

    /// Counters of the instances of this module; modules that share code share the counters.
    pub fn statistics(&self) -> ModuleStatistics {
        self.inner.loaded.counters.read()
    }

    /// Has code made now that can be entered at the heads of loops.
    #[cfg(feature = "test-hooks")]
    pub fn make_osr_code(&self) {
        self.engine().provider().make_osr(self.loaded());
    }

    pub(crate) fn image(&self) -> &Arc<RegionImage> {
        &self.inner.loaded.image
    }

    pub(crate) fn loaded(&self) -> &Arc<LoadedProgram> {
        &self.inner.loaded
    }
}
