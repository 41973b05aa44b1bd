//! All engines on one program, and the verdict.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::observed::{Ending, Observed};
use super::{Bench, Subject, Trial};

/// Which subjects a trial is given to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selection {
    /// All.
    All,
    /// All but one of the two that keep registers, by turns.
    Alternating(u64),
    /// The interpreters and optimised native code, for every other number in small units; code that is
    /// not optimised for every fourth, and precise registers for every fourth of those that end where it matters.
    /// Compiling is what takes the time.
    Sampled(u64),
}

impl Selection {
    /// The subjects for a program that the oracle sees end in this way.
    pub fn subjects(self, ending: Ending) -> Vec<Subject> {
        use Subject as S;
        let mut subjects = vec![S::Interpreter, S::RuntimeInterpreter];
        match self {
            Self::All => return S::ALL.to_vec(),
            Self::Alternating(number) => {
                let other = if number % 2 == 0 { S::JitNonePrecise } else { S::JitSpeedPrecise };
                return S::ALL.into_iter().filter(|subject| *subject != other).collect();
            }
            Self::Sampled(number) => {
                subjects.push(if number % 2 == 1 { S::JitSmall } else { S::JitSpeed });
                match number % 8 {
                    0 | 4 => subjects.push(S::JitNone),
                    1 | 5 if ending != Ending::Exit => subjects.push(S::JitSpeedPrecise),
                    2 if ending != Ending::Exit => subjects.push(S::JitNonePrecise),
                    _ => {}
                }
            }
        }
        subjects
    }
}

/// The differences between the oracle and one subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The subject that differs.
    pub subject: Subject,
    /// The first difference, the oracle's side first.
    pub difference: String,
}

/// The outcome of a trial.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The outcome of the oracle.
    pub expected: Observed,
    /// How many subjects ran.
    pub subjects: usize,
    /// The first subject that differs, if one does.
    pub verdict: Option<Verdict>,
}

/// Runs the oracle and the selected subjects on a trial.
pub fn judge(bench: &Bench, trial: &Trial, selection: Selection) -> Judged {
    let expected = bench.oracle(trial);
    let subjects = selection.subjects(expected.end.ending);
    let verdict = subjects.iter().find_map(|&subject| {
        let observe = || bench.observe(trial, subject);
        let difference = differs(&expected, observe)?;
        Some(Verdict { subject, difference })
    });
    Judged { expected, subjects: subjects.len(), verdict }
}

/// How an observation differs from the expected one; failing and panicking count.
pub(super) fn differs(
    expected: &Observed,
    observe: impl FnOnce() -> anyhow::Result<Observed>,
) -> Option<String> {
    match catch_unwind(AssertUnwindSafe(observe)) {
        Ok(Ok(found)) => expected.difference(&found),
        Ok(Err(error)) => Some(format!("{} against an error: {error:#}", expected.end)),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
            Some(format!("{} against a panic: {}", expected.end, text.unwrap_or("no text")))
        }
    }
}
