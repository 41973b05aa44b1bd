//! Programs that are loaded: checked, laid out in memory, and with native code when there is some.

mod budget;
mod hash;
mod rules;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use bessemer_image::{Charges, CodeHash, Decoded, Program};
use bessemer_translator::Code;

use crate::Error;
use crate::memory::{Part, RegionImage, RegionPool};
use crate::statistics::ModuleCounters;

pub(crate) use budget::Budget;
pub(crate) use hash::ImageHash;
pub(crate) use rules::{Identity, Rules};

/// The known facts of a file before it is loaded.
pub(crate) enum Known {
    Nothing,
    Hash(CodeHash),
    Program(Box<Program>),
}

/// A program, and what an engine has made of it. It does not know the engine, whose cache holds it.
#[derive(Debug)]
pub(crate) struct LoadedProgram {
    pub(crate) program: Program,
    pub(crate) image_hash: ImageHash,
    /// Only the interpreter and the translator need them.
    charges: OnceLock<Charges>,
    pub(crate) rules: Arc<Rules>,
    pub(crate) image: Arc<RegionImage>,
    pool: RegionPool,
    code: OnceLock<(Code, Origin)>,
    /// Native code that can be entered at the heads of loops, for executions that were in one when
    /// `code` came; `None` if it cannot be made.
    osr_code: OnceLock<Option<Code>>,
    /// Whether it was asked for.
    osr_wanted: AtomicBool,
    /// The ELF file, for a compiler that needs it.
    file: Option<Box<[u8]>>,
    /// The gas that may be interpreted before instances wait for native code.
    pub(crate) budget: Budget,
    pub(crate) load_time: Duration,
    compile_time: OnceLock<Duration>,
    pub(crate) counters: ModuleCounters,
}

/// Where native code came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// This process compiled it, or had it compiled.
    Compiled,
    /// The cache directory.
    Disk,
    /// A file that holds program and code.
    File,
}

impl LoadedProgram {
    /// Checks a program and lays out its memory.
    pub(crate) fn load(
        elf: &[u8],
        image_hash: ImageHash,
        known: Known,
        rules: &Arc<Rules>,
        pool: &RegionPool,
    ) -> Result<Self, Error> {
        let start = Instant::now();
        let program = match known {
            Known::Nothing => Program::parse(elf, &rules.limits)?,
            Known::Hash(hash) => Program::parse_hashed(elf, &rules.limits, || hash)?,
            Known::Program(program) => *program,
        };
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
        Ok(Self {
            budget: Budget::new(&program),
            program,
            image_hash,
            charges: OnceLock::new(),
            rules: Arc::clone(rules),
            image,
            pool: pool.clone(),
            code: OnceLock::new(),
            osr_code: OnceLock::new(),
            osr_wanted: AtomicBool::new(false),
            file: None,
            load_time: start.elapsed(),
            compile_time: OnceLock::new(),
            counters: ModuleCounters::default(),
        })
    }

    /// The identity of the program in its engine.
    pub(crate) fn identity(&self) -> Identity {
        self.rules.identity(self.image_hash)
    }

    #[inline]
    pub(crate) fn charges(&self) -> &Charges {
        self.charges.get_or_init(|| self.program.charges(&self.rules.schedule))
    }

    #[inline]
    pub(crate) fn code(&self) -> Option<&Code> {
        self.code.get().map(|(code, _)| code)
    }

    /// Where the native code came from.
    pub(crate) fn origin(&self) -> Option<Origin> {
        self.code.get().map(|(_, origin)| *origin)
    }

    /// How long it took to make or to load the native code; zero without.
    pub(crate) fn compile_time(&self) -> Duration {
        self.compile_time.get().copied().unwrap_or_default()
    }

    /// Gives the program its code; code that came second is dropped.
    pub(crate) fn set_code(&self, code: Code, origin: Origin) {
        let _ = self.code.set((code, origin));
    }

    pub(crate) fn set_compile_time(&self, time: Duration) {
        let _ = self.compile_time.set(time);
    }

    /// Sets other charges than those of the program.
    #[cfg(test)]
    pub(crate) fn set_charges(&self, charges: Charges) {
        self.charges.set(charges).expect("they are set before they are used");
    }

    /// Native code that can be entered at the heads of loops, if it was made.
    #[inline]
    pub(crate) fn osr_code(&self) -> Option<&Code> {
        self.osr_code.get()?.as_ref()
    }

    /// Makes that code, or waits for who makes it already. What cannot be made is not tried again.
    pub(crate) fn make_osr_code(&self, make: impl FnOnce() -> Option<Code>) {
        self.osr_code.get_or_init(make);
    }

    /// Whether it was not asked for.
    pub(crate) fn is_first_to_want_osr(&self) -> bool {
        !self.osr_wanted.swap(true, Ordering::Relaxed)
    }

    /// Keeps the ELF file for a compiler.
    pub(crate) fn with_file(mut self, file: Option<Box<[u8]>>) -> Self {
        self.file = file;
        self
    }

    pub(crate) fn file(&self) -> Option<&[u8]> {
        self.file.as_deref()
    }

    /// Gas that may still be used in the interpreter where native code cannot be entered, before
    /// code is made that can be.
    pub(crate) fn gap_gas_left(&self) -> u64 {
        if self.osr_code.get().is_some() {
            return u64::MAX;
        }
        budget::interpreted_gas(&self.program).saturating_sub(self.counters.gap_gas.value())
    }

    /// Bytes that the program takes in memory, about.
    pub(crate) fn footprint(&self) -> u64 {
        let segments = self.program.segments().iter();
        let bytes: usize = segments.map(|segment| segment.bytes.len()).sum();
        let text = self.program.text();
        let decoded = text.slot_count() * (size_of::<Decoded>() + 4);
        let codes = [self.code(), self.osr_code()];
        let native: usize = codes.into_iter().flatten().map(Code::footprint).sum();
        let file = self.file().map_or(0, <[u8]>::len);
        (size_of::<Self>() + 2 * bytes + decoded + native + file) as u64
    }
}

impl Drop for LoadedProgram {
    fn drop(&mut self) {
        self.pool.evict(&self.image);
    }
}
