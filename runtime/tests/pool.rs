//! What a pool of regions promises.

use std::ops::Range;
use std::process::Command;
use std::sync::Arc;
use std::thread;

use bessemer_image::Memory;
use bessemer_runtime::memory::{
    PAGE, Part, PoolLimits, Region, RegionError, RegionImage, RegionPool, STACK_TOP,
};

const HEAP: Range<u32> = 0x100_0000..0x110_0000;

fn image(data: u32, stack: u32, fill: u8) -> Arc<RegionImage> {
    let bytes = vec![fill; data as usize / 2 + 1];
    let parts = [
        Part { addr: 0x1_0000, size: 0x3000, bytes: &[fill ^ 0xFF; 0x2345], writable: false },
        Part { addr: 0x2_0000, size: data, bytes: &bytes, writable: true },
    ];
    RegionImage::build(&parts, STACK_TOP - stack..STACK_TOP, HEAP).expect("lays out")
}

/// Regions that exist, and how many of them are idle.
fn counts(pool: &RegionPool) -> (usize, usize) {
    (pool.regions(), pool.idle())
}

/// Grows the heap, which must be zero, and writes to every byte that a guest can write.
fn soil(region: &mut Region, heap: u32, canary: u8) {
    let stack = region.image().stack();
    for page in 0..heap {
        let at = region.grow(1).expect("grows");
        assert_eq!(at, HEAP.start + page * PAGE);
        assert!(region.read(at, PAGE).expect("mapped").iter().all(|&byte| byte == 0));
        assert!(region.load_u8(at + PAGE).is_err());
    }
    let areas: Vec<_> = region.mapped().map(|(at, bytes)| (at, bytes.len() as u32)).collect();
    for (at, len) in areas {
        if let Ok(bytes) = region.write(at, len) {
            bytes.fill(canary);
        } else {
            assert!(at < stack.start);
        }
    }
}

fn has_canary(region: &Region, canary: u8) -> bool {
    region.mapped().any(|(_, bytes)| bytes.contains(&canary))
}

#[test]
fn nothing_of_a_tenant_is_left_for_the_next() {
    for limits in [
        PoolLimits { regions: 1, warm: 1 },
        PoolLimits { regions: 1, warm: 0 },
        PoolLimits { regions: 2, warm: 1 },
    ] {
        let pool = RegionPool::new(limits);
        // Small, none at all, and larger than what is kept warm.
        let images = [
            image(0x5000, 0x1_0000, 1),
            image(1, PAGE, 2),
            image(0x20_0000, 0x10_0000, 3),
            image(0x1_1000, 0x1_1000, 4),
        ];
        let mut visit = 0;
        for round in 0..16 {
            for image in &images {
                for _ in 0..5 {
                    let mut region = pool.acquire(image).expect("there is one");
                    assert!(region.is_fresh());
                    assert!(!has_canary(&region, 0xA5));
                    assert_eq!(region.heap_end(), HEAP.start);
                    assert!(region.load_u8(HEAP.start).is_err());
                    if round % 3 != 2 {
                        // Up to the bound on what stays behind, and beyond; more and less in turn.
                        soil(&mut region, [16, 3, 17, 0, 5][visit % 5], 0xA5);
                        visit += 1;
                        assert!(!region.is_fresh());
                    }
                }
            }
        }
        assert!(pool.regions() <= limits.regions);
    }
}

#[test]
fn what_native_code_writes_through_the_base_is_reset_too() {
    let pool = RegionPool::new(PoolLimits::default());
    let image = image(0x5000, 0x1_0000, 1);
    for _ in 0..3 {
        let mut region = pool.acquire(&image).expect("there is one");
        assert_eq!(region.load_u8(0x2_0000), Ok(1));
        region.open_all().expect("opens");
        let base = region.base_mut();
        // SAFETY: the address is that of writable data, and the region is ours alone.
        unsafe { base.add(0x2_0000).write(9) };
        assert_eq!(region.load_u8(0x2_0000), Ok(9));
    }
    assert_eq!(counts(&pool), (1, 1));
}

