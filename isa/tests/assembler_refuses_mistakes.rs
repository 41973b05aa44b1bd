//! What does not fit is refused, with its line and the rule it breaks.

#![allow(clippy::unwrap_used, reason = "helpers of tests, too, fail by panicking")]

use bessemer_isa::asm::{AsmError, Assembler, Options, assemble};
use bessemer_isa::{Op, Profile, Reg, asm};

/// Source, line of the mistake, and what the sentence says.
const MISTAKES: &[(&str, u32, &str)] = &[
    ("addi a0, a0, 2048", 1, "from -2048 to 2047"),
    ("nop\naddi a0, a0, -2049", 2, "from -2048 to 2047"),
    ("nop\n\nsw a0, 2048(sp)", 3, "from -2048 to 2047"),
    ("lui a0, 0x100000", 1, "from 0x0 to 0xfffff"),
    ("lui a0, -1", 1, "upper 20 bits"),
    ("slli a0, a0, 32", 1, "the shift amount 32 of `slli` must be from 0 to 31"),
    ("beq a0, a1, . + 4096", 1, "even from -4096 to 4094"),
    ("beq a0, a1, . + 3", 1, "align the target"),
    ("jal . - 0x100002", 1, "even from -1048576 to 1048574"),
    ("a: .zero 4096\nbeq a0, a1, a\nbeq a0, a1, a", 3, "use `call` or `tail`"),
    ("c.addi a0, 32", 1, "from -32 to 31"),
    ("c.lw a0, 2(a1)", 1, "a multiple of 4 from 0 to 124"),
    ("c.lw a0, 4(t0)", 1, "s0, s1 and a0 to a5"),
    ("c.addi16sp sp, 0", 1, "from -512 to -16 or from 16 to 496"),
    ("c.addi16sp a0, 16", 1, "works on sp only"),
    ("c.addi4spn a0, sp, 0", 1, "a multiple of 4 from 4 to 1020"),
    ("c.lui a0, 0", 1, "from 1 to 31 or from 0xfffe0 to 0xfffff"),
    ("c.lui sp, 1", 1, "reserved encoding or that of another form"),
    ("c.lwsp zero, 4(sp)", 1, "reserved"),
    ("c.jr zero", 1, "reserved"),
    ("c.mv a0, zero", 1, "reserved"),
    (".option norvc\nc.nop", 2, ".option rvc"),
    ("addw a0, a0, a1", 1, "no such instruction in RV32"),
    ("nop\nfence.i", 2, "not an instruction"),
    ("csrr a0, cycle", 1, "not an instruction"),
    ("lw.aq a0, (a1)", 1, "takes no ordering"),
    ("j nowhere", 1, "`nowhere` is defined nowhere"),
    ("nop\nj 1b", 2, "label `1:` above"),
    ("1: j 1f", 1, "label `1:` below"),
    ("a:\nnop\na:", 3, "defined on line 1 already"),
    ("a = 1\na:", 2, "defined on line 1 already"),
    ("a0:", 1, "a label is a name that is not a register"),
    ("add a0, a1, x32", 1, "expected a register"),
    ("add a0, a1, 1", 1, "expected a register"),
    ("add a0, a1", 1, "expected `,` but found the end"),
    ("add a0, a1, a2, a3", 1, "expected the end of the statement"),
    ("addi a0, a1, a2", 1, "found the register a2"),
    ("ecall 1", 1, "expected the end"),
    ("fence rw", 1, "expected `,`"),
    ("fence rr, w", 1, "letters of `iorw`"),
    ("fence 0x10000000000", 1, "not fields of a fence"),
    ("li a0, 0x100000000", 1, "li loads 32 bits"),
    (".word 0x100000000", 1, "does not fit into 32 bits"),
    (".half 65536", 1, "hold -32768 to 65535"),
    (".byte 'a', 256", 1, "does not fit into 8 bits"),
    (".align 17", 1, "power of two"),
    (".balign 3", 1, "none of 1, 2, 4"),
    (".zero later\nlater = 4", 1, "must be defined above"),
    (".zero -1", 1, "0 or more"),
    (".zero 0xffffffff", 1, "more than a program may have"),
    (".equ a, b - c\nb: .data\nc:", 1, "must be defined above"),
    (".bss\n.word 1", 2, "holds only zeros"),
    (".bss\n.word a\na:", 2, "holds only zeros"),
    (".section .init", 1, "a section is .text"),
    (".macro x", 1, "no such directive"),
    (".option pop", 1, "no .option push"),
    (".option arch", 1, "is not one of rvc"),
    (".byte 1\n.option norvc\nnop", 3, "not a multiple of 2"),
    (".word 1 / 0", 1, "divides by 0"),
    (".word 1 << 64", 1, "from 0 to 63"),
    (".word (1", 1, "expected `)`"),
    (".word %foo(1)", 1, "not one of %hi"),
    ("a: addi a0, a0, %pcrel_lo(a)", 1, "no %pcrel_hi is there"),
    ("auipc a0, %pcrel_hi(%pcrel_lo(1f))\n1:", 1, "inside of"),
    (".ascii \"a", 1, "no closing quote"),
    (".ascii \"\\q\"", 1, "the escape `\\q`"),
    (".ascii 1", 1, "expected a string"),
    ("/* a\nb", 1, "no */"),
    ("nop /* a\nb */ \nnop }", 3, "means nothing here"),
    ("li a0, 0x", 1, "not a number"),
    ("li a0, 08", 1, "not a number"),
    ("li a0, 'ab'", 1, "one ASCII character"),
    ("li a0, '\u{e9}'", 1, "one ASCII character"),
    ("li a0, '", 1, "one ASCII character"),
    ("nop \u{e9}", 1, "the character `\\u{e9}`"),
];

