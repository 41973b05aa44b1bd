//! The time of crossings: from the host into native code, and from there to the host.

use std::hint::black_box;

use bessemer_image::{ImageBuilder, Profile};
use bessemer_isa::asm;
use bessemer_runtime::{Backend, Caller, Config, Engine, Instance, Linker, Module};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// Rounds of a loop in the guest.
const ROUNDS: u32 = 1_000;

const GUEST: &str = "
empty:  ret
calls:  mv   s0, a0
        li   a7, 1
1:      ecall
        addi s0, s0, -1
        bnez s0, 1b
        ret
rounds: mv   s0, a0
1:      addi s0, s0, -1
        bnez s0, 1b
        ret
";

fn instance(backend: Backend) -> Instance<()> {
    let program = asm::assemble(GUEST, &asm::Options::default()).expect("the guest is correct");
    let mut image =
        ImageBuilder::new(Profile::rv32(false)).text(program.text.base, &program.text.bytes);
    for (name, &addr) in &program.symbols {
        image = image.symbol(name, addr);
    }
    let engine = Engine::new(Config::new().backend(backend)).expect("defaults work");
    let module = Module::new(&engine, &image.build()).expect("a program");
    let mut linker = Linker::new(&engine);
    linker
        .func(1, "add", |_: Caller<'_, ()>, a: u32, b: u32| a.wrapping_add(b))
        .expect("the first of its number");
    let mut instance = linker.instantiate(&module, ()).expect("memory");
    instance.set_gas(1 << 62).expect("allowed");
    instance
}

fn calls(c: &mut Criterion) {
    for (backend, name) in [(Backend::Jit, "native"), (Backend::Interpreter, "interpreter")] {
        let mut group = c.benchmark_group(format!("calls/{name}"));
        let mut instance = instance(backend);
        let empty = instance.function("empty").expect("a symbol");
        group.bench_function("host to guest", |b| {
            b.iter(|| {
                instance.set_gas(1 << 40).expect("allowed");
                black_box(instance.call_at(empty, black_box((1, 2))).expect("returns"))
            });
        });
        group.throughput(Throughput::Elements(ROUNDS.into()));
        for (name, function) in
            [("guest to host, 1000", "calls"), ("the same loop, empty", "rounds")]
        {
            let function = instance.function(function).expect("a symbol");
            group.bench_function(name, |b| {
                b.iter(|| {
                    instance.set_gas(1 << 40).expect("allowed");
                    black_box(instance.call_at(function, ROUNDS).expect("returns"))
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, calls);
criterion_main!(benches);
