//! The runner of the official suites, tried on small suites of the same shape that are written
//! here; the official files are not part of the project.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "this file holds only tests")]

use std::fs;
use std::path::{Path, PathBuf};

use bessemer_conformance::official::{
    Checkouts, Compiler, Engines, Kind, March, Outcome, Row, Test, discover, run,
};
use bessemer_image::{Limits, Profile, Program};
use bessemer_isa::asm::{Options, assemble};
use bessemer_toolchain::Tool;
use bessemer_toolchain::tests::or_skip;

fn fixtures() -> Checkouts {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    Checkouts {
        riscv_tests: Some(directory.join("riscv-tests")),
        arch_test: Some(directory.join("riscv-arch-test")),
    }
}

/// The compiler, if there is one.
fn compiler(march: March) -> Option<Compiler> {
    // with all its causes
    or_skip(Compiler::new(Tool::GCC.command, march).map_err(|error| format!("{error:#}")))
}

fn tests(march: March) -> Vec<Test> {
    discover(&fixtures(), march).unwrap()
}

#[test]
fn all_tests_of_both_layouts_are_found() {
    for (march, expected) in [(March::Rv32im, 8), (March::Rv32imac, 10)] {
        let tests = tests(march);
        let names: Vec<_> =
            tests.iter().map(|test| format!("{}/{}", test.suite, test.name)).collect();
        assert_eq!(names.len(), expected, "{names:?}");
        let add = tests.iter().find(|test| test.name == "add-01").unwrap();
        assert_eq!(add.cases[0].defines, ["TEST_CASE_1=True"]);
        assert!(matches!(add.kind, Kind::Signature(Some(_))));
    }
}

#[test]
fn tests_pass_on_every_engine() {
    let engines = Engines::new().unwrap();
    for march in March::ALL {
        let Some(compiler) = compiler(march) else { return };
        for test in tests(march) {
            let row = run(&test, &compiler, &engines);
            assert!(row.passed() || row.was_skipped(), "{} {row:?}", march.name());
        }
    }
}

/// Where the assembler does not know an instruction, a macro writes it: as our assembler does.
#[test]
fn instructions_written_by_macros_are_those_of_the_table() {
    const SOURCE: &str = "
        czero.eqz x5, x6, x7
        czero.nez x31, x1, x16
        c.lbu x12, 0x3(x9)
        c.lbu x8, 2(x15)
        c.lhu x15, 2(x8)
        c.lh x10, 0(x11)
        c.sb x8, 0x1(x15)
        c.sh x13, 2(x14)
        c.zext.b x8
        c.sext.b x9
        c.zext.h x10
        c.sext.h x11
        c.zext.w x12
        c.not x13
        c.mul x14, x15
        c.mul x8, x9
    ";
    let Some(compiler) = compiler(March::Rv64imac) else { return };
    let expected = assemble(SOURCE, &Options::of(Profile::rv64(true))).unwrap().text.bytes;
    let directory = tempfile::tempdir().unwrap();
    let mut test = tests(March::Rv64imac).into_iter().next().unwrap();
    test.source = directory.path().join("all.S");
    fs::write(&test.source, format!(".globl _start\n_start:\n{SOURCE}")).unwrap();
    test.kind = Kind::SelfChecking;
    let file = compiler.compile(&test).unwrap();
    let program = Program::parse(&file, &Limits::bare()).unwrap();
    assert_eq!(program.text().bytes()[..expected.len()], expected);
}

#[test]
fn decisions_are_written_down() {
    let remarks: Vec<_> = tests(March::Rv32im)
        .iter()
        .filter(|test| !test.remark().is_empty())
        .map(|test| test.name.clone())
        .collect();
    assert_eq!(remarks, ["fence_i", "ma_data"]);
}

/// A changed copy of a fixture's source, run.
fn changed(name: &str, from: &str, to: &str) -> Option<Row> {
    let compiler = compiler(March::Rv32im)?;
    let directory = tempfile::tempdir().unwrap();
    let mut test = tests(March::Rv32im).into_iter().find(|test| test.name == name).unwrap();
    let source = fs::read_to_string(&test.source).unwrap();
    assert!(source.contains(from));
    test.source = directory.path().join("changed.S");
    fs::write(&test.source, source.replace(from, to)).unwrap();
    Some(run(&test, &compiler, &Engines::new().unwrap()))
}

fn all_fail_with(row: &Row, text: &str) {
    for outcome in &row.outcomes {
        assert!(matches!(outcome, Outcome::Failed(reason) if reason.contains(text)), "{row:?}");
    }
}

#[test]
fn a_failing_case_is_named() {
    if let Some(row) = changed("sw", "0x12345678, lw", "0x12345679, lw") {
        all_fail_with(&row, "case 3 fails");
    }
}

#[test]
fn a_wrong_signature_is_shown() {
    if let Some(row) = changed("add-01", "sub x7", "xor x7") {
        all_fail_with(&row, "signature word 1: 7ffffffe, reference 80000002");
    }
}

#[test]
fn a_missing_signature_fails() {
    if let Some(row) = changed("div-01", "RVMODEL_DATA_END", "") {
        all_fail_with(&row, "no signature");
    }
}

#[test]
fn what_does_not_compile_fails() {
    if let Some(row) = changed("div-01", "div x7", "divide x7") {
        all_fail_with(&row, "does not compile");
    }
}

#[test]
fn a_suite_without_tests_fails() {
    let empty = tempfile::tempdir().unwrap();
    let checkouts =
        Checkouts { riscv_tests: Some(empty.path().to_owned()), arch_test: None::<PathBuf> };
    assert!(discover(&checkouts, March::Rv32im).unwrap().is_empty());
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_bessemer-conformance"));
    command.args(["official", "--cc", "true", "--riscv-tests"]).arg(empty.path());
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("no tests were found"));
}
