//! Pseudo-instructions are what the assembly manual's table says they are.

#![allow(clippy::unwrap_used, reason = "helpers of tests, too, fail by panicking")]

use bessemer_isa::asm::{Assembler, Options, assemble};
use bessemer_isa::{Inst, Profile, Reg, disassemble};

/// Pseudo-instruction, and its expansion at 0x10000 with the label `far` at 0x10800.
const EXPANSIONS: &[(&str, &str)] = &[
    ("nop", "addi zero, zero, 0"),
    ("mv a0, a1", "addi a0, a1, 0"),
    ("not a0, a1", "xori a0, a1, -1"),
    ("neg a0, a1", "sub a0, zero, a1"),
    ("seqz a0, a1", "sltiu a0, a1, 1"),
    ("snez a0, a1", "sltu a0, zero, a1"),
    ("sltz a0, a1", "slt a0, a1, zero"),
    ("sgtz a0, a1", "slt a0, zero, a1"),
    ("sgt a0, a1, a2", "slt a0, a2, a1"),
    ("sgtu a0, a1, a2", "sltu a0, a2, a1"),
    ("zext.b a0, a1", "andi a0, a1, 255"),
    ("zext.h a0, a1", "slli a0, a1, 16; srli a0, a0, 16"),
    ("sext.b a0, a1", "slli a0, a1, 24; srai a0, a0, 24"),
    ("sext.h a0, a1", "slli a0, a1, 16; srai a0, a0, 16"),
    ("beqz a0, far", "beq a0, zero, 0x10800"),
    ("bnez a0, far", "bne a0, zero, 0x10800"),
    ("blez a0, far", "bge zero, a0, 0x10800"),
    ("bgez a0, far", "bge a0, zero, 0x10800"),
    ("bltz a0, far", "blt a0, zero, 0x10800"),
    ("bgtz a0, far", "blt zero, a0, 0x10800"),
    ("bgt a0, a1, far", "blt a1, a0, 0x10800"),
    ("ble a0, a1, far", "bge a1, a0, 0x10800"),
    ("bgtu a0, a1, far", "bltu a1, a0, 0x10800"),
    ("bleu a0, a1, far", "bgeu a1, a0, 0x10800"),
    ("j far", "jal zero, 0x10800"),
    ("jal far", "jal ra, 0x10800"),
    ("jr a0", "jalr zero, 0(a0)"),
    ("jr -4(a0)", "jalr zero, -4(a0)"),
    ("jalr a0", "jalr ra, 0(a0)"),
    ("jalr 8(a0)", "jalr ra, 8(a0)"),
    ("jalr a0, a1", "jalr a0, 0(a1)"),
    ("jalr a0, a1, 12", "jalr a0, 12(a1)"),
    ("jalr a0, (a1)", "jalr a0, 0(a1)"),
    ("ret", "jalr zero, 0(ra)"),
    ("call far", "auipc ra, 0x1; jalr ra, -2048(ra)"),
    ("tail far", "auipc t1, 0x1; jalr zero, -2048(t1)"),
    ("la a0, far", "auipc a0, 0x1; addi a0, a0, -2048"),
    ("li a0, 7", "addi a0, zero, 7"),
    ("li a0, far", "lui a0, 0x11; addi a0, a0, -2048"),
    ("fence", "fence iorw, iorw"),
    ("fence.tso", "fence 0x83300000"),
    ("pause", "fence w, 0"),
    ("unimp", ".word 0xc0001073"),
    ("lw a0, (a1)", "lw a0, 0(a1)"),
    ("amoadd.w.aqrl a0, a1, 0(a2)", "amoadd.w.aqrl a0, a1, (a2)"),
    ("lr.w.aq a0, (a1)", "lr.w.aq a0, (a1)"),
];

const INTERESTING: &[u32] = &[
    0,
    1,
    0x7ff,
    0x800,
    0x801,
    0xfff,
    0x1000,
    0x1001,
    0x17ff,
    0x1800,
    0x7fff_f7ff,
    0x7fff_f800,
    0x7fff_ffff,
    0x8000_0000,
    0x8000_0001,
    0x8000_07ff,
    0x8000_0800,
    0xdead_beef,
    0xffff_0000,
    0xffff_efff,
    0xffff_f000,
    0xffff_f7ff,
    0xffff_f800,
    0xffff_ffff,
];

