//! GNU binutils, an opinion from outside, assemble the same source to the same bytes.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::{env, fs, process};

use bessemer_isa::asm::{Assembly, Options, assemble};
use bessemer_isa::{CompressedOp, Extension, F, Inst, Op, Profile, expand};
use bessemer_toolchain::{Tool, tests};

/// Runs one of the tools.
fn run(tool: Tool, arguments: &[&str]) {
    let output = Command::new(tool).args(arguments).output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{tool} {arguments:?}: {message}");
}

/// What GNU as and ld make of the source, one vector per section of the same name. `None` if they are
/// not installed.
fn gnu(name: &str, source: &str, ours: &Assembly) -> Option<[Vec<u8>; 3]> {
    if !tests::has(&[Tool::AS, Tool::LD, Tool::OBJCOPY]) {
        return None;
    }
    let unique = format!("bessemer-{}-{name}-{}", process::id(), ours.profile.xlen);
    let directory = env::temp_dir().join(unique);
    fs::create_dir_all(&directory).unwrap();
    let sections = gnu_in(&directory, source, ours);
    fs::remove_dir_all(&directory).unwrap();
    Some(sections)
}

fn gnu_in(directory: &Path, source: &str, ours: &Assembly) -> [Vec<u8>; 3] {
    let file = |name: &str| directory.join(name).to_str().unwrap().to_owned();
    let (program, object, image, script) =
        (file("program.s"), file("program.o"), file("program.elf"), file("layout.ld"));
    let layout = format!(
        "SECTIONS {{ .text {:#x} : {{ *(.text*) }} .rodata {:#x} : {{ *(.rodata*) }}
         .data {:#x} : {{ *(.data*) }} .bss {:#x} : {{ *(.bss*) }} }}",
        ours.text.base, ours.rodata.base, ours.data.base, ours.bss.base
    );
    fs::write(&program, source).unwrap();
    fs::write(&script, layout).unwrap();
    let bits = ours.profile.xlen.bits();
    // where the program has no bit instructions, both expand `sext.b` and its like to shifts
    let extensions = if ours.profile.bits { "_zba_zbb_zbs" } else { "" };
    let march = format!("-march={}imac{extensions}", ours.profile.xlen);
    let abi = if bits == 32 { "-mabi=ilp32" } else { "-mabi=lp64" };
    run(Tool::AS, &[&march, abi, "-mno-relax", "-o", &object, &program]);
    let emulation = format!("elf{bits}lriscv");
    run(Tool::LD, &["-m", &emulation, "--no-relax", "-T", &script, "-o", &image, &object]);
    let mut sections = [const { Vec::new() }; 3];
    for (section, bytes) in ["text", "rodata", "data"].into_iter().zip(&mut sections) {
        let output = file(section);
        let only = format!("--only-section=.{section}");
        run(Tool::OBJCOPY, &["-O", "binary", &only, &image, &output]);
        *bytes = fs::read(&output).unwrap_or_default();
    }
    sections
}

/// Compares both opinions about a source.
fn assert_same(name: &str, source: &str, profile: Profile) {
    let ours = assemble(source, &Options::of(profile)).unwrap();
    let Some([text, rodata, data]) = gnu(name, source, &ours) else {
        return;
    };
    let differs = ours.text.bytes.iter().zip(&text).position(|(ours, gnu)| ours != gnu);
    if let Some(at) = differs {
        let near = at & !1;
        let end = |bytes: &[u8]| bytes[near..bytes.len().min(near + 8)].to_vec();
        let (ours, gnu) = (end(&ours.text.bytes), end(&text));
        panic!("{name}: at {near:#x} of text we have {ours:02x?} and GNU as has {gnu:02x?}");
    }
    assert_eq!(ours.text.bytes.len(), text.len(), "{name}: length of text");
    assert_eq!(ours.rodata.bytes, rodata, "{name}: rodata");
    assert_eq!(ours.data.bytes, data, "{name}: data");
}

/// A cheap sequence of bits; a failure is reproduced by running the test again.
fn random_words(count: u32) -> impl Iterator<Item = u32> {
    (1..=count)
        .map(|i| i.wrapping_mul(0x9e37_79b9).rotate_left(i % 31) ^ i.wrapping_mul(0x85eb_ca6b))
}

#[test]
fn every_instruction_has_the_bytes_that_gnu_as_gives_it() {
    PROFILES.into_iter().for_each(words_of);
}

fn words_of(profile: Profile) {
    let mut source = String::from(".option norvc\n");
    for op in Op::of(profile).filter(|op| known_to_gnu_as(op.extension())) {
        let mut seen = 0;
        for bits in random_words(100) {
            let inst = op.with_operand_bits(bits, profile.xlen);
            // GNU as has no way to write other fences
            if let Inst::Fence(fence) = inst
                && (fence.fields & 0xf00_0000 == 0
                    || fence.fields & 0xf0_0000 == 0
                    || fence != F::new(fence.fields >> 24, fence.fields >> 20))
            {
                continue;
            }
            writeln!(source, "{inst}").unwrap();
            seen += 1;
        }
        assert!(seen > 0 || op == Op::Fence, "{op} was not compared");
    }
    for sets in 0..256 {
        if sets & 15 != 0 && sets >> 4 != 0 {
            writeln!(source, "{}", Inst::Fence(F::new(sets >> 4, sets & 15))).unwrap();
        }
    }
    source += "fence; fence.tso; unimp\n";
    assert_same("words", &source, profile);
}

#[test]
fn every_compressed_form_has_the_bytes_that_gnu_as_gives_it() {
    PROFILES.into_iter().for_each(parcels_of);
}

fn parcels_of(profile: Profile) {
    let mut source = String::from(".option rvc\nstart:\n");
    let mut seen = [0; CompressedOp::ALL.len()];
    for parcel in 0..=u16::MAX {
        let form = CompressedOp::of(parcel, profile);
        let Some(form) = form.filter(|_| expand(parcel, profile).is_some()) else {
            continue;
        };
        if !known_to_gnu_as(form.extension()) {
            continue;
        }
        let text = form.at(parcel, 0).to_string();
        let is_hint = is_hint(form, &text);
        if is_hint || seen[form as usize] >= 600 {
            continue;
        }
        seen[form as usize] += 1;
        // targets near the instruction, which both count from where it stands
        let inst = form.expand(parcel, profile).unwrap();
        match (text.rsplit_once("0x"), inst.target(0)) {
            (Some((head, _)), Some(distance)) => {
                writeln!(source, "{head}. + ({})", distance as i32).unwrap();
            }
            _ => writeln!(source, "{text}").unwrap(),
        }
    }
    for form in CompressedOp::of_profile(profile).filter(|form| known_to_gnu_as(form.extension())) {
        assert!(seen[form as usize] > 0, "{form:?} was not compared");
    }
    source += "c.unimp\n";
    assert_same("parcels", &source, profile);
}

/// Both widths, with what GNU as 2.40 of Debian knows.
const PROFILES: [Profile; 2] = [Profile::rv32(true).with_bits(true), Profile::rv64(true)];

/// Zicond came with binutils 2.41 and Zcb with 2.42.
fn known_to_gnu_as(extension: Extension) -> bool {
    !matches!(extension, Extension::Zicond | Extension::Zcb)
}

/// Whether the operands make the form a hint, which GNU as may refuse to write.
fn is_hint(form: CompressedOp, text: &str) -> bool {
    let to_zero =
        text.contains("zero") && !matches!(form, CompressedOp::CSwsp | CompressedOp::CSdsp);
    let nothing = text.ends_with(", 0") && !matches!(form, CompressedOp::CLi | CompressedOp::CAndi);
    to_zero || nothing
}

#[test]
fn a_program_with_everything_in_it_is_the_same() {
    assert_same("program", PROGRAM, Profile::rv32(true));
    let wide = [PROGRAM, WIDE].concat();
    assert_same("program", &wide, Profile::rv64(true));
}

/// What only a 64-bit program has; it goes on in `.bss`. GNU as pads the end of `.text` to the largest
/// alignment in it, so the program does too.
const WIDE: &str = r#"
        .text
        li      t0, 0x123456789abcdef0
        li      t0, -0x123456789abcdef0
        li      t0, 0xffffffff
        li      t0, 0x8000000000000000
        sext.w  a0, a1
        zext.w  a0, a1
        negw    a0, a1
        lr.d.aq a0, (a1)
        amoadd.d.aqrl a0, a2, (a1)
        .balign 16
"#;

const PROGRAM: &str = r#"
        .option norvc
        .equ    count, 10
        .set    step, count * 2 + 1
        .globl  _start
        .text
_start: la      sp, stack
        la      a0, table
        lui     a1, %hi(table)
        addi    a1, a1, %lo(table)
        lw      a2, %lo(table + 4)(a1)
        sw      a2, %lo(table + 8)(a1)
anchor: auipc   a3, %pcrel_hi(hello)
        addi    a3, a3, %pcrel_lo(anchor)
        lbu     a4, %pcrel_lo(anchor)(a3)
        sb      a4, %pcrel_lo(anchor)(a3)
        li      t0, 0
        li      t0, -2048
        li      t0, 2047
        li      t0, 2048
        li      t0, 0x1000
        li      t0, 0x7fffffff
        li      t0, 0x80000000
        li      t0, 0xfffff7ff
        li      t0, -1
        li      t0, 0xdeadbeef
        li      t0, step
        li      t0, (1 << 4 | 3) + 'a'
1:      addi    t0, t0, -1
        bnez    t0, 1b
        beqz    t0, 1f
        blez    t0, 1b
        bgez    t0, 1b
        bltz    t0, 1f
        bgtz    t0, 1f
        bgt     t0, t1, 1f
        ble     t0, t1, 1f
        bgtu    t0, t1, 1b
        bleu    t0, t1, 1b
1:      mv      a0, a1
        not     a0, a1
        neg     a0, a1
        seqz    a0, a1
        snez    a0, a1
        sltz    a0, a1
        sgtz    a0, a1
        sgt     a0, a1, a2
        sgtu    a0, a1, a2
        zext.b  a0, a1
        sext.b  a0, a1
        sext.h  a0, a1
        zext.h  a0, a1
        nop
        j       function
        jal     function
        jal     t0, function
        jr      t0
        jr      4(t0)
        jalr    t0
        jalr    4(t0)
        jalr    t1, t0
        jalr    t1, t0, 8
        jalr    t1, 12(t0)
        call    function
        tail    function
        .align  4
        .option push
        .option rvc
        c.addi  a0, 1
        c.j     function
        c.beqz  a0, function
        .balign 4
        .option pop
function:
        lr.w.aq a0, (a1)
        sc.w.rl a0, a2, 0(a1)
        amoadd.w.aqrl a0, a2, (a1)
        fence   rw, w
        ecall
        ebreak
        ret
        .word   0xffffffff, function, . - function
        .section .rodata
hello:  .asciz  "hello\n\t\"\\\x41\101"
        .string "a", "b"
        .p2align 3
        .half   1, -1, 0xffff
        .byte   'a', '\n', 255, -128
        .data
table:  .word   table, hello + 2, end - table
        .quad   0x1122334455667788
        .zero   5
        .space  3, 7
        .skip   4
        .ascii  "no end"
end:
        .bss
        .space  64
stack:
"#;
