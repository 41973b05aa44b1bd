//! How modules come by their code: from memory, from disk, or from a compiler.

mod making;

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use bessemer_image::{Limits, Program};
use bessemer_isa::GasSchedule;
use bessemer_translator::{
    self as translator, Artifact, Code, Labels, MAC_LEN, Options, TextShape,
};

use crate::code::cache::{Damage, Key, KeySeed, Memory, Missed, Store, Stored, open_store};
use crate::code::compile::{Compile, InProcess};
use crate::code::flight::{Flight, Flights};
use crate::code::policy::Policy;
use crate::code::queue::Queue;
use crate::code::rules::AllRules;
use crate::code::worker::{Child, Worker};
use crate::error::CompileError;
use crate::memory::RegionPool;
use crate::program::{Identity, ImageHash, Known, LoadedProgram, Rules};
use crate::statistics::EngineCounters;
use crate::{Backend, Compilation, Config, Error, ErrorKind, Origin};

/// Makes and keeps the code of an engine's modules.
#[derive(Debug)]
pub(crate) struct Provider {
    config: Config,
    pool: RegionPool,
    /// Whether this machine runs native code.
    native: bool,
    rules: AllRules,
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
    Make(Identity),
    MakeOsr(Identity),
    /// With the number of the load.
    Check(u64),
}

/// Work for another thread.
enum Job {
    /// Make native code.
    Make(Arc<Flight>),
    /// Make native code that can be entered at the heads of loops.
    MakeOsr(Arc<LoadedProgram>),
    /// Compile again what was stored, and compare.
    Check(Arc<LoadedProgram>),
}

