//! What a transaction did, for people: its frames with functions, arguments and events, and the places
//! at which it failed.

use std::sync::Arc;

use alloy_consensus::Transaction as _;
use alloy_primitives::{Address, Bytes, Log, hex};
use bessemer_chain::store::View;
use bessemer_chain::{CodeHash, Failure, StateKey};
use bessemer_evm::Transaction;
use bessemer_interface::{Interface, decode};
use serde_json::{Value, json};

use super::forms;
use super::interfaces::of_file;
use crate::backend::{Frame, FrameKind, Outcome, Tracer, World, chain_address, library_address};
use crate::ledger::Place;
use crate::rpc::error::RpcError;
use crate::rpc::json::{self as form, quantity, quantity_256};
use crate::rpc::trace::{AGAIN, transaction_of};
use crate::rpc::{Answer, Rpc};

/// The most frames and events that are shown.
const ENTRIES: usize = 2000;

/// The most bytes of an input, an output or the data of an event that are shown.
const BYTES: usize = 4096;

/// Watches a transaction, and keeps its frames.
#[derive(Default)]
struct Watched {
    frames: Vec<Seen>,
    /// The frames that are open, by their places; `None` for one that is not shown.
    open: Vec<Option<usize>>,
    events: usize,
    cut: bool,
}

/// One frame.
struct Seen {
    frame: Frame,
    parent: Option<usize>,
    gas_used: u64,
    output: Bytes,
    error: Option<String>,
    events: Vec<Log>,
}

impl Tracer for Watched {
    fn begin(&mut self, frame: &Frame) {
        if self.frames.len() == ENTRIES {
            self.cut = true;
            self.open.push(None);
            return;
        }
        self.open.push(Some(self.frames.len()));
        self.frames.push(Seen {
            frame: frame.clone(),
            parent: self.open.iter().rev().skip(1).find_map(|place| *place),
            gas_used: 0,
            output: Bytes::new(),
            error: None,
            events: Vec::new(),
        });
    }

    fn end(&mut self, gas_used: u64, output: &Bytes, error: Option<&str>) {
        let Some(place) = self.open.pop().flatten() else { return };
        let seen = &mut self.frames[place];
        (seen.gas_used, seen.output) = (gas_used, output.clone());
        seen.error = error.map(str::to_owned);
    }

    fn log(&mut self, log: &Log) {
        let Some(place) = self.open.last().copied().flatten() else { return };
        if self.events == ENTRIES {
            self.cut = true;
            return;
        }
        self.events += 1;
        self.frames[place].events.push(log.clone());
    }
}

/// A transaction that ran again.
struct Explained<'r> {
    rpc: &'r Rpc,
    transaction: Transaction,
    outcome: Outcome,
    watched: Watched,
    /// The state after it.
    after: World,
}

impl Rpc {
    /// Runs a transaction of a block again, and says what it did.
    pub(super) fn explain(&self, place: &Place) -> Answer {
        let block = &place.block;
        let (mut draft, _) = self.begin_again(block)?;
        for index in 0..place.index {
            draft.push(&transaction_of(block, index), AGAIN, None)?;
        }
        let transaction = transaction_of(block, place.index);
        let mut watched = Watched::default();
        let outcome = draft.session().transact(&transaction, AGAIN, Some(&mut watched))?;
        let after = draft.world()?;
        let explained = Explained { rpc: self, transaction, outcome, watched, after };
        let mut answer = explained.answer()?;
        answer["hash"] = form::hash(place.envelope().tx_hash());
        answer["blockNumber"] = quantity(block.header.number);
        answer["transactionIndex"] = quantity(place.index as u64);
        answer["gasLimit"] = quantity(place.envelope().gas_limit());
        Ok(answer)
    }
}

