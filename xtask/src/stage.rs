//! What a stage is, and how it is run.

use std::fmt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// Some commands under one name.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) name: &'static str,
    /// One line.
    pub(crate) what: &'static str,
    pub(crate) steps: &'static [Step],
}

/// One command, from the root of the workspace.
#[derive(Debug)]
pub(crate) struct Step {
    /// Words, separated by blanks.
    pub(crate) command: &'static str,
    /// Variables that are set for it.
    pub(crate) variables: &'static [(&'static str, &'static str)],
    /// The command that must be there, and how it is installed. Without it the step is skipped,
    /// unless tools are required.
    pub(crate) needs: Option<(&'static str, &'static str)>,
}

impl Step {
    pub(crate) const fn new(command: &'static str) -> Self {
        Self { command, variables: &[], needs: None }
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
                let note = format!("`{needed}` does not run; install it by `{install}`");
                let variable = bessemer_toolchain::tests::REQUIRE;
                if std::env::var_os(variable).is_some_and(|value| value == "1") {
                    bail!("{note} ({variable}=1 forbids to skip)");
                }
                println!("SKIPPED: {note}");
                return Ok(());
            }
        }
        let mut words = self.command.split_whitespace();
        let name = words.next().context("a command has a name")?;
        let mut command = Command::new(name);
        command.args(words).envs(self.variables.iter().copied()).current_dir(root);
        // cargo sets these for this program; they must not reach other builds
        for variable in ["CARGO", "CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH"] {
            command.env_remove(variable);
        }
        let status = command.status().with_context(|| format!("cannot start {name}"))?;
        if !status.success() {
            bail!("`{self}` ended by {status}");
        }
        Ok(())
    }
}

impl Stage {
    /// Runs all steps; the first that fails ends the stage.
    pub(crate) fn run(&self, root: &Path) -> Result<()> {
        self.steps.iter().try_for_each(|step| step.run(root))
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.variables.iter().try_for_each(|(name, value)| write!(f, "{name}='{value}' "))?;
        write!(f, "{}", self.command)
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:12}  {}", self.name, self.what)?;
        self.steps.iter().try_for_each(|step| writeln!(f, "    {step}"))
    }
}
