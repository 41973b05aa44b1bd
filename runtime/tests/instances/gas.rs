//! Gas: exact at every exit.

use bessemer_isa::GasSchedule;
use bessemer_runtime::{Caller, Engine, ErrorKind, Exit, HostResult, HostStop, Limits, Module};

use crate::harness::{GAS, Seen, configs, elf, everywhere, instance, linker};

/// Host calls that charge, a pause, a call, a loop, an exit.
const GUEST: &str = "
            li   s0, 3
    1:      li   a0, 5
            li   a7, 10
            ecall
            li   a7, 2
            ecall
            call f
            addi s0, s0, -1
            bnez s0, 1b
            li   a7, 93
            ecall
    f:      lw   a0, -4(sp)
            sw   a0, -8(sp)
            ret
";

#[test]
fn every_limit_gives_the_same_ladder() {
    let (used, ladder) = everywhere(GUEST, |module| {
        let run = |limit: u64| {
            let mut linker = linker::<()>(module.engine());
            let charge = |mut caller: Caller<'_, ()>, a: u32| caller.charge(a.into());
            linker.func(10, "charge", charge).unwrap();
            let mut instance = linker.instantiate(module, ()).unwrap();
            instance.set_gas(limit).unwrap();
            let mut exits = Vec::new();
            let mut exit = instance.run().unwrap();
            loop {
                assert!(instance.gas() <= limit);
                exits.push((exit, instance.gas()));
                if !matches!(exit, Exit::HostCall { .. }) {
                    return (exits, Seen::of(&instance, exit));
                }
                exit = instance.resume(0).unwrap();
            }
        };
        let (_, full) = run(GAS);
        let used = GAS - full.gas;
        (used, (0..=used + 1).map(run).collect::<Vec<_>>())
    });
    let last = ladder.len() - 1;
    for (limit, (exits, seen)) in ladder.iter().enumerate() {
        match seen.exit {
            Exit::OutOfGas { .. } => assert!(seen.gas == 0 && limit < last - 1, "{limit}"),
            Exit::Done(_) => assert!(limit as u64 == used + seen.gas, "{limit}"),
            other => panic!("{other}"),
        }
        assert!(exits.len() <= 4);
    }
    // every limit pays for as much as a higher one
    assert!(ladder.is_sorted_by_key(|(exits, _)| exits.len()));
}

#[test]
fn gas_in_is_gas_used_and_gas_left_at_every_exit() {
    // charges by hand, schedule 1: run 2, alu 1, branch 8, jal 3, jalr 15, ecall 150
    for (guest, used) in [
        ("ebreak", 2 + 1),
        ("nop\n ebreak", 2 + 1 + 1),
        ("li a7, 93\n ecall", 2 + 1 + 150),
        ("li a7, 2\n ecall", 2 + 1 + 150),
        ("li a7, 5\n ecall", 2 + 1 + 150),
        ("j 1f\n 1: ebreak", 2 + 3 + 2 + 1),
        ("jal ra, 1f\n 1: ebreak", 2 + 3 + 2 + 1),
        ("call 1f\n 1: ebreak", 2 + 1 + 15 + 2 + 1),
        ("jal ra, 1f\n ebreak\n 1: ret", (2 + 3) + (2 + 15) + (2 + 1)),
        ("jr zero", 2 + 15),
        ("beqz zero, 1f\n nop\n 1: ebreak", 2 + 8 + 2 + 1),
        ("bnez zero, 1f\n nop\n 1: ebreak", 2 + 8 + 2 + 1 + 1),
        (".word 0\n nop", 2 + 1),
        ("nop", 2 + 1 + 1),
    ] {
        let left = everywhere(guest, |module| {
            let mut instance = instance(module);
            instance.run().unwrap();
            instance.gas()
        });
        assert_eq!(GAS - left, used, "{guest}");
    }
}

#[test]
fn without_gas_nothing_executes() {
    let seen = everywhere("sw sp, -4(sp)\n ebreak", |module| {
        let mut instance = linker(module.engine()).instantiate(module, ()).unwrap();
        assert_eq!(instance.gas(), 0, "an instance starts with none");
        let exit = instance.run().unwrap();
        assert_eq!(instance.memory().read(0xffff_0000 - 4, 4).unwrap(), [0; 4]);
        Seen::of(&instance, exit)
    });
    assert_eq!((seen.exit, seen.gas), (Exit::OutOfGas { pc: 0x1_0000 }, 0));
}

