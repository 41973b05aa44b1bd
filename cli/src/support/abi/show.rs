//! Values as people and programs read them.

use alloy_dyn_abi::DynSolValue;
use alloy_json_abi::Param;
use bessemer_types::Address;
use serde_json::{Map, Value};

use super::enums::value_name;
use super::interface::{Decoded, Field};
use crate::support::names::Names;
use crate::support::output::hex;

/// Results, a line each; a text stands alone, without quotes.
pub(crate) fn values(fields: &[Field], names: &Names) -> String {
    let line = |field: &Field| match (&field.value, fields.len()) {
        (DynSolValue::String(text), 1) => printable(text),
        (value, _) => {
            let shown = text(value, &field.param, names);
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
    if fields.is_empty() {
        return name;
    }
    let list = list(fields, names);
    if fields.iter().all(|field| field.param.name.is_empty()) {
        return format!("{name}({list})");
    }
    format!("{name} {{ {list} }}")
}

/// `field: value, field: value`, and `value, value` if fields have no names.
pub(crate) fn list(fields: &[Field], names: &Names) -> String {
    let shown = |field: &Field| {
        let value = text(&field.value, &field.param, names);
        match field.param.name.as_str() {
            "" => value,
            name => format!("{}: {value}", printable(name)),
        }
    };
    fields.iter().map(shown).collect::<Vec<_>>().join(", ")
}

/// The meaning of the code of Solidity's `Panic(uint256)`, behind ` = `.
pub(crate) fn panic_in_words(decoded: &Decoded) -> Option<String> {
    let [Field { value: DynSolValue::Uint(code, _), .. }] = decoded.fields.as_slice() else {
        return None;
    };
    let words = match u64::try_from(*code).ok().filter(|_| decoded.name == "Panic")? {
        0x01 => "an assertion failed",
        0x11 => "arithmetic overflow or underflow",
        0x12 => "division by zero",
        0x21 => "a number is not a variant of its enum",
        0x22 => "a stored array is wrongly encoded",
        0x31 => "an empty array has nothing to remove",
        0x32 => "an index is out of bounds",
        0x41 => "too much memory",
        0x51 => "a call of an uninitialised function",
        _ => return None,
    };
    Some(format!(" = {code:#x}, {words}"))
}

impl Decoded {
    pub(crate) fn to_json(&self) -> Value {
        serde_json::json!({ "name": self.name, "fields": Field::list_to_json(&self.fields) })
    }
}

impl Field {
    /// An object, or an array if a field has no name.
    pub(crate) fn list_to_json(fields: &[Self]) -> Value {
        let value = |field: &Self| json(&field.value, &field.param);
        if fields.iter().any(|field| field.param.name.is_empty()) {
            return fields.iter().map(value).collect();
        }
        let named = fields.iter().map(|field| (field.param.name.clone(), value(field)));
        Value::Object(named.collect::<Map<_, _>>())
    }
}

/// Whether each member of a structure has a name of its own. The members of others have places.
fn all_named(components: &[Param]) -> bool {
    let mut seen = std::collections::BTreeSet::new();
    components.iter().all(|component| !component.name.is_empty() && seen.insert(&component.name))
}

/// Text of a contract, with control characters escaped: nothing in it is a command for the terminal, and
/// nothing turns the order of what is shown around.
pub(crate) fn printable(text: &str) -> String {
    let shown = |c: char| {
        if c.is_control() || is_format(c) { c.escape_default().to_string() } else { c.into() }
    };
    text.chars().map(shown).collect()
}

/// Characters that are not seen and change how others are: marks of direction (Unicode's
/// `Bidi_Control`), spaces without width, separators of lines, tags.
fn is_format(c: char) -> bool {
    matches!(c,
        '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}')
}

fn text(value: &DynSolValue, param: &Param, names: &Names) -> String {
    let components = &param.components;
    let list = |items: &[DynSolValue]| {
        let shown: Vec<_> = items.iter().map(|item| text(item, param, names)).collect();
        format!("[{}]", shown.join(", "))
    };
    match value {
        DynSolValue::Bool(value) => value.to_string(),
        DynSolValue::Uint(number, _) => {
            let name = u64::try_from(*number).ok().and_then(|number| value_name(param, number));
            name.map_or_else(|| number.to_string(), printable)
        }
        DynSolValue::Int(number, _) => number.to_string(),
        DynSolValue::Address(address) => names.show(&Address::new(address.into_array())),
        DynSolValue::String(text) => format!("\"{}\"", printable(text)),
        DynSolValue::Bytes(bytes) => format!("0x{}", hex(bytes)),
        DynSolValue::FixedBytes(word, count) => {
            format!("0x{}", hex(word.get(..*count).unwrap_or_default()))
        }
        DynSolValue::Array(items) | DynSolValue::FixedArray(items) => list(items),
        DynSolValue::Tuple(items) => {
            let named = all_named(components);
            let member = |(component, item): (&Param, &DynSolValue)| {
                let shown = text(item, component, names);
                if named { format!("{}: {shown}", printable(&component.name)) } else { shown }
            };
            let shown: Vec<_> = components.iter().zip(items).map(member).collect();
            let shown = shown.join(", ");
            if named { format!("{{ {shown} }}") } else { format!("({shown})") }
        }
        other => format!("{other:?}"),
    }
}

/// Numbers of more than 53 bits are text, since programs that read JSON round them.
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
        DynSolValue::Bytes(bytes) => Value::from(format!("0x{}", hex(bytes))),
        DynSolValue::FixedBytes(word, count) => {
            Value::from(format!("0x{}", hex(word.get(..*count).unwrap_or_default())))
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

#[cfg(test)]
mod tests {
    use alloy_primitives::U256;

    use super::*;

    fn param(ty: &str, name: &str, components: Vec<Param>) -> Param {
        Param { ty: ty.to_owned(), name: name.to_owned(), components, internal_type: None }
    }

    #[test]
    fn members_without_names_are_shown_by_place() {
        let value =
            DynSolValue::Tuple(vec![DynSolValue::Uint(U256::from(1), 64), DynSolValue::Bool(true)]);
        let list = DynSolValue::Array(vec![value]);
        for (first, second, shown, document) in [
            ("", "", "[(1, true)]", "[[1,true]]"),
            ("a", "", "[(1, true)]", "[[1,true]]"),
            ("a", "a", "[(1, true)]", "[[1,true]]"),
            ("a", "b", "[{ a: 1, b: true }]", r#"[{"a":1,"b":true}]"#),
        ] {
            let members = [param("uint32", first, vec![]), param("bool", second, vec![])];
            let list_of = param("tuple[]", "", members.to_vec());
            assert_eq!(text(&list, &list_of, &Names::default()), shown);
            let found = json(&list, &list_of).to_string();
            // numbers of 64 bits are text
            assert_eq!(found.replace("\"1\"", "1"), document);
        }
    }

    #[test]
    fn nothing_that_is_shown_hides_or_turns_what_stands_beside_it() {
        for letter in ['\u{202e}', '\u{200b}', '\u{1b}', '\u{2028}', '\u{e0041}', '\u{feff}'] {
            let shown = printable(&format!("a{letter}b"));
            assert!(shown.is_ascii() && shown.starts_with("a\\u{"), "{shown:?}");
        }
        assert_eq!(printable("Gruß, 世界 €"), "Gruß, 世界 €");
    }
}
