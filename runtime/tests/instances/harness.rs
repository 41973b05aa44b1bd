//! Guests from assembler text, and all engines.

use std::fmt::Debug;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::thread;

use bessemer_image::{ImageBuilder, Profile};
use bessemer_isa::asm;
use bessemer_runtime::{
    Backend, Caller, Config, Engine, Exit, HostResult, HostStop, Instance, Limits, Linker, Module,
    OptLevel,
};

/// The ELF file of a guest, with a symbol for each label. `.option rvc` in it chooses profile C.
pub(crate) fn elf(guest: &str) -> Vec<u8> {
    elf_for(guest, asm::Options::default().profile)
}

/// The same, of another width for example.
pub(crate) fn elf_for(guest: &str, profile: Profile) -> Vec<u8> {
    let options = asm::Options { profile, ..asm::Options::default() };
    let program = asm::assemble(guest, &options).expect("the guest is correct");
    let mut image = ImageBuilder::new(program.profile)
        .entry(program.entry)
        .text(program.text.base, &program.text.bytes);
    if !program.rodata.bytes.is_empty() {
        image = image.rodata(program.rodata.base, &program.rodata.bytes);
    }
    let (data, bss) = (&program.data, &program.bss);
    if !data.bytes.is_empty() || !bss.bytes.is_empty() {
        let base = if data.bytes.is_empty() { bss.base } else { data.base };
        let end = data.end().max(if bss.bytes.is_empty() { 0 } else { bss.end() });
        let size = u32::try_from(end - u64::from(base)).expect("sections end below 2^32");
        image = image.data(base, &data.bytes, size);
    }
    for (name, &addr) in &program.symbols {
        image = image.symbol(name, addr);
    }
    image.build()
}

/// Every way to execute, with a name for messages.
pub(crate) fn configs() -> [(&'static str, Config); 4] {
    let limits = Limits::bare().with_stack(64 << 10);
    let config = |backend| Config::new().backend(backend).limits(limits).verify_code(true);
    let native = config(Backend::Jit);
    [
        ("interpreter", config(Backend::Interpreter)),
        ("native, unoptimised", native.clone().opt_level(OptLevel::None).precise_registers(true)),
        ("native, exact", native.clone().precise_registers(true)),
        ("native", native),
    ]
}

/// A module on an engine of its own.
pub(crate) fn module(config: &Config, guest: &str) -> Module {
    let engine = Engine::new(config.clone()).unwrap();
    Module::new(&engine, &elf(guest)).unwrap()
}

/// Runs a guest in every way, and gives back what all ways agree on.
#[track_caller]
pub(crate) fn everywhere<R: PartialEq + Debug>(guest: &str, run: impl Fn(&Module) -> R) -> R {
    let results = configs().map(|(name, config)| (name, run(&module(&config, guest))));
    for (name, result) in &results[1..] {
        assert_eq!(result, &results[0].1, "{name} against the {}", results[0].0);
    }
    let [(_, reference), ..] = results;
    reference
}

/// The same in a thread with little stack.
#[track_caller]
pub(crate) fn everywhere_on_a_small_stack<R: PartialEq + Debug + Send>(
    guest: &str,
    run: impl Fn(&Module) -> R + Sync,
) -> R {
    let results = configs().map(|(name, config)| {
        let module = module(&config, guest);
        (name, on_a_small_stack(|| run(&module)))
    });
    for (name, result) in &results[1..] {
        assert_eq!(result, &results[0].1, "{name} against the {}", results[0].0);
    }
    let [(_, reference), ..] = results;
    reference
}

/// Runs `f` on a stack of 256 KiB, or of 128 KiB in release.
pub(crate) fn on_a_small_stack<R: Send>(f: impl FnOnce() -> R + Send) -> R {
    let size = if cfg!(debug_assertions) { 256 << 10 } else { 128 << 10 };
    thread::scope(|scope| {
        let small = thread::Builder::new().stack_size(size);
        small.spawn_scoped(scope, f).unwrap().join().unwrap()
    })
}

/// Host calls of most tests: 93 ends the frame with a0, 1 adds a0 and a1, 2 pauses.
pub(crate) fn linker<T: 'static>(engine: &Engine) -> Linker<T> {
    let mut linker = Linker::new(engine);
    linker.func(93, "exit", exit::<T>).unwrap();
    linker.func(1, "add", |_: Caller<'_, T>, a: u32, b: u32| a.wrapping_add(b)).unwrap();
    linker.pause(2, "pause").unwrap();
    linker
}

fn exit<T>(_: Caller<'_, T>, code: u32) -> HostResult<()> {
    Err(HostStop::Done(code))
}

/// An instance with those host calls and much gas.
pub(crate) fn instance(module: &Module) -> Instance<()> {
    let mut instance = linker(module.engine()).instantiate(module, ()).unwrap();
    instance.set_gas(GAS).unwrap();
    instance
}

/// Enough for every test.
pub(crate) const GAS: u64 = 1 << 40;

/// Everything that can be seen of an instance from outside.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) exit: Exit,
    pub(crate) gas: u64,
    pub(crate) pc: u32,
    pub(crate) reservation: Option<u32>,
    /// `None` if the engine does not know them any more.
    pub(crate) registers: Option<[u64; 32]>,
    pub(crate) memory: u64,
}

impl Seen {
    pub(crate) fn of<T>(instance: &Instance<T>, exit: Exit) -> Self {
        let mut hasher = DefaultHasher::new();
        instance.memory().mapped().for_each(|area| area.hash(&mut hasher));
        // at a trap nobody can continue from, the reservation is as little defined as registers
        let registers = instance.registers().copied();
        Self {
            exit,
            gas: instance.gas(),
            pc: instance.pc(),
            reservation: registers.and(instance.reservation()),
            registers,
            memory: hasher.finish(),
        }
    }
}

impl PartialEq for Seen {
    fn eq(&self, other: &Self) -> bool {
        let known = self.registers.is_some() && other.registers.is_some();
        (self.exit, self.gas, self.pc, self.memory)
            == (other.exit, other.gas, other.pc, other.memory)
            && (!known
                || (self.registers == other.registers && self.reservation == other.reservation))
    }
}

/// Runs a guest in every way with much gas, and with every limit below what it needs (the lowest
/// and highest 200 of them); gives back what it did with much gas.
#[track_caller]
pub(crate) fn run(guest: &str) -> Seen {
    run_with(guest, |_| {})
}

/// Like [`run`], after `prepare`.
#[track_caller]
pub(crate) fn run_with(guest: &str, prepare: impl Fn(&mut Instance<()>)) -> Seen {
    let seen = everywhere(guest, |module| {
        let run = |gas| {
            let mut instance = instance(module);
            instance.set_gas(gas).unwrap();
            prepare(&mut instance);
            let exit = instance.run().unwrap();
            Seen::of(&instance, exit)
        };
        let full = run(GAS);
        let used = GAS - full.gas;
        let ladder: Vec<Seen> =
            (0..used.min(200)).chain(used.max(400) - 200..=used + 1).map(run).collect();
        (full, ladder)
    });
    seen.0
}
