//! Host functions: what an ECALL calls.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::exec::host_function::{HostFunction, HostResult, HostStop};
use crate::{Caller, Engine, Error, ErrorKind, Instance, MissingHostCall, Module};

/// Host functions by call number, for instances with data of type `T`.
///
/// ```
/// use bessemer_runtime::{Caller, Config, Engine, Linker};
///
/// let engine = Engine::new(Config::new())?;
/// let mut linker = Linker::<Vec<String>>::new(&engine);
/// linker.func(1, "log", |mut caller: Caller<'_, Vec<String>>, ptr: u32, len: u32| {
///     caller.charge(100 + u64::from(len))?;
///     let text = String::from_utf8_lossy(caller.memory().read(ptr, len)?).into_owned();
///     caller.data_mut().push(text);
///     Ok(())
/// })?;
/// # Ok::<(), bessemer_runtime::Error>(())
/// ```
pub struct Linker<T> {
    engine: Engine,
    table: Arc<HostTable<T>>,
}

impl<T: 'static> Linker<T> {
    /// A linker without host functions.
    pub fn new(engine: &Engine) -> Self {
        Self { engine: engine.clone(), table: Arc::new(HostTable::default()) }
    }

    /// Defines the host call with this number in a7. The function gets the caller and arguments from a0
    /// to a5, of types that are [`FromRegisters`](crate::FromRegisters). It returns nothing (a0 becomes 0), a value, or a
    /// result with either, see [`IntoHostResult`](crate::IntoHostResult).
    ///
    /// A function that panics ends its instance; the panic goes on in the caller of `run`. What the call
    /// costs besides the ECALL, the function [charges](Caller::charge) itself.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::HostCallTwice`] if the number is defined already. The name is for messages only.
    pub fn func<Args>(
        &mut self,
        number: u32,
        name: impl Into<String>,
        function: impl HostFunction<T, Args>,
    ) -> Result<&mut Self, Error> {
        let function = Box::new(move |caller: &mut Caller<'_, T>| function.call(caller));
        self.define(number, name.into(), function)
    }

    /// Defines a host call that pauses the instance: the embedder does it and resumes.
    ///
    /// ```
    /// use bessemer_image::{ImageBuilder, Profile};
    /// use bessemer_isa::{Reg, asm};
    /// use bessemer_runtime::{Config, Engine, Exit, Linker, Module};
    ///
    /// let guest = "li a7, 7\necall\naddi a0, a0, 1\necall";
    /// let program = asm::assemble(guest, &asm::Options::default())?;
    /// let elf = ImageBuilder::new(Profile::rv32(false))
    ///     .text(program.text.base, &program.text.bytes)
    ///     .build();
    /// let engine = Engine::new(Config::new())?;
    /// let module = Module::new(&engine, &elf)?;
    /// let mut instance = Linker::<()>::new(&engine).pause(7, "ask")?.instantiate(&module, ())?;
    /// instance.set_gas(1_000)?;
    /// assert_eq!(instance.run()?, Exit::HostCall { number: 7, pc: 0x1_0004 });
    /// assert_eq!(instance.resume(41)?, Exit::HostCall { number: 7, pc: 0x1_000c });
    /// assert_eq!(instance.registers().map(|all| all[Reg::A0.index()]), Some(42));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::HostCallTwice`] if the number is defined already.
    pub fn pause(&mut self, number: u32, name: impl Into<String>) -> Result<&mut Self, Error> {
        self.define(number, name.into(), Box::new(|_| Err(HostStop::Pause)))
    }

    /// Does all host calls with numbers that are not defined. Without it they trap with
    /// `UnknownHostCall`.
    pub fn fallback<Args>(&mut self, function: impl HostFunction<T, Args>) -> &mut Self {
        let function = Box::new(move |caller: &mut Caller<'_, T>| function.call(caller));
        self.table_mut().fallback =
            Some(Arc::new(HostEntry { name: "fallback".to_owned(), function }));
        self
    }

    /// Makes an instance of a module of the same engine, with fresh memory and no gas.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Region`] if the pool's bound on memories is reached or the system has none.
    pub fn instantiate(&self, module: &Module, data: T) -> Result<Instance<T>, Error> {
        Instance::new(module, Arc::clone(&self.table), data)
    }

    /// Looks for host calls of the module that are not defined here, and would trap with
    /// `UnknownHostCall`. Only calls whose number is set in front of their ECALL are known before they are
    /// made, which is what compilers write; see [`Text::host_calls`](bessemer_image::Text::host_calls).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::HostCallsMissing`] with the first place of each.
    pub fn check(&self, module: &Module) -> Result<(), Error> {
        if self.table.fallback.is_some() {
            return Ok(());
        }
        let symbols = module.program().symbols();
        let mut missing: BTreeMap<u32, MissingHostCall> = BTreeMap::new();
        for (pc, number) in module.program().text().host_calls() {
            if !self.table.defines(number) {
                missing.entry(number).or_insert_with(|| {
                    let function = symbols.containing(pc).map(|(name, _)| name.to_owned());
                    MissingHostCall { number, pc, function }
                });
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        Err(ErrorKind::HostCallsMissing(missing.into_values().collect()).into())
    }

    /// Checks a module as [`Linker::check`] does, and gives what makes instances of it: with the host functions
    /// that are defined now.
    ///
    /// # Errors
    ///
    /// As [`Linker::check`].
    pub fn instantiate_pre(&self, module: &Module) -> Result<InstancePre<T>, Error> {
        self.check(module)?;
        Ok(InstancePre { module: module.clone(), table: Arc::clone(&self.table) })
    }

    /// The engine that the linker was made for.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    fn define(
        &mut self,
        number: u32,
        name: String,
        function: BoxedHostFunction<T>,
    ) -> Result<&mut Self, Error> {
        if let Some(known) = self.table.find(number).filter(|_| self.table.defines(number)) {
            let first = known.name.clone();
            return Err(ErrorKind::HostCallTwice { number, first, second: name }.into());
        }
        let entry = Arc::new(HostEntry { name, function });
        let table = self.table_mut();
        match table.low.get_mut(number as usize) {
            Some(place) => *place = Some(entry),
            None => {
                table.high.insert(number, entry);
            }
        }
        Ok(self)
    }

    /// The table; instances that exist keep the one that they were made with.
    fn table_mut(&mut self) -> &mut HostTable<T> {
        Arc::make_mut(&mut self.table)
    }
}

/// A module with its host functions, checked, of which instances are made.
///
/// ```
/// use bessemer_image::{ImageBuilder, Profile};
/// use bessemer_runtime::{Config, Engine, Exit, Linker, Module};
///
/// // li a7, 7; ecall
/// let code = [0x0070_0893_u32, 0x0000_0073].map(u32::to_le_bytes).concat();
/// let elf = ImageBuilder::new(Profile::rv32(false)).text(0x1_0000, code).build();
/// let engine = Engine::new(Config::new())?;
/// let module = Module::new(&engine, &elf)?;
///
/// let mut linker = Linker::<()>::new(&engine);
/// let error = linker.instantiate_pre(&module).unwrap_err();
/// assert!(error.to_string().contains("7 at 0x00010004"));
///
/// let ready = linker.pause(7, "ask")?.instantiate_pre(&module)?;
/// let mut instance = ready.instantiate(())?;
/// instance.set_gas(1_000)?;
/// assert_eq!(instance.run()?, Exit::HostCall { number: 7, pc: 0x1_0004 });
/// # Ok::<(), bessemer_runtime::Error>(())
/// ```
pub struct InstancePre<T> {
    module: Module,
    table: Arc<HostTable<T>>,
}

impl<T> InstancePre<T> {
    /// Makes an instance, with fresh memory and no gas.
    ///
    /// # Errors
    ///
    /// As [`Linker::instantiate`].
    pub fn instantiate(&self, data: T) -> Result<Instance<T>, Error> {
        Instance::new(&self.module, Arc::clone(&self.table), data)
    }

    /// The module.
    pub fn module(&self) -> &Module {
        &self.module
    }
}

impl<T> Clone for InstancePre<T> {
    fn clone(&self) -> Self {
        Self { module: self.module.clone(), table: Arc::clone(&self.table) }
    }
}

impl<T> fmt::Debug for InstancePre<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InstancePre").field("module", &self.module).finish_non_exhaustive()
    }
}

