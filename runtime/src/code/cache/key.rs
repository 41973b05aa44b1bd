//! Keys: everything that decides which code a program gets, in 32 bytes.

use std::fmt;

use bessemer_image::Limits;
use bessemer_isa::GasSchedule;
use bessemer_translator::{Options, TranslateError, identity};

use crate::program::ImageHash;

/// Version of the execution specification (`docs/specification.md`).
const SEMANTICS_VERSION: u32 = 3;
/// Version of how generated code calls the host.
const HOST_CALL_CONVENTION: u32 = 1;

/// What artifacts are found by. Two programs, engines, builds or machines for which code could
/// differ have different keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key([u8; 32]);

/// The part of the key that is the same for all programs of an engine.
#[derive(Clone, Debug)]
pub(crate) struct KeySeed(blake3::Hasher);

impl KeySeed {
    /// Fails if this machine cannot run native code.
    pub(crate) fn new(
        options: &Options,
        limits: &Limits,
        schedule: &GasSchedule,
    ) -> Result<Self, TranslateError> {
        let mut seed = Self(blake3::Hasher::new_derive_key("bessemer 2026-11 artifact key"));
        for (name, value) in identity(options)? {
            seed.field(name.as_bytes());
            seed.field(value.as_bytes());
        }
        seed.number("semantics", SEMANTICS_VERSION);
        seed.number("host calls", HOST_CALL_CONVENTION);
        schedule_fields(schedule, |name, price| seed.number(name, price));
        limits_fields(limits, |name, limit| seed.number(name, limit));
        Ok(seed)
    }

    /// The key of a program's artifact.
    pub(crate) fn key(&self, image: ImageHash) -> Key {
        let mut hasher = self.clone();
        hasher.field(image.as_bytes());
        Key(hasher.0.finalize().into())
    }

    fn field(&mut self, bytes: &[u8]) {
        self.0.update(&(bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    fn number(&mut self, name: &str, value: u32) {
        self.field(name.as_bytes());
        self.field(&value.to_le_bytes());
    }
}

/// Every price; one that is added does not compile until it is listed.
pub(in crate::code) fn schedule_fields(
    schedule: &GasSchedule,
    mut field: impl FnMut(&'static str, u32),
) {
    let GasSchedule {
        id,
        run_base,
        far,
        alu,
        mul,
        mulh,
        div,
        load,
        store,
        branch,
        jal,
        jalr,
        ecall,
        ebreak,
        illegal,
        page,
    } = *schedule;
    let single = [
        ("id", id),
        ("run_base", run_base),
        ("alu", alu),
        ("mul", mul),
        ("mulh", mulh),
        ("div", div),
        ("branch", branch),
        ("jal", jal),
        ("jalr", jalr),
        ("ecall", ecall),
        ("ebreak", ebreak),
        ("illegal", illegal),
        ("page", page),
    ];
    single.into_iter().for_each(|(name, price)| field(name, price));
    far.into_iter().for_each(|price| field("far", price));
    load.into_iter().for_each(|price| field("load", price));
    store.into_iter().for_each(|price| field("store", price));
}

/// Every limit, likewise.
pub(in crate::code) fn limits_fields(limits: &Limits, mut field: impl FnMut(&'static str, u32)) {
    let Limits {
        file_bytes,
        text_bytes,
        data_bytes,
        stack_bytes,
        heap_bytes,
        memory,
        native_bytes,
    } = *limits;
    field("file_bytes", file_bytes);
    field("text_bytes", text_bytes);
    field("data_bytes", data_bytes);
    field("stack_bytes", stack_bytes);
    field("heap", u32::from(heap_bytes.is_some()));
    field("heap_bytes", heap_bytes.unwrap_or(0));
    field("memory", memory.bytes());
    field("native", u32::from(native_bytes.is_some()));
    field("native_bytes", native_bytes.unwrap_or(0));
}

impl Key {
    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The key that [`Display`](fmt::Display) shows.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.as_bytes();
        if digits.len() != 64 || !digits.iter().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f')) {
            return None;
        }
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Self(bytes))
    }
}

/// 64 lower-case hexadecimal digits.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

#[cfg(test)]
mod tests {
    use bessemer_isa::MemoryClass;
    use bessemer_translator::OptLevel;

    use super::*;

    fn key(options: &Options, limits: &Limits, schedule: &GasSchedule, elf: &[u8]) -> Key {
        KeySeed::new(options, limits, schedule).unwrap().key(ImageHash::of(elf))
    }

    #[test]
    fn any_difference_is_another_key() {
        let (options, limits, v1) = (Options::default(), Limits::bare(), GasSchedule::V1);
        let first = key(&options, &limits, &v1, b"a");
        assert_eq!(first, key(&options, &limits, &v1, b"a"));
        let mut all = vec![first, key(&options, &limits, &v1, b"b")];
        for other in [
            Options { opt_level: OptLevel::None, ..options.clone() },
            Options { precise_registers: true, ..options.clone() },
            Options { verify: true, ..options.clone() },
            Options { unit_instructions: 1, ..options.clone() },
            Options { loop_entries: true, ..options.clone() },
            Options { native_per_slot: 1, ..options.clone() },
        ] {
            all.push(key(&other, &limits, &v1, b"a"));
        }
        for other in [
            Limits { file_bytes: 1, ..limits },
            Limits { text_bytes: 1, ..limits },
            Limits { data_bytes: 1, ..limits },
            limits.with_stack(1),
            limits.with_heap(0),
            limits.with_heap(1),
            limits.with_memory(MemoryClass::Kib256),
            Limits { native_bytes: Some(0), ..limits.without_estimate() },
            Limits { native_bytes: Some(1), ..limits },
        ] {
            all.push(key(&options, &other, &v1, b"a"));
        }
        let mut prices = 0;
        schedule_fields(&v1, |_, _| prices += 1);
        let changes: [fn(&mut GasSchedule); 30] = [
            |s| s.far[0] += 1,
            |s| s.far[1] += 1,
            |s| s.far[2] += 1,
            |s| s.far[3] += 1,
            |s| s.far[4] += 1,
            |s| s.far[5] += 1,
            |s| s.far[6] += 1,
            |s| s.id += 1,
            |s| s.run_base += 1,
            |s| s.alu += 1,
            |s| s.mul += 1,
            |s| s.mulh += 1,
            |s| s.div += 1,
            |s| s.load[0] += 1,
            |s| s.load[1] += 1,
            |s| s.load[2] += 1,
            |s| s.load[3] += 1,
            |s| s.load[4] += 1,
            |s| s.store[0] += 1,
            |s| s.store[1] += 1,
            |s| s.store[2] += 1,
            |s| s.store[3] += 1,
            |s| s.store[4] += 1,
            |s| s.branch += 1,
            |s| s.jal += 1,
            |s| s.jalr += 1,
            |s| s.ecall += 1,
            |s| s.ebreak += 1,
            |s| s.illegal += 1,
            |s| s.page += 1,
        ];
        assert_eq!(changes.len(), prices);
        for change in changes {
            let mut schedule = v1;
            change(&mut schedule);
            all.push(key(&options, &limits, &schedule, b"a"));
        }
        let count = all.len();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), count, "two keys are equal");
    }

    #[test]
    fn only_the_displayed_form_of_a_key_parses() {
        let key = Key([0xa5; 32]);
        assert_eq!(Key::parse(&key.to_string()), Some(key));
        let long = format!("{key}0");
        for text in ["", "a5", &long, &"A5".repeat(32), &"+5".repeat(32), &"é".repeat(32)] {
            assert_eq!(Key::parse(text), None, "{text}");
        }
    }
}