impl Explained<'_> {
    fn answer(&self) -> Answer {
        let outcome = &self.outcome;
        let diagnosis = &outcome.diagnosis;
        let failures = diagnosis.failures.iter().map(|failure| self.failure(failure));
        let log = diagnosis
            .log
            .iter()
            .map(|line| json!({ "address": line.address.to_string(), "text": line.text }));
        Ok(json!({
            "succeeded": outcome.succeeded(),
            "gasUsed": quantity(outcome.gas_used),
            "reason": outcome.explanation,
            "failures": failures.collect::<Result<Vec<_>, _>>()?,
            "log": log.collect::<Vec<_>>(),
            "call": self.call()?,
            "cut": self.watched.cut || diagnosis.cut,
        }))
    }

    /// The frames as a tree.
    fn call(&self) -> Answer {
        let mut shown = Vec::with_capacity(self.watched.frames.len());
        for seen in &self.watched.frames {
            shown.push(self.frame(seen)?);
        }
        // callees stand behind their callers
        while let Some(frame) = shown.pop() {
            let parent = self.watched.frames[shown.len()].parent;
            let Some(Value::Array(calls)) = parent.map(|parent| &mut shown[parent]["calls"]) else {
                return Ok(frame);
            };
            calls.insert(0, frame);
        }
        Ok(Value::Null)
    }

    fn frame(&self, seen: &Seen) -> Answer {
        let Seen { frame, gas_used, output, error, events, .. } = seen;
        let creates = matches!(frame.kind, FrameKind::Create | FrameKind::Create2);
        let interface = self.interface(&frame.to)?;
        let interface = interface.as_deref();
        let call = match interface {
            Some(interface) if creates => {
                decode(interface.constructor(), &frame.input).map(|fields| {
                    json!({
                        "name": "constructor",
                        "signature": "constructor",
                        "arguments": forms::list(&fields),
                    })
                })
            }
            Some(interface) => forms::call(interface, &frame.input),
            None => None,
        };
        let returned = match (interface, &call, error) {
            (Some(interface), Some(call), None) if !creates => {
                let signature = call["signature"].as_str().unwrap_or_default();
                forms::output(interface, signature, output).ok()
            }
            _ => None,
        };
        let events: Result<Vec<_>, RpcError> = events.iter().map(|log| self.event(log)).collect();
        Ok(json!({
            "kind": match frame.kind {
                FrameKind::Call | FrameKind::CallCode => "call",
                FrameKind::StaticCall => "static call",
                FrameKind::DelegateCall => "delegate call",
                FrameKind::Create | FrameKind::Create2 => "create",
                FrameKind::SelfDestruct => "self destruct",
            },
            "from": form::address(&frame.from),
            "to": form::address(&frame.to),
            "value": quantity_256(&frame.value),
            "gas": quantity(frame.gas),
            "gasUsed": quantity(*gas_used),
            "input": cut(&frame.input),
            "inputBytes": frame.input.len(),
            "output": cut(output),
            "outputBytes": output.len(),
            "error": error,
            "call": call,
            "returned": returned,
            "revert": error.as_ref().and_then(|_| forms::error(interface, output)),
            "events": events?,
            "calls": [],
        }))
    }

    fn event(&self, log: &Log) -> Answer {
        let interface = self.interface(&log.address)?;
        Ok(json!({
            "address": form::address(&log.address),
            "topics": log.topics().iter().map(form::hash).collect::<Vec<_>>(),
            "data": cut(&log.data.data),
            "event": interface.and_then(|it| forms::event(&it, log.topics(), &log.data.data)),
        }))
    }

    /// A frame that failed: how, and where.
    fn failure(&self, failure: &Failure) -> Answer {
        let address = library_address(&failure.contract);
        let interface = self.interface(&address)?;
        let trap = failure.trap.as_ref();
        Ok(json!({
            "depth": failure.depth,
            "contract": form::address(&address),
            "status": failure.status.to_string(),
            "trap": trap.map(ToString::to_string),
            "pc": quantity(u64::from(failure.pc)),
            "function": failure.function,
            "source": self.source(&address, failure.pc)?,
            "revert": forms::error(interface.as_deref(), &failure.excerpt),
        }))
    }

    /// The source line of an instruction, if its program has debug data, in its file or beside it.
    fn source(&self, address: &Address, pc: u32) -> Result<Option<String>, RpcError> {
        let Some((hash, file)) = self.file(address)? else { return Ok(None) };
        if let Some(line) = (self.rpc.node.sources)(&hash, pc) {
            return Ok(Some(line));
        }
        let lines = bessemer_interface::lines(&file, pc);
        Ok(lines.first().map(|(file, line)| format!("{file}:{line}")))
    }

    fn interface(&self, address: &Address) -> Result<Option<Arc<Interface>>, RpcError> {
        if let Some(interface) = self.rpc.interfaces.of(&self.after, address)? {
            return Ok(Some(interface));
        }
        Ok(self.carried(address).and_then(of_file))
    }

    /// The file of a program.
    fn file(&self, address: &Address) -> Result<Option<(CodeHash, Vec<u8>)>, RpcError> {
        if let Some(hash) = self.after.account(&chain_address(address))?.program() {
            let file = self.after.get(&StateKey::Code(hash))?;
            return Ok(file.map(|file| (hash, file.to_vec())));
        }
        Ok(self.carried(address).map(|file| (CodeHash::of(file), file.to_vec())))
    }

    /// The file in the initcode of the transaction, if it was to create this contract.
    fn carried(&self, address: &Address) -> Option<&[u8]> {
        let created = self.outcome.created.filter(|created| created == address);
        created.and_then(|_| bessemer_chain::carried_file(&self.transaction.input))
    }
}

/// The begin of long bytes.
fn cut(bytes: &[u8]) -> Value {
    hex::encode_prefixed(&bytes[..bytes.len().min(BYTES)]).into()
}

#[cfg(test)]
mod tests {
    use alloy_primitives::B256;

    use super::*;

    fn frame() -> Frame {
        Frame {
            kind: FrameKind::Call,
            from: Address::ZERO,
            to: Address::ZERO,
            value: alloy_primitives::U256::ZERO,
            gas: 1,
            input: Bytes::new(),
        }
    }

    #[test]
    fn frames_and_events_above_the_limit_are_left_out() {
        let mut watched = Watched::default();
        for _ in 0..ENTRIES + 5 {
            watched.begin(&frame());
            watched.log(&Log::new_unchecked(Address::ZERO, vec![B256::ZERO], Bytes::new()));
        }
        for _ in 0..ENTRIES + 5 {
            watched.end(1, &Bytes::new(), None);
        }
        assert_eq!((watched.frames.len(), watched.events), (ENTRIES, ENTRIES));
        assert!(watched.cut && watched.open.is_empty());
        assert_eq!(watched.frames[7].parent, Some(6));
    }
}