#[test]
fn the_most_recently_used_region_of_an_image_comes_first() {
    let pool = RegionPool::new(PoolLimits::default());
    let (one, two) = (image(0x1000, PAGE, 1), image(0x1000, PAGE, 2));
    let first = pool.acquire(&one).expect("there is one");
    let second = pool.acquire(&one).expect("there is one");
    let bases = [first.base(), second.base()];
    drop(second);
    drop(first);
    let other = pool.acquire(&two).expect("there is one");
    assert!(!bases.contains(&other.base()));
    assert_eq!(pool.acquire(&one).expect("there is one").base(), bases[0]);
}

#[test]
fn a_pool_is_bounded_and_takes_idle_regions_of_other_images() {
    let pool = RegionPool::new(PoolLimits { regions: 2, warm: 1 });
    let images: Vec<_> = (1..5).map(|fill| image(0x3000, PAGE, fill)).collect();
    let held = pool.acquire(&images[0]).expect("there is one");
    for image in images.iter().cycle().take(20) {
        let mut region = pool.acquire(image).expect("one is idle");
        assert!(region.is_fresh());
        soil(&mut region, 2, 0xA5);
    }
    let last = pool.acquire(&images[1]).expect("one is idle");
    let error = pool.acquire(&images[1]).expect_err("none is idle");
    assert!(matches!(error, RegionError::Exhausted { limit: 2 }), "{error}");
    assert_eq!(counts(&pool), (2, 0));
    drop((held, last));
    assert_eq!(counts(&pool), (2, 2));
    pool.evict(&images[0]);
    assert_eq!(counts(&pool), (1, 1));
}

/// An image whose layout, contents and heap depend on `random`. One in three has the stack of most.
fn random_image(random: &mut fastrand::Rng) -> Arc<RegionImage> {
    let (mut parts, mut at) = (Vec::new(), 0x1_0000);
    let bytes: Vec<u8> = (0..0x4000).map(|_| random.u8(..)).collect();
    for _ in 0..random.u32(0..4) {
        at += random.u32(0..4) * PAGE;
        let size = random.u32(1..4) * PAGE - random.u32(0..PAGE);
        let len = if random.u8(..4) == 0 { 0 } else { random.u32(..=size) };
        parts.push((at, size, len, random.bool()));
        at = (at + size).next_multiple_of(PAGE);
    }
    let parts: Vec<_> = parts
        .iter()
        .map(|&(addr, size, len, writable)| Part {
            addr,
            size,
            bytes: &bytes[..len as usize],
            writable,
        })
        .collect();
    let stack = [4, 4, 1, 0][random.usize(..4)] * PAGE;
    let heap = at + random.u32(0..3) * PAGE;
    let heap = heap..heap + random.u32(0..80) * PAGE;
    RegionImage::build(&parts, STACK_TOP - stack..STACK_TOP, heap).expect("lays out")
}

/// Compares what the system allows on each page of guest space with what the region says: nothing
/// outside of its memory can be read, and nothing can be written that is only for reading.
fn check_mappings(region: &mut Region) -> usize {
    let base = region.base().addr();
    let maps = std::fs::read_to_string("/proc/self/maps").expect("Linux");
    let mut pages = 0;
    for line in maps.lines() {
        let (range, rest) = line.split_once(' ').expect("a range and more");
        let (start, end) = range.split_once('-').expect("two addresses");
        let [start, end] = [start, end].map(|hex| usize::from_str_radix(hex, 16).expect("hex"));
        if !region.reserved().contains(&start) || rest.starts_with("---p") {
            continue;
        }
        for host in (start..end).step_by(PAGE as usize) {
            let addr = u32::try_from(host.wrapping_sub(base)).expect("no access to the guards");
            assert!(region.read(addr, PAGE).is_ok(), "{addr:#x} is mapped: {line}");
            let is_open = rest.starts_with("rw");
            assert!(!is_open || region.write(addr, PAGE).is_ok(), "{addr:#x} is open: {line}");
            pages += 1;
        }
    }
    assert_eq!(pages as u64 * u64::from(PAGE), region.mapped_len(), "all memory is mapped");
    pages
}

