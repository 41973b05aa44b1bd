//! What guest memory is, as the specification, section 3, and the invariants of `region` say.

use std::ops::Range;
use std::sync::Arc;

use bessemer_image::{Fault, Memory};
use bessemer_runtime::memory::{
    GUARD_AFTER, GUARD_BEFORE, PAGE, Part, Region, RegionError, RegionImage, SPACE, STACK_TOP,
};

const STACK: Range<u32> = 0xFFFE_0000..STACK_TOP;
const HEAP: Range<u32> = 0x0004_0000..0x0005_0000;

/// Text at 0x10000, read-only data behind it, writable data with zeros, stack; and the heap not
/// next to the data.
fn image() -> Arc<RegionImage> {
    let parts = [
        Part { addr: 0x1_0000, size: 0x1804, bytes: &[0x11; 0x1804], writable: false },
        Part { addr: 0x1_2000, size: 0x0FFF, bytes: &[0x22; 0x0FFF], writable: false },
        Part { addr: 0x1_3000, size: 0x5000, bytes: &[0x33; 0x1234], writable: true },
        Part { addr: 0x2_0010, size: 0x3000, bytes: &[], writable: false },
    ];
    RegionImage::build(&parts, STACK, HEAP).expect("lays out")
}

/// The areas of `image()`, with permission.
const AREAS: [(Range<u32>, bool); 4] = [
    (0x1_0000..0x1_3000, false),
    (0x1_3000..0x1_8000, true),
    (0x2_0000..0x2_4000, false),
    (STACK, true),
];

fn region() -> Region {
    Region::new(&image()).expect("reserves")
}

fn width_of_access(
    region: &mut Region,
    write: bool,
    width: u32,
) -> impl FnMut(u32) -> Result<(), Fault> {
    move |addr| match (write, width) {
        (false, 1) => region.load_u8(addr).map(drop),
        (false, 2) => region.load_u16(addr).map(drop),
        (false, 4) => region.load_u32(addr).map(drop),
        (true, 1) => region.store_u8(addr, 0),
        (true, 2) => region.store_u16(addr, 0),
        (true, 4) => {
            let checked = region.check_store(addr, 4);
            assert_eq!(region.store_u32(addr, 0), checked);
            checked
        }
        _ => unreachable!(),
    }
}

/// What an access of `len` bytes must do, byte by byte.
fn expected(areas: &[(Range<u32>, bool)], addr: u32, len: u32, write: bool) -> Result<(), Fault> {
    for byte in u64::from(addr)..u64::from(addr) + u64::from(len) {
        let usable = u32::try_from(byte).is_ok_and(|byte| {
            areas.iter().any(|(area, writable)| area.contains(&byte) && (*writable || !write))
        });
        if !usable {
            return Err(Fault { addr: u32::try_from(byte).expect("nothing up to 2^32 is mapped") });
        }
    }
    Ok(())
}

#[test]
fn a_fault_names_the_lowest_inaccessible_byte_at_each_edge_for_each_width() {
    let mut region = region();
    let mut areas = AREAS.to_vec();
    let mut cases = 0;
    for grown in [false, true] {
        if grown {
            assert_eq!(region.grow(3).expect("grows"), HEAP.start);
            areas.push((HEAP.start..HEAP.start + 3 * PAGE, true));
        }
        let edges: Vec<u32> = areas
            .iter()
            .flat_map(|(area, _)| [area.start, area.end])
            .chain([0, PAGE, HEAP.start, HEAP.end, 0x8000_0000, u32::MAX])
            .collect();
        for edge in edges {
            for addr in (0..=16).map(|step| edge.wrapping_add(step).wrapping_sub(8)) {
                for write in [false, true] {
                    for width in [1, 2, 4] {
                        assert_eq!(
                            width_of_access(&mut region, write, width)(addr),
                            expected(&areas, addr, width, write),
                            "{width} bytes at {addr:#x}, write {write}"
                        );
                        cases += 1;
                    }
                    for len in [0, 1, 2, 3, 4, 7, 8, 9, 17] {
                        let found = match write {
                            false => region.read(addr, len).map(<[u8]>::len),
                            true => region.write(addr, len).map(|bytes| bytes.len()),
                        };
                        let expected = expected(&areas, addr, len, write);
                        assert_eq!(found, expected.map(|()| len as usize), "{len} at {addr:#x}");
                        cases += 1;
                    }
                }
            }
        }
    }
    assert!(cases > 10_000);
}

