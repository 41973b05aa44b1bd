//! `bessemer check`: whether contracts would be accepted, and what they use.

use std::collections::{BTreeMap, BTreeSet};

use bessemer_abi::HostCall;
use bessemer_image::{Limits, LoadError, Program};
use serde_json::{Value, json};

use crate::support::abi::Interface;
use crate::support::build::Image;
use crate::support::failure::Failure;
use crate::support::output::{self, ERROR, Output, TITLE, WARNING, grouped};
use crate::support::{hints, images};

/// Checks contracts without deploying them: rules of images, host calls, interface, size.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// Packages of the project or paths of images; all of the project unless said
    contracts: Vec<String>,
}

const AFTER_HELP: &str = "\
Host calls are those whose number is set in front of an ECALL; others that a
program computes are not known before it runs.

Exit code: 1 if a contract would be refused.

Examples:
  bessemer check
  bessemer check token
  bessemer check other.elf --json
";

/// Checks what `args` name.
pub(crate) fn run(args: &Args, output: Output) -> Result<u8, Failure> {
    let images = images::all(&args.contracts, output)?;
    let checks: Vec<_> = images.iter().map(Check::of).collect();
    if output.json {
        let list: Vec<_> = checks.iter().map(Check::to_json).collect();
        output.document(&json!({ "schema": "bessemer.check/1", "contracts": list }))?;
    } else {
        output.text(checks.iter().map(Check::to_text).collect::<String>())?;
    }
    Ok(if checks.iter().all(|check| check.problems().is_empty()) { 0 } else { 1 })
}

struct Check<'a> {
    image: &'a Image,
    program: Result<Program, LoadError>,
    calls: BTreeSet<u32>,
    interface: Option<Result<Interface, String>>,
}

impl<'a> Check<'a> {
    fn of(image: &'a Image) -> Self {
        let elf = &image.file.bytes;
        let program = Program::parse(elf, &Limits::contract());
        let calls = program.as_ref().map(host_calls).unwrap_or_default();
        Self { image, program, calls, interface: Interface::of_image(elf) }
    }

    fn unknown_calls(&self) -> impl Iterator<Item = &u32> {
        self.calls.iter().filter(|number| HostCall::from_number(**number).is_none())
    }

    /// Selectors that more than one function has.
    fn clashes(&self) -> Vec<String> {
        let Some(Ok(interface)) = &self.interface else { return Vec::new() };
        let mut by_selector: BTreeMap<[u8; 4], Vec<String>> = BTreeMap::new();
        for function in interface.functions() {
            by_selector.entry(function.selector().0).or_default().push(function.signature());
        }
        let clashing = by_selector.into_values().filter(|list| list.len() > 1);
        clashing.map(|list| list.join(" and ")).collect()
    }

    /// Why it would be refused, one sentence for each reason.
    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if let Err(error) = &self.program {
            problems.push(format!("it would be refused: {error}"));
        }
        for number in self.unknown_calls() {
            problems.push(format!("host call {number:#x} does not exist: calling it traps"));
        }
        if let Some(Err(reason)) = &self.interface {
            problems.push(reason.clone());
        }
        let clashes = self.clashes();
        problems.extend(clashes.iter().map(|clash| format!("{clash} have the same selector")));
        problems
    }

    /// Warnings: it loads, but would probably trap.
    fn warning(&self) -> Option<String> {
        self.program.as_ref().ok().and_then(hints::lacking)
    }

    fn call_names(&self) -> Vec<&'static str> {
        let known = self.calls.iter().filter_map(|number| HostCall::from_number(*number));
        known.map(|call| call.row().name).collect()
    }

    fn to_text(&self) -> String {
        let mut text = format!("{TITLE}{}{TITLE:#}\n", self.image.name);
        let mut rows = Vec::new();
        let mut row = |name: &str, value: String| rows.push([name.to_owned(), value]);
        row("size", format!("{} bytes", grouped(self.image.file.bytes.len() as u64)));
        if let Ok(program) = &self.program {
            row("code hash", program.code_hash().to_string());
            row("memory", format!("{} pages at entry", program.entry_pages()));
            row("host calls", self.call_names().join(", "));
        }
        row(
            "interface",
            match &self.interface {
                Some(Ok(interface)) => {
                    format!(
                        "{} functions, {} bytes",
                        interface.functions().count(),
                        interface.json.len()
                    )
                }
                Some(Err(_)) => "damaged".to_owned(),
                None => "none: calls need encoded input".to_owned(),
            },
        );
        text.push_str(&output::table(rows));
        let problems = self.problems();
        if problems.is_empty() {
            text.push_str("  it would be accepted\n");
        }
        for problem in problems {
            text.push_str(&format!("  {ERROR}problem{ERROR:#}: {problem}\n"));
        }
        if let Some(warning) = self.warning() {
            text.push_str(&format!("  {WARNING}warning{WARNING:#}: {warning}\n"));
        }
        text
    }

    fn to_json(&self) -> Value {
        let problems = self.problems();
        json!({
            "name": self.image.name,
            "size": self.image.file.bytes.len(),
            "accepted": problems.is_empty(),
            "problems": problems,
            "warning": self.warning(),
            "rule": self.program.as_ref().err().map(LoadError::rule),
            "code_hash": self.program.as_ref().ok().map(|program| program.code_hash().to_string()),
            "host_calls": self.call_names(),
            "unknown_host_calls": self.unknown_calls().collect::<Vec<_>>(),
        })
    }
}

/// Numbers of the host calls that the program makes.
fn host_calls(program: &Program) -> BTreeSet<u32> {
    program.text().host_calls().into_iter().map(|(_, number)| number).collect()
}
