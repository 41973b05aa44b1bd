//! GNU binutils, an opinion from outside, assemble the same source to the same bytes.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "helpers of tests fail by panicking and say why they skip"
)]

use std::fmt::Write as _;
use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;
use std::{env, fs, process};

use bessemer_isa::asm::{Assembly, Options, assemble};
use bessemer_isa::{CompressedOp, F, Inst, Op, expand};

/// Runs one of the tools; `None` if it is not installed.
fn run(tool: &str, arguments: &[&str]) -> Option<()> {
    let name = format!("riscv64-unknown-elf-{tool}");
    match Command::new(&name).args(arguments).output() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            println!("skipped: {name} is not installed (Debian: binutils-riscv64-unknown-elf)");
            None
        }
        Err(error) => panic!("{name}: {error}"),
        Ok(output) => {
            let message = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{name} {arguments:?}: {message}");
            Some(())
        }
    }
}

/// What GNU as and ld make of the source, one vector per section of the same name.
fn gnu(name: &str, source: &str, ours: &Assembly) -> Option<[Vec<u8>; 3]> {
    let directory = env::temp_dir().join(format!("bessemer-{}-{name}", process::id()));
    fs::create_dir_all(&directory).unwrap();
    let sections = gnu_in(&directory, source, ours);
    fs::remove_dir_all(&directory).unwrap();
    sections
}

fn gnu_in(directory: &Path, source: &str, ours: &Assembly) -> Option<[Vec<u8>; 3]> {
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
    run("as", &["-march=rv32imac", "-mabi=ilp32", "-mno-relax", "-o", &object, &program])?;
    run("ld", &["-m", "elf32lriscv", "--no-relax", "-T", &script, "-o", &image, &object])?;
    let mut sections = [const { Vec::new() }; 3];
    for (section, bytes) in ["text", "rodata", "data"].into_iter().zip(&mut sections) {
        let output = file(section);
        let only = format!("--only-section=.{section}");
        run("objcopy", &["-O", "binary", &only, &image, &output])?;
        *bytes = fs::read(&output).unwrap_or_default();
    }
    Some(sections)
}

/// Compares both opinions about a source.
fn assert_same(name: &str, source: &str) {
    let ours = assemble(source, &Options::compressed()).unwrap();
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
    let mut source = String::from(".option norvc\n");
    for &op in Op::ALL {
        let mut seen = 0;
        for bits in random_words(100) {
            let inst = op.with_operand_bits(bits);
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
    assert_same("words", &source);
}

#[test]
fn every_compressed_form_has_the_bytes_that_gnu_as_gives_it() {
    let mut source = String::from(".option rvc\nstart:\n");
    let mut seen = [0; CompressedOp::ALL.len()];
    for parcel in 0..=u16::MAX {
        let Some(form) = CompressedOp::of(parcel).filter(|_| expand(parcel).is_some()) else {
            continue;
        };
        let text = form.at(parcel, 0).to_string();
        let is_hint = is_hint(form, &text);
        if is_hint || seen[form as usize] >= 600 {
            continue;
        }
        seen[form as usize] += 1;
        // targets near the instruction, which both count from where it stands
        let inst = form.expand(parcel).unwrap();
        match (text.rsplit_once("0x"), inst.target(0)) {
            (Some((head, _)), Some(distance)) => {
                writeln!(source, "{head}. + ({})", distance as i32).unwrap();
            }
            _ => writeln!(source, "{text}").unwrap(),
        }
    }
    for (form, seen) in CompressedOp::ALL.iter().zip(seen) {
        assert!(seen > 0, "{form:?} was not compared");
    }
    source += "c.unimp\n";
    assert_same("parcels", &source);
}

/// Whether the operands make the form a hint, which GNU as may refuse to write.
fn is_hint(form: CompressedOp, text: &str) -> bool {
    let to_zero = text.contains("zero") && !matches!(form, CompressedOp::CSwsp);
    let nothing = text.ends_with(", 0") && !matches!(form, CompressedOp::CLi | CompressedOp::CAndi);
    to_zero || nothing
}

#[test]
fn a_program_with_everything_in_it_is_the_same() {
    assert_same("program", PROGRAM);
}

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
