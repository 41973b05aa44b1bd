//! How an engine executes.

use bessemer_image::Limits;
use bessemer_isa::GasSchedule;
use bessemer_translator::{OptLevel, Options};

use crate::region::PoolLimits;

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
}

impl Config {
    /// Native stack that guest calls may use, in bytes, before the runtime starts over with an empty
    /// one: it bounds the host's stack, not the guest's recursion.
    pub const DEFAULT_NATIVE_STACK: usize = 64 << 10;

    /// The defaults: automatic back end, optimised code, limits of bare programs, schedule 1.
    pub fn new() -> Self {
        Self {
            backend: Backend::Auto,
            options: Options::default(),
            limits: Limits::bare(),
            schedule: GasSchedule::V1,
            pool: PoolLimits::default(),
            native_stack: Self::DEFAULT_NATIVE_STACK,
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

    /// Runs the compiler's own verifier on everything it compiles.
    pub fn verify_code(mut self, verify: bool) -> Self {
        self.options.verify = verify;
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
}

impl Default for Config {
    fn default() -> Self {
        Self::new()
    }
}
