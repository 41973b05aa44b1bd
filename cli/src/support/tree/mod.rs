//! The tree of calls of a transaction: frames with their arguments, results and gas, and in them events,
//! log lines and changes of storage, in the order in which they happened.

mod document;
mod text;

use std::collections::{BTreeMap, HashMap};

use bessemer_chain::{
    Address, Call, CallKind, End, Event, Failure, Inspector, LogLine, Receipt, Status, StorageKey,
    U256,
};

pub(crate) use self::text::{Shown, excerpt};

/// Entries that a tree has at most, and bytes of their data. More than that nobody reads.
const MOST: usize = 20_000;
const MOST_BYTES: usize = 16 << 20;

/// Records a transaction, as its inspector.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    entries: Vec<Entry>,
    /// The frames that have begun and not ended; none for one that is left out.
    open: Vec<Option<usize>>,
    bytes: usize,
    /// How many entries there was no room for.
    left_out: usize,
}

#[derive(Debug)]
enum Entry {
    Begin(Frame),
    Event(Event),
    Log(LogLine),
    Write(Write),
    /// The frame that began in this entry ends.
    End(usize),
}

#[derive(Debug)]
struct Write {
    contract: Address,
    key: StorageKey,
    value: Option<Vec<u8>>,
}

/// A frame.
#[derive(Debug)]
struct Frame {
    depth: u32,
    kind: CallKind,
    from: Address,
    to: Address,
    value: U256,
    input: Vec<u8>,
    end: Option<Ended>,
}

/// How a frame ended.
#[derive(Debug)]
struct Ended {
    status: Status,
    output: Vec<u8>,
    /// With that of all that it called.
    gas_used: u64,
    /// Trap and place, if it failed.
    cause: Option<Failure>,
}

impl Tree {
    /// Adds to frames that failed what the receipt knows of them.
    pub(crate) fn explain(&mut self, receipt: &Receipt) {
        let mut failures = receipt.diagnosis.failures.iter().peekable();
        for at in 0..self.entries.len() {
            let Entry::End(begin) = self.entries[at] else { continue };
            let Some(Entry::Begin(frame)) = self.entries.get_mut(begin) else { continue };
            let Some(end) = &mut frame.end else { continue };
            // both are in the order in which frames ended; calls of nothing have no failure there
            let (depth, status) = (frame.depth, end.status);
            if status != Status::Return {
                let same =
                    failures.next_if(|failure| (failure.depth, failure.status) == (depth, status));
                end.cause = same.cloned();
            }
        }
    }

    /// The last value that was written to each place, also by frames that failed.
    pub(crate) fn last_writes(&self) -> BTreeMap<(Address, StorageKey), Option<Vec<u8>>> {
        let writes = self.entries.iter().filter_map(|entry| match entry {
            Entry::Write(write) => Some(((write.contract, write.key), write.value.clone())),
            _ => None,
        });
        writes.collect()
    }

    /// The lines of the debug log.
    pub(crate) fn log(&self) -> impl Iterator<Item = &LogLine> {
        self.entries.iter().filter_map(|entry| match entry {
            Entry::Log(line) => Some(line),
            _ => None,
        })
    }

    fn add(&mut self, bytes: usize, entry: impl FnOnce() -> Entry) -> Option<usize> {
        if self.entries.len() >= MOST || self.bytes + bytes > MOST_BYTES {
            self.left_out += 1;
            return None;
        }
        self.bytes += bytes;
        self.entries.push(entry());
        Some(self.entries.len() - 1)
    }
}

impl Inspector for Tree {
    fn on_call(&mut self, call: &Call<'_>) {
        let begin = self.add(call.input.len(), || {
            Entry::Begin(Frame {
                depth: call.depth,
                kind: call.kind,
                from: call.from,
                to: call.to,
                value: call.value,
                input: call.input.to_vec(),
                end: None,
            })
        });
        self.open.push(begin);
    }

    fn on_return(&mut self, end: &End<'_>) {
        let Some(begin) = self.open.pop().flatten() else { return };
        let fits = self.bytes + end.output.len() <= MOST_BYTES;
        let output = if fits { end.output.to_vec() } else { Vec::new() };
        self.bytes += output.len();
        let (status, gas_used) = (end.status, end.gas_used);
        if let Some(Entry::Begin(frame)) = self.entries.get_mut(begin) {
            frame.end = Some(Ended { status, output, gas_used, cause: None });
        }
        // what has begun also ends, even if there is room for nothing else
        self.entries.push(Entry::End(begin));
    }

    fn on_event(&mut self, event: &Event) {
        self.add(event.data.len(), || Entry::Event(event.clone()));
    }

    fn on_log(&mut self, line: &LogLine) {
        self.add(line.text.len(), || Entry::Log(line.clone()));
    }

    fn on_write(&mut self, contract: Address, key: &StorageKey, value: Option<&[u8]>) {
        self.add(value.map_or(0, <[u8]>::len), || {
            Entry::Write(Write { contract, key: *key, value: value.map(<[u8]>::to_vec) })
        });
    }
}

/// The place of a stored value.
type Place = (Address, StorageKey);

/// Values of storage from before the transaction, and as frames change them; what frames that fail changed
/// is undone.
struct Values<'a> {
    before: &'a dyn Fn(&Address, &StorageKey) -> Option<Vec<u8>>,
    now: HashMap<Place, Option<Vec<u8>>>,
    /// What changed, with the value from before.
    undo: Vec<(Place, Option<Vec<u8>>)>,
    /// How much had changed when each open frame began.
    frames: Vec<usize>,
}

impl<'a> Values<'a> {
    fn new(before: &'a dyn Fn(&Address, &StorageKey) -> Option<Vec<u8>>) -> Self {
        Self { before, now: HashMap::new(), undo: Vec::new(), frames: Vec::new() }
    }

    fn begin(&mut self) {
        self.frames.push(self.undo.len());
    }

    fn end(&mut self, failed: bool) {
        let mark = self.frames.pop().unwrap_or_default();
        if failed {
            for (at, value) in self.undo.drain(mark..).rev() {
                self.now.insert(at, value);
            }
        }
    }

    /// Writes, and says what was there.
    fn write(&mut self, write: &Write) -> Option<Vec<u8>> {
        let at = (write.contract, write.key);
        let was = match self.now.get(&at) {
            Some(value) => value.clone(),
            None => (self.before)(&write.contract, &write.key),
        };
        self.undo.push((at, was.clone()));
        self.now.insert(at, write.value.clone());
        was
    }
}
