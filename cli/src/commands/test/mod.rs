//! `bessemer test`: the project's tests, natively and as images on both engines.
//!
//! A test is a `#[test]` function. It runs natively, where the SDK records what it does with
//! contracts: creations, calls, queries, with their outcomes. The record is then played with the
//! images of the contracts on the interpreter and natively compiled, and everything is compared:
//! status, output, events, and the state after each step.

mod native;
mod process;
mod record;
mod story;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use bessemer_image::CodeHash;
use bessemer_runtime::Backend;
use serde_json::{Value, json};

use self::native::{Program, Test, Verdict};
use self::record::{Played, Record};
use self::story::{Scope, Teller};
use crate::support::build::{self, Built, Image, Project};
use crate::support::failure::Failure;
use crate::support::functions::{Images, Noted};
use crate::support::local::{self, Folder};
use crate::support::output::{ERROR, Output, TITLE, WARNING, grouped};
use crate::support::source::Sources;
use crate::support::tree::Shown;

/// Runs the project's tests natively, and as images on the interpreter and the native engine.
///
/// A test is a `#[test]` function. What it does with contracts by clients is done again with their
/// images, and any difference in outcome, events or state fails the test.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// Only tests whose names contain this; also as it is printed, with the program in front
    filter: Option<String>,
    /// Lists the tests and runs none
    #[arg(long)]
    list: bool,
    /// How long one test may take, natively
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout: u64,
    /// Shows more of what tests did: -v the log lines of all, -vv all steps of those that failed, -vvv of
    /// all, -vvvv with changes of storage
    #[arg(short, long, action = clap::ArgAction::Count)]
    verbose: u8,
    /// Writes a JUnit report to this file
    #[arg(long, value_name = "FILE")]
    junit: Option<std::path::PathBuf>,
}

const AFTER_HELP: &str = "\
The gas column is what all transactions of the test use together, on the chain.
Below stands what each function took that returned: instructions of its own, and
gas with that of all it called. `bessemer size` shows it again.

A test that creates a contract which is declared in a module `tests`, or is not of
this project, runs natively only.
Each test runs in a process of its own: one that aborts, overflows its stack or does not
end fails alone. Plain `cargo test` runs the same tests, natively only.

Exit code: 5 if a test fails or an engine disagrees.

Examples:
  bessemer test
  bessemer test only_the_owner
  bessemer test --json
";

/// Runs the tests that `args` select.
pub(crate) fn run(args: &Args, output: Output) -> Result<u8, Failure> {
    let folder = Folder::find()?;
    let toolchain = build::toolchain(folder.project())?;
    let project = Project::read(&toolchain)?;
    let filter = args.filter.as_deref().unwrap_or_default();
    if args.list {
        return list(&native::programs(&toolchain, &project)?, filter, output);
    }
    // The builds share nothing, and neither keeps all processors busy.
    let (programs, built) = std::thread::scope(|scope| {
        let programs = scope.spawn(|| native::programs(&toolchain, &project));
        let built = build::contracts(&[], &folder, output);
        let programs = programs.join();
        (programs.unwrap_or_else(|panic| std::panic::resume_unwind(panic)), built)
    });
    let (programs, built) = (programs?, built?);
    let images: Images = built
        .iter()
        .map(|built| (crate_of(&built.image), built.image.file.bytes.as_slice().into()))
        .collect();
    let mut results = Vec::new();
    let mut noted = Noted::default();
    let jobs = jobs(&programs, filter)?;
    let limit = Duration::from_secs(args.timeout);
    let sources = Sources::of(&folder).and(built.iter().map(|built| &built.image));
    let setting =
        Setting { limit, images: &images, hashes: hashes(&images), sources, verbose: args.verbose };
    run_all(&jobs, &setting, |outcome| {
        if !output.json {
            output.text(outcome.line())?;
            if let Some(details) = &outcome.details {
                output.note(details);
            }
        }
        noted.merge(&outcome.noted);
        results.push(outcome);
        Ok(())
    })?;
    let mut contracts = Vec::new();
    for Built { image, .. } in &built {
        let Some(functions) = noted.of(&crate_of(image)) else { continue };
        // costs of a part of the tests are incomplete
        if filter.is_empty() {
            functions.write(image)?;
        }
        let size = image.file.bytes.len();
        if !output.json {
            let title =
                format!("\n{TITLE}{}{TITLE:#}  {} bytes\n", image.name, grouped(size as u64));
            output.text(title + &functions.table())?;
        }
        contracts.push(json!({
            "name": image.name,
            "size": size,
            "functions": functions.to_json(),
        }));
    }
    let failed = results.iter().filter(|result| !result.passed()).count();
    if let Some(path) = &args.junit {
        let text = junit(&results);
        std::fs::write(path, text).map_err(|source| Failure::file("write", path, source))?;
    }
    if output.json {
        let list: Vec<_> = results.iter().map(Outcome::to_json).collect();
        let passed = results.len() - failed;
        output.document(&json!({
            "schema": "bessemer.test/1",
            "passed": passed,
            "failed": failed,
            "tests": list,
            "contracts": contracts,
        }))?;
    }
    if results.is_empty() {
        return Err(Failure::Tests(match filter {
            "" => "the project has no tests: a test is a `#[test]` function".to_owned(),
            filter => format!("no test has `{filter}` in its name"),
        }));
    }
    output.note(format_args!("{} passed, {failed} failed", results.len() - failed));
    Ok(if failed == 0 { 0 } else { 5 })
}

