//! Host functions that run guests.

use std::os::unix::process::ExitStatusExt;
use std::process::Command;

use bessemer_isa::Reg;
use bessemer_runtime::{
    Backend, Caller, Config, Engine, Exit, HostResult, HostStop, Linker, Module, TrapKind,
};

use crate::harness::{GAS, Seen, configs, elf, everywhere, instance, module, on_a_small_stack};

/// Calls the host in each of a0 activations, and adds up what it says.
const OUTER: &str = "
    _start: mv   s0, a0
            call f
            mv   a0, s2
            li   a7, 93
            ecall
    f:      addi sp, sp, -16
            sw   ra, 12(sp)
            sw   s0, 8(sp)
            mv   a0, s0
            li   a7, 5
            ecall
            add  s2, s2, a0
            addi s0, s0, -1
            beqz s0, 1f
            call f
    1:      lw   s0, 8(sp)
            mv   a0, s0
            li   a7, 5
            ecall
            add  s2, s2, a0
            lw   ra, 12(sp)
            addi sp, sp, 16
            ret
";

/// Ends in a way that a0 chooses.
const INNER: &str = "
    _start: andi a0, a0, 3
            beqz a0, load
            addi a0, a0, -1
            beqz a0, store
            addi a0, a0, -1
            beqz a0, gas
            li   a0, 11
            li   a7, 93
            ecall
    load:   addi sp, sp, -16
            call 1f
    1:      lw   a0, -8(zero)
    store:  sw   sp, 0(sp)
    gas:    call gas
";

