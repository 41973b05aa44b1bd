//! A host function that panics.

use std::panic::{AssertUnwindSafe, catch_unwind};

use bessemer_runtime::{Caller, ErrorKind, Exit, HostResult, HostStop, Linker, Module};

use crate::harness::{GAS, everywhere, on_a_small_stack};

/// Recursion, and a host call with the number in s1 at depth 2000.
const DEEP: &str = "
    _start: li   s0, 2000
            call dive
            li   a7, 93
            ecall
    dive:   addi sp, sp, -16
            sw   ra, 12(sp)
            addi s0, s0, -1
            bnez s0, 1f
            mv   a7, s1
            ecall
            j    2f
    1:      call dive
    2:      lw   ra, 12(sp)
            addi sp, sp, 16
            ret
";

fn linker(module: &Module) -> Linker<u32> {
    let mut linker = Linker::new(module.engine());
    let panic = |mut caller: Caller<'_, u32>| -> u32 {
        *caller.data_mut() += 1;
        panic!("number {}", caller.data())
    };
    linker.func(0, "panic", panic).unwrap();
    linker.func(1, "fine", |_: Caller<'_, u32>| 5_u32).unwrap();
    let exit = |_: Caller<'_, u32>, code: u32| -> HostResult<()> { Err(HostStop::Done(code)) };
    linker.func(93, "exit", exit).unwrap();
    linker
}

#[test]
fn a_panic_unwinds_to_the_embedder_and_ends_that_instance_only() {
    everywhere(DEEP, |module| {
        let linker = linker(module);
        on_a_small_stack(|| {
            let mut other = linker.instantiate(module, 0).unwrap();
            other.set_gas(GAS).unwrap();
            for round in 0..50 {
                let mut instance = linker.instantiate(module, round).unwrap();
                instance.set_gas(GAS).unwrap();
                let panic = catch_unwind(AssertUnwindSafe(|| instance.run())).unwrap_err();
                let message = panic.downcast::<String>().unwrap();
                assert_eq!(*message, format!("number {}", round + 1));

                assert!(matches!(instance.run().unwrap_err().into_kind(), ErrorKind::Ended));
                assert!(matches!(
                    instance.resume(0).unwrap_err().into_kind(),
                    ErrorKind::NotPaused
                ));
                let error = instance.call("dive", ()).unwrap_err();
                assert!(matches!(error.into_kind(), ErrorKind::Ended));
                assert_eq!(instance.registers(), None);
                assert_eq!(instance.memory().read(0x1_0000, 4).unwrap().len(), 4);
                assert_eq!(instance.into_data(), round + 1);

                // another instance of the module is as fresh as ever
                let mut fine = linker.instantiate(module, 0).unwrap();
                fine.set_gas(GAS).unwrap();
                fine.set_register(bessemer_isa::Reg::S1, 1);
                assert_eq!(fine.run().unwrap(), Exit::Done(5));
            }
            other.set_register(bessemer_isa::Reg::S1, 1);
            assert_eq!(other.run().unwrap(), Exit::Done(5));
            GAS - other.gas()
        })
    });
}

#[test]
fn the_memory_of_an_instance_that_panicked_goes_back_to_the_pool() {
    for (name, config) in crate::harness::configs() {
        let limits = bessemer_runtime::memory::PoolLimits { regions: 1, warm: 1 };
        let module = crate::harness::module(&config.pool(limits), DEEP);
        let linker = linker(&module);
        for _ in 0..20 {
            let mut instance = linker.instantiate(&module, 0).expect(name);
            assert!(linker.instantiate(&module, 0).is_err(), "the pool has one region");
            assert!(instance.memory().is_fresh(), "{name}");
            instance.set_gas(GAS).unwrap();
            catch_unwind(AssertUnwindSafe(|| instance.run())).unwrap_err();
        }
    }
}

#[test]
fn panic_payloads_arrive_whole() {
    #[derive(Debug, PartialEq)]
    struct Payload(Vec<u8>);

    everywhere("ecall", |module| {
        let mut linker = Linker::<()>::new(module.engine());
        let panic = |_: Caller<'_, ()>| std::panic::panic_any(Payload(vec![1, 2, 3]));
        linker.func(0, "panic", move |caller: Caller<'_, ()>| -> u32 { panic(caller) }).unwrap();
        let mut instance = linker.instantiate(module, ()).unwrap();
        instance.set_gas(GAS).unwrap();
        let payload = catch_unwind(AssertUnwindSafe(|| instance.run())).unwrap_err();
        assert_eq!(*payload.downcast::<Payload>().unwrap(), Payload(vec![1, 2, 3]));
    });
}