fn listing(bytes: &[u8]) -> String {
    let texts: Vec<_> =
        disassemble(bytes, 0x1_0000, Profile::rv32(false)).map(|line| line.text).collect();
    texts.join("; ")
}

#[test]
fn pseudo_instructions_are_what_the_manual_says() {
    for (pseudo, expansion) in EXPANSIONS {
        let options = Options::default();
        let alone = assemble(&format!("far = 0x10800\n{pseudo}"), &options).unwrap();
        assert_eq!(listing(&alone.text.bytes), *expansion, "{pseudo}");
        let labelled = assemble(&format!("{pseudo}\n.balign 2048\nfar:"), &options).unwrap();
        assert_eq!(labelled.symbols["far"], 0x1_0800);
        let bytes = &labelled.text.bytes[..alone.text.bytes.len()];
        assert_eq!(listing(bytes), *expansion, "{pseudo}");
    }
}

#[test]
fn li_gives_the_constant_in_the_fewest_instructions() {
    for &value in INTERESTING {
        for text in [format!("{value}"), format!("{value:#x}"), format!("{}", value as i32)] {
            let program = assemble(&format!("li a0, {text}"), &Options::default()).unwrap();
            let (loaded, length) = run(&program.text.bytes);
            assert_eq!(loaded, value, "li a0, {text}");
            let is_small = (-2048..2048).contains(&(value as i32));
            let fewest = if is_small || value & 0xfff == 0 { 1 } else { 2 };
            assert_eq!(length, fewest, "li a0, {text}");
        }
        let mut a = Assembler::new(&Options::default());
        a.li(Reg::A0, value);
        assert_eq!(run(&a.finish().unwrap().text.bytes).0, value);
        // a constant that is defined further down takes two instructions whatever its value
        let later = format!("li a0, later\n.equ later, {value}");
        let program = assemble(&later, &Options::default()).unwrap();
        assert_eq!(run(&program.text.bytes), (value, 2), "li of a later {value:#x}");
    }
}

#[test]
fn hi_and_lo_make_an_address_in_all_three_ways() {
    for target in INTERESTING {
        let source = format!(
            ".equ target, {target}
             lui a0, %hi(target)
             addi a0, a0, %lo(target)
             "
        );
        let program = assemble(&source, &Options::default()).unwrap();
        assert_eq!(run(&program.text.bytes).0, *target);
    }
    let program = assemble(
        "1: auipc a0, %pcrel_hi(datum)
            addi a0, a0, %pcrel_lo(1b)
            la a0, datum
            .data
            .zero 0x7f4
         datum: .word datum",
        &Options::default(),
    )
    .unwrap();
    let datum = program.symbols["datum"];
    assert_eq!(datum, program.data.base + 0x7f4);
    let (first, second) = program.text.bytes.split_at(8);
    assert_eq!(run_at(first, 0x1_0000).0, datum);
    assert_eq!(run_at(second, 0x1_0008).0, datum);
    assert_eq!(program.data.bytes[0x7f4..], datum.to_le_bytes());
}

fn run(bytes: &[u8]) -> (u32, usize) {
    run_at(bytes, 0x1_0000)
}

/// What a0 holds after `lui`, `auipc` and `addi`, and how many instructions there were.
fn run_at(bytes: &[u8], base: u32) -> (u32, usize) {
    let mut a0 = 0xaaaa_aaaa_u32;
    let mut count = 0;
    for line in disassemble(bytes, base, Profile::rv32(false)) {
        count += 1;
        a0 = match line.inst {
            Some(Inst::Lui(u)) => u.imm,
            Some(Inst::Auipc(u)) => line.address.wrapping_add(u.imm),
            Some(Inst::Addi(i)) if i.rs1.is_zero() => i.imm as u32,
            Some(Inst::Addi(i)) => a0.wrapping_add(i.imm as u32),
            other => panic!("{other:?} has no place here"),
        };
    }
    (a0, count)
}