/// What is written in every profile: both widths with every extension.
const PROFILES: [Profile; 2] = [Profile::rv32(true).with_bits(true), Profile::rv64(true)];

#[test]
fn every_mistake_is_reported_with_its_line_and_rule() {
    for (source, line, words) in MISTAKES {
        let error = assemble(source, &Options::compressed())
            .map(|program| program.text.bytes)
            .expect_err(source);
        assert_eq!(error.line(), *line, "{source}: {error}");
        assert!(error.sentence().contains(words), "{source}: {error}");
        assert!(!error.sentence().ends_with('.'), "{error}");
    }
}

#[test]
fn the_edges_of_every_range_are_accepted_and_what_lies_beyond_is_not() {
    for (profile, op) in PROFILES.into_iter().flat_map(|p| Op::of(p).map(move |op| (p, op))) {
        let Some(rule) = op.immediate(profile.xlen) else { continue };
        let source_of = |value: i64| {
            let text = op.with_operand_bits(0, profile.xlen).to_string();
            let (head, constant) = text.rsplit_once(' ').unwrap();
            // "0(zero)", "0x0", "0" or the distance ". + 0"
            let address = constant.find('(').map_or("", |at| &constant[at..]);
            let head = head.trim_end_matches(". +");
            let here = if rule.is_from_pc() { ". + " } else { "" };
            format!("{head} {here}{value}{address}")
        };
        let mut edges = 0;
        for value in
            (-0x11_0000..0x11_0000_i64).filter(|value| value & 0xff < 2 || value & 0xff > 253)
        {
            let fits = rule.fit(value).is_some();
            let at_edge =
                fits != rule.fit(value + 2).is_some() || fits != rule.fit(value - 2).is_some();
            if at_edge {
                edges += 1;
                let result = assemble(&source_of(value), &Options::of(profile));
                assert_eq!(result.is_ok(), fits, "{}: {result:?}", source_of(value));
            }
        }
        assert!(edges >= 4 || rule.name() == "shift amount", "{op} has {edges} edges");
    }
}

#[test]
fn text_too_deep_or_too_long_is_refused_and_does_not_exhaust_the_stack() {
    for source in [
        format!(".word {}1{}", "(".repeat(100_000), ")".repeat(100_000)),
        format!(".word {}1", "-".repeat(100_000)),
        format!(".word {}1", "%hi(".repeat(100_000)),
        format!(".word {}1", "1+".repeat(100_000)),
    ] {
        let error = assemble(&source, &Options::default()).unwrap_err();
        assert!(error.sentence().contains("more than 256 parts"), "{error}");
    }
}

#[test]
fn no_text_makes_the_assembler_panic() {
    let source = "1: la a0, x - 4; .equ y, 'a' + 0x1f\n c.beqz a0, 1b /* c */ # e\n .ascii \"\\x41\u{e9}\"
        .balign 8, , 2; lw a1, %pcrel_lo(1b)(a0)\n x: .option push; amoadd.w.aqrl a0, a1, (a2); .bss; .zero y";
    let pieces: Vec<char> = source.chars().collect();
    let mut state = 1u32;
    let mut random = |below: usize| {
        state = state.wrapping_mul(0x915f_77f5).wrapping_add(12345);
        (state >> 8) as usize % below
    };
    let mut refused = 0;
    for _ in 0..20_000 {
        let mut text = pieces.clone();
        for _ in 0..=random(3) {
            let (to, from) = (random(text.len()), random(pieces.len()));
            match random(3) {
                0 => text[to] = pieces[from],
                1 => text.insert(to, pieces[from]),
                _ => text.truncate(to.max(1)),
            }
        }
        let text: String = text.into_iter().collect();
        refused += u32::from(assemble(&text, &Options::compressed()).is_err());
    }
    assert!((1000..20_000).contains(&refused), "{refused} were refused");
}

#[test]
fn a_builder_reports_the_line_of_the_call() {
    let mut a = Assembler::new(&Options::default());
    a.nop();
    let line = line!() + 1;
    a.addi(Reg::A0, Reg::A0, 5000);
    a.addi(Reg::A0, Reg::A0, 6000);
    let error = a.finish().unwrap_err();
    assert_eq!(error.line(), line);
    assert!(error.sentence().contains("5000"), "{error}");

    let error: AsmError = asm! {
        j("nowhere");
    }
    .unwrap_err();
    assert!(error.sentence().contains("`nowhere` is defined nowhere"));
}

#[test]
fn a_layout_that_cannot_be_is_refused() {
    let program = |text_base, data_base| {
        let options = Options { text_base, data_base, ..Options::default() };
        assemble(".text\n nop\n .data\n .word 1", &options).map(|program| program.data.base)
    };
    assert_eq!(program(0x1000, None), Ok(0x3000 - 0x1000));
    assert_eq!(program(0x1000, Some(0x8_0000)), Ok(0x8_0000));
    for (text_base, data_base, words) in [
        (0x1002, None, "not a multiple of 4"),
        (0x1000, Some(0x1000), "not below 0x2000"),
        (0x1000, Some(0x2004), "must be a multiple of 4096"),
        (0xffff_fffc, None, "above the 32-bit space"),
    ] {
        let error = program(text_base, data_base).unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    }
}
