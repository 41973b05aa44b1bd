//! The time of regions and of entries into native code.

use std::arch::global_asm;
use std::hint::black_box;
use std::sync::Arc;

use bessemer_image::Memory;
use bessemer_runtime::memory::{
    PAGE, Part, PoolLimits, Region, RegionImage, RegionPool, STACK_TOP,
};
use bessemer_runtime::signal::{Activation, with_activation};
use bessemer_translator::{Landing, TrapRecord};
use criterion::{Criterion, criterion_group, criterion_main};

const DATA: u32 = 0x2_0000;

/// Text of 64 KiB, 20 KiB of data, and a stack.
fn image(stack: u32) -> Arc<RegionImage> {
    let parts = [
        Part { addr: 0x1_0000, size: 0x1_0000, bytes: &[0x13; 0x1_0000], writable: false },
        Part { addr: DATA, size: 20 << 10, bytes: &[7; 12 << 10], writable: true },
    ];
    RegionImage::build(&parts, STACK_TOP - stack..STACK_TOP, 0x10_0000..0x20_0000)
        .expect("lays out")
}

/// Three pages of data and two of stack.
fn touch(region: &mut Region) {
    let pages = [DATA, DATA + PAGE, DATA + 4 * PAGE, STACK_TOP - 8, STACK_TOP - PAGE - 8];
    for addr in pages {
        region.store_u32(addr, 1).expect("mapped");
    }
}

fn regions(criterion: &mut Criterion) {
    for (name, stack) in [("64 KiB stack", 64 << 10), ("1 MiB stack", 1 << 20)] {
        let image = image(stack);
        let mut group = criterion.benchmark_group(name);
        group.bench_function("new", |bencher| bencher.iter(|| Region::new(&image)));
        group.bench_function("new, touch 5 pages", |bencher| {
            bencher.iter(|| touch(&mut Region::new(&image).expect("reserves")));
        });
        for (kind, warm) in [("warm", 1), ("cold", 0)] {
            let pool = RegionPool::new(PoolLimits { regions: 1, warm });
            group.bench_function(format!("{kind} pool, untouched"), |bencher| {
                bencher.iter(|| drop(pool.acquire(&image)));
            });
            group.bench_function(format!("{kind} pool, touch 5 pages"), |bencher| {
                bencher.iter(|| touch(&mut pool.acquire(&image).expect("there is one")));
            });
            group.bench_function(format!("{kind} pool, touch 5 pages, grow 1"), |bencher| {
                bencher.iter(|| {
                    let mut region = pool.acquire(&image).expect("there is one");
                    touch(&mut region);
                    let heap = region.grow(1).expect("grows");
                    region.store_u32(heap, 1).expect("mapped");
                });
            });
        }
        let pool = RegionPool::new(PoolLimits { regions: 1, warm: 1 });
        let other = self::image(stack);
        group.bench_function("pool, other image each time, touch 5 pages", |bencher| {
            bencher.iter(|| {
                touch(&mut pool.acquire(&image).expect("there is one"));
                touch(&mut pool.acquire(&other).expect("there is one"));
            });
        });
    }
}

fn accesses(criterion: &mut Criterion) {
    let mut region = Region::new(&image(64 << 10)).expect("reserves");
    let mut group = criterion.benchmark_group("1,024 accesses");
    let areas = [("text", 0x1_0000), ("data", DATA), ("stack", STACK_TOP - 0x2000)];
    for (name, base) in areas {
        group.bench_function(format!("load from {name}"), |bencher| {
            bencher.iter(|| {
                (0..1024).fold(0_u32, |sum, at| {
                    sum.wrapping_add(region.load_u32(black_box(base + at * 4)).unwrap_or(0))
                })
            });
        });
    }
    for (name, base) in &areas[1..] {
        group.bench_function(format!("store to {name}"), |bencher| {
            bencher.iter(|| {
                (0..1024).all(|at| region.store_u32(black_box(base + at * 4), at).is_ok())
            });
        });
    }
    group.bench_function("load from stack and data in turn", |bencher| {
        bencher.iter(|| {
            (0..512).fold(0_u32, |sum, at| {
                let data = region.load_u32(black_box(DATA + at * 4)).unwrap_or(0);
                let stack = region.load_u32(black_box(STACK_TOP - 0x2000 + at * 4)).unwrap_or(0);
                sum.wrapping_add(data ^ stack)
            })
        });
    });
}

// bench_enter(activation, code, argument): saves what the landing pad needs, and calls.
global_asm!(
    ".globl bench_enter, bench_landing",
    "bench_enter:",
    "push rbp",
    "mov rbp, rsp",
    "push r15",
    "sub rsp, 8",
    "mov [rdi + {sp}], rsp",
    "mov [rdi + {fp}], rbp",
    "mov rdi, rdx",
    "call rsi",
    "bench_landing:",
    "add rsp, 8",
    "pop r15",
    "pop rbp",
    "ret",
    "bench_load:",
    "mov eax, [rdi]",
    "ret",
    ".globl bench_load",
    sp = const core::mem::offset_of!(Landing, sp),
    fp = const core::mem::offset_of!(Landing, fp),
);

#[allow(improper_ctypes, reason = "the stub uses the landing only, which stands first")]
unsafe extern "C" {
    fn bench_enter(activation: *mut Activation, code: usize, argument: usize);
    fn bench_landing();
    fn bench_load();
}

fn entries(criterion: &mut Criterion) {
    let region = Region::new(&image(64 << 10)).expect("reserves");
    let load = bench_load as *const () as usize;
    let landing = bench_landing as *const () as usize;
    let meter = TrapRecord::METER_IN_CONTEXT;
    let traps = [TrapRecord { offset: 0, pc: 0, meter, kind: 5 }];
    // SAFETY: the code is that of `bench_load`, which `bench_enter` enters; its landing pad finds
    // the stack as after a return.
    let mut activation =
        unsafe { Activation::new(load..load + 3, &traps, region.reserved(), landing) };
    let mut enter = |guest: usize| {
        let argument = region.base().addr() + guest;
        with_activation(&mut activation, |activation| {
            // SAFETY: the load faults or not; both come back.
            unsafe { bench_enter(activation, load, argument) };
        })
        .expect("the thread can be prepared");
        activation.take_fault().is_some()
    };
    criterion.bench_function("enter, load, leave", |bencher| {
        bencher.iter(|| assert!(!enter(black_box(DATA as usize))));
    });
    criterion.bench_function("enter, fault, land", |bencher| {
        bencher.iter(|| assert!(enter(black_box(0))));
    });
}

criterion_group!(benches, regions, accesses, entries);
criterion_main!(benches);
