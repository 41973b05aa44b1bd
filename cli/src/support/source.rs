//! Source lines for instructions of deployed contracts.
//!
//! Images on the chain carry no debug data. `deploy` keeps the file with debug data that an image
//! was made from in `.bessemer/debug`, named by the hash of the image; `build` leaves it beside the image.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bessemer_chain::CodeHash;

use crate::support::build::Image;
use crate::support::failure::Failure;
use crate::support::local::Folder;
use crate::support::vendored::FOLDER as FOLDER_OF_OTHERS;

const FOLDER: &str = "debug";

/// Finds source lines of a project.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sources {
    folder: Option<Folder>,
    /// Files with debug data, by the image that was made from them.
    built: BTreeMap<CodeHash, PathBuf>,
}

impl Sources {
    pub(crate) fn of(folder: &Folder) -> Self {
        Self { folder: Some(folder.clone()), built: BTreeMap::new() }
    }

    /// Also those of images that were built and not deployed.
    pub(crate) fn and<'a>(mut self, built: impl IntoIterator<Item = &'a Image>) -> Self {
        let images = built.into_iter();
        self.built.extend(
            images
                .filter_map(|image| Some((CodeHash::of(&image.file.bytes), image.debug.clone()?))),
        );
        self
    }

    /// Keeps the debug data of an image.
    pub(crate) fn keep(folder: &Folder, code: &CodeHash, debug: &Path) -> Result<(), Failure> {
        let bytes = std::fs::read(debug).map_err(|source| Failure::file("read", debug, source))?;
        folder.write(&name(code), &bytes).map(drop)
    }

    /// `src/lib.rs:41`, the innermost place that belongs to the project.
    pub(crate) fn find(&self, code: &CodeHash, pc: u32) -> Option<String> {
        let folder = self.folder.as_ref()?;
        let kept = || folder.path(&name(code));
        let elf = std::fs::read(self.built.get(code).cloned().unwrap_or_else(kept)).ok();
        let elf = elf.or_else(|| built(folder, code))?;
        let project = folder.project().canonicalize().ok()?;
        let inside = |file: &str| -> Option<PathBuf> {
            let path = project.join(file);
            let path = path.canonicalize().unwrap_or(path);
            // what the project carries of others is not the author's
            let own =
                path.strip_prefix(&project).ok().filter(|path| !path.starts_with(FOLDER_OF_OTHERS));
            own.map(Path::to_owned)
        };
        let lines = bessemer_interface::lines(&elf, pc);
        lines.iter().find_map(|(file, line)| Some(format!("{}:{line}", inside(file)?.display())))
    }
}

/// The file with debug data of an image that `build` made, which somebody else deployed.
fn built(folder: &Folder, code: &CodeHash) -> Option<Vec<u8>> {
    let images = std::fs::read_dir(folder.project().join("target/bessemer")).ok()?;
    let mut paths = images.flatten().map(|entry| entry.path());
    let image = paths.find(|path| {
        let is_image = path.extension().is_some_and(|extension| extension == "elf");
        is_image && std::fs::read(path).is_ok_and(|bytes| CodeHash::of(&bytes) == *code)
    })?;
    std::fs::read(image.with_extension("debug.elf")).ok()
}

fn name(code: &CodeHash) -> String {
    format!("{FOLDER}/{}.elf", code.to_string().trim_start_matches("0x"))
}
