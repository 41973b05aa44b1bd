//! Ethereum's own state tests, run on our journal and our frames.
//!
//! A fixture file holds tests by name. Each has a state, a block, a transaction with several values
//! for some fields, and for each fork and choice of values what must be the case afterwards: the root
//! of the state and the hash of the logs, or the reason for which the transaction is refused.
//! Files of all generations of the format are read.

mod exception;
mod fixture;
mod number;
mod run;
mod state;

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::{Context, Result, ensure};
use bessemer_evm::Fork;

use self::run::Runner;

/// Tests that are not run, by a part of their name, and why.
pub const SKIPPED: &[(&str, &str)] = &[];

/// Forks in fixtures that are not run, and why.
pub const SKIPPED_FORKS: &[(&str, &str)] = &[];

/// Which tests are run.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only this fork.
    pub fork: Option<Fork>,
    /// Only tests with this in the path of their file or in their name.
    pub name: Option<String>,
}

/// A test that did not pass.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Failure {
    /// The file, below the directory.
    pub file: String,
    /// Name, fork and choice of values.
    pub test: String,
    /// The difference.
    pub reason: String,
}

/// The outcomes of the tests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Fixture files.
    pub files: usize,
    /// Tests that ran: one for each choice of values of each fork of each test.
    pub ran: usize,
    /// Tests that were not run, because of [`SKIPPED`] and [`SKIPPED_FORKS`].
    pub skipped: usize,
    /// Those that did not pass, in the order of their names.
    pub failures: Vec<Failure>,
}

impl Summary {
    fn add(&mut self, other: Self) {
        self.ran += other.ran;
        self.skipped += other.skipped;
        self.failures.extend(other.failures);
    }
}

/// Runs all tests below a directory, or of one file, on as many threads as there are processors.
/// `progress` is told when a file is done.
///
/// # Errors
///
/// If the directory cannot be read. A file that cannot be read or is not a fixture counts as a failure.
pub fn run(path: &Path, filter: &Filter, progress: &(dyn Fn(usize) + Sync)) -> Result<Summary> {
    let files = files(path)?;
    let next = AtomicUsize::new(0);
    let summary = Mutex::new(Summary { files: files.len(), ..Summary::default() });
    let threads = thread::available_parallelism().map_or(1, usize::from).min(files.len());
    let work = || -> Result<()> {
        let runner = Runner::new()?;
        while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            let name = file.strip_prefix(path).unwrap_or(file).display().to_string();
            let done = runner.file(file, &name, filter);
            summary.lock().expect("no thread panics with the lock").add(done);
            progress(files.len());
        }
        Ok(())
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| worker.join().expect("tests do not panic"))
    })?;
    let mut summary = summary.into_inner().expect("no thread panics with the lock");
    summary.failures.sort();
    Ok(summary)
}

/// All fixture files, in the order of their paths.
fn files(path: &Path) -> Result<Vec<PathBuf>> {
    let what = || format!("{} cannot be read", path.display());
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().with_context(what)? {
            let entry = entry.with_context(what)?.path();
            if entry.is_dir() {
                folders.push(entry);
            } else if entry.extension().is_some_and(|extension| extension == "json")
                && !entry.components().any(|part| part.as_os_str() == ".meta")
            {
                found.push(entry);
            }
        }
    }
    ensure!(!found.is_empty(), "there is no fixture (*.json) below {}", path.display());
    found.sort();
    Ok(found)
}