#[test]
fn faults_of_an_inner_guest_leave_the_outer_one_alone() {
    let (seen, kinds) = everywhere(OUTER, |outer| {
        let config = configs().into_iter().map(|(_, config)| config);
        // the inner guest on another engine than the outer one, too
        let inners: Vec<Module> = config.map(|config| module(&config, INNER)).collect();
        on_a_small_stack(|| {
            let mut linker = crate::harness::linker::<Vec<Exit>>(outer.engine());
            let inners = inners.clone();
            let run = move |mut caller: Caller<'_, Vec<Exit>>, a: u32| -> HostResult<u32> {
                let exits = inners.iter().map(|inner| {
                    let mut instance = instance(inner);
                    instance.set_gas(5_000).unwrap();
                    instance.set_register(Reg::A0, a.into());
                    instance.run().unwrap()
                });
                let exits: Vec<Exit> = exits.collect();
                assert!(exits.iter().all(|exit| *exit == exits[0]));
                caller.data_mut().push(exits[0]);
                Ok(a)
            };
            linker.func(5, "run", run).unwrap();
            let mut instance = linker.instantiate(outer, Vec::new()).unwrap();
            instance.set_gas(GAS).unwrap();
            instance.set_register(Reg::A0, 40);
            let exit = instance.run().unwrap();
            (Seen::of(&instance, exit), instance.into_data())
        })
    });
    assert_eq!(seen.exit, Exit::Done(40 * 41));
    assert_eq!(kinds.len(), 80);
    for (exit, a) in kinds.iter().zip((1..=40).rev().chain(1..=40)) {
        match (exit, a % 4) {
            (Exit::Trap(trap), 0) => {
                assert_eq!((trap.kind, trap.addr), (TrapKind::BadLoad, Some(0xffff_fff8)));
            }
            (Exit::Trap(trap), 1) => {
                assert_eq!((trap.kind, trap.addr), (TrapKind::BadStore, Some(0xffff_0000)));
            }
            (Exit::OutOfGas { .. }, 2) | (Exit::Done(11), 3) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_guest_can_run_inside_itself() {
    // each level runs the same module one level deeper, and the innermost traps
    let guest = "
            li   a7, 5
            ecall
            addi a0, a0, 1
            li   a7, 93
            ecall
    ";
    fn level(linker: &Linker<u32>, module: &Module, depth: u32) -> HostResult<u32> {
        let mut instance = linker.instantiate(module, depth).unwrap();
        instance.set_gas(100_000).unwrap();
        match instance.run().unwrap() {
            Exit::Done(value) => Ok(value),
            Exit::Trap(trap) => {
                assert_eq!((trap.kind, depth), (TrapKind::UnknownHostCall, 0));
                Ok(100)
            }
            other => panic!("{other}"),
        }
    }
    let value = everywhere(guest, |module| {
        let empty = Linker::<u32>::new(module.engine());
        let inner = module.clone();
        let mut linker = Linker::<u32>::new(module.engine());
        let exit = |_: Caller<'_, u32>, a: u32| -> HostResult<()> { Err(HostStop::Done(a)) };
        linker.func(93, "exit", exit).unwrap();
        let again = linker.clone();
        let nested = move |caller: Caller<'_, u32>| -> HostResult<u32> {
            match *caller.data() {
                0 => level(&empty, &inner, 0),
                depth => {
                    let mut next = again.clone();
                    let (module, empty) = (inner.clone(), empty.clone());
                    let leaf = move |_: Caller<'_, u32>| level(&empty, &module, 0);
                    next.func(5, "leaf", leaf).unwrap();
                    level(&next, &inner, depth - 1)
                }
            }
        };
        linker.func(5, "nested", nested).unwrap();
        level(&linker, module, 2).unwrap()
    });
    assert_eq!(value, 102);
}

#[test]
fn a_panic_passes_through_two_guests() {
    everywhere("li a7, 5\n ecall\n ebreak", |module| {
        let inner = module.clone();
        let mut linker = Linker::<bool>::new(module.engine());
        let mut innermost = Linker::<bool>::new(module.engine());
        innermost
            .func(5, "panic", |_: Caller<'_, bool>| -> u32 { panic!("from far below") })
            .unwrap();
        let run = move |_: Caller<'_, bool>| {
            let mut instance = innermost.instantiate(&inner, true).unwrap();
            instance.set_gas(GAS).unwrap();
            instance.run().unwrap();
        };
        linker.func(5, "run", run).unwrap();
        let mut instance = linker.instantiate(module, false).unwrap();
        instance.set_gas(GAS).unwrap();
        let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| instance.run()));
        let panic = panic.unwrap_err();
        assert_eq!(*panic.downcast::<&str>().unwrap(), "from far below");
        // faults of this thread's next guest are its own again
        let mut next = crate::harness::instance(&crate::harness::module(&configs()[3].1, INNER));
        assert!(matches!(next.run().unwrap(), Exit::Trap(trap) if trap.kind == TrapKind::BadLoad));
    });
}

/// Set in the child process of the test below.
const CHILD: &str = "BESSEMER_TEST_FAULT_IN_HOST";

#[test]
fn a_fault_of_a_host_function_is_no_trap() {
    if std::env::var_os(CHILD).is_some() {
        let engine = Engine::new(Config::new().backend(Backend::Jit)).unwrap();
        let module = Module::new(&engine, &elf("li a7, 5\n ecall\n ebreak")).unwrap();
        let mut linker = Linker::<()>::new(&engine);
        let fault = |mut caller: Caller<'_, ()>| -> u32 {
            // even an address of the guest's own guard
            let base = caller.memory().base();
            // SAFETY: it is not safe, and ends the process.
            unsafe { base.read_volatile().into() }
        };
        linker.func(5, "fault", fault).unwrap();
        let mut instance = linker.instantiate(&module, ()).unwrap();
        instance.set_gas(GAS).unwrap();
        let outcome = instance.run();
        unreachable!("{outcome:?}");
    }
    let name = "nested::a_fault_of_a_host_function_is_no_trap";
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(CHILD, "1")
        .output()
        .unwrap()
        .status;
    assert_eq!(status.signal(), Some(libc::SIGSEGV), "{status}");
}
