//! The gas ladder: one program with many gas limits.

use anyhow::Result;
use bessemer_runtime::Module;

use super::judge::differs;
use super::{Bench, Judged, Subject, Trial, Verdict};

/// Which limits a program is run with, G being what it uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rungs {
    /// `0..=64` and `G-64..=G+1`.
    Ends,
    /// Every limit from 0 to G+1; for short programs.
    All,
}

/// Runs a trial with every limit of the ladder on the oracle, the interpreters and the JIT in both
/// optimisation levels. The trial's own gas bounds G.
///
/// The result tells how many limits were run; its verdict names the first that differs.
pub fn climb(bench: &Bench, trial: &Trial, rungs: Rungs) -> Result<(u64, Judged)> {
    let whole = bench.oracle(trial);
    let used = trial.setup().gas - whole.gas;
    let mut limits: Vec<u64> = match rungs {
        Rungs::All => (0..=used + 1).collect(),
        Rungs::Ends => (0..=64).chain(used.saturating_sub(64)..=used + 1).collect(),
    };
    limits.dedup();
    let subjects = [Subject::RuntimeInterpreter, Subject::JitNone, Subject::JitSpeed];
    let modules: Vec<(Subject, Module)> = subjects
        .into_iter()
        .map(|subject| Ok((subject, bench.module(trial, subject)?)))
        .collect::<Result<_>>()?;
    let mut trial = trial.clone();
    let mut ran = 0;
    for limit in limits {
        trial.set_gas(limit);
        ran += 1;
        let expected = bench.oracle(&trial);
        let plain = differs(&expected, || bench.observe(&trial, Subject::Interpreter));
        let mut found = plain.map(|difference| (Subject::Interpreter, difference));
        for (subject, module) in &modules {
            found = found.or_else(|| {
                let observe = || bench.observe_module(&trial, *subject, module);
                differs(&expected, observe).map(|difference| (*subject, difference))
            });
        }
        if let Some((subject, difference)) = found {
            let difference = format!("with gas limit {limit}: {difference}");
            let verdict = Some(Verdict { subject, difference });
            return Ok((ran, Judged { expected, subjects: subjects.len() + 1, verdict }));
        }
    }
    Ok((ran, Judged { expected: whole, subjects: subjects.len() + 1, verdict: None }))
}
