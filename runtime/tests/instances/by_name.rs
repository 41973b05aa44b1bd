//! Functions called by name.

use bessemer_isa::Reg;
use bessemer_runtime::{ErrorKind, Exit, TrapKind};

use crate::harness::{GAS, Seen, everywhere, instance, on_a_small_stack};

const GUEST: &str = "
    _start: add  a0, a0, sp
            li   a7, 93
            ecall
    digits: li   t0, 10
            mul  a0, a0, t0
            add  a0, a0, a1
            mul  a0, a0, t0
            add  a0, a0, a2
            mul  a0, a0, t0
            add  a0, a0, a3
            mul  a0, a0, t0
            add  a0, a0, a4
            mul  a0, a0, t0
            add  a0, a0, a5
            mul  a0, a0, t0
            add  a0, a0, a6
            mul  a0, a0, t0
            add  a0, a0, a7
            ret
    count:  la   t0, cell
            lw   a0, 0(t0)
            addi a0, a0, 1
            sw   a0, 0(t0)
            ret
    others: or   a0, tp, gp
            or   a0, a0, t6
            or   a0, a0, s11
            or   a0, a0, a7
            sub  a1, sp, zero
            li   s11, 99
            li   t6, 99
            ret
    fib:    li   t0, 2
            bltu a0, t0, 1f
            addi sp, sp, -16
            sw   ra, 12(sp)
            sw   a0, 8(sp)
            addi a0, a0, -1
            call fib
            lw   t0, 8(sp)
            sw   a0, 4(sp)
            addi a0, t0, -2
            call fib
            lw   t0, 4(sp)
            add  a0, a0, t0
            lw   ra, 12(sp)
            addi sp, sp, 16
    1:      ret
    bad:    lw   a0, 0(zero)
    leave:  li   a7, 93
            ecall
    wait:   addi sp, sp, -16
            sw   ra, 12(sp)
            sw   a0, 8(sp)
            li   a7, 2
            ecall
            lw   a1, 8(sp)
            add  a0, a0, a1
            lw   ra, 12(sp)
            addi sp, sp, 16
            ret
    spin:   j    spin
    reserve: addi t0, sp, -16
            lr.w a0, (t0)
            ret
    commit: addi t0, sp, -16
            sc.w a0, a0, (t0)
            ret
            .data
    cell:   .word 0
";

#[test]
fn arguments_arrive_in_order_and_the_result_comes_back() {
    everywhere(GUEST, |module| {
        let mut instance = instance(module);
        assert_eq!(instance.call("digits", ()).unwrap(), 0);
        assert_eq!(instance.call("digits", 1).unwrap(), 10_000_000);
        assert_eq!(instance.call("digits", (1,)).unwrap(), 10_000_000);
        assert_eq!(instance.call("digits", (1, 2)).unwrap(), 12_000_000);
        assert_eq!(instance.call("digits", (1, 2, 3)).unwrap(), 12_300_000);
        assert_eq!(instance.call("digits", (1, 2, 3, 4)).unwrap(), 12_340_000);
        assert_eq!(instance.call("digits", (1, 2, 3, 4, 5)).unwrap(), 12_345_000);
        assert_eq!(instance.call("digits", (1, 2, 3, 4, 5, 6)).unwrap(), 12_345_600);
        assert_eq!(instance.call("digits", (1, 2, 3, 4, 5, 6, 7)).unwrap(), 12_345_670);
        assert_eq!(instance.call("digits", (1, 2, 3, 4, 5, 6, 7, 8)).unwrap(), 12_345_678);
        assert_eq!(instance.call("digits", [1, 2, 3, 4, 5, 6, 7, 8]).unwrap(), 12_345_678);
        assert_eq!(instance.registers().unwrap()[Reg::T0.index()], 10);
    });
}

#[test]
fn calls_share_memory_and_gas_and_nothing_else() {
    let gas = everywhere(GUEST, |module| {
        let mut instance = instance(module);
        for round in 1..=100 {
            assert_eq!(instance.call("count", ()).unwrap(), round);
            assert_eq!(instance.call("others", ()).unwrap(), 0);
            assert_eq!(instance.registers().unwrap()[11], 0xffff_0000);
        }
        instance.call("reserve", ()).unwrap();
        assert!(instance.reservation().is_some());
        assert_eq!(instance.call("commit", 5).unwrap(), 1, "a reservation is of one frame");
        instance.gas()
    });
    // schedule 1 for programs that may use 64 MiB
    let (load, store) = (160, 40);
    let (count, others) = (2 + 2 + load + 1 + store + 15, 2 + 4 + 1 + 2 + 15);
    let (reserve, commit) = (2 + 1 + load + 15, 2 + 1 + store + 15);
    assert_eq!(GAS - gas, 100 * (count + others) + reserve + commit);
}

