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

/// An extension that tests are compiled for, besides those of [`March`].
#[derive(Clone, Copy, Debug)]
struct Extension {
    /// The name, as compilers have it.
    name: &'static str,
    /// The name, as conditions of tests have it.
    condition: &'static str,
    /// What makes `env/instructions.h` write its instructions, for assemblers that do not know them.
    macros: Option<&'static str>,
}

impl Extension {
    const fn new(
        name: &'static str,
        condition: &'static str,
        macros: Option<&'static str>,
    ) -> Self {
        Self { name, condition, macros }
    }
}

/// In the order in which conditions name them.
const EXTENSIONS: [Extension; 5] = [
    Extension::new("zcb", "Zca_Zcb", Some("BESSEMER_ZCB")),
    Extension::new("zba", "Zba", None),
    Extension::new("zbb", "Zbb", None),
    Extension::new("zbs", "Zbs", None),
    Extension::new("zicond", "Zicond", Some("BESSEMER_ZICOND")),
];

/// Where text starts.
const TEXT: &str = "-Wl,-Ttext=0x80000000";

/// A cross compiler with the environment's files in a directory of their own.
#[derive(Debug)]
pub struct Compiler {
    cc: PathBuf,
    march: March,
    /// Those of [`EXTENSIONS`] that the compiler knows.
    known: Vec<Extension>,
    /// Those that it does not know, and that are written by macros.
    written: Vec<Extension>,
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
            ("instructions.h", include_str!("../../env/instructions.h")),
            ("model_test.h", include_str!("../../env/model_test.h")),
            ("link.ld", include_str!("../../env/link.ld")),
        ] {
            fs::write(directory.path().join(name), text)?;
        }
        let mut compiler = Self { cc, march, known: vec![], written: vec![], directory };
        let usable = |extension: &Extension| extension.name != "zcb" || march.compressed();
        let (known, others): (Vec<_>, Vec<_>) =
            EXTENSIONS.into_iter().filter(usable).partition(|&extension| compiler.knows(extension));
        // A 32-bit image has these instructions if its attributes name one of the extensions: the
        // compiler must know at least that one.
        if march.xlen() == 64 || !known.is_empty() {
            compiler.written = others;
            compiler.written.retain(|extension| extension.macros.is_some());
        }
        compiler.known = known;
        Ok(compiler)
    }

    /// Whether the compiler takes an extension.
    fn knows(&self, extension: Extension) -> bool {
        let mut command = Command::new(&self.cc);
        command.args([&*self.march.flag(&[extension.name]), self.march.abi(), "-x", "assembler"]);
        command.args(["-c", "/dev/null", "-o", "/dev/null"]);
        command.output().is_ok_and(|output| output.status.success())
    }

    /// The ISA that tests are compiled for, as their conditions write it.
    pub fn isa(&self) -> String {
        let c = if self.march.compressed() { "C" } else { "" };
        let base = format!("RV{}IMA{c}Zicsr_Zifencei", self.march.xlen());
        let has = |extension: &&Extension| {
            let is = |other: &Extension| other.name == extension.name;
            self.known.iter().any(is) || self.written.iter().any(is)
        };
        EXTENSIONS.iter().filter(has).fold(base, |isa, row| isa + "_" + row.condition)
    }

    /// The ELF file of a test.
    pub fn compile(&self, test: &Test) -> Result<Vec<u8>> {
        let directory = self.directory.path();
        let output = directory.join("test.elf");
        let mut command = Command::new(&self.cc);
        let extensions: Vec<_> = self.known.iter().map(|extension| extension.name).collect();
        command
            .args([&*self.march.flag(&extensions), self.march.abi(), "-mcmodel=medany", "-static"])
            .arg("-nostdlib")
            .args(["-nostartfiles", "-Wl,--build-id=none", "-Wl,--no-warn-rwx-segments", TEXT])
            .arg("-T")
            .arg(directory.join("link.ld"))
            .arg("-I")
            .arg(directory);
        command.arg("-include").arg(directory.join("instructions.h"));
        let macros = self.written.iter().filter_map(|extension| extension.macros);
        command.args(macros.map(|name| format!("-D{name}")));
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
