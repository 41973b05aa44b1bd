//! Native tests: the programs that cargo makes, and their tests, each in a process of its own.

use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use bessemer_toolchain::rust::Toolchain;
use cargo_metadata::Message;

use super::process;
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

/// A test of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Test {
    pub(crate) name: String,
    /// It has the attribute `#[ignore]`.
    pub(crate) ignored: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Passed,
    /// With what it printed, and how it ended if not by a panic.
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
    /// Its tests whose names contain the filter.
    pub(crate) fn list(&self, filter: &str) -> Result<Vec<Test>, Failure> {
        let names = |more: &[&str]| {
            let mut command = self.command();
            command.args(["--list", "--format", "terse", filter]).args(more);
            let output =
                command.output().map_err(|source| Failure::file("start", &self.path, source))?;
            if !output.status.success() {
                return Err(Failure::Tests(format!(
                    "{} does not list its tests, it ended by {}: {}",
                    self.name,
                    output.status,
                    String::from_utf8_lossy(&output.stderr).trim()
                )));
            }
            let printed = String::from_utf8_lossy(&output.stdout).into_owned();
            let tests = printed.lines().filter_map(|line| line.strip_suffix(": test"));
            Ok(tests.map(str::to_owned).collect::<Vec<_>>())
        };
        let ignored = names(&["--ignored"])?;
        let mut tests: Vec<Test> = names(&[])?
            .into_iter()
            .map(|name| Test { ignored: ignored.contains(&name), name })
            .collect();
        tests.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(tests)
    }

    /// Runs one of its tests in a process of its own, which ends when `limit` is over. The test writes
    /// its record into the folder.
    pub(crate) fn run(
        &self,
        test: &str,
        limit: Duration,
        records: &Path,
        images: &str,
    ) -> Result<Verdict, Failure> {
        let mut command = self.command();
        command
            // not in one thread: then it would run in the main thread, whose name is not the test's
            .args(["--exact", test, "--test-threads", "2", "--color", "never", "--no-capture"])
            .env("BESSEMER_RECORD", records)
            .env("BESSEMER_IMAGES", images)
            .env_remove("RUST_TEST_THREADS");
        let ended = process::run(&mut command, limit)
            .map_err(|source| Failure::file("run", &self.path, source))?;
        let said = output_of(test, &ended.printed);
        let how = match ended.status {
            Some(status) => match status.code() {
                Some(0) if verdict_of(test, &ended.printed) == Some("ok") => {
                    return Ok(Verdict::Passed);
                }
                // a panic, which has said so
                Some(FAILED) => String::new(),
                _ => format!("the process ended before the test did, by {status}"),
            },
            None => format!(
                "the test ran for more than {} seconds and was ended; --timeout allows more",
                limit.as_secs()
            ),
        };
        let parts = [said.trim(), &how];
        Ok(Verdict::Failed(
            parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n"),
        ))
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        command
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .env("CARGO_MANIFEST_DIR", &self.folder);
        command
    }
}

/// The exit code of a test program if a test failed.
const FAILED: i32 = 101;

/// The output of the test, cut from the output of its process: the harness says before it how many tests
/// it runs, and after it what the verdict is.
fn output_of<'a>(test: &str, printed: &'a str) -> &'a str {
    let said = printed.split_once("running 1 test\n").map_or(printed, |(_, said)| said);
    verdict_at(test, said).map_or(said, |(at, _)| &said[..at])
}

/// The word of the harness, if the test came to its end.
fn verdict_of<'a>(test: &str, printed: &'a str) -> Option<&'a str> {
    let (_, behind) = verdict_at(test, printed)?;
    printed[behind..].lines().next()
}

/// Where the line with the verdict begins, and where the word.
fn verdict_at(test: &str, printed: &str) -> Option<(usize, usize)> {
    let lines = [format!("test {test} ... "), format!("test {test} - should panic ... ")];
    let found = lines.iter().filter_map(|line| Some((printed.rfind(line)?, line.len())));
    found.max().map(|(at, length)| (at, at + length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_a_test_printed_is_kept_and_nothing_of_the_harness() {
        let printed = "\nrunning 1 test\nfirst\n\nassertion failed\n  left: 1\ntest a ... odd\n\nfailures:\n\n\
            test a ... FAILED\n\nfailures:\n\nfailures:\n    a\n\ntest result: FAILED. 0 passed; 1 failed\n";
        let said = "first\n\nassertion failed\n  left: 1\ntest a ... odd\n\nfailures:";
        assert_eq!(output_of("a", printed).trim(), said);
        assert_eq!(verdict_of("a", printed), Some("FAILED"));
        let passed =
            "\nrunning 1 test\ntest a - should panic ... ok\n\ntest result: ok. 1 passed\n";
        assert_eq!((output_of("a", passed), verdict_of("a", passed)), ("", Some("ok")));
        // the process ended before a verdict
        let printed = "\nrunning 1 test\n\nthread 'a' has overflowed its stack\n";
        assert_eq!(output_of("a", printed).trim(), "thread 'a' has overflowed its stack");
        assert_eq!(verdict_of("a", printed), None);
    }
}
