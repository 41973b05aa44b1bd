//! What a test did with contracts, for people: its steps as trees of calls, and where images differ.

use std::collections::HashMap;
use std::sync::Arc;

use bessemer_abi::codes::status;
use bessemer_chain::store::{Store, decode_account};
use bessemer_chain::{Address, Chain, ChainConfig, CodeHash, StateKey, StorageKey};
use bessemer_runtime::Backend;

use super::engine;
use super::record::{Difference, Ended, Reason, Record, Step, address, bytes};
use crate::support::abi::{self, Interface};
use crate::support::failure::with_sources;
use crate::support::functions::Images;
use crate::support::local::Recorded;
use crate::support::names::Names;
use crate::support::outcome::Explainer;
use crate::support::output::DIM;
use crate::support::source::Sources;
use crate::support::tree::{Shown, Tree, excerpt};

/// Which steps of a test are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// The last transaction that the test made, and the queries behind it.
    Last,
    All,
}

/// Plays records on the interpreter, and tells what happens.
pub(crate) struct Teller<'a> {
    pub(crate) images: &'a Images,
    pub(crate) sources: &'a Sources,
}

/// A step that was just played.
struct Moment<'a, 'b> {
    index: usize,
    step: &'a Step,
    explainer: &'a mut Explainer<'b>,
    tree: &'a Tree,
    before: &'a dyn Fn(&Address, &StorageKey) -> Option<Vec<u8>>,
}

impl Teller<'_> {
    /// The trees of the steps of a record, up to the first in which images differ.
    pub(crate) fn trees(&self, record: &Record, scope: Scope, what: Shown) -> String {
        let mut told: Vec<(bool, String)> = Vec::new();
        let mut visit = |moment: Moment<'_, '_>| {
            let tree = moment.tree.text(moment.explainer, moment.before, what);
            let line = match moment.step.line.as_str() {
                "" => String::new(),
                line => format!("  {DIM}{}{DIM:#}\n", abi::printable(line)),
            };
            let tree: String = tree.lines().map(|line| format!("  {line}\n")).collect();
            told.push((moment.step.kind == "query", line + &tree));
        };
        let ended = self.play(record, &mut visit);
        let last = told.iter().rposition(|(is_query, _)| !is_query).unwrap_or_default();
        let first = if scope == Scope::Last { last } else { 0 };
        let mut text: String = told.into_iter().skip(first).map(|(_, text)| text).collect();
        if let Err(reason) = ended {
            text.push_str(&format!("  the images went no further: {reason}\n"));
        }
        text
    }

    /// The log lines of a record, each with its contract.
    pub(crate) fn log(&self, record: &Record) -> String {
        let mut text = String::new();
        let mut visit = |moment: Moment<'_, '_>| {
            let lines = moment.tree.log();
            text.extend(lines.map(|line| format!("  log {}\n", moment.explainer.log_line(line))));
        };
        let _ = self.play(record, &mut visit);
        text.trim_end().to_owned()
    }

    /// Where and how images differ from the native test.
    pub(crate) fn difference(&self, record: &Record, difference: &Difference) -> String {
        let Difference { engine, index, reason } = difference;
        let mut step = format!("step {}", index + 1);
        let mut outcomes = String::new();
        let mut visit = |mut moment: Moment<'_, '_>| {
            if moment.index != *index {
                return;
            }
            step = moment.title();
            if let Reason::Differs(what, ended) = reason {
                let native = moment.outcome(what, &moment.step.native());
                let image = moment.outcome(what, ended);
                outcomes = format!("\n    native  {native}\n    image   {image}");
            }
        };
        // it may be native code alone that differs
        let _ = self.play(record, &mut visit);
        match reason {
            Reason::Differs(what, _) => format!("  on {engine}, {step}: {what} differs{outcomes}"),
            Reason::Other(reason) => format!("  on {engine}, {step}: {reason}"),
        }
    }

    /// Plays a record up to the first step in which images differ, which is shown too.
    fn play(&self, record: &Record, visit: &mut dyn FnMut(Moment<'_, '_>)) -> Result<(), String> {
        let engine = engine(Backend::Interpreter)?;
        let mut store = Arc::new(Recorded::default());
        let mut names = Names::users();
        let crates: HashMap<CodeHash, &String> =
            self.images.iter().map(|(name, image)| (CodeHash::of(image), name)).collect();
        for (index, step) in record.steps().iter().enumerate() {
            if step.kind == "user" {
                names.insert(step.code.clone(), address(&step.to)?);
            }
            if step.prepare(&mut store, self.images)? {
                continue;
            }
            let before: HashMap<_, _> = store.entries().into_iter().collect();
            let mut tree = Tree::default();
            let ran = step.run(&engine, &store, self.images, Some(&mut tree))?;
            name_contracts(&store, &crates, &mut names);
            let shared = Arc::clone(&store) as Arc<dyn Store>;
            let chain = Chain::on(&engine, shared, ChainConfig::default());
            let chain = chain.map_err(|error| with_sources(&error))?;
            let mut explainer = Explainer::new(&chain, &names, self.sources.clone());
            if let Some(receipt) = &ran.receipt {
                tree.explain(receipt);
                let image = step.image(self.images).filter(|_| !receipt.succeeded());
                let interface = image.and_then(|image| Interface::of_image(image)?.ok());
                if let Some(interface) = interface {
                    explainer.know(receipt.to, interface);
                }
            }
            let before = |contract: &Address, key: &StorageKey| {
                let value = before.get(&StateKey::Storage(*contract, *key));
                value.map(|value| value.to_vec())
            };
            let explainer = &mut explainer;
            visit(Moment { index, step, explainer, tree: &tree, before: &before });
            if step.difference(&ran.ended).is_some() {
                break;
            }
        }
        Ok(())
    }
}

