//! Finding a compiler for contracts.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::failure::Failure;

/// The target of contracts.
pub(crate) const TARGET: &str = "riscv32imac-unknown-none-elf";
/// The oldest compiler that the SDK builds with, as in its manifest.
const OLDEST: (u32, u32) = (1, 95);

/// A compiler, and how it gets the library for the target.
#[derive(Clone, Debug)]
pub(crate) struct Toolchain {
    pub(crate) cargo: PathBuf,
    pub(crate) rustc: PathBuf,
    pub(crate) version: String,
    pub(crate) library: Library,
    linker: Linker,
    /// Where it is installed.
    sysroot: PathBuf,
}

/// Where `core` and `alloc` for the target come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Library {
    /// They are installed, compiled.
    Installed,
    /// Their source is installed, and is compiled with the contract.
    Source,
}

/// What links contracts.
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
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    pub(crate) rustc: PathBuf,
    pub(crate) found: Result<Toolchain, String>,
}

/// Compilers in the order in which they are preferred: the one of the project, then Debian's. If
/// `BESSEMER_RUST` names a folder, only those in it.
pub(crate) fn candidates(project: &Path) -> Vec<Candidate> {
    let pair = |folder: &Path| (folder.join("cargo"), folder.join("rustc"));
    let pairs = match std::env::var_os("BESSEMER_RUST") {
        Some(folder) => vec![pair(Path::new(&folder))],
        None => vec![("cargo".into(), "rustc".into()), pair(Path::new("/usr/bin"))],
    };
    let looked = pairs.into_iter().map(|(cargo, rustc)| {
        let found = look(project, &cargo, &rustc);
        Candidate { rustc, found }
    });
    looked.collect()
}

/// The first compiler that can build contracts.
pub(crate) fn find(project: &Path) -> Result<Toolchain, Failure> {
    let mut lacking = String::new();
    for candidate in candidates(project) {
        match candidate.found {
            Ok(toolchain) => return Ok(toolchain),
            Err(reason) => lacking += &format!("\n  {}: {reason}", candidate.rustc.display()),
        }
    }
    Err(Failure::Build(format!("no compiler for {TARGET} is there:{lacking}\n{REMEDY}")))
}

/// What to install.
pub(crate) const REMEDY: &str = "\
install one of these:
  rustup target add riscv32imac-unknown-none-elf    (Rust by rustup, 12 MB)
  apt-get install rustc-web cargo-web rust-web-src binutils-riscv64-unknown-elf    (Rust by Debian)";

fn look(project: &Path, cargo: &Path, rustc: &Path) -> Result<Toolchain, String> {
    let version = ask(project, rustc, &["--version"])?;
    let sysroot = PathBuf::from(ask(project, rustc, &["--print", "sysroot"])?);
    ask(project, cargo, &["--version"])?;
    let number = version.split_whitespace().nth(1).unwrap_or_default().to_owned();
    let mut parts = number.split('.').map(|part| part.parse().unwrap_or(0));
    let found = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    if found < OLDEST {
        return Err(format!("Rust {number} is older than {}.{}", OLDEST.0, OLDEST.1));
    }
    let rustlib = sysroot.join("lib/rustlib");
    let library = if rustlib.join(TARGET).join("lib").is_dir() {
        Library::Installed
    } else if rustlib.join("src/rust/library/core/Cargo.toml").is_file() {
        Library::Source
    } else {
        return Err(format!("Rust {number} has no library for the target, and no library source"));
    };
    let linker = linker(project, &sysroot).ok_or_else(|| {
        format!("Rust {number} comes without a linker, and there is none: install binutils-riscv64-unknown-elf")
    })?;
    let (cargo, rustc) = (cargo.to_owned(), rustc.to_owned());
    Ok(Toolchain { cargo, rustc, version: number, library, linker, sysroot })
}

/// The linker that a toolchain brings along.
fn own_linker(sysroot: &Path) -> Option<PathBuf> {
    let hosts = std::fs::read_dir(sysroot.join("lib/rustlib")).ok()?;
    let mut linkers = hosts.filter_map(|host| Some(host.ok()?.path().join("bin/rust-lld")));
    linkers.find(|linker| linker.is_file())
}

/// The compiler's linker, else one on the search path, else that of the project's Rust.
fn linker(project: &Path, sysroot: &Path) -> Option<Linker> {
    if own_linker(sysroot).is_some() {
        return Some(Linker::Own);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let find =
        |name| std::env::split_paths(&path).map(|folder| folder.join(name)).find(|f| f.is_file());
    if find(GNU).is_some() {
        return Some(Linker::Gnu);
    }
    let rustups = || {
        let sysroot = ask(project, Path::new("rustc"), &["--print", "sysroot"]).ok()?;
        own_linker(Path::new(&sysroot))
    };
    find("rust-lld").or_else(|| find("ld.lld")).or_else(rustups).map(Linker::Lld)
}

const GNU: &str = "riscv64-unknown-elf-ld";

fn ask(project: &Path, tool: &Path, args: &[&str]) -> Result<String, String> {
    let output = Command::new(tool)
        .args(args)
        .current_dir(project)
        .output()
        .map_err(|error| format!("it does not start: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(said.lines().next().unwrap_or("it fails").to_owned());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

impl Toolchain {
    /// A command of cargo that builds for the target.
    pub(crate) fn build(&self, project: &Path) -> Command {
        let mut command = self.cargo(project);
        command.arg("build").args(["--release", "--target", TARGET]);
        if self.library == Library::Source {
            command.arg("-Zbuild-std=core,alloc").env("RUSTC_BOOTSTRAP", "1");
        }
        command
    }

    /// Flags of the compiler for images: how they are linked, and a name for where the library is.
    pub(crate) fn flags(&self) -> Vec<String> {
        let library = self.sysroot.join("lib/rustlib/src/rust");
        let mut flags = vec![
            "-Clink-arg=-Tbessemer.ld".to_owned(),
            // the linker shortens calls, which saves a tenth of an image; and misaligned accesses
            // cost here what others do
            "-Ctarget-feature=+relax,+unaligned-scalar-mem".to_owned(),
            format!("--remap-path-prefix={}=/rustc", library.display()),
        ];
        match &self.linker {
            Linker::Own => {}
            Linker::Lld(path) => flags.push(format!("-Clinker={}", path.display())),
            Linker::Gnu => flags.extend([
                format!("-Clinker={GNU}"),
                "-Clinker-flavor=ld".to_owned(),
                "-Clink-arg=-melf32lriscv".to_owned(),
                "-Clink-arg=-zmax-page-size=4096".to_owned(),
            ]),
        }
        flags
    }

    /// A command of cargo, with this compiler.
    pub(crate) fn cargo(&self, project: &Path) -> Command {
        let mut command = Command::new(&self.cargo);
        command.current_dir(project);
        // what the environment says of the host's programs is not meant for contracts
        for name in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET", "RUSTC_WRAPPER"]
        {
            command.env_remove(name);
        }
        if self.rustc.is_absolute() {
            command.env("RUSTC", &self.rustc);
        }
        command
    }
}
