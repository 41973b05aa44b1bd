//! An instance from the pool and back: alone; with a program that writes to two pages and ends; the
//! same where the pool holds none of its memory; and where it holds that of another module.

use std::time::Duration;

use bessemer_bench::contender::Contender;
use bessemer_bench::latency::{Probe, Rivals};
use criterion::{Criterion, criterion_group, criterion_main};

fn instantiate(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("instantiate");
    for contender in Contender::GUESTS {
        let probe = Probe::new(contender).expect("the probe loads");
        group.bench_function(contender.name(), |bencher| {
            bencher.iter(|| probe.instantiate().expect("there is memory"));
        });
        group.bench_function(format!("{}, and run", contender.name()), |bencher| {
            bencher.iter(|| probe.instantiate_and_run().expect("the probe ends"));
        });
        let probe = Probe::cold(contender).expect("the probe loads");
        group.bench_function(format!("{}, and run, cold", contender.name()), |bencher| {
            bencher.iter(|| probe.instantiate_and_run().expect("the probe ends"));
        });
        let rivals = Rivals::new(contender).expect("the probe loads");
        group.bench_function(format!("{}, and run, two modules", contender.name()), |bencher| {
            bencher.iter(|| rivals.run_both().expect("the probe ends"));
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
    targets = instantiate
}
criterion_main!(benches);