#[test]
fn a_region_that_gets_another_image_is_like_a_new_one() {
    let seed = std::env::var("SEED").map_or(1, |seed| seed.parse().expect("a number"));
    println!("SEED={seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let mut checked = 0;
    for warm in [0, 1] {
        let pool = RegionPool::new(PoolLimits { regions: 1, warm });
        let images: Vec<_> = (0..12).map(|_| random_image(&mut random)).collect();
        for turn in 0..400 {
            let image = &images[random.usize(..images.len())];
            let mut region = pool.acquire(image).expect("one is idle");
            assert!(region.is_fresh(), "turn {turn}");
            checked += check_mappings(&mut region);
            match random.u8(..4) {
                0 => {}
                // a few pages, as later frames open them one by one
                1 => {
                    let areas: Vec<_> = region.mapped().map(|(at, _)| at).collect();
                    for at in areas {
                        let _ = region.store_u8(at, 0xA5);
                    }
                }
                _ => {
                    let left = (region.image().heap().end - region.heap_end()) / PAGE;
                    let _ = region.grow(random.u32(..=left));
                    let areas: Vec<_> =
                        region.mapped().map(|(at, bytes)| (at, bytes.len() as u32)).collect();
                    for (at, len) in areas {
                        let _ = region.write(at, len).map(|bytes| bytes.fill(0xA5));
                    }
                    checked += check_mappings(&mut region);
                }
            }
        }
        assert_eq!(counts(&pool), (1, 1));
    }
    assert!(checked > 1_000, "only {checked} pages");
}

#[test]
fn a_thousand_regions_live_at_once() {
    let pool = RegionPool::new(PoolLimits { regions: 1000, warm: 10 });
    let image = image(0x5000, 0x1_0000, 7);
    let mut regions: Vec<_> =
        (0..1000).map(|_| pool.acquire(&image).expect("there is one")).collect();
    for (index, region) in (0..).zip(&mut regions) {
        region.store_u32(0x2_0000, index).expect("mapped");
        region.store_u32(STACK_TOP - 4, !index).expect("mapped");
    }
    for (index, region) in (0..).zip(&regions) {
        assert_eq!(region.load_u32(0x2_0000), Ok(index));
        assert_eq!(region.load_u32(STACK_TOP - 4), Ok(!index));
    }
    assert!(pool.acquire(&image).is_err());
}

/// Runs one test of this file in a process of its own, where `BESSEMER_CHILD` is set.
fn in_child(test: &str) {
    let output = Command::new(std::env::current_exe().expect("known"))
        .args(["--exact", test, "--nocapture"])
        .env("BESSEMER_CHILD", "1")
        .output()
        .expect("runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{output:?}");
}

fn is_child() -> bool {
    std::env::var_os("BESSEMER_CHILD").is_some()
}

/// Memory of this process that no other process shares, in KiB.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").expect("readable");
    let line = text.lines().find(|line| line.starts_with("RssAnon:")).expect("reported");
    line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).expect("a number")
}

