//! Struct logs: each instruction of EVM frames, as go-ethereum shows them.

use std::collections::BTreeMap;

use alloy_primitives::{Address, Bytes, U256, hex};
use bessemer_evm::interpreter::bytecode::opcode::OpCode;
use serde_json::{Map, Value, json};

use super::room::Room;
use super::{Ended, Options};
use crate::backend::{Frame, Step, Tracer};
use crate::rpc::json as form;

/// Bytes that an instruction takes in an answer in memory.
const STEP: usize = 1400;
/// Bytes that a word of its stack, its memory or its storage takes.
const WORD: usize = 160;

/// Collects instructions.
pub(super) struct StepTracer {
    stack: bool,
    storage: bool,
    memory: bool,
    limit: usize,
    steps: Vec<Value>,
    pub(super) room: Room,
    /// Of each open frame, the instruction whose cost is not known yet: its place and gas before it.
    open: Vec<Option<(usize, u64)>>,
    /// Of each open frame, the gas that it got.
    frame_gas: Vec<u64>,
    /// Of each contract, the slots that were read or written so far.
    slots: BTreeMap<Address, BTreeMap<U256, U256>>,
    /// A slot that an instruction is about to read, with the contract.
    reads: Option<(usize, Address, U256)>,
}

impl StepTracer {
    pub(super) fn new(options: &Options, room: Room) -> Self {
        Self {
            stack: !options.disable_stack,
            storage: !options.disable_storage,
            memory: options.enable_memory,
            limit: options.limit,
            steps: Vec::new(),
            room,
            open: Vec::new(),
            frame_gas: Vec::new(),
            slots: BTreeMap::new(),
            reads: None,
        }
    }

    /// The answer, without what had no room.
    pub(super) fn answer(&mut self, result: &Ended) -> Value {
        json!({
            "gas": result.gas_used,
            "failed": result.failed,
            "returnValue": form::bytes(&result.output),
            "structLogs": std::mem::take(&mut self.steps),
        })
    }

    /// Sets the cost of the frame's last instruction, now that the gas after it is known.
    fn settle(&mut self, gas: u64) {
        if let Some((index, before)) = self.open.last_mut().and_then(Option::take)
            && let Some(Value::Object(step)) = self.steps.get_mut(index)
        {
            step.insert("gasCost".to_owned(), json!(before.saturating_sub(gas)));
        }
    }

    /// Shows the slot that the last instruction read, now that its value is on the stack.
    fn show_read(&mut self, stack: &[U256]) {
        let Some((index, contract, slot)) = self.reads.take() else { return };
        let Some(value) = stack.last() else { return };
        let slots = self.slots.entry(contract).or_default();
        slots.insert(slot, *value);
        if !self.room.take(slots.len() * 2 * WORD) {
            return;
        }
        let shown = storage_of(slots);
        if let Some(Value::Object(step)) = self.steps.get_mut(index) {
            step.insert("storage".to_owned(), shown);
        }
    }
}

fn storage_of(slots: &BTreeMap<U256, U256>) -> Value {
    let word = |number: &U256| hex::encode_prefixed(number.to_be_bytes::<32>());
    let pairs = slots.iter().map(|(slot, value)| (word(slot), Value::from(word(value))));
    pairs.collect::<Map<_, _>>().into()
}

impl Tracer for StepTracer {
    fn wants_steps(&self) -> bool {
        true
    }

    fn begin(&mut self, frame: &Frame) {
        self.open.push(None);
        self.frame_gas.push(frame.gas);
    }

    fn end(&mut self, gas_used: u64, _: &Bytes, error: Option<&str>) {
        let given = self.frame_gas.pop().unwrap_or(0);
        let left = given.saturating_sub(gas_used);
        if let Some(error) = error
            && let Some(Some((index, _))) = self.open.last()
            && let Some(Value::Object(step)) = self.steps.get_mut(*index)
            && error != "execution reverted"
        {
            step.insert("error".to_owned(), error.into());
        }
        // what ends a frame by itself costs what it took of the gas before it
        if let Some((index, before)) = self.open.pop().flatten()
            && let Some(Value::Object(step)) = self.steps.get_mut(index)
        {
            step.insert("gasCost".to_owned(), json!(before.saturating_sub(left.min(before))));
        }
        // the caller gets back what is left: its instruction cost what it passed on too
        if let Some(Some((_, before))) = self.open.last_mut() {
            *before = before.saturating_add(left);
        }
        self.reads = None;
    }

    fn step(&mut self, step: &Step<'_>) {
        self.settle(step.gas);
        self.show_read(step.stack);
        if self.limit > 0 && self.steps.len() >= self.limit {
            return;
        }
        let words = if self.stack { step.stack.len() } else { 0 };
        let memory = if self.memory { step.memory.len().div_ceil(32) } else { 0 };
        if !self.room.take(STEP + (words + memory) * WORD) {
            return;
        }
        let mut object = Map::new();
        let name = OpCode::new(step.opcode).map_or_else(
            || format!("opcode {:#x} not defined", step.opcode),
            |opcode| opcode.as_str().to_owned(),
        );
        object.insert("pc".to_owned(), json!(step.pc));
        object.insert("op".to_owned(), name.into());
        object.insert("gas".to_owned(), json!(step.gas));
        object.insert("gasCost".to_owned(), json!(0));
        object.insert("depth".to_owned(), json!(step.depth));
        if self.stack {
            let words = step.stack.iter().map(form::quantity_256).collect::<Vec<_>>();
            object.insert("stack".to_owned(), words.into());
        }
        if self.memory {
            let words = step.memory.chunks(32).map(hex::encode_prefixed).map(Value::from);
            object.insert("memory".to_owned(), words.collect());
        }
        let index = self.steps.len();
        if self.storage {
            let from_top = |place: usize| {
                step.stack.len().checked_sub(place + 1).map(|place| step.stack[place])
            };
            match (step.opcode, from_top(0), from_top(1)) {
                // SLOAD
                (0x54, Some(slot), _) => self.reads = Some((index, step.contract, slot)),
                // SSTORE
                (0x55, Some(slot), Some(value)) => {
                    let slots = self.slots.entry(step.contract).or_default();
                    slots.insert(slot, value);
                    if !self.room.take(slots.len() * 2 * WORD) {
                        return;
                    }
                    object.insert("storage".to_owned(), storage_of(slots));
                }
                _ => {}
            }
        }
        self.steps.push(object.into());
        if let Some(last) = self.open.last_mut() {
            *last = Some((index, step.gas));
        }
    }
}
