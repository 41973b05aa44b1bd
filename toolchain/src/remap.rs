//! Names for folders, so that programs do not contain paths of the machine that built them.
//!
//! Messages of panics name source files, and a program with such a message would have another hash on
//! each machine. The compiler gets a name for every folder that a source file can be in.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use cargo_metadata::Metadata;
use cargo_metadata::camino::Utf8Path;

/// The name of the folder with the sources of the library: `core` and `alloc`.
pub(crate) const LIBRARY: &str = "/rustc";

/// Between the folders and names of [`Names::encode`]; no name has it, and a folder that has it is
/// not named.
const BETWEEN: u8 = 0x1f;

/// Folders and their names. Where several contain a file, the last is the one that counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names(Vec<(PathBuf, String)>);

impl Names {
    /// Names for the folders of a build of these packages:
    ///
    /// * cargo's home is `/cargo`;
    /// * the folder of the workspace is `.`, and its target and build folders, where build scripts
    ///   write, are `/target` and `/build`;
    /// * the folder of each package that is no member of the workspace is `/NAME-VERSION`, also if the
    ///   project carries it.
    ///
    /// The library's source has a name by
    /// [`Toolchain::name_library`](crate::rust::Toolchain::name_library).
    pub fn of(metadata: &Metadata) -> Self {
        let root = metadata.workspace_root.as_std_path();
        let mut names = Self::default();
        if let Some(home) = cargo_home() {
            names.push(&home, "/cargo");
        }
        names.push(root, ".");
        if let Some(folder) = &metadata.build_directory {
            names.push(folder.as_std_path(), "/build");
        }
        names.push(metadata.target_directory.as_std_path(), "/target");
        for package in &metadata.packages {
            let folder = package.manifest_path.parent().map(Utf8Path::as_std_path);
            let is_member = metadata.workspace_members.contains(&package.id);
            if let Some(folder) = folder.filter(|_| !is_member) {
                let name = format!("/{}-{}", package.name, package.version);
                names.push(folder, &name);
                // cargo names what the project carries from the project's folder
                if let Ok(inside) = folder.strip_prefix(root) {
                    names.push(inside, &name);
                }
            }
        }
        names
    }

    /// Gives a folder a name, which counts for what is in it.
    pub fn push(&mut self, folder: &Path, name: &str) {
        if !folder.as_os_str().as_bytes().contains(&BETWEEN) {
            self.0.push((folder.to_owned(), name.to_owned()));
        }
    }

    /// The flags of the compiler.
    pub fn flags(&self) -> impl Iterator<Item = OsString> {
        self.0.iter().map(|(folder, name)| {
            let mut flag = OsString::from("--remap-path-prefix=");
            flag.push(folder);
            flag.push("=");
            flag.push(name);
            flag
        })
    }

    /// The path as the compiler names it; `None` if it is in no folder with a name.
    pub fn name(&self, path: &Path) -> Option<PathBuf> {
        let inside = |(folder, name): &(PathBuf, String)| {
            path.strip_prefix(folder).ok().map(|inside| Path::new(name).join(inside))
        };
        self.0.iter().rev().find_map(inside)
    }

    /// All in the value of one variable.
    pub(crate) fn encode(&self) -> OsString {
        let parts = self.0.iter().flat_map(|(folder, name)| [folder.as_os_str(), name.as_ref()]);
        parts.collect::<Vec<&OsStr>>().join(OsStr::from_bytes(&[BETWEEN]))
    }

    /// The inverse of [`Self::encode`].
    pub(crate) fn decode(value: &OsStr) -> Self {
        let parts: Vec<&[u8]> = value.as_bytes().split(|&byte| byte == BETWEEN).collect();
        let pairs = parts.chunks_exact(2).map(|pair| {
            let folder = OsString::from_vec(pair[0].to_vec());
            (folder.into(), String::from_utf8_lossy(pair[1]).into_owned())
        });
        Self(pairs.collect())
    }
}

/// Where cargo keeps what it fetches.
fn cargo_home() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let home = || Some(Path::new(&set("HOME").or_else(|| set("USERPROFILE"))?).join(".cargo"));
    set("CARGO_HOME").map(PathBuf::from).or_else(home)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        let mut names = Names::default();
        names.push(Path::new("/home/a"), "/cargo");
        names.push(Path::new("/home/a/project"), ".");
        names.push(Path::new("/home/a/project/target"), "/target");
        names
    }

    #[test]
    fn the_last_folder_that_contains_a_path_gives_its_name() {
        let name = |path| names().name(Path::new(path));
        assert_eq!(name("/home/a/x.rs"), Some("/cargo/x.rs".into()));
        assert_eq!(name("/home/a/project/src/x.rs"), Some("./src/x.rs".into()));
        assert_eq!(name("/home/a/project/target/x.rs"), Some("/target/x.rs".into()));
        assert_eq!(name("/home/ab/x.rs"), None);
    }

    #[test]
    fn names_survive_the_way_through_a_variable() {
        assert_eq!(Names::decode(&names().encode()), names());
        assert_eq!(Names::decode(OsStr::new("")), Names::default());
    }

    #[test]
    fn a_folder_that_would_break_the_variable_is_left_out() {
        let mut names = names();
        names.push(Path::new("/odd\x1f/folder"), "/odd");
        assert_eq!(Names::decode(&names.encode()), self::names());
    }
}
