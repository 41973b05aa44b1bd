//! The interface of a contract: functions, events and errors by name, by selector and by topic.

use alloy_dyn_abi::{DynSolType, DynSolValue, Specifier};
use alloy_json_abi::{Event, EventParam, Function, JsonAbi, Param};
use bessemer_types::revert::Revert;
use object::{Object, ObjectSection};
use serde::Deserialize;
use serde_json::Value;

use crate::enums;

/// Where an image keeps its interface.
const SECTION: &str = ".bessemer.abi";
/// The longest interface that is read.
const BYTES: usize = 1 << 20;
/// The deepest array that is read.
const ARRAYS: usize = 16;

/// An interface, and the JSON that it was read from.
#[derive(Clone, Debug)]
pub struct Interface {
    /// The document.
    pub json: String,
    abi: JsonAbi,
}

/// A function's result, an event or an error, with the values of its fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// Of the event or the error.
    pub name: String,
    /// In the order of the declaration.
    pub fields: Vec<Field>,
}

/// A value with its name, which may be empty, and the type it was declared with.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Name and type.
    pub param: Param,
    /// The value.
    pub value: DynSolValue,
}

impl Interface {
    /// The interface in an image; `None` if it has none.
    ///
    /// # Errors
    ///
    /// As [`Interface::parse`].
    pub fn of_image(elf: &[u8]) -> Option<Result<Self, String>> {
        let file = object::File::parse(elf).ok()?;
        let bytes = file.section_by_name(SECTION)?.data().ok()?;
        Some(Self::parse(bytes))
    }

    /// The interface that a JSON document describes.
    ///
    /// # Errors
    ///
    /// If it is longer than 1 MiB, or not an interface; what is wrong, in words.
    pub fn parse(json: &[u8]) -> Result<Self, String> {
        if json.len() > BYTES {
            return Err(format!("its interface has {} bytes, more than {BYTES}", json.len()));
        }
        let text = str::from_utf8(json).map_err(|_| "its interface is not text".to_owned())?;
        let wrong = |error| format!("its interface is no Solidity ABI: {error}");
        let document: Value = serde_json::from_str(text).map_err(wrong)?;
        // an artifact of solc, Foundry or Hardhat has it as `abi`, old versions of solc as a text
        let document = match document.get("abi") {
            Some(Value::String(text)) => serde_json::from_str(text).map_err(wrong)?,
            Some(abi) => abi.clone(),
            None => document,
        };
        let mut abi = JsonAbi::deserialize(&document).map_err(wrong)?;
        enums::name(&mut abi, &document);
        let json =
            if text.trim_start().starts_with('[') { text.into() } else { document.to_string() };
        Ok(Self { json, abi })
    }

    /// The interface in a file: a Solidity ABI as JSON, an artifact that has one, or an image.
    ///
    /// # Errors
    ///
    /// As [`Interface::parse`].
    pub fn of_file(bytes: &[u8]) -> Result<Self, String> {
        match Self::of_image(bytes) {
            Some(found) => found,
            None if bytes.starts_with(b"\x7fELF") => Err("the image has no interface".to_owned()),
            None => Self::parse(bytes),
        }
    }

    /// The interface in Solidity.
    pub fn to_solidity(&self, name: &str) -> String {
        // without the names of enums' values, which have no place there
        let plain = serde_json::from_str(&self.json).unwrap_or_else(|_| self.abi.clone());
        let body = plain.to_sol(name, None);
        format!("// SPDX-License-Identifier: UNLICENSED\npragma solidity ^0.8.4;\n\n{body}\n")
    }

    /// All functions, in the order of their names.
    pub fn functions(&self) -> impl Iterator<Item = &Function> {
        self.abi.functions()
    }

    /// The parameters of the constructor.
    pub fn constructor(&self) -> &[Param] {
        self.abi.constructor.as_ref().map_or(&[], |constructor| &constructor.inputs)
    }

    /// All events, in the order of their names.
    pub fn events(&self) -> impl Iterator<Item = &Event> {
        self.abi.events()
    }

    /// The functions of this name, which may be written in any case and with `_` or `-`, or as a whole
    /// signature.
    pub fn named(&self, name: &str) -> Vec<&Function> {
        if name.contains('(') {
            // written in any way: with spaces, `uint` for `uint256`, names of arguments
            let signature = Function::parse(name).map(|function| function.signature());
            let signature = signature.unwrap_or_else(|_| name.to_owned());
            return self.functions().filter(|function| function.signature() == signature).collect();
        }
        let exact: Vec<_> = self.functions().filter(|function| function.name == name).collect();
        if !exact.is_empty() {
            return exact;
        }
        let name = plain(name);
        self.functions().filter(|function| plain(&function.name) == name).collect()
    }

