//! The settings of an engine.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use bessemer_image::Limits;
use bessemer_isa::GasSchedule;
use bessemer_translator::{OptLevel, Options};

use crate::memory::PoolLimits;

/// Which engine executes a module. The choice is never visible in an outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Backend {
    /// Native code where this machine can run it and the module translates, else the interpreter.
    #[default]
    Auto,
    /// Native code; a module that does not translate is an error.
    Jit,
    /// The reference interpreter.
    Interpreter,
}

/// When [`Backend::Auto`] compiles. The choice is never visible in an outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Compilation {
    /// On other threads, while the interpreter executes; running instances go over to native code when
    /// it is ready.
    #[default]
    Background,
    /// When a module is made.
    Eager,
}

/// Bounds of a cache directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheLimits {
    /// Bytes of all files together.
    pub bytes: u64,
    /// Number of files.
    pub files: u64,
    /// Bytes of one file: a larger one is neither written nor read.
    pub file_bytes: usize,
}

impl Default for CacheLimits {
    fn default() -> Self {
        Self { bytes: 4 << 30, files: 20_000, file_bytes: 64 << 20 }
    }
}

/// The resources that a compiling child may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChildLimits {
    /// Bytes of address space.
    pub memory: u64,
    /// Seconds of processor time.
    pub cpu_seconds: u32,
    /// Time until it is killed.
    pub deadline: Duration,
}

impl Default for ChildLimits {
    fn default() -> Self {
        Self { memory: 512 << 20, cpu_seconds: 10, deadline: Duration::from_secs(20) }
    }
}

/// Settings of an [`Engine`](crate::Engine).
///
/// ```
/// use bessemer_runtime::{Backend, Config, Engine};
///
/// let engine = Engine::new(Config::new().backend(Backend::Interpreter))?;
/// # Ok::<(), bessemer_runtime::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Config {
    pub(crate) backend: Backend,
    pub(crate) options: Options,
    pub(crate) limits: Limits,
    pub(crate) schedule: GasSchedule,
    pub(crate) pool: PoolLimits,
    pub(crate) native_stack: usize,
    pub(crate) compilation: Compilation,
    pub(crate) compile_threads: usize,
    pub(crate) wait_for_code: bool,
    pub(crate) compiler_command: Option<Vec<OsString>>,
    pub(crate) child_limits: ChildLimits,
    pub(crate) cache_dir: Option<PathBuf>,
    pub(crate) cache_secret: Option<PathBuf>,
    pub(crate) cache_limits: CacheLimits,
    pub(crate) memory_cache: Option<u64>,
    pub(crate) check_every: u32,
}

impl Config {
    /// Native stack that guest calls may use, in bytes, before the runtime starts over with an empty
    /// one: it bounds the host's stack, not the guest's recursion.
    pub const DEFAULT_NATIVE_STACK: usize = 64 << 10;

    /// Bytes of modules that an engine with a cache directory keeps in memory.
    pub const DEFAULT_MEMORY_CACHE: u64 = 512 << 20;

    /// The defaults: automatic back end, optimised code, limits of bare programs, schedule 1.
    pub fn new() -> Self {
        Self {
            backend: Backend::Auto,
            options: Options::default(),
            limits: Limits::bare(),
            schedule: GasSchedule::V1,
            pool: PoolLimits::default(),
            native_stack: Self::DEFAULT_NATIVE_STACK,
            compilation: Compilation::Background,
            compile_threads: default_threads(),
            wait_for_code: true,
            compiler_command: None,
            child_limits: ChildLimits::default(),
            cache_dir: None,
            cache_secret: None,
            cache_limits: CacheLimits::default(),
            memory_cache: None,
            check_every: 1000,
        }
    }

    /// Chooses the back end.
    pub fn backend(mut self, backend: Backend) -> Self {
        self.backend = backend;
        self
    }

    /// Chooses how much the compiler optimises.
    pub fn opt_level(mut self, level: OptLevel) -> Self {
        self.options.opt_level = level;
        self
    }

    /// Keeps registers exact at traps, so that [`Instance::registers`](crate::Instance::registers)
    /// can be read after one. Native code gets slower by it.
    pub fn precise_registers(mut self, precise: bool) -> Self {
        self.options.precise_registers = precise;
        self
    }

    /// Bounds the instructions of a guest that become one native function, which are
    /// [`UNIT_INSTRUCTIONS`](bessemer_translator::UNIT_INSTRUCTIONS) at most. With few, code is cut
    /// at every place, which is what a test wants; it gets slower by it.
    #[cfg(feature = "test-hooks")]
    pub fn unit_instructions(mut self, most: u32) -> Self {
        self.options.unit_instructions = most;
        self
    }

    /// Runs the compiler's own verifier on everything it compiles.
    pub fn verify_code(mut self, verify: bool) -> Self {
        self.options.verify = verify;
        self
    }

