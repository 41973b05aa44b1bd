//! The rules of `docs/loader.md` once more, as naively as can be: numbers too wide to overflow,
//! pages as a map. Says only whether a file loads, not by which rule it does not.

use std::collections::BTreeMap;

use bessemer_image::Limits;
use bessemer_isa::{Class, Inst, Profile, expand};

pub(crate) fn loads(file: &[u8], limits: &Limits) -> bool {
    read(file, limits).is_some()
}

fn read(file: &[u8], limits: &Limits) -> Option<()> {
    let byte = |at: i128| file.get(usize::try_from(at).ok()?).map(|&b| i128::from(b));
    let half = |at: i128| Some(byte(at)? + 256 * byte(at + 1)?);
    let word = |at: i128| Some(half(at)? + 65536 * half(at + 2)?);
    let len = file.len() as i128;

    let header = [
        len <= i128::from(limits.file_bytes) && len >= 52,
        word(0)? == 0x464c_457f,
        byte(4)? == 1 && byte(5)? == 1 && byte(6)? == 1,
        byte(7)? == 0 || byte(7)? == 3,
        half(16)? == 2 && half(18)? == 243 && word(20)? == 1,
        word(36)? <= 1,
        half(40)? == 52 && half(42)? == 32,
        (1..=64).contains(&half(44)?),
    ];
    if header.contains(&false) {
        return None;
    }
    let (entry, phoff, step, phnum) = (word(24)?, word(28)?, 4 - 2 * word(36)?, half(44)?);
    if phoff < 52 || phoff + 32 * phnum > len {
        return None;
    }

    // By page: the flags of what is there. By segment: start, end.
    let mut pages = BTreeMap::new();
    let mut segments: Vec<(i128, i128)> = Vec::new();
    let mut texts = Vec::new();
    let mut offset_of_text = None;
    let mut offsets = Vec::new();
    let mut data = 0;
    for index in 0..phnum {
        let field = |n: i128| word(phoff + 32 * index + 4 * n);
        let (kind, offset, vaddr) = (field(0)?, field(1)?, field(2)?);
        let (filesz, memsz, flags, align) = (field(4)?, field(5)?, field(6)?, field(7)?);
        if [2, 3, 5].contains(&kind) {
            return None;
        }
        if kind != 1 {
            continue;
        }
        if filesz > memsz {
            return None;
        }
        if memsz == 0 {
            continue;
        }
        let is_good = [
            filesz == 0 || offset + filesz <= len,
            align == 0 || align.count_ones() == 1,
            align == 0 || filesz == 0 || vaddr % align == offset % align,
            flags == 4 || flags == 5 || flags == 6,
            vaddr >= 4096 && vaddr + memsz <= 0xffff_0000,
            // Larger ones fail by size in any case, and would fill the map of pages.
            memsz <= 64 << 20,
        ];
        if is_good.contains(&false) {
            return None;
        }
        if flags == 5 {
            texts.push((vaddr, filesz, memsz));
            offset_of_text = Some(offset);
        } else {
            data += filesz;
        }
        for page in vaddr / 4096..=(vaddr + memsz - 1) / 4096 {
            if *pages.entry(page).or_insert(flags) != flags {
                return None;
            }
        }
        for (start, end) in &segments {
            if vaddr < *end && *start < vaddr + memsz {
                return None;
            }
        }
        segments.push((vaddr, vaddr + memsz));
        offsets.push((offset, filesz));
    }
    let [(text, filesz, memsz)] = texts[..] else {
        return None;
    };
    let page_up = |n: i128| (n + 4095) / 4096 * 4096;
    let stack = page_up(limits.stack_bytes.into());
    let top = segments.iter().map(|s| s.1).max()?;
    let heap = limits.heap_bytes.map_or(0, |heap| i128::from(heap) / 4096 * 4096);
    let rest = [
        filesz == memsz && text % step == 0,
        filesz <= i128::from(limits.text_bytes) && filesz <= 8 << 20,
        data <= i128::from(limits.data_bytes),
        page_up(top) <= 0xffff_0000 - stack - 65536,
        pages.len() as i128 * 4096 + stack + heap <= i128::from(limits.memory.bytes()),
        entry % step == 0 && text <= entry && entry < text + filesz / step * step,
    ];
    if rest.contains(&false) {
        return None;
    }
    let Some(limit) = limits.native_bytes else { return Some(()) };
    // attributes aside, which decide about instructions that all count alike
    let profile = Profile::rv32(step == 2);
    let offset = offset_of_text?;
    let words = offsets
        .into_iter()
        .flat_map(|(offset, filesz)| (0..filesz / 4).map(move |index| word(offset + 4 * index)));
    let is_named = |word: &i128| {
        (text..text + filesz / step * step).contains(word) && word % step == text % step
    };
    let mut native = 64 * words.flatten().filter(is_named).count() as i128;
    for at in (offset..offset + filesz - step + 1).step_by(step as usize) {
        let parcel = half(at)?;
        let inst = match (step, parcel & 3) {
            (2, 0..3) => expand(parcel as u16, profile),
            _ if at + 4 > offset + filesz => None,
            _ => Inst::decode(word(at)? as u32, profile),
        };
        native += match inst.map(Inst::class) {
            None | Some(Class::Alu | Class::Mul | Class::Load | Class::Store | Class::Ebreak) => 32,
            Some(Class::Mulh) => 48,
            Some(Class::Ecall) => 96,
            Some(Class::Jal) => 112,
            Some(Class::Branch | Class::Div | Class::Jalr) => 128,
            Some(Class::Amo) => 160,
        };
    }
    let dense = 28 * (filesz / step * step) + 65_536;
    (native <= dense.min(limit.into())).then_some(())
}
