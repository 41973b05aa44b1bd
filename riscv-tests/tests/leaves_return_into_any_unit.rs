//! A register that a leaf leaves alone is the same behind its call, wherever units are cut.

#![allow(clippy::unwrap_used, reason = "this file holds only a test")]

use std::fmt::Write;

use bessemer_image::{ImageBuilder, Profile};
use bessemer_isa::asm;
use bessemer_runtime::{
    Backend, Caller, Config, Engine, Exit, HostResult, HostStop, Linker, Module,
};

/// A function calls a leaf behind `padding` instructions, and then uses what only it has changed.
fn program(padding: usize) -> Vec<u8> {
    let mut source = String::from("_start: call f\nli a7, 93\necall\n");
    source.push_str("f: addi sp, sp, -16\nsw ra, 0(sp)\nli s7, 3\nli a0, 0\n");
    for index in 0..padding {
        writeln!(source, "addi t{}, t0, 1", index % 3).unwrap();
    }
    source.push_str(
        "call leaf\nadd a0, a0, s7\nadd a0, a0, t1\nlw ra, 0(sp)\naddi sp, sp, 16\nret\n",
    );
    source.push_str("leaf: addi a0, a0, 1\nret\n");
    let program = asm::assemble(&source, &asm::Options::default()).unwrap();
    ImageBuilder::new(Profile::rv32(false)).text(program.text.base, &program.text.bytes).build()
}

fn end(backend: Backend, file: &[u8]) -> (Exit, u64) {
    let engine = Engine::new(Config::new().backend(backend)).unwrap();
    let module = Module::new(&engine, file).unwrap();
    let mut linker = Linker::<()>::new(&engine);
    let exit = |_: Caller<'_, ()>, code: u32| -> HostResult<()> { Err(HostStop::Done(code)) };
    linker.func(93, "exit", exit).unwrap();
    let mut instance = linker.instantiate(&module, ()).unwrap();
    instance.set_gas(1_000_000).unwrap();
    (instance.run().unwrap(), instance.gas())
}

#[test]
fn a_leaf_may_return_into_another_unit() {
    // units have at most 2,000 instructions, so one is cut at each place around the call
    for padding in 1_975..2_005 {
        let file = program(padding);
        let [expected, found] = [Backend::Interpreter, Backend::Jit].map(|b| end(b, &file));
        assert_eq!(found, expected, "behind {padding} instructions");
    }
}
