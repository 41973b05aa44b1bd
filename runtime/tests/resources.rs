//! Executable memory is never writable, and what is not used any more goes back to the system.

#![allow(clippy::unwrap_used, reason = "in a test, a failure")]

use std::fs;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bessemer_image::{ImageBuilder, Profile};
use bessemer_isa::asm;
use bessemer_runtime::{
    Backend, Caller, Config, Engine, Exit, HostResult, HostStop, Limits, Linker, Module,
};

/// The tests look at the whole process, so they run one after the other.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A guest that differs by `number`, touches its memory, calls the host, and ends with `number`.
fn elf(number: u32) -> Vec<u8> {
    let guest = format!(
        "
        _start: li   s1, {number}
                la   s0, cell
                sw   s1, 0(s0)
                sw   s1, -4(sp)
                li   a7, 1
                ecall
                call f
                li   a7, 93
                ecall
        f:      lw   a0, 0(s0)
                ret
                .data
        cell:   .word 1
        "
    );
    let program = asm::assemble(&guest, &asm::Options::default()).unwrap();
    ImageBuilder::new(Profile::rv32(false))
        .text(program.text.base, &program.text.bytes)
        .data(program.data.base, &program.data.bytes, 4)
        .build()
}

fn linker(engine: &Engine) -> Linker<u32> {
    let mut linker = Linker::new(engine);
    let check = |mut caller: Caller<'_, u32>| {
        *caller.data_mut() += 1;
        if caller.data().is_multiple_of(256) {
            nothing_is_writable_and_executable();
        }
    };
    linker.func(1, "check", check).unwrap();
    let exit = |_: Caller<'_, u32>, code: u32| -> HostResult<()> { Err(HostStop::Done(code)) };
    linker.func(93, "exit", exit).unwrap();
    linker
}

fn mappings() -> String {
    fs::read_to_string("/proc/self/maps").unwrap()
}

fn nothing_is_writable_and_executable() {
    for line in mappings().lines() {
        let permissions = line.split(' ').nth(1).unwrap();
        assert!(!(permissions.contains('w') && permissions.contains('x')), "{line}");
    }
}

fn mapping_count() -> usize {
    mappings().lines().count()
}

/// Bytes of the process that are in memory.
fn resident() -> usize {
    let statm = fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

#[track_caller]
fn plateau(what: &str, before: usize, after: usize, slack: usize) {
    assert!(after <= before + slack, "{what}: {before} before, {after} after");
}

#[test]
fn memory_of_dropped_modules_goes_back() {
    let _alone = alone();
    let engine = Engine::new(Config::new().backend(Backend::Jit)).unwrap();
    let linker = linker(&engine);
    let load = |number| {
        let module = Module::new(&engine, &elf(number)).unwrap();
        // data one below the number at which `check` looks at the mappings
        let mut instance = linker.instantiate(&module, number + 255).unwrap();
        instance.set_gas(1 << 40).unwrap();
        assert_eq!(instance.run().unwrap(), Exit::Done(number));
    };
    (0..200).for_each(load);
    let before = (mapping_count(), resident());
    (200..2_200).for_each(load);
    plateau("mappings", before.0, mapping_count(), 8);
    plateau("resident bytes", before.1, resident(), 4 << 20);
    nothing_is_writable_and_executable();
}

#[test]
fn loaded_modules_are_executable_and_never_writable() {
    let _alone = alone();
    let engine = Engine::new(Config::new().backend(Backend::Jit)).unwrap();
    let before = mapping_count();
    let modules: Vec<Module> =
        (0..100).map(|number| Module::new(&engine, &elf(number)).unwrap()).collect();
    nothing_is_writable_and_executable();
    for module in &modules {
        let code = module.code().unwrap().range();
        let inside = |line: &&str| {
            let (start, end) = line.split(' ').next().unwrap().split_once('-').unwrap();
            let [start, end] = [start, end].map(|hex| usize::from_str_radix(hex, 16).unwrap());
            start <= code.start && code.end <= end
        };
        let mappings = mappings();
        let line = mappings.lines().find(inside).unwrap();
        assert_eq!(line.split(' ').nth(1), Some("r-xp"), "{line}");
    }
    drop(modules);
    // the translator keeps up to 32 mappings for the next code
    plateau("mappings", before, mapping_count(), 40);
}

#[test]
fn instances_come_and_go_without_a_trace() {
    let _alone = alone();
    // in debug builds the pool reads all memory of each region that comes back
    let rounds = if cfg!(debug_assertions) { 10_000 } else { 100_000 };
    for backend in [Backend::Jit, Backend::Interpreter] {
        let config = Config::new().backend(backend).limits(Limits::contract());
        let engine = Engine::new(config).unwrap();
        let linker = linker(&engine);
        let module = Module::new(&engine, &elf(5)).unwrap();
        let cycle = |round: u32| {
            let mut instance = linker.instantiate(&module, round * 2).unwrap();
            // every third runs out of gas in the middle
            let starves = round.is_multiple_of(3);
            instance.set_gas(if starves { 200 } else { 1 << 40 }).unwrap();
            let exit = instance.run().unwrap();
            assert_eq!(matches!(exit, Exit::Done(5)), !starves, "{exit}");
        };
        (0..1_000).for_each(cycle);
        let before = (mapping_count(), resident());
        (1_000..1_000 + rounds).for_each(cycle);
        plateau("mappings", before.0, mapping_count(), 8);
        plateau("resident bytes", before.1, resident(), 2 << 20);
    }
}