#[test]
fn recursion_works_in_calls() {
    everywhere(GUEST, |module| {
        on_a_small_stack(|| {
            let mut instance = instance(module);
            let fib = instance.function("fib").unwrap();
            assert_eq!(instance.call_at(fib, 20).unwrap(), 6_765);
            assert_eq!(instance.call_at(fib, 1).unwrap(), 1);
            instance.gas()
        })
    });
}

#[test]
fn run_after_a_call_is_a_frame_entry() {
    everywhere(GUEST, |module| {
        let mut fresh = instance(module);
        assert_eq!(fresh.run().unwrap(), Exit::Done(0xffff_0000));
        let mut called = instance(module);
        called.call("others", ()).unwrap();
        assert_eq!(called.run().unwrap(), Exit::Done(0xffff_0000));
        let mut seen = called.registers().copied();
        assert_eq!(seen.as_mut(), fresh.registers().copied().as_mut());
        let mut prepared = instance(module);
        prepared.call("others", ()).unwrap();
        prepared.set_register(Reg::A0, 5);
        assert_eq!(prepared.pc(), 0x1_0000);
        assert_eq!(prepared.run().unwrap(), Exit::Done(0xffff_0005));
    });
}

#[test]
fn only_functions_can_be_called_by_name() {
    everywhere(GUEST, |module| {
        let mut instance = instance(module);
        for name in ["", "nothing", "Fib", "cell"] {
            let error = instance.call(name, ()).unwrap_err();
            assert!(error.to_string().contains(&format!("`{name}`")), "{error}");
            assert!(matches!(error.into_kind(), ErrorKind::NoFunction(of) if of == name));
        }
        let text = module.program().text();
        for addr in [0, 1, text.base() - 4, text.base() + 1, text.base() + 2, text.end(), !0] {
            let error = instance.call_at(addr, ()).unwrap_err();
            assert!(matches!(error.into_kind(), ErrorKind::NoText(at) if at == addr), "{addr:#x}");
        }
        assert_eq!(instance.gas(), GAS);
        assert_eq!(instance.call("count", ()).unwrap(), 1, "none of this did anything");
    });
}

#[test]
fn a_call_that_does_not_return_says_why_and_ends_the_instance() {
    let exits = everywhere(GUEST, |module| {
        ["bad", "leave", "spin"].map(|name| {
            let mut instance = instance(module);
            instance.set_gas(1_000).unwrap();
            let error = instance.call(name, 42).unwrap_err();
            let message = error.to_string();
            let ErrorKind::NoReturn(exit) = error.into_kind() else { panic!("{message}") };
            assert_eq!(message, format!("the guest did not return: {exit}"));
            let again = instance.call("count", ()).unwrap_err();
            assert!(matches!(again.into_kind(), ErrorKind::Ended));
            assert!(matches!(instance.run().unwrap_err().into_kind(), ErrorKind::Ended));
            Seen::of(&instance, exit)
        })
    });
    assert!(matches!(exits[0].exit, Exit::Trap(trap) if trap.kind == TrapKind::BadLoad));
    assert_eq!(exits[1].exit, Exit::Done(42));
    assert!(matches!(exits[2].exit, Exit::OutOfGas { .. }));
}

#[test]
fn a_call_that_pauses_goes_on_by_resume_and_then_returns() {
    everywhere(GUEST, |module| {
        let mut instance = instance(module);
        for round in 1..=100 {
            let error = instance.call("wait", round).unwrap_err();
            let ErrorKind::NoReturn(Exit::HostCall { number: 2, pc }) = *error.kind() else {
                panic!("{error}")
            };
            assert_eq!(instance.pc(), pc);
            let refused = instance.call("count", ()).unwrap_err();
            assert!(matches!(refused.into_kind(), ErrorKind::Paused));
            assert_eq!(instance.resume(1_000).unwrap(), Exit::Done(1_000 + round));
            assert_eq!(instance.call("count", ()).unwrap(), round, "the next call is possible");
        }
    });
}

#[test]
fn only_a_call_returns_to_the_host() {
    // outside of a call, the address that calls return to is as bad as any
    let guest = "li ra, 0xfffffff0\n ret";
    let seen = crate::harness::run(guest);
    assert!(matches!(seen.exit, Exit::Trap(trap) if trap.kind == TrapKind::BadJump));
    // a paused run that goes on is not a call either
    everywhere("li a7, 2\n ecall\n li ra, 0xfffffff0\n ret", |module| {
        let mut instance = instance(module);
        instance.run().unwrap();
        let exit = instance.resume(0).unwrap();
        assert!(matches!(exit, Exit::Trap(trap) if trap.kind == TrapKind::BadJump));
        Seen::of(&instance, exit)
    });
}
