//! A thread whose stack is too small for native code gets an error, and the process goes on.
#![allow(clippy::unwrap_used, reason = "tests fail by panics")]

use std::thread::Builder;

use bessemer_image::{ImageBuilder, Profile};
use bessemer_isa::asm;
use bessemer_runtime::{Backend, Config, Engine, Exit, Linker, Module};

/// Calls itself as often as the gas suffices.
const ENDLESS: &str = "
f:  addi sp, sp, -16
    sw ra, 0(sp)
    call f
    lw ra, 0(sp)
    addi sp, sp, 16
    ret";

fn module(backend: Backend) -> Module {
    let program = asm::assemble(ENDLESS, &asm::Options::default()).unwrap();
    let elf = ImageBuilder::new(Profile::rv32(false))
        .text(program.text.base, &program.text.bytes)
        .build();
    let config = Config::new().backend(backend).native_stack(128 << 10);
    Module::new(&Engine::new(config).unwrap(), &elf).unwrap()
}

/// Runs the program on a thread with so much stack; the message if that is an error.
fn run(module: &Module, stack: usize) -> Result<Exit, String> {
    let module = module.clone();
    let run = move || {
        let mut instance = Linker::new(module.engine()).instantiate(&module, ()).unwrap();
        instance.set_gas(100_000_000).unwrap();
        instance.run().map_err(|error| format!("{:#}", Chain(&error)))
    };
    Builder::new().stack_size(stack).spawn(run).unwrap().join().unwrap()
}

/// An error with its sources.
struct Chain<'a>(&'a dyn std::error::Error);

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        self.0.source().map_or(Ok(()), |source| write!(f, ": {}", Chain(source)))
    }
}

#[test]
fn native_code_on_a_small_stack_is_an_error_and_on_a_large_one_runs() {
    let module = module(Backend::Jit);
    for stack in [16 << 10, 64 << 10, 128 << 10] {
        let error = run(&module, stack).unwrap_err();
        assert!(error.contains("bytes of stack left"), "{stack}: {error}");
    }
    // the guest's own stack ends first, and that is a trap
    assert!(matches!(run(&module, 4 << 20), Ok(Exit::Trap(_))));
}

#[test]
fn the_interpreter_runs_on_a_small_stack() {
    let module = module(Backend::Interpreter);
    assert!(matches!(run(&module, 128 << 10), Ok(Exit::Trap(_))));
}
