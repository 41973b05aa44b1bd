//! `Instance::trace`: the same outcome as running, whatever the back end, with an observer that may
//! pause.

use std::ops::ControlFlow;

use bessemer_image::{Decoded, Hart, ImageBuilder, Profile};
use bessemer_interp::{Observer, Retired};
use bessemer_isa::{Reg, asm};
use bessemer_runtime::{
    Backend, Caller, Config, Engine, ErrorKind, Exit, HostResult, HostStop, Instance, Linker,
    Module,
};

/// Adds 3 + 2 + 1, has the host double it, and ends with the sum.
fn instance(backend: Backend) -> Instance<()> {
    let assembly = asm! {
        li(T0, 3);
        "1":
        add(A0, A0, T0);
        addi(T0, T0, -1);
        bnez(T0, "1b");
        li(A7, 1);
        ecall();
        li(A7, 2);
        ecall();
    }
    .expect("the source is right");
    let elf = ImageBuilder::new(Profile::rv32(false))
        .text(assembly.text.base, &assembly.text.bytes)
        .build();
    let engine = Engine::new(Config::new().backend(backend)).expect("the engine starts");
    let module = Module::new(&engine, &elf).expect("the program loads");
    let mut linker = Linker::new(&engine);
    linker.func(1, "double", |_: Caller<'_, ()>, value: u32| 2 * value).expect("free");
    linker
        .func(2, "exit", |_: Caller<'_, ()>, value: u32| -> HostResult<()> {
            Err(HostStop::Done(value))
        })
        .expect("free");
    let mut instance = linker.instantiate(&module, ()).expect("there is memory");
    instance.set_gas(10_000).expect("a legal limit");
    instance
}

/// Pauses before the instruction at an address, once.
struct PauseAt(Option<u32>);

impl Observer for PauseAt {
    fn before(&mut self, hart: &Hart, _: Decoded) -> ControlFlow<()> {
        if self.0 == Some(hart.pc) {
            self.0 = None;
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}

#[test]
fn a_trace_has_the_outcome_and_gas_of_a_run() {
    for backend in [Backend::Jit, Backend::Interpreter] {
        let mut running = instance(backend);
        let mut traced = instance(backend);
        let mut retired = Retired::default();
        assert_eq!(running.run().expect("it runs"), Exit::Done(12));
        assert_eq!(traced.trace(&mut retired).expect("it runs"), Some(Exit::Done(12)));
        assert_eq!(retired.instructions, 1 + 3 * 3 + 4);
        let mut counted = instance(backend);
        let count = counted.count(None).expect("it runs");
        assert_eq!(count, (Exit::Done(12), retired.instructions));
        assert_eq!((traced.gas(), counted.gas()), (running.gas(), running.gas()));
        assert_eq!(traced.registers(), running.registers());
        assert!(matches!(
            traced.trace(&mut ()).map_err(bessemer_runtime::Error::into_kind),
            Err(ErrorKind::Ended)
        ));
    }
}

#[test]
fn a_pause_charges_nothing_twice() {
    for backend in [Backend::Jit, Backend::Interpreter] {
        let mut whole = instance(backend);
        whole.run().expect("it runs");
        let first = whole.module().program().entry();
        for (addr, at_arrival) in [(first, true), (first + 8, false), (first + 16, true)] {
            let mut paused = instance(backend);
            assert_eq!(paused.trace(&mut PauseAt(Some(addr))).expect("it runs"), None);
            assert_eq!(paused.pc(), addr);
            let exit = if at_arrival {
                paused.run().expect("an arrival can be run from")
            } else {
                assert!(matches!(
                    paused.run().map_err(bessemer_runtime::Error::into_kind),
                    Err(ErrorKind::InsideRun)
                ));
                paused.trace(&mut ()).expect("it goes on").expect("nothing pauses")
            };
            assert_eq!(exit, Exit::Done(12), "{addr:#x}");
            assert_eq!(paused.gas(), whole.gas(), "{addr:#x}");
        }
    }
}

#[test]
fn registers_are_exact_after_a_traced_trap() {
    let assembly = asm! { li(A0, 7); lw(A1, 0, ZERO); }.expect("the source is right");
    let elf = ImageBuilder::new(Profile::rv32(false))
        .text(assembly.text.base, &assembly.text.bytes)
        .build();
    let engine = Engine::new(Config::new().backend(Backend::Jit)).expect("the engine starts");
    let module = Module::new(&engine, &elf).expect("the program loads");
    let mut instance = Linker::new(&engine).instantiate(&module, ()).expect("there is memory");
    instance.set_gas(1_000).expect("a legal limit");
    let exit = instance.trace(&mut ()).expect("it runs");
    assert!(matches!(exit, Some(Exit::Trap(_))), "{exit:?}");
    let registers = instance.registers().expect("the interpreter keeps them");
    assert_eq!(registers[Reg::A0.index()], 7);
}
