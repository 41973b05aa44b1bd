//! How modules come by their code: from memory, from disk, or from a compiler.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use bessemer_translator::{Artifact, Code, Labels, Options, TextShape};

use crate::code::cache::{
    CacheError, Damage, ImageHash, Key, KeySeed, Loaded, Memory, Missed, Secret, Store,
};
use crate::code::compile::{Compile, CompileError, InProcess, Source};
use crate::code::flight::{Flight, Flights, Taken};
use crate::code::policy::Policy;
use crate::code::queue::Queue;
use crate::code::worker::{Child, ChildError, Worker};
use crate::engine::statistics::EngineCounters;
use crate::error::WithSources;
use crate::memory::RegionPool;
use crate::module::aot;
use crate::module::{Known, Parts};
use crate::{Backend, Compilation, Config, Error, ErrorKind, Origin};

/// Makes and keeps the code of an engine's modules.
#[derive(Debug)]
pub(crate) struct Provider {
    config: Config,
    pool: RegionPool,
    /// `None` if this machine runs no native code.
    seed: Option<KeySeed>,
    /// How programs are compiled that are entered at the heads of loops.
    osr_options: Options,
    store: Option<Store>,
    memory: Memory,
    compiler: Box<dyn Compile>,
    queue: Queue<Work, Job>,
    counters: EngineCounters,
    flights: Flights,
    policy: Policy,
    loads: AtomicU64,
}

/// Tells jobs apart: code is made once for all who want it, and each check is one of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Work {
    Make(ImageHash),
    MakeOsr(ImageHash),
    /// With the number of the load.
    Check(u64),
}

/// Work for another thread.
enum Job {
    /// Make native code.
    Make(Arc<Flight>),
    /// Make native code that can be entered at the heads of loops.
    MakeOsr(Arc<Parts>),
    /// Compile again what was loaded, and compare.
    Check(Arc<Parts>),
}

