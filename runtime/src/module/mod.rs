//! Modules: checked, charged, translated programs.

pub(crate) mod aot;
pub(crate) mod profile;

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use bessemer_image::{Charges, CodeHash, Decoded, Program};
use bessemer_translator::Code;

use crate::code::cache::ImageHash;
use crate::code::policy;
use crate::engine::statistics::{ModuleCounters, ModuleStatistics};
use crate::memory::{Part, RegionImage, RegionPool};
use crate::{Config, Engine, Error};

/// A program that is ready to be instantiated. Cheap to clone; clones are the same module.
#[derive(Clone, Debug)]
pub struct Module {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    engine: Engine,
    parts: Arc<Parts>,
}

/// What is known of a file before it is loaded.
pub(crate) enum Known {
    Nothing,
    Hash(CodeHash),
    Program(Box<Program>),
}

/// All of a module but its engine: what the engine's cache can hold without holding itself.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) program: Program,
    pub(crate) image_hash: ImageHash,
    /// Only the interpreter and the translator need them.
    charges: OnceLock<Charges>,
    schedule: bessemer_isa::GasSchedule,
    image: Arc<RegionImage>,
    pool: RegionPool,
    code: OnceLock<(Code, Origin)>,
    /// Native code that can be entered at the heads of loops, for executions that were in one when
    /// `code` came; `None` if it cannot be made.
    osr_code: OnceLock<Option<Code>>,
    /// Whether it was asked for.
    osr_wanted: AtomicBool,
    /// The ELF file, for a compiler that needs it.
    file: Option<Box<[u8]>>,
    /// Gas that may still be used in the interpreter before instances wait for native code.
    gas_left: AtomicU64,
    /// How often making the code failed after instances had waited for it.
    failures: AtomicU32,
    load_time: Duration,
    compile_time: OnceLock<Duration>,
    pub(crate) counters: ModuleCounters,
}

/// Where native code came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// This process compiled it, or had it compiled.
    Compiled,
    /// The cache directory.
    Disk,
    /// A file that holds program and code.
    File,
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
    /// [`ErrorKind::Load`](crate::ErrorKind::Load) if the file is no program within the engine's
    /// limits, [`ErrorKind::Region`](crate::ErrorKind::Region) if the system gives no memory for its
    /// image. With [`Backend::Jit`](crate::Backend::Jit),
    /// [`ErrorKind::Translate`](crate::ErrorKind::Translate) or
    /// [`ErrorKind::Compiler`](crate::ErrorKind::Compiler) if there is no native code for it; with
    /// [`Backend::Auto`](crate::Backend::Auto) it is then interpreted.
    pub fn new(engine: &Engine, elf: &[u8]) -> Result<Self, Error> {
        Ok(Self::from_parts(engine, engine.provider().module(elf, Known::Nothing)?))
    }

    /// Like [`Module::new`], for a caller who knows the file's hash: hashing takes longer than all
    /// else of loading. A wrong hash is nowhere noticed, and shows in messages.
    ///
    /// # Errors
    ///
    /// As [`Module::new`].
    pub fn with_code_hash(engine: &Engine, elf: &[u8], hash: CodeHash) -> Result<Self, Error> {
        Ok(Self::from_parts(engine, engine.provider().module(elf, Known::Hash(hash))?))
    }

    /// Like [`Module::new`], for a file that was parsed within the engine's limits already.
    ///
    /// # Errors
    ///
    /// As [`Module::new`], but for the loader's.
    pub fn of_program(engine: &Engine, elf: &[u8], program: Program) -> Result<Self, Error> {
        Ok(Self::from_parts(
            engine,
            engine.provider().module(elf, Known::Program(Box::new(program)))?,
        ))
    }

    pub(crate) fn from_parts(engine: &Engine, parts: Arc<Parts>) -> Self {
        Self { inner: Arc::new(Inner { engine: engine.clone(), parts }) }
    }

    /// The engine that the module belongs to.
    #[inline]
    pub fn engine(&self) -> &Engine {
        &self.inner.engine
    }

    /// The checked program.
    #[inline]
    pub fn program(&self) -> &Program {
        &self.inner.parts.program
    }

    /// What arrivals cost.
    #[inline]
    pub fn charges(&self) -> &Charges {
        self.inner.parts.charges()
    }

    /// The native code; `None` as long as the module is interpreted.
    #[inline]
    pub fn code(&self) -> Option<&Code> {
        self.inner.parts.code()
    }

    /// Where the native code came from.
    pub fn origin(&self) -> Option<Origin> {
        self.inner.parts.code.get().map(|(_, origin)| *origin)
    }

    /// Bytes that the module takes in memory, about: more when its native code is ready.
    pub fn footprint(&self) -> u64 {
        self.inner.parts.footprint()
    }

    /// How long parsing and decoding took.
    pub fn load_time(&self) -> Duration {
        self.inner.parts.load_time
    }

    /// How long it took to make or to load the native code; zero without.
    pub fn compile_time(&self) -> Duration {
        self.inner.parts.compile_time.get().copied().unwrap_or_default()
    }

    /// What the instances of this module have done; modules that share code share the counters.
    pub fn statistics(&self) -> ModuleStatistics {
        self.inner.parts.counters.read()
    }

    /// Has code made now that can be entered at the heads of loops.
    #[cfg(feature = "test-hooks")]
    pub fn make_osr_code(&self) {
        self.engine().provider().make_osr(self.parts());
    }

    pub(crate) fn image(&self) -> &Arc<RegionImage> {
        &self.inner.parts.image
    }

    pub(crate) fn parts(&self) -> &Arc<Parts> {
        &self.inner.parts
    }
}

