//! How fast workloads execute, as ratios to native code.

use anyhow::{Context, Result, bail, ensure};
use bessemer_workloads::Workload;
use serde::Serialize;

use crate::contender::{Answer, Contender, Runner};
use crate::timing::{Samples, Timing, geometric_mean};
use crate::{Profile, instructions};

/// The geometric mean over all workloads must not be above this in 32 bits.
pub const MEAN_TARGET: f64 = 2.0;
/// The geometric mean over all workloads must not be above this in 64 bits.
pub const WIDE_MEAN_TARGET: f64 = 1.6;

/// What a workload must not be above in 64 bits.
pub fn wide_target(name: &str) -> f64 {
    match name {
        // 25 lanes do not fit 16 registers
        "keccak" => 2.8,
        // the host's library copies by vectors
        "memory" => 4.0,
        _ => 2.5,
    }
}

/// The measurements to make.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which workloads.
    pub workloads: Vec<&'static Workload>,
    /// The instruction set of the 32-bit images. The 64-bit ones are beside them.
    pub profile: Profile,
    /// How often each of them runs.
    pub rounds: u32,
    /// Whether to leave out the slow interpreter.
    pub interpreter: bool,
}

/// The measurements of one workload.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// The workload.
    pub name: &'static str,
    /// Work of the native code and the translated code.
    pub n: u32,
    /// Gas for that work.
    pub gas: u64,
    /// Native code.
    pub native: Timing,
    /// Optimised code.
    pub jit: Timing,
    /// Optimised code over native code.
    pub jit_ratio: f64,
    /// Gas for that work in 64 bits.
    pub wide_gas: u64,
    /// Optimised code of the 64-bit program.
    pub wide: Timing,
    /// Optimised code of the 64-bit program over native code.
    pub wide_ratio: f64,
    /// Unoptimised code.
    pub jit_unoptimised: Timing,
    /// Unoptimised code over native code.
    pub jit_unoptimised_ratio: f64,
    /// The interpreter, with less work.
    pub interpreter: Option<Interpreted>,
}

/// The interpreter's measurements: of `small_n`, because it is so much slower.
#[derive(Clone, Debug, Serialize)]
pub struct Interpreted {
    /// Work.
    pub n: u32,
    /// Instructions executed by that work.
    pub instructions: u64,
    /// The interpreter.
    pub timing: Timing,
    /// The interpreter over native code for the same work.
    pub ratio: f64,
    /// Instructions per second.
    pub instructions_per_second: f64,
}

/// All measurements, and how they compare with the targets.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// One row per workload.
    pub rows: Vec<Row>,
    /// Geometric means of the ratios.
    pub mean: Option<Means>,
    /// Whether the targets are met; `None` if not all workloads were measured.
    pub pass: Option<bool>,
}

/// Geometric means over the workloads that were run.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Means {
    /// Of optimised code.
    pub jit: f64,
    /// Of optimised code of the 64-bit programs.
    pub wide: f64,
    /// Of unoptimised code.
    pub jit_unoptimised: f64,
    /// Of the interpreter.
    pub interpreter: Option<f64>,
}

/// Measures. All workloads and engines take turns, so that a slow moment of the machine meets all of
/// them alike. `progress` is called before each run, with the round and what runs.
///
/// It is an error if there is nothing to measure, or if two engines disagree about a checksum or
/// about gas.
pub fn measure(options: &Options, mut progress: impl FnMut(u32, &str)) -> Result<Report> {
    ensure!(!options.workloads.is_empty(), "a report needs at least one workload");
    ensure!(options.rounds > 0, "a report needs at least one round");
    let contests = options.workloads.iter().map(|workload| Contest::new(workload, options));
    let mut contests = contests.collect::<Result<Vec<_>>>()?;
    for round in 0..options.rounds {
        for contest in &mut contests {
            progress(round, contest.workload.name);
            contest.round()?;
        }
    }
    let rows = contests.iter().map(Contest::row).collect::<Result<Vec<_>>>()?;
    Ok(Report::new(rows))
}

impl Report {
    fn new(rows: Vec<Row>) -> Self {
        let mean = |ratio: fn(&Row) -> Option<f64>| {
            let ratios: Option<Vec<f64>> = rows.iter().map(ratio).collect();
            geometric_mean(ratios?)
        };
        let mean = (|| {
            Some(Means {
                jit: mean(|row| Some(row.jit_ratio))?,
                wide: mean(|row| Some(row.wide_ratio))?,
                jit_unoptimised: mean(|row| Some(row.jit_unoptimised_ratio))?,
                interpreter: mean(|row| row.interpreter.as_ref().map(|it| it.ratio)),
            })
        })();
        let pass = mean.filter(|_| rows.len() == bessemer_workloads::ALL.len()).map(|mean| {
            mean.jit <= MEAN_TARGET
                && mean.wide <= WIDE_MEAN_TARGET
                && rows.iter().all(|row| row.wide_ratio <= wide_target(row.name))
        });
        Self { rows, mean, pass }
    }
}

/// One workload on all engines.
struct Contest {
    workload: &'static Workload,
    instructions: u64,
    full: Vec<Lane>,
    /// The 64-bit program.
    wide: Vec<Lane>,
    /// Native code and interpreter with little work.
    small: Vec<Lane>,
}

/// One engine with what it did.
struct Lane {
    contender: Contender,
    runner: Runner,
    n: u32,
    samples: Samples,
    answer: Option<Answer>,
}

