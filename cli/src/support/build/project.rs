//! The contracts of a project.

use std::path::{Path, PathBuf};
use std::process::Command;

use bessemer_toolchain::remap::Names;
use bessemer_toolchain::rust::{CONTRACT_TARGET, Toolchain};
use bessemer_toolchain::stand_in;
use cargo_metadata::{Metadata, MetadataCommand, Package};

use crate::support::compiling::user_folder;
use crate::support::failure::Failure;
use crate::support::names::closest;
use crate::support::vendored;

/// The library of contracts.
const SDK: &str = "bessemer-sdk";

/// Why cargo does not read the project: what is missing or wrong, in cargo's own words.
fn unreadable(said: &str) -> String {
    let reason = said.trim().trim_start_matches("error: ");
    match reason.contains("could not find `Cargo.toml`") {
        true => format!(
            "this is not a project of contracts: {reason}\n  make one with `bessemer new NAME`"
        ),
        false => format!("cargo cannot read the project: {reason}"),
    }
}

/// A cargo project with contracts.
pub(crate) struct Project {
    metadata: Metadata,
    /// See [`shared`].
    shared: Option<PathBuf>,
}

impl Project {
    /// The project that the current folder is in.
    pub(crate) fn read(toolchain: &Toolchain) -> Result<Self, Failure> {
        let here = Path::new(".");
        let mut metadata =
            MetadataCommand::new().cargo_path(&toolchain.cargo).current_dir(here).exec().map_err(
                |error| match error {
                    cargo_metadata::Error::CargoMetadata { stderr } => {
                        Failure::Build(unreadable(&stderr))
                    }
                    error => {
                        Failure::Build(format!("cargo does not tell what the project is: {error}"))
                    }
                },
            )?;
        let shared = shared(&metadata);
        if let Some(folder) = shared.clone().and_then(|folder| folder.try_into().ok()) {
            metadata.build_directory = Some(folder);
        }
        Ok(Self { metadata, shared })
    }

    /// Packages that are contracts: they use the SDK, and make a program.
    pub(crate) fn contracts(&self) -> Vec<&Package> {
        let contract = |package: &&Package| {
            let uses = package.dependencies.iter().any(|dependency| dependency.name == SDK);
            uses && package.targets.iter().any(cargo_metadata::Target::is_bin)
        };
        let mut found: Vec<_> =
            self.metadata.workspace_packages().into_iter().filter(contract).collect();
        found.sort_by(|a, b| a.name.as_str().cmp(b.name.as_str()));
        found
    }

    /// The contracts of these names; all if there are none.
    pub(crate) fn select(&self, names: &[String]) -> Result<Vec<&Package>, Failure> {
        let all = self.contracts();
        if all.is_empty() {
            return Err(Failure::Build(format!(
                "no package of {} is a contract: one uses {SDK} and has a src/main.rs with `entry!`",
                self.root().display()
            )));
        }
        if names.is_empty() {
            return Ok(all);
        }
        let find = |name: &String| {
            let found = all.iter().find(|package| package.name.as_str() == name);
            found.copied().ok_or_else(|| {
                let known = || all.iter().map(|package| package.name.as_str());
                let hint = match closest(name, known()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("there are {}", known().collect::<Vec<_>>().join(", ")),
                };
                Failure::Usage(format!("the project has no contract `{name}`: {hint}"))
            })
        };
        names.iter().map(find).collect()
    }

    pub(crate) fn root(&self) -> &Path {
        self.metadata.workspace_root.as_std_path()
    }

    /// Where images go.
    pub(crate) fn images(&self) -> PathBuf {
        self.metadata.target_directory.join("bessemer").into()
    }

    /// A command that builds for the contracts' target. The compiler flags that cargo sees name no folder, so
    /// that all projects of the user share the compiled library and SDK.
    pub(crate) fn build(&self, toolchain: &Toolchain) -> Result<Command, Failure> {
        let mut command = toolchain.build(self.root(), CONTRACT_TARGET, "core,alloc");
        let mut names = Names::of(&self.metadata);
        toolchain.name_library(&mut names);
        stand_in::install(&mut command, &executable()?, &names);
        self.share(&mut command)?;
        command.env("CARGO_ENCODED_RUSTFLAGS", toolchain.contract_flags().join("\x1f"));
        Ok(command)
    }

    /// `cargo test` for the host.
    pub(crate) fn test(&self, toolchain: &Toolchain) -> Result<Command, Failure> {
        let mut command = toolchain.cargo(self.root());
        self.share(&mut command)?;
        command.args(["test", "--workspace"]);
        Ok(command)
    }

    /// Sets cargo's build folder to one that all projects of the user share, unless the user chose a folder.
    fn share(&self, command: &mut Command) -> Result<(), Failure> {
        let link = self.images().join("rustc");
        stand_in::install_for_workspace(command, &executable()?, &link)
            .map_err(|source| Failure::file("make", &link, source))?;
        if let Some(folder) = &self.shared {
            command.env("CARGO_BUILD_BUILD_DIR", folder);
        }
        Ok(())
    }
}

/// The file of this program.
fn executable() -> Result<PathBuf, Failure> {
    std::env::current_exe()
        .map_err(|source| Failure::Io { what: "find the file of this program".to_owned(), source })
}

/// The folder for what all projects of the user share, if the user chose no folder for this one.
fn shared(metadata: &Metadata) -> Option<PathBuf> {
    let target = &metadata.target_directory;
    let chosen = *target != metadata.workspace_root.join("target")
        || metadata.build_directory.as_ref().is_some_and(|folder| folder != target);
    if chosen {
        return None;
    }
    // others would get what was compiled of changed sources
    if !vendored::is_as_made(metadata.workspace_root.as_std_path()) {
        return None;
    }
    // without a home a project shares nothing
    let cache = user_folder("XDG_CACHE_HOME", ".cache").ok()?;
    Some(cache.join("bessemer-build"))
}
