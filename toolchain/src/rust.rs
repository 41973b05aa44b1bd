//! Rust compilers that build programs for RISC-V.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::remap::Names;
use crate::{Tool, remap};

/// The target of contracts.
pub const CONTRACT_TARGET: &str = "riscv32imac-unknown-none-elf";

/// Instructions for installing a compiler, if none is found.
pub const REMEDY: &str = "\
install one of these:
  rustup target add riscv32imac-unknown-none-elf    (Rust by rustup, 12 MB)
  apt-get install rustc-web cargo-web rust-web-src binutils-riscv64-unknown-elf    (Rust by Debian)";

/// The variable that names a folder with `cargo` and `rustc`, which are then the only candidates.
pub const FOLDER: &str = "BESSEMER_RUST";

/// Where a toolchain keeps the source of the libraries, below its folder.
const SOURCE: &str = "lib/rustlib/src/rust";

/// A compiler, and how it gets the library for the target.
#[derive(Clone, Debug)]
pub struct Toolchain {
    /// The command `cargo`: a path, or a name to look up.
    pub cargo: PathBuf,
    /// The command `rustc`: a path, or a name to look up.
    pub rustc: PathBuf,
    /// The number of the version, as in `1.95.0`.
    pub version: String,
    /// Where the library comes from.
    pub library: Library,
    linker: Linker,
    /// The folder that it is installed in.
    sysroot: PathBuf,
}

/// Where `core` and `alloc` for the target come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Library {
    /// They are installed, compiled.
    Installed,
    /// Their source is installed, and is compiled with the program.
    Source,
}

/// The linker of programs for RISC-V.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Linker {
    /// The compiler's own.
    Own,
    /// LLVM's, from elsewhere.
    Lld(PathBuf),
    /// That of GNU binutils for RISC-V.
    Gnu,
}

/// A compiler that was looked at, and what it lacks.
#[derive(Debug)]
pub struct Candidate {
    /// The command `rustc`.
    pub rustc: PathBuf,
    /// The toolchain, or why it cannot build for the targets.
    pub found: Result<Toolchain, Lack>,
}

/// Why a compiler cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Lack {
    /// The command is not there or cannot be executed.
    #[error("{} does not start", tool.display())]
    Start {
        /// The command.
        tool: PathBuf,
        /// The error of the system.
        source: std::io::Error,
    },
    /// The command ended with an error.
    #[error("{} fails: {message}", tool.display())]
    Failed {
        /// The command.
        tool: PathBuf,
        /// The first line of what it says.
        message: String,
    },
    /// The release is too old for the SDK.
    #[error("Rust {version} is older than {}", env!("CARGO_PKG_RUST_VERSION"))]
    Old {
        /// The release.
        version: String,
    },
    /// Neither the compiled library nor its source is installed.
    #[error("Rust {version} has no library for {target}, and no library source")]
    Library {
        /// The release.
        version: String,
        /// The target without a library.
        target: String,
    },
    /// There is no linker for RISC-V.
    #[error("Rust {version} comes without a linker, and none is installed: install {}", Tool::LD.package)]
    Linker {
        /// The release.
        version: String,
    },
}

/// No compiler builds for the targets.
#[derive(Debug, thiserror::Error)]
#[error("no Rust compiler builds for {}:{lacks}\n{REMEDY}", targets.join(" and "))]
pub struct NoToolchain {
    targets: Vec<String>,
    /// A line for each candidate.
    lacks: String,
}

/// All compilers in the order in which they are preferred: the one that `rustc` means in this
/// folder, then Debian's. If [`FOLDER`] is set, only the one in that folder.
pub fn candidates(folder: &Path, targets: &[&str]) -> Vec<Candidate> {
    let pair = |folder: &Path| (folder.join("cargo"), folder.join("rustc"));
    let pairs = match std::env::var_os(FOLDER) {
        Some(chosen) => vec![pair(Path::new(&chosen))],
        None => vec![("cargo".into(), "rustc".into()), pair(Path::new("/usr/bin"))],
    };
    let looked = pairs.into_iter().map(|(cargo, rustc)| {
        let found = look(folder, &cargo, &rustc, targets);
        Candidate { rustc, found }
    });
    looked.collect()
}

/// The first compiler that builds for all these targets. `folder` is where it will be started.
///
/// # Errors
///
/// If there is none. The message says what each candidate lacks and what to install.
pub fn find(folder: &Path, targets: &[&str]) -> Result<Toolchain, NoToolchain> {
    let mut lacks = String::new();
    for candidate in candidates(folder, targets) {
        match candidate.found {
            Ok(toolchain) => return Ok(toolchain),
            Err(lack) => lacks += &format!("\n  {}: {lack}", candidate.rustc.display()),
        }
    }
    Err(NoToolchain { targets: targets.iter().map(|&target| target.to_owned()).collect(), lacks })
}

fn look(folder: &Path, cargo: &Path, rustc: &Path, targets: &[&str]) -> Result<Toolchain, Lack> {
    let version = ask(folder, rustc, &["--version"])?;
    let sysroot = PathBuf::from(ask(folder, rustc, &["--print", "sysroot"])?);
    ask(folder, cargo, &["--version"])?;
    let version = version.split_whitespace().nth(1).unwrap_or_default().to_owned();
    if release(&version) < release(env!("CARGO_PKG_RUST_VERSION")) {
        return Err(Lack::Old { version });
    }
    let rustlib = sysroot.join("lib/rustlib");
    let missing = targets.iter().find(|target| !rustlib.join(target).join("lib").is_dir());
    let library = match missing {
        None => Library::Installed,
        Some(_) if sysroot.join(SOURCE).join("library/core/Cargo.toml").is_file() => {
            Library::Source
        }
        Some(&target) => return Err(Lack::Library { version, target: target.to_owned() }),
    };
    let Some(linker) = linker(folder, &sysroot) else { return Err(Lack::Linker { version }) };
    let (cargo, rustc) = (cargo.to_owned(), rustc.to_owned());
    Ok(Toolchain { cargo, rustc, version, library, linker, sysroot })
}

