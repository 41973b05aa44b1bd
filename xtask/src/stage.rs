//! Stages, and how they are run.

use std::fmt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::features;

/// Set to 1 where no step may be skipped, as in continuous integration.
const REQUIRE: &str = "BESSEMER_REQUIRE_TOOLS";

/// Some commands under one name.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) name: &'static str,
    /// One line.
    pub(crate) what: &'static str,
    pub(crate) steps: &'static [Step],
}

/// One piece of work, from the root of the workspace.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) work: Work,
    /// Variables that are set for it.
    pub(crate) variables: &'static [(&'static str, &'static str)],
    /// The command that must be there, and how it is installed. Without it the step is skipped, and
    /// says so; with `BESSEMER_REQUIRE_TOOLS=1` it fails.
    pub(crate) needs: Option<(&'static str, &'static str)>,
}

/// The action of a step.
#[derive(Debug)]
pub(crate) enum Work {
    /// A command: words, separated by blanks.
    Command(&'static str),
    /// Lints the library of this package without any default feature, and without each of them.
    WithoutFeatures(&'static str),
}

impl Step {
    pub(crate) const fn new(command: &'static str) -> Self {
        Self { work: Work::Command(command), variables: &[], needs: None }
    }

    pub(crate) const fn without_features(package: &'static str) -> Self {
        Self { work: Work::WithoutFeatures(package), variables: &[], needs: None }
    }

    pub(crate) const fn with(self, variables: &'static [(&'static str, &'static str)]) -> Self {
        Self { variables, ..self }
    }

    pub(crate) const fn needs(self, command: &'static str, install: &'static str) -> Self {
        Self { needs: Some((command, install)), ..self }
    }

    fn run(&self, root: &Path) -> Result<()> {
        println!("$ {self}");
        if let Some((needed, install)) = self.needs {
            let mut words = needed.split_whitespace();
            let mut probe = Command::new(words.next().context("a command has a name")?);
            let found = probe.args(words).current_dir(root).output();
            if !found.is_ok_and(|output| output.status.success()) {
                let missing = format!("`{needed}` does not run; install it by `{install}`");
                if std::env::var_os(REQUIRE).is_some_and(|value| value == "1") {
                    bail!("{missing}; {REQUIRE}=1 forbids to skip the step");
                }
                println!("SKIPPED: {missing}");
                return Ok(());
            }
        }
        match self.work {
            Work::Command(command) => self.start(root, command),
            Work::WithoutFeatures(package) => {
                for features in features::without_each(root, package)? {
                    let command =
                        format!("{LINT} -p {package} --features={features} -- -D warnings");
                    println!("$ {command}");
                    self.start(root, &command)?;
                }
                Ok(())
            }
        }
    }

    fn start(&self, root: &Path, command: &str) -> Result<()> {
        let mut words = command.split_whitespace();
        let name = words.next().context("a command has a name")?;
        let mut process = Command::new(name);
        process.args(words).envs(self.variables.iter().copied()).current_dir(root);
        // cargo sets these for this program; they must not reach other builds
        for variable in ["CARGO", "CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH"] {
            process.env_remove(variable);
        }
        let status = process.status().with_context(|| format!("cannot start {name}"))?;
        if !status.success() {
            bail!("`{command}` ended by {status}");
        }
        Ok(())
    }
}

/// Lints a library with the features that are named behind it.
const LINT: &str = "cargo clippy --locked --release --lib --no-default-features";

impl Stage {
    /// Runs all steps; the first that fails ends the stage.
    pub(crate) fn run(&self, root: &Path) -> Result<()> {
        self.steps.iter().try_for_each(|step| step.run(root))
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.variables.iter().try_for_each(|(name, value)| write!(f, "{name}='{value}' "))?;
        match self.work {
            Work::Command(command) => write!(f, "{command}"),
            Work::WithoutFeatures(package) => {
                write!(
                    f,
                    "{LINT} -p {package} --features=... -- -D warnings (all but one, and none)"
                )
            }
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:12}  {}", self.name, self.what)?;
        self.steps.iter().try_for_each(|step| writeln!(f, "    {step}"))
    }
}