#[test]
fn limits_go_up_to_2_to_the_62() {
    everywhere("1: addi a0, a0, 1\n bltz a0, 1b\n ebreak", |module| {
        let mut instance = instance(module);
        instance.set_gas(77).unwrap();
        for gas in [(1 << 62) + 1, 1 << 63, u64::MAX] {
            let error = instance.set_gas(gas).unwrap_err();
            assert!(matches!(error.into_kind(), ErrorKind::GasLimit(refused) if refused == gas));
            assert_eq!(instance.gas(), 77, "a refused limit changes nothing");
        }
        instance.set_gas(1 << 62).unwrap();
        assert!(matches!(instance.run().unwrap(), Exit::Trap(_)));
        assert_eq!(instance.gas(), (1 << 62) - (2 + 1 + 8) - (2 + 1));
    });
}

#[test]
fn gas_given_during_a_pause_counts_from_there() {
    let exits = everywhere("li a7, 2\n 1: ecall\n j 1b", |module| {
        let mut instance = instance(module);
        instance.set_gas(153).unwrap();
        assert!(matches!(instance.run().unwrap(), Exit::HostCall { .. }));
        assert_eq!(instance.gas(), 0);
        // jal, then the ecall again
        instance.set_gas(5 + 152 + 4).unwrap();
        assert!(matches!(instance.resume(0).unwrap(), Exit::HostCall { .. }));
        assert_eq!(instance.gas(), 4);
        instance.resume(0).unwrap()
    });
    assert_eq!(exits, Exit::OutOfGas { pc: 0x1_0008 });
}

#[test]
fn a_host_function_sees_and_changes_the_gas_that_native_code_goes_on_with() {
    everywhere("1: ecall\n j 1b", |module| {
        let mut linker = linker::<Vec<u64>>(module.engine());
        let look = |mut caller: Caller<'_, Vec<u64>>| -> HostResult<()> {
            let gas = caller.gas();
            caller.data_mut().push(gas);
            match caller.data().len() {
                1 => caller.charge(1_000),
                2 => {
                    caller.refund(50_000);
                    Ok(())
                }
                3 => Ok(()),
                _ => Err(HostStop::OutOfGas),
            }
        };
        linker.func(0, "look", look).unwrap();
        let mut instance = linker.instantiate(module, Vec::new()).unwrap();
        instance.set_gas(10_000).unwrap();
        assert_eq!(instance.run().unwrap(), Exit::OutOfGas { pc: 0x1_0000 });
        assert_eq!(instance.gas(), 0);
        let (first, round) = (10_000 - 152, 5 + 152);
        let second = first - 1_000 - round;
        let third = second + 50_000 - round;
        assert_eq!(instance.into_data(), [first, second, third, third - round]);
    });
}

#[test]
fn engines_that_share_their_resources_have_prices_of_their_own() {
    let guest = elf("li a0, 7\nj 1f\n1: li a7, 93\necall");
    let dear = GasSchedule { id: 77, alu: 10, ..GasSchedule::V1 };
    for (name, config) in configs() {
        let engine = Engine::new(config.memory_cache(64 << 20)).unwrap();
        let others = [
            engine.with_rules(*engine.limits(), dear),
            engine.with_rules(Limits::contract(), dear),
        ];
        let used = |engine: &Engine| {
            let module = Module::new(engine, &guest).unwrap();
            let mut instance = linker::<()>(engine).instantiate(&module, ()).unwrap();
            instance.set_gas(GAS).unwrap();
            assert_eq!(instance.run().unwrap(), Exit::Done(7), "{name}");
            (GAS - instance.gas(), module)
        };
        let (cheap, module) = used(&engine);
        for other in &others {
            let (used, _) = used(other);
            assert_eq!(used, cheap + 2 * (10 - 1), "{name}: two additions, each dearer by 9");
            assert_eq!(other.statistics(), engine.statistics(), "{name}");
        }
        // the program of the first is still its own
        let again = Module::new(&engine, &guest).unwrap();
        assert_eq!(again.charges(), module.charges(), "{name}");
        assert_eq!(engine.statistics().memory_hits, 1, "{name}");
    }
}
