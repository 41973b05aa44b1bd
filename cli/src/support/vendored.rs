//! The sources of the SDK, which a project can carry with it: then it builds wherever it goes, with the SDK that it
//! was made with.
//!
//! They stand in `vendor/bessemer-HASH`, where HASH is of what is in the folder. By the name of their folder cargo
//! knows crates apart that projects share compiled, so a folder that was changed is not compiled where others
//! find it: [`is_as_made`].

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sha3::{Digest, Keccak256};

use crate::support::output::hex;

/// The files of the crates, by their paths in the repository.
const SOURCES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/sdk_sources.rs"));
const WORKSPACE: &str = include_str!("../../../Cargo.toml");
/// The versions that the SDK's own contracts are built with, so that nothing newer is fetched.
pub(crate) const LOCK: &str = include_str!("../../../contracts/Cargo.lock");
/// The folder in a project.
pub(crate) const FOLDER: &str = "vendor";
const PREFIX: &str = "bessemer-";
/// Part of the hash: another number whenever the tool compiles the same sources otherwise, as with other names of
/// folders.
const FORMAT: u8 = 2;

/// The folder that the sources get, from that of the project.
pub(crate) fn folder() -> String {
    let digest = digest(files().iter().map(|(name, text)| (name.as_str(), text.as_bytes())));
    format!("{FOLDER}/{PREFIX}{digest}")
}

/// The files in that folder.
pub(crate) fn files() -> Vec<(String, String)> {
    let mut files: Vec<_> =
        SOURCES.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    files.push(("Cargo.toml".to_owned(), workspace()));
    files.sort();
    files
}

/// Says that a file is old. By times of files alone cargo decides whether what another project compiled is of
/// these sources, and by the name of the folder it is.
pub(crate) fn make_old(file: &Path) -> io::Result<()> {
    const YEAR_2020: Duration = Duration::from_secs(1_577_836_800);
    File::options().write(true).open(file)?.set_modified(SystemTime::UNIX_EPOCH + YEAR_2020)
}

/// Whether the sources that a project carries, if it does, are as their name says.
pub(crate) fn is_as_made(project: &Path) -> bool {
    let Ok(entries) = fs::read_dir(project.join(FOLDER)) else { return true };
    entries.flatten().all(|entry| {
        let name = entry.file_name();
        let Some(wanted) = name.to_str().and_then(|name| name.strip_prefix(PREFIX)) else {
            return true;
        };
        let mut files = Vec::new();
        let read = read(&entry.path(), Path::new(""), &mut files);
        files.sort();
        let parts = files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()));
        read.is_ok() && digest(parts) == wanted
    })
}

/// The workspace of the crates: what they take from that of the repository.
fn workspace() -> String {
    let mut text = String::from(
        "# The sources of bessemer-sdk. Remove this folder and write a version, a revision or a path in the manifest\n\
         # above to take the SDK from elsewhere.\n\
         [workspace]\nresolver = \"3\"\nmembers = [\"protocol/abi\", \"protocol/types\", \"sdk\", \"sdk/macros\"]\n\n",
    );
    let used = |entry: &str| {
        let name = entry.split([' ', '.', '=']).next().unwrap_or_default();
        if name.is_empty() {
            return false;
        }
        let mut manifests = SOURCES.iter().filter(|(path, _)| path.ends_with("Cargo.toml"));
        manifests.any(|(_, manifest)| {
            manifest.lines().any(|line| line.split([' ', '.', '=']).next() == Some(name))
        })
    };
    let mut section = "";
    for line in WORKSPACE.lines() {
        if line.starts_with('[') {
            section = line;
        }
        let kept = match section {
            "[workspace.dependencies]" => {
                line.starts_with('[') || !line.starts_with('#') && used(line)
            }
            section => section == "[workspace.package]" || section.starts_with("[workspace.lints"),
        };
        if kept {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

fn digest<'a>(files: impl Iterator<Item = (&'a str, &'a [u8])>) -> String {
    let mut hasher = Keccak256::new().chain_update([FORMAT]);
    for (name, bytes) in files {
        for part in [name.as_bytes(), bytes] {
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
    }
    hex(hasher.finalize().get(..6).unwrap_or_default())
}

/// All files of a folder with their names in it.
fn read(folder: &Path, inside: &Path, files: &mut Vec<(String, Vec<u8>)>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (path, name) = (entry.path(), inside.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            read(&path, &name, files)?;
        } else {
            let name = name.to_str().map(|name| name.replace('\\', "/")).unwrap_or_default();
            files.push((name, fs::read(path)?));
        }
    }
    Ok(())
}

/// The path from one folder to another, both absolute.
pub(crate) fn relative(from: &Path, to: &Path) -> PathBuf {
    let common = from.components().zip(to.components()).take_while(|(a, b)| a == b).count();
    let up = from.components().skip(common).map(|_| std::path::Component::ParentDir);
    up.chain(to.components().skip(common)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_known_by_their_folder_until_they_are_changed() {
        let project = tempfile::tempdir().expect("there is a place for temporary files");
        assert!(is_as_made(project.path()));
        let folder = project.path().join(folder());
        for (name, text) in files() {
            let file = folder.join(name);
            fs::create_dir_all(file.parent().expect("a folder")).expect("it can be made");
            fs::write(&file, text).expect("it can be written");
            make_old(&file).expect("it has a time");
        }
        assert!(is_as_made(project.path()));
        let file = folder.join("sdk/src/lib.rs");
        let text = fs::read_to_string(&file).expect("it is there");
        assert!(text.contains("pub mod storage;"));
        fs::write(&file, text + "// changed\n").expect("it can be written");
        assert!(!is_as_made(project.path()));
    }

    #[test]
    fn paths_from_folder_to_folder() {
        for (from, to, path) in [
            ("/a/b/c", "/a/x/sdk", "../../x/sdk"),
            ("/a", "/a/sdk", "sdk"),
            ("/a/b", "/c", "../../c"),
        ] {
            assert_eq!(relative(Path::new(from), Path::new(to)), Path::new(path), "{from} {to}");
        }
    }
}