impl Contest {
    fn new(workload: &'static Workload, options: &Options) -> Result<Self> {
        let profile = options.profile;
        let lanes = |contenders: &[Contender], profile, n| {
            let lanes = contenders.iter().map(|&contender| {
                let runner = Runner::new(contender, workload, profile)?;
                Ok(Lane { contender, runner, n, samples: Samples::default(), answer: None })
            });
            lanes.collect::<Result<Vec<_>>>()
        };
        let small: &[Contender] = match options.interpreter {
            true => &[Contender::Native, Contender::Interpreter, Contender::Jit],
            false => &[],
        };
        let full = [Contender::Native, Contender::Jit, Contender::JitUnoptimised];
        let instructions =
            if options.interpreter { instructions::count(workload, profile)? } else { 0 };
        Ok(Self {
            workload,
            instructions,
            full: lanes(&full, profile, workload.n)?,
            wide: lanes(&[Contender::Jit], Profile::Rv64, workload.n)?,
            small: lanes(small, profile, workload.small_n)?,
        })
    }

    fn round(&mut self) -> Result<()> {
        for lane in self.full.iter_mut().chain(&mut self.wide).chain(&mut self.small) {
            let answer = lane.samples.time(|| lane.runner.run(lane.n))?;
            if lane.answer.is_some_and(|before| before != answer) {
                bail!("{} changes its answer on {}", self.workload.name, lane.contender.name());
            }
            lane.answer = Some(answer);
        }
        Ok(())
    }

    /// The row of this workload, if all engines agree.
    fn row(&self) -> Result<Row> {
        let name = self.workload.name;
        agree(name, &self.full)?;
        agree(name, &self.small)?;
        let checksum = |lanes: &[Lane]| lanes.iter().find_map(|lane| Some(lane.answer?.checksum));
        ensure!(
            checksum(&self.full) == checksum(&self.wide),
            "{name}: another checksum in 64 bits"
        );
        let timing = |lanes: &[Lane], contender| {
            let mut lanes = lanes.iter().filter(|lane| lane.contender == contender);
            lanes.next().map(|lane| lane.samples.timing())
        };
        let full = |contender| {
            let missing = || anyhow::anyhow!("{name} did not run on all engines");
            timing(&self.full, contender).ok_or_else(missing)
        };
        let native = full(Contender::Native)?;
        let jit = full(Contender::Jit)?;
        let jit_unoptimised = full(Contender::JitUnoptimised)?;
        let wide = timing(&self.wide, Contender::Jit);
        let wide = wide.with_context(|| format!("{name} did not run in 64 bits"))?;
        let small = timing(&self.small, Contender::Native);
        let interpreter =
            timing(&self.small, Contender::Interpreter).zip(small).map(|(timing, native)| {
                Interpreted {
                    n: self.workload.small_n,
                    instructions: self.instructions,
                    timing,
                    ratio: timing.min_ns / native.min_ns,
                    instructions_per_second: self.instructions as f64 / timing.min_ns * 1e9,
                }
            });
        Ok(Row {
            name,
            n: self.workload.n,
            gas: gas(&self.full),
            native,
            jit,
            jit_ratio: jit.min_ns / native.min_ns,
            wide_gas: gas(&self.wide),
            wide,
            wide_ratio: wide.min_ns / native.min_ns,
            jit_unoptimised,
            jit_unoptimised_ratio: jit_unoptimised.min_ns / native.min_ns,
            interpreter,
        })
    }
}

fn gas(lanes: &[Lane]) -> u64 {
    lanes.iter().filter_map(|lane| lane.answer).map(|answer| answer.gas).max().unwrap_or(0)
}

/// Checks that all lanes found the same checksum, and the guests among them used the same gas.
fn agree(name: &str, lanes: &[Lane]) -> Result<()> {
    let Some(first) = lanes.iter().find_map(|lane| lane.answer) else { return Ok(()) };
    for lane in lanes {
        let answer = lane.answer.unwrap_or(first);
        let by = lane.contender.name();
        ensure!(
            answer.checksum == first.checksum,
            "{name}: checksum {:#010x} on {by}, {:#010x} before it",
            answer.checksum,
            first.checksum
        );
        ensure!(
            lane.contender == Contender::Native || answer.gas == gas(lanes),
            "{name}: {} gas on {by}, {} on another engine",
            answer.gas,
            gas(lanes)
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(workloads: Vec<&'static Workload>, rounds: u32) -> Options {
        Options { workloads, profile: Profile::Im, rounds, interpreter: true }
    }

    #[test]
    fn a_report_over_nothing_fails() {
        assert!(measure(&options(Vec::new(), 1), |_, _| ()).is_err());
        let some = bessemer_workloads::ALL.iter().take(1).collect();
        assert!(measure(&options(some, 0), |_, _| ()).is_err());
    }

    #[test]
    fn a_part_of_the_workloads_has_a_mean_and_no_verdict() {
        let some = bessemer_workloads::find("crc32").into_iter().collect();
        let report = measure(&options(some, 1), |_, _| ()).expect("it runs");
        assert_eq!(report.pass, None);
        assert!(report.mean.is_some_and(|mean| mean.wide > 0.0));
        assert!(report.rows[0].jit_ratio > 0.0);
        assert!(report.rows[0].interpreter.as_ref().is_some_and(|it| it.instructions > 100_000));
    }
}
