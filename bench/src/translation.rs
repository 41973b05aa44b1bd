//! Speed of translation, and size of native code.

use anyhow::{Context, Result, ensure};
use bessemer_image::{Limits, Program};
use bessemer_isa::GasSchedule;
use bessemer_translator::{OptLevel, Options, translate};
use serde::Serialize;

use crate::timing::{Samples, Timing};
use crate::{Profile, elf};
use crate::{process, realistic, workloads};

/// Translation must reach this, in bytes of guest text per second.
pub const SPEED_TARGET: f64 = 0.4e6;
/// Translation must not need more memory, in bytes.
pub const MEMORY_TARGET: u64 = 256 << 20;

/// Translation of one program.
#[derive(Clone, Debug, Serialize)]
pub struct Translation {
    /// The program.
    pub name: String,
    /// Whether the code is optimised.
    pub optimised: bool,
    /// Bytes of text.
    pub text_bytes: u64,
    /// Bytes of native code.
    pub native_bytes: u64,
    /// Native functions.
    pub units: usize,
    /// From the checked program to the artifact.
    pub timing: Timing,
    /// Bytes of text per second.
    pub bytes_per_second: f64,
    /// The highest resident set of this process during the translation, in bytes.
    pub peak_memory: Option<u64>,
}

/// Translates the largest workloads and synthetic programs of one eighth and the whole of
/// `large` bytes, at both levels.
pub fn measure(
    rounds: u32,
    large: u32,
    mut progress: impl FnMut(&str),
) -> Result<Vec<Translation>> {
    let mut images: Vec<_> = workloads::ALL.iter().map(|workload| workload.name).collect();
    images.sort_by_key(|name| std::cmp::Reverse(elf(name, Profile::Im).len()));
    let largest = images.into_iter().take(3);
    let mut subjects: Vec<_> =
        largest.map(|name| (name.to_owned(), elf(name, Profile::Im).to_vec(), rounds)).collect();
    for bytes in [large / 8, large] {
        let image = realistic::image(bytes, Profile::Im)?;
        subjects.push(("synthetic".to_owned(), image, rounds.min(2)));
    }
    let mut rows = Vec::new();
    for (name, image, rounds) in subjects {
        for level in [OptLevel::Speed, OptLevel::None] {
            progress(&name);
            rows.push(program(&name, &image, level, rounds)?);
        }
    }
    Ok(rows)
}

/// Translates one image a few times.
pub fn program(name: &str, image: &[u8], level: OptLevel, rounds: u32) -> Result<Translation> {
    ensure!(rounds > 0, "a measurement needs at least one round");
    let program = Program::parse(image, &Limits::bare()).with_context(|| name.to_owned())?;
    let charges = program.charges(&GasSchedule::V1);
    let options = Options { opt_level: level, ..Options::default() };
    process::forget_peak();
    let mut samples = Samples::default();
    let mut sizes = (0, 0);
    for _ in 0..rounds {
        let artifact = samples.time(|| translate(&program, &charges, &options));
        let artifact = artifact.with_context(|| name.to_owned())?;
        sizes = (artifact.code().len() as u64, artifact.unit_count());
    }
    let (native_bytes, units) = sizes;
    let timing = samples.timing();
    let text_bytes = program.text().bytes().len() as u64;
    Ok(Translation {
        name: name.to_owned(),
        optimised: level == OptLevel::Speed,
        text_bytes,
        native_bytes,
        units,
        timing,
        bytes_per_second: text_bytes as f64 / timing.min_ns * 1e9,
        peak_memory: process::peak_memory(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_synthetic_program_translates_at_both_levels() {
        let image = realistic::image(20_000, Profile::Imac).expect("it can be built");
        for level in [OptLevel::None, OptLevel::Speed] {
            let row = program("synthetic", &image, level, 1).expect("it translates");
            assert!(row.native_bytes > row.text_bytes, "{row:?}");
        }
    }
}