#[test]
fn an_idle_region_takes_at_most_12_kib() {
    if !is_child() {
        return in_child("an_idle_region_takes_at_most_12_kib");
    }
    let pool = RegionPool::new(PoolLimits { regions: 1000, warm: 32 });
    let image = image(0x5000, 0x1_0000, 7);
    let before = resident();
    let mut regions: Vec<_> =
        (0..1000).map(|_| pool.acquire(&image).expect("there is one")).collect();
    for region in &mut regions {
        soil(region, 12, 0xA5);
    }
    assert!(resident() - before > 1000 * 84);
    drop(regions);
    // Again, as the first use of a region keeps nothing.
    let regions: Vec<_> = (0..1000)
        .map(|_| {
            let mut region = pool.acquire(&image).expect("there is one");
            soil(&mut region, 12, 0xA5);
            region
        })
        .collect();
    drop(regions);
    assert_eq!(counts(&pool), (1000, 1000));
    let each = (resident() - before) as f64 / 1000.0;
    println!("an idle region takes {each:.1} KiB in the mean, 32 of 1,000 of them warm");
    assert!(each <= 12.0, "{each}");
}

#[test]
fn a_warm_region_takes_the_pages_that_were_written_to() {
    if !is_child() {
        return in_child("a_warm_region_takes_the_pages_that_were_written_to");
    }
    let pool = RegionPool::new(PoolLimits { regions: 200, warm: 200 });
    let image = image(0x5000, 0x1_0000, 7);
    let before = resident();
    for _ in 0..4 {
        let mut regions: Vec<_> =
            (0..200).map(|_| pool.acquire(&image).expect("there is one")).collect();
        for region in &mut regions {
            region.store_u8(0x2_0000, 1).expect("mapped");
            region.store_u8(STACK_TOP - 1, 1).expect("mapped");
        }
    }
    let each = (resident() - before) as f64 / 200.0;
    println!("a region of which two pages are written to takes {each:.1} KiB");
    assert!((8.0..=12.0).contains(&each), "{each}");
}

#[test]
fn address_space_that_is_refused_is_an_error() {
    if !is_child() {
        return in_child("address_space_that_is_refused_is_an_error");
    }
    // Room for three regions or so.
    limit(libc::RLIMIT_AS, 120 << 30);
    let pool = RegionPool::new(PoolLimits::default());
    let image = image(0x5000, 0x1_0000, 7);
    let mut regions = Vec::new();
    let error = loop {
        match pool.acquire(&image) {
            Ok(region) => regions.push(region),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, RegionError::Os { what: "reserve address space", .. }), "{error}");
    assert!(regions.len() >= 2);
    assert_eq!(counts(&pool), (regions.len(), 0));
    regions.pop();
    assert!(pool.acquire(&image).expect("one is idle").is_fresh());
}

#[test]
fn address_space_of_images_that_are_gone_is_used_again_empty_and_bounded() {
    if !is_child() {
        return in_child("address_space_of_images_that_are_gone_is_used_again_empty_and_bounded");
    }
    let pool = RegionPool::new(PoolLimits::default());
    let old = image(0x5000, 0x1_0000, 7);
    let mut regions: Vec<_> = (0..20).map(|_| pool.acquire(&old).expect("there is room")).collect();
    regions.iter_mut().for_each(|region| soil(region, 2, 0xA5));
    drop(regions);
    pool.evict(&old);
    assert_eq!(counts(&pool), (0, 0));
    let reserved = address_space() >> 30;
    assert!((8 * 38..10 * 38).contains(&reserved), "{reserved} GiB");
    // no more address space, but for what the process has
    limit(libc::RLIMIT_AS, address_space() + (1 << 20));
    let new = image(0x3000, 0x2_0000, 9);
    let regions: Vec<_> = (0..8).map(|_| pool.acquire(&new).expect("it waits")).collect();
    assert!(regions.iter().all(|region| region.is_fresh() && !has_canary(region, 0xA5)));
    assert!(pool.acquire(&new).is_err(), "what waited was more than eight");
    assert_eq!(counts(&pool), (8, 0));
}

/// Bytes of address space of this process.
fn address_space() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("Linux");
    statm.split(' ').next().expect("a number").parse::<u64>().expect("a number") * 4096
}

