//! Modules: checked, charged, translated programs.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bessemer_image::{Charges, Program};
use bessemer_translator::{Code, translate};

use crate::region::{Part, RegionImage};
use crate::{Backend, Engine, Error};

/// A program that is ready to be instantiated. Cheap to clone; clones are the same module.
#[derive(Clone, Debug)]
pub struct Module {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    engine: Engine,
    program: Program,
    charges: Charges,
    image: Arc<RegionImage>,
    code: Option<Code>,
    load_time: Duration,
    compile_time: Duration,
}

impl Module {
    /// Parses an ELF file and, unless the engine interprets, compiles it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Load`](crate::ErrorKind::Load) if the file is no program within the engine's
    /// limits, [`ErrorKind::Region`](crate::ErrorKind::Region) if the system gives no memory for its
    /// image. With [`Backend::Jit`], [`ErrorKind::Translate`](crate::ErrorKind::Translate) if there
    /// is no native code for it; with [`Backend::Auto`] it is then interpreted.
    pub fn new(engine: &Engine, elf: &[u8]) -> Result<Self, Error> {
        let start = Instant::now();
        let config = engine.config();
        let program = Program::parse(elf, &config.limits)?;
        let charges = program.charges(&config.schedule);
        let parts: Vec<Part<'_>> = program
            .segments()
            .iter()
            .map(|segment| Part {
                addr: segment.addr,
                size: segment.size,
                bytes: &segment.bytes,
                writable: segment.writable,
            })
            .collect();
        let layout = program.layout();
        let heap = layout.heap_start..layout.heap_limit;
        let image = RegionImage::build(&parts, layout.stack.clone(), heap)?;
        let load_time = start.elapsed();
        let start = Instant::now();
        let code = compile(config, &program, &charges)?;
        let compile_time = start.elapsed();
        let engine = engine.clone();
        let inner = Inner { engine, program, charges, image, code, load_time, compile_time };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The engine that the module belongs to.
    #[inline]
    pub fn engine(&self) -> &Engine {
        &self.inner.engine
    }

    /// The checked program.
    #[inline]
    pub fn program(&self) -> &Program {
        &self.inner.program
    }

    /// What arrivals cost.
    #[inline]
    pub fn charges(&self) -> &Charges {
        &self.inner.charges
    }

    /// The native code; `None` if the module is interpreted.
    #[inline]
    pub fn code(&self) -> Option<&Code> {
        self.inner.code.as_ref()
    }

    /// How long parsing, decoding and charging took.
    pub fn load_time(&self) -> Duration {
        self.inner.load_time
    }

    /// How long translation took.
    pub fn compile_time(&self) -> Duration {
        self.inner.compile_time
    }

    pub(crate) fn image(&self) -> &Arc<RegionImage> {
        &self.inner.image
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.engine.pool().evict(&self.image);
    }
}

fn compile(
    config: &crate::Config,
    program: &Program,
    charges: &Charges,
) -> Result<Option<Code>, Error> {
    if config.backend == Backend::Interpreter {
        return Ok(None);
    }
    let compiled =
        translate(program, charges, &config.options).and_then(|artifact| Code::publish(&artifact));
    match compiled {
        Ok(code) => Ok(Some(code)),
        Err(error) if config.backend == Backend::Auto => {
            log::warn!("{}: interpreting, because {error}", program.code_hash());
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use bessemer_image::{ImageBuilder, Profile};

    use super::*;
    use crate::{Config, ErrorKind};

    fn program(instructions: usize) -> (Program, Charges) {
        // branches, so that there are as many runs as instructions: beq x0, x0, .
        let text = 0x0000_0063_u32.to_le_bytes().repeat(instructions);
        let elf = ImageBuilder::new(Profile { compressed: false }).text(0x1_0000, text).build();
        let config = Config::new();
        let program = Program::parse(&elf, &config.limits).unwrap();
        let charges = program.charges(&config.schedule);
        (program, charges)
    }

    #[test]
    fn a_panic_of_the_translator_costs_speed_and_nothing_else() {
        // charges of a shorter program make the translator look behind their end
        let ((program, right), (_, wrong)) = (program(64), program(1));
        let auto = Config::new();
        assert!(compile(&auto, &program, &right).unwrap().is_some());
        assert!(compile(&auto, &program, &wrong).unwrap().is_none());
        let error = compile(&auto.backend(Backend::Jit), &program, &wrong).unwrap_err();
        let ErrorKind::Translate(error) = error.into_kind() else { panic!("another error") };
        assert!(error.to_string().contains("index out of bounds"), "{error}");
    }
}
