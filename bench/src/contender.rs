//! The ways of executing a workload that are compared.

use anyhow::{Context, Result};
use bessemer_runtime::{Backend, Config, Engine, Instance, Linker, Module, OptLevel};
use bessemer_workloads::Workload;
use serde::Serialize;

use crate::{Profile, elf};

/// One way of executing a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Contender {
    /// The same source, compiled for this machine.
    Native,
    /// Metered native code, optimised.
    Jit,
    /// Metered native code, compiled fast.
    JitUnoptimised,
    /// The reference interpreter.
    Interpreter,
}

impl Contender {
    /// The contenders that execute the guest image.
    pub const GUESTS: [Self; 3] = [Self::Jit, Self::JitUnoptimised, Self::Interpreter];

    /// A short name for tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Jit => "jit",
            Self::JitUnoptimised => "jit, opt none",
            Self::Interpreter => "interpreter",
        }
    }

    /// The settings of its engine; the native side has none and gets the defaults.
    pub fn config(self) -> Config {
        let config = Config::new();
        match self {
            Self::Native => config,
            Self::Jit => config.backend(Backend::Jit).opt_level(OptLevel::Speed),
            Self::JitUnoptimised => config.backend(Backend::Jit).opt_level(OptLevel::None),
            Self::Interpreter => config.backend(Backend::Interpreter),
        }
    }
}

/// Executes a workload, as often as one likes.
#[derive(Debug)]
pub enum Runner {
    /// On this machine.
    Native(fn(u32) -> u32),
    /// In an instance that is kept.
    Guest {
        /// The instance.
        instance: Box<Instance<()>>,
        /// Address of the function `workload`.
        function: u32,
    },
}

/// The result of one execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// The workload's checksum.
    pub checksum: u32,
    /// Gas used; 0 on the native side.
    pub gas: u64,
}

/// More gas than any workload uses, and the most that an instance takes.
pub const ENDLESS_GAS: u64 = 1 << 62;

impl Runner {
    /// Loads, translates and instantiates the workload, as far as its contender needs it.
    pub fn new(contender: Contender, workload: &Workload, profile: Profile) -> Result<Self> {
        if contender == Contender::Native {
            return Ok(Self::Native(workload.run));
        }
        let engine = Engine::new(contender.config())?;
        let module = Module::new(&engine, elf(workload.name, profile))
            .with_context(|| format!("{} on {}", workload.name, contender.name()))?;
        let instance = Linker::new(&engine).instantiate(&module, ())?;
        let function = instance.function("workload")?;
        Ok(Self::Guest { instance: Box::new(instance), function })
    }

    /// Does `n` units of the workload.
    pub fn run(&mut self, n: u32) -> Result<Answer> {
        match self {
            Self::Native(run) => Ok(Answer { checksum: run(std::hint::black_box(n)), gas: 0 }),
            Self::Guest { instance, function } => {
                instance.set_gas(ENDLESS_GAS)?;
                let checksum = instance.call_at(*function, n)?;
                Ok(Answer { checksum, gas: ENDLESS_GAS - instance.gas() })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every workload gives its frozen checksum on every engine and for both profiles, and all
    /// engines charge the same.
    #[test]
    fn all_engines_agree_on_every_workload() {
        for workload in bessemer_workloads::ALL {
            for profile in Profile::ALL {
                let answers = Contender::GUESTS.map(|contender| {
                    let mut runner =
                        Runner::new(contender, workload, profile).expect("the image loads");
                    runner.run(workload.small_n).expect("the workload returns")
                });
                for answer in answers {
                    let found = (answer.checksum, answer.gas);
                    let expected = (workload.small_checksum, answers[0].gas);
                    assert_eq!(found, expected, "{} {profile:?}", workload.name);
                }
                assert!(answers[0].gas > 100_000, "{}", workload.name);
            }
        }
    }
}
