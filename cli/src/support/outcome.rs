//! Receipts for people and programs: results, events, and why a transaction failed.

use std::fmt::Write;
use std::path::Path;

use bessemer_chain::{Address, Chain, Failure as Frame, Receipt, Status};
use serde_json::{Value, json};

use crate::support::abi::{self, Decoded, Field, Interface, printable};
use crate::support::local::Interfaces;
use crate::support::names::Names;
use crate::support::output::{Address as Pc, DIM, grouped, hex};
use crate::support::prepared::Prepared;
use crate::support::source::Sources;
use crate::support::tree::excerpt;

/// Explains receipts with the names in the interfaces of the contracts on a chain.
pub(crate) struct Explainer<'a> {
    chain: &'a Chain,
    names: &'a Names,
    interfaces: Interfaces,
    /// Where code of the project came from.
    sources: Sources,
}

impl<'a> Explainer<'a> {
    pub(crate) fn new(chain: &'a Chain, names: &'a Names, sources: Sources) -> Self {
        Self { chain, names, interfaces: Interfaces::default(), sources }
    }

    /// The result of a call; `None` if its contract does not declare the type.
    pub(crate) fn result(
        &mut self,
        to: &Address,
        input: &[u8],
        output: &[u8],
    ) -> Option<Vec<Field>> {
        let function = self.interfaces.of(self.chain, to)?.function_of(input)?;
        abi::decode(&function.outputs, output)
    }

    /// `counter.add`, or as much of it as is known.
    pub(crate) fn call_name(&mut self, to: &Address, input: &[u8]) -> String {
        let contract = self.names.show(to);
        let interface = self.interfaces.of(self.chain, to);
        match interface.and_then(|interface| interface.function_of(input)) {
            Some(function) => format!("{contract}.{}", printable(&function.name)),
            None => contract,
        }
    }

