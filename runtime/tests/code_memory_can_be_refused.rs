//! When the system refuses memory for code, at whatever call, results are right.

#![allow(clippy::unwrap_used, reason = "in a test, a failure")]

use bessemer_image::{ImageBuilder, Profile};
use bessemer_isa::asm;
use bessemer_runtime::{
    Backend, Caller, Compilation, Config, Engine, ErrorKind, Exit, HostResult, HostStop, Linker,
    Module, Origin,
};
use bessemer_translator::fault;

fn elf(number: u32) -> Vec<u8> {
    let guest = format!("li a0, {number}\n li a7, 93\n ecall");
    let program = asm::assemble(&guest, &asm::Options::default()).unwrap();
    ImageBuilder::new(Profile::rv32(false)).text(program.text.base, &program.text.bytes).build()
}

fn run(module: &Module) -> Exit {
    let mut linker = Linker::new(module.engine());
    let exit = |_: Caller<'_, ()>, code: u32| -> HostResult<()> { Err(HostStop::Done(code)) };
    linker.func(93, "exit", exit).unwrap();
    let mut instance = linker.instantiate(module, ()).unwrap();
    instance.set_gas(1 << 30).unwrap();
    instance.run().unwrap()
}

/// The injection counts calls of the whole process: one test in this file.
#[test]
fn every_call_can_be_refused_and_no_result_changes() {
    let folder = tempfile::tempdir().unwrap();
    let config = |backend| {
        Config::new()
            .backend(backend)
            .compilation(Compilation::Eager)
            .cache_dir(folder.path().join("cache"))
            .check_every(0)
    };
    // alive, so that no code finds the memory that other code has left
    let mut alive = Vec::new();
    let (mut interpreted, mut loaded, mut compiled, mut refused) = (0, 0, 0, 0);
    for (backend, numbers) in [(Backend::Auto, 1..=12), (Backend::Jit, 21..=32)] {
        for number in numbers {
            let elf = elf(number);
            for k in 1..=6 {
                // the first round finds no file, the others one
                fault::fail_after(k);
                let module = Module::new(&Engine::new(config(backend)).unwrap(), &elf);
                fault::fail_after(0);
                match module {
                    Ok(module) => {
                        match module.origin() {
                            None => interpreted += 1,
                            Some(Origin::Disk) => loaded += 1,
                            Some(_) => compiled += 1,
                        }
                        assert_eq!(run(&module), Exit::Done(number), "call {k}");
                        alive.push(module);
                    }
                    Err(error) => {
                        assert_eq!(backend, Backend::Jit, "{error}");
                        assert!(matches!(error.kind(), ErrorKind::Translate(_)), "{error}");
                        refused += 1;
                    }
                }
            }
        }
    }
    let seen = [interpreted, loaded, compiled, refused];
    assert!(seen.iter().all(|&count| count > 0), "{seen:?}: a way out was never taken");
    // nothing that failed was remembered
    for number in (1..=12).chain(21..=32) {
        let module =
            Module::new(&Engine::new(config(Backend::Jit)).unwrap(), &elf(number)).unwrap();
        assert_eq!(module.origin(), Some(Origin::Disk));
        assert_eq!(run(&module), Exit::Done(number));
    }
}
