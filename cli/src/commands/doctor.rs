//! `bessemer doctor`: checks that compilers, engines and folders can be used.

use bessemer_runtime::Backend;
use bessemer_toolchain::rust::{CONTRACT_TARGET, Library, REMEDY, candidates};
use serde_json::{Value, json};

use crate::support::failure::{Failure, with_sources};
use crate::support::local::{self, Folder};
use crate::support::output::{self, ERROR, Output, TITLE, WARNING};

/// Checks compilers, engines and folders, and says what to do about what is missing.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {}

const AFTER_HELP: &str = "\
Exit code: 1 if contracts cannot be built or run here.

Examples:
  bessemer doctor
  bessemer doctor --json
";

/// Runs all checks.
pub(crate) fn run(_: &Args, output: Output) -> Result<u8, Failure> {
    let findings = findings()?;
    let healthy = findings.iter().all(|finding| finding.kind != Kind::Problem);
    if output.json {
        let list: Vec<_> = findings.iter().map(Finding::to_json).collect();
        output.document(&json!({
            "schema": "bessemer.doctor/1",
            "healthy": healthy,
            "findings": list,
        }))?;
    } else {
        let rows = findings.iter().map(|finding| [finding.kind.shown(), finding.what.clone()]);
        output.text(output::table(rows))?;
        for remedy in findings.iter().filter_map(|finding| finding.remedy.as_ref()) {
            output.note(remedy);
        }
    }
    Ok(if healthy { 0 } else { 1 })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Good,
    Hint,
    Problem,
}

struct Finding {
    kind: Kind,
    what: String,
    remedy: Option<String>,
}

impl Kind {
    fn shown(self) -> String {
        match self {
            Self::Good => format!("{TITLE}good{TITLE:#}"),
            Self::Hint => format!("{WARNING}hint{WARNING:#}"),
            Self::Problem => format!("{ERROR}problem{ERROR:#}"),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Hint => "hint",
            Self::Problem => "problem",
        }
    }
}

impl Finding {
    fn new(kind: Kind, what: impl Into<String>) -> Self {
        Self { kind, what: what.into(), remedy: None }
    }

    fn to_json(&self) -> Value {
        json!({ "kind": self.kind.name(), "what": self.what, "remedy": self.remedy })
    }
}

fn findings() -> Result<Vec<Finding>, Failure> {
    let folder = Folder::find()?;
    let mut findings = Vec::new();
    let mut usable = false;
    for candidate in candidates(folder.project(), &[CONTRACT_TARGET]) {
        let rustc = candidate.rustc.display();
        findings.push(match candidate.found {
            Ok(found) => {
                let library = match found.library {
                    Library::Installed => "the target is installed",
                    Library::Source => "it has library source",
                };
                let used = if usable { "could build contracts" } else { "builds contracts" };
                usable = true;
                let version = found.version;
                Finding::new(Kind::Good, format!("{rustc} {used}: Rust {version}, {library}"))
            }
            Err(lack) => Finding::new(Kind::Hint, format!("{rustc} does not: {lack}")),
        });
    }
    if !usable {
        let what = format!("no compiler for {CONTRACT_TARGET}");
        let remedy = Some(REMEDY.to_owned());
        findings.push(Finding { kind: Kind::Problem, what, remedy });
    }
    findings.push(match local::engine(Backend::Auto)?.backend() {
        Backend::Interpreter => Finding::new(
            Kind::Hint,
            "contracts run in the interpreter: native code needs x86-64 Linux",
        ),
        _ => Finding::new(Kind::Good, "contracts run as native code"),
    });
    let shown = folder.path("").display().to_string();
    findings.push(if folder.path("chain.redb").is_file() {
        match folder.lock_chain() {
            Ok(_) => Finding::new(Kind::Good, format!("the local chain is in {shown}")),
            Err(failure) => Finding::new(Kind::Problem, with_sources(&failure)),
        }
    } else {
        match tempfile::tempfile_in(folder.project()) {
            Ok(_) => Finding::new(Kind::Good, format!("the local chain will be in {shown}")),
            Err(error) => {
                let what = format!("the local chain cannot be in {shown}: {error}");
                let remedy = "work in a folder that you may write to".to_owned();
                Finding { kind: Kind::Problem, what, remedy: Some(remedy) }
            }
        }
    });
    Ok(findings)
}
