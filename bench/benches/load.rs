//! From an artifact in the page cache to the first instruction of an empty function: authenticated,
//! with the program's file hashed and parsed, a new instance each time, and nothing kept in memory.

use std::time::{Duration, Instant};

use bessemer_runtime::{Backend, Config, Engine, Limits, Linker, Module, Origin};
use criterion::{Criterion, criterion_group, criterion_main};

/// Programs whose artifacts have 22 and 256 KiB.
const PROGRAMS: [(&str, &[u8]); 2] = [
    ("22 KiB", include_bytes!("../beside/images/small.elf")),
    ("256 KiB", include_bytes!("../beside/images/large.elf")),
];

/// How long something takes so many times, without dropping what it makes.
fn timed<R>(times: u64, make: impl Fn() -> R) -> Duration {
    let once = |_| {
        let started = Instant::now();
        let made = make();
        let time = started.elapsed();
        drop(made);
        time
    };
    (0..times).map(once).sum()
}

fn load(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("there is a place for temporary files");
    let config = Config::new()
        .backend(Backend::Jit)
        .limits(Limits::contract().with_stack(256 << 10))
        .cache_dir(folder.path().join("cache"))
        .memory_cache(0)
        .check_every(0);
    let engine = Engine::new(config).expect("the cache can be made");
    let linker = Linker::<()>::new(&engine);
    let mut group = criterion.benchmark_group("load");
    for (name, elf) in PROGRAMS {
        let module = Module::new(&engine, elf).expect("it compiles");
        let instance = linker.instantiate(&module, ()).expect("there is memory");
        let nop = instance.function("nop").expect("it has one");
        drop((instance, module));
        let load = || {
            let module = Module::new(&engine, elf).expect("it loads");
            assert_eq!(module.origin(), Some(Origin::Disk), "it was not loaded");
            module
        };
        group.bench_function(format!("{name}, to the module"), |bencher| {
            bencher.iter_custom(|times| timed(times, load));
        });
        group.bench_function(format!("{name}, to the first instruction"), |bencher| {
            bencher.iter_custom(|times| {
                timed(times, || {
                    let mut instance = linker.instantiate(&load(), ()).expect("there is memory");
                    instance.set_gas(1 << 20).expect("little gas");
                    instance.call_at(nop, ()).expect("it returns");
                    instance
                })
            });
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_secs(1));
    targets = load
}
criterion_main!(benches);
