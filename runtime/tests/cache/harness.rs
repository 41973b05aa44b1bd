//! Guests, engines with caches, and what can be seen of a run.

use std::fs;
use std::path::{Path, PathBuf};

use bessemer_image::ImageBuilder;
use bessemer_isa::asm;
use bessemer_runtime::{
    Backend, Caller, Config, Engine, Exit, HostResult, HostStop, Instance, Limits, Linker, Module,
};
use bessemer_translator::{Artifact, MAC_LEN};
use tempfile::TempDir;

/// A folder with a cache directory and a secret.
pub(crate) struct Place {
    pub(crate) folder: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn cache(&self) -> PathBuf {
        self.folder.path().join("cache")
    }

    /// Settings with this cache.
    pub(crate) fn config(&self) -> Config {
        config().cache_dir(self.cache())
    }

    /// The artifacts in the cache.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(self.cache()) else { return vec![] };
        let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }

    pub(crate) fn only_file(&self) -> PathBuf {
        let files = self.files();
        assert_eq!(files.len(), 1, "{files:?}");
        files[0].clone()
    }
}

/// Settings with little stack.
pub(crate) fn config() -> Config {
    Config::new().backend(Backend::Jit).limits(Limits::bare().with_stack(64 << 10))
}

/// The ELF file of a guest, with all its labels as symbols: native code can be entered at each.
pub(crate) fn elf(guest: &str) -> Vec<u8> {
    assembled(guest, true)
}

/// The ELF file of a guest, without symbols.
pub(crate) fn stripped(guest: &str) -> Vec<u8> {
    assembled(guest, false)
}

fn assembled(guest: &str, symbols: bool) -> Vec<u8> {
    let program = asm::assemble(guest, &asm::Options::default()).expect("the guest is correct");
    let mut image = ImageBuilder::new(program.profile)
        .entry(program.entry)
        .text(program.text.base, &program.text.bytes);
    if !program.rodata.bytes.is_empty() {
        image = image.rodata(program.rodata.base, &program.rodata.bytes);
    }
    if !program.data.bytes.is_empty() {
        let size = u32::try_from(program.data.bytes.len()).unwrap();
        image = image.data(program.data.base, &program.data.bytes, size);
    }
    for (name, &addr) in program.symbols.iter().filter(|_| symbols) {
        image = image.symbol(name, addr);
    }
    image.build()
}

/// A guest that computes, calls, stores and ends with a number that depends on `number`.
pub(crate) fn numbered(number: u32) -> Vec<u8> {
    elf(&format!(
        "
        _start: li   s0, {number}
                li   s1, 12
        loop:   mv   a0, s0
                call step
                mv   s0, a0
                sw   s0, -4(sp)
                addi s1, s1, -1
                bnez s1, loop
                lw   a0, -4(sp)
                li   a7, 1
                ecall
                li   a7, 93
                ecall
        step:   li   t0, 1103515245
                mul  a0, a0, t0
                addi a0, a0, 123
                ret
        "
    ))
}

/// Host calls: 93 ends with a0, 1 adds 1 to a0, 2 pauses.
pub(crate) fn linker(engine: &Engine) -> Linker<()> {
    let mut linker = Linker::new(engine);
    let exit = |_: Caller<'_, ()>, code: u32| -> HostResult<()> { Err(HostStop::Done(code)) };
    linker.func(93, "exit", exit).unwrap();
    linker.func(1, "next", |_: Caller<'_, ()>, a: u32| a.wrapping_add(1)).unwrap();
    linker.pause(2, "pause").unwrap();
    linker
}

/// Everything that can be seen from outside and does not depend on the back end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) exit: Exit,
    pub(crate) gas: u64,
    pub(crate) pc: u32,
    pub(crate) memory: Vec<(u32, Vec<u8>)>,
}

impl Seen {
    pub(crate) fn of(instance: &Instance<()>, exit: Exit) -> Self {
        let memory = instance.memory().mapped().map(|(at, bytes)| (at, bytes.to_vec())).collect();
        Self { exit, gas: instance.gas(), pc: instance.pc(), memory }
    }
}

pub(crate) fn instance(module: &Module) -> Instance<()> {
    let mut instance = linker(module.engine()).instantiate(module, ()).unwrap();
    instance.set_gas(1 << 40).unwrap();
    instance
}

/// Runs a module to its end.
pub(crate) fn run(module: &Module) -> Seen {
    let mut instance = instance(module);
    let exit = instance.run().unwrap();
    Seen::of(&instance, exit)
}

/// What the interpreter says.
pub(crate) fn expected(elf: &[u8]) -> Seen {
    let engine = Engine::new(config().backend(Backend::Interpreter)).unwrap();
    run(&Module::new(&engine, elf).unwrap())
}

/// Loads and runs a program on a new engine, and demands the right result.
#[track_caller]
pub(crate) fn runs_right(config: &Config, elf: &[u8]) -> Module {
    let engine = Engine::new(config.clone()).unwrap();
    let module = Module::new(&engine, elf).unwrap();
    assert_eq!(run(&module), expected(elf));
    module
}

/// A copy of a file's bytes with some changed.
pub(crate) fn changed(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
}

/// The artifact in a file, without authentication code, with `more` bytes behind its native code.
pub(crate) fn grown(file: &Path, more: usize) -> Vec<u8> {
    let mut bytes = fs::read(file).unwrap();
    bytes.truncate(bytes.len() - MAC_LEN);
    let (note, artifact) = Artifact::read(&bytes).unwrap();
    let (end, len) = (note.code_range().end, artifact.code().len() + more);
    bytes.splice(end..end, std::iter::repeat_n(0xcc, more));
    bytes[92..96].copy_from_slice(&u32::try_from(len).unwrap().to_le_bytes());
    assert_eq!(
        Artifact::read(&bytes).unwrap().1.code().len(),
        len,
        "it is not an artifact any more"
    );
    bytes
}

/// Seals a file as its node would.
pub(crate) fn seal(place: &Place, bytes: &mut Vec<u8>) {
    let secret = fs::read(place.folder.path().join("cache.secret")).unwrap();
    let key = blake3::derive_key("bessemer 2026-11 artifact authentication", &secret);
    let code = blake3::keyed_hash(&key, bytes);
    bytes.extend_from_slice(code.as_bytes());
}