#[test]
fn a_range_may_span_areas_that_touch() {
    let mut region = region();
    // From text over read-only data into writable data.
    let bytes = region.read(0x1_0000, 0x8000).expect("all mapped");
    assert_eq!((bytes[0], bytes[0x1803], bytes[0x1804], bytes[0x1FFF]), (0x11, 0x11, 0, 0));
    assert_eq!((bytes[0x2000], bytes[0x2FFE], bytes[0x2FFF], bytes[0x3000]), (0x22, 0x22, 0, 0x33));
    assert_eq!((bytes[0x4233], bytes[0x4234], bytes[0x7FFF]), (0x33, 0, 0));
    assert_eq!(region.load_u32(0x1_2FFE), Ok(u32::from_le_bytes([0x22, 0, 0x33, 0x33])));
    assert_eq!(region.write(0x1_2FFE, 4), Err(Fault { addr: 0x1_2FFE }));
    assert_eq!(region.read(0x1_0000, 0x8001), Err(Fault { addr: 0x1_8000 }));
    assert_eq!(region.read(0xFFFE_0000, u32::MAX), Err(Fault { addr: STACK_TOP }));
    assert_eq!(region.read(0, u32::MAX), Err(Fault { addr: 0 }));
}

#[test]
fn an_empty_range_is_valid_at_every_address() {
    let mut region = region();
    for addr in [0, 1, 0xFFF, 0x1_0000, 0x8000_0001, STACK_TOP, u32::MAX] {
        assert_eq!(region.read(addr, 0), Ok(&[][..]));
        assert_eq!(region.write(addr, 0), Ok(&mut [][..]));
    }
}

#[test]
fn loads_give_what_stores_wrote_in_every_width_and_alignment() {
    let mut region = region();
    for base in [0x1_3FF8, STACK.end - 32, STACK.start] {
        for addr in base..base + 16 {
            region.store_u32(addr, 0x8182_8384).expect("mapped");
            assert_eq!(region.load_u32(addr), Ok(0x8182_8384));
            assert_eq!(region.load_u16(addr + 1), Ok(0x8283));
            region.store_u16(addr + 2, 0x0102).expect("mapped");
            region.store_u8(addr, 0xFF).expect("mapped");
            assert_eq!(region.read(addr, 4), Ok(&[0xFF, 0x83, 0x02, 0x01][..]));
        }
    }
}

#[test]
fn a_store_that_faults_stores_nothing() {
    let mut region = region();
    let last = 0x1_8000 - 2;
    region.write(last, 2).expect("mapped").fill(7);
    assert_eq!(region.store_u32(last, 0), Err(Fault { addr: 0x1_8000 }));
    assert_eq!(region.read(last, 2), Ok(&[7, 7][..]));
}

#[test]
fn a_copy_is_as_if_the_source_had_been_set_aside_first() {
    let mut region = region();
    let numbers: Vec<u8> = (0..=255).cycle().take(0x3000).collect();
    // apart, overlapping in both directions, onto itself, into frozen pages, and nothing
    for (from, to, len) in [
        (0x1_3000, 0x1_6000, 0x1800),
        (0x1_3000, 0x1_3001, 0x2000),
        (0x1_3abc, 0x1_3000, 0x2000),
        (0x1_3000, 0x1_3000, 0x1000),
        (0x1_1000, STACK.start, 0x2000),
        (0x1_3fff, 0x1_4fff, 2),
        (0, u32::MAX, 0),
    ] {
        region.write(0x1_3000, 0x3000).unwrap().copy_from_slice(&numbers);
        let expected = region.read(from, len).unwrap().to_vec();
        region.copy(from, to, len).unwrap();
        assert!(region.read(to, len).unwrap() == expected, "{from:#x} to {to:#x}, {len:#x} bytes");
    }
}

#[test]
fn a_copy_that_faults_copies_nothing_and_names_the_source_first() {
    let mut region = region();
    let before: Vec<_> = region.mapped().map(|(at, bytes)| (at, bytes.to_vec())).collect();
    for (from, to, len, fault) in [
        (0x1_7fff, 0x1_3000, 2, 0x1_8000),
        (0x1_3000, 0x1_7ffd, 4, 0x1_8000),
        (0x1_3000, 0x1_2fff, 2, 0x1_2fff),
        (0x1_7fff, 0x1_8000, 2, 0x1_8000),
        (0xffff_fffc, 0x1_3000, 8, 0xffff_fffc),
    ] {
        assert_eq!(region.copy(from, to, len), Err(Fault { addr: fault }));
    }
    let after: Vec<_> = region.mapped().map(|(at, bytes)| (at, bytes.to_vec())).collect();
    assert!(before == after);
}