/// The first two numbers of a version.
fn release(version: &str) -> (u32, u32) {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}

/// The linker that a toolchain brings along.
fn own_linker(sysroot: &Path) -> Option<PathBuf> {
    let hosts = std::fs::read_dir(sysroot.join("lib/rustlib")).ok()?;
    let mut linkers = hosts.filter_map(|host| Some(host.ok()?.path().join("bin/rust-lld")));
    linkers.find(|linker| linker.is_file())
}

/// The compiler's linker, else one on the search path, else that of the folder's own Rust.
fn linker(folder: &Path, sysroot: &Path) -> Option<Linker> {
    if own_linker(sysroot).is_some() {
        return Some(Linker::Own);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let find =
        |name| std::env::split_paths(&path).map(|folder| folder.join(name)).find(|f| f.is_file());
    if find(Tool::LD.command).is_some() {
        return Some(Linker::Gnu);
    }
    let default = || {
        let sysroot = ask(folder, Path::new("rustc"), &["--print", "sysroot"]).ok()?;
        own_linker(Path::new(&sysroot))
    };
    find("rust-lld").or_else(|| find("ld.lld")).or_else(default).map(Linker::Lld)
}

fn ask(folder: &Path, tool: &Path, args: &[&str]) -> Result<String, Lack> {
    let output = Command::new(tool)
        .args(args)
        .current_dir(folder)
        .output()
        .map_err(|source| Lack::Start { tool: tool.to_owned(), source })?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let message = said.lines().next().unwrap_or("it says nothing").to_owned();
        return Err(Lack::Failed { tool: tool.to_owned(), message });
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

impl Toolchain {
    /// A command of cargo with this compiler. What the environment sets for programs of the host is
    /// removed.
    pub fn cargo(&self, folder: &Path) -> Command {
        let mut command = Command::new(&self.cargo);
        command.current_dir(folder);
        for name in [
            "RUSTFLAGS",
            "CARGO_ENCODED_RUSTFLAGS",
            "CARGO_BUILD_TARGET",
            "RUSTC_WRAPPER",
            "RUSTC_WORKSPACE_WRAPPER",
        ] {
            command.env_remove(name);
        }
        if self.rustc.is_absolute() {
            command.env("RUSTC", &self.rustc);
        }
        command
    }

    /// `cargo build --release` for a target. `library` are the crates that are compiled from source
    /// if the target is not installed: `core`, or `core,alloc`.
    pub fn build(&self, folder: &Path, target: &str, library: &str) -> Command {
        let mut command = self.cargo(folder);
        command.arg("build").args(["--release", "--target", target]);
        if self.library == Library::Source {
            // unstable, but a stable cargo does it if it is told so
            command.arg(format!("-Zbuild-std={library}")).env("RUSTC_BOOTSTRAP", "1");
        }
        command
    }

    /// Flags of the compiler for contracts: the layout of the SDK, and the linker.
    pub fn contract_flags(&self) -> Vec<String> {
        let mut flags = vec![
            "-Clink-arg=-Tbessemer.ld".to_owned(),
            // The linker shortens calls, which saves a tenth of an image, and misaligned accesses
            // cost here what others do. The compiler warns that the names may change.
            "-Ctarget-feature=+relax,+unaligned-scalar-mem".to_owned(),
        ];
        flags.extend(self.linker_flags());
        flags
    }

    /// Flags of the compiler that choose the linker.
    fn linker_flags(&self) -> Vec<String> {
        match &self.linker {
            Linker::Own => Vec::new(),
            Linker::Lld(path) => vec![format!("-Clinker={}", path.display())],
            Linker::Gnu => gnu_linker_flags(CONTRACT_TARGET),
        }
    }

    /// Gives the source of the library a name which is the same on every machine. Messages of panics
    /// contain it.
    pub fn name_library(&self, names: &mut Names) {
        names.push(&self.sysroot.join(SOURCE), remap::LIBRARY);
    }

    /// The line that `rustc --version` prints.
    ///
    /// # Errors
    ///
    /// If it does not start any more.
    pub fn version_line(&self) -> Result<String, Lack> {
        ask(Path::new("."), &self.rustc, &["--version"])
    }
}

/// Flags of the compiler that have GNU ld link, whatever linker the compiler brings along.
pub fn gnu_linker_flags(target: &str) -> Vec<String> {
    let emulation = if target.starts_with("riscv64") { "elf64lriscv" } else { "elf32lriscv" };
    vec![
        format!("-Clinker={}", Tool::LD.command),
        "-Clinker-flavor=ld".to_owned(),
        format!("-Clink-arg=-m{emulation}"),
        "-Clink-arg=-zmax-page-size=4096".to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_number() {
        assert!(release("1.100.0") > release("1.95.0"));
        assert!(release("1.95.0-nightly") >= release("1.95"));
        assert!(release("1.94.1") < release("1.95"));
    }

    #[test]
    fn a_folder_without_a_compiler_is_named_in_the_error() {
        let folder = Path::new("/nowhere");
        let lack = look(Path::new("."), &folder.join("cargo"), &folder.join("rustc"), &["t"]);
        let lack = lack.expect_err("there is no such folder").to_string();
        assert!(lack.contains("/nowhere/rustc"), "{lack}");
    }
}
