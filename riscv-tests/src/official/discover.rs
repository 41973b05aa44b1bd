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
    /// The expected outcome.
    pub expected: Expected,
    /// Directories for `#include`.
    pub include: Vec<PathBuf>,
    /// The cases of the test: for which ISA each is, and the macro that brings it in. A test without
    /// cases is for every ISA.
    pub cases: Vec<Case>,
}

/// One case of a test of riscv-arch-test.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Case {
    /// Patterns that the ISA string must match, all of them.
    pub conditions: Vec<String>,
    /// Macros for the preprocessor, `NAME=VALUE`.
    pub defines: Vec<String>,
}

impl Case {
    /// Whether the case is for this ISA.
    fn is_for(&self, isa: &str) -> bool {
        self.conditions.iter().all(|pattern| matches(pattern, isa))
    }
}

/// Whether a pattern of literals between `.*`, which is all that conditions use, is found in a text.
fn matches(pattern: &str, text: &str) -> bool {
    let literals = pattern.split(".*").map(|part| part.trim_matches('.'));
    let mut rest = text;
    for literal in literals {
        match rest.split_once(literal) {
            Some((_, behind)) => rest = behind,
            None => return false,
        }
    }
    true
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

/// The expected outcome of a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Pass.
    Pass,
    /// Trap with an illegal instruction, for the reason given.
    Illegal(&'static str),
    /// None: the test cannot be run here, for the reason given.
    CannotRun(&'static str),
}

/// Tests that do not simply pass, each with the decision and its reason.
const DECISIONS: &[(&str, &str, Expected)] = &[
    ("rv32ui", "fence_i", FENCE_I),
    ("rv64ui", "fence_i", FENCE_I),
    ("rv32uc", "rvc", RVC),
    ("rv64uc", "rvc", RVC),
    (
        "arch C",
        "cebreak-01",
        Expected::CannotRun("needs a handler for breakpoints; here a breakpoint ends the program"),
    ),
];

const FENCE_I: Expected =
    Expected::Illegal("FENCE.I is illegal (specification, section 2): text never changes");
const RVC: Expected = Expected::CannotRun(
    "stores into its own text, which is never writable (specification, section 3)",
);

/// Remarks on tests whose result people ask about.
const REMARKS: &[(&str, &str, &str)] =
    &[("rv32ui", "ma_data", MISALIGNED), ("rv64ui", "ma_data", MISALIGNED)];

const MISALIGNED: &str =
    "misaligned loads and stores succeed (specification, section 3), so the test must pass";

impl Test {
    /// Whether the test has something for this ISA.
    pub fn is_for(&self, isa: &str) -> bool {
        self.cases.is_empty() || self.cases.iter().any(|case| case.is_for(isa))
    }

    /// The macros that bring in what the test has for this ISA.
    pub fn defines_for(&self, isa: &str) -> impl Iterator<Item = &String> {
        self.cases.iter().filter(move |case| case.is_for(isa)).flat_map(|case| &case.defines)
    }

    /// A remark in the report beside the result.
    pub fn remark(&self) -> &'static str {
        if let Expected::Illegal(reason) | Expected::CannotRun(reason) = self.expected {
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
        let mut suites = vec!["ui", "um", "ua", "uzba", "uzbb", "uzbs", "uzicond"];
        if march.compressed() {
            suites.push("uc");
        }
        for suite in suites {
            let name = format!("rv{}{suite}", march.xlen());
            for source in assembly_files(&isa.join(&name))? {
                let include = vec![isa.join("macros/scalar"), isa.join(&name)];
                let mut test = test(&name, source, Kind::SelfChecking, include);
                if let Some(extension) = suite.strip_prefix("uz") {
                    let conditions = vec![format!(".*Z{extension}.*")];
                    test.cases.push(Case { conditions, ..Case::default() });
                }
                tests.push(test);
            }
        }
    }
    if let Some(root) = &checkouts.arch_test {
        let suites = root.join("riscv-test-suite");
        let mut extensions = vec!["I", "M", "A", "B", "Zicond"];
        if march.compressed() {
            extensions.push("C");
        }
        for extension in extensions {
            let directory = suites.join(format!("rv{}i_m", march.xlen())).join(extension);
            for source in assembly_files(&directory.join("src"))? {
                let name = stem(&source);
                let reference =
                    directory.join("references").join(format!("{name}.reference_output"));
                let kind = Kind::Signature(reference.is_file().then_some(reference));
                let include = vec![suites.join("env")];
                let mut test = test(&format!("arch {extension}"), source, kind, include);
                test.cases = cases(&test.source)?;
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
    Test { suite: suite.into(), name, source, kind, expected, include, cases: vec![] }
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

/// The cases of a source: `check ISA:=regex(...)` and `def NAME=VALUE` of each `RVTEST_CASE`. Without
/// its macro a case is left out.
fn cases(source: &Path) -> Result<Vec<Case>> {
    let text = fs::read(source).with_context(|| source.display().to_string())?;
    let text = String::from_utf8_lossy(&text);
    let lines = text.lines().filter(|line| line.trim_start().starts_with("RVTEST_CASE"));
    Ok(lines.map(case).collect())
}

fn case(line: &str) -> Case {
    let mut case = Case::default();
    for part in line.split(';') {
        if let Some((_, condition)) = part.split_once("check ISA:=regex(") {
            case.conditions
                .extend(condition.split_once(')').map(|(pattern, _)| pattern.to_owned()));
        } else if let Some(definition) = part.trim().strip_prefix("def ") {
            case.defines.push(definition.trim().replace(' ', ""));
        }
    }
    case
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_of_tests_are_obeyed() {
        let line = "RVTEST_CASE(0,\"//check ISA:=regex(.*32.*);check ISA:=regex(.*I.*Zca.*Zcb.*.Zbb.*);def TEST_CASE_1=True;\",clbu)";
        let case = case(line);
        assert_eq!(case.defines, ["TEST_CASE_1=True"]);
        assert!(case.is_for("RV32IMACZicsr_Zca_Zcb_Zba_Zbb"));
        assert!(!case.is_for("RV64IMACZicsr_Zca_Zcb_Zba_Zbb"));
        assert!(!case.is_for("RV32IMACZicsr_Zba_Zbb"));
    }
}