/// The tests to run, with their programs.
fn jobs<'a>(programs: &'a [Program], filter: &str) -> Result<Vec<(&'a Program, Test)>, Failure> {
    let mut jobs = Vec::new();
    for program in programs {
        let Some(filter) = filter_of(program, filter) else { continue };
        jobs.extend(program.list(filter)?.into_iter().map(|test| (program, test)));
    }
    Ok(jobs)
}

/// Runs tests on all processors, and hands their outcomes over in the order of the tests.
fn run_all(
    jobs: &[(&Program, Test)],
    setting: &Setting<'_>,
    mut tell: impl FnMut(Outcome) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let records = tempfile::tempdir()
        .map_err(|source| Failure::Io { what: "make a temporary folder".to_owned(), source })?;
    let next = AtomicUsize::new(0);
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(jobs.len());
    std::thread::scope(|scope| {
        let (sender, receiver) = mpsc::channel();
        for _ in 0..workers {
            let (sender, next, records) = (sender.clone(), &next, records.path());
            scope.spawn(move || {
                while let Some((at, job)) = take(next, jobs) {
                    // tests of two programs may have one name
                    let records = records.join(at.to_string());
                    let outcome = Outcome::of(job.0, &job.1, &records, setting);
                    if sender.send((at, outcome)).is_err() {
                        // an error ended the run
                        return;
                    }
                }
            });
        }
        drop(sender);
        let mut waiting = BTreeMap::new();
        let mut told = 0;
        for (at, outcome) in receiver {
            waiting.insert(at, outcome);
            while let Some(outcome) = waiting.remove(&told) {
                tell(outcome?)?;
                told += 1;
            }
        }
        Ok(())
    })
}

/// The next job that no thread has taken, and its place.
fn take<'a, T>(next: &AtomicUsize, jobs: &'a [T]) -> Option<(usize, &'a T)> {
    let at = next.fetch_add(1, Ordering::Relaxed);
    Some((at, jobs.get(at)?))
}

/// The text that the names of a program's tests must contain. A filter may be as tests are printed, with the
/// program in front; then it means no test of another program.
fn filter_of<'a>(program: &Program, filter: &'a str) -> Option<&'a str> {
    match filter.split_once(' ') {
        Some((name, test)) => program.name.ends_with(name).then_some(test),
        None => Some(filter),
    }
}

fn list(programs: &[Program], filter: &str, output: Output) -> Result<u8, Failure> {
    let jobs = jobs(programs, filter)?;
    let names: Vec<_> =
        jobs.iter().map(|(program, test)| format!("{} {}", program.name, test.name)).collect();
    if output.json {
        output.document(&json!({ "schema": "bessemer.tests/1", "tests": names }))?;
    } else {
        output.text(names.iter().map(|name| format!("{name}\n")).collect::<String>())?;
    }
    Ok(0)
}

/// The crate that an image is made from.
fn crate_of(image: &Image) -> String {
    image.name.replace('-', "_")
}

/// `crate=hash,crate=hash`, for the SDK.
fn hashes(images: &Images) -> String {
    let pairs = images.iter().map(|(name, elf)| format!("{name}={}", CodeHash::of(elf)));
    pairs.collect::<Vec<_>>().join(",")
}

/// What all tests have in common.
struct Setting<'a> {
    limit: Duration,
    images: &'a Images,
    /// See [`hashes`].
    hashes: String,
    sources: Sources,
    /// How often `-v` was given.
    verbose: u8,
}

/// A test and its results.
struct Outcome {
    program: String,
    test: String,
    kind: Kind,
    gas: u64,
    transactions: usize,
    noted: Noted,
    /// Why it was not played: a contract that is declared among tests, or not in this project.
    without_image: Option<String>,
    details: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Passed,
    Ignored,
    /// The native test failed.
    Failed,
    /// An image differs from the native test.
    Differs,
}

