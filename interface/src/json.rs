//! Values as programs read them.

use alloy_dyn_abi::DynSolValue;
use alloy_json_abi::Param;
use bessemer_types::Address;
use serde_json::{Map, Value};

use crate::enums::value_name;
use crate::interface::{Decoded, Field};

impl Decoded {
    /// Name and fields.
    pub fn to_json(&self) -> Value {
        serde_json::json!({ "name": self.name, "fields": Field::list_to_json(&self.fields) })
    }
}

impl Field {
    /// The value. Numbers of more than 53 bits are text.
    pub fn to_json(&self) -> Value {
        json(&self.value, &self.param)
    }

    /// An object, or an array if a field has no name.
    pub fn list_to_json(fields: &[Self]) -> Value {
        let value = Self::to_json;
        if fields.iter().any(|field| field.param.name.is_empty()) {
            return fields.iter().map(value).collect();
        }
        let named = fields.iter().map(|field| (field.param.name.clone(), value(field)));
        Value::Object(named.collect::<Map<_, _>>())
    }
}

/// Whether each member of a structure has a name of its own. The members of others have places.
pub fn all_named(components: &[Param]) -> bool {
    let mut seen = std::collections::BTreeSet::new();
    components.iter().all(|component| !component.name.is_empty() && seen.insert(&component.name))
}

/// Numbers of more than 53 bits are text, since programs that read JSON round them. Values of enums are
/// names.
fn json(value: &DynSolValue, param: &Param) -> Value {
    let components = &param.components;
    let number = |text: String, bits: usize| match text.parse::<i64>() {
        Ok(small) if bits <= 53 => Value::from(small),
        _ => Value::from(text),
    };
    match value {
        DynSolValue::Bool(value) => Value::from(*value),
        DynSolValue::Uint(value, bits) => {
            let name = u64::try_from(*value).ok().and_then(|number| value_name(param, number));
            name.map_or_else(|| number(value.to_string(), *bits), Value::from)
        }
        DynSolValue::Int(value, bits) => number(value.to_string(), *bits),
        DynSolValue::Address(address) => {
            Value::from(Address::new(address.into_array()).to_string())
        }
        DynSolValue::String(text) => Value::from(text.as_str()),
        DynSolValue::Bytes(bytes) => Value::from(hex::encode_prefixed(bytes)),
        DynSolValue::FixedBytes(word, count) => {
            Value::from(hex::encode_prefixed(word.get(..*count).unwrap_or_default()))
        }
        DynSolValue::Array(items) | DynSolValue::FixedArray(items) => {
            items.iter().map(|item| json(item, param)).collect()
        }
        DynSolValue::Tuple(items) => {
            let members = components.iter().zip(items);
            let value = |(component, item): (&Param, &DynSolValue)| json(item, component);
            if !all_named(components) {
                return members.map(value).collect();
            }
            let member = |(component, item): (&Param, &DynSolValue)| {
                (component.name.clone(), value((component, item)))
            };
            Value::Object(members.map(member).collect())
        }
        _ => Value::Null,
    }
}
