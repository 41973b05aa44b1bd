//! Interfaces of contracts whose code does not tell them, in files of the folder.

use super::folder::Folder;
use crate::support::abi::Interface;
use crate::support::failure::Failure;

impl Folder {
    /// Keeps an interface in this file.
    pub(crate) fn keep_interface(&self, file: &str, interface: &Interface) -> Result<(), Failure> {
        self.write(file, interface.json.as_bytes()).map(drop)
    }

    /// The interface in this file, if there is one.
    pub(crate) fn kept_interface(&self, file: &str) -> Result<Option<Interface>, Failure> {
        let path = self.path(file);
        match std::fs::read(&path) {
            Ok(json) => Interface::parse(&json)
                .map(Some)
                .map_err(|reason| Failure::Other(format!("{}: {reason}", path.display()))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(Failure::file("read", &path, source)),
        }
    }
}