impl Outcome {
    fn of(
        program: &Program,
        test: &Test,
        records: &Path,
        setting: &Setting<'_>,
    ) -> Result<Self, Failure> {
        let mut outcome = Self {
            program: program.name.clone(),
            test: test.name.clone(),
            kind: Kind::Passed,
            gas: 0,
            transactions: 0,
            noted: Noted::default(),
            without_image: None,
            details: None,
        };
        if test.ignored {
            outcome.kind = Kind::Ignored;
            return Ok(outcome);
        }
        std::fs::create_dir(records).map_err(|source| Failure::file("make", records, source))?;
        let Setting { images, sources, verbose, .. } = setting;
        let verdict = program.run(&test.name, setting.limit, records, &setting.hashes)?;
        let record = Record::read(records, &outcome.test)?;
        outcome.without_image = record.without_image(images).map(str::to_owned);
        let teller = Teller { images, sources };
        let tree = |scope, what| match &outcome.without_image {
            Some(contract) => {
                format!(
                    "  no calls are shown: {contract} has no image, so the test ran natively only\n"
                )
            }
            None => teller.trees(&record, scope, what),
        };
        let failed = || match verbose {
            0 | 1 => tree(Scope::Last, Shown::SCREEN),
            _ => tree(Scope::All, Shown::ALL),
        };
        match verdict {
            Verdict::Failed(said) => {
                let calls = if record.is_empty() { String::new() } else { failed() };
                outcome.details =
                    Some(format!("{}\n{calls}", said.trim_end()).trim_end().to_owned());
                outcome.kind = Kind::Failed;
            }
            Verdict::Passed if outcome.without_image.is_some() => {}
            Verdict::Passed => match record.play(images) {
                Ok((Played { gas, transactions }, noted)) => {
                    let calls = match verbose {
                        0 => None,
                        1 | 2 => Some(teller.log(&record)),
                        more => Some(tree(Scope::All, Shown { writes: *more > 3, ..Shown::ALL })),
                    };
                    outcome.details = calls.filter(|calls| !calls.is_empty());
                    (outcome.gas, outcome.transactions) = (gas, transactions);
                    outcome.noted = noted;
                }
                Err(difference) => {
                    let told = teller.difference(&record, &difference);
                    outcome.details = Some(format!("{told}\n{}", failed()).trim_end().to_owned());
                    outcome.kind = Kind::Differs;
                }
            },
        }
        Ok(outcome)
    }

    fn passed(&self) -> bool {
        matches!(self.kind, Kind::Passed | Kind::Ignored)
    }

    fn word(&self) -> &'static str {
        match self.kind {
            Kind::Passed => "PASS",
            Kind::Ignored => "SKIP",
            Kind::Failed => "FAIL",
            Kind::Differs => "DIFF",
        }
    }

    fn line(&self) -> String {
        let style = match self.kind {
            Kind::Passed => TITLE,
            Kind::Ignored => WARNING,
            Kind::Failed | Kind::Differs => ERROR,
        };
        let name = format!("{} {}", self.program, self.test);
        let gas = match (self.kind, self.transactions) {
            (Kind::Passed, 0) if self.without_image.is_some() => {
                let contract = self.without_image.as_deref().unwrap_or_default();
                format!("native only: {contract} has no image")
            }
            (Kind::Passed, 0) => "native only".to_owned(),
            (Kind::Passed, count) => format!("gas {:>12}  {count} transactions", grouped(self.gas)),
            _ => String::new(),
        };
        format!("{style}{}{style:#} {name:48} {gas}\n", self.word())
    }

    /// The details without colours, for programs.
    fn plain_details(&self) -> Option<String> {
        let details = self.details.as_ref()?;
        Some(anstream::adapter::strip_str(details).to_string())
    }

    fn to_json(&self) -> Value {
        json!({
            "program": self.program,
            "test": self.test,
            "verdict": self.word().to_lowercase(),
            "gas_used": self.gas,
            "transactions": self.transactions,
            "without_image": self.without_image,
            "details": self.plain_details(),
        })
    }
}

/// The back ends that play records, with their names.
const BACKENDS: [(Backend, &str); 2] =
    [(Backend::Interpreter, "the interpreter"), (Backend::Auto, "native code")];

fn engine(backend: Backend) -> Result<bessemer_runtime::Engine, String> {
    local::engine(backend).map_err(|failure| failure.to_string())
}

/// The report that continuous integration reads.
fn junit(results: &[Outcome]) -> String {
    let escape = |text: &str| {
        let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
        escaped.chars().filter(|c| !c.is_control() || *c == '\n').collect::<String>()
    };
    let failed = results.iter().filter(|result| !result.passed()).count();
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"bessemer\" tests=\"{}\" failures=\"{failed}\">\n",
        results.len()
    );
    for result in results {
        let (program, test) = (escape(&result.program), escape(&result.test));
        text += &format!("  <testcase classname=\"{program}\" name=\"{test}\">");
        if !result.passed() {
            let details = escape(&result.plain_details().unwrap_or_default());
            text += &format!("<failure message=\"{}\">{details}</failure>", result.word());
        }
        text += "</testcase>\n";
    }
    text + "</testsuite>\n"
}
