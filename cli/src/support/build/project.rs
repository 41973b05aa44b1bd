//! The contracts of a project.

use std::path::{Path, PathBuf};

use bessemer_toolchain::rust::Toolchain;
use cargo_metadata::{Metadata, MetadataCommand, Package};

use crate::support::failure::Failure;
use crate::support::names::closest;

/// The library of contracts.
const SDK: &str = "bessemer-sdk";

/// A cargo project with contracts.
pub(crate) struct Project {
    metadata: Metadata,
}

impl Project {
    /// The project that the current folder is in.
    pub(crate) fn read(toolchain: &Toolchain) -> Result<Self, Failure> {
        let here = Path::new(".");
        let metadata = MetadataCommand::new()
            .cargo_path(&toolchain.cargo)
            .current_dir(here)
            .exec()
            .map_err(|error| match error {
                cargo_metadata::Error::CargoMetadata { stderr } => {
                    let reason = stderr.trim().trim_start_matches("error: ").to_owned();
                    Failure::Build(format!(
                        "this is no project of contracts: {reason}\n  make one with `bessemer new NAME`"
                    ))
                }
                error => Failure::Build(format!("cargo does not tell what the project is: {error}")),
            })?;
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

    /// Flags of the compiler, with names for places outside the project, so that messages do not depend
    /// on the machine.
    pub(crate) fn flags(&self, toolchain: &Toolchain) -> String {
        let mut flags = toolchain.contract_flags();
        for package in &self.metadata.packages {
            let folder = package.manifest_path.parent();
            let outside =
                folder.filter(|folder| !folder.starts_with(&self.metadata.workspace_root));
            flags.extend(outside.map(|folder| {
                format!("--remap-path-prefix={folder}=/{}-{}", package.name, package.version)
            }));
        }
        flags.join("\x1f")
    }
}
