//! Contracts in a cache that holds seven of ten: few compilations, steady memory, right results.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "this file holds only tests")]

use std::fs;
use std::path::Path;

use bessemer_image::{ImageBuilder, Profile};
use bessemer_isa::asm;
use bessemer_runtime::{
    Backend, CacheLimits, Caller, Config, Engine, EngineStatistics, Exit, HostResult, HostStop,
    Limits, Linker, Module,
};
use bessemer_toolchain::tests::cases;

/// How many contracts there are; each is called a hundred times in the mean.
fn contracts() -> u32 {
    cases(300, 1_000) as u32
}

/// How many of them the cache holds.
fn held() -> u64 {
    u64::from(contracts()) * 7 / 10
}

fn elf(number: u32) -> Vec<u8> {
    let guest = format!(
        "_start: li s0, {number}
                 li s1, 4
         loop:   sw s0, -4(sp)
                 lw a0, -4(sp)
                 addi s1, s1, -1
                 bnez s1, loop
                 li a7, 93
                 ecall"
    );
    let program = asm::assemble(&guest, &asm::Options::default()).unwrap();
    ImageBuilder::new(Profile::rv32(false)).text(program.text.base, &program.text.bytes).build()
}

fn resident() -> u64 {
    let statm = fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}

/// Bytes that a module takes in the memory cache.
fn footprint() -> u64 {
    let engine = Engine::new(Config::new().backend(Backend::Jit).memory_cache(1 << 30)).unwrap();
    Module::new(&engine, &elf(1)).unwrap();
    engine.kept_modules().1
}

/// Makes the calls, in an order that has no pattern but is always the same.
fn load(directory: &Path, files: u64, elves: &[Vec<u8>]) -> EngineStatistics {
    let limits = CacheLimits { files, ..CacheLimits::default() };
    let config = Config::new()
        .limits(Limits::contract())
        .cache_dir(directory)
        .cache_limits(limits)
        .memory_cache(held() * footprint())
        .check_every(0);
    let engine = Engine::new(config).unwrap();
    let mut linker = Linker::<()>::new(&engine);
    let exit = |_: Caller<'_, ()>, code: u32| -> HostResult<()> { Err(HostStop::Done(code)) };
    linker.func(93, "exit", exit).unwrap();
    for elf in elves {
        drop(Module::new(&engine, elf).unwrap());
    }
    engine.finish_compiling();
    let calls = 100 * contracts();
    let mut state = 1_u32;
    let mut settled = 0;
    for call in 0..calls {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let number = (state >> 8) % contracts();
        let module = Module::new(&engine, &elves[number as usize]).unwrap();
        let mut instance = linker.instantiate(&module, ()).unwrap();
        instance.set_gas(10_000).unwrap();
        assert_eq!(instance.run().unwrap(), Exit::Done(number), "call {call}");
        if call == calls * 2 / 5 {
            settled = resident();
        }
    }
    engine.finish_compiling();
    let ((kept, bytes), after) = (engine.kept_modules(), resident());
    let statistics = engine.statistics();
    println!("{files} files: {settled} bytes resident, then {after}; {kept} held; {statistics:?}");
    // those without native code are smaller, so that more may be held
    assert!(bytes <= held() * footprint() && kept >= held() - held() / 10, "{kept} are held");
    let slack = settled / 20;
    assert!((settled - slack..=settled + slack).contains(&after), "{settled}, then {after} bytes");
    assert!(statistics.memory_evictions > u64::from(calls) / 20, "the cache was never too small");
    statistics
}

/// One test, as it looks at the memory of the whole process.
#[test]
fn a_cache_that_is_too_small_costs_speed_and_nothing_else() {
    let elves: Vec<_> = (0..contracts()).map(elf).collect();
    let folder = tempfile::tempdir().unwrap();
    let large = load(&folder.path().join("large"), 10_000, &elves);
    assert_eq!(large.compiles, u64::from(contracts()), "each is compiled once");
    assert!(large.disk_hits > 20 * u64::from(contracts()));
    let small = load(&folder.path().join("small"), held(), &elves);
    // at the latest the fifth time, a program has to be wanted 256 times before
    assert!(small.compiles <= 5 * u64::from(contracts()), "{} compilations", small.compiles);
    assert!(small.disk_evictions > 0);
}
