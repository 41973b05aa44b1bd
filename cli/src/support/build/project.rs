//! The contracts of a project.

use std::path::{Path, PathBuf};

use bessemer_toolchain::remap;
use bessemer_toolchain::rust::Toolchain;
use cargo_metadata::{Metadata, MetadataCommand, Package};

use crate::support::failure::Failure;
use crate::support::names::closest;

/// The library of contracts.
const SDK: &str = "bessemer-sdk";

/// Why cargo does not read the project: what is missing or wrong, in cargo's own words.
fn unreadable(said: &str) -> String {
    let reason = said.trim().trim_start_matches("error: ");
    match reason.contains("could not find `Cargo.toml`") {
        true => format!(
            "this is no project of contracts: {reason}\n  make one with `bessemer new NAME`"
        ),
        false => format!("cargo cannot read the project: {reason}"),
    }
}

/// A cargo project with contracts.
pub(crate) struct Project {
    metadata: Metadata,
}

impl Project {
    /// The project that the current folder is in.
    pub(crate) fn read(toolchain: &Toolchain) -> Result<Self, Failure> {
        let here = Path::new(".");
        let metadata =
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
        Ok(Self { metadata })
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

    /// Flags of the compiler, with names for folders of this machine.
    pub(crate) fn flags(&self, toolchain: &Toolchain) -> String {
        let mut flags = remap::flags(&self.metadata);
        flags.extend(toolchain.contract_flags());
        flags.join("\x1f")
    }
}
