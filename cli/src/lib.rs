//! Code that the `bessemer` command shares with tests and tools: the environment of bare programs, and
//! a digest of guest memory.
//!
//! ```
//! use bessemer_cli::bare::{self, Bare, Input};
//! use bessemer_image::{ImageBuilder, Profile};
//! use bessemer_runtime::{Config, Engine, Exit, Module};
//!
//! // li a0, 7; li a7, 93; ecall
//! let code = [0x0070_0513_u32, 0x05d0_0893, 0x0000_0073].map(u32::to_le_bytes).concat();
//! let elf = ImageBuilder::new(Profile::rv32(false)).text(0x1_0000, code).build();
//!
//! let engine = Engine::new(Config::new())?;
//! let module = Module::new(&engine, &elf)?;
//! let bare = Bare::new(&module, Input::empty(), std::io::sink(), std::io::sink());
//! let mut instance = bare::linker(&engine).instantiate(&module, bare)?;
//! bare::prepare(&mut instance, &["seven"])?;
//! instance.set_gas(1_000)?;
//! assert_eq!(instance.run()?, Exit::Done(7));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]

pub mod bare;
mod digest;

pub use digest::memory_digest;
