//! What passes between a guest and a host function.

use std::fmt::Write;
use std::io;

use bessemer_isa::Reg;
use bessemer_runtime::{
    Caller, Config, Engine, ErrorKind, Exit, HostResult, HostStop, Linker, Trap, TrapKind,
};

use crate::harness::{GAS, Seen, everywhere, instance, linker};

/// The address of a guest's first instruction.
const TEXT: u32 = 0x1_0000;

#[test]
fn all_registers_but_a0_survive() {
    let mut guest = String::new();
    let value = |number: u32| match number {
        0 => 0,
        // a7, the call number
        17 => 5,
        _ => 0x8765_4321 ^ (number << 24) ^ number,
    };
    (1..32).for_each(|n| writeln!(guest, "li x{n}, {:#x}", value(n)).unwrap());
    guest.push_str("ecall\n");
    // native code must use every register behind the call
    (1..32).for_each(|n| writeln!(guest, "addi x{n}, x{n}, 1").unwrap());
    guest.push_str("ecall\n");
    let (seen, inside) = everywhere(&guest, |module| {
        let mut linker = Linker::<Vec<u32>>::new(module.engine());
        let registers = |caller: &Caller<'_, _>| {
            Reg::all().map(|reg| caller.register(reg) as u32).collect::<Vec<_>>()
        };
        let first = move |mut caller: Caller<'_, Vec<u32>>| {
            *caller.data_mut() = registers(&caller);
            0xaaaa_0000_u32
        };
        linker.func(5, "first", first).unwrap();
        let second = |_: Caller<'_, Vec<u32>>| -> HostResult<()> { Err(HostStop::Done(3)) };
        linker.func(6, "second", second).unwrap();
        let mut instance = linker.instantiate(module, Vec::new()).unwrap();
        instance.set_gas(GAS).unwrap();
        let exit = instance.run().unwrap();
        (Seen::of(&instance, exit), instance.into_data())
    });
    assert_eq!(seen.exit, Exit::Done(3));
    let after = seen.registers.unwrap();
    for number in 0..32 {
        assert_eq!(inside[number as usize], value(number), "x{number} inside");
        let expected = match number {
            0 => 0,
            10 => 0xaaaa_0001,
            _ => value(number).wrapping_add(1),
        };
        assert_eq!(after[number as usize], u64::from(expected), "x{number} behind");
    }
}

