//! Instructions and gas of contract functions, over all tests of a project.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use bessemer_chain::{Address, Call, CallKind, CodeHash, End, Inspector, Status};
use serde_json::{Value, json};

use crate::support::abi::Interface;
use crate::support::build::Image;
use crate::support::failure::Failure;
use crate::support::output::{self, grouped};

/// Images by the crate that they are made from.
pub(crate) type Images = BTreeMap<String, Arc<[u8]>>;

/// A frame that returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    /// The account whose code ran.
    pub(crate) code: Address,
    /// The selector; nothing for a constructor.
    selector: Option<Vec<u8>>,
    instructions: u64,
    /// Includes the gas of its callees.
    gas: u64,
}

/// Records the frames of a transaction.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    open: Vec<(Address, Option<Vec<u8>>)>,
    pub(crate) returned: Vec<Frame>,
}

impl Inspector for Frames {
    fn counts(&self) -> bool {
        true
    }

    fn on_call(&mut self, call: &Call<'_>) {
        let selector = call.input.get(..4).unwrap_or(call.input).to_vec();
        self.open.push((call.to, (call.kind != CallKind::Create).then_some(selector)));
    }

    fn on_return(&mut self, end: &End<'_>) {
        let Some((code, selector)) = self.open.pop() else { return };
        if end.status == Status::Return {
            let (instructions, gas) = (end.instructions, end.gas_used);
            self.returned.push(Frame { code, selector, instructions, gas });
        }
    }
}

/// The gas of calls of a function: the least and the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Taken {
    calls: u64,
    instructions: (u64, u64),
    gas: (u64, u64),
}

impl Taken {
    fn of(frame: &Frame) -> Self {
        let (instructions, gas) = (frame.instructions, frame.gas);
        Self { calls: 1, instructions: (instructions, instructions), gas: (gas, gas) }
    }

    fn with(self, other: Self) -> Self {
        let wider = |a: (u64, u64), b: (u64, u64)| -> (u64, u64) { (a.0.min(b.0), a.1.max(b.1)) };
        Self {
            calls: self.calls + other.calls,
            instructions: wider(self.instructions, other.instructions),
            gas: wider(self.gas, other.gas),
        }
    }

    fn to_json(self) -> Value {
        json!({
            "calls": self.calls,
            "instructions": { "least": self.instructions.0, "most": self.instructions.1 },
            "gas_used": { "least": self.gas.0, "most": self.gas.1 },
        })
    }

    fn of_json(value: &Value) -> Option<Self> {
        let pair = |value: &Value| Some((value["least"].as_u64()?, value["most"].as_u64()?));
        Some(Self {
            calls: value["calls"].as_u64()?,
            instructions: pair(&value["instructions"])?,
            gas: pair(&value["gas_used"])?,
        })
    }
}

/// Functions of one contract, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Functions(BTreeMap<String, Taken>);

impl Functions {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn add(&mut self, name: String, taken: Taken) {
        let sum = self.0.get(&name).map_or(taken, |known| known.with(taken));
        self.0.insert(name, sum);
    }

    /// A table of what each function costs.
    pub(crate) fn table(&self) -> String {
        let range = |(least, most): (u64, u64)| match least == most {
            true => grouped(most),
            false => format!("{} to {}", grouped(least), grouped(most)),
        };
        let titles = ["function", "instructions", "gas", "calls"].map(str::to_owned);
        let rows = self.0.iter().map(|(name, taken)| {
            [name.clone(), range(taken.instructions), range(taken.gas), grouped(taken.calls)]
        });
        output::table(std::iter::once(titles).chain(rows))
    }

    pub(crate) fn to_json(&self) -> Value {
        self.0.iter().map(|(name, taken)| (name.clone(), taken.to_json())).collect()
    }

    /// The costs that the last test run wrote beside this image. Empty if there are none.
    pub(crate) fn read(image: &Image) -> Self {
        let read = || -> Option<Self> {
            let text = std::fs::read_to_string(beside(&image.file.path)).ok()?;
            let noted: Value = serde_json::from_str(&text).ok()?;
            let same = noted["code_hash"] == CodeHash::of(&image.file.bytes).to_string();
            let functions = noted["functions"].as_object().filter(|_| same)?;
            let taken = |(name, value): (&String, &Value)| {
                Taken::of_json(value).map(|taken| (name.clone(), taken))
            };
            functions.iter().map(taken).collect::<Option<_>>().map(Self)
        };
        read().unwrap_or_default()
    }

    /// Writes the costs to a file beside the image, for `bessemer size`.
    pub(crate) fn write(&self, image: &Image) -> Result<(), Failure> {
        let path = beside(&image.file.path);
        let noted = json!({
            "schema": "bessemer.functions/1",
            "code_hash": CodeHash::of(&image.file.bytes).to_string(),
            "functions": self.to_json(),
        });
        std::fs::write(&path, format!("{noted:#}\n"))
            .map_err(|source| Failure::file("write", &path, source))
    }
}

fn beside(image: &Path) -> std::path::PathBuf {
    image.with_extension("functions.json")
}

/// Functions by the crate of their contract.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Noted(BTreeMap<String, Functions>);

impl Noted {
    /// Adds a frame of the code with this hash.
    pub(crate) fn frame(&mut self, frame: &Frame, hash: &CodeHash, images: &Images) {
        let Some((contract, image)) = images.iter().find(|(_, image)| CodeHash::of(image) == *hash)
        else {
            return;
        };
        let interface = Interface::of_image(image).and_then(Result::ok);
        let name = match &frame.selector {
            None => "constructor".to_owned(),
            Some(selector) => interface
                .and_then(|interface| interface.function_of(selector).map(|f| f.name.clone()))
                .unwrap_or_else(|| "(other input)".to_owned()),
        };
        self.0.entry(contract.clone()).or_default().add(name, Taken::of(frame));
    }

    /// Adds the costs of another test.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (contract, functions) in &other.0 {
            let known = self.0.entry(contract.clone()).or_default();
            functions.0.iter().for_each(|(name, taken)| known.add(name.clone(), *taken));
        }
    }

    /// The functions of a contract, by its crate.
    pub(crate) fn of(&self, contract: &str) -> Option<&Functions> {
        self.0.get(contract)
    }
}