#[test]
fn mapped_memory_is_the_image_the_stack_and_the_heap_in_order() {
    let mut region = region();
    let found: Vec<_> = region.mapped().map(|(at, bytes)| at..at + bytes.len() as u32).collect();
    assert_eq!(found, AREAS.map(|(area, _)| area));
    assert_eq!(region.mapped_len(), 0x3000 + 0x5000 + 0x4000 + 0x1_0000);
    region.grow(1).expect("grows");
    let heap = region.mapped().find(|(at, _)| *at == HEAP.start).expect("mapped");
    assert_eq!(heap.1, [0; PAGE as usize]);
}

#[test]
fn the_heap_grows_to_its_limit_and_not_beyond() {
    let pages = (HEAP.end - HEAP.start) / PAGE;
    let mut region = region();
    for page in 0..pages {
        let at = HEAP.start + page * PAGE;
        assert_eq!(region.heap_end(), at);
        assert_eq!(region.load_u8(at), Err(Fault { addr: at }));
        assert_eq!(region.grow(1).expect("grows"), at);
        region.store_u32(at + PAGE - 4, page).expect("mapped");
    }
    for more in [1, 2, u32::MAX] {
        let error = region.grow(more).expect_err("beyond the limit");
        assert!(matches!(error, RegionError::HeapLimit { left: 0, .. }), "{error}");
    }
    assert_eq!(region.grow(0).expect("nothing"), HEAP.end);
    assert_eq!(region.load_u32(HEAP.end - 4), Ok(pages - 1));
    assert_eq!(region.load_u8(HEAP.end), Err(Fault { addr: HEAP.end }));
    let mut region = self::region();
    assert!(region.grow(pages + 1).is_err());
    assert_eq!(region.grow(pages).expect("grows"), HEAP.start);
}

#[test]
fn the_heap_next_to_data_is_one_area_with_it() {
    let data = Part { addr: 0x1_0000, size: 0x1000, bytes: b"data", writable: true };
    let image = RegionImage::build(&[data], STACK, 0x1_1000..0x2_0000).expect("lays out");
    let mut region = Region::new(&image).expect("reserves");
    region.grow(2).expect("grows");
    region.store_u32(0x1_0FFE, 0x0403_0201).expect("one area");
    assert_eq!(region.mapped().next().expect("mapped").1.len(), 0x3000);
    region.reset().expect("resets");
    assert!(region.is_fresh());
    assert_eq!(region.store_u32(0x1_0FFE, 0), Err(Fault { addr: 0x1_1000 }));
}

#[test]
fn segments_of_one_permission_may_share_a_page_and_others_not() {
    let first = Part { addr: 0x1_0000, size: 0x1010, bytes: &[1; 0x1010], writable: true };
    let second = Part { addr: 0x1_1020, size: 0x2000, bytes: &[2; 0x10], writable: true };
    let image = RegionImage::build(&[second, first], STACK, HEAP).expect("lays out");
    let region = Region::new(&image).expect("reserves");
    assert_eq!(region.read(0x1_100E, 4), Ok(&[1, 1, 0, 0][..]));
    assert_eq!(region.read(0x1_101E, 4), Ok(&[0, 0, 2, 2][..]));
    assert_eq!(region.read(0x1_1030, 2), Ok(&[0, 0][..]));
    assert_eq!(region.load_u8(0x1_3FFF), Ok(0));
    assert_eq!(region.load_u8(0x1_4000), Err(Fault { addr: 0x1_4000 }));

    let error = RegionImage::build(&[Part { writable: false, ..second }, first], STACK, HEAP);
    assert!(matches!(error, Err(RegionError::Layout { addr: 0x1_1020, .. })));
}

