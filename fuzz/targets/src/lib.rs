//! The fuzzed properties, as functions of bytes.
//!
//! Each [`Target`] takes any bytes and panics if a property does not hold. `cargo fuzz run NAME`
//! searches for such bytes; the test `smoke` runs every target on seeds and on mutations of them, on a
//! stable compiler.

#![forbid(unsafe_code)]

mod bytes;
mod chain;
mod codec;
mod decoder;
mod engine;
mod files;
mod host_calls;

/// A property of all bytes.
#[derive(Clone, Copy)]
pub struct Target {
    /// The name of the fuzz target.
    pub name: &'static str,
    /// Checks the property. Returns whether the bytes were accepted by what is tested, so that it
    /// went deep.
    ///
    /// # Panics
    ///
    /// If the property does not hold.
    pub run: fn(&[u8]) -> bool,
    /// Bytes to begin with; at least one of them is accepted.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// How many inputs the smoke test tries, and how many of them must be accepted.
    pub smoke: (u32, u32),
}

/// All targets.
pub const TARGETS: &[Target] = &[
    Target { name: "elf", run: files::elf, seeds: files::elf_seeds, smoke: (4_000, 200) },
    Target {
        name: "artifact",
        run: files::artifact,
        seeds: files::artifact_seeds,
        smoke: (4_000, 100),
    },
    Target { name: "decoder", run: decoder::run, seeds: decoder::seeds, smoke: (4_000, 500) },
    Target { name: "codec", run: codec::run, seeds: codec::seeds, smoke: (20_000, 200) },
    Target { name: "engine", run: engine::run, seeds: engine::seeds, smoke: (150, 30) },
    Target { name: "host_calls", run: host_calls::run, seeds: host_calls::seeds, smoke: (150, 10) },
    Target { name: "chain", run: chain::run, seeds: chain::seeds, smoke: (100, 10) },
];

/// Runs a target by its name.
///
/// # Panics
///
/// If the property does not hold, or if there is no such target.
pub fn run(name: &str, data: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name).expect("a target's name");
    (target.run)(data);
}
