//! Trees for people.

use bessemer_chain::{Address, CallKind, Status, StorageKey};

use super::{Ended, Entry, Frame, Tree, Values};
use crate::support::abi;
use crate::support::outcome::Explainer;
use crate::support::output::{DIM, ERROR, grouped, hex};
use crate::support::stored::{place, shown};

/// The bytes of data without a name that are shown.
const EXCERPT: usize = 68;

/// What of a tree is shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shown {
    /// Changes of storage.
    pub(crate) writes: bool,
    /// Lines at most; the first of more are left out, because the cause of a failure is at the end.
    pub(crate) lines: usize,
}

impl Shown {
    /// Everything.
    pub(crate) const ALL: Self = Self { writes: true, lines: usize::MAX };
    /// As much as fits on a screen.
    pub(crate) const SCREEN: Self = Self { writes: true, lines: 40 };
}

impl Tree {
    /// The tree, a line for each entry. `before` knows values of storage from before the transaction.
    pub(crate) fn text(
        &self,
        explainer: &mut Explainer<'_>,
        before: &dyn Fn(&Address, &StorageKey) -> Option<Vec<u8>>,
        what: Shown,
    ) -> String {
        let mut lines = Vec::new();
        let mut values = Values::new(before);
        let mut open: Vec<&Frame> = Vec::new();
        for entry in &self.entries {
            let (bars, code) = (open.len(), open.last().map(|frame| frame.to));
            let line = match entry {
                Entry::Begin(frame) => {
                    values.begin();
                    open.push(frame);
                    Some(frame.line(explainer))
                }
                Entry::End(_) => {
                    let Some(frame) = open.pop() else { continue };
                    values.end(frame.failed());
                    let end = frame.end.as_ref().map(|end| frame.outcome(end, explainer));
                    lines.extend(end.map(|text| prefix(bars, "└ ") + &text));
                    continue;
                }
                Entry::Event(event) => {
                    let called = open.last().map_or(event.address, |frame| frame.to);
                    Some(format!("event {}", explainer.event_in(event, &called, code.as_ref())))
                }
                Entry::Log(line) => Some(format!("log {}", abi::printable(&line.text))),
                Entry::Write(write) => {
                    let was = values.write(write);
                    let same = was == write.value;
                    (what.writes && !same).then(|| {
                        let names = explainer.names();
                        let (was, is) = (was.as_deref(), write.value.as_deref());
                        let contract =
                            if open.last().is_some_and(|frame| frame.to == write.contract) {
                                String::new()
                            } else {
                                format!("{}.", names.show(&write.contract))
                            };
                        let place = place(write.key.as_bytes(), names);
                        let (was, is) = (shown(was, names), shown(is, names));
                        format!("{DIM}store {contract}{place}: {was} -> {is}{DIM:#}")
                    })
                }
            };
            lines.extend(line.map(|text| match bars {
                0 => text,
                _ => prefix(bars, "├ ") + &text,
            }));
        }
        if self.left_out > 0 {
            lines.push(format!("({} more entries are left out)", self.left_out));
        }
        let cut = lines.len().saturating_sub(what.lines);
        let mut text = String::new();
        if cut > 0 {
            // the transaction itself stays
            let first = lines.first().cloned().unwrap_or_default();
            text = format!("{first}\n  ... {cut} lines; `-vv` or `bessemer trace` shows all\n");
        }
        text.extend(lines.drain(if cut > 0 { cut + 1 } else { 0 }..).map(|line| line + "\n"));
        text
    }
}

/// The bars of the open frames, and the sign of this line.
fn prefix(bars: usize, sign: &str) -> String {
    format!("  {}{sign}", "│ ".repeat(bars.saturating_sub(1)))
}

impl Frame {
    pub(super) fn failed(&self) -> bool {
        self.end.as_ref().is_some_and(|end| end.status != Status::Return)
    }

    /// `[48,204] token.transfer(to: bob, value: 5), value 3, from alice`
    fn line(&self, explainer: &mut Explainer<'_>) -> String {
        let gas = self.end.as_ref().map(|end| grouped(end.gas_used)).unwrap_or_default();
        let call = match self.kind {
            CallKind::Create => format!("new {}", explainer.creation(&self.to, &self.input)),
            _ => explainer.invocation(&self.to, &self.input),
        };
        let kind = match self.kind {
            CallKind::Static => " static",
            CallKind::Delegate => " delegate",
            _ => "",
        };
        let mut text = format!("{DIM}[{gas}]{DIM:#}{kind} {call}");
        if !self.value.is_zero() {
            text.push_str(&format!(" with value {}", self.value));
        }
        if self.depth == 1 {
            text.push_str(&format!(" {DIM}from {}{DIM:#}", explainer.names().show(&self.from)));
        }
        text
    }

    /// `returned 3`, `reverted: NotOwner { .. }, at src/lib.rs:41`
    fn outcome(&self, end: &Ended, explainer: &mut Explainer<'_>) -> String {
        match end.status {
            Status::Return if self.kind == CallKind::Create => {
                format!("created {}", explainer.names().show(&self.to))
            }
            Status::Return => match explainer.result(&self.to, &self.input, &end.output) {
                Some(fields) if fields.is_empty() => "returned".to_owned(),
                Some(fields) => format!("returned {}", abi::list(&fields, explainer.names())),
                None if end.output.is_empty() => "returned".to_owned(),
                None => format!("returned {}", excerpt(&end.output)),
            },
            status => {
                let why = explainer.why(&self.to, end.cause.as_ref(), &end.output, end.gas_used);
                format!("{ERROR}{status}{ERROR:#}{why}")
            }
        }
    }
}

/// The begin of data whose meaning is not known.
pub(crate) fn excerpt(data: &[u8]) -> String {
    match data.get(..EXCERPT) {
        Some(begin) if data.len() > EXCERPT => {
            format!("0x{}... ({} bytes)", hex(begin), data.len())
        }
        _ => format!("0x{}", hex(data)),
    }
}
