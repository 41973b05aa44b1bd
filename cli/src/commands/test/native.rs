//! Native tests: the programs that cargo makes, and what they print.

use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use bessemer_toolchain::rust::Toolchain;
use cargo_metadata::Message;

use crate::support::build::Project;
use crate::support::failure::Failure;

/// A program with tests.
pub(crate) struct Program {
    /// The package.
    pub(crate) name: String,
    path: PathBuf,
    /// Where it runs, as with `cargo test`.
    folder: PathBuf,
}

/// A test that ran.
pub(crate) struct Test {
    pub(crate) name: String,
    pub(crate) verdict: Verdict,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Passed,
    Ignored,
    /// With what it printed.
    Failed(String),
}

/// Builds the programs.
pub(crate) fn programs(toolchain: &Toolchain, project: &Project) -> Result<Vec<Program>, Failure> {
    let mut command = project.test(toolchain)?;
    command
        .args(["--no-run", "--message-format", "json-render-diagnostics"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    let unstarted = |source| Failure::Io { what: "start cargo".to_owned(), source };
    let mut cargo = command.spawn().map_err(unstarted)?;
    let mut programs = Vec::new();
    if let Some(messages) = cargo.stdout.take() {
        for message in Message::parse_stream(BufReader::new(messages)) {
            let Ok(Message::CompilerArtifact(artifact)) = message else { continue };
            let Some(path) = artifact.executable.filter(|_| artifact.profile.test) else {
                continue;
            };
            let folder = artifact.manifest_path.parent();
            let folder = folder.map(|folder| folder.as_std_path().to_owned()).unwrap_or_default();
            programs.push(Program { name: artifact.target.name, path: path.into(), folder });
        }
    }
    if !cargo.wait().map_err(unstarted)?.success() {
        return Err(Failure::Build("the tests do not build: cargo says why above".to_owned()));
    }
    programs.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(programs)
}

impl Program {
    /// The names of its tests.
    pub(crate) fn list(&self, filter: &str) -> Result<Vec<String>, Failure> {
        let printed = self.printed(self.command().args(["--list", "--format", "terse", filter]))?;
        let tests = printed.lines().filter_map(|line| line.strip_suffix(": test"));
        Ok(tests.map(str::to_owned).collect())
    }

    /// Runs its tests, each of which writes its record into the folder.
    ///
    /// Not in one thread: then tests would run in the main thread, whose name is not that of a test.
    pub(crate) fn run(
        &self,
        filter: &str,
        records: &Path,
        images: &str,
    ) -> Result<Vec<Test>, Failure> {
        let mut command = self.command();
        command
            .args(["--test-threads", "2", "--color", "never", filter])
            .env("BESSEMER_RECORD", records)
            .env("BESSEMER_IMAGES", images)
            .env_remove("RUST_TEST_THREADS");
        Ok(parse(&self.printed(&mut command)?))
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        command
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .env("CARGO_MANIFEST_DIR", &self.folder);
        command
    }

    fn printed(&self, command: &mut Command) -> Result<String, Failure> {
        let output =
            command.output().map_err(|source| Failure::file("start", &self.path, source))?;
        // tests that failed are exit code 101
        if !matches!(output.status.code(), Some(0 | 101)) {
            return Err(Failure::Tests(format!(
                "the tests of {} ended by {}",
                self.name, output.status
            )));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

/// Reads what the test harness prints: a line for each test, then what each failed one printed.
fn parse(printed: &str) -> Vec<Test> {
    let mut tests = Vec::new();
    for line in printed.lines() {
        let Some((name, verdict)) =
            line.strip_prefix("test ").and_then(|test| test.split_once(" ... "))
        else {
            continue;
        };
        let name = name.trim_end_matches(" - should panic").to_owned();
        let verdict = match verdict {
            "ok" => Verdict::Passed,
            "FAILED" => Verdict::Failed(output_of(&name, printed).trim().to_owned()),
            verdict if verdict.starts_with("ignored") => Verdict::Ignored,
            _ => continue,
        };
        tests.push(Test { name, verdict });
    }
    tests.sort_by(|a, b| a.name.cmp(&b.name));
    tests
}

/// All that a test printed that failed: up to the output of the next, or the list of those that failed.
fn output_of<'a>(name: &str, printed: &'a str) -> &'a str {
    let outputs = printed.rfind("\nfailures:\n").map_or(printed, |end| &printed[..end]);
    let title = format!("---- {name} stdout ----\n");
    let said = outputs.split_once(&title).map(|(_, said)| said).unwrap_or_default();
    let next = said.match_indices("\n\n---- ").find(|(at, _)| {
        let line = said[at + 2..].lines().next().unwrap_or_default();
        line.ends_with(" stdout ----")
    });
    next.map_or(said, |(end, _)| &said[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_a_failed_test_printed_is_kept() {
        let printed = "running 2 tests\ntest a ... FAILED\ntest b ... FAILED\n\nfailures:\n\n\
            ---- a stdout ----\nfirst\n\nassertion failed\n  left: 1\n\nminimal failing input: x = 3\n\n\
            ---- b stdout ----\nfailures:\n\nsecond\n\n\nfailures:\n    a\n    b\n\n\
            test result: FAILED. 0 passed; 2 failed\n";
        let [a, b] = ["a", "b"].map(|name| output_of(name, printed).trim());
        assert_eq!(a, "first\n\nassertion failed\n  left: 1\n\nminimal failing input: x = 3");
        assert_eq!(b, "failures:\n\nsecond");
    }

    #[test]
    fn verdicts_are_read_from_what_is_printed() {
        let printed = "\nrunning 4 tests\ntest tests::a ... ok\ntest tests::c ... FAILED\ntest tests::b ... ignored, slow\n\
            test tests::d - should panic ... ok\n\nfailures:\n\n---- tests::c stdout ----\npanicked at src/lib.rs:1\nleft: 1\n\n\n\
            failures:\n    tests::c\n\ntest result: FAILED. 2 passed; 1 failed\n";
        let tests = parse(printed);
        let found: Vec<_> = tests.iter().map(|test| (test.name.as_str(), &test.verdict)).collect();
        let said = Verdict::Failed("panicked at src/lib.rs:1\nleft: 1".to_owned());
        assert_eq!(
            found,
            [
                ("tests::a", &Verdict::Passed),
                ("tests::b", &Verdict::Ignored),
                ("tests::c", &said),
                ("tests::d", &Verdict::Passed),
            ]
        );
    }
}
