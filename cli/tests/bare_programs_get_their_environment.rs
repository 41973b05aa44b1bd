//! The calls and the argument block of bare programs, on both back ends.

mod common;

use std::io::Write;
use std::process::Stdio;

use common::{Assembled, bench, bessemer, code, json, stderr, stdout};

const BACKENDS: [&str; 2] = ["jit", "interp"];

#[test]
fn programs_of_the_repository_print_what_they_should() {
    for backend in BACKENDS {
        for (program, args, printed) in [
            ("hello", &[][..], "Hello, world!\n"),
            ("hello", &["you"], "Hello, you!\n"),
            ("primes", &["100"], "25 primes below 100\n"),
            ("trap", &["4"], "sum 10\n"),
        ] {
            let elf = bench(&format!("programs/{program}.elf"));
            let mut line = vec!["run", "--backend", backend, &elf];
            line.extend(args);
            let output = bessemer(&line);
            assert_eq!((stdout(&output), code(&output)), (printed, 0), "{program} {backend}");
            assert_eq!(stderr(&output), "");
        }
    }
}

#[test]
fn options_stand_anywhere_and_those_of_the_program_behind_two_dashes() {
    let elf = bench("programs/hello.elf");
    let output = bessemer(&["run", &elf, "--backend", "interp", "--", "--json"]);
    assert_eq!(stdout(&output), "Hello, --json!\n");
    let output = bessemer(&["run", &elf, "-5"]);
    assert_eq!(stdout(&output), "Hello, -5!\n");
}

/// Checks the whole block word by word; exits with 0, or with the number of the first wrong check.
const CHECK_BLOCK: &str = "
        mv   s0, sp
        li   a0, 1
        andi t0, sp, 15
        bnez t0, fail
        li   a0, 2
        lw   t0, 0(s0)
        li   t1, 3
        bne  t0, t1, fail
        li   a0, 3
        lw   t0, 8(s0)          # argv[1]
        lbu  t1, 0(t0)
        li   t2, 'x'
        bne  t1, t2, fail
        lbu  t1, 1(t0)
        bnez t1, fail
        li   a0, 4
        lw   t0, 12(s0)         # argv[2], empty
        lbu  t1, 0(t0)
        bnez t1, fail
        li   a0, 5
        lw   t0, 16(s0)         # end of argv
        bnez t0, fail
        li   a0, 6
        lw   t0, 20(s0)         # end of envp
        bnez t0, fail
        li   a0, 7
        lw   t0, 24(s0)         # AT_PAGESZ
        li   t1, 6
        bne  t0, t1, fail
        lw   t0, 28(s0)
        li   t1, 4096
        bne  t0, t1, fail
        li   a0, 8
        lw   t0, 32(s0)         # AT_NULL
        lw   t1, 36(s0)
        or   t0, t0, t1
        bnez t0, fail
        li   a0, 0
fail:   li   a7, 93
        ecall
";

#[test]
fn arguments_stand_at_the_stack_pointer() {
    let program = Assembled::new(CHECK_BLOCK);
    for backend in BACKENDS {
        let output = bessemer(&["run", "--backend", backend, &program.elf, "x", ""]);
        assert_eq!(code(&output), 0, "{backend}");
    }
}

#[test]
fn the_first_argument_is_the_name_as_given() {
    let program = Assembled::new(
        "lw a1, 4(sp)\nmv a2, zero\n1: add t0, a1, a2\nlbu t0, 0(t0)\naddi a2, a2, 1\nbnez t0, 1b\naddi a2, a2, -1
         li a0, 1\nli a7, 64\necall\nli a0, 0\nli a7, 93\necall",
    );
    let output = bessemer(&["run", &program.elf]);
    assert_eq!(stdout(&output), program.elf);
}

#[test]
fn arguments_that_do_not_fit_the_stack_are_refused() {
    let long = "x".repeat(3000);
    let output = bessemer(&["run", "--stack", "4096", &bench("programs/hello.elf"), &long]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("larger stack"), "{}", stderr(&output));
    let output = bessemer(&["run", "--stack", "16K", &bench("programs/hello.elf"), &long]);
    assert_eq!(code(&output), 0);
}

