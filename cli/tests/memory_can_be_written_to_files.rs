//! `--signature` and `--dump`, whatever the end of the run.

mod common;

use common::{Assembled, bessemer, code, stderr};

/// Changes the second word of its signature, then ends as `END` says.
const SIGNED: &str = "
        la   t0, begin_signature
        li   t1, 0xdeadbeef
        sw   t1, 4(t0)
        END
        .data
        .balign 16
        .globl begin_signature
begin_signature:
        .word 1, 2, 0xABCDEF, 0
        .globl end_signature
end_signature:
        .word 5
";

const ENDS: [(&str, i32); 3] =
    [("li a0, 0\nli a7, 93\necall", 0), ("ebreak", 4), ("lw t0, 0(zero)", 4)];

#[test]
fn a_signature_has_eight_digits_a_line_after_any_end() {
    for (end, expected) in ENDS {
        let program = Assembled::new(&SIGNED.replace("END", end));
        for backend in ["jit", "interp"] {
            let file = program.path_text("signature");
            let output =
                bessemer(&["run", "--backend", backend, "--signature", &file, &program.elf]);
            assert_eq!(code(&output), expected, "{end}: {}", stderr(&output));
            let signature = std::fs::read_to_string(&file).expect("it was written");
            assert_eq!(signature, "00000001\ndeadbeef\n00abcdef\n00000000\n", "{end}");
            std::fs::remove_file(&file).expect("it is there");
        }
    }
}

#[test]
fn a_dump_has_the_bytes_after_any_end() {
    for (end, expected) in ENDS {
        let program = Assembled::new(&SIGNED.replace("END", end));
        let (words, text) = (program.path_text("words"), program.path_text("text"));
        let args = ["run", &program.elf, "--dump", "begin_signature", "end_signature", &words];
        let output = bessemer(&[&args[..], &["--dump", "0x10000", "65540", &text]].concat());
        assert_eq!(code(&output), expected, "{}", stderr(&output));
        let words = std::fs::read(words).expect("it was written");
        assert_eq!(words, [1, 0, 0, 0, 0xef, 0xbe, 0xad, 0xde, 0xef, 0xcd, 0xab, 0, 0, 0, 0, 0]);
        assert_eq!(std::fs::read(text).expect("it was written").len(), 4);
    }
}

#[test]
fn a_dump_of_memory_that_is_not_mapped_is_an_error() {
    let program = Assembled::new("li a7, 93\necall");
    let file = program.path("dump");
    let args = ["run", "--dump", "0x10000", "0x12000", file.to_str().expect("text"), &program.elf];
    let output = bessemer(&args);
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("not mapped at 0x00011000"), "{}", stderr(&output));
    assert!(!file.exists());
}

#[test]
fn a_program_without_signature_is_not_run_for_one() {
    let program = Assembled::new("ebreak");
    let output = bessemer(&["run", "--signature", &program.path_text("s"), &program.elf]);
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("begin_signature"), "{}", stderr(&output));
    assert!(!stderr(&output).contains("Breakpoint"));
}
