//! A guest that calls an empty host function a thousand times, and the loop alone: the difference,
//! divided by a thousand, is one call.

use std::time::Duration;

use bessemer_bench::contender::Contender;
use bessemer_bench::latency::Probe;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const CALLS: u32 = 1_000;

fn host_call(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("host call");
    group.throughput(Throughput::Elements(CALLS.into()));
    for contender in Contender::GUESTS {
        let mut probe = Probe::new(contender).expect("the probe loads");
        group.bench_function(contender.name(), |bencher| {
            bencher.iter(|| probe.host_calls(CALLS).expect("the probe returns"));
        });
        group.bench_function(format!("{}, loop alone", contender.name()), |bencher| {
            bencher.iter(|| probe.rounds(CALLS).expect("the probe returns"));
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
    targets = host_call
}
criterion_main!(benches);
