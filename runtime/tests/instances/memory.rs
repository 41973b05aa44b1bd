//! Guest memory between host and guest.

use bessemer_image::Memory;
use bessemer_runtime::{Caller, Exit, HostResult, TrapKind};

use crate::harness::{GAS, everywhere, instance, linker};

#[test]
fn what_one_side_stores_the_other_loads() {
    let guest = "
            la   s0, cell
            li   s1, 50
    1:      lw   a0, 0(s0)
            addi a0, a0, 1
            sw   a0, 0(s0)
            li   a7, 5
            ecall
            lw   a1, 0(s0)
            bne  a0, a1, bad
            addi s1, s1, -1
            bnez s1, 1b
            li   a7, 93
            ecall
    bad:    ebreak
            .data
    cell:   .word 1000
    ";
    let exit = everywhere(guest, |module| {
        let cell = module.program().symbols().lookup("cell").unwrap();
        let mut linker = linker::<u32>(module.engine());
        let double = move |mut caller: Caller<'_, u32>, a: u32| -> HostResult<u32> {
            let mut memory = caller.memory();
            let bytes = memory.write(cell, 4)?;
            assert_eq!(*bytes, a.to_le_bytes());
            bytes.copy_from_slice(&a.wrapping_mul(2).to_le_bytes());
            Ok(a.wrapping_mul(2))
        };
        linker.func(5, "double", double).unwrap();
        let mut instance = linker.instantiate(module, 0).unwrap();
        instance.set_gas(GAS).unwrap();
        let exit = instance.run().unwrap();
        assert_eq!(exit, Exit::Done(instance.memory().load_u32(cell).unwrap()));
        exit
    });
    let mut expected = 1_000_u32;
    (0..50).for_each(|_| expected = expected.wrapping_add(1).wrapping_mul(2));
    assert_eq!(exit, Exit::Done(expected));
}

#[test]
fn a_heap_that_grows_in_a_host_call_is_there_behind_it() {
    // stores at the old end of the heap trap before, and work behind the call
    let guest = "
            li   s2, 30
    1:      li   a0, 1
            li   a7, 6
            ecall
            mv   s0, a0
            lw   a1, 0(s0)
            bnez a1, bad
            sw   s2, 0(s0)
            lui  a3, 1
            add  a3, a3, s0
            sw   s2, -4(a3)
            addi s2, s2, -1
            bnez s2, 1b
            sw   s2, 0(a3)
    bad:    ebreak
            .data
            .word 1
    ";
    everywhere(guest, |module| {
        let mut linker = linker::<()>(module.engine());
        let grow = |mut caller: Caller<'_, ()>, pages: u32| caller.memory().grow(pages).unwrap();
        linker.func(6, "grow", grow).unwrap();
        // again in the memory that the first one leaves behind
        for _ in 0..3 {
            let mut instance = linker.instantiate(module, ()).unwrap();
            instance.set_gas(GAS).unwrap();
            let heap = module.program().layout().heap_start;
            assert_eq!(instance.memory().heap_end(), heap);
            let Exit::Trap(trap) = instance.run().unwrap() else { panic!("no trap") };
            let end = heap + 30 * 4096;
            assert_eq!((trap.kind, trap.addr), (TrapKind::BadStore, Some(end)));
            assert_eq!(instance.memory().heap_end(), end);
            assert_eq!(instance.memory().load_u32(end - 4), Ok(1));
        }
    });
}

#[test]
fn memory_is_fresh_after_a_frame_that_wrote_all_of_it_and_trapped() {
    // fills data and stack with ones until the end of the stack
    let guest = "
            la   a0, cell
            la   a1, end
    1:      sw   a1, 0(a0)
            addi a0, a0, 4
            bltu a0, a1, 1b
            lui  a0, 0xffff0
            addi a0, a0, -2048
            addi a0, a0, -2048
    2:      sw   a1, 0(a0)
            addi a0, a0, 4
            j    2b
            .data
    cell:   .word 7
            .bss
            .zero 20000
    end:    .zero 4
    ";
    everywhere(guest, |module| {
        for round in 0..20 {
            let mut instance = instance(module);
            assert!(instance.memory().is_fresh(), "round {round}");
            let Exit::Trap(trap) = instance.run().unwrap() else { panic!("no trap") };
            assert_eq!((trap.kind, trap.addr), (TrapKind::BadStore, Some(0xffff_0000)));
            assert!(!instance.memory().is_fresh());
        }
    });
}

