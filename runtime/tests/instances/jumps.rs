//! Jumps, calls and returns that no compiler would write.

use std::fmt::Write;

use bessemer_isa::Reg;
use bessemer_runtime::{Exit, Trap, TrapKind};

use crate::harness::{Seen, everywhere, instance, run, run_with};

/// Behind every guest below: the end with a0.
const EXIT: &str = "
    exit:   li   a7, 93
            ecall
";

#[test]
fn calls_and_returns_need_not_pair() {
    for (what, expected, guest) in [
        (
            "a callee that returns behind the next instruction",
            1,
            "call f\n li a0, 9\n addi a0, a0, 1\n j exit\n f: addi ra, ra, 4\n li a0, 0\n ret",
        ),
        (
            "a callee that returns in front of its call",
            3,
            "li a0, 0\n again: addi a0, a0, 1\n li a1, 3\n bgeu a0, a1, exit\n call f\n ebreak
             f: addi ra, ra, -20\n ret",
        ),
        (
            "a callee that returns to its caller's caller",
            5,
            "call f\n li a0, 5\n j exit\n f: mv s0, ra\n call g\n ebreak\n g: mv ra, s0\n ret",
        ),
        (
            "a long jump out of 100 activations",
            77,
            "mv s1, sp\n la s2, landed\n li s0, 100\n call f\n ebreak
             landed: mv sp, s1\n li a0, 77\n j exit
             f: addi sp, sp, -16\n sw ra, 0(sp)\n addi s0, s0, -1\n beqz s0, jump\n call f
             lw ra, 0(sp)\n addi sp, sp, 16\n ret\n jump: jr s2",
        ),
        (
            "the same with ra as the register of the jump",
            77,
            "mv s1, sp\n la s2, landed\n li s0, 100\n call f\n ebreak
             landed: mv sp, s1\n li a0, 77\n j exit
             f: addi sp, sp, -16\n sw ra, 0(sp)\n addi s0, s0, -1\n beqz s0, jump\n call f
             lw ra, 0(sp)\n addi sp, sp, 16\n ret\n jump: mv ra, s2\n ret",
        ),
        (
            "coroutines that switch by jalr ra, ra",
            30,
            // each side enters the other behind its last switch
            "li a0, 0\n li s0, 10\n la ra, other\n
             one: addi a0, a0, 1\n jalr ra, 0(ra)\n addi s0, s0, -1\n bnez s0, one\n j exit
             other: addi a0, a0, 2\n jalr ra, 0(ra)\n j other",
        ),
        (
            "t0 as the link register, twice deep",
            12,
            "li a0, 0\n jal t0, f\n addi a0, a0, 1\n j exit\n f: addi a0, a0, 1\n jal ra, g
             addi a0, a0, 4\n jr t0\n g: addi a0, a0, 6\n ret",
        ),
        (
            "a register that is not a link as the link",
            3,
            "li a0, 0\n jal s5, f\n addi a0, a0, 1\n j exit\n f: addi a0, a0, 2\n jr s5",
        ),
        (
            "a tail call through t1",
            6,
            "call f\n addi a0, a0, 1\n j exit\n f: la t1, g\n lui t1, 16\n addi t1, t1, %lo(g)
             jr t1\n g: li a0, 5\n ret",
        ),
        (
            "a chain of a thousand tail calls",
            1_000,
            "li a0, 0\n li s0, 1000\n call f\n j exit
             f: addi a0, a0, 1\n beq a0, s0, 1f\n la t1, f\n mv t2, t1\n jr t2\n 1: ret",
        ),
        (
            "a callee that returns into the middle of another function",
            42,
            "call f\n ebreak\n f: la ra, middle\n ret
             g: li a0, 1\n middle: li a0, 42\n j exit",
        ),
        (
            "a return address that arithmetic made",
            8,
            "auipc ra, 0\n addi ra, ra, 16\n li a0, 8\n ret\n j exit",
        ),
        (
            "a jump by a register that is not a link",
            0,
            "la t1, exit\n la t2, exit\n sub a0, t1, t2\n jalr zero, 0(t2)",
        ),
        ("a return without a call", 4, "la ra, 1f\n li a0, 4\n ret\n 1: j exit"),
        (
            "calls that never return, then a return for each",
            6,
            "li a0, 0\n jal ra, 1f\n 1: jal ra, 2f\n 2: jal ra, 3f\n 3: addi a0, a0, 1
             li s0, 6\n beq a0, s0, exit\n la ra, 3b\n ret",
        ),
    ] {
        let guest = format!("{guest}\n{EXIT}");
        assert_eq!(run(&guest).exit, Exit::Done(expected), "{what}");
    }
}

