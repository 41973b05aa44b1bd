//! The tree of frames, as go-ethereum's `callTracer` has it.

use alloy_primitives::{Bytes, Log};
use bessemer_evm::Transaction;
use serde_json::{Map, Value, json};

use super::Ended;
use super::room::Room;
use crate::backend::{Frame, FrameKind, Tracer};
use crate::rpc::error::reverted;
use crate::rpc::json::{self as form, quantity, quantity_256};

/// Collects frames.
pub(super) struct CallTracer {
    only_top: bool,
    with_logs: bool,
    /// The frames that are open, the outermost first.
    open: Vec<Map<String, Value>>,
    root: Option<Map<String, Value>>,
    logs: u64,
    pub(super) room: Room,
}

/// Bytes that a frame or an event takes in an answer in memory, without its data.
const ENTRY: usize = 1400;

impl CallTracer {
    pub(super) fn new(only_top: bool, with_logs: bool, room: Room) -> Self {
        Self { only_top, with_logs, open: Vec::new(), root: None, logs: 0, room }
    }

    /// The answer, without what had no room.
    pub(super) fn answer(&mut self, transaction: &Transaction, result: &Ended) -> Value {
        let mut root = self.root.take().unwrap_or_default();
        // of the whole transaction, with what it costs itself
        root.insert("gas".to_owned(), quantity(transaction.gas_limit));
        root.insert("gasUsed".to_owned(), quantity(result.gas_used));
        root.into()
    }

    /// Whether frames of this depth are shown.
    fn shows(&self) -> bool {
        !self.only_top || self.open.len() <= 1
    }
}

fn name(kind: FrameKind) -> &'static str {
    match kind {
        FrameKind::Call => "CALL",
        FrameKind::CallCode => "CALLCODE",
        FrameKind::DelegateCall => "DELEGATECALL",
        FrameKind::StaticCall => "STATICCALL",
        FrameKind::Create => "CREATE",
        FrameKind::Create2 => "CREATE2",
        FrameKind::SelfDestruct => "SELFDESTRUCT",
    }
}

impl Tracer for CallTracer {
    fn begin(&mut self, frame: &Frame) {
        let mut object = Map::new();
        object.insert("from".to_owned(), form::address(&frame.from));
        object.insert("gas".to_owned(), quantity(frame.gas));
        object.insert("gasUsed".to_owned(), quantity(0_u8));
        object.insert("to".to_owned(), form::address(&frame.to));
        // what is not shown is not written out either
        let shown = !self.only_top || self.open.is_empty();
        if shown && self.room.take(ENTRY + frame.input.len() * 2) {
            object.insert("input".to_owned(), form::bytes(&frame.input));
        }
        if !matches!(frame.kind, FrameKind::StaticCall | FrameKind::DelegateCall) {
            object.insert("value".to_owned(), quantity_256(&frame.value));
        }
        object.insert("type".to_owned(), name(frame.kind).into());
        self.open.push(object);
    }

    fn end(&mut self, gas_used: u64, output: &Bytes, error: Option<&str>) {
        let shows = self.shows();
        let Some(mut object) = self.open.pop() else { return };
        object.insert("gasUsed".to_owned(), quantity(gas_used));
        if !output.is_empty() && shows && self.room.take(output.len() * 2) {
            object.insert("output".to_owned(), form::bytes(output));
        }
        if let Some(error) = error {
            object.insert("error".to_owned(), error.into());
            object.remove("logs");
            if error == "execution reverted"
                && let Some(reason) = reverted(output).strip_prefix("execution reverted: ")
            {
                object.insert("revertReason".to_owned(), reason.into());
            }
        }
        if !shows || self.room.check().is_err() {
            return;
        }
        match self.open.last_mut() {
            None => self.root = Some(object),
            Some(parent) => {
                let calls = parent.entry("calls").or_insert_with(|| json!([]));
                if let Value::Array(calls) = calls {
                    calls.push(object.into());
                }
            }
        }
    }

    fn log(&mut self, log: &Log) {
        if !self.with_logs || !self.shows() {
            return;
        }
        let index = self.logs;
        self.logs += 1;
        if !self.room.take(ENTRY + log.data.data.len() * 2) {
            return;
        }
        let Some(frame) = self.open.last_mut() else { return };
        let position = frame.get("calls").and_then(Value::as_array).map_or(0, Vec::len) as u64;
        let logs = frame.entry("logs").or_insert_with(|| json!([]));
        if let Value::Array(logs) = logs {
            logs.push(json!({
                "address": form::address(&log.address),
                "topics": log.topics().iter().map(form::hash).collect::<Vec<_>>(),
                "data": form::bytes(&log.data.data),
                "index": quantity(index),
                "position": quantity(position),
            }));
        }
    }
}
