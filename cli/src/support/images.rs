//! Images that a command line names: packages of the project, or files.

use std::path::Path;

use crate::support::build::{self, Image};
use crate::support::failure::Failure;
use crate::support::local::Folder;
use crate::support::output::Output;
use crate::support::program::File;

/// The image of a package, which is built, or an image file.
pub(crate) fn find(contract: &str, output: Output) -> Result<Image, Failure> {
    let path = Path::new(contract);
    if path.extension().is_some_and(|extension| extension == "elf") || contract.contains('/') {
        let file = File::read(path)?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let debug = path.with_extension("debug.elf");
        let debug = debug.is_file().then_some(debug);
        return Ok(Image { name, file, debug });
    }
    let built = build::contracts(&[contract.to_owned()], &Folder::find()?, output)?;
    let image = built.into_iter().next().map(|built| built.image);
    image.ok_or_else(|| Failure::Build(format!("{contract} has no image")))
}

/// The images that are named; if none is, all images of the project.
pub(crate) fn all(contracts: &[String], output: Output) -> Result<Vec<Image>, Failure> {
    if contracts.is_empty() {
        let built = build::contracts(&[], &Folder::find()?, output)?;
        return Ok(built.into_iter().map(|built| built.image).collect());
    }
    contracts.iter().map(|contract| find(contract, output)).collect()
}
