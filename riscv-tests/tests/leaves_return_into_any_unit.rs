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

/// A jump to a known place through a link register looks like a return, and is none: the function goes
/// on there, and what that changes has changed for the caller.
#[test]
fn a_leaf_that_goes_on_elsewhere_changes_what_stands_there() {
    for link in ["t0", "ra"] {
        let source = format!(
            "_start: li s7, 3\nli a0, 0\ncall leaf\nadd a0, a0, s7\nli a7, 93\necall\n\
             leaf: mv t1, ra\nla {link}, other\njr {link}\nillegal: ebreak\n\
             other: li s7, 40\nmv ra, t1\nret\n_end: call other\n"
        );
        let program = asm::assemble(&source, &asm::Options::default()).unwrap();
        let base = program.text.base;
        // the place is a function of its own, and so a unit of its own
        let file = ImageBuilder::new(Profile::rv32(false))
            .text(base, &program.text.bytes)
            .symbol("leaf", program.symbols["leaf"])
            .symbol("other", program.symbols["other"])
            .build();
        let [expected, found] = [Backend::Interpreter, Backend::Jit].map(|b| end(b, &file));
        assert_eq!(expected.0, Exit::Done(40), "through {link}");
        assert_eq!(found, expected, "through {link}");
    }
}