#[test]
fn nothing_of_an_image_that_is_gone_is_in_the_next() {
    let stack = STACK_TOP - PAGE..STACK_TOP;
    // both have four pages of file, and so the same place
    let full = Part { addr: 0x1_0000, size: 0x4000, bytes: &[0xAA; 0x4000], writable: true };
    // gaps before, between and behind the bytes, on pages of the file
    let gaps = [
        Part { addr: 0x1_0010, size: 0x20, bytes: &[1; 0x20], writable: true },
        Part { addr: 0x1_0800, size: 0x2000, bytes: &[2; 0x1000], writable: true },
        Part { addr: 0x1_5004, size: 0x2000, bytes: &[3; 0x1800], writable: false },
    ];
    let mut expected = vec![0; 0x8000];
    for part in &gaps {
        expected[part.addr as usize - 0x1_0000..][..part.bytes.len()].copy_from_slice(part.bytes);
    }
    for _ in 0..50 {
        let old = RegionImage::build(&[full], stack.clone(), HEAP).expect("lays out");
        let region = Region::new(&old).expect("reserves");
        assert_eq!(region.read(full.addr, full.size).expect("mapped"), full.bytes);
        drop((region, old));
        let new = RegionImage::build(&gaps, stack.clone(), HEAP).expect("lays out");
        let region = Region::new(&new).expect("reserves");
        for pages in [0x1_0000..0x1_3000, 0x1_5000..0x1_8000] {
            let found = region.read(pages.start, pages.end - pages.start).expect("mapped");
            let at = pages.start as usize - 0x1_0000;
            assert!(found == &expected[at..at + found.len()], "at {:#x}", pages.start);
        }
    }
}

#[test]
fn what_cannot_be_laid_out_is_an_error() {
    let part = |addr, size, bytes| Part { addr, size, bytes, writable: true };
    let bad: &[(&[Part<'_>], Range<u32>, Range<u32>)] = &[
        (&[part(0xFFF, 1, &[])], STACK, HEAP),
        (&[part(0x1000, 1, &[1, 2])], STACK, HEAP),
        (&[part(STACK_TOP, 1, &[])], STACK, HEAP),
        (&[part(0x1000, u32::MAX, &[])], STACK, HEAP),
        (&[part(STACK.start - 1, 2, &[])], STACK, HEAP),
        (&[part(HEAP.start, 1, &[])], STACK, HEAP),
        (&[], STACK.start..STACK_TOP + PAGE, HEAP),
        (&[], STACK.start + 1..STACK_TOP, HEAP),
        (&[], STACK, 0..PAGE),
        (&[], STACK, HEAP.start..HEAP.start + 1),
        (&[], STACK, HEAP.start..STACK.start + PAGE),
        #[allow(clippy::reversed_empty_ranges, reason = "what is to be refused")]
        (&[], STACK, HEAP.end..HEAP.start),
    ];
    for (parts, stack, heap) in bad {
        let built = RegionImage::build(parts, stack.clone(), heap.clone());
        assert!(matches!(built, Err(RegionError::Layout { .. })), "{parts:?} {stack:?} {heap:?}");
    }
    RegionImage::build(&[], STACK, HEAP.start..STACK.start).expect("lays out");
}

#[test]
fn every_guest_address_and_both_guards_are_inside_the_reservation() {
    let region = region();
    let base = region.base().addr();
    for guest in [0, 1, 0x1_0000, 0x7FFF_FFFF, 0x8000_0000, STACK_TOP, u32::MAX] {
        assert_eq!(region.guest_address(base + guest as usize), Some(guest));
    }
    assert_eq!(region.guest_address(base - 4), Some(0xFFFF_FFFC));
    assert_eq!(region.guest_address(base - GUARD_BEFORE), Some(0x8000_0000));
    assert_eq!(region.guest_address(base - GUARD_BEFORE - 1), None);
    let end = base + SPACE + GUARD_AFTER;
    assert_eq!(region.guest_address(end - 1), Some(0xFFFF_FFFF));
    assert_eq!(region.guest_address(end), None);

    // What the kernel says of the span: contiguous mappings, accessible exactly where an area is.
    let maps = std::fs::read_to_string("/proc/self/maps").expect("readable");
    let mut at = base - GUARD_BEFORE;
    for line in maps.lines() {
        let (range, rest) = line.split_once(' ').expect("a range");
        let (start, stop) = range.split_once('-').expect("a range");
        let start = usize::from_str_radix(start, 16).expect("hexadecimal");
        let stop = usize::from_str_radix(stop, 16).expect("hexadecimal");
        if stop <= at || start >= end {
            continue;
        }
        assert!(start <= at, "a hole at {at:#x}");
        let (from, to) = (start.max(at), stop.min(end));
        at = stop;
        let access = AREAS
            .iter()
            .find(|(area, _)| from < base + area.end as usize && base + (area.start as usize) < to);
        let expected = match access {
            None => "---p",
            Some((area, writable)) => {
                assert!(base + area.start as usize <= from && to <= base + area.end as usize);
                if *writable { "rw-p" } else { "r--p" }
            }
        };
        assert_eq!(&rest[..4], expected, "{line}");
    }
    assert!(at >= end);
}
