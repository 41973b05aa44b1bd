//! How modules come by their code: from memory, from disk, or from the translator.

use std::collections::HashMap;
use std::ffi::OsString;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bessemer_translator::{Artifact, Code, Labels, TextShape, TranslateError, translate};

use crate::code::cache::{
    CacheError, Damage, ImageHash, Key, KeySeed, Loaded, Memory, Missed, Secret, Store,
};
use crate::code::queue::{Job, Queue, Task};
use crate::code::worker::{Child, ChildError, Request};
use crate::engine::statistics::EngineCounters;
use crate::error::WithSources;
use crate::memory::RegionPool;
use crate::module::aot;
use crate::module::{Known, Parts};
use crate::{Backend, Compilation, Config, Error, ErrorKind, Origin};

/// Makes and keeps the code of an engine's modules.
#[derive(Debug)]
pub(crate) struct Compiler {
    config: Config,
    pool: RegionPool,
    /// `None` if this machine runs no native code.
    seed: Option<KeySeed>,
    store: Option<Store>,
    memory: Memory,
    child: Option<Child>,
    queue: Queue,
    counters: EngineCounters,
    /// Compilations in progress that someone waits for.
    flights: Mutex<HashMap<ImageHash, Arc<Mutex<()>>>>,
    heat: Mutex<HashMap<ImageHash, Heat>>,
    loads: AtomicU64,
}

/// How often a program was wanted and compiled.
#[derive(Clone, Copy, Debug, Default)]
struct Heat {
    compiles: u32,
    /// Wanted without native code since the last time.
    wanted: u32,
}

