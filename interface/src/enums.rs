//! Enums: their values have names in interfaces of ours, and are numbers everywhere else.
//!
//! The JSON of a parameter has the names as `values`, for which alloy's parameters have no place. While an
//! interface is used they stand in `internal_type`, behind the name of the enum.

use alloy_json_abi::{InternalType, JsonAbi, Param};
use serde_json::Value;

/// Reads the names from the document that an interface was parsed from.
pub(crate) fn name(abi: &mut JsonAbi, document: &Value) {
    let mut enums = Vec::new();
    collect(document, &mut enums);
    if enums.is_empty() {
        return;
    }
    let with_names = |known: &Option<InternalType>| -> Option<InternalType> {
        let Some(InternalType::Enum { contract, ty }) = known else { return None };
        let (_, values) = enums.iter().find(|(name, _)| *name == ty.as_str())?;
        Some(InternalType::Enum { contract: contract.clone(), ty: format!("{ty} {values}") })
    };
    let params = abi
        .functions
        .values_mut()
        .flatten()
        .flat_map(|function| function.inputs.iter_mut().chain(&mut function.outputs));
    let params =
        params.chain(abi.errors.values_mut().flatten().flat_map(|error| &mut error.inputs));
    let params = params.chain(abi.constructor.iter_mut().flat_map(|made| &mut made.inputs));
    params.for_each(|param| all(param, &with_names));
    for input in abi.events.values_mut().flatten().flat_map(|event| &mut event.inputs) {
        input.components.iter_mut().for_each(|param| all(param, &with_names));
        if let Some(named) = with_names(&input.internal_type) {
            input.internal_type = Some(named);
        }
    }
}

fn all(param: &mut Param, with_names: &dyn Fn(&Option<InternalType>) -> Option<InternalType>) {
    if let Some(named) = with_names(&param.internal_type) {
        param.internal_type = Some(named);
    }
    param.components.iter_mut().for_each(|component| all(component, with_names));
}

/// Internal types of enums, each with its values, separated by spaces.
fn collect<'a>(document: &'a Value, enums: &mut Vec<(&'a str, String)>) {
    match document {
        Value::Array(items) => items.iter().for_each(|item| collect(item, enums)),
        Value::Object(members) => {
            let ty = members.get("internalType").and_then(Value::as_str);
            let values = members.get("values").and_then(Value::as_array);
            if let (Some(ty), Some(values)) = (ty.and_then(|ty| ty.strip_prefix("enum ")), values) {
                let values: Vec<_> = values.iter().filter_map(Value::as_str).collect();
                enums.push((ty, values.join(" ")));
            }
            members.values().for_each(|member| collect(member, enums));
        }
        _ => {}
    }
}

/// The names of an enum's values, if a parameter is one or has some in an array.
pub fn values(param: &Param) -> Option<impl Iterator<Item = &str>> {
    let Some(InternalType::Enum { ty, .. }) = &param.internal_type else { return None };
    ty.split_once(' ').map(|(_, values)| values.split(' '))
}

/// The name of a value of an enum.
pub fn value_name(param: &Param, number: u64) -> Option<&str> {
    values(param)?.nth(usize::try_from(number).ok()?)
}
