//! Every image, run by qemu, prints what the host computes. This is the outside opinion
//! about the images themselves, before any engine of ours executes them.

use std::{
    fmt::Debug,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use bessemer_bench::{Profile, workloads};
use bessemer_toolchain::{Tool, tests};

const QEMU: Tool = Tool::QEMU_RISCV32;

/// Runs a 32-bit image of `bench/elf`.
fn run(image: &Path, arguments: &[&str]) -> Output {
    run_on(QEMU, image, arguments)
}

fn run_on(qemu: Tool, image: &Path, arguments: &[&str]) -> Output {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("elf").join(image);
    Command::new(qemu).arg(path).args(arguments).output().expect("qemu has just told its version")
}

/// Output, errors and exit code as one value, so that a failure shows all three.
fn summary(output: &Output) -> impl Debug + PartialEq<(String, String, Option<i32>)> + use<> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr), output.status.code())
}

fn program(name: &str) -> PathBuf {
    Path::new("programs").join(name).with_extension("elf")
}

/// What a run that succeeds looks like.
fn prints(text: &str) -> (String, String, Option<i32>) {
    (text.into(), String::new(), Some(0))
}

#[test]
fn workloads_print_the_native_checksum() {
    if !tests::has(&[QEMU, Tool::QEMU_RISCV64]) {
        return;
    }
    for workload in workloads::ALL {
        let small = format!("{} {:08x}\n", workload.name, workload.small_checksum);
        let full = format!("{} {:08x}\n", workload.name, (workload.run)(workload.n));
        for profile in Profile::ALL {
            let image = Path::new(profile.folder()).join(workload.name).with_extension("elf");
            let qemu = if profile == Profile::Rv64 { Tool::QEMU_RISCV64 } else { QEMU };
            let run = |arguments: &[&str]| run_on(qemu, &image, arguments);
            assert_eq!(summary(&run(&[])), prints(&small));
            assert_eq!(summary(&run(&[&workload.small_n.to_string()])), prints(&small));
            assert_eq!(summary(&run(&[&workload.n.to_string()])), prints(&full));
        }
    }
}

#[test]
fn bad_arguments_are_reported() {
    if !tests::has(&[QEMU]) {
        return;
    }
    let fib = Path::new("fib.elf");
    for argument in ["", "x", "4294967296"] {
        let output = run(fib, &[argument]);
        assert_eq!(output.status.code(), Some(2), "{argument:?}");
        assert!(output.stderr.starts_with(b"usage: "), "{argument:?}");
    }
}

#[test]
fn c_programs_do_what_they_say() {
    if !tests::has(&[QEMU]) {
        return;
    }
    assert_eq!(summary(&run(&program("hello"), &[])), prints("Hello, world!\n"));
    assert_eq!(summary(&run(&program("hello"), &["forge"])), prints("Hello, forge!\n"));
    assert_eq!(summary(&run(&program("primes"), &[])), prints("9592 primes below 100000\n"));
    assert_eq!(summary(&run(&program("primes"), &["100"])), prints("25 primes below 100\n"));
    assert_eq!(
        summary(&run(&program("primes"), &["1000000"])),
        prints("78498 primes below 1000000\n"),
    );
    assert_eq!(summary(&run(&program("trap"), &["4"])), prints("sum 10\n"));
    assert!(!run(&program("trap"), &[]).status.success());
}