#[test]
fn a_call_as_the_last_instruction_returns_nowhere() {
    for call in ["jal ra, f", "la t1, f\n mv t3, t1\n jalr ra, 0(t3)"] {
        let guest = format!("j go\n f: ret\n go: {call}");
        let seen = run(&guest);
        let end = 0x1_0008 + if call.len() > 10 { 16 } else { 4 };
        let trap = Trap { kind: TrapKind::BadJump, pc: 0x1_0004, addr: Some(end) };
        assert_eq!(seen.exit, Exit::Trap(trap), "{call}");
    }
    // with other calls below it on the native stack
    let guest = "
            j    start
    f:      ret
    start:  li   s0, 50
            call deep
            ebreak
    deep:   addi s0, s0, -1
            beqz s0, last
            call deep
            ebreak
    last:   call f
    ";
    let Exit::Trap(trap) = run(guest).exit else { panic!("it cannot end well") };
    assert_eq!((trap.kind, trap.pc), (TrapKind::BadJump, 0x1_0004));
}

/// Every kind of instruction and length, overlapping ones included.
const MIXED: &str = "
            .option rvc
    _start: jalr s1, 0(s0)
    landed: addi a0, a0, 1
            c.addi a0, 2
            lui  a1, 0x65537
            add  a0, a0, a1
            c.bnez a2, landed
            c.jr ra
            c.jalr t1
            jal  ra, out
            c.nop
            sw   a0, -4(sp)
    out:    c.li a7, 3
            ecall
            c.ebreak
";

#[test]
fn a_jump_may_go_to_every_parcel_and_to_no_other_place() {
    jump_everywhere(MIXED, 2);
}

#[test]
fn without_compressed_forms_a_jump_may_go_to_every_word_and_to_no_other_place() {
    let guest = MIXED
        .replace(".option rvc", "")
        .replace("c.addi a0, 2", "addi a0, a0, 2")
        .replace("c.bnez a2,", "bnez a2,")
        .replace("c.jr", "jr")
        .replace("c.jalr t1", "jalr ra, 0(t1)")
        .replace("c.", "");
    jump_everywhere(&guest, 4);
}

fn jump_everywhere(guest: &str, step: u32) {
    let base = 0x1_0000;
    let seen = everywhere(guest, |module| {
        let end = module.program().text().end();
        let near = (base - 8..end + 8).chain([0, 1, 2, 0xfff, 1 << 31, 0xffff_fff0, !1, !0]);
        let run = |target: u32| {
            let mut instance = instance(module);
            instance.set_gas(500).unwrap();
            instance.set_register(Reg::S0, u64::from(target));
            instance.set_register(Reg::RA, u64::from(target));
            let exit = instance.run().unwrap();
            (target, Seen::of(&instance, exit))
        };
        near.map(run).collect::<Vec<_>>()
    });
    let length = text_length(guest);
    for (target, seen) in &seen {
        let arrives = target & !1;
        let first = Exit::Trap(Trap { kind: TrapKind::BadJump, pc: base, addr: Some(arrives) });
        let misaligned =
            Exit::Trap(Trap { kind: TrapKind::MisalignedJump, pc: base, addr: Some(arrives) });
        if arrives < base || arrives >= base + length {
            assert_eq!(seen.exit, first, "{target:#x}");
            // rule G5: the link is not written
            assert_eq!(seen.registers.unwrap()[Reg::S1.index()], 0, "{target:#x}");
        } else if arrives % step != 0 {
            assert_eq!(seen.exit, misaligned, "{target:#x}");
            assert_eq!(seen.registers.unwrap()[Reg::S1.index()], 0, "{target:#x}");
        } else {
            assert_ne!(seen.exit, misaligned, "{target:#x}");
        }
    }
}

fn text_length(guest: &str) -> u32 {
    let program = bessemer_isa::asm::assemble(guest, &Default::default()).unwrap();
    program.text.bytes.len() as u32
}