impl Parts {
    /// Checks a program and lays out its memory.
    pub(crate) fn load(
        elf: &[u8],
        image_hash: ImageHash,
        known: Known,
        config: &Config,
        pool: &RegionPool,
    ) -> Result<Self, Error> {
        let start = Instant::now();
        let program = match known {
            Known::Nothing => Program::parse(elf, &config.limits)?,
            Known::Hash(hash) => Program::parse_hashed(elf, &config.limits, || hash)?,
            Known::Program(program) => *program,
        };
        let parts: Vec<Part<'_>> = program
            .segments()
            .iter()
            .map(|segment| Part {
                addr: segment.addr,
                size: segment.size,
                bytes: &segment.bytes,
                writable: segment.writable,
            })
            .collect();
        let layout = program.layout();
        let heap = layout.heap_start..layout.heap_limit;
        let image = RegionImage::build(&parts, layout.stack.clone(), heap)?;
        Ok(Self {
            program,
            image_hash,
            charges: OnceLock::new(),
            schedule: config.schedule,
            image,
            pool: pool.clone(),
            code: OnceLock::new(),
            osr_code: OnceLock::new(),
            osr_wanted: AtomicBool::new(false),
            file: None,
            gas_left: AtomicU64::new(u64::MAX),
            failures: AtomicU32::new(0),
            load_time: start.elapsed(),
            compile_time: OnceLock::new(),
            counters: ModuleCounters::default(),
        })
    }

    #[inline]
    pub(crate) fn charges(&self) -> &Charges {
        self.charges.get_or_init(|| self.program.charges(&self.schedule))
    }

    #[inline]
    pub(crate) fn code(&self) -> Option<&Code> {
        self.code.get().map(|(code, _)| code)
    }

    /// Gives the module its code; code that came second is dropped.
    pub(crate) fn set_code(&self, code: Code, origin: Origin) {
        let _ = self.code.set((code, origin));
    }

    pub(crate) fn set_compile_time(&self, time: Duration) {
        let _ = self.compile_time.set(time);
    }

    /// Sets other charges than those of the program.
    #[cfg(test)]
    pub(crate) fn set_charges(&self, charges: Charges) {
        self.charges.set(charges).expect("they are set before they are used");
    }

    /// Native code that can be entered at the heads of loops, if it was made.
    #[inline]
    pub(crate) fn osr_code(&self) -> Option<&Code> {
        self.osr_code.get()?.as_ref()
    }

    /// Makes that code, or waits for who makes it already. What cannot be made is not tried again.
    pub(crate) fn make_osr_code(&self, make: impl FnOnce() -> Option<Code>) {
        self.osr_code.get_or_init(make);
    }

    /// Whether nobody has asked for it.
    pub(crate) fn is_first_to_want_osr(&self) -> bool {
        !self.osr_wanted.swap(true, Ordering::Relaxed)
    }

    /// Keeps the ELF file for a compiler.
    pub(crate) fn with_file(mut self, file: Option<Box<[u8]>>) -> Self {
        self.file = file;
        self
    }

    pub(crate) fn file(&self) -> Option<&[u8]> {
        self.file.as_deref()
    }

    /// Gas that may still be used in the interpreter before instances wait for native code.
    #[inline]
    pub(crate) fn interpretable_gas(&self) -> u64 {
        self.gas_left.load(Ordering::Relaxed)
    }

    /// Takes gas that was used in the interpreter from what may be.
    pub(crate) fn was_interpreted(&self, gas: u64) {
        let less = |left: u64| (left != u64::MAX).then(|| left.saturating_sub(gas));
        let _ = self.gas_left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }

    /// Gas that may still be used in the interpreter where native code cannot be entered, before
    /// code is made that can be.
    pub(crate) fn gap_gas_left(&self) -> u64 {
        if self.osr_code.get().is_some() {
            return u64::MAX;
        }
        policy::interpreted_gas(&self.program).saturating_sub(self.counters.gap_gas.value())
    }

    /// Bounds the gas that may be used in the interpreter.
    pub(crate) fn let_interpret(&self) {
        let failures = self.failures.load(Ordering::Relaxed);
        let gas = policy::interpreted_gas(&self.program);
        let gas = gas.saturating_mul(4_u64.saturating_pow(failures));
        self.gas_left.store(gas, Ordering::Relaxed);
    }

    /// The same when there was no code for those who waited: four times as much each time.
    pub(crate) fn let_interpret_longer(&self) {
        let more = |failures: u32| failures.checked_add(1);
        let _ = self.failures.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        self.let_interpret();
    }

    /// There will never be code, so nobody waits for it.
    pub(crate) fn let_interpret_for_good(&self) {
        self.failures.store(u32::MAX, Ordering::Relaxed);
        self.let_interpret();
    }

    /// Bytes that the module takes in memory, about.
    pub(crate) fn footprint(&self) -> u64 {
        let segments = self.program.segments().iter();
        let bytes: usize = segments.map(|segment| segment.bytes.len()).sum();
        let text = self.program.text();
        let decoded = text.slot_count() * (size_of::<Decoded>() + 4);
        let codes = [self.code(), self.osr_code()];
        let native: usize = codes.into_iter().flatten().map(Code::footprint).sum();
        let file = self.file().map_or(0, <[u8]>::len);
        (size_of::<Self>() + 2 * bytes + decoded + native + file) as u64
    }
}

impl Drop for Parts {
    fn drop(&mut self) {
        self.pool.evict(&self.image);
    }
}
