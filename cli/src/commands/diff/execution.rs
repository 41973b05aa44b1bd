//! One execution of the program under one engine, stopped where it is to be compared.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use bessemer_cli::bare::{self, Bare, Input};
use bessemer_image::Hart;
use bessemer_interp::Observer;
use bessemer_isa::Reg;
use bessemer_runtime::memory::Region;
use bessemer_runtime::{
    Backend, Caller, Config, Exit, HostStop, Instance, Linker, Module, OptLevel,
};
use sha2::{Digest, Sha256};

use crate::support::failure::Failure;
use crate::support::program::File;

/// A way to execute.
#[derive(Clone, Debug)]
pub(super) struct Variant {
    pub(super) name: &'static str,
    /// The name of the same with precise registers.
    pub(super) precise_name: &'static str,
    pub(super) config: Config,
}

impl Variant {
    /// The reference interpreter.
    pub(super) fn reference() -> Self {
        Self {
            name: "interp",
            precise_name: "interp",
            config: Config::new().backend(Backend::Interpreter),
        }
    }

    /// Native code in all its forms. Precise registers make other code, which can be compared in
    /// more places; so both are executed.
    pub(super) fn native() -> Vec<Self> {
        [
            ("none", "none-precise", OptLevel::None, false),
            ("none-precise", "none-precise", OptLevel::None, true),
            ("speed", "speed-precise", OptLevel::Speed, false),
            ("speed-precise", "speed-precise", OptLevel::Speed, true),
        ]
        .map(|(name, precise_name, level, precise)| Self {
            name,
            precise_name,
            config: Config::new().backend(Backend::Jit).opt_level(level).precise_registers(precise),
        })
        .into()
    }

    /// The same with precise registers: what can be compared wherever it stops.
    pub(super) fn precise(&self) -> Self {
        let config = self.config.clone().precise_registers(true);
        Self { name: self.precise_name, precise_name: self.precise_name, config }
    }
}

/// A program under one variant, with its arguments: can be executed again and again.
pub(super) struct Subject<'a> {
    pub(super) name: &'static str,
    pub(super) module: Module,
    linker: Linker<Recorder>,
    file: &'a File,
    arguments: &'a [&'a [u8]],
}

/// Where an execution stops, if it does not end before.
pub(super) enum Until<'a> {
    End,
    /// The host call with this index.
    Call(u64),
    /// A host call that differs from the one of the same index in this list.
    Difference(&'a Arc<[u64]>),
}

impl<'a> Subject<'a> {
    pub(super) fn new(
        variant: &Variant,
        file: &'a File,
        arguments: &'a [&'a [u8]],
        config: impl FnOnce(Config) -> Config,
    ) -> Result<Self, Failure> {
        let module = file.module(config(variant.config.clone()))?;
        let mut linker = Linker::new(module.engine());
        linker.fallback(|mut caller: Caller<'_, Recorder>| {
            let call = HostCall::of(&caller);
            if caller.data_mut().stops_at(call) {
                return Err(HostStop::Pause);
            }
            bare::call(&mut caller)
        });
        Ok(Self { name: variant.name, module, linker, file, arguments })
    }

    /// Executes from the start.
    pub(super) fn execute(&self, gas: u64, until: &Until<'_>) -> Result<Execution, Failure> {
        let output = Printed::default();
        let mut instance = self.instance(gas, until, &output)?;
        let exit = instance.run().map_err(|error| Failure::program(&self.file.path, error))?;
        Ok(Execution { name: self.name, gas_limit: gas, exit, output: output.state(), instance })
    }

    /// The gas of the blocks that this limit pays for: at most the limit.
    pub(super) fn spent(&self, gas: u64) -> Result<u64, Failure> {
        let mut spent = Spent(0);
        self.instance(gas, &Until::End, &Printed::default())?
            .trace(&mut spent)
            .map_err(|error| Failure::program(&self.file.path, error))?;
        Ok(spent.0)
    }

    /// A fresh instance with its arguments.
    fn instance(
        &self,
        gas: u64,
        until: &Until<'_>,
        output: &Printed,
    ) -> Result<Instance<Recorder>, Failure> {
        let failed = |error| Failure::program(&self.file.path, error);
        let recorder = Recorder {
            bare: Bare::new(&self.module, Input::empty(), output.clone(), output.clone()),
            calls: Vec::new(),
            last: None,
            stop: match until {
                Until::End => None,
                Until::Call(index) => Some(Stop::At(*index)),
                Until::Difference(calls) => Some(Stop::Unlike(Arc::clone(calls))),
            },
        };
        let mut instance = self.linker.instantiate(&self.module, recorder).map_err(failed)?;
        bare::prepare(&mut instance, self.arguments)
            .map_err(|error| Failure::Usage(error.to_string()))?;
        instance.set_gas(gas).map_err(failed)?;
        Ok(instance)
    }
}