    pub(crate) fn names(&self) -> &'a Names {
        self.names
    }

    /// The interface of a contract that is not on the chain, or that says nothing of its own.
    pub(crate) fn know(&mut self, contract: Address, interface: Interface) {
        self.interfaces.know(contract, interface);
    }

    /// The interface that a command line gave for the contract that it calls.
    pub(crate) fn know_given(&mut self, call: &mut Prepared) {
        if let Some(interface) = call.given.take() {
            self.know(call.to, interface);
        }
    }

    /// The function that input is meant for, and its arguments.
    pub(crate) fn arguments(&mut self, to: &Address, input: &[u8]) -> Option<(String, Vec<Field>)> {
        let function = self.interfaces.of(self.chain, to)?.function_of(input)?;
        let fields = abi::decode(&function.inputs, input.get(4..)?)?;
        Some((function.name.clone(), fields))
    }

    /// `counter.add(by: 3)`, with the input as it is if its meaning is not known.
    pub(crate) fn invocation(&mut self, to: &Address, input: &[u8]) -> String {
        let contract = self.names.show(to);
        match self.arguments(to, input) {
            Some((name, fields)) => {
                format!("{contract}.{}({})", printable(&name), abi::list(&fields, self.names))
            }
            None if input.is_empty() => contract,
            None => format!("{contract}({})", excerpt(input)),
        }
    }

    /// `counter(start: 3)`: a contract, and the arguments of its constructor.
    pub(crate) fn creation(&mut self, contract: &Address, input: &[u8]) -> String {
        let known = self.interfaces.of(self.chain, contract);
        let fields = known.and_then(|known| abi::decode(known.constructor(), input));
        let arguments = match fields {
            Some(fields) => abi::list(&fields, self.names),
            None if input.is_empty() => String::new(),
            None => excerpt(input),
        };
        format!("{}({arguments})", self.names.show(contract))
    }

    /// `Added { by: 3, total: 3 }`, with the contract in front if it is not the called one.
    pub(crate) fn event(&mut self, event: &bessemer_chain::Event, called: &Address) -> String {
        self.event_in(event, called, None)
    }

    /// The same; what the contract's own interface does not know, that of the running code may.
    pub(crate) fn event_in(
        &mut self,
        event: &bessemer_chain::Event,
        called: &Address,
        code: Option<&Address>,
    ) -> String {
        let decoded = self
            .decoded_event(event)
            .or_else(|| self.interfaces.of(self.chain, code?)?.event(&event.topics, &event.data));
        let shown = match &decoded {
            Some(decoded) => abi::one_line(decoded, self.names),
            None => {
                let topics: Vec<_> = event.topics.iter().map(|topic| hex(topic)).collect();
                format!("0x{} 0x{}", topics.join(" 0x"), hex(&event.data))
            }
        };
        if event.address == *called {
            shown
        } else {
            format!("{}.{shown}", self.names.show(&event.address))
        }
    }

    pub(crate) fn event_json(&mut self, event: &bessemer_chain::Event) -> Value {
        let decoded = self.decoded_event(event);
        let topics: Vec<_> = event.topics.iter().map(|topic| format!("0x{}", hex(topic))).collect();
        json!({
            "contract": event.address.to_string(),
            "contract_name": self.names.show(&event.address),
            "event": decoded.map(|decoded| decoded.to_json()),
            "topics": topics,
            "data": format!("0x{}", hex(&event.data)),
        })
    }

    fn decoded_event(&mut self, event: &bessemer_chain::Event) -> Option<Decoded> {
        self.interfaces.of(self.chain, &event.address)?.event(&event.topics, &event.data)
    }

    /// `counter.reset reverted: NotOwner { .. }`, then `--> src/lib.rs:41` and causes, a line each.
    pub(crate) fn failure(&mut self, what: &str, receipt: &Receipt) -> String {
        if let Some(reason) = &receipt.diagnosis.refused {
            return format!("{what} did nothing: {reason}");
        }
        let frames = &receipt.diagnosis.failures;
        let mut text = format!("{what} {}", receipt.status);
        let Some(last) = frames.last() else {
            match receipt.status {
                Status::OutOfGas => text.push_str(&self.out_of_gas(receipt.gas_used)),
                _ => text.push_str(&self.reason(&receipt.to, &receipt.output)),
            }
            return text + &self.log(receipt);
        };
        // the receipt has the whole output of the transaction's own frame
        let output = if last.depth == 1 { &receipt.output } else { &last.excerpt };
        text.push_str(&self.frame(last, output, receipt.gas_used));
        text.push_str(&self.place(last));
        if let [first, .., _] = frames.as_slice() {
            let frame = self.frame(first, &first.excerpt, receipt.gas_used);
            let name = self.names.show(&first.contract);
            let _ = write!(text, "\n  because {name} {}{frame}", first.status);
            text.push_str(&self.place(first));
        }
        text + &self.log(receipt)
    }

    /// The debug log of the contracts, a line each; the log of calls that failed stays.
    fn log(&self, receipt: &Receipt) -> String {
        let lines = receipt.diagnosis.log.iter();
        lines.map(|line| format!("\n  log {}", self.log_line(line))).collect()
    }

    /// Why a frame failed, and where.
    pub(crate) fn why(
        &mut self,
        contract: &Address,
        cause: Option<&Frame>,
        output: &[u8],
        gas: u64,
    ) -> String {
        match cause {
            Some(cause) => {
                self.frame(cause, output, gas) + &self.place(cause).replace("\n  -->", " at")
            }
            None => self.reason(contract, output),
        }
    }

    /// Why a frame stopped.
    fn frame(&mut self, frame: &Frame, output: &[u8], gas: u64) -> String {
        match (frame.status, frame.trap) {
            (Status::Trap, Some(trap)) => {
                let address = trap.addr.map(|at| format!(", address {}", Pc(at)));
                let (address, sentence) = (address.unwrap_or_default(), trap.kind.sentence());
                format!(": {} at pc {}{address}: {sentence}", trap.kind, Pc(trap.pc))
            }
            (Status::OutOfGas, _) => self.out_of_gas(gas),
            _ => self.reason(&frame.contract, output),
        }
    }

    fn out_of_gas(&self, gas: u64) -> String {
        format!(": {} gas does not suffice; give more with --gas", grouped(gas))
    }

    /// Decodes revert data; the error may be one of a contract that was called.
    pub(crate) fn reason(&mut self, contract: &Address, data: &[u8]) -> String {
        if data.is_empty() {
            return String::new();
        }
        match self.error(contract, data) {
            Some(decoded) if decoded.name == "Error" => match &decoded.fields[..] {
                [Field { value, .. }] => {
                    format!(": {}", printable(value.as_str().unwrap_or_default()))
                }
                _ => String::new(),
            },
            Some(decoded) => {
                let words = abi::panic_in_words(&decoded).unwrap_or_default();
                format!(": {}{words}", abi::one_line(&decoded, self.names))
            }
            None => format!(": {}", excerpt(data)),
        }
    }

    pub(crate) fn error(&mut self, contract: &Address, data: &[u8]) -> Option<Decoded> {
        let known = self.interfaces.of(self.chain, contract);
        if let Some(decoded) = known.and_then(|interface| interface.error(data)) {
            return Some(decoded);
        }
        // errors that a contract passes on stand in the interface of another
        for (_, address) in self.names.iter() {
            let known = self.interfaces.of(self.chain, address);
            if let Some(decoded) = known.and_then(|interface| interface.error(data)) {
                return Some(decoded);
            }
        }
        abi::standard(data)
    }

    fn place(&self, frame: &Frame) -> String {
        let code = self.chain.account(&frame.contract).ok().and_then(|account| account.program());
        match code.and_then(|code| self.sources.find(&code, frame.pc)) {
            Some(place) => format!("\n  --> {}", printable(&place)),
            None => String::new(),
        }
    }

    /// The whole receipt, as JSON.
    pub(crate) fn document(&mut self, input: &[u8], receipt: &Receipt) -> Value {
        let (to, output) = (&receipt.to, &receipt.output);
        let result = match receipt.status {
            Status::Return => self.result(to, input, output).map(|f| Field::list_to_json(&f)),
            _ => None,
        };
        let error = match receipt.status {
            Status::Revert => {
                let cause = receipt.diagnosis.failures.last().map_or(*to, |frame| frame.contract);
                self.error(&cause, output).map(|decoded| decoded.to_json())
            }
            _ => None,
        };
        let trap = receipt.diagnosis.failures.last().and_then(|frame| frame.trap);
        let events: Vec<_> = receipt.events.iter().map(|event| self.event_json(event)).collect();
        let log: Vec<_> = receipt.diagnosis.log.iter().map(|line| self.log_line(line)).collect();
        json!({
            "height": receipt.height,
            "index": receipt.index,
            "from": receipt.sender.to_string(),
            "to": to.to_string(),
            "status": receipt.status,
            "gas_used": receipt.gas_used,
            "result": result,
            "output": format!("0x{}", hex(output)),
            "error": error,
            "trap": trap.map(|trap| trap.kind.name()),
            "refused": receipt.diagnosis.refused,
            "events": events,
            "created": receipt.created.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "log": log,
        })
    }

    pub(crate) fn log_line(&self, line: &bessemer_chain::LogLine) -> String {
        printable(&format!("{}: {}", self.names.show(&line.address), line.text))
    }
}

/// The lines that are printed on standard error beside a result.
pub(crate) fn summary(explainer: &mut Explainer<'_>, receipt: &Receipt) -> String {
    let mut text = format!("{DIM}gas {}{DIM:#}", grouped(receipt.gas_used));
    for event in &receipt.events {
        let _ = write!(text, "\nevent {}", explainer.event(event, &receipt.to));
    }
    for line in &receipt.diagnosis.log {
        let _ = write!(text, "\nlog {}", explainer.log_line(line));
    }
    text
}

/// The lines below a failure: gas, state, and what to do next.
pub(crate) fn aftermath(receipt: &Receipt, file: Option<&Path>) -> String {
    let mut text = format!("  gas {}, state unchanged", grouped(receipt.gas_used));
    if let Some(file) = file {
        let _ = write!(text, "\n  next: bessemer replay {}", file.display());
    }
    text
}
