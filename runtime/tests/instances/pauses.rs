//! Pausing at host calls, and going on.

use bessemer_isa::Reg;
use bessemer_runtime::{ErrorKind, Exit};

use crate::harness::{GAS, Seen, everywhere, everywhere_on_a_small_stack, instance};

#[test]
fn a_paused_instance_goes_on_exactly() {
    let guest = "
            li   s0, 0
            li   a7, 2
    again:  mv   a0, s0
            ecall
            add  s0, s0, a0
            addi s1, s1, 1
            j    again
    ";
    // the first run, and what each round costs: mv, ecall | add, addi, j
    let (first, round) = (2 + 3 + 150, (2 + 2 + 3) + (2 + 1 + 150));
    everywhere(guest, |module| {
        let mut instance = instance(module);
        let mut exit = instance.run().unwrap();
        let mut sum = 0_u32;
        for count in 0..10_000 {
            assert_eq!(exit, Exit::HostCall { number: 2, pc: 0x1_000c });
            assert_eq!(instance.pc(), 0x1_000c);
            let registers = instance.registers().unwrap();
            assert_eq!(
                [registers[8], registers[9], registers[10]],
                [sum, count, sum].map(u64::from)
            );
            assert_eq!(GAS - instance.gas(), first + round * u64::from(count));
            let result = count.wrapping_mul(0x9e37_79b9);
            sum = sum.wrapping_add(result);
            exit = instance.resume(result).unwrap();
        }
        Seen::of(&instance, exit)
    });
}

#[test]
fn what_the_embedder_changes_during_a_pause_is_what_the_guest_finds() {
    let guest = "
            la   s0, cell
            li   a7, 2
            ecall
            lw   a1, 0(s0)
            add  a0, a0, a1
            add  a0, a0, s1
            add  a0, a0, sp
            li   a7, 93
            ecall
            .bss
    cell:   .zero 4
    ";
    let exit = everywhere(guest, |module| {
        let mut instance = instance(module);
        instance.run().unwrap();
        let cell = module.program().symbols().lookup("cell").unwrap();
        instance.memory_mut().write(cell, 4).unwrap().copy_from_slice(&100_u32.to_le_bytes());
        instance.set_register(Reg::S1, 20);
        instance.set_register(Reg::SP, 3);
        instance.set_register(Reg::ZERO, 77);
        instance.set_gas(1_000).unwrap();
        let exit = instance.resume(4_000).unwrap();
        assert_eq!(instance.gas(), 1_000 - (2 + module_load(module) + 3 + 1 + 150));
        exit
    });
    assert_eq!(exit, Exit::Done(4_123));
}

/// The price of a load in this module's memory class.
fn module_load(module: &bessemer_runtime::Module) -> u64 {
    // lw in front of everything else up to the last ecall
    let text = module.program().text();
    let slot = |addr| module.charges().at(text.index(addr).unwrap());
    u64::from(slot(0x1_0010) - slot(0x1_0014))
}

#[test]
fn pauses_in_deep_recursion_and_its_returns_go_on_exactly() {
    // down and up, a pause in each activation both ways, frames on the guest's stack
    let guest = "
    _start: li   s0, 3000
            li   s2, 0
            call dive
            mv   a0, s2
            li   a7, 93
            ecall
    dive:   addi sp, sp, -16
            sw   ra, 12(sp)
            sw   s0, 8(sp)
            addi s0, s0, -1
            beqz s0, up
            li   a7, 2
            ecall
            add  s2, s2, a0
            call dive
            li   a7, 2
            ecall
            add  s2, s2, a0
    up:     lw   s0, 8(sp)
            lw   ra, 12(sp)
            addi sp, sp, 16
            ret
    ";
    let (seen, pauses) = everywhere_on_a_small_stack(guest, |module| {
        let mut instance = instance(module);
        let mut exit = instance.run().unwrap();
        let mut pauses = Vec::new();
        while let Exit::HostCall { .. } = exit {
            pauses.push((instance.pc(), instance.gas(), instance.registers().copied()));
            exit = instance.resume(pauses.len() as u32).unwrap();
        }
        (Seen::of(&instance, exit), pauses)
    });
    let count = 2 * 2_999;
    assert_eq!(pauses.len() as u32, count);
    assert_eq!(seen.exit, Exit::Done(count * (count + 1) / 2));
}

#[test]
fn only_a_paused_instance_resumes() {
    everywhere("li a7, 2\n ecall\n ebreak", |module| {
        let mut instance = instance(module);
        let kind = |error: bessemer_runtime::Error| error.into_kind();
        assert!(matches!(kind(instance.resume(0).unwrap_err()), ErrorKind::NotPaused));
        assert!(matches!(instance.run().unwrap(), Exit::HostCall { .. }));
        let before = instance.gas();
        assert!(matches!(kind(instance.run().unwrap_err()), ErrorKind::Paused));
        assert!(matches!(kind(instance.call_at(0x1_0000, ()).unwrap_err()), ErrorKind::Paused));
        assert_eq!(instance.gas(), before);
        assert!(matches!(instance.resume(0).unwrap(), Exit::Trap(_)));
        assert!(matches!(kind(instance.resume(0).unwrap_err()), ErrorKind::NotPaused));
        assert!(matches!(kind(instance.run().unwrap_err()), ErrorKind::Ended));
        assert!(matches!(kind(instance.call_at(0x1_0000, ()).unwrap_err()), ErrorKind::Ended));
    });
}
