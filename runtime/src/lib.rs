//! Runs one program in one context, safely.
//!
//! The vocabulary is that of WebAssembly runtimes: an [`Engine`] holds settings, a [`Module`] is a
//! checked and translated program, a [`Linker`] holds host functions, an [`Instance`] is a running
//! program with its own memory, registers, gas and host data.
//!
//! ```
//! use bessemer_image::{ImageBuilder, Profile};
//! use bessemer_runtime::{Caller, Config, Engine, Exit, HostResult, HostStop, Linker, Module};
//!
//! // li a0, 7; li a7, 93; ecall
//! let code = [0x0070_0513_u32, 0x05d0_0893, 0x0000_0073].map(u32::to_le_bytes).concat();
//! let elf = ImageBuilder::new(Profile::rv32(false)).text(0x1_0000, code).build();
//!
//! let engine = Engine::new(Config::new())?;
//! let module = Module::new(&engine, &elf)?;
//! let mut linker = Linker::<()>::new(&engine);
//! linker.func(93, "exit", |_: Caller<'_, ()>, code: u32| -> HostResult<()> { Err(HostStop::Done(code)) })?;
//! let mut instance = linker.instantiate(&module, ())?;
//! instance.set_gas(1_000)?;
//! assert_eq!(instance.run()?, Exit::Done(7));
//! assert_eq!(instance.gas(), 1_000 - (2 + 1 + 1 + 150));
//! # Ok::<(), bessemer_runtime::Error>(())
//! ```
//!
//! Everything observable, gas included, is the same on every [`Backend`]. Guest input never panics
//! the host: a guest ends in an [`Exit`], the host's own failures are [`Error`]s.
//!
//! `unsafe` is in three modules: `memory` maps guest memory, `exec::signal` turns faults of native code
//! into guest faults, `exec::native` enters native code.

#![deny(unsafe_code)]

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
compile_error!("bessemer-runtime supports x86-64 Linux only");

mod code;
mod config;
mod engine;
mod error;
mod exec;
mod exit;
#[allow(unsafe_code, reason = "maps memory and accesses it by address")]
pub mod memory;
mod module;
mod program;
mod statistics;

pub use code::cache::{CacheEntry, CacheFileError, Key};
pub use code::worker::serve_compiler;
pub use config::{Backend, CacheLimits, ChildLimits, Compilation, Config};
pub use engine::Engine;
pub use engine::cache::Cache;
pub use error::{CacheError, ChildError, Error, ErrorKind, MissingHostCall, SignalError};
pub use exec::host_function::{
    ArgumentRegisters, FromRegisters, GuestSlice, HostFunction, HostResult, HostStop,
    IntoHostResult,
};
pub use exec::instance::{
    Arguments, Caller, FromResult, Instance, IntoRegisters, MAX_GAS, RegisterWriter, TypedFunction,
};
pub use exec::interrupt::InterruptHandle;
pub use exec::linker::{InstancePre, Linker};
#[cfg(feature = "test-hooks")]
#[doc(hidden)]
pub use exec::signal;
pub use exec::signal::install_signal_handlers;
pub use exit::Exit;
pub use module::Module;
pub use module::aot::{AotError, PortableFile};
pub use module::profile::{JitDump, write_perf_map};
pub use program::Origin;
pub use statistics::{EngineStatistics, ModuleStatistics};

pub use bessemer_image::{Fault, Limits, LoadError};
pub use bessemer_isa::{Trap, TrapKind};
pub use bessemer_translator::OptLevel;
