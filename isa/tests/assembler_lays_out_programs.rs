//! Labels, sections, data and alignment end up where the source says.

#![allow(clippy::unwrap_used, reason = "helpers of tests, too, fail by panicking")]

use bessemer_isa::asm::{Assembler, Options, assemble};
use bessemer_isa::{Profile, Reg, asm, disassemble};

fn text(source: &str) -> Vec<u8> {
    let program = assemble(source, &Options::compressed());
    program.unwrap_or_else(|error| panic!("{source}: {error}")).text.bytes
}

#[test]
fn numeric_labels_mean_the_nearest_one() {
    let program = assemble(
        "1: nop
            j 1b
            j 1f
         2: j 2b
         1: j 1b
            j 2f
         1: 2: j 1b",
        &Options::default(),
    )
    .unwrap();
    let targets: Vec<_> = disassemble(&program.text.bytes, 0, Profile::rv32(false))
        .filter_map(|line| line.target)
        .collect();
    assert_eq!(targets, [0, 16, 12, 16, 24, 24]);
    assert!(program.symbols.is_empty());
}

#[test]
fn sections_collect_their_parts_and_start_on_pages() {
    let program = assemble(
        "        .section .text.start, \"ax\", @progbits
                 .globl _start
         helper: ret
         _start: la a0, number
                 .section .rodata.str1.4, \"aMS\"
         hello:  .asciz \"hi\"
                 .data
         number: .word hello, _start - helper
                 .bss
         space:  .skip 8
                 .data
                 .byte 1, -1, 'A', '\\n'
                 .text
                 ebreak
                 .section .sbss
         more:   .zero 4",
        &Options::default(),
    )
    .unwrap();
    assert_eq!((program.text.base, program.text.bytes.len()), (0x1_0000, 16));
    assert_eq!((program.rodata.base, &*program.rodata.bytes), (0x1_1000, &b"hi\0"[..]));
    assert_eq!(program.data.base, 0x1_2000);
    assert_eq!(program.data.bytes, [0, 0x10, 1, 0, 4, 0, 0, 0, 1, 255, 65, 10]);
    assert_eq!((program.bss.base, program.bss.bytes.len()), (0x1_3000, 12));
    assert_eq!(program.entry, 0x1_0004);
    let names: Vec<_> = program.symbols.iter().map(|(name, at)| (&**name, *at)).collect();
    assert_eq!(
        names,
        [
            ("_start", 0x1_0004),
            ("hello", 0x1_1000),
            ("helper", 0x1_0000),
            ("more", 0x1_3008),
            ("number", 0x1_2000),
            ("space", 0x1_3000),
        ]
    );
    assert_eq!(program.sections().count(), 4);
}

#[test]
fn expressions_follow_the_precedence_of_gnu_as() {
    for (expression, value) in [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("1 << 2 + 3", 7),
        ("1 + 4 | 3", 8),
        ("0xff & ~0x0f", 0xf0),
        ("-1 & 0xff", 0xff),
        ("7 - 2 - 1", 4),
        ("-4 / 2 + 17 % 5", 0),
        ("0x8000_0000 >> 31", 1),
        ("0b101 ^ 017", 10),
        ("'a' - 'A'", 32),
        ("'\\''", 39),
        ("%hi(0x12345fff)", 0x12346),
        ("%lo(0x12345fff)", -1),
        ("- - 3", 3),
    ] {
        let bytes = text(&format!(".word {expression}"));
        assert_eq!(bytes, i32::to_le_bytes(value), "{expression}");
    }
}

#[test]
fn a_constant_means_the_value_it_has_at_that_line() {
    assert_eq!(
        text(".set n, 1\n .byte n\n .set n, n + 1\n .byte n\n m = n * 3; .byte m"),
        [1, 2, 6]
    );
    assert_eq!(text(".byte n\n .equ n, 5"), [5]);
    assert_eq!(
        text("a: .ascii \"four\"\n .equ length, . - a\n .byte length, b - a\nb:"),
        *b"four\x04\x06"
    );
}