#[test]
fn static_jumps_out_of_text_trap_when_taken_and_write_no_link() {
    // bytes from the jump, kind, with and without profile C
    for (target, c_kind, kind) in [
        (-4, Some(TrapKind::BadJump), TrapKind::BadJump),
        (0x7fc, Some(TrapKind::BadJump), TrapKind::BadJump),
        (8, Some(TrapKind::BadJump), TrapKind::BadJump),
        (6, None, TrapKind::MisalignedJump),
        (2, None, TrapKind::MisalignedJump),
    ] {
        for (options, expected) in [(".option rvc", c_kind), ("", Some(kind))] {
            let Some(expected) = expected else { continue };
            for jump in ["jal ra,", "jal t0,", "jal s3,", "jal zero,", "beqz zero,", "bgeu s0, s0,"]
            {
                let guest = format!("{options}\n {jump} . + {target}\n ebreak");
                let seen = run(&guest);
                let addr = Some(0x1_0000_u32.wrapping_add_signed(target));
                let trap = Trap { kind: expected, pc: 0x1_0000, addr };
                assert_eq!(seen.exit, Exit::Trap(trap), "{guest}");
                let registers = seen.registers.unwrap();
                assert_eq!([registers[1], registers[5], registers[19]], [0; 3], "{guest}");
            }
            let guest = format!("{options}\n bnez zero, . + {target}\n ebreak");
            let Exit::Trap(trap) = run(&guest).exit else { panic!("{guest}") };
            assert_eq!(trap.kind, TrapKind::Breakpoint, "an untaken branch checks nothing");
        }
    }
}

#[test]
fn the_link_of_a_jump_is_written_after_its_target_is_read() {
    for (link, number) in [("ra", 1), ("t0", 5), ("s3", 19)] {
        // known to the translator, and not
        for hide in ["", "lw s9, -4(sp)\n add LINK, LINK, s9"] {
            let hide = hide.replace("LINK", link);
            let guest = format!(
                "la {link}, f\n {hide}\n jalr {link}, 0({link})\n addi a0, a0, 1\n j exit
                 f: li a0, 10\n jr {link}\n {EXIT}"
            );
            assert_eq!(run(&guest).exit, Exit::Done(11), "{link} {hide}");
            let bad = format!("li {link}, 64\n {hide}\n jalr {link}, 0({link})");
            let seen = run(&bad);
            assert!(matches!(
                seen.exit,
                Exit::Trap(Trap { kind: TrapKind::BadJump, addr: Some(64), .. })
            ));
            assert_eq!(seen.registers.unwrap()[number], 64);
        }
    }
}

#[test]
fn an_offset_of_a_jump_wraps_and_its_lowest_bit_is_dropped() {
    for (base, offset, target) in
        [(u32::MAX, 1, 0), (0, -1, 0xffff_fffe), (0x1_0001, 0, 0x1_0000), (0x1_0002, -1, 0x1_0000)]
    {
        let guest = format!("beqz s0, out\n jalr s1, {offset}(s0)\n out: ebreak");
        let seen = run_with(&guest, |instance| {
            instance.set_gas(instance.gas().min(300)).unwrap();
            instance.set_register(Reg::S0, u64::from(base));
        });
        match target {
            0x1_0000 => assert_eq!(seen.exit, Exit::OutOfGas { pc: seen.pc }),
            _ if base == 0 => {}
            _ => {
                let trap = Trap { kind: TrapKind::BadJump, pc: 0x1_0004, addr: Some(target) };
                assert_eq!(seen.exit, Exit::Trap(trap));
            }
        }
    }
}

#[test]
fn many_functions_call_each_other_without_pairing() {
    // each function calls, jumps to or returns into another by a hash of its number and the round
    let count = 64;
    let mut guest = String::from("_start: li a0, 1\n li s0, 40000\n la s1, table\n j f0\n");
    for f in 0..count {
        let next = (f * 37 + 11) % count;
        let transfer = match f % 7 {
            0 => format!("jal ra, f{next}\n j f{f}"),
            1 => "jalr ra, 0(t1)".to_owned(),
            2 => "jr t1".to_owned(),
            3 => "mv t0, t1\n jalr ra, 0(t0)".to_owned(),
            4 => "ret".to_owned(),
            5 => "jalr t0, 0(t1)\n jr t0".to_owned(),
            _ => "mv ra, t1\n jalr ra, 0(ra)\n ret".to_owned(),
        };
        writeln!(
            guest,
            "f{f}: addi s0, s0, -1\n bltz s0, exit\n slli t2, a0, 5\n add a0, a0, t2
             xori a0, a0, {f}\n srli t2, a0, 7\n xor a0, a0, t2\n andi t2, a0, {mask}\n
             slli t2, t2, 2\n add t2, t2, s1\n lw t1, 0(t2)\n bnez ra, 1f\n mv ra, t1
             1: {transfer}\n j f{next}",
            mask = count - 1,
        )
        .unwrap();
    }
    guest.push_str(EXIT);
    guest.push_str(".rodata\n table:\n");
    (0..count).for_each(|f| writeln!(guest, ".word f{f}").unwrap());
    assert!(matches!(run(&guest).exit, Exit::Done(_)));
}
