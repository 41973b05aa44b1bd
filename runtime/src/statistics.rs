//! Counters of engines and modules. They saturate, and none is part of an outcome.

use std::sync::atomic::{AtomicU64, Ordering};

/// A number that only grows.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, number: u64) {
        if number > 0 {
            let add = |value: u64| Some(value.saturating_add(number));
            let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
        }
    }

    pub(crate) fn count(&self) {
        self.add(1);
    }

    pub(crate) fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

macro_rules! counters {
    ($Counters:ident, $(#[$meta:meta])* $Statistics:ident { $($(#[$doc:meta])* $name:ident,)* }) => {
        #[derive(Debug, Default)]
        pub(crate) struct $Counters {
            $(pub(crate) $name: Counter,)*
        }

        impl $Counters {
            pub(crate) fn read(&self) -> $Statistics {
                $Statistics { $($name: self.$name.value(),)* }
            }
        }

        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct $Statistics {
            $($(#[$doc])* pub $name: u64,)*
        }

        impl $Statistics {
            /// All counters by name.
            pub fn named(&self) -> impl Iterator<Item = (&'static str, u64)> {
                [$((stringify!($name), self.$name)),*].into_iter()
            }
        }
    };
}

counters! {
    EngineCounters,
    /// Counters of an engine since it was made. A snapshot; the counters are not read at one
    /// moment.
    EngineStatistics {
        /// Modules that were found in memory.
        memory_hits,
        /// Modules that went from memory because others came.
        memory_evictions,
        /// Artifacts that were loaded from disk.
        disk_hits,
        /// Artifacts that were looked for on disk and not there.
        disk_misses,
        /// Files that were not what they have to be, and were removed.
        damaged_files,
        /// Artifacts that were written to disk.
        files_written,
        /// Artifacts that could not be written.
        write_failures,
        /// Files that went because others came.
        disk_evictions,
        /// Programs that were compiled.
        compiles,
        /// Compilations that failed, for whatever reason. The module was interpreted.
        compile_failures,
        /// Compilations that were put off, as the program has been compiled before and gone from
        /// the cache, or the queue was full.
        compiles_deferred,
        /// Executions that waited for native code, as interpreting had become dearer than compiling.
        compiles_awaited,
        /// Programs that were compiled again with entries at the heads of loops, for executions that
        /// were in a loop when native code came.
        osr_compiles,
        /// Loaded artifacts that were compiled again for comparison.
        checks,
        /// Comparisons that found a difference: an alarm.
        mismatches,
    }
}

counters! {
    ModuleCounters,
    /// Counters of the instances of a module.
    ModuleStatistics {
        /// Executions that started or went on natively. Calls of functions that returned count when
        /// their instance stops otherwise or is dropped.
        native_runs,
        /// Executions that started or went on in the interpreter.
        interpreted_runs,
        /// Executions that began in the interpreter and then entered native code.
        swaps,
        /// Gas of instructions that were interpreted because there was no native code, or because the
        /// embedder wished it.
        interpreted_gas,
        /// Gas of instructions that were interpreted although there was native code: control was where
        /// that cannot be entered.
        gap_gas,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_saturate() {
        let counter = Counter::default();
        counter.add(u64::MAX - 1);
        for _ in 0..3 {
            counter.count();
        }
        assert_eq!(counter.value(), u64::MAX);
    }
}