impl Provider {
    pub(crate) fn new(config: Config, pool: RegionPool) -> Result<Arc<Self>, Error> {
        let seed = match config.backend {
            Backend::Interpreter => None,
            _ => KeySeed::new(&config.options, &config.limits, &config.schedule).ok(),
        };
        let store = match &config.cache_dir {
            Some(path) if seed.is_some() => open_store(path, &config)?,
            _ => None,
        };
        let memory = match config.memory_cache {
            Some(bytes) => bytes,
            None if config.cache_dir.is_some() => Config::DEFAULT_MEMORY_CACHE,
            None => 0,
        };
        let compiler: Box<dyn Compile> = match &config.compiler_command {
            Some(command) => Box::new(Worker {
                child: Child { command: command.clone(), limits: config.child_limits },
                limits: config.limits,
                schedule: config.schedule,
            }),
            None => Box::new(InProcess),
        };
        // processes that load little must not all check the same loads, or none
        let start = RandomState::new().hash_one(0);
        Ok(Arc::new_cyclic(|this: &Weak<Self>| {
            let this = this.clone();
            // when the provider is gone, nobody needs what waits any more
            let perform = move |job| {
                if let Some(provider) = this.upgrade() {
                    provider.perform(job);
                }
            };
            Self {
                queue: Queue::new(config.compile_threads, perform),
                memory: Memory::new(memory),
                loads: AtomicU64::new(start % u64::from(config.check_every.max(1))),
                osr_options: Options { loop_entries: true, ..config.options.clone() },
                config,
                pool,
                seed,
                store,
                compiler,
                counters: EngineCounters::default(),
                flights: Flights::default(),
                policy: Policy::default(),
            }
        }))
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    pub(crate) fn pool(&self) -> &RegionPool {
        &self.pool
    }

    /// Waits until everything that is to be compiled in the background is.
    pub(crate) fn finish_compiling(&self) {
        self.queue.wait();
    }

    /// How many programs are being compiled or checked in the background now.
    pub(crate) fn compiling(&self) -> usize {
        self.queue.running()
    }

    pub(crate) fn counters(&self) -> &EngineCounters {
        &self.counters
    }

    pub(crate) fn store(&self) -> Option<&Store> {
        self.store.as_ref()
    }

    pub(crate) fn memory(&self) -> &Memory {
        &self.memory
    }

    /// The key of a program's artifact; `None` if this machine runs no native code.
    pub(crate) fn key(&self, image: ImageHash) -> Option<Key> {
        self.seed.as_ref().map(|seed| seed.key(image))
    }

    /// The module of a program.
    pub(crate) fn module(self: &Arc<Self>, elf: &[u8], known: Known) -> Result<Arc<Parts>, Error> {
        let image = ImageHash::of(elf);
        let parts = match self.known(image) {
            Some(parts) => parts,
            None => self.load(elf, image, known)?,
        };
        self.see_to_code(parts)
    }

    /// The module of a program whose artifact is at hand, if that may be used.
    pub(crate) fn module_from(
        self: &Arc<Self>,
        elf: &[u8],
        artifact: &Artifact,
    ) -> Result<Arc<Parts>, Error> {
        let image = ImageHash::of(elf);
        if let Some(parts) = self.known(image) {
            return self.see_to_code(parts);
        }
        let parts = Arc::new(self.parse(elf, image, Known::Nothing)?);
        let small = artifact.code().len() <= self.native_limit(&parts);
        if !small || !fits(artifact.tables().text(), &parts) {
            return self.module(elf, Known::Nothing);
        }
        let started = Instant::now();
        match Code::publish(artifact) {
            Ok(code) => {
                parts.set_compile_time(started.elapsed());
                parts.set_code(code, Origin::File);
            }
            Err(error) if self.config.backend == Backend::Jit => return Err(error.into()),
            Err(error) => {
                log::warn!("{}: interpreting, because {error}", parts.program.code_hash());
            }
        }
        self.hold(&parts);
        Ok(parts)
    }

    /// The sealed file of a program and its native code.
    pub(crate) fn portable(&self, elf: &[u8]) -> Result<Vec<u8>, Error> {
        let image = ImageHash::of(elf);
        let parts = self.parse(elf, image, Known::Nothing)?;
        let (Some(store), Some(key)) = (&self.store, self.key(image)) else {
            return Err(ErrorKind::NoSecret.into());
        };
        let artifact = self.translate(&parts, &self.config.options)?;
        let mut file = aot::assemble(&artifact, &parts.program, elf, *key.as_bytes());
        store.seal(&mut file);
        Ok(file)
    }

    /// A program that is kept in memory, or is being compiled.
    fn known(&self, image: ImageHash) -> Option<Arc<Parts>> {
        if let Some(parts) = self.memory.find(image) {
            self.counters.memory_hits.count();
            return Some(parts);
        }
        self.flights.find(&image).map(|flight| Arc::clone(&flight.parts))
    }

    /// Parses a program, and takes the code that is on disk for it.
    fn load(&self, elf: &[u8], image: ImageHash, known: Known) -> Result<Arc<Parts>, Error> {
        let started = Instant::now();
        let loaded = self.fetch(image);
        let fetched = started.elapsed();
        let known = match (known, &loaded) {
            (Known::Nothing, Some(loaded)) => Known::Hash(loaded.code_hash),
            (known, _) => known,
        };
        let parts = Arc::new(self.parse(elf, image, known)?);
        if loaded.is_some_and(|loaded| self.adopt(&parts, loaded, fetched)) {
            self.check_some(&parts);
        }
        if self.waits() {
            parts.let_interpret();
        }
        Ok(parts)
    }

    fn parse(&self, elf: &[u8], image: ImageHash, known: Known) -> Result<Parts, Error> {
        let parts = Parts::load(elf, image, known, &self.config, &self.pool)?;
        Ok(parts.with_file(self.compiler.needs_file().then(|| elf.into())))
    }

    /// Whether instances wait for native code when interpreting has become dearer than compiling.
    fn waits(&self) -> bool {
        self.seed.is_some() && self.config.backend == Backend::Auto && self.config.wait_for_code
    }

    /// Has the code of a program made as the settings say, if it has none.
    fn see_to_code(self: &Arc<Self>, parts: Arc<Parts>) -> Result<Arc<Parts>, Error> {
        let mut parts = parts;
        if parts.code().is_none() && self.config.backend != Backend::Interpreter {
            parts = match self.is_eager() {
                false => self.want(parts),
                true => match self.make_now(&parts) {
                    Ok(parts) => parts,
                    Err(error) if self.config.backend == Backend::Jit => return Err(error.into()),
                    Err(_) => parts,
                },
            };
        }
        self.hold(&parts);
        Ok(parts)
    }

    /// Makes the code of a program on this thread, or waits for who does it already; gives the
    /// program that has it, which may be another of the same file.
    fn make_now(&self, parts: &Arc<Parts>) -> Result<Arc<Parts>, CompileError> {
        let known = || self.memory.find(parts.image_hash).filter(|known| known.code().is_some());
        let (flight, _) = match self.flights.begin(parts, known) {
            Ok(begun) => begun,
            Err(known) => return Ok(known),
        };
        match self.flights.take(&flight) {
            Some(taken) => self.make(taken, false)?,
            None => flight.wait()?,
        }
        Ok(Arc::clone(&flight.parts))
    }

    /// Waits for the native code of a program, or makes it on this thread if no other has begun: its
    /// instances have used as much gas in the interpreter as compiling costs.
    #[cold]
    pub(crate) fn demand(&self, parts: &Arc<Parts>) {
        self.counters.compiles_awaited.count();
        while parts.code().is_none() {
            // a program of the same file that has code is no help to this one's instances
            let Ok((flight, _)) = self.flights.begin(parts, || None) else { return };
            let made = match self.flights.take(&flight) {
                Some(taken) => self.make(taken, true),
                None => flight.wait(),
            };
            if made.is_err() {
                // whatever it is that fails, it costs a part of what interpreting does
                return parts.let_interpret_longer();
            }
        }
    }

    /// An instance is in a loop where the native code of its program cannot be entered, and has used
    /// as much gas in the interpreter as compiling costs: has code made that can be entered there, on
    /// this thread if instances wait.
    #[cold]
    pub(crate) fn want_osr(&self, parts: &Arc<Parts>) {
        if self.config.wait_for_code {
            self.make_osr(parts);
        } else if parts.is_first_to_want_osr() {
            let work = Work::MakeOsr(parts.image_hash);
            let _ = self.queue.add(work, cost(parts), Job::MakeOsr(Arc::clone(parts)));
        }
    }

    /// Makes that code, or waits for who makes it already.
    pub(crate) fn make_osr(&self, parts: &Arc<Parts>) {
        parts.make_osr_code(|| {
            let made = self.translate(parts, &self.osr_options);
            match made.and_then(|artifact| Ok(Code::publish(&artifact)?)) {
                Ok(code) => {
                    self.counters.osr_compiles.count();
                    Some(code)
                }
                Err(error) => {
                    self.failed(parts, &error);
                    None
                }
            }
        });
        self.counters.memory_evictions.add(self.memory.weigh(parts.image_hash));
    }

    /// Somebody executes a program that has no native code yet.
    pub(crate) fn raise(&self, parts: &Parts) {
        if self.config.backend == Backend::Auto && self.seed.is_some() {
            self.queue.raise(&Work::Make(parts.image_hash));
        }
    }

    fn hold(&self, parts: &Arc<Parts>) {
        let gone = self.memory.hold(parts.image_hash, parts);
        self.counters.memory_evictions.add(gone);
    }

    fn is_eager(&self) -> bool {
        self.config.backend == Backend::Jit || self.config.compilation == Compilation::Eager
    }

    /// Loads an artifact from disk.
    fn fetch(&self, image: ImageHash) -> Option<Loaded> {
        let (store, key) = (self.store.as_ref()?, self.key(image)?);
        store.load(key).map_err(|missed| self.missed(store, key, &missed)).ok()
    }

    /// Gives a module the code that was loaded for it; `false` if that does not belong to it.
    fn adopt(&self, parts: &Parts, loaded: Loaded, fetched: Duration) -> bool {
        let started = Instant::now();
        let code = match self.usable(loaded, parts) {
            Ok(code) => code,
            Err(missed) => {
                if let (Some(store), Some(key)) = (&self.store, self.key(parts.image_hash)) {
                    self.missed(store, key, &missed);
                }
                return false;
            }
        };
        parts.set_code(code, Origin::Disk);
        parts.set_compile_time(fetched + started.elapsed());
        self.counters.disk_hits.count();
        true
    }

    /// Has one load in so many compiled again.
    fn check_some(&self, parts: &Arc<Parts>) {
        let every = u64::from(self.config.check_every);
        if every == 0 {
            return;
        }
        let load = self.loads.fetch_add(1, Ordering::Relaxed);
        if load % every == every - 1 {
            let job = Job::Check(Arc::clone(parts));
            let _ = self.queue.add(Work::Check(load), cost(parts), job);
        }
    }

    /// Makes loaded code executable, if it belongs to the program and is not too large for it.
    fn usable(&self, loaded: Loaded, parts: &Parts) -> Result<Code, Missed> {
        let Loaded { memory, code, tables, .. } = loaded;
        if !fits(tables.text(), parts) {
            return Err(Damage::Key.into());
        }
        let (size, limit) = (code.len(), self.native_limit(parts));
        if size > limit {
            return Err(Damage::Native { size, limit }.into());
        }
        Code::from_parts(memory, code, tables).map_err(|error| Missed::System(error.to_string()))
    }

    /// Bytes of native code that the program may have.
    fn native_limit(&self, parts: &Parts) -> usize {
        self.config.options.native_limit(parts.program.text().slot_count())
    }

    fn missed(&self, store: &Store, key: Key, missed: &Missed) {
        match missed {
            Missed::Absent => self.counters.disk_misses.count(),
            Missed::Damaged(damage) => {
                self.counters.damaged_files.count();
                log::warn!("the cache's file {key} is not used and made anew: {damage}");
                if let Err(error) = store.remove(key) {
                    log::warn!("it could not be removed: {error}");
                }
            }
            Missed::System(reason) => {
                self.counters.disk_misses.count();
                log::warn!("the cache's file {key} cannot be read: {reason}");
            }
        }
    }

    /// Has a program compiled in the background, if its turn has come; gives the program that gets
    /// the code.
    fn want(&self, parts: Arc<Parts>) -> Arc<Parts> {
        if let Some(flight) = self.flights.find(&parts.image_hash) {
            self.queue.raise(&Work::Make(parts.image_hash));
            return Arc::clone(&flight.parts);
        }
        if !self.policy.is_due(parts.image_hash) {
            self.counters.compiles_deferred.count();
            return parts;
        }
        let known = || self.memory.find(parts.image_hash).filter(|known| known.code().is_some());
        let (flight, is_new) = match self.flights.begin(&parts, known) {
            Ok(begun) => begun,
            Err(known) => return known,
        };
        let parts = Arc::clone(&flight.parts);
        let work = Work::Make(parts.image_hash);
        if is_new && !self.queue.add(work, cost(&parts), Job::Make(Arc::clone(&flight))) {
            self.flights.end(&flight);
            self.counters.compiles_deferred.count();
        }
        parts
    }

    /// Does a job, on a thread of the queue.
    fn perform(&self, job: Job) {
        match job {
            Job::Make(flight) => {
                if let Some(taken) = self.flights.take(&flight) {
                    // whoever waits is told
                    let _ = self.make(taken, true);
                }
            }
            Job::MakeOsr(parts) => self.make_osr(&parts),
            Job::Check(parts) => self.check(&parts),
        }
    }

    /// Makes the code of a flight, and tells all who wait. With `look`, another process may have been
    /// faster since the program was loaded.
    fn make(&self, taken: Taken<'_>, look: bool) -> Result<(), CompileError> {
        let parts = Arc::clone(taken.parts());
        let started = Instant::now();
        let loaded = look.then(|| self.fetch(parts.image_hash)).flatten();
        let fetched = started.elapsed();
        let made = if loaded.is_some_and(|loaded| self.adopt(&parts, loaded, fetched)) {
            Ok(())
        } else {
            self.compile(&parts)
        };
        // first kept, then finished: so nobody begins another
        if self.is_eager() {
            self.hold(&parts);
        } else {
            self.counters.memory_evictions.add(self.memory.weigh(parts.image_hash));
        }
        taken.finish(made.clone());
        made
    }

    /// Compiles, publishes, and keeps the result.
    fn compile(&self, parts: &Parts) -> Result<(), CompileError> {
        let started = Instant::now();
        let compiled = self.translate(parts, &self.config.options).and_then(|artifact| {
            let code = Code::publish(&artifact)?;
            Ok((artifact, code))
        });
        match compiled {
            Ok((artifact, code)) => {
                parts.set_compile_time(started.elapsed());
                parts.set_code(code, Origin::Compiled);
                self.counters.compiles.count();
                self.save(parts, &artifact);
                Ok(())
            }
            Err(error) => {
                self.failed(parts, &error);
                if error.is_final() {
                    parts.let_interpret_for_good();
                }
                Err(error)
            }
        }
    }

    fn failed(&self, parts: &Parts, error: &CompileError) {
        self.counters.compile_failures.count();
        let hash = parts.program.code_hash();
        log::warn!("{hash}: interpreting, because {}", WithSources(error));
    }

    fn translate(&self, parts: &Parts, options: &Options) -> Result<Artifact, CompileError> {
        let Config { limits, schedule, .. } = &self.config;
        let seed = KeySeed::new(options, limits, schedule)?;
        let artifact = self.compiler.compile(&Source {
            file: parts.file(),
            program: &parts.program,
            charges: parts.charges(),
            options,
            key: seed.key(parts.image_hash),
        })?;
        if fits(artifact.tables().text(), parts) {
            Ok(artifact)
        } else {
            Err(ChildError::Key.into())
        }
    }

    fn save(&self, parts: &Parts, artifact: &Artifact) {
        let (Some(store), Some(key)) = (&self.store, self.key(parts.image_hash)) else { return };
        match store.save(key, artifact.write(&labels(key, parts))) {
            Ok(evicted) => {
                self.counters.files_written.count();
                self.counters.disk_evictions.add(evicted);
            }
            Err(error) => {
                self.counters.write_failures.count();
                log::warn!("the cache's file {key} cannot be written: {error}");
            }
        }
    }

    /// Compiles again what was loaded. A difference means that the translator is not deterministic or
    /// that the secret is known to someone: both are alarms.
    fn check(&self, parts: &Parts) {
        let (Some(code), Some(key)) = (parts.code(), self.key(parts.image_hash)) else { return };
        let Ok(artifact) = self.translate(parts, &self.config.options) else {
            self.counters.compile_failures.count();
            return;
        };
        self.counters.checks.count();
        if artifact.code() != code.bytes() || artifact.tables() != code.tables() {
            self.counters.mismatches.count();
            log::error!(
                "ALARM: the artifact {key} of program {} was loaded from the cache and differs from what \
                 the translator makes now; the file is removed, stop the node and report this",
                parts.program.code_hash()
            );
            if let Some(store) = &self.store {
                let _ = store.remove(key);
            }
            self.memory.forget(parts.image_hash);
        }
    }
}

/// Opens the cache. A directory that others can use is an error; everything else costs speed only.
fn open_store(path: &std::path::Path, config: &Config) -> Result<Option<Store>, Error> {
    let secret_path = config.secret_path();
    if secret_path.starts_with(path) {
        // whoever writes to the directory could choose it
        log::warn!("there is no code cache: its secret lies in the cache directory");
        return Ok(None);
    }
    let opened = Secret::open(&secret_path)
        .and_then(|secret| Store::open(path, secret, config.cache_limits));
    match opened {
        Ok(store) => Ok(Some(store)),
        Err(error @ CacheError::Shared { .. }) => Err(error.into()),
        Err(error) => {
            log::warn!("there is no code cache: {}", WithSources(&error));
            Ok(None)
        }
    }
}

fn fits(text: TextShape, parts: &Parts) -> bool {
    text == TextShape::of(parts.program.text())
}

fn labels(key: Key, parts: &Parts) -> Labels<'static> {
    let code_hash = *parts.program.code_hash().as_bytes();
    Labels { key: *key.as_bytes(), code_hash, image: None, names: None }
}

