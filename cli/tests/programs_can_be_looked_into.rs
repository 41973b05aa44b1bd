//! `--trace`, `--stats`, `inspect`, `disasm`, and how they are printed.

mod common;

use common::{Assembled, bench, bessemer, code, command, json, stderr, stdout};

#[test]
fn a_trace_shows_registers_memory_and_host_calls() {
    let program = Assembled::new(
        "_start: li t0, 0x123
         sw t0, -4(sp)
         lbu t1, -4(sp)
         c.mv t2, t0
         li a7, 1
         ecall
         li a0, 0
         li a7, 93
         ecall",
    );
    let output = bessemer(&["run", "--trace", &program.elf]);
    assert_eq!((code(&output), stdout(&output)), (0, ""));
    let trace = stderr(&output);
    for part in [
        "_start:\n",
        "addi t0, zero, 291",
        "t0 = 0x00000123",
        "store [0x",
        "] 0x00000123",
        "] 0x23, t1 = 0x00000023",
        "c.mv t2, t0",
        "host call 1: a0 = 0xffffffda",
    ] {
        assert!(trace.contains(part), "{part}:\n{trace}");
    }
    // the last ECALL is shown too, though it never comes back
    let (shown, _) = trace.split_once("warning: ").expect("call 1 is not there");
    assert!(shown.trim_end().ends_with("ecall"), "{trace}");
}

#[test]
fn a_trace_goes_before_the_message_of_a_trap() {
    let program = Assembled::new("li a0, 5\nebreak");
    let output = bessemer(&["run", "--trace", &program.elf]);
    assert_eq!(code(&output), 4);
    let lines: Vec<_> = stderr(&output).lines().collect();
    assert!(lines[lines.len() - 2].contains("a0 = 0x00000005"), "{lines:?}");
    assert!(lines[lines.len() - 1].starts_with("error: Breakpoint at pc"), "{lines:?}");
}

#[test]
fn statistics_go_to_standard_error() {
    let elf = bench("programs/hello.elf");
    let output = bessemer(&["run", "--stats", "--backend", "interp", &elf]);
    assert_eq!(stdout(&output), "Hello, world!\n");
    for part in ["gas used", "instructions", "load time", "memory sha-256", "sp 0xfffe"] {
        assert!(stderr(&output).contains(part), "{part}: {}", stderr(&output));
    }
    let output = bessemer(&["run", "--stats", "--backend", "jit", &elf]);
    for part in ["compile time", "native code", "jit, opt-level speed"] {
        assert!(stderr(&output).contains(part), "{part}: {}", stderr(&output));
    }
}

#[test]
fn output_that_is_no_text_is_hexadecimal_in_json() {
    let program = Assembled::new(
        "li a0, 1\nla a1, bytes\nli a2, 2\nli a7, 64\necall\nli a7, 93\necall\n.section .rodata\nbytes: .byte 0xff, 0x41",
    );
    let document = json(&bessemer(&["run", "--json", &program.elf]));
    assert_eq!(document["stdout_hex"], "ff41");
    assert_eq!(document["stdout"], "\u{fffd}A");
}

#[test]
fn machine_mode_is_json() {
    let output = command(&["run", &bench("programs/hello.elf")])
        .env("BESSEMER_MACHINE", "1")
        .output()
        .expect("the binary starts");
    assert_eq!(json(&output)["stdout"], "Hello, world!\n");
}

#[test]
fn colours_follow_the_terminal_and_the_options() {
    let trap = bench("programs/trap.elf");
    assert!(!stderr(&bessemer(&["run", &trap])).contains('\u{1b}'));
    assert!(stderr(&bessemer(&["run", "--color", "always", &trap])).contains('\u{1b}'));
    let forced = command(&["run", &trap]).env("CLICOLOR_FORCE", "1").output().expect("starts");
    assert!(stderr(&forced).contains('\u{1b}'));
    let never = command(&["run", "--color", "never", &trap])
        .env("CLICOLOR_FORCE", "1")
        .output()
        .expect("starts");
    assert!(!stderr(&never).contains('\u{1b}'));
}

#[test]
fn inspect_describes_a_program() {
    let output = bessemer(&["inspect", "--native", &bench("imac/token.elf")]);
    assert_eq!((code(&output), stderr(&output)), (0, ""));
    for part in ["entry", "RVC", "rv32i2p1", "LOAD", "r-x", "mean", "native code", "units"] {
        assert!(stdout(&output).contains(part), "{part}: {}", stdout(&output));
    }
    let document = json(&bessemer(&["inspect", "--native", "--json", &bench("token.elf")]));
    assert_eq!(document["schema"], "bessemer.inspect/1");
    assert_eq!(document["verdicts"]["bare"]["loads"], true);
    assert_eq!(document["program"]["compressed"], false);
    let statistics = &document["program"]["statistics"];
    let by_class = statistics["by_class"].as_object().expect("an object");
    let sum: u64 = by_class.values().filter_map(serde_json::Value::as_u64).sum();
    assert_eq!(statistics["instructions"], sum);
    assert!(document["program"]["native"]["units"].as_u64() > Some(1));
    // compiling takes seconds for large programs, so it is not done unasked
    let document = json(&bessemer(&["inspect", "--json", &bench("token.elf")]));
    assert!(document["program"]["native"].is_null(), "{document}");
}

#[test]
fn inspect_shows_what_can_be_read_of_a_refused_file() {
    let program = Assembled::new("ebreak");
    let whole = std::fs::read(&program.elf).expect("it was written");
    let cut = program.path_text("cut.elf");
    std::fs::write(&cut, &whole[..0x1000]).expect("the folder can be written to");
    let output = bessemer(&["inspect", &cut]);
    assert_eq!(code(&output), 1);
    for part in ["entry", "LOAD", "refused", "(L13)"] {
        assert!(stdout(&output).contains(part), "{part}: {}", stdout(&output));
    }
    let output = bessemer(&["inspect", "--json", &cut]);
    assert_eq!(code(&output), 1);
    let document = json(&output);
    assert_eq!(document["verdicts"]["bare"]["rule"], "L13");
    assert_eq!(document["entry"], 0x1_0000);
    assert!(document["program"].is_null());
}

#[test]
fn disasm_shows_guest_code_ir_and_native_code() {
    let elf = bench("programs/trap.elf");
    let output = bessemer(&["disasm", &elf]);
    assert_eq!(code(&output), 0);
    for part in ["_start:\n", "sum:\n", "main:\n", "ecall"] {
        assert!(stdout(&output).contains(part), "{part}: {}", stdout(&output));
    }
    let output = bessemer(&["disasm", "--function", "sum", "--clif", "--native", &elf]);
    let shown = stdout(&output);
    for part in ["sum:\n", "lw a3, 0(a5)", "function u0:", "push rbp", "BadLoad at 0x00010054"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert!(!shown.contains("_start:"));
    let document = json(&bessemer(&["disasm", "--json", "--native", &elf]));
    assert_eq!(document["schema"], "bessemer.disasm/1");
    let parts = document["parts"].as_array().expect("a list");
    let guest = parts.iter().filter_map(|part| part["guest"].as_array()).flatten().count();
    let text = json(&bessemer(&["inspect", "--json", &elf]))["program"]["text"]["bytes"].clone();
    assert_eq!(text, guest * 4, "every instruction is shown once");
}
