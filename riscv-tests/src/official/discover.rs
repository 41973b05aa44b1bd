//! Finds the tests in the checkouts.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::March;

/// Where the suites are; one of them is enough.
#[derive(Clone, Debug, Default)]
pub struct Checkouts {
    /// A checkout of riscv-tests.
    pub riscv_tests: Option<PathBuf>,
    /// A checkout of riscv-arch-test.
    pub arch_test: Option<PathBuf>,
}

/// One test program.
#[derive(Clone, Debug)]
pub struct Test {
    /// The suite, as its directory is called.
    pub suite: String,
    /// The file's name without extension.
    pub name: String,
    /// The source.
    pub source: PathBuf,
    /// How the result is judged.
    pub kind: Kind,
    /// What is expected.
    pub expected: Expected,
    /// Directories for `#include`.
    pub include: Vec<PathBuf>,
    /// Macros for the preprocessor, `NAME=VALUE`.
    pub defines: Vec<String>,
}

/// How a result is judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The program checks itself and exits with 0.
    SelfChecking,
    /// The program leaves a signature, to be compared with a file if there is one, and between
    /// engines in any case.
    Signature(Option<PathBuf>),
}

/// What a test is expected to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Pass.
    Pass,
    /// Trap with an illegal instruction, for the reason given.
    Illegal(&'static str),
}

/// Tests that do not simply pass, each with the decision and its reason.
const DECISIONS: &[(&str, &str, Expected)] = &[(
    "rv32ui",
    "fence_i",
    Expected::Illegal("FENCE.I is illegal (specification, section 2): text never changes"),
)];

/// Remarks on tests whose result people ask about.
const REMARKS: &[(&str, &str, &str)] = &[(
    "rv32ui",
    "ma_data",
    "misaligned loads and stores succeed (specification, section 3), so the test must pass",
)];

impl Test {
    /// What the report says beside the result.
    pub fn remark(&self) -> &'static str {
        if let Expected::Illegal(reason) = self.expected {
            return reason;
        }
        let found = REMARKS.iter().find(|row| (row.0, row.1) == (&*self.suite, &*self.name));
        found.map_or("", |row| row.2)
    }
}

/// All tests for an architecture, in order.
pub fn discover(checkouts: &Checkouts, march: March) -> Result<Vec<Test>> {
    let mut tests = vec![];
    if let Some(root) = &checkouts.riscv_tests {
        let isa = root.join("isa");
        let mut suites = vec!["rv32ui", "rv32um", "rv32ua"];
        if march.compressed() {
            suites.push("rv32uc");
        }
        for suite in suites {
            for source in assembly_files(&isa.join(suite))? {
                let include = vec![isa.join("macros/scalar"), isa.join(suite)];
                tests.push(test(suite, source, Kind::SelfChecking, include));
            }
        }
    }
    if let Some(root) = &checkouts.arch_test {
        let suites = root.join("riscv-test-suite");
        let mut extensions = vec!["I", "M", "A"];
        if march.compressed() {
            extensions.push("C");
        }
        for extension in extensions {
            let directory = suites.join("rv32i_m").join(extension);
            for source in assembly_files(&directory.join("src"))? {
                let name = stem(&source);
                let reference =
                    directory.join("references").join(format!("{name}.reference_output"));
                let kind = Kind::Signature(reference.is_file().then_some(reference));
                let include = vec![suites.join("env")];
                let mut test = test(&format!("arch {extension}"), source, kind, include);
                test.defines = case_definitions(&test.source)?;
                tests.push(test);
            }
        }
    }
    Ok(tests)
}

fn test(suite: &str, source: PathBuf, kind: Kind, include: Vec<PathBuf>) -> Test {
    let name = stem(&source);
    let decision = DECISIONS.iter().find(|row| (row.0, row.1) == (suite, &*name));
    let expected = decision.map_or(Expected::Pass, |row| row.2);
    Test { suite: suite.into(), name, source, kind, expected, include, defines: vec![] }
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// The assembly files of a directory in order; none if there is no such directory, as older and
/// newer checkouts do not have the same ones.
fn assembly_files(directory: &Path) -> Result<Vec<PathBuf>> {
    if !directory.is_dir() {
        return Ok(vec![]);
    }
    let mut files = vec![];
    for entry in fs::read_dir(directory).with_context(|| directory.display().to_string())? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "S") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The macros that the `RVTEST_CASE` conditions of a source name, as `def NAME=VALUE;`: without
/// them the cases are left out.
fn case_definitions(source: &Path) -> Result<Vec<String>> {
    let text = fs::read(source).with_context(|| source.display().to_string())?;
    let text = String::from_utf8_lossy(&text);
    let cases = text.lines().filter(|line| line.trim_start().starts_with("RVTEST_CASE"));
    let mut definitions: Vec<String> = cases
        .flat_map(|line| line.split(';'))
        .filter_map(|condition| condition.trim().strip_prefix("def "))
        .map(|definition| definition.trim().replace(' ', ""))
        .collect();
    definitions.sort();
    definitions.dedup();
    Ok(definitions)
}
