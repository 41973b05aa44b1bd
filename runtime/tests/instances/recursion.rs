//! Recursion of the guest: however deep, the host's stack stays bounded.

use bessemer_runtime::{Exit, TrapKind};

use crate::harness::{GAS, Seen, everywhere_on_a_small_stack, instance};

#[track_caller]
fn run(guest: &str, gas: u64) -> Seen {
    everywhere_on_a_small_stack(guest, |module| {
        let mut instance = instance(module);
        instance.set_gas(gas).unwrap();
        let exit = instance.run().unwrap();
        Seen::of(&instance, exit)
    })
}

#[test]
fn recursion_for_ever_without_a_stack_runs_out_of_gas() {
    let seen = run("f: addi s0, s0, 1\n jal ra, f", 20_000_000);
    assert_eq!(seen.exit, Exit::OutOfGas { pc: 0x1_0000 });
    assert_eq!(seen.gas, 0);
}

#[test]
fn recursion_for_ever_with_a_stack_overflows_it() {
    let guest = "
    f:      addi sp, sp, -16
            sw   ra, 12(sp)
            call f
            lw   ra, 12(sp)
            addi sp, sp, 16
            ret
    ";
    let seen = run(guest, GAS);
    let Exit::Trap(trap) = seen.exit else { panic!("{:?}", seen.exit) };
    assert_eq!(trap.kind, TrapKind::BadStore);
    // the first word below the stack of 64 KiB
    assert_eq!((trap.pc, trap.addr), (0x1_0004, Some(0xffff_0000 - (64 << 10) - 4)));
}

#[test]
fn a_million_calls_without_a_stack_return_one_by_one() {
    // every level returns to the same place, which counts how many have come back
    let guest = "
    _start: li   s0, 1000000
            mv   s1, s0
            jal  ra, f
    done:   mv   a0, s2
            li   a7, 93
            ecall
    f:      addi s0, s0, -1
            beqz s0, last
            jal  ra, f
    back:   addi s2, s2, 1
            bne  s2, s1, more
            j    done
    more:   la   ra, back
            ret
    last:   la   ra, back
            ret
    ";
    assert_eq!(run(guest, GAS).exit, Exit::Done(1_000_000));
}

#[test]
fn a_million_calls_with_a_stack_of_their_own_return_one_by_one() {
    let guest = "
    _start: la   sp, top
            li   a0, 1000000
            call f
            li   a7, 93
            ecall
    # f(n) = n == 0 ? 0 : f(n - 1) + n
    f:      beqz a0, 1f
            addi sp, sp, -8
            sw   ra, 4(sp)
            sw   a0, 0(sp)
            addi a0, a0, -1
            call f
            lw   a1, 0(sp)
            add  a0, a0, a1
            lw   ra, 4(sp)
            addi sp, sp, 8
    1:      ret
            .bss
            .zero 8000000
    top:    .zero 8
    ";
    let expected = (500_000_u64 * 1_000_001) as u32;
    assert_eq!(run(guest, GAS).exit, Exit::Done(expected));
}

#[test]
fn mutual_recursion_through_pointers_goes_as_deep() {
    // even and odd call each other through a table, by jalr
    let guest = "
    _start: la   sp, top
            la   s0, table
            li   a0, 300001
            li   a1, 0
            call even
            li   a7, 93
            ecall
    even:   li   a2, 4
            beqz a0, 1f
            j    next
    odd:    li   a2, 0
            beqz a0, 2f
    next:   addi sp, sp, -16
            sw   ra, 12(sp)
            addi a0, a0, -1
            add  a2, a2, s0
            lw   t1, 0(a2)
            jalr ra, 0(t1)
            addi a1, a1, 1
            lw   ra, 12(sp)
            addi sp, sp, 16
            ret
    1:      li   a0, 1
            ret
    2:      li   a0, 0
            ret
            .data
    table:  .word even, odd
            .bss
            .zero 5000000
    top:    .zero 16
    ";
    let seen = run(guest, GAS);
    assert_eq!(seen.exit, Exit::Done(0));
    assert_eq!(seen.registers.unwrap()[11], 300_001);
}

#[test]
fn pauses_between_a_hundred_thousand_calls_lose_nothing() {
    let guest = "
    _start: la   sp, top
            li   a0, 100000
            call f
            li   a7, 93
            ecall
    f:      addi sp, sp, -8
            sw   ra, 4(sp)
            sw   a0, 0(sp)
            beqz a0, 1f
            andi a1, a0, 15
            bnez a1, 2f
            li   a7, 2
            ecall
    2:      lw   a0, 0(sp)
            addi a0, a0, -1
            call f
    1:      lw   a1, 0(sp)
            lw   ra, 4(sp)
            add  a0, a0, a1
            addi sp, sp, 8
            ret
            .bss
            .zero 800008
    top:    .zero 8
    ";
    let seen = everywhere_on_a_small_stack(guest, |module| {
        let mut instance = instance(module);
        let mut exit = instance.run().unwrap();
        let mut pauses = 0;
        while let Exit::HostCall { .. } = exit {
            pauses += 1;
            exit = instance.resume(!0).unwrap();
        }
        assert_eq!(pauses, 100_000 / 16);
        Seen::of(&instance, exit)
    });
    assert_eq!(seen.exit, Exit::Done((50_000_u64 * 100_001) as u32));
}

#[test]
fn nothing_is_left_of_a_native_stack_that_a_trap_or_the_end_of_gas_abandons() {
    // depth 10 000, then a load from nowhere; a hundred instances on one small stack
    let guest = "
    f:      addi a0, a0, -1
            beqz a0, 1f
            jal  ra, f
    1:      lw   a0, 0(zero)
    ";
    everywhere_on_a_small_stack(guest, |module| {
        for round in 0..100 {
            let mut trapping = instance(module);
            trapping.set_register(bessemer_isa::Reg::A0, 10_000);
            let Exit::Trap(trap) = trapping.run().unwrap() else { panic!("round {round}") };
            assert_eq!((trap.kind, trap.addr), (TrapKind::BadLoad, Some(0)));
            let mut starving = instance(module);
            starving.set_gas(30_000).unwrap();
            assert!(matches!(starving.run().unwrap(), Exit::OutOfGas { .. }));
        }
    });
}
