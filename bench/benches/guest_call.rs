//! An embedder's call of an empty guest function.

use std::time::Duration;

use bessemer_bench::contender::Contender;
use bessemer_bench::latency::Probe;
use criterion::{Criterion, criterion_group, criterion_main};

fn guest_call(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("guest call");
    for contender in Contender::GUESTS {
        let mut probe = Probe::new(contender).expect("the probe loads");
        group.bench_function(contender.name(), |bencher| {
            bencher.iter(|| probe.guest_call().expect("the probe returns"));
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
    targets = guest_call
}
criterion_main!(benches);