#[test]
fn standard_error_of_the_guest_stays_apart() {
    let program = Assembled::new(
        "li a0, 2\nla a1, text\nli a2, 3\nli a7, 64\necall\nli a7, 93\necall\n.section .rodata\ntext: .ascii \"err\"",
    );
    for json_option in [false, true] {
        let mut args = vec!["run", &program.elf];
        if json_option {
            args.push("--json");
        }
        let output = bessemer(&args);
        // write returned 3
        assert_eq!(code(&output), 3);
        assert_eq!(stderr(&output), "err");
        if json_option {
            assert_eq!(json(&output)["stdout"], "");
        } else {
            assert_eq!(stdout(&output), "");
        }
    }
}

#[test]
fn calls_that_are_not_there_return_their_error_number() {
    for (number, a0, expected) in
        [(64, 0, 247), (64, 3, 247), (63, 1, 247), (66, 0, 247), (57, 1, 218), (80, 1, 218)]
    {
        let program =
            Assembled::new(&format!("li a0, {a0}\nli a7, {number}\necall\nli a7, 93\necall"));
        for backend in BACKENDS {
            let output = bessemer(&["run", "--backend", backend, &program.elf]);
            assert_eq!(code(&output), expected, "{number} {backend}");
            let told = stderr(&output).contains(&format!("(ENOSYS): {number};"));
            assert_eq!(told, expected == 218, "{number} {backend}: {}", stderr(&output));
        }
    }
}

