//! Values as people and programs read them.

use alloy_dyn_abi::DynSolValue;
use alloy_json_abi::{Function, Param};
use bessemer_interface::{Decoded, Field, all_named, value_name};
use bessemer_types::Address;

use super::enums::type_name;
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

/// Text from a contract, with control and direction characters escaped, so that it cannot command the
/// terminal or reorder what is shown.
pub(crate) fn printable(text: &str) -> String {
    let shown = |c: char| {
        if c.is_control() || is_format(c) { c.escape_default().to_string() } else { c.into() }
    };
    text.chars().map(shown).collect()
}

/// Invisible characters that change how others are shown: direction marks (Unicode's `Bidi_Control`),
/// zero-width spaces, line separators, tags.
fn is_format(c: char) -> bool {
    matches!(c,
        '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}')
}

/// How a function is called, for help.
pub(crate) fn usage(function: &Function) -> String {
    let arguments: Vec<_> = function
        .inputs
        .iter()
        .map(|param| match param.name.as_str() {
            "" => format!(" <{}>", printable(&type_name(param))),
            name => format!(" --{} <{}>", printable(name), printable(&type_name(param))),
        })
        .collect();
    let arguments = arguments.concat();
    let outputs = function.outputs.iter().map(type_name);
    let outputs: Vec<_> = outputs.map(|ty| printable(&ty)).collect();
    let returns =
        if outputs.is_empty() { String::new() } else { format!(" -> {}", outputs.join(", ")) };
    format!("{}{arguments}{returns}", printable(&function.name))
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
            let field = Field { param: list_of, value: list.clone() };
            let found = field.to_json().to_string();
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
