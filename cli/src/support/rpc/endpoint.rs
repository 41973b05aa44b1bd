//! Where the node of a project answers: a file beside its chain.

use std::path::{Path, PathBuf};

use crate::support::failure::Failure;
use crate::support::local::Folder;

const FILE: &str = "endpoint";

/// The folder of the node's chain in a project.
pub(crate) fn folder(project: &Folder) -> PathBuf {
    project.path("node")
}

/// A file that says where a node answers, as long as it does.
pub(crate) struct Endpoint {
    path: PathBuf,
}

impl Endpoint {
    /// Writes where the node on the chain in this folder answers.
    pub(crate) fn write(folder: &Path, url: &str) -> Result<Self, Failure> {
        let path = folder.join(FILE);
        let text = format!("{url}\n");
        std::fs::write(&path, text).map_err(|source| Failure::file("write", &path, source))?;
        Ok(Self { path })
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        // who finds it asks a node that does not answer, and is told so
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Where the node of a project answers.
pub(super) fn of_project(project: &Folder) -> Result<String, Failure> {
    let path = folder(project).join(FILE);
    match std::fs::read_to_string(&path) {
        Ok(url) => Ok(url.trim().to_owned()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(Failure::State(format!(
            "no node of this project is running: start one with `bessemer node --state`, or name one by \
             its URL ({} is not there)",
            path.display()
        ))),
        Err(source) => Err(Failure::file("read", &path, source)),
    }
}