impl Provider {
    pub(crate) fn new(config: Config, pool: RegionPool) -> Result<Arc<Self>, Error> {
        let native = config.backend != Backend::Interpreter
            && translator::Identity::of(&config.options).is_ok();
        let store = match &config.cache_dir {
            Some(path) if native => open_store(path, &config)?,
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
            }),
            None => Box::new(InProcess),
        };
        // processes that load little must not all check the same loads, or none
        let start = RandomState::new().hash_one(0);
        Ok(Arc::new_cyclic(|this: &Weak<Self>| {
            let this = this.clone();
            // when the provider is gone, waiting jobs are of no use
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
                native,
                rules: AllRules::default(),
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

    /// The rules with these limits and prices.
    pub(crate) fn rules(&self, limits: Limits, schedule: GasSchedule) -> Arc<Rules> {
        self.rules.get(limits, schedule, || {
            self.native.then(|| KeySeed::new(&self.config.options, &limits, &schedule).ok())?
        })
    }

    /// The key of a program's artifact; `None` if this machine runs no native code.
    pub(crate) fn key(&self, rules: &Rules, image: ImageHash) -> Option<Key> {
        self.rules.seed(rules).map(|seed| seed.key(image))
    }

    /// The key of a program that is loaded.
    fn key_of(&self, loaded: &LoadedProgram) -> Option<Key> {
        self.key(&loaded.rules, loaded.image_hash)
    }

    /// The module of a program.
    pub(crate) fn module(
        self: &Arc<Self>,
        rules: &Arc<Rules>,
        elf: &[u8],
        known: Known,
    ) -> Result<Arc<LoadedProgram>, Error> {
        let image = ImageHash::of(elf);
        let loaded = match self.known(rules.identity(image)) {
            Some(loaded) => loaded,
            None => self.load(rules, elf, image, known)?,
        };
        self.see_to_code(loaded)
    }

    /// The module of a program whose artifact is at hand, if that may be used.
    pub(crate) fn module_from(
        self: &Arc<Self>,
        rules: &Arc<Rules>,
        elf: &[u8],
        artifact: &Artifact,
    ) -> Result<Arc<LoadedProgram>, Error> {
        let image = ImageHash::of(elf);
        if let Some(loaded) = self.known(rules.identity(image)) {
            return self.see_to_code(loaded);
        }
        let loaded = Arc::new(self.parse(rules, elf, image, Known::Nothing)?);
        let small = artifact.code().len() <= self.native_limit(&loaded);
        if !small || !fits(artifact.tables().text(), &loaded) {
            return self.module(rules, elf, Known::Nothing);
        }
        let started = Instant::now();
        match Code::publish(artifact) {
            Ok(code) => {
                loaded.set_compile_time(started.elapsed());
                loaded.set_code(code, Origin::File);
            }
            Err(error) if self.config.backend == Backend::Jit => return Err(error.into()),
            Err(error) => {
                log::warn!("{}: interpreting, because {error}", loaded.program.code_hash());
            }
        }
        self.hold(&loaded);
        Ok(loaded)
    }

    /// The file of a program and its native code, sealed with the secret of this node or with zeros.
    pub(crate) fn portable(
        &self,
        rules: &Arc<Rules>,
        elf: &[u8],
        sealed: bool,
    ) -> Result<Vec<u8>, Error> {
        let store = match (&self.store, sealed) {
            (None, true) => return Err(ErrorKind::NoSecret.into()),
            (store, _) => store.as_ref().filter(|_| sealed),
        };
        let loaded = self.parse(rules, elf, ImageHash::of(elf), Known::Nothing)?;
        let artifact = self.translate(&loaded, &self.config.options)?;
        let key = self.key_of(&loaded).ok_or(ErrorKind::NoSecret)?;
        let mut file = assemble(&artifact, &loaded.program, elf, *key.as_bytes());
        match store {
            Some(store) => store.seal(&mut file),
            None => file.extend_from_slice(&[0; MAC_LEN]),
        }
        Ok(file)
    }

    /// A program that is kept in memory, or is being compiled.
    fn known(&self, program: Identity) -> Option<Arc<LoadedProgram>> {
        if let Some(loaded) = self.memory.find(program) {
            self.counters.memory_hits.count();
            return Some(loaded);
        }
        self.flights.find(&program).map(|flight| Arc::clone(&flight.loaded))
    }

    /// Parses a program, and takes the code that is on disk for it.
    fn load(
        &self,
        rules: &Arc<Rules>,
        elf: &[u8],
        image: ImageHash,
        known: Known,
    ) -> Result<Arc<LoadedProgram>, Error> {
        let started = Instant::now();
        let stored = self.fetch(rules, image);
        let fetched = started.elapsed();
        let known = match (known, &stored) {
            (Known::Nothing, Some(stored)) => Known::Hash(stored.code_hash),
            (known, _) => known,
        };
        let loaded = Arc::new(self.parse(rules, elf, image, known)?);
        if stored.is_some_and(|stored| self.adopt(&loaded, stored, fetched)) {
            self.check_some(&loaded);
        }
        if self.waits() {
            loaded.budget.limit();
        }
        Ok(loaded)
    }

    fn parse(
        &self,
        rules: &Arc<Rules>,
        elf: &[u8],
        image: ImageHash,
        known: Known,
    ) -> Result<LoadedProgram, Error> {
        let loaded = LoadedProgram::load(elf, image, known, rules, &self.pool)?;
        Ok(loaded.with_file(self.compiler.needs_file().then(|| elf.into())))
    }

    /// Whether instances wait for native code when interpreting has become dearer than compiling.
    fn waits(&self) -> bool {
        self.native && self.config.backend == Backend::Auto && self.config.wait_for_code
    }

    /// Has the code of a program made as the settings say, if it has none.
    fn see_to_code(
        self: &Arc<Self>,
        loaded: Arc<LoadedProgram>,
    ) -> Result<Arc<LoadedProgram>, Error> {
        let mut loaded = loaded;
        if loaded.code().is_none() && self.config.backend != Backend::Interpreter {
            loaded = match self.is_eager() {
                false => self.want(loaded),
                true => match self.make_now(&loaded) {
                    Ok(loaded) => loaded,
                    Err(error) if self.config.backend == Backend::Jit => return Err(error.into()),
                    Err(_) => loaded,
                },
            };
        }
        self.hold(&loaded);
        Ok(loaded)
    }

    /// Makes the code of a program on this thread, or waits for who does it already; gives the
    /// program that has it, which may be another of the same file.
    fn make_now(&self, loaded: &Arc<LoadedProgram>) -> Result<Arc<LoadedProgram>, CompileError> {
        let known = || self.memory.find(loaded.identity()).filter(|known| known.code().is_some());
        let (flight, _) = match self.flights.begin(loaded, known) {
            Ok(begun) => begun,
            Err(known) => return Ok(known),
        };
        match self.flights.take(&flight) {
            Some(taken) => self.make(taken, false)?,
            None => flight.wait()?,
        }
        Ok(Arc::clone(&flight.loaded))
    }

    /// Waits for the native code of a program, or makes it on this thread if no other has begun: its
    /// instances have used as much gas in the interpreter as compiling costs.
    #[cold]
    pub(crate) fn demand(&self, loaded: &Arc<LoadedProgram>) {
        self.counters.compiles_awaited.count();
        while loaded.code().is_none() {
            // a program of the same file that has code is no help to this one's instances
            let Ok((flight, _)) = self.flights.begin(loaded, || None) else { return };
            let made = match self.flights.take(&flight) {
                Some(taken) => self.make(taken, true),
                None => flight.wait(),
            };
            if made.is_err() {
                // whatever it is that fails, it costs a part of what interpreting does
                return loaded.budget.extend();
            }
        }
    }

    /// An instance is in a loop where the native code of its program cannot be entered, and has used
    /// as much gas in the interpreter as compiling costs: has code made that can be entered there, on
    /// this thread if instances wait.
    #[cold]
    pub(crate) fn want_osr(&self, loaded: &Arc<LoadedProgram>) {
        if self.config.wait_for_code {
            self.make_osr(loaded);
        } else if loaded.is_first_to_want_osr() {
            let work = Work::MakeOsr(loaded.identity());
            let _ = self.queue.add(work, cost(loaded), Job::MakeOsr(Arc::clone(loaded)));
        }
    }

    /// Makes that code, or waits for who makes it already.
    pub(crate) fn make_osr(&self, loaded: &Arc<LoadedProgram>) {
        loaded.make_osr_code(|| {
            let made = self.translate(loaded, &self.osr_options);
            match made.and_then(|artifact| Ok(Code::publish(&artifact)?)) {
                Ok(code) => {
                    self.counters.osr_compiles.count();
                    Some(code)
                }
                Err(error) => {
                    self.failed(loaded, &error);
                    None
                }
            }
        });
        self.counters.memory_evictions.add(self.memory.weigh(loaded.identity()));
    }

    /// A program is executed that has no native code yet.
    pub(crate) fn raise(&self, loaded: &LoadedProgram) {
        if self.config.backend == Backend::Auto && self.native {
            self.queue.raise(&Work::Make(loaded.identity()));
        }
    }

    fn hold(&self, loaded: &Arc<LoadedProgram>) {
        let gone = self.memory.hold(loaded);
        self.counters.memory_evictions.add(gone);
    }

    fn is_eager(&self) -> bool {
        self.config.backend == Backend::Jit || self.config.compilation == Compilation::Eager
    }

    /// Loads an artifact from disk.
    fn fetch(&self, rules: &Rules, image: ImageHash) -> Option<Stored> {
        let (store, key) = (self.store.as_ref()?, self.key(rules, image)?);
        store.load(key).map_err(|missed| self.missed(store, key, &missed)).ok()
    }

    /// Gives a module the code that was stored for it; `false` if that does not belong to it.
    fn adopt(&self, loaded: &LoadedProgram, stored: Stored, fetched: Duration) -> bool {
        let started = Instant::now();
        let code = match self.usable(stored, loaded) {
            Ok(code) => code,
            Err(missed) => {
                if let (Some(store), Some(key)) = (&self.store, self.key_of(loaded)) {
                    self.missed(store, key, &missed);
                }
                return false;
            }
        };
        loaded.set_code(code, Origin::Disk);
        loaded.set_compile_time(fetched + started.elapsed());
        self.counters.disk_hits.count();
        true
    }

    /// Has one load in so many compiled again.
    fn check_some(&self, loaded: &Arc<LoadedProgram>) {
        let every = u64::from(self.config.check_every);
        if every == 0 {
            return;
        }
        let load = self.loads.fetch_add(1, Ordering::Relaxed);
        if load % every == every - 1 {
            let job = Job::Check(Arc::clone(loaded));
            let _ = self.queue.add(Work::Check(load), cost(loaded), job);
        }
    }

    /// Makes stored code executable, if it belongs to the program and is not too large for it.
    fn usable(&self, stored: Stored, loaded: &LoadedProgram) -> Result<Code, Missed> {
        let Stored { memory, code, tables, .. } = stored;
        if !fits(tables.text(), loaded) {
            return Err(Damage::Key.into());
        }
        let (size, limit) = (code.len(), self.native_limit(loaded));
        if size > limit {
            return Err(Damage::Native { size, limit }.into());
        }
        Code::from_parts(memory, code, tables).map_err(|error| Missed::System(error.to_string()))
    }

    /// Bytes of native code that the program may have.
    fn native_limit(&self, loaded: &LoadedProgram) -> usize {
        self.config.options.native_limit(loaded.program.text().slot_count())
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
    fn want(&self, loaded: Arc<LoadedProgram>) -> Arc<LoadedProgram> {
        if let Some(flight) = self.flights.find(&loaded.identity()) {
            self.queue.raise(&Work::Make(loaded.identity()));
            return Arc::clone(&flight.loaded);
        }
        if !self.policy.is_due(loaded.identity()) {
            self.counters.compiles_deferred.count();
            return loaded;
        }
        let known = || self.memory.find(loaded.identity()).filter(|known| known.code().is_some());
        let (flight, is_new) = match self.flights.begin(&loaded, known) {
            Ok(begun) => begun,
            Err(known) => return known,
        };
        let loaded = Arc::clone(&flight.loaded);
        let work = Work::Make(loaded.identity());
        if is_new && !self.queue.add(work, cost(&loaded), Job::Make(Arc::clone(&flight))) {
            self.flights.end(&flight);
            self.counters.compiles_deferred.count();
        }
        loaded
    }

    /// Does a job, on a thread of the queue.
    fn perform(&self, job: Job) {
        match job {
            Job::Make(flight) => {
                if let Some(taken) = self.flights.take(&flight) {
                    // waiting callers are told
                    let _ = self.make(taken, true);
                }
            }
            Job::MakeOsr(loaded) => self.make_osr(&loaded),
            Job::Check(loaded) => self.check(&loaded),
        }
    }
}

fn fits(text: TextShape, loaded: &LoadedProgram) -> bool {
    text == TextShape::of(loaded.program.text())
}

/// The file of a program and its artifact, not sealed.
fn assemble(artifact: &Artifact, program: &Program, elf: &[u8], key: [u8; 32]) -> Vec<u8> {
    let names: BTreeMap<u32, &str> = program.symbols().functions().collect();
    let name = |pc: u32| names.get(&pc).map(|&name| name.to_owned());
    let code_hash = *program.code_hash().as_bytes();
    artifact.write(&Labels { key, code_hash, image: Some(elf), names: Some(&name) })
}

/// How much work it is to compile a program: its slots of text, and what every compilation costs.
fn cost(loaded: &LoadedProgram) -> u64 {
    loaded.program.text().slot_count() as u64 + 512
}

#[cfg(test)]
mod tests {
    use bessemer_image::{ImageBuilder, Profile};
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

    fn load(provider: &Provider, elf: &[u8]) -> LoadedProgram {
        LoadedProgram::load(
            elf,
            ImageHash::of(elf),
            Known::Nothing,
            &provider.rules(provider.config.limits, provider.config.schedule),
            &provider.pool,
        )
        .unwrap()
    }

    #[test]
    fn a_panic_of_the_translator_costs_speed_and_nothing_else() {
        let provider = provider(Config::new());
        let right = load(&provider, &elf(64));
        provider.compile(&right).unwrap();
        assert!(right.code().is_some());
        // charges of a shorter program make the translator look behind their end
        let wrong = load(&provider, &elf(64));
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
        let loaded = load(&provider, &good);
        provider.compile(&loaded).unwrap();
        provider.check(&loaded);
        assert_eq!(
            (provider.counters.checks.value(), provider.counters.mismatches.value()),
            (1, 0)
        );
        // code that is not that of the program
        let forged = load(&provider, &good);
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
