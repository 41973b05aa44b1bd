//! Values as people and programs read them.

use alloy_dyn_abi::DynSolValue;
use alloy_json_abi::Param;
use bessemer_types::Address;
use serde_json::{Map, Value};

use super::interface::{Decoded, Field};
use crate::support::names::Names;
use crate::support::output::hex;

/// Results, a line each; a text stands alone, without quotes.
pub(crate) fn values(fields: &[Field], names: &Names) -> String {
    let line = |field: &Field| match (&field.value, fields.len()) {
        (DynSolValue::String(text), 1) => printable(text),
        (value, _) => {
            let shown = text(value, &field.param.components, names);
            match field.param.name.as_str() {
                "" => shown,
                name => format!("{name}: {shown}"),
            }
        }
    };
    fields.iter().map(|field| line(field) + "\n").collect()
}

/// `Name { field: value, field: value }`, and `Name(value)` if fields have no names.
pub(crate) fn one_line(decoded: &Decoded, names: &Names) -> String {
    let Decoded { name, fields } = decoded;
    let name = printable(name);
    let shown = |field: &Field| text(&field.value, &field.param.components, names);
    if fields.is_empty() {
        return name;
    }
    if fields.iter().all(|field| field.param.name.is_empty()) {
        let list: Vec<_> = fields.iter().map(shown).collect();
        return format!("{name}({})", list.join(", "));
    }
    let list: Vec<_> = fields
        .iter()
        .map(|field| format!("{}: {}", printable(&field.param.name), shown(field)))
        .collect();
    format!("{name} {{ {} }}", list.join(", "))
}

impl Decoded {
    pub(crate) fn to_json(&self) -> Value {
        serde_json::json!({ "name": self.name, "fields": Field::list_to_json(&self.fields) })
    }
}

impl Field {
    /// An object, or an array if a field has no name.
    pub(crate) fn list_to_json(fields: &[Self]) -> Value {
        let value = |field: &Self| json(&field.value, &field.param.components);
        if fields.iter().any(|field| field.param.name.is_empty()) {
            return fields.iter().map(value).collect();
        }
        let named = fields.iter().map(|field| (field.param.name.clone(), value(field)));
        Value::Object(named.collect::<Map<_, _>>())
    }
}

/// Text of a contract, with control characters escaped: nothing in it is a command for the terminal.
pub(crate) fn printable(text: &str) -> String {
    let shown = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.into() };
    text.chars().map(shown).collect()
}

fn text(value: &DynSolValue, components: &[Param], names: &Names) -> String {
    let list = |items: &[DynSolValue]| {
        let shown: Vec<_> = items.iter().map(|item| text(item, components, names)).collect();
        format!("[{}]", shown.join(", "))
    };
    match value {
        DynSolValue::Bool(value) => value.to_string(),
        DynSolValue::Uint(number, _) => number.to_string(),
        DynSolValue::Int(number, _) => number.to_string(),
        DynSolValue::Address(address) => names.show(&Address::new(address.into_array())),
        DynSolValue::String(text) => format!("\"{}\"", printable(text)),
        DynSolValue::Bytes(bytes) => format!("0x{}", hex(bytes)),
        DynSolValue::FixedBytes(word, count) => {
            format!("0x{}", hex(word.get(..*count).unwrap_or_default()))
        }
        DynSolValue::Array(items) | DynSolValue::FixedArray(items) => list(items),
        DynSolValue::Tuple(items) => {
            let member = |(component, item): (&Param, &DynSolValue)| {
                let shown = text(item, &component.components, names);
                format!("{}: {shown}", printable(&component.name))
            };
            let shown: Vec<_> = components.iter().zip(items).map(member).collect();
            format!("{{ {} }}", shown.join(", "))
        }
        other => format!("{other:?}"),
    }
}

/// Numbers of more than 53 bits are text, since programs that read JSON round them.
fn json(value: &DynSolValue, components: &[Param]) -> Value {
    let number = |text: String, bits: usize| match text.parse::<i64>() {
        Ok(small) if bits <= 53 => Value::from(small),
        _ => Value::from(text),
    };
    match value {
        DynSolValue::Bool(value) => Value::from(*value),
        DynSolValue::Uint(value, bits) => number(value.to_string(), *bits),
        DynSolValue::Int(value, bits) => number(value.to_string(), *bits),
        DynSolValue::Address(address) => {
            Value::from(Address::new(address.into_array()).to_string())
        }
        DynSolValue::String(text) => Value::from(text.as_str()),
        DynSolValue::Bytes(bytes) => Value::from(format!("0x{}", hex(bytes))),
        DynSolValue::FixedBytes(word, count) => {
            Value::from(format!("0x{}", hex(word.get(..*count).unwrap_or_default())))
        }
        DynSolValue::Array(items) | DynSolValue::FixedArray(items) => {
            items.iter().map(|item| json(item, components)).collect()
        }
        DynSolValue::Tuple(items) => {
            let member = |(component, item): (&Param, &DynSolValue)| {
                (component.name.clone(), json(item, &component.components))
            };
            Value::Object(components.iter().zip(items).map(member).collect())
        }
        _ => Value::Null,
    }
}