/// Why there is no code.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CompileError {
    #[error(transparent)]
    Translate(#[from] TranslateError),
    #[error(transparent)]
    Child(#[from] ChildError),
}

impl Compiler {
    pub(crate) fn new(config: Config, pool: RegionPool) -> Result<Self, Error> {
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
        let child = config
            .compiler_command
            .clone()
            .map(|command: Vec<OsString>| Child { command, limits: config.child_limits });
        // processes that load little must not all check the same loads, or none
        let start = RandomState::new().hash_one(0);
        Ok(Self {
            queue: Queue::new(config.compile_threads),
            memory: Memory::new(memory),
            loads: AtomicU64::new(start % u64::from(config.check_every.max(1))),
            config,
            pool,
            seed,
            store,
            child,
            counters: EngineCounters::default(),
            flights: Mutex::default(),
            heat: Mutex::default(),
        })
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    pub(crate) fn pool(&self) -> &RegionPool {
        &self.pool
    }

    pub(crate) fn queue(&self) -> &Queue {
        &self.queue
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
        if let Some(parts) = self.found(image, elf) {
            return Ok(parts);
        }
        let started = Instant::now();
        let loaded = self.fetch(image);
        let fetched = started.elapsed();
        let known = match (known, &loaded) {
            (Known::Nothing, Some(loaded)) => Known::Hash(loaded.code_hash),
            (known, _) => known,
        };
        let parts = Parts::load(elf, image, known, &self.config, &self.pool)?;
        let parts = Arc::new(parts);
        let is_ready = loaded.is_some_and(|loaded| self.adopt(&parts, loaded, fetched, elf));
        if self.config.backend != Backend::Interpreter && !is_ready {
            if self.is_eager() {
                // whoever comes second finds what the first has made
                let flight = self.flight(image);
                let _alone = flight.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(parts) = self.found(image, elf) {
                    return Ok(parts);
                }
                let compiled = self.compile(&parts, elf);
                self.hold(&parts);
                self.flights().remove(&image);
                match compiled {
                    Err(error) if self.config.backend == Backend::Jit => return Err(error.into()),
                    _ => return Ok(parts),
                }
            }
            self.want(&parts, elf);
        }
        self.hold(&parts);
        Ok(parts)
    }

    /// The module of a program whose artifact is at hand, if that may be used.
    pub(crate) fn module_from(
        self: &Arc<Self>,
        elf: &[u8],
        artifact: &Artifact,
    ) -> Result<Arc<Parts>, Error> {
        let image = ImageHash::of(elf);
        if let Some(parts) = self.found(image, elf) {
            return Ok(parts);
        }
        let parts = Arc::new(Parts::load(elf, image, Known::Nothing, &self.config, &self.pool)?);
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
        let parts = Parts::load(elf, image, Known::Nothing, &self.config, &self.pool)?;
        let (Some(store), Some(key)) = (&self.store, self.key(image)) else {
            return Err(ErrorKind::NoSecret.into());
        };
        let artifact = self.translate(&parts, elf)?;
        let mut file = aot::assemble(&artifact, &parts.program, elf, *key.as_bytes());
        store.seal(&mut file);
        Ok(file)
    }

    fn found(self: &Arc<Self>, image: ImageHash, elf: &[u8]) -> Option<Arc<Parts>> {
        let parts = self.memory.find(image)?;
        if parts.code().is_none() {
            if self.config.backend == Backend::Jit {
                return None;
            }
            if self.config.backend == Backend::Auto {
                self.want(&parts, elf);
            }
        }
        self.counters.memory_hits.count();
        Some(parts)
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
    fn adopt(
        self: &Arc<Self>,
        parts: &Arc<Parts>,
        loaded: Loaded,
        fetched: Duration,
        elf: &[u8],
    ) -> bool {
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
        let every = u64::from(self.config.check_every);
        if every > 0 && self.loads.fetch_add(1, Ordering::Relaxed) % every == every - 1 {
            let job = Job { parts: Arc::clone(parts), elf: elf.into(), task: Task::Check };
            let _ = self.queue.add(self, job);
        }
        true
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

    /// Has a program compiled in the background, if its turn has come.
    ///
    /// A program that is wanted for the first time is compiled at once. One that was compiled before
    /// and has gone, or could not be compiled, waits four times as long each time: a cache that is
    /// too small for what is in use costs speed, and never an endless stream of compilations.
    fn want(self: &Arc<Self>, parts: &Arc<Parts>, elf: &[u8]) {
        if !parts.begin() {
            return;
        }
        let mut all = self.heat.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MAX_HEAT && !all.contains_key(&parts.image_hash) {
            // forgetting costs each program one compilation at most
            all.clear();
        }
        let heat = all.entry(parts.image_hash).or_default();
        heat.wanted = heat.wanted.saturating_add(1);
        let threshold = 1_u32.checked_shl(2 * heat.compiles).unwrap_or(u32::MAX);
        if heat.wanted < threshold {
            drop(all);
            parts.end();
            self.counters.compiles_deferred.count();
            return;
        }
        *heat = Heat { compiles: heat.compiles.saturating_add(1), wanted: 0 };
        drop(all);
        let job = Job { parts: Arc::clone(parts), elf: elf.into(), task: Task::Compile };
        if let Err(job) = self.queue.add(self, job) {
            job.parts.end();
            self.counters.compiles_deferred.count();
        }
    }

    /// Does a job, on a thread of the queue.
    pub(crate) fn perform(self: &Arc<Self>, job: Job) {
        let Job { parts, elf, task } = job;
        match task {
            Task::Compile => {
                // another process, or an earlier job, may have been faster
                let started = Instant::now();
                let loaded = self.fetch(parts.image_hash);
                let fetched = started.elapsed();
                if !loaded.is_some_and(|loaded| self.adopt(&parts, loaded, fetched, &elf)) {
                    let _ = self.compile(&parts, &elf);
                }
                parts.end();
                self.counters.memory_evictions.add(self.memory.weigh(parts.image_hash));
            }
            Task::Check => self.check(&parts, &elf),
        }
    }

    /// Compiles, publishes, and keeps the result.
    fn compile(&self, parts: &Parts, elf: &[u8]) -> Result<(), CompileError> {
        let started = Instant::now();
        let compiled = self.translate(parts, elf).and_then(|artifact| {
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
                self.counters.compile_failures.count();
                let hash = parts.program.code_hash();
                log::warn!("{hash}: interpreting, because {}", WithSources(&error));
                Err(error)
            }
        }
    }

    fn translate(&self, parts: &Parts, elf: &[u8]) -> Result<Artifact, CompileError> {
        let Config { options, limits, schedule, .. } = &self.config;
        let (Some(child), Some(key)) = (&self.child, self.key(parts.image_hash)) else {
            return Ok(translate(&parts.program, parts.charges(), options)?);
        };
        let slots = parts.program.text().slot_count();
        let request = Request { options, limits, schedule, elf, key, slots };
        let artifact = child.compile(&request)?;
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
    fn check(&self, parts: &Parts, elf: &[u8]) {
        let (Some(code), Some(key)) = (parts.code(), self.key(parts.image_hash)) else { return };
        let Ok(artifact) = self.translate(parts, elf) else {
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

    fn flight(&self, image: ImageHash) -> Arc<Mutex<()>> {
        Arc::clone(self.flights().entry(image).or_default())
    }

    fn flights(&self) -> MutexGuard<'_, HashMap<ImageHash, Arc<Mutex<()>>>> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
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

/// Programs whose heat is remembered.
const MAX_HEAT: usize = 1 << 16;

#[cfg(test)]
mod tests {
    use bessemer_image::{ImageBuilder, Profile, Program};

    use super::*;

    fn elf(instructions: usize) -> Vec<u8> {
        // branches, so that there are as many runs as instructions: beq x0, x0, .
        let text = 0x0000_0063_u32.to_le_bytes().repeat(instructions);
        ImageBuilder::new(Profile::rv32(false)).text(0x1_0000, text).build()
    }

    fn compiler(config: Config) -> Compiler {
        let pool = RegionPool::new(config.pool);
        Compiler::new(config, pool).unwrap()
    }

    fn loaded(compiler: &Compiler, elf: &[u8]) -> Parts {
        Parts::load(elf, ImageHash::of(elf), Known::Nothing, &compiler.config, &compiler.pool)
            .unwrap()
    }

    #[test]
    fn a_panic_of_the_translator_costs_speed_and_nothing_else() {
        let compiler = compiler(Config::new());
        let right = loaded(&compiler, &elf(64));
        compiler.compile(&right, &elf(64)).unwrap();
        assert!(right.code().is_some());
        // charges of a shorter program make the translator look behind their end
        let wrong = loaded(&compiler, &elf(64));
        let short = Program::parse(&elf(1), &compiler.config.limits).unwrap();
        wrong.set_charges(short.charges(&compiler.config.schedule));
        let error = compiler.compile(&wrong, &elf(64)).unwrap_err();
        assert!(error.to_string().contains("index out of bounds"), "{error}");
        assert!(wrong.code().is_none());
        assert_eq!(compiler.counters.read().compile_failures, 1);
    }

    #[test]
    fn a_difference_from_what_was_loaded_is_an_alarm() {
        let compiler = compiler(Config::new());
        let (good, other) = (elf(64), elf(65));
        let parts = loaded(&compiler, &good);
        compiler.compile(&parts, &good).unwrap();
        compiler.check(&parts, &good);
        assert_eq!(
            (compiler.counters.checks.value(), compiler.counters.mismatches.value()),
            (1, 0)
        );
        // code that is not that of the program
        let forged = loaded(&compiler, &good);
        let program = Program::parse(&other, &compiler.config.limits).unwrap();
        let charges = program.charges(&compiler.config.schedule);
        let artifact = translate(&program, &charges, &compiler.config.options).unwrap();
        forged.set_code(Code::publish(&artifact).unwrap(), Origin::Disk);
        compiler.check(&forged, &good);
        assert_eq!(
            (compiler.counters.checks.value(), compiler.counters.mismatches.value()),
            (2, 1)
        );
    }
}
