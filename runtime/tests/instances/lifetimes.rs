//! Engines, modules, linkers and instances may be dropped in any order.

use std::sync::Arc;

use bessemer_runtime::memory::PoolLimits;
use bessemer_runtime::{Caller, Config, Engine, Exit, Linker, Module};

use crate::harness::{GAS, configs, elf, instance, linker, module};

const GUEST: &str = "
    _start: li   s0, 100
            call f
            li   a7, 93
            ecall
    f:      addi sp, sp, -16
            sw   ra, 12(sp)
            addi s0, s0, -1
            beqz s0, 1f
            call f
    1:      li   a7, 2
            ecall
            lw   ra, 12(sp)
            addi sp, sp, 16
            ret
";

#[test]
fn an_instance_may_outlive_everything_it_was_made_of() {
    for (name, config) in configs() {
        let mut instance = {
            let engine = Engine::new(config).unwrap();
            let module = Module::new(&engine, &elf(GUEST)).unwrap();
            linker::<()>(&engine).instantiate(&module, ()).unwrap()
        };
        instance.set_gas(GAS).unwrap();
        let mut exit = instance.run().unwrap();
        for _ in 0..100 {
            assert!(matches!(exit, Exit::HostCall { .. }), "{name}");
            exit = instance.resume(7).unwrap();
        }
        assert_eq!(exit, Exit::Done(7), "{name}");
    }
}

#[test]
fn a_paused_instance_may_be_dropped_and_gives_its_memory_back() {
    for (name, config) in configs() {
        let config = config.pool(PoolLimits { regions: 1, warm: 1 });
        let module = module(&config, GUEST);
        for _ in 0..50 {
            let mut instance = instance(&module);
            assert!(instance.memory().is_fresh(), "{name}");
            assert!(matches!(instance.run().unwrap(), Exit::HostCall { .. }), "{name}");
        }
    }
}

#[test]
fn data_and_host_functions_are_dropped_once() {
    for (_, config) in configs() {
        let module = module(&config, "li a7, 5\n ecall\n ebreak");
        let (data, captured) = (Arc::new(()), Arc::new(()));
        let mut linker = Linker::<Arc<()>>::new(module.engine());
        let keep = captured.clone();
        let look = move |_: Caller<'_, Arc<()>>| Arc::strong_count(&keep) as u32;
        linker.func(5, "look", look).unwrap();
        let mut instance = linker.instantiate(&module, data.clone()).unwrap();
        instance.set_gas(GAS).unwrap();
        drop(linker);
        instance.run().unwrap();
        assert_eq!((Arc::strong_count(&data), Arc::strong_count(&captured)), (2, 2));
        let back = instance.into_data();
        assert_eq!((Arc::strong_count(&data), Arc::strong_count(&captured)), (2, 1));
        drop(back);
        assert_eq!(Arc::strong_count(&data), 1);
    }
}

#[test]
fn the_last_owner_of_a_module_leaves_no_memory_in_the_pool() {
    // two regions are allowed: what earlier modules left behind would be in the way
    let engine = Engine::new(Config::new().pool(PoolLimits { regions: 2, warm: 2 })).unwrap();
    for number in 0..20 {
        let guest = format!("li a0, {number}\n li a7, 93\n ecall");
        let module = Module::new(&engine, &elf(&guest)).unwrap();
        let mut instances = [instance(&module), instance(&module)];
        drop(module);
        for instance in &mut instances {
            assert_eq!(instance.run().unwrap(), Exit::Done(number));
        }
    }
}
