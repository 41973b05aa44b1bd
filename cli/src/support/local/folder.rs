//! The folder `.bessemer` of a project, which is used by one process at a time.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::support::failure::Failure;

const NAME: &str = ".bessemer";
/// How long a process waits for another to end.
const PATIENCE: Duration = Duration::from_secs(1);

/// The folder of a local chain; it may not exist yet.
#[derive(Clone, Debug)]
pub(crate) struct Folder {
    project: PathBuf,
}

/// A lock: while it lives, no other process uses the folder.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Folder {
    /// The folder of this project.
    pub(crate) fn of(project: &Path) -> Self {
        Self { project: project.to_owned() }
    }

    /// The folder for the current directory: the nearest existing `.bessemer` in it or above, up to the
    /// root of the cargo workspace. If there is none, it will be in the workspace or package, or else in
    /// the current directory.
    pub(crate) fn find() -> Result<Self, Failure> {
        let here = std::env::current_dir()
            .map_err(|source| Failure::Io { what: "find the current folder".to_owned(), source })?;
        let mut package = None;
        for folder in here.ancestors() {
            let manifest = fs::read_to_string(folder.join("Cargo.toml")).ok();
            let workspace = manifest.as_ref().is_some_and(|text| is_workspace(text));
            if folder.join(NAME).is_dir() || workspace {
                return Ok(Self::of(folder));
            }
            if manifest.is_some() && package.is_none() {
                package = Some(folder);
            }
        }
        Ok(Self::of(package.unwrap_or(&here)))
    }

    /// The project of the folder.
    pub(crate) fn project(&self) -> &Path {
        &self.project
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.project.join(NAME).join(name)
    }

    /// Makes the folder, with a `.gitignore` that keeps it out of version control.
    pub(crate) fn create(&self) -> Result<(), Failure> {
        let path = self.project.join(NAME);
        fs::create_dir_all(&path)
            .map_err(|source| Failure::file("make the folder", &path, source))?;
        let ignore = self.path(".gitignore");
        if !ignore.exists() {
            fs::write(&ignore, "*\n").map_err(|source| Failure::file("write", &ignore, source))?;
        }
        Ok(())
    }

    /// Waits until no other process holds the lock of this name.
    pub(crate) fn lock(&self, name: &str, patience: Duration) -> Result<Lock, Failure> {
        let path = self.path(name);
        let file = File::options()
            .create(true)
            .write(true)
            .truncate(false)
            .open(&path)
            .map_err(|source| Failure::file("open", &path, source))?;
        let begin = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Lock { _file: file }),
                Err(TryLockError::Error(source)) => {
                    return Err(Failure::file("lock", &path, source));
                }
                Err(TryLockError::WouldBlock) if begin.elapsed() >= patience => {
                    return Err(Failure::State(format!(
                        "another process uses {}: wait until it ends, or end it",
                        self.project.join(NAME).display()
                    )));
                }
                Err(TryLockError::WouldBlock) => {
                    std::thread::park_timeout(Duration::from_millis(20));
                }
            }
        }
    }

    /// Waits until no other process uses the chain, and fails after [`PATIENCE`].
    pub(crate) fn lock_chain(&self) -> Result<Lock, Failure> {
        self.lock("lock", PATIENCE)
    }

    /// Writes a file as a whole or not at all.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, Failure> {
        let path = self.path(name);
        let folder = path.parent().unwrap_or(&self.project);
        let written = || -> io::Result<()> {
            fs::create_dir_all(folder)?;
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            file.write_all(bytes)?;
            file.as_file().sync_all()?;
            file.persist(&path)?;
            Ok(())
        };
        written().map_err(|source| Failure::file("write", &path, source))?;
        Ok(path)
    }
}

/// Whether a manifest is that of a workspace.
fn is_workspace(manifest: &str) -> bool {
    manifest.lines().any(|line| {
        let line = line.trim_start();
        line.starts_with("[workspace]") || line.starts_with("[workspace.")
    })
}