/// Sets a limit of this process; more than the hard limit is that.
fn limit(resource: libc::__rlimit_resource_t, value: u64) {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the limits are valid ones, and go from and into a valid place.
    unsafe {
        assert_eq!(libc::getrlimit(resource, &raw mut limit), 0);
        limit.rlim_cur = value.min(limit.rlim_max);
        assert_eq!(libc::setrlimit(resource, &raw const limit), 0);
    }
}

#[test]
fn memory_that_is_refused_is_an_error_and_costs_the_pool_nothing() {
    if !is_child() {
        return in_child("memory_that_is_refused_is_an_error_and_costs_the_pool_nothing");
    }
    let pool = RegionPool::new(PoolLimits { regions: 2, warm: 1 });
    let image = image(0x5000, 0x1_0000, 7);
    let mut kept = pool.acquire(&image).expect("there is one");
    for _ in 0..5 {
        limit(libc::RLIMIT_DATA, 1);
        let error = pool.acquire(&image).expect_err("no writable memory is left");
        let what = "map the image of a program";
        assert!(matches!(error, RegionError::Os { what: found, .. } if found == what), "{error}");
        assert_eq!(counts(&pool), (1, 0));
        limit(libc::RLIMIT_DATA, libc::RLIM_INFINITY);

        let mut region = pool.acquire(&image).expect("there is one");
        limit(libc::RLIMIT_DATA, 1);
        let error = region.grow(1).expect_err("no writable memory is left");
        limit(libc::RLIMIT_DATA, libc::RLIM_INFINITY);
        assert!(matches!(error, RegionError::Os { what: "grow the heap", .. }), "{error}");
        assert_eq!(region.heap_end(), HEAP.start);
        drop(region);
        // What failed half way is not used again.
        assert_eq!(counts(&pool), (1, 0));
    }
    soil(&mut kept, 2, 0xA5);
    drop(kept);
    assert!(pool.acquire(&image).expect("one is idle").is_fresh());
}

#[test]
fn a_descriptor_that_is_refused_is_an_error() {
    if !is_child() {
        return in_child("a_descriptor_that_is_refused_is_an_error");
    }
    let part = Part { addr: 0x1_0000, size: 1, bytes: &[1], writable: true };
    limit(libc::RLIMIT_NOFILE, 3);
    let error = RegionImage::build(&[part], STACK_TOP - PAGE..STACK_TOP, HEAP);
    limit(libc::RLIMIT_NOFILE, 100);
    let error = error.expect_err("no descriptor is left");
    assert!(matches!(error, RegionError::Os { what: "write the image of a program", .. }));
    // An image of zeros needs none.
    limit(libc::RLIMIT_NOFILE, 3);
    let zero = Part { bytes: &[], ..part };
    let built = RegionImage::build(&[zero], STACK_TOP - PAGE..STACK_TOP, HEAP);
    limit(libc::RLIMIT_NOFILE, 100);
    assert!(Region::new(&built.expect("lays out")).expect("reserves").is_fresh());
}

#[test]
fn threads_share_a_pool() {
    let pool = RegionPool::new(PoolLimits { regions: 64, warm: 3 });
    let images: Vec<_> = (1..4).map(|fill| image(0x5000, 0x1_0000, fill)).collect();
    thread::scope(|scope| {
        for number in 0..8_u8 {
            let (pool, images) = (&pool, &images);
            scope.spawn(move || {
                for round in 0..200_usize {
                    let image = &images[(round + usize::from(number)) % images.len()];
                    let mut region = pool.acquire(image).expect("there is one");
                    assert!(!(0x80..0x88).any(|canary| has_canary(&region, canary)));
                    region.store_u8(0x2_0000, 0x80 + number).expect("mapped");
                    region.store_u8(STACK_TOP - 9, 0x80 + number).expect("mapped");
                }
            });
        }
    });
    let (regions, idle) = counts(&pool);
    assert_eq!(regions, idle);
    assert!(regions <= 8 * images.len());
}
