//! Runs untrusted contracts at the speed of native code.
//!
//! This crate is what embedders depend on: everything of the runtime by its own name, and the crates below and
//! above it as modules. It has no code of its own.
//!
//! The vocabulary is that of WebAssembly runtimes: an [`Engine`] holds settings, a [`Module`] is a checked program, a
//! [`Linker`] holds host functions, an [`Instance`] is a running program with memory, registers, gas and data of its
//! own.
//!
//! ```
//! use bessemer::image::{ImageBuilder, Profile};
//! use bessemer::isa::asm;
//! use bessemer::{Caller, Config, Engine, Exit, HostResult, HostStop, Linker, Module};
//!
//! let guest = "li a0, 7\nli a7, 93\necall";
//! let program = asm::assemble(guest, &asm::Options::default())?;
//! let elf = ImageBuilder::new(Profile::rv32(false)).text(program.text.base, &program.text.bytes).build();
//!
//! let engine = Engine::new(Config::new())?;
//! let module = Module::new(&engine, &elf)?;
//! let mut linker = Linker::<()>::new(&engine);
//! linker.func(93, "exit", |_: Caller<'_, ()>, code: u32| -> HostResult<()> { Err(HostStop::Done(code)) })?;
//! let mut instance = linker.instantiate(&module, ())?;
//! instance.set_gas(1_000)?;
//! assert_eq!(instance.run()?, Exit::Done(7));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Contracts with state are in [`chain`]. The feature `chain` is on by default, as are `compiler`, `redb` and `crypto`;
//! `evm` is not.
//!
//! The folder `examples` of this crate has an HTTP sequencer and a host of plugins.

pub use bessemer_runtime::*;

/// Accounts, transactions, blocks and receipts: crate `bessemer-chain`.
#[cfg(feature = "chain")]
pub use bessemer_chain as chain;
/// Which files are programs: crate `bessemer-image`.
pub use bessemer_image as image;
/// Instructions, gas schedules, an assembler: crate `bessemer-isa`.
pub use bessemer_isa as isa;
/// Addresses, amounts, Solidity's encoding: crate `bessemer-types`.
#[cfg(feature = "chain")]
pub use bessemer_types as types;