    /// The function that input is meant for.
    pub fn function_of(&self, input: &[u8]) -> Option<&Function> {
        let selector = input.first_chunk::<4>()?;
        self.functions().find(|function| function.selector() == *selector)
    }

    /// Decodes revert data: an error of the interface, or one of Solidity's two.
    pub fn error(&self, data: &[u8]) -> Option<Decoded> {
        let (selector, arguments) = data.split_first_chunk::<4>()?;
        let found = self.abi.errors().find(|error| error.selector() == *selector);
        match found {
            Some(error) => {
                let fields = decode(&error.inputs, arguments)?;
                Some(Decoded { name: error.name.clone(), fields })
            }
            None => standard(data),
        }
    }

    /// Decodes an event with these topics and data.
    pub fn event(&self, topics: &[[u8; 32]], data: &[u8]) -> Option<Decoded> {
        let (first, topics) = topics.split_first()?;
        let found = self.abi.events().find(|known| {
            let indexed = known.inputs.iter().filter(|input| input.indexed).count();
            !known.anonymous && known.selector() == *first && indexed == topics.len()
        })?;
        let body: Vec<Param> =
            found.inputs.iter().filter(|input| !input.indexed).map(param).collect();
        let mut body = decode(&body, data)?.into_iter();
        let mut topics = topics.iter();
        let mut fields = Vec::new();
        for input in &found.inputs {
            fields.push(if input.indexed { topic(input, topics.next()?)? } else { body.next()? });
        }
        Some(Decoded { name: found.name.clone(), fields })
    }
}

/// Decodes revert data of Solidity's own two errors.
pub fn standard(data: &[u8]) -> Option<Decoded> {
    let (name, ty, value) = match Revert::decode(data)? {
        Revert::Error(message) => ("Error", "string", DynSolValue::String(message.to_owned())),
        Revert::Panic(code) => ("Panic", "uint256", DynSolValue::Uint(code, 256)),
    };
    let param = Param { ty: ty.to_owned(), ..nameless() };
    Some(Decoded { name: name.to_owned(), fields: vec![Field { param, value }] })
}

/// The type of a parameter; `None` if there is no such type, or it is nested too deeply.
pub fn type_of(param: &Param) -> Option<DynSolType> {
    let shallow = |param: &Param| param.ty.matches('[').count() <= ARRAYS;
    (shallow(param) && param.components.iter().all(shallow)).then(|| param.resolve().ok())?
}

/// The values that data holds; `None` if it is not an encoding of these types.
pub fn decode(params: &[Param], data: &[u8]) -> Option<Vec<Field>> {
    let types = params.iter().map(type_of).collect::<Option<Vec<_>>>()?;
    if types.is_empty() {
        return data.is_empty().then(Vec::new);
    }
    let DynSolValue::Tuple(values) = DynSolType::Tuple(types).abi_decode_params(data).ok()? else {
        return None;
    };
    let fields = params.iter().zip(values);
    Some(fields.map(|(param, value)| Field { param: param.clone(), value }).collect())
}

/// A name in lower case without `_` and `-`.
pub fn plain(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '_' | '-')).flat_map(char::to_lowercase).collect()
}

fn nameless() -> Param {
    Param { ty: String::new(), name: String::new(), components: Vec::new(), internal_type: None }
}

fn param(input: &EventParam) -> Param {
    let (ty, name) = (input.ty.clone(), input.name.clone());
    let internal_type = input.internal_type.clone();
    Param { ty, name, components: input.components.clone(), internal_type }
}

/// An indexed field. Of values that are longer than a topic, only the hash is known.
fn topic(input: &EventParam, topic: &[u8; 32]) -> Option<Field> {
    let declared = param(input);
    let ty = type_of(&declared)?;
    let long = ty.is_dynamic()
        || matches!(ty, DynSolType::Array(_) | DynSolType::FixedArray(..) | DynSolType::Tuple(_));
    if long {
        // Solidity calls it the hash of the value, and so does the type
        let param = Param { name: declared.name, ty: "bytes32".to_owned(), ..nameless() };
        return Some(Field { param, value: DynSolValue::FixedBytes((*topic).into(), 32) });
    }
    Some(Field { value: ty.abi_decode(topic).ok()?, param: declared })
}
