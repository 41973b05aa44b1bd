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
    /// 64 bits, without compressed instructions.
    Rv64im,
    /// 64 bits, with compressed instructions.
    Rv64imac,
}

impl March {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Rv32im, Self::Rv32imac, Self::Rv64im, Self::Rv64imac];

    /// The name, as the command line has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rv32im => "rv32im",
            Self::Rv32imac => "rv32imac",
            Self::Rv64im => "rv64im",
            Self::Rv64imac => "rv64imac",
        }
    }

    /// Whether compressed instructions are used.
    pub fn compressed(self) -> bool {
        matches!(self, Self::Rv32imac | Self::Rv64imac)
    }

    /// Bits in a register.
    pub fn xlen(self) -> u32 {
        match self {
            Self::Rv32im | Self::Rv32imac => 32,
            Self::Rv64im | Self::Rv64imac => 64,
        }
    }

    fn abi(self) -> &'static str {
        if self.xlen() == 32 { "-mabi=ilp32" } else { "-mabi=lp64" }
    }

    /// What the compiler is told. Atomics are in both, as the suites use them and the profile of a
    /// file follows from its flags alone; CSR instructions and FENCE.I must at least assemble.
    fn flag(self, extensions: &[&str]) -> String {
        let c = if self.compressed() { "c" } else { "" };
        let base = format!("-march=rv{}ima{c}_zicsr_zifencei", self.xlen());
        extensions.iter().fold(base, |flag, extension| flag + "_" + extension)
    }
}

/// The extensions that are used where the compiler knows them, and how conditions of tests name
/// them.
const EXTENSIONS: [(&str, &str); 5] =
    [("zcb", "Zca_Zcb"), ("zba", "Zba"), ("zbb", "Zbb"), ("zbs", "Zbs"), ("zicond", "Zicond")];

/// Where text starts.
const TEXT: &str = "-Wl,-Ttext=0x80000000";

/// A cross compiler with the environment's files in a directory of their own.
#[derive(Debug)]
pub struct Compiler {
    cc: PathBuf,
    march: March,
    /// Those of [`EXTENSIONS`] that the compiler knows.
    extensions: Vec<(&'static str, &'static str)>,
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
        let mut compiler = Self { cc, march, extensions: vec![], directory };
        compiler.extensions = EXTENSIONS.into_iter().filter(|&row| compiler.knows(row)).collect();
        Ok(compiler)
    }

    /// Whether the compiler takes an extension; Zcb is one of compressed instructions.
    fn knows(&self, (name, _): (&str, &str)) -> bool {
        if name == "zcb" && !self.march.compressed() {
            return false;
        }
        let mut command = Command::new(&self.cc);
        command.args([&*self.march.flag(&[name]), self.march.abi(), "-x", "assembler", "-c"]);
        command.args(["/dev/null", "-o", "/dev/null"]);
        command.output().is_ok_and(|output| output.status.success())
    }

    /// The ISA that tests are compiled for, as their conditions write it.
    pub fn isa(&self) -> String {
        let c = if self.march.compressed() { "C" } else { "" };
        let base = format!("RV{}IMA{c}Zicsr_Zifencei", self.march.xlen());
        self.extensions.iter().fold(base, |isa, (_, name)| isa + "_" + name)
    }

    /// The ELF file of a test.
    pub fn compile(&self, test: &Test) -> Result<Vec<u8>> {
        let directory = self.directory.path();
        let output = directory.join("test.elf");
        let mut command = Command::new(&self.cc);
        let extensions: Vec<_> = self.extensions.iter().map(|row| row.0).collect();
        command
            .args([&*self.march.flag(&extensions), self.march.abi(), "-mcmodel=medany", "-static"])
            .arg("-nostdlib")
            .args(["-nostartfiles", "-Wl,--build-id=none", "-Wl,--no-warn-rwx-segments", TEXT])
            .arg("-T")
            .arg(directory.join("link.ld"))
            .arg("-I")
            .arg(directory);
        for include in &test.include {
            command.arg("-I").arg(include);
        }
        if let Kind::Signature(_) = test.kind {
            let xlen = format!("-DXLEN={}", self.march.xlen());
            command.args(["-Wl,-e,rvtest_entry_point", &*xlen, "-DFLEN=0"]);
        }
        command.args(test.defines_for(&self.isa()).map(|definition| format!("-D{definition}")));
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
