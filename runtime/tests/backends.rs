//! Which back ends a build has: `cargo xtask deep` runs this without the feature `compiler` too.

#![allow(clippy::unwrap_used, reason = "in a test, a failure")]

use bessemer_image::{ImageBuilder, Profile};
use bessemer_isa::asm;
use bessemer_runtime::{
    Backend, Caller, Compilation, Config, Engine, Error, ErrorKind, Exit, HostResult, HostStop,
    Linker, Module,
};
use bessemer_translator::TranslateError;

/// Ends with the sum of the numbers up to 100; says whether native code ran.
fn run(backend: Backend) -> Result<(Exit, u64, bool), Error> {
    let source = "
        _start: li   t0, 100
        next:   add  a0, a0, t0
                addi t0, t0, -1
                bnez t0, next
                li   a7, 93
                ecall";
    let program = asm::assemble(source, &asm::Options::default()).unwrap();
    let elf = ImageBuilder::new(Profile::rv32(false))
        .text(program.text.base, &program.text.bytes)
        .build();
    let engine = Engine::new(Config::new().backend(backend).compilation(Compilation::Eager))?;
    let module = Module::new(&engine, &elf)?;
    let mut linker = Linker::new(&engine);
    let exit = |_: Caller<'_, ()>, code: u32| -> HostResult<()> { Err(HostStop::Done(code)) };
    linker.func(93, "exit", exit)?;
    let mut instance = linker.instantiate(&module, ())?;
    instance.set_gas(10_000)?;
    let exit = instance.run()?;
    Ok((exit, instance.gas(), module.code().is_some()))
}

#[test]
fn a_build_without_the_compiler_interprets_with_the_same_outcome() {
    let (exit, gas, native) = run(Backend::Interpreter).unwrap();
    assert_eq!((exit, native), (Exit::Done(5050), false));
    let auto = run(Backend::Auto).unwrap();
    assert_eq!(auto, (exit, gas, cfg!(feature = "compiler")));
    match run(Backend::Jit) {
        Ok(jit) => assert_eq!(jit, (exit, gas, cfg!(feature = "compiler"))),
        Err(error) => {
            let missing = matches!(error.kind(), ErrorKind::Translate(TranslateError::NoCompiler));
            assert!(missing && !cfg!(feature = "compiler"), "{error}");
        }
    }
}