/// Adds up charges.
struct Spent(u64);

impl Observer for Spent {
    const EFFECTS: bool = false;

    fn charged(&mut self, _: &Hart, charge: u32) {
        self.0 += u64::from(charge);
    }
}

/// An execution that has ended.
pub(super) struct Execution {
    /// The name of the variant.
    pub(super) name: &'static str,
    pub(super) gas_limit: u64,
    pub(super) exit: Exit,
    /// Length and hash of what the program printed.
    pub(super) output: (u64, [u8; 32]),
    instance: Instance<Recorder>,
}

impl Execution {
    pub(super) fn gas_used(&self) -> u64 {
        self.gas_limit - self.instance.gas()
    }

    pub(super) fn pc(&self) -> u32 {
        self.instance.pc()
    }

    /// The registers, where they are known.
    pub(super) fn registers(&self) -> Option<&[u64; 32]> {
        self.instance.registers()
    }

    pub(super) fn reservation(&self) -> Option<u32> {
        self.instance.reservation()
    }

    pub(super) fn memory(&self) -> &Region {
        self.instance.memory()
    }

    /// How many host calls were made.
    pub(super) fn call_count(&self) -> u64 {
        self.instance.data().calls.len() as u64
    }

    /// A hash of each host call, in order.
    pub(super) fn calls(&self) -> Arc<[u64]> {
        self.instance.data().calls.as_slice().into()
    }

    /// The last host call.
    pub(super) fn last_call(&self) -> Option<HostCall> {
        self.instance.data().last
    }
}

/// The registers and gas at a host call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct HostCall {
    pub(super) pc: u32,
    pub(super) gas: u64,
    pub(super) registers: [u64; 32],
}

impl HostCall {
    fn of(caller: &Caller<'_, Recorder>) -> Self {
        let mut registers = [0; 32];
        for reg in Reg::all() {
            registers[reg.index()] = caller.register(reg);
        }
        Self { pc: caller.pc(), gas: caller.gas(), registers }
    }

    pub(super) fn number(&self) -> u32 {
        self.registers[Reg::A7.index()] as u32
    }

    fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        hasher.finish()
    }
}

/// The environment of bare programs, with a record of the calls. Only hashes are kept of all but
/// the last: a program may make very many.
struct Recorder {
    bare: Bare,
    calls: Vec<u64>,
    last: Option<HostCall>,
    stop: Option<Stop>,
}

enum Stop {
    At(u64),
    Unlike(Arc<[u64]>),
}

impl Recorder {
    fn stops_at(&mut self, call: HostCall) -> bool {
        let index = self.calls.len();
        let digest = call.digest();
        self.calls.push(digest);
        self.last = Some(call);
        match &self.stop {
            None => false,
            Some(Stop::At(at)) => index as u64 == *at,
            Some(Stop::Unlike(calls)) => calls.get(index) != Some(&digest),
        }
    }
}

impl AsMut<Bare> for Recorder {
    fn as_mut(&mut self) -> &mut Bare {
        &mut self.bare
    }
}

/// Hashes what a program prints, to either file.
#[derive(Clone, Default)]
struct Printed(Arc<Mutex<(u64, Sha256)>>);

impl Printed {
    fn state(&self) -> (u64, [u8; 32]) {
        let printed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (printed.0, printed.1.clone().finalize().into())
    }
}

impl Write for Printed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut printed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        printed.0 += bytes.len() as u64;
        printed.1.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