#[test]
fn comments_and_separators_stand_anywhere() {
    let plain = text("li a0, 1\nli a1, 2\n");
    for source in [
        "li a0, 1; li a1, 2",
        "li a0, 1 # one\n  li a1, 2 // two",
        "/* both */ li /* a0 */ a0, 1 /*\n*/ ; li a1, 2",
        "LI a0, 1\r\n\tli x11, 2",
        "a: b: li a0, 1; c: ; li a1, 2; d:",
    ] {
        assert_eq!(text(source), plain, "{source}");
    }
    assert_eq!(text(".ascii \"#;//\""), *b"#;//");
    assert_eq!(text(".ascii \"\\x41\\102\\n\\\"\\0\", \"\u{e9}\""), *b"AB\n\"\0\xc3\xa9");
}

#[test]
fn alignment_pads_text_with_instructions_that_do_nothing() {
    assert_eq!(text("c.nop; .align 3"), [1, 0, 1, 0, 0x13, 0, 0, 0]);
    assert_eq!(text(".byte 7; .p2align 2"), [7, 0, 1, 0]);
    assert_eq!(text(".option norvc; nop; .balign 8; nop; .balign 4"), text("nop; nop; nop"));
    assert_eq!(text(".byte 7; .balign 8, , 3; .balign 2"), [7, 0]);
    let program = assemble(".data; .byte 7; .align 2; .byte 8", &Options::default()).unwrap();
    assert_eq!(program.data.bytes, [7, 0, 0, 0, 8]);
}

#[test]
fn compression_is_a_matter_of_the_option_alone() {
    let source = ".option push; .option rvc; c.nop; c.nop; .option pop; addi a0, a0, 1";
    let program = assemble(source, &Options::default()).unwrap();
    assert_eq!(program.text.bytes, [1, 0, 1, 0, 0x13, 5, 0x15, 0]);
    assert!(program.profile.compressed);
    assert!(!assemble("nop", &Options::default()).unwrap().profile.compressed);
    assert_eq!(text("nop"), [0x13, 0, 0, 0]);
}

#[test]
fn builder_and_text_make_the_same_program() {
    let from_text = assemble(
        "   .equ count, 3
            c.li a0, count
            lui a1, %hi(table)
            addi a1, a1, %lo(table)
         1: lr.w.aq a2, (a1)
            sc.w.rl a3, a2, (a1)
            c.lwsp a4, 8(sp)
            fence rw, w
            c.bnez a3, 1b
            sw a2, -4(a1)
            call end
            .word 0xffffffff, . - end
         end: ecall
            .rodata
            .align 2
         table: .word table + 4
            .half 1
            .byte 2
            .ascii \"x\"
            .bss
            .zero 4",
        &Options::compressed(),
    )
    .unwrap();
    let from_rust = asm! { Options::compressed() =>
        equ("count", 3);
        c_li(A0, "count");
        lui(A1, Expr::hi("table"));
        addi(A1, A1, Expr::lo("table"));
        "1":
        aq().lr_w(A2, A1);
        rl().sc_w(A3, A2, A1);
        c_lwsp(A4, 8);
        fence(bessemer_isa::F::new(3, 1));
        c_bnez(A3, "1b");
        sw(A2, -4, A1);
        call("end");
        word(0xffff_ffff_u32);
        word(Expr::here() - "end");
        "end":
        ecall();
        rodata().align(4);
        "table":
        word(Expr::symbol("table") + 4).half(1).byte(2).ascii("x");
        bss().zero(4);
    }
    .unwrap();
    assert_eq!(from_text, from_rust);

    let mut a = Assembler::new(&Options::default());
    a.inst(bessemer_isa::Inst::Ebreak(bessemer_isa::N)).mv(Reg::A0, Reg::A1);
    assert_eq!(a.finish().unwrap().text.bytes, text("ebreak; mv a0, a1"));
}