impl<T> Clone for Linker<T> {
    fn clone(&self) -> Self {
        Self { engine: self.engine.clone(), table: Arc::clone(&self.table) }
    }
}

impl<T> fmt::Debug for Linker<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let low = self.table.low.iter().flatten();
        f.debug_list()
            .entries(low.chain(self.table.high.values()).map(|entry| &entry.name))
            .finish()
    }
}

type BoxedHostFunction<T> =
    Box<dyn Fn(&mut Caller<'_, T>) -> HostResult<u32> + Send + Sync + 'static>;

/// One host function with the name it was given.
pub(crate) struct HostEntry<T> {
    pub(crate) name: String,
    pub(crate) function: BoxedHostFunction<T>,
}

/// Call numbers below this are found by index.
const LOW_NUMBERS: usize = 256;

pub(crate) struct HostTable<T> {
    low: Box<[Option<Arc<HostEntry<T>>>]>,
    high: BTreeMap<u32, Arc<HostEntry<T>>>,
    fallback: Option<Arc<HostEntry<T>>>,
}

impl<T> HostTable<T> {
    #[inline]
    pub(crate) fn find(&self, number: u32) -> Option<&HostEntry<T>> {
        match self.low.get(number as usize) {
            Some(Some(entry)) => Some(entry),
            _ => self.find_slowly(number),
        }
    }

    #[cold]
    fn find_slowly(&self, number: u32) -> Option<&HostEntry<T>> {
        self.high.get(&number).or(self.fallback.as_ref()).map(|entry| &**entry)
    }

    fn defines(&self, number: u32) -> bool {
        self.low.get(number as usize).is_some_and(Option::is_some)
            || self.high.contains_key(&number)
    }
}

impl<T> Default for HostTable<T> {
    fn default() -> Self {
        let low = (0..LOW_NUMBERS).map(|_| None).collect();
        Self { low, high: BTreeMap::new(), fallback: None }
    }
}

impl<T> Clone for HostTable<T> {
    fn clone(&self) -> Self {
        Self { low: self.low.clone(), high: self.high.clone(), fallback: self.fallback.clone() }
    }
}