#[test]
fn closures_take_up_to_six_arguments() {
    let mut guest = String::new();
    for call in 0..=6 {
        (0..6).for_each(|n| writeln!(guest, "li a{n}, {}", n + 1).unwrap());
        writeln!(guest, "li a7, {call}\necall\nmv s{}, a0", call + 2).unwrap();
    }
    guest.push_str("li a7, 99\necall");
    let results = everywhere(&guest, |module| {
        type C<'a> = Caller<'a, ()>;
        let mut linker = Linker::<()>::new(module.engine());
        let digits = |digits: &[u32]| digits.iter().fold(9, |all, digit| all * 10 + digit);
        linker.func(0, "0", move |_: C<'_>| digits(&[])).unwrap();
        linker.func(1, "1", move |_: C<'_>, a: u32| digits(&[a])).unwrap();
        linker.func(2, "2", move |_: C<'_>, a: u32, b: u32| digits(&[a, b])).unwrap();
        linker.func(3, "3", move |_: C<'_>, a: u32, b: u32, c: u32| digits(&[a, b, c])).unwrap();
        linker
            .func(4, "4", move |_: C<'_>, a: u32, b: u32, c: u32, d: u32| digits(&[a, b, c, d]))
            .unwrap();
        linker
            .func(5, "5", move |_: C<'_>, a: u32, b: u32, c: u32, d: u32, e: u32| {
                digits(&[a, b, c, d, e])
            })
            .unwrap();
        linker
            .func(6, "6", move |_: C<'_>, a: u32, b: u32, c: u32, d: u32, e: u32, f: u32| {
                digits(&[a, b, c, d, e, f])
            })
            .unwrap();
        linker.pause(99, "stop").unwrap();
        let mut instance = linker.instantiate(module, ()).unwrap();
        instance.set_gas(GAS).unwrap();
        instance.run().unwrap();
        instance.registers().unwrap()[18..25].to_vec()
    });
    assert_eq!(results, [9, 91, 912, 9123, 91234, 912_345, 9_123_456]);
}

#[test]
fn closures_return_nothing_numbers_or_a_stop() {
    let guest = "
        li a0, 7
        li a7, 10
        ecall
        mv s2, a0
        li a0, 7
        li a7, 11
        ecall
        mv s3, a0
        li a7, 12
        ecall
        mv s4, a0
        li a7, 13
        ecall
    ";
    let seen = everywhere(guest, |module| {
        let mut linker = Linker::<()>::new(module.engine());
        linker.func(10, "nothing", |_: Caller<'_, ()>| ()).unwrap();
        linker.func(11, "signed", |_: Caller<'_, ()>, a: i32| -a).unwrap();
        linker.func(12, "result", |_: Caller<'_, ()>| -> HostResult<u32> { Ok(!0) }).unwrap();
        let trap = |_: Caller<'_, ()>| -> HostResult<i32> {
            Err(HostStop::Trap(TrapKind::HostLimit, Some(1 << 31)))
        };
        linker.func(13, "trap", trap).unwrap();
        let mut instance = linker.instantiate(module, ()).unwrap();
        instance.set_gas(GAS).unwrap();
        let exit = instance.run().unwrap();
        Seen::of(&instance, exit)
    });
    assert_eq!(
        seen.registers.unwrap()[18..21],
        [0, (-7_i32).cast_unsigned(), u32::MAX].map(u64::from)
    );
    let trap = Trap { kind: TrapKind::HostLimit, pc: TEXT + 0x30, addr: Some(1 << 31) };
    assert_eq!(seen.exit, Exit::Trap(trap));
}

#[test]
fn a_host_function_charges_and_can_run_the_guest_out_of_gas() {
    let guest = "li a7, 1\n ecall\n li a7, 1\n ecall\n ebreak";
    // two runs of two instructions each, then one of one
    let run = 2 + 1 + 150;
    for (gas, exit, left) in [
        (run + 99, Exit::OutOfGas { pc: TEXT + 4 }, 0),
        (run + 100, Exit::OutOfGas { pc: TEXT + 8 }, 0),
        (run + 100 + run, Exit::OutOfGas { pc: TEXT + 12 }, 0),
        (run + 100 + run + 99, Exit::OutOfGas { pc: TEXT + 12 }, 0),
        (run + 100 + run + 100 + 2, Exit::OutOfGas { pc: TEXT + 16 }, 0),
        (
            run + 100 + run + 100 + 4,
            Exit::Trap(Trap { kind: TrapKind::Breakpoint, pc: TEXT + 16, addr: None }),
            1,
        ),
    ] {
        let seen = everywhere(guest, |module| {
            let mut linker = Linker::<()>::new(module.engine());
            linker.func(1, "charge", |mut caller: Caller<'_, ()>| caller.charge(100)).unwrap();
            let mut instance = linker.instantiate(module, ()).unwrap();
            instance.set_gas(gas).unwrap();
            let exit = instance.run().unwrap();
            Seen::of(&instance, exit)
        });
        assert_eq!((seen.exit, seen.gas), (exit, left), "{gas} gas");
    }
}

#[test]
fn a_charge_that_fails_takes_nothing_and_a_refund_stops_at_2_to_the_62() {
    everywhere("li a7, 1\n ecall\n ebreak", |module| {
        let mut linker = Linker::<()>::new(module.engine());
        let look = |mut caller: Caller<'_, ()>| {
            let before = caller.gas();
            assert!(matches!(caller.charge(before + 1), Err(HostStop::OutOfGas)));
            assert!(matches!(caller.charge(u64::MAX), Err(HostStop::OutOfGas)));
            assert_eq!(caller.gas(), before);
            caller.charge(before).unwrap();
            assert_eq!(caller.gas(), 0);
            caller.refund(7);
            assert_eq!(caller.gas(), 7);
            caller.refund(u64::MAX);
            assert_eq!(caller.gas(), 1 << 62);
        };
        linker.func(1, "look", look).unwrap();
        let mut instance = linker.instantiate(module, ()).unwrap();
        instance.set_gas(1_000).unwrap();
        instance.run().unwrap();
        assert_eq!(instance.gas(), (1 << 62) - 3);
    });
}

#[test]
fn a_bad_pointer_traps_at_the_ecall_with_the_first_bad_byte() {
    let guest = "
        li a7, 64
        ecall
        .data
        .zero 4096
    ";
    // text is one page and cannot be written; one page of data follows; then nothing
    for (ptr, len, writes, bad) in [
        (0, 1, false, Some(0)),
        (0, 0, false, None),
        (TEXT, 8, false, None),
        (TEXT, 8, true, Some(TEXT)),
        (TEXT + 0xfff, 2, true, Some(TEXT + 0xfff)),
        (TEXT + 0x1000, 0x1000, true, None),
        (TEXT + 0x1000, 0x1001, false, Some(TEXT + 0x2000)),
        (u32::MAX, 1, false, Some(u32::MAX)),
        (u32::MAX, u32::MAX, true, Some(u32::MAX)),
        (0xffff_0000 - 4, 8, true, Some(0xffff_0000)),
    ] {
        let seen = everywhere(guest, |module| {
            let mut linker = Linker::<()>::new(module.engine());
            let touch = move |mut caller: Caller<'_, ()>, ptr: u32, len: u32| -> HostResult<()> {
                if writes {
                    caller.memory().write(ptr, len)?.fill(1);
                } else {
                    caller.memory().read(ptr, len)?;
                }
                Err(HostStop::Done(0))
            };
            linker.func(64, "touch", touch).unwrap();
            let mut instance = linker.instantiate(module, ()).unwrap();
            instance.set_gas(GAS).unwrap();
            instance.set_register(Reg::A0, ptr.into());
            instance.set_register(Reg::A1, len.into());
            let exit = instance.run().unwrap();
            Seen::of(&instance, exit)
        });
        let expected = match bad {
            Some(addr) => {
                Exit::Trap(Trap { kind: TrapKind::BadPointer, pc: TEXT + 4, addr: Some(addr) })
            }
            None => Exit::Done(0),
        };
        assert_eq!(seen.exit, expected, "{ptr:#x} {len:#x}");
    }
}

#[test]
fn an_unknown_number_traps_at_its_ecall() {
    for number in [0, 3, 255, 256, 100_000, u32::MAX] {
        let guest = format!("nop\n li a7, {number}\n ecall\n ebreak");
        let seen = everywhere(&guest, |module| {
            let mut instance = instance(module);
            let exit = instance.run().unwrap();
            Seen::of(&instance, exit)
        });
        let Exit::Trap(trap) = seen.exit else { panic!("{:?}", seen.exit) };
        assert_eq!((trap.kind, trap.addr), (TrapKind::UnknownHostCall, None));
        assert_eq!((trap.pc, seen.pc), (seen.pc, trap.pc));
        assert!([TEXT + 8, TEXT + 12].contains(&trap.pc), "{:#x}", trap.pc);
    }
}

#[test]
fn the_fallback_answers_numbers_without_a_function() {
    let guest = "
        li a7, 93
        ecall
        mv s2, a0
        li a7, 5
        ecall
        mv s3, a0
        li a7, -1
        ecall
        mv s4, a0
        li a7, 6
        ecall
    ";
    let registers = everywhere(guest, |module| {
        let mut linker = Linker::<()>::new(module.engine());
        linker.func(5, "five", |_: Caller<'_, ()>| 55_u32).unwrap();
        linker.fallback(|caller: Caller<'_, ()>| caller.number() ^ caller.pc());
        linker.pause(6, "stop").unwrap();
        linker.func(93, "late", |_: Caller<'_, ()>| 9_u32).unwrap();
        let mut instance = linker.instantiate(module, ()).unwrap();
        instance.set_gas(GAS).unwrap();
        instance.run().unwrap();
        instance.registers().unwrap()[18..21].to_vec()
    });
    assert_eq!(registers, [9, 55, !(TEXT + 28)].map(u64::from));
}

#[test]
fn an_error_of_a_host_function_surfaces_with_its_source_and_ends_the_instance() {
    everywhere("li a7, 7\n ecall\n ebreak", |module| {
        let mut linker = Linker::<()>::new(module.engine());
        let fail = |_: Caller<'_, ()>| -> HostResult<()> {
            Err(HostStop::Error(Box::new(io::Error::other("the disk is on fire"))))
        };
        linker.func(7, "read", fail).unwrap();
        let mut instance = linker.instantiate(module, ()).unwrap();
        instance.set_gas(1_000).unwrap();
        let error = instance.run().unwrap_err();
        assert_eq!(error.to_string(), "host call `read` failed");
        let ErrorKind::Host { name, source } = error.kind() else { panic!("{error:?}") };
        assert_eq!(name, "read");
        assert!(source.downcast_ref::<io::Error>().is_some());
        let source = std::error::Error::source(&error).unwrap();
        assert_eq!(source.to_string(), "the disk is on fire");
        assert!(matches!(instance.run().unwrap_err().kind(), ErrorKind::Ended));
        assert_eq!(instance.gas(), 1_000 - 153);
        assert_eq!(instance.registers(), None);
    });
}

#[test]
fn a_number_is_defined_once() {
    let engine = Engine::new(Config::new()).unwrap();
    for number in [0, 93, 255, 256, u32::MAX] {
        let mut linker = Linker::<()>::new(&engine);
        linker.fallback(|_: Caller<'_, ()>| ());
        linker.func(number, "old", |_: Caller<'_, ()>| 1_u32).unwrap();
        let error = linker.pause(number, "new").unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("host call {number} is defined as `old` and as `new`")
        );
        assert!(
            matches!(error.into_kind(), ErrorKind::HostCallTwice { number: n, .. } if n == number)
        );
    }
}

#[test]
fn instances_keep_the_host_functions_they_were_made_with() {
    everywhere("li a7, 50\n ecall\n ebreak", |module| {
        let mut linker = linker::<()>(module.engine());
        let mut before = linker.instantiate(module, ()).unwrap();
        linker.func(50, "late", |_: Caller<'_, ()>| 1_u32).unwrap();
        let mut after = linker.clone().instantiate(module, ()).unwrap();
        [&mut before, &mut after].map(|instance| {
            instance.set_gas(GAS).unwrap();
            match instance.run().unwrap() {
                Exit::Trap(trap) => trap.kind,
                other => panic!("{other}"),
            }
        })
    })
    .iter()
    .zip([TrapKind::UnknownHostCall, TrapKind::Breakpoint])
    .for_each(|(kind, expected)| assert_eq!(*kind, expected));
}

#[test]
fn an_ecall_clears_the_reservation() {
    for (between, expected) in [("nop", 0), ("li a7, 1\n ecall", 1), ("li a7, 2\n ecall", 1)] {
        let guest = format!(
            "
            addi s0, sp, -64
            lr.w s1, (s0)
            {between}
            sc.w s2, s0, (s0)
            mv a0, s2
            li a7, 93
            ecall
            "
        );
        let exit = everywhere(&guest, |module| {
            let mut instance = instance(module);
            match instance.run().unwrap() {
                Exit::HostCall { number: 2, .. } => {
                    assert_eq!(instance.reservation(), None);
                    instance.resume(0).unwrap()
                }
                exit => exit,
            }
        });
        assert_eq!(exit, Exit::Done(expected), "{between}");
    }
}

#[test]
fn an_ecall_as_the_last_instruction_returns_to_the_end_of_text() {
    let seen = crate::harness::run("li a7, 1\n ecall");
    let trap = Trap { kind: TrapKind::IllegalInstruction, pc: TEXT + 8, addr: None };
    assert_eq!(seen.exit, Exit::Trap(trap));
    // the illegal instruction there is a run of its own
    assert_eq!(GAS - seen.gas, (2 + 1 + 150) + (2 + 1));
}

#[test]
fn a_linker_knows_which_host_calls_are_missing() {
    let guest = "
        _start: li   a7, 93
                ecall
        other:  li   a7, 0x7001
                ecall
                ecall
                li   a7, 10
                ecall
    ";
    let missing = everywhere(guest, |module| {
        let mut linker = linker::<()>(module.engine());
        let error = linker.check(module).unwrap_err();
        let text = error.to_string();
        let ErrorKind::HostCallsMissing(missing) = error.into_kind() else { panic!("{text}") };
        assert!(
            text.contains("10 at ") && text.contains("28673 at ") && text.contains(" in other"),
            "{text}"
        );
        linker.pause(10, "ten").unwrap().pause(0x7001, "high").unwrap();
        linker.check(module).unwrap();
        assert!(linker.instantiate_pre(module).unwrap().instantiate(()).is_ok());
        let mut any = Linker::<()>::new(module.engine());
        any.fallback(|_: Caller<'_, ()>| 0_u32);
        any.check(module).unwrap();
        missing
    });
    let seen: Vec<_> = missing.iter().map(|call| (call.number, call.function.as_deref())).collect();
    assert_eq!(seen, [(10, Some("other")), (0x7001, Some("other"))]);
    assert_eq!(missing[0].pc, missing[1].pc + 12, "the first place of each");
}
