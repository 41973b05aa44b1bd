//! How long bombs take to translate, and what comes out.

use anyhow::{Context, Result, ensure};
use bessemer_image::{Limits, Program};
use bessemer_isa::GasSchedule;
use bessemer_translator::{OptLevel, Options, translate};
use serde::Serialize;

use super::Bomb;
use crate::timing::{Samples, Timing};
use crate::{Profile, process, realistic};

/// Ten times as much text must not take longer than this many times as long.
pub const LINEARITY_TARGET: f64 = 12.0;
/// A KiB of a bomb must not take longer than this many times a KiB of realistic code.
pub const RELATION_TARGET: f64 = 4.0;

/// Translation of a text of one size.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Size {
    /// Words of text.
    pub instructions: usize,
    /// The translation.
    pub timing: Timing,
    /// Nanoseconds per KiB of text.
    pub ns_per_kib: f64,
    /// Bytes of native code per word of text.
    pub native_per_instruction: f64,
    /// The highest resident set of this process during the translation, in bytes.
    pub peak_memory: Option<u64>,
}

/// One family, measured.
#[derive(Clone, Debug, Serialize)]
pub struct Blast {
    /// The family.
    pub name: &'static str,
    /// Optimised, a tenth of the text.
    pub small: Size,
    /// Optimised, the whole text.
    pub large: Size,
    /// Unoptimised, the whole text.
    pub unoptimised: Size,
    /// The time for the whole text over the time for a tenth of it.
    pub linearity: f64,
    /// Time per KiB of the whole text over that of realistic code.
    pub relation: f64,
    /// Whether both targets are met.
    pub pass: bool,
}

/// All families, measured.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Realistic code, optimised, about as large as the large bombs.
    pub realistic: Size,
    /// One row per family.
    pub blasts: Vec<Blast>,
}

/// Translates all `bombs` with `instructions` words of text and with a tenth of that. `progress` is
/// called before each, with its name.
pub fn measure(
    bombs: &[&'static Bomb],
    instructions: usize,
    mut progress: impl FnMut(&str),
) -> Result<Report> {
    ensure!(!bombs.is_empty(), "a report needs at least one family");
    progress("realistic code");
    let image = realistic::image(4 * instructions as u32, Profile::Im)?;
    let realistic = size("realistic code", &image, OptLevel::Speed, LARGE_ROUNDS)?;
    let mut blasts = Vec::new();
    for bomb in bombs {
        progress(bomb.name);
        let image = bomb.image(instructions);
        let small = size(bomb.name, &bomb.image(instructions / 10), OptLevel::Speed, SMALL_ROUNDS)?;
        let large = size(bomb.name, &image, OptLevel::Speed, LARGE_ROUNDS)?;
        let unoptimised = size(bomb.name, &image, OptLevel::None, 1)?;
        let linearity = large.timing.min_ns / small.timing.min_ns;
        let relation = large.ns_per_kib / realistic.ns_per_kib;
        let is_linear = linearity <= LINEARITY_TARGET || small.instructions < ENOUGH_WORDS;
        let pass = is_linear && relation <= RELATION_TARGET;
        let name = bomb.name;
        blasts.push(Blast { name, small, large, unoptimised, linearity, relation, pass });
    }
    Ok(Report { realistic, blasts })
}

fn size(name: &str, image: &[u8], opt_level: OptLevel, rounds: usize) -> Result<Size> {
    let program = Program::parse(image, &Limits::bare()).with_context(|| name.to_owned())?;
    let charges = program.charges(&GasSchedule::V1);
    let options = Options { opt_level, ..Options::default() };
    process::forget_peak();
    let mut samples = Samples::default();
    let mut native = 0;
    for _ in 0..rounds {
        let artifact = samples.time(|| translate(&program, &charges, &options));
        let artifact = artifact.with_context(|| name.to_owned())?;
        native = artifact.code().len();
    }
    let timing = samples.timing();
    let bytes = program.text().bytes().len();
    Ok(Size {
        instructions: bytes / 4,
        timing,
        ns_per_kib: timing.min_ns / (bytes as f64 / 1024.0),
        native_per_instruction: native as f64 / (bytes / 4) as f64,
        peak_memory: process::peak_memory(),
    })
}

/// A smaller text has too few units for its time to say anything about linearity.
const ENOUGH_WORDS: usize = 10_000;
const SMALL_ROUNDS: usize = 3;
const LARGE_ROUNDS: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_no_report() {
        assert!(measure(&[], 1_000, |_| ()).is_err());
    }

    #[test]
    fn every_family_is_measured() {
        let bombs: Vec<_> = super::super::ALL.iter().take(3).collect();
        let report = measure(&bombs, 1_000, |_| ()).expect("bombs translate");
        assert_eq!(report.blasts.len(), bombs.len());
        for blast in &report.blasts {
            assert_eq!(blast.large.instructions, 1_000, "{}", blast.name);
            assert!(blast.relation > 0.0 && blast.linearity > 0.0, "{blast:?}");
        }
    }
}
