//! Trees for programs.

use bessemer_chain::{Address, CallKind, StorageKey};
use serde_json::{Value, json};

use super::{Entry, Frame, Tree, Values};
use crate::support::abi::Field;
use crate::support::outcome::Explainer;
use crate::support::output::hex;

impl Tree {
    /// The tree as an object: a frame has its entries in order in `entries`, of which those of the kind
    /// `call` are frames again. Null if nothing was called.
    pub(crate) fn document(
        &self,
        explainer: &mut Explainer<'_>,
        before: &dyn Fn(&Address, &StorageKey) -> Option<Vec<u8>>,
    ) -> Value {
        let mut values = Values::new(before);
        let mut open: Vec<(&Frame, Vec<Value>)> = Vec::new();
        let mut root = Value::Null;
        for entry in &self.entries {
            let document = match entry {
                Entry::Begin(frame) => {
                    values.begin();
                    open.push((frame, Vec::new()));
                    continue;
                }
                Entry::End(_) => {
                    let Some((frame, entries)) = open.pop() else { continue };
                    values.end(frame.failed());
                    frame.document(explainer, &entries)
                }
                Entry::Event(event) => {
                    let mut document = json!({ "kind": "event" });
                    crate::support::output::merge(&mut document, explainer.event_json(event));
                    document
                }
                Entry::Log(line) => json!({
                    "kind": "log", "contract": line.address.to_string(), "text": line.text,
                }),
                Entry::Write(write) => {
                    let bytes =
                        |value: Option<&[u8]>| value.map(|value| format!("0x{}", hex(value)));
                    let was = values.write(write);
                    json!({
                        "kind": "store",
                        "contract": write.contract.to_string(),
                        "key": format!("0x{}", hex(write.key.as_bytes())),
                        "before": bytes(was.as_deref()),
                        "after": bytes(write.value.as_deref()),
                    })
                }
            };
            match open.last_mut() {
                Some((_, entries)) => entries.push(document),
                None => root = document,
            }
        }
        root
    }
}

impl Frame {
    fn document(&self, explainer: &mut Explainer<'_>, entries: &[Value]) -> Value {
        let call = match self.kind {
            CallKind::Call => "call",
            CallKind::Static => "static",
            CallKind::Delegate => "delegate",
            CallKind::Create => "create",
        };
        let function = explainer.arguments(&self.to, &self.input);
        let end = self.end.as_ref();
        let result = end.filter(|_| !self.failed() && self.kind != CallKind::Create);
        let result = result.and_then(|end| explainer.result(&self.to, &self.input, &end.output));
        let error = end.filter(|_| self.failed());
        let error = error.and_then(|end| explainer.error(&self.to, &end.output));
        json!({
            "kind": "call",
            "call": call,
            "from": self.from.to_string(),
            "to": self.to.to_string(),
            "contract_name": explainer.names().show(&self.to),
            "value": self.value.to_string(),
            "function": function.as_ref().map(|(name, _)| name),
            "arguments": function.as_ref().map(|(_, fields)| Field::list_to_json(fields)),
            "input": format!("0x{}", hex(&self.input)),
            "status": end.map(|end| end.status),
            "gas_used": end.map(|end| end.gas_used),
            "result": result.as_deref().map(Field::list_to_json),
            "error": error.map(|error| error.to_json()),
            "trap": end.and_then(|end| end.cause.as_ref()?.trap).map(|trap| trap.kind.name()),
            "output": end.map(|end| format!("0x{}", hex(&end.output))),
            "entries": entries,
        })
    }
}