/// Gives contracts that are new the name of their crate, with a number behind it if there are more.
fn name_contracts(store: &Recorded, crates: &HashMap<CodeHash, &String>, names: &mut Names) {
    for (key, value) in store.entries() {
        let StateKey::Account(address) = key else { continue };
        let code = decode_account(&value).ok().and_then(|account| account.program());
        let Some(name) = code.and_then(|code| crates.get(&code)) else { continue };
        if names.iter().any(|(_, known)| *known == address) {
            continue;
        }
        let taken = |wanted: &str| names.iter().any(|(known, _)| known == wanted);
        let numbered = (2..).map(|number| format!("{name}{number}"));
        let free = std::iter::once((*name).clone()).chain(numbered).find(|name| !taken(name));
        names.insert(free.unwrap_or_default(), address);
    }
}

impl Moment<'_, '_> {
    /// `step 5 at src/lib.rs:41, query of token.balanceOf(account: bob)`
    fn title(&mut self) -> String {
        let Step { kind, line, to, input, code, .. } = self.step;
        let to = address(to).unwrap_or_default();
        let what = match kind.as_str() {
            "create" => code.clone(),
            _ => self.explainer.invocation(&to, &bytes(input).unwrap_or_default()),
        };
        let kind = if kind == "create" { "creation" } else { kind };
        let at = if line.is_empty() { String::new() } else { format!(" at {line}") };
        format!("step {}{}, {kind} of {what}", self.index + 1, abi::printable(&at))
    }

    /// An outcome, as far as it differs from another.
    fn outcome(&mut self, what: &str, ended: &Ended) -> String {
        match what {
            "events" if ended.events.is_empty() => "no events".to_owned(),
            "events" => {
                let called = address(&self.step.to).unwrap_or_default();
                let events = ended.events.iter().map(|event| match event.event() {
                    Ok(event) => self.explainer.event(&event, &called),
                    Err(reason) => reason,
                });
                events.collect::<Vec<_>>().join(", ")
            }
            "state" => format!("state with the digest {}", ended.state),
            _ => self.ended(ended),
        }
    }

    /// `returned 5`, `reverted: NotOwner { .. }`
    fn ended(&mut self, ended: &Ended) -> String {
        let to = address(&self.step.to).unwrap_or_default();
        let output = bytes(&ended.output).unwrap_or_default();
        match ended.status {
            status::RETURN => {
                let input = bytes(&self.step.input).unwrap_or_default();
                match self.explainer.result(&to, &input, &output) {
                    Some(fields) => {
                        format!("returned {}", abi::list(&fields, self.explainer.names()))
                    }
                    None if output.is_empty() => "returned".to_owned(),
                    None => format!("returned {}", excerpt(&output)),
                }
            }
            status::REVERT => format!("reverted{}", self.explainer.reason(&to, &output)),
            status::TRAP => "trapped".to_owned(),
            status::OUT_OF_GAS => "ran out of gas".to_owned(),
            status => format!("ended with the status {status}"),
        }
    }
}
