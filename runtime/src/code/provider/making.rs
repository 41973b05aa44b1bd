//! Makes native code: compiles, publishes, keeps, and compares.

use std::sync::Arc;
use std::time::Instant;

use bessemer_translator::{Artifact, Code, Labels, Options};

use super::{Provider, fits};
use crate::Origin;
use crate::code::cache::{Key, KeySeed};
use crate::code::compile::Source;
use crate::code::flight::Taken;
use crate::error::{ChildError, CompileError, WithSources};
use crate::program::{LoadedProgram, Rules};

impl Provider {
    /// Makes the code of a flight, and tells all who wait. With `look`, another process may have been
    /// faster since the program was stored.
    pub(super) fn make(&self, taken: Taken<'_>, look: bool) -> Result<(), CompileError> {
        let loaded = Arc::clone(taken.loaded());
        let started = Instant::now();
        let stored = look.then(|| self.fetch(&loaded.rules, loaded.image_hash)).flatten();
        let fetched = started.elapsed();
        let made = if stored.is_some_and(|stored| self.adopt(&loaded, stored, fetched)) {
            Ok(())
        } else {
            self.compile(&loaded)
        };
        // first kept, then finished, so that no other flight begins
        if self.is_eager() {
            self.hold(&loaded);
        } else {
            self.counters.memory_evictions.add(self.memory.weigh(loaded.identity()));
        }
        taken.finish(made.clone());
        made
    }

    /// Compiles, publishes, and keeps the result.
    pub(super) fn compile(&self, loaded: &LoadedProgram) -> Result<(), CompileError> {
        let started = Instant::now();
        let compiled = self.translate(loaded, &self.config.options).and_then(|artifact| {
            let code = Code::publish(&artifact)?;
            Ok((artifact, code))
        });
        match compiled {
            Ok((artifact, code)) => {
                loaded.set_compile_time(started.elapsed());
                loaded.set_code(code, Origin::Compiled);
                self.counters.compiles.count();
                self.save(loaded, &artifact);
                Ok(())
            }
            Err(error) => {
                self.failed(loaded, &error);
                if error.is_final() {
                    loaded.budget.lift();
                }
                Err(error)
            }
        }
    }

    pub(super) fn failed(&self, loaded: &LoadedProgram, error: &CompileError) {
        self.counters.compile_failures.count();
        let hash = loaded.program.code_hash();
        log::warn!("{hash}: interpreting, because {}", WithSources(error));
    }

    pub(super) fn translate(
        &self,
        loaded: &LoadedProgram,
        options: &Options,
    ) -> Result<Artifact, CompileError> {
        let Rules { limits, schedule, .. } = &*loaded.rules;
        let seed = KeySeed::new(options, limits, schedule)?;
        let artifact = self.compiler.compile(&Source {
            file: loaded.file(),
            program: &loaded.program,
            charges: loaded.charges(),
            options,
            limits,
            schedule,
            key: seed.key(loaded.image_hash),
        })?;
        if fits(artifact.tables().text(), loaded) {
            Ok(artifact)
        } else {
            Err(ChildError::Key.into())
        }
    }

    pub(super) fn save(&self, loaded: &LoadedProgram, artifact: &Artifact) {
        let (Some(store), Some(key)) = (&self.store, self.key_of(loaded)) else { return };
        match store.save(key, artifact.write(&labels(key, loaded))) {
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

    /// Compiles again what was stored. A difference means that the translator is not deterministic or
    /// that the secret is known to someone: both are alarms.
    pub(super) fn check(&self, loaded: &LoadedProgram) {
        let (Some(code), Some(key)) = (loaded.code(), self.key_of(loaded)) else { return };
        let Ok(artifact) = self.translate(loaded, &self.config.options) else {
            self.counters.compile_failures.count();
            return;
        };
        self.counters.checks.count();
        if artifact.code() != code.bytes() || artifact.tables() != code.tables() {
            self.counters.mismatches.count();
            log::error!(
                "ALARM: the artifact {key} of program {} was stored from the cache and differs from what \
                 the translator makes now; the file is removed, stop the node and report this",
                loaded.program.code_hash()
            );
            if let Some(store) = &self.store {
                let _ = store.remove(key);
            }
            self.memory.forget(loaded.identity());
        }
    }
}

fn labels(key: Key, loaded: &LoadedProgram) -> Labels<'static> {
    let code_hash = *loaded.program.code_hash().as_bytes();
    Labels { key: *key.as_bytes(), code_hash, image: None, names: None }
}
