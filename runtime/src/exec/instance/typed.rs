//! Functions of a guest with the types of their arguments and their result.

use std::fmt;
use std::marker::PhantomData;

use super::{Arguments, FromResult, Instance};
use crate::Error;

/// A function of a module, with the types that the embedder knows it by. A program's file does not say them.
///
/// ```
/// use bessemer_image::{ImageBuilder, Profile};
/// use bessemer_isa::asm;
/// use bessemer_runtime::{Config, Engine, Linker, Module};
///
/// // u64 double(u64 value)
/// let source = "double: srli t0, a0, 31\nslli a0, a0, 1\nslli a1, a1, 1\nor a1, a1, t0\nret";
/// let program = asm::assemble(source, &asm::Options::default())?;
/// let elf = ImageBuilder::new(Profile::rv32(false))
///     .text(program.text.base, &program.text.bytes)
///     .symbol("double", program.symbols["double"])
///     .build();
/// let engine = Engine::new(Config::new())?;
/// let module = Module::new(&engine, &elf)?;
/// let mut instance = Linker::new(&engine).instantiate(&module, ())?;
/// instance.set_gas(1_000)?;
/// let double = instance.typed_function::<u64, u64>("double")?;
/// assert_eq!(double.call(&mut instance, 0x8000_0001)?, 0x1_0000_0002);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct TypedFunction<A, R> {
    addr: u32,
    types: PhantomData<fn(A) -> R>,
}

impl<A: Arguments, R: FromResult> TypedFunction<A, R> {
    /// Calls the function in an instance of its module.
    ///
    /// # Errors
    ///
    /// As [`Instance::call_at`].
    ///
    /// # Panics
    ///
    /// If a host function panics, with its panic. The instance has then ended.
    #[inline]
    pub fn call<T>(&self, instance: &mut Instance<T>, arguments: A) -> Result<R, Error> {
        instance.call_at(self.addr, arguments)?;
        let guest = &instance.frame.guest;
        Ok(R::from_result(&guest.context.registers, guest.xlen))
    }

    /// The address of the function.
    pub fn address(&self) -> u32 {
        self.addr
    }
}

impl<T> Instance<T> {
    /// A function by its symbol, with the types of its arguments and its result: see [`TypedFunction`].
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoFunction`](crate::ErrorKind::NoFunction) if no symbol of this name is in text.
    pub fn typed_function<A: Arguments, R: FromResult>(
        &self,
        name: &str,
    ) -> Result<TypedFunction<A, R>, Error> {
        Ok(TypedFunction { addr: self.function(name)?, types: PhantomData })
    }
}

impl<A, R> Clone for TypedFunction<A, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A, R> Copy for TypedFunction<A, R> {}

impl<A, R> fmt::Debug for TypedFunction<A, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TypedFunction({:#010x})", self.addr)
    }
}
