//! Each workload on native code, both levels of translated code, and the interpreter.
//!
//! `cargo bench -p bessemer-bench --bench execute -- sha256` measures one of them. All do the small
//! work, so that times can be compared within a group.

use std::hint::black_box;
use std::time::Duration;

use bessemer_bench::contender::{Contender, Runner};
use bessemer_bench::{Profile, workloads};
use criterion::{Criterion, criterion_group, criterion_main};

const CONTENDERS: [Contender; 4] =
    [Contender::Native, Contender::Jit, Contender::JitUnoptimised, Contender::Interpreter];

fn execute(criterion: &mut Criterion) {
    for workload in workloads::ALL {
        let mut group = criterion.benchmark_group(workload.name);
        for contender in CONTENDERS {
            group.bench_function(contender.name(), |bencher| {
                let mut runner =
                    Runner::new(contender, workload, Profile::Im).expect("the image loads");
                bencher.iter(|| {
                    let answer = runner.run(black_box(workload.small_n)).expect("it returns");
                    assert_eq!(answer.checksum, workload.small_checksum);
                });
            });
        }
        group.finish();
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(400));
    targets = execute
}
criterion_main!(benches);