    /// Sets how many bytes of native code a module may have for each slot of its text, besides 64 KiB;
    /// four times as many with [`precise_registers`](Self::precise_registers). One that would have
    /// more is interpreted, and code of more bytes, wherever it comes from, is not executed.
    /// [`bessemer_translator::Options::NATIVE_PER_SLOT`] by default.
    pub fn native_per_slot(mut self, bytes: u32) -> Self {
        self.options.native_per_slot = bytes;
        self
    }

    /// Sets what a module may be and how much memory it gets.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets the prices.
    pub fn gas_schedule(mut self, schedule: GasSchedule) -> Self {
        self.schedule = schedule;
        self
    }

    /// Bounds the guest memories that exist at once.
    pub fn pool(mut self, limits: PoolLimits) -> Self {
        self.pool = limits;
        self
    }

    /// Sets the native stack that guest calls may use, in bytes; at least 16 KiB are used. Host
    /// functions run on the same stack, behind this.
    pub fn native_stack(mut self, bytes: usize) -> Self {
        self.native_stack = bytes.max(16 << 10);
        self
    }

    /// Chooses when [`Backend::Auto`] compiles.
    pub fn compilation(mut self, compilation: Compilation) -> Self {
        self.compilation = compilation;
        self
    }

    /// Chooses whether instances wait for native code when those of their module have used as much gas in
    /// the interpreter as compiling it costs, 4,096 for each byte of text and 2^21; the thread then
    /// compiles itself, unless another has begun. The same holds for code that is entered at the heads of
    /// loops, if an instance is in one when native code comes. They do by default: a run on
    /// [`Backend::Auto`] takes about three times as long as the better choice at most, however much is
    /// to be compiled for others.
    pub fn wait_for_code(mut self, wait: bool) -> Self {
        self.wait_for_code = wait;
        self
    }

    /// Sets how many threads compile in the background; at least one does, if there is work. By default
    /// all processors but one, up to four: each thread may need 256 MiB. Small programs come first, those
    /// that are executed before others, and none waits for ever.
    pub fn compile_threads(mut self, threads: usize) -> Self {
        self.compile_threads = threads;
        self
    }

    /// Compiles in child processes that this command starts: a program and its arguments, which
    /// calls [`serve_compiler`](crate::serve_compiler) first thing in its `main`.
    ///
    /// A hostile program that crashes the compiler, exhausts its memory or takes it over does so in a process
    /// that has limits and hardly any system calls. The program must be of the same build as this one
    /// (`/proc/self/exe` is); another is noticed, and its artifacts are refused.
    pub fn compiler_command<S: Into<OsString>>(
        mut self,
        command: impl IntoIterator<Item = S>,
    ) -> Self {
        self.compiler_command = Some(command.into_iter().map(Into::into).collect());
        self
    }

    /// Compiles in this process, which is the default of embedders that name no command.
    pub fn compile_in_process(mut self) -> Self {
        self.compiler_command = None;
        self
    }

    /// Bounds what a child process that compiles may use.
    pub fn child_limits(mut self, limits: ChildLimits) -> Self {
        self.child_limits = limits;
        self
    }

    /// Keeps artifacts in this directory, which is made if it is not there and must be of mode 0700.
    /// Any number of engines and processes may share it.
    ///
    /// A file that was damaged, tampered with, or made by another build or for another machine is never
    /// executed, but removed with a warning and made anew.
    pub fn cache_dir(mut self, path: impl Into<PathBuf>) -> Self {
        self.cache_dir = Some(path.into());
        self
    }

    /// Names the file of the secret that authenticates artifacts; it is made, with mode 0600, if it is
    /// not there. It must not lie in the cache directory. Without this it stands beside that, under
    /// its name with `.secret` added.
    pub fn cache_secret(mut self, path: impl Into<PathBuf>) -> Self {
        self.cache_secret = Some(path.into());
        self
    }

    /// Bounds the cache directory.
    pub fn cache_limits(mut self, limits: CacheLimits) -> Self {
        self.cache_limits = limits;
        self
    }

    /// Keeps modules of this many bytes in memory, the least recently used of which go first, so that
    /// making a module of a known program costs a hash. By default this is
    /// [`Config::DEFAULT_MEMORY_CACHE`] with a cache directory, and 0 without.
    pub fn memory_cache(mut self, bytes: u64) -> Self {
        self.memory_cache = Some(bytes);
        self
    }

    /// Compiles one in so many loads from disk again, in the background, and compares; 0 for none. A
    /// difference is logged as an error and counted.
    pub fn check_every(mut self, loads: u32) -> Self {
        self.check_every = loads;
        self
    }

    /// Where the secret is.
    pub(crate) fn secret_path(&self) -> PathBuf {
        let beside = || {
            let mut path = self.cache_dir.clone().unwrap_or_default().into_os_string();
            path.push(".secret");
            path.into()
        };
        self.cache_secret.clone().unwrap_or_else(beside)
    }
}

fn default_threads() -> usize {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    processors.saturating_sub(1).clamp(1, 4)
}

impl Default for Config {
    fn default() -> Self {
        Self::new()
    }
}
