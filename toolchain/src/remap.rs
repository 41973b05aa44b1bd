//! Names for folders, so that programs do not contain paths of the machine that built them.
//!
//! Messages of panics name source files, and a program with such a message would have another hash on
//! each machine. The compiler gets a name for every folder that a source file can be in.

use std::path::{Path, PathBuf};

use cargo_metadata::Metadata;

/// Flags of the compiler for a build of these packages. Where several folders contain a file, the
/// compiler takes the last: so the more special stand behind the more general.
///
/// * cargo's home is `/cargo`;
/// * the folder of the workspace is `.`, and its target and build folders, where build scripts write, are
///   `/target` and `/build`;
/// * the folder of each package elsewhere is `/NAME-VERSION`.
///
/// The library's source has a name by [`Toolchain::library_flag`](crate::rust::Toolchain::library_flag).
pub fn flags(metadata: &Metadata) -> Vec<String> {
    let root = metadata.workspace_root.as_std_path();
    let mut named: Vec<(PathBuf, String)> = Vec::new();
    named.extend(cargo_home().map(|home| (home, "/cargo".to_owned())));
    named.push((root.to_owned(), ".".to_owned()));
    named.extend(metadata.build_directory.iter().map(|at| (at.into(), "/build".to_owned())));
    named.push((metadata.target_directory.clone().into(), "/target".to_owned()));
    for package in &metadata.packages {
        let folder =
            package.manifest_path.parent().map(cargo_metadata::camino::Utf8Path::as_std_path);
        let outside = folder.filter(|folder| !folder.starts_with(root));
        let name = || format!("/{}-{}", package.name, package.version);
        named.extend(outside.map(|folder| (folder.to_owned(), name())));
    }
    named.iter().map(|(folder, name)| flag(folder, name)).collect()
}

/// The flag that gives a folder a name.
pub fn flag(folder: &Path, name: &str) -> String {
    format!("--remap-path-prefix={}={name}", folder.display())
}

/// Where cargo keeps what it fetches.
fn cargo_home() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let home = || Some(Path::new(&set("HOME").or_else(|| set("USERPROFILE"))?).join(".cargo"));
    set("CARGO_HOME").map(PathBuf::from).or_else(home)
}
