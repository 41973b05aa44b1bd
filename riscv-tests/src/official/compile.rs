//! Compiles a test with the user's cross compiler and our environment.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::{Kind, Test};

/// Which instructions the tests are compiled for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum March {
    /// Without compressed instructions.
    #[default]
    Rv32im,
    /// With compressed instructions, which the assembler then uses wherever it can.
    Rv32imac,
}

impl March {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Rv32im, Self::Rv32imac];

    /// The name, as the command line has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rv32im => "rv32im",
            Self::Rv32imac => "rv32imac",
        }
    }

    /// Whether compressed instructions are used.
    pub fn compressed(self) -> bool {
        self == Self::Rv32imac
    }

    /// What the compiler is told. Atomics are in both, as the suites use them and the profile of a
    /// file follows from its flags alone; CSR instructions and FENCE.I must at least assemble.
    fn flag(self) -> &'static str {
        match self {
            Self::Rv32im => "-march=rv32ima_zicsr_zifencei",
            Self::Rv32imac => "-march=rv32imac_zicsr_zifencei",
        }
    }
}

/// Where text starts.
const TEXT: &str = "-Wl,-Ttext=0x80000000";

/// A cross compiler with the environment's files in a directory of their own.
#[derive(Debug)]
pub struct Compiler {
    cc: PathBuf,
    march: March,
    directory: tempfile::TempDir,
}

impl Compiler {
    /// Checks that the compiler can be run.
    pub fn new(cc: impl Into<PathBuf>, march: March) -> Result<Self> {
        let cc = cc.into();
        let output = Command::new(&cc).arg("--version").output();
        let output = output.with_context(|| format!("cannot run {}", cc.display()))?;
        if !output.status.success() {
            bail!("{} --version fails", cc.display());
        }
        let directory = tempfile::tempdir().context("cannot make a directory for programs")?;
        for (name, text) in [
            ("riscv_test.h", include_str!("../../env/riscv_test.h")),
            ("model_test.h", include_str!("../../env/model_test.h")),
            ("link.ld", include_str!("../../env/link.ld")),
        ] {
            fs::write(directory.path().join(name), text)?;
        }
        Ok(Self { cc, march, directory })
    }

    /// The ELF file of a test.
    pub fn compile(&self, test: &Test) -> Result<Vec<u8>> {
        let directory = self.directory.path();
        let output = directory.join("test.elf");
        let mut command = Command::new(&self.cc);
        command
            .args([self.march.flag(), "-mabi=ilp32", "-mcmodel=medany", "-static", "-nostdlib"])
            .args(["-nostartfiles", "-Wl,--build-id=none", "-Wl,--no-warn-rwx-segments", TEXT])
            .arg("-T")
            .arg(directory.join("link.ld"))
            .arg("-I")
            .arg(directory);
        for include in &test.include {
            command.arg("-I").arg(include);
        }
        if let Kind::Signature(_) = test.kind {
            command.args(["-Wl,-e,rvtest_entry_point", "-DXLEN=32", "-DFLEN=0"]);
        }
        command.args(test.defines.iter().map(|definition| format!("-D{definition}")));
        command.arg(&test.source).arg("-o").arg(&output);
        let run = command.output().context("cannot run the compiler")?;
        if !run.status.success() {
            let text = String::from_utf8_lossy(&run.stderr);
            let line = text.lines().find(|line| line.contains("rror")).or(text.lines().next());
            bail!("does not compile: {}", line.unwrap_or("no message"));
        }
        fs::read(&output).context("the compiler wrote no file")
    }
}
