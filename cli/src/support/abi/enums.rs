//! Enums on the command line: values by name, and types as people read them.

use alloy_json_abi::{InternalType, Param};
use bessemer_interface::enum_values as values;

use crate::support::names::closest;

/// The number of a value of an enum that is written by its name; nothing if the parameter is no enum, or
/// the text is a number.
pub(crate) fn number(param: &Param, text: &str) -> Option<Result<u64, String>> {
    let known: Vec<&str> = values(param)?.collect();
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let same = |name: &&str| name.eq_ignore_ascii_case(text);
    Some(match known.iter().position(|name| *name == text).or(known.iter().position(same)) {
        Some(number) => Ok(number as u64),
        None => Err(match closest(text, known.iter().copied()) {
            Some(name) => format!("there is no `{text}`, did you mean {name}?"),
            None => format!("there is no `{text}`: it is one of {}", known.join(", ")),
        }),
    })
}

/// The type of a parameter for people: enums by their name.
pub(crate) fn type_name(param: &Param) -> String {
    match (&param.internal_type, values(param)) {
        (Some(InternalType::Enum { ty, .. }), Some(values)) => {
            let name = ty.split(' ').next().unwrap_or_default();
            format!("{name}: {}", values.collect::<Vec<_>>().join("|"))
        }
        _ => structure(param),
    }
}

/// `(uint64 x, uint64 y)[]` of a structure, so that its members are known.
fn structure(param: &Param) -> String {
    let Some(dimensions) = param.ty.strip_prefix("tuple") else { return param.ty.clone() };
    let member = |component: &Param| match component.name.as_str() {
        "" => type_name(component),
        name => format!("{} {name}", type_name(component)),
    };
    let members: Vec<_> = param.components.iter().map(member).collect();
    format!("({}){dimensions}", members.join(", "))
}
