//! The programs whose gas is compared with their time.

use anyhow::{Context, Result};
use bessemer_image::{self as image, Limits, LoadError};

use super::Genome;
use super::family::{ASSEMBLED, Assembled};
use crate::workloads::{self, Workload};
use crate::{Profile, elf};

/// What the search found, and what authors thought of: a name, and the genome behind it.
const HOSTILE: &str = include_str!("hostile.txt");

/// Whether a program is one that people write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Compiled from a program with a purpose.
    Ordinary,
    /// Made to take more than it pays for.
    Hostile,
}

/// A program of the corpus.
#[derive(Clone, Debug)]
pub struct Program {
    /// A short name.
    pub name: String,
    source: Source,
}

#[derive(Clone, Debug)]
enum Source {
    Workload(&'static Workload, Profile),
    Genome(Genome),
    Assembled(&'static Assembled),
}

/// All programs, the ordinary ones first.
///
/// # Errors
///
/// If a line of the frozen corpus is none.
pub fn corpus() -> Result<Vec<Program>> {
    let mut programs = Vec::new();
    for workload in workloads::ALL {
        for profile in Profile::ALL {
            let name = format!("{}{}", workload.name, profile.suffix());
            programs.push(Program { name, source: Source::Workload(workload, profile) });
        }
    }
    for assembled in ASSEMBLED {
        let name = assembled.name.to_owned();
        programs.push(Program { name, source: Source::Assembled(assembled) });
    }
    for line in HOSTILE.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (name, genome) = line.split_once(' ').with_context(|| line.to_owned())?;
        let genome = genome.parse().with_context(|| line.to_owned())?;
        programs.push(Program { name: name.to_owned(), source: Source::Genome(genome) });
    }
    Ok(programs)
}

/// The program of that name.
pub fn find(name: &str) -> Option<Program> {
    corpus().ok()?.into_iter().find(|program| program.name == name)
}

impl Program {
    /// A program of this genome.
    pub fn of(genome: Genome) -> Self {
        Self { name: genome.to_string(), source: Source::Genome(genome) }
    }

    /// The genome that it is made of, if it is.
    pub(super) fn genome(&self) -> Option<&Genome> {
        match &self.source {
            Source::Genome(genome) => Some(genome),
            _ => None,
        }
    }

    /// Whether people write such programs.
    pub fn kind(&self) -> Kind {
        match self.source {
            Source::Workload(..) => Kind::Ordinary,
            Source::Genome(_) | Source::Assembled(_) => Kind::Hostile,
        }
    }

    /// Whether medians count it: a workload counts once, however many profiles it is built for.
    pub fn counts(&self) -> bool {
        !matches!(self.source, Source::Workload(_, profile) if profile != Profile::CONTRACT)
    }

    /// A short description.
    pub fn about(&self) -> String {
        match &self.source {
            Source::Workload(..) => "a workload of the report".to_owned(),
            Source::Genome(genome) => genome.to_string(),
            Source::Assembled(assembled) => assembled.about.to_owned(),
        }
    }

    /// Its file.
    ///
    /// # Errors
    ///
    /// If its source does not assemble.
    pub fn image(&self) -> Result<Vec<u8>> {
        match &self.source {
            Source::Workload(workload, profile) => Ok(elf(workload.name, *profile).to_vec()),
            Source::Genome(genome) => Ok(genome.image()),
            Source::Assembled(assembled) => assembled.image(),
        }
    }

    /// Whether it can be deployed: rule L29 of the loader refuses text that becomes too much native code.
    ///
    /// # Errors
    ///
    /// If its source does not assemble.
    pub fn deploys(&self) -> Result<bool> {
        let program = image::Program::parse(&self.image()?, &Limits::contract());
        Ok(!matches!(program, Err(LoadError::TooMuchNativeCode { .. })))
    }

    /// The function that is called, and its argument; a program without is run from its entry.
    pub(super) fn function(&self) -> Option<(&'static str, u32)> {
        match self.source {
            Source::Workload(workload, _) => Some(("workload", workload.small_n)),
            Source::Genome(_) | Source::Assembled(_) => None,
        }
    }
}
