//! Keys: everything that decides which code a program gets, in 32 bytes.

use std::fmt;

use bessemer_image::Limits;
use bessemer_isa::GasSchedule;
use bessemer_translator::{Identity, Options, TranslateError};
use serde::Serialize;

use crate::program::ImageHash;

/// Version of the execution specification (`docs/specification.md`).
const SEMANTICS_VERSION: u32 = 3;
/// Version of how generated code calls the host.
const HOST_CALL_CONVENTION: u32 = 1;
/// The context of the hash: the use of these keys, and their encoding.
const CONTEXT: &str = "bessemer 2026-11-28 artifact key, postcard";

/// The key of an artifact. Two programs, engines, builds or machines for which code could
/// differ have different keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key([u8; 32]);

/// The part of the key that is the same for all programs of an engine.
#[derive(Clone, Debug)]
pub(crate) struct KeySeed(blake3::Hasher);

/// The settings, hashed before the program in postcard's encoding. A field more is another context
/// of the hash.
#[derive(Serialize)]
struct Settings<'a> {
    translator: Identity,
    semantics_version: u32,
    host_call_convention: u32,
    schedule: &'a GasSchedule,
    limits: &'a Limits,
}

impl KeySeed {
    /// Fails if this machine cannot run native code.
    pub(crate) fn new(
        options: &Options,
        limits: &Limits,
        schedule: &GasSchedule,
    ) -> Result<Self, TranslateError> {
        let settings = Settings {
            translator: Identity::of(options)?,
            semantics_version: SEMANTICS_VERSION,
            host_call_convention: HOST_CALL_CONVENTION,
            schedule,
            limits,
        };
        let bytes = postcard::to_stdvec(&settings).expect("numbers and texts have an encoding");
        let mut seed = blake3::Hasher::new_derive_key(CONTEXT);
        seed.update(&bytes);
        Ok(Self(seed))
    }

    /// The key of a program's artifact.
    pub(crate) fn key(&self, image: ImageHash) -> Key {
        let mut hasher = self.0.clone();
        hasher.update(image.as_bytes());
        Key(hasher.finalize().into())
    }
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
        let changes: [fn(&mut GasSchedule); 33] = [
            |s| s.far[0] += 1,
            |s| s.far[1] += 1,
            |s| s.far[2] += 1,
            |s| s.far[3] += 1,
            |s| s.far[4] += 1,
            |s| s.far[5] += 1,
            |s| s.far[6] += 1,
            |s| s.far[7] += 1,
            |s| s.far[8] += 1,
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
            |s| s.grown_page += 1,
        ];
        assert_eq!(changes.len() * size_of::<u32>(), size_of::<GasSchedule>());
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