#[test]
fn memory_can_be_read_and_written_around_every_exit() {
    let guest = "
            sw   a0, -4(sp)
            li   a7, 2
            ecall
            lw   a0, -8(sp)
            li   a7, 93
            ecall
    ";
    everywhere(guest, |module| {
        let mut instance = instance(module);
        let top = 0xffff_0000;
        instance.memory_mut().write(top - 12, 4).unwrap().fill(9);
        instance.set_register(bessemer_isa::Reg::A0, 0x0403_0201);
        assert!(matches!(instance.run().unwrap(), Exit::HostCall { .. }));
        assert_eq!(instance.memory().read(top - 4, 4).unwrap(), [1, 2, 3, 4]);
        assert_eq!(instance.memory().read(top - 12, 4).unwrap(), [9; 4]);
        instance.memory_mut().write(top - 8, 4).unwrap().copy_from_slice(&[5, 0, 0, 0]);
        assert_eq!(instance.resume(0).unwrap(), Exit::Done(5));
        assert_eq!(instance.memory().read(top - 8, 4).unwrap(), [5, 0, 0, 0]);
        assert_eq!(instance.memory().read(top, 1).unwrap_err().addr, top);
        assert_eq!(instance.memory_mut().write(0x1_0000, 1).unwrap_err().addr, 0x1_0000);
    });
}

#[test]
fn an_access_that_leaves_mapped_memory_traps_at_its_first_bad_byte() {
    // (address, bad byte of a load, bad byte of a store); text is 0x10000, data 0x11000, one page
    for (addr, load, store) in [
        (0x0_fffe, Some(0x0_fffe), Some(0x0_fffe)),
        (0x1_0ffe, None, Some(0x1_0ffe)),
        (0x1_1ffc, None, None),
        (0x1_1ffe, Some(0x1_2000), Some(0x1_2000)),
        (0x1_1fff, Some(0x1_2000), Some(0x1_2000)),
        // the stack has 64 KiB
        (0xfffd_fffc, Some(0xfffd_fffc), Some(0xfffd_fffc)),
        (0xfffd_fffe, Some(0xfffd_fffe), Some(0xfffd_fffe)),
        (0xfffe_0000, None, None),
        (0xffff_0000 - 4, None, None),
        (0xffff_0000 - 1, Some(0xffff_0000), Some(0xffff_0000)),
        (0xffff_ffff, Some(0xffff_ffff), Some(0xffff_ffff)),
        (0x0000_0ffe, Some(0x0ffe), Some(0x0ffe)),
        (0x7fff_fffe, Some(0x7fff_fffe), Some(0x7fff_fffe)),
    ] {
        for (access, expected, kind) in [
            ("lw a0, 0(s0)", load, TrapKind::BadLoad),
            ("lw zero, 0(s0)", load, TrapKind::BadLoad),
            ("sw a0, 0(s0)", store, TrapKind::BadStore),
            ("addi s0, s0, 1\n sw a0, -1(s0)", store, TrapKind::BadStore),
            ("addi s0, s0, -1\n lw a0, 1(s0)", load, TrapKind::BadLoad),
        ] {
            let guest = format!("{access}\n ebreak\n .data\n .zero 4096");
            let trap = everywhere(&guest, |module| {
                let mut instance = instance(module);
                instance.set_register(bessemer_isa::Reg::S0, addr);
                match instance.run().unwrap() {
                    Exit::Trap(trap) => trap,
                    other => panic!("{other}"),
                }
            });
            let expected = match expected {
                Some(bad) => (kind, Some(bad)),
                None => (TrapKind::Breakpoint, None),
            };
            assert_eq!((trap.kind, trap.addr), expected, "{addr:#x} {access}");
        }
    }
}