/// Runs it with this input.
fn fed(args: &[&str], input: &[u8]) -> std::process::Output {
    let mut command = common::command(args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary starts");
    child.stdin.take().expect("a pipe").write_all(input).expect("the program reads");
    child.wait_with_output().expect("it ends")
}

#[test]
fn standard_input_is_copied_to_standard_output_by_read_and_writev() {
    // pieces: the byte '<', what was read, the byte '>'
    let program = Assembled::new(
        "addi sp, sp, -64\nli s1, 0x3c\nsb s1, 24(sp)\nli s1, 0x3e\nsb s1, 25(sp)
         1: li a0, 0\naddi a1, sp, 32\nli a2, 5\nli a7, 63\necall\nbeqz a0, 2f
         addi t0, sp, 24\nsw t0, 0(sp)\nli t1, 1\nsw t1, 4(sp)
         addi t0, sp, 32\nsw t0, 8(sp)\nsw a0, 12(sp)
         addi t0, sp, 25\nsw t0, 16(sp)\nsw t1, 20(sp)
         li a0, 1\nmv a1, sp\nli a2, 3\nli a7, 66\necall\nadd s0, s0, a0\nj 1b
         2: mv a0, s0\nli a7, 93\necall",
    );
    for backend in BACKENDS {
        let output = fed(&["run", "--backend", backend, &program.elf], b"hello world");
        assert_eq!(stdout(&output), "<hello>< worl><d>", "{backend}");
        assert_eq!(code(&output), 17, "{backend}");
        // the second run, which finds the registers, reads the same
        let output = fed(&["run", "--json", "--backend", backend, &program.elf], b"hello world");
        let document = json(&output);
        assert_eq!(document["stdout"], "<hello>< worl><d>", "{backend}");
        assert_eq!(document["registers"]["s0"], 17, "{backend}: {document:#}");
    }
}

#[test]
fn too_many_pieces_and_pieces_nowhere_are_refused_before_anything_is_written() {
    let too_many =
        Assembled::new("li a0, 1\nmv a1, sp\nli a2, 1025\nli a7, 66\necall\nli a7, 93\necall");
    let nowhere = Assembled::new(
        "addi sp, sp, -16\nsw sp, 0(sp)\nli t0, 4\nsw t0, 4(sp)\nli t1, 16\nsw t1, 8(sp)\nsw t0, 12(sp)
         li a0, 1\nmv a1, sp\nli a2, 2\nli a7, 66\necall",
    );
    for backend in BACKENDS {
        assert_eq!(code(&bessemer(&["run", "--backend", backend, &too_many.elf])), 234);
        let output = bessemer(&["run", "--json", "--backend", backend, &nowhere.elf]);
        let document = json(&output);
        assert_eq!(document["outcome"]["trap"], "BadPointer");
        assert_eq!((&document["outcome"]["addr"], &document["stdout"]), (&16.into(), &"".into()));
    }
}

#[test]
fn the_clock_counts_gas_and_is_the_same_on_every_engine() {
    // exits with the nanoseconds between two questions
    let program = Assembled::new(
        "addi sp, sp, -32\nmv a1, sp\nli a7, 403\necall\nli t0, 20\n1: addi t0, t0, -1\nbnez t0, 1b
         addi a1, sp, 16\nli a7, 113\necall\nlw t0, 8(sp)\nlw t1, 20(sp)\nsub a0, t1, t0\nli a7, 93\necall",
    );
    let times = BACKENDS.map(|backend| {
        let output = bessemer(&["run", "--backend", backend, &program.elf]);
        assert_eq!(stderr(&output), "", "{backend}");
        code(&output)
    });
    assert!(times[0] >= 40 && times[0] == times[1], "{times:?}");
}

#[test]
fn gp_is_where_gnu_ld_expects_it_and_a_file_without_the_symbol_is_told_the_cause() {
    let source = ".option push\n.option norelax\n";
    let with = Assembled::new(&format!(
        "{source}lw a0, -2048(gp)\nli a7, 93\necall\n.data\n.globl __global_pointer$\nvalue: .word 42
         .set __global_pointer$, value + 2048\n.option pop"
    ));
    let without =
        Assembled::new(&format!("{source}lw a0, -2048(gp)\nli a7, 93\necall\n.option pop"));
    for backend in BACKENDS {
        assert_eq!(code(&bessemer(&["run", "--backend", backend, &with.elf])), 42, "{backend}");
        let output = bessemer(&["run", "--backend", backend, &without.elf]);
        assert_eq!(code(&output), 4);
        assert!(stderr(&output).contains("--no-relax"), "{}", stderr(&output));
    }
}

#[test]
fn a_write_from_unmapped_memory_traps() {
    let program = Assembled::new("li a0, 1\nli a1, 16\nli a2, 4\nli a7, 64\ncall: ecall");
    for backend in BACKENDS {
        let output = bessemer(&["run", "--json", "--backend", backend, &program.elf]);
        assert_eq!(code(&output), 4);
        let outcome = &json(&output)["outcome"];
        assert_eq!(outcome["trap"], "BadPointer");
        assert_eq!(outcome["addr"], 16);
        assert_eq!(outcome["place"]["symbol"], "call");
    }
}

/// Asks for the break, moves it up by 8 KiB and 4 bytes, uses the last byte, moves it back and up
/// again, and finds zeros. Ends with the number of the first wrong check.
const MOVE_BREAK: &str = "
        li   a7, 214
        li   s2, 1
        li   a0, 0
        ecall
        mv   s0, a0             # the heap starts on a page
        slli t0, a0, 20
        bnez t0, fail
        li   s2, 2
        li   t0, 8196
        add  s1, s0, t0
        mv   a0, s1
        ecall
        bne  a0, s1, fail
        li   s2, 3
        sb   s2, -1(s1)
        sw   s2, 0(s0)
        li   s2, 4
        mv   a0, s0
        ecall
        bne  a0, s0, fail
        li   s2, 5
        mv   a0, s1
        ecall
        bne  a0, s1, fail
        lbu  t0, -1(s1)
        bnez t0, fail
        lw   t0, 0(s0)
        bnez t0, fail
        li   s2, 6              # below the heap, and far above its limit
        addi a0, s0, -1
        ecall
        bne  a0, s1, fail
        li   a0, -4096
        ecall
        bne  a0, s1, fail
        li   s2, 0
fail:   mv   a0, s2
        li   a7, 93
        ecall
";

#[test]
fn the_break_moves_and_what_it_brings_is_zero() {
    let program = Assembled::new(MOVE_BREAK);
    for backend in BACKENDS {
        let output = bessemer(&["run", "--backend", backend, &program.elf]);
        assert_eq!((code(&output), stderr(&output)), (0, ""), "{backend}");
    }
}

#[test]
fn a_host_call_costs_the_ecall_and_nothing_else() {
    let program = Assembled::new("li a7, 93\necall");
    let output = bessemer(&["run", "--json", &program.elf]);
    assert_eq!(json(&output)["gas_used"], 2 + 1 + 150);
    let program = Assembled::new("lui a0, 0x100\nli a7, 214\necall\nli a7, 93\necall");
    let output = bessemer(&["run", "--json", &program.elf]);
    assert_eq!(json(&output)["gas_used"], 2 + 1 + 1 + 150 + 2 + 1 + 150);
}
