//! Measures how long hostile programs take to translate, and how much native code they get.

use anyhow::{Context, Result, ensure};
use bessemer_image::{Charges, Limits, Program};
use bessemer_isa::{GasSchedule, NativeEstimate};
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
    /// Whether only little of it can be deployed, as it is denser than may be (rule L29).
    pub is_dense: bool,
    /// Bytes of native code per word of text.
    pub native_per_instruction: f64,
    /// Seconds for as much of it as a contract can have at most (`docs/loader.md`, rules L22 and L29).
    pub largest_contract_s: f64,
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
    let mut realistic = Specimen::new("realistic code", &image)?;
    realistic.translate(OptLevel::Speed, LARGE_ROUNDS)?;
    let realistic = realistic.size();
    let mut blasts = Vec::new();
    for bomb in bombs {
        progress(bomb.name);
        let image = bomb.image(instructions);
        let mut small = Specimen::new(bomb.name, &bomb.image(instructions / 10))?;
        let mut large = Specimen::new(bomb.name, &image)?;
        let mut unoptimised = Specimen::new(bomb.name, &image)?;
        unoptimised.translate(OptLevel::None, 1)?;
        let mut blast = None;
        // what else the machine does makes single translations slow; what is slow is slow every time
        for _ in 0..TRIES {
            small.translate(OptLevel::Speed, SMALL_ROUNDS)?;
            large.translate(OptLevel::Speed, LARGE_ROUNDS)?;
            let sizes = [small.size(), large.size(), unoptimised.size()];
            if blast.insert(Blast::new(bomb.name, sizes, &realistic)).pass {
                break;
            }
        }
        blasts.extend(blast);
    }
    Ok(Report { realistic, blasts })
}

impl Blast {
    fn new(name: &'static str, sizes: [Size; 3], realistic: &Size) -> Self {
        let [small, large, unoptimised] = sizes;
        let linearity = large.timing.min_ns / small.timing.min_ns;
        let relation = large.ns_per_kib / realistic.ns_per_kib;
        let is_linear = linearity <= LINEARITY_TARGET || small.instructions < ENOUGH_WORDS;
        let pass = is_linear && relation <= RELATION_TARGET;
        Self { name, small, large, unoptimised, linearity, relation, pass }
    }
}

/// A program, and how long its translations took.
struct Specimen {
    name: &'static str,
    program: Program,
    charges: Charges,
    samples: Samples,
    native: usize,
    peak_memory: Option<u64>,
}

impl Specimen {
    fn new(name: &'static str, image: &[u8]) -> Result<Self> {
        let program = Program::parse(image, &Limits::bare()).with_context(|| name.to_owned())?;
        let charges = program.charges(&GasSchedule::V1);
        Ok(Self {
            name,
            program,
            charges,
            samples: Samples::default(),
            native: 0,
            peak_memory: None,
        })
    }

    fn translate(&mut self, opt_level: OptLevel, rounds: usize) -> Result<()> {
        let options = Options { opt_level, ..Options::default() };
        process::forget_peak();
        for _ in 0..rounds {
            let work = || translate(&self.program, &self.charges, &options);
            let artifact = self.samples.time(work).with_context(|| self.name.to_owned())?;
            self.native = artifact.code().len();
        }
        self.peak_memory = self.peak_memory.max(process::peak_memory());
        Ok(())
    }

    fn size(&self) -> Size {
        let timing = self.samples.timing();
        let bytes = self.program.text().bytes().len();
        let limits = Limits::contract();
        let estimate = self.program.native_bytes(&NativeEstimate::V1) as f64;
        let by_text = f64::from(limits.text_bytes) / bytes as f64;
        let by_estimate = limits.native_bytes.map_or(by_text, |most| f64::from(most) / estimate);
        // what is denser than may be fits as long as there is slack
        let NativeEstimate { density, slack, .. } = NativeEstimate::V1;
        let above = estimate - bytes as f64 * f64::from(density);
        let by_density = if above > 0.0 { f64::from(slack) / above } else { f64::INFINITY };
        Size {
            largest_contract_s: timing.min_ns / 1e9 * by_text.min(by_estimate).min(by_density),
            is_dense: above > 0.0,
            instructions: bytes / 4,
            timing,
            ns_per_kib: timing.min_ns / (bytes as f64 / 1024.0),
            native_per_instruction: self.native as f64 / (bytes / 4) as f64,
            peak_memory: self.peak_memory,
        }
    }
}

/// A smaller text has too few units for its time to say anything about linearity.
const ENOUGH_WORDS: usize = 10_000;
const SMALL_ROUNDS: usize = 3;
const LARGE_ROUNDS: usize = 2;
/// A family that misses a target is measured this many times.
const TRIES: usize = 3;

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
