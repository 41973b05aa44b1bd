//! Building the project's contracts and their images.

mod project;
mod strip;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use bessemer_image::{Limits, Program};
use bessemer_toolchain::rust::{self, CONTRACT_TARGET, Toolchain};
use cargo_metadata::Message;
use object::{Object, ObjectSection};
use serde_json::{Value, json};

pub(crate) use self::project::Project;
use crate::support::artifact::artifact;
use crate::support::failure::Failure;
use crate::support::local::Folder;
use crate::support::output::{Output, kib};
use crate::support::program::File;

/// How long a build waits for another build of the same project.
const PATIENCE: Duration = Duration::from_secs(600);

/// An image, and the file with debug data that it was made from.
#[derive(Debug)]
pub(crate) struct Image {
    pub(crate) name: String,
    pub(crate) file: File,
    pub(crate) debug: Option<PathBuf>,
}

/// An image that was built.
pub(crate) struct Built {
    pub(crate) image: Image,
    code_hash: String,
    interface: usize,
    cached: bool,
    time: Duration,
}

/// The compiler for contracts of the project in this folder.
pub(crate) fn toolchain(folder: &Path) -> Result<Toolchain, Failure> {
    rust::find(folder, &[CONTRACT_TARGET]).map_err(|error| Failure::Build(error.to_string()))
}

/// Builds contracts; all if none is named.
pub(crate) fn contracts(
    names: &[String],
    folder: &Folder,
    output: Output,
) -> Result<Vec<Built>, Failure> {
    let toolchain = toolchain(folder.project())?;
    let project = Project::read(&toolchain)?;
    let packages = project.select(names)?;
    folder.create()?;
    let _lock = folder.lock("build.lock", PATIENCE)?;
    let mut command = project.build(&toolchain)?;
    command
        .args(["--message-format", "json"])
        .args(["--config", "profile.release.debug=\"line-tables-only\""])
        .args(["--config", "profile.release.strip=false"])
        .args(packages.iter().flat_map(|package| ["--package", package.name.as_str()]))
        .arg("--bins")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let unstarted = |source| Failure::Io { what: "start cargo".to_owned(), source };
    let begin = Instant::now();
    let mut cargo = command.spawn().map_err(unstarted)?;
    let mut built = Vec::new();
    let progress =
        cargo.stderr.take().map(|lines| std::thread::spawn(move || forward(lines, output)));
    if let Some(messages) = cargo.stdout.take() {
        let mut last = begin;
        for message in Message::parse_stream(BufReader::new(messages)) {
            let artifact = match message {
                Ok(Message::CompilerArtifact(artifact)) => artifact,
                Ok(Message::CompilerMessage(said)) if !said.message.message.contains(RELAX) => {
                    let text = said.message.rendered.unwrap_or(said.message.message);
                    output.note(text.trim_end());
                    continue;
                }
                _ => continue,
            };
            let Some(program) = &artifact.executable else { continue };
            let time = last.elapsed();
            last = Instant::now();
            let name = packages.iter().find(|package| package.id == artifact.package_id);
            let Some(name) = name.map(|package| package.name.to_string()) else { continue };
            let source = artifact.target.src_path.as_std_path();
            let source = source.strip_prefix(project.root()).unwrap_or(source);
            let linked = Linked { name, source, program: program.as_std_path() };
            built.push(finish(&project, &linked, artifact.fresh, time)?);
        }
    }
    if let Some(progress) = progress {
        // it ends with the pipe
        let _ = progress.join();
    }
    let status = cargo.wait().map_err(unstarted)?;
    if !status.success() {
        let reason = "the contracts do not build: cargo says why above";
        return Err(Failure::Build(reason.to_owned()));
    }
    let missing = packages
        .iter()
        .find(|package| !built.iter().any(|built| built.image.name == package.name.as_str()));
    if let Some(package) = missing {
        return Err(Failure::Build(format!("cargo made no program of {}", package.name)));
    }
    built.sort_by(|a, b| a.image.name.cmp(&b.image.name));
    Ok(built)
}

/// The warning about our target feature, which the compiler prints for every crate.
const RELAX: &str = "unstable feature specified for `-Ctarget-feature`";

/// Prints the messages of cargo, but not its counts of warnings: nearly all of them are `RELAX`.
fn forward(lines: impl std::io::Read, output: Output) {
    for line in BufReader::new(lines).lines().map_while(Result::ok) {
        if !(line.starts_with("warning: `") && line.contains(" generated ")) {
            output.note(line);
        }
    }
}

/// A program that cargo made.
struct Linked<'a> {
    /// The package.
    name: String,
    /// The file with its function `main`, in the project.
    source: &'a Path,
    program: &'a Path,
}

/// Writes image and artifact of a linked program, if it would be accepted.
fn finish(
    project: &Project,
    linked: &Linked<'_>,
    cached: bool,
    time: Duration,
) -> Result<Built, Failure> {
    let Linked { name, source, program } = linked;
    let linked = File::read(program)?;
    let interface = interface(&linked.bytes);
    let image = strip::strip(&linked.bytes, interface.as_deref())
        .ok_or_else(|| Failure::Build(format!("{} is not an ELF file", program.display())))?;
    let checked = Program::parse(&image, &Limits::contract())
        .map_err(|error| Failure::Build(format!("{name} would not be accepted: {error}")))?;
    let folder = project.images();
    let path = folder.join(format!("{name}.elf"));
    let debug = folder.join(format!("{name}.debug.elf"));
    let write = |path: &Path, bytes: &[u8]| {
        if std::fs::read(path).is_ok_and(|there| there == bytes) {
            return Ok(());
        }
        std::fs::create_dir_all(&folder)
            .and_then(|()| std::fs::write(path, bytes))
            .map_err(|source| Failure::file("write", path, source))
    };
    write(&path, &image)?;
    write(&debug, &linked.bytes)?;
    let json = interface.as_deref().and_then(|bytes| str::from_utf8(bytes).ok());
    let artifact = artifact(name, &source.to_string_lossy(), json, &image);
    write(&folder.join(format!("{name}.json")), format!("{artifact:#}\n").as_bytes())?;
    Ok(Built {
        code_hash: checked.code_hash().to_string(),
        interface: interface.map_or(0, |bytes| bytes.len()),
        image: Image { name: name.clone(), file: File::new(path, image), debug: Some(debug) },
        cached,
        time,
    })
}

/// The section with the interface.
fn interface(elf: &[u8]) -> Option<Vec<u8>> {
    let file = object::File::parse(elf).ok()?;
    file.section_by_name(".bessemer.abi")?.data().ok().map(<[u8]>::to_vec)
}

impl Built {
    /// A line of a table.
    pub(crate) fn row(&self) -> [String; 5] {
        let short: String = self.code_hash.chars().take(16).collect();
        let time = if self.cached { "cached".into() } else { format!("{:.1?}", self.time) };
        let size = kib(self.image.file.bytes.len());
        [self.image.name.clone(), size, format!("abi {}", kib(self.interface)), short, time]
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({
            "name": self.image.name,
            "image": self.image.file.path.display().to_string(),
            "size": self.image.file.bytes.len(),
            "abi_size": self.interface,
            "code_hash": self.code_hash,
            "cached": self.cached,
            "time_ms": u64::try_from(self.time.as_millis()).unwrap_or(u64::MAX),
        })
    }
}