/// How much work it is to compile a program: its slots of text, and what every compilation costs.
fn cost(parts: &Parts) -> u64 {
    parts.program.text().slot_count() as u64 + 512
}

#[cfg(test)]
mod tests {
    use bessemer_image::{ImageBuilder, Profile, Program};
    use bessemer_translator::translate;

    use super::*;

    fn elf(instructions: usize) -> Vec<u8> {
        // branches, so that there are as many runs as instructions: beq x0, x0, .
        let text = 0x0000_0063_u32.to_le_bytes().repeat(instructions);
        ImageBuilder::new(Profile::rv32(false)).text(0x1_0000, text).build()
    }

    fn provider(config: Config) -> Arc<Provider> {
        let pool = RegionPool::new(config.pool);
        Provider::new(config, pool).unwrap()
    }

    fn loaded(provider: &Provider, elf: &[u8]) -> Parts {
        Parts::load(elf, ImageHash::of(elf), Known::Nothing, &provider.config, &provider.pool)
            .unwrap()
    }

    #[test]
    fn a_panic_of_the_translator_costs_speed_and_nothing_else() {
        let provider = provider(Config::new());
        let right = loaded(&provider, &elf(64));
        provider.compile(&right).unwrap();
        assert!(right.code().is_some());
        // charges of a shorter program make the translator look behind their end
        let wrong = loaded(&provider, &elf(64));
        let short = Program::parse(&elf(1), &provider.config.limits).unwrap();
        wrong.set_charges(short.charges(&provider.config.schedule));
        let error = provider.compile(&wrong).unwrap_err();
        assert!(error.to_string().contains("index out of bounds"), "{error}");
        assert!(wrong.code().is_none());
        assert_eq!(provider.counters.read().compile_failures, 1);
    }

    #[test]
    fn a_difference_from_what_was_loaded_is_an_alarm() {
        let provider = provider(Config::new());
        let (good, other) = (elf(64), elf(65));
        let parts = loaded(&provider, &good);
        provider.compile(&parts).unwrap();
        provider.check(&parts);
        assert_eq!(
            (provider.counters.checks.value(), provider.counters.mismatches.value()),
            (1, 0)
        );
        // code that is not that of the program
        let forged = loaded(&provider, &good);
        let program = Program::parse(&other, &provider.config.limits).unwrap();
        let charges = program.charges(&provider.config.schedule);
        let artifact = translate(&program, &charges, &provider.config.options).unwrap();
        forged.set_code(Code::publish(&artifact).unwrap(), Origin::Disk);
        provider.check(&forged);
        assert_eq!(
            (provider.counters.checks.value(), provider.counters.mismatches.value()),
            (2, 1)
        );
    }
}
