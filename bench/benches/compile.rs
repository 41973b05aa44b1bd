//! Translation of the workloads and of a synthetic program, in bytes of guest text per second.

use std::hint::black_box;
use std::time::Duration;

use bessemer_bench::{Profile, elf, realistic, workloads};
use bessemer_image::{Limits, Program};
use bessemer_isa::GasSchedule;
use bessemer_translator::{OptLevel, Options, translate};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn compile(criterion: &mut Criterion) {
    let synthetic = realistic::image(100_000, Profile::Im).expect("it can be built");
    let images = workloads::ALL.iter().map(|it| (it.name, elf(it.name, Profile::Im)));
    for (name, image) in images.chain([("synthetic", synthetic.as_slice())]) {
        let program = Program::parse(image, &Limits::bare()).expect("the image loads");
        let charges = program.charges(&GasSchedule::V1);
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Bytes(program.text().bytes().len() as u64));
        for (level, opt_level) in [("speed", OptLevel::Speed), ("none", OptLevel::None)] {
            let options = Options { opt_level, ..Options::default() };
            group.bench_function(level, |bencher| {
                bencher.iter(|| translate(black_box(&program), &charges, &options));
            });
        }
        group.bench_function("load", |bencher| {
            bencher.iter(|| Program::parse(black_box(image), &Limits::bare()));
        });
        group.finish();
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(500));
    targets = compile
}
criterion_main!(benches);
