//! Calls, events and errors by an interface, as answers have them.

use alloy_primitives::B256;
use bessemer_interface::alloy_dyn_abi::{DynSolType, DynSolValue};
use bessemer_interface::alloy_json_abi::{Function, Param};
use bessemer_interface::{Decoded, Field, Interface, decode, standard, type_of};
use serde_json::{Value, json};

use crate::rpc::Answer;
use crate::rpc::error::RpcError;
use crate::rpc::json as form;

/// The interface, with the signature and the selector of each function and event.
pub(super) fn described(interface: &Interface) -> Value {
    let functions = interface.functions().map(|function| {
        json!({
            "name": function.name,
            "signature": function.signature(),
            "selector": form::bytes(function.selector().as_slice()),
            "inputs": params(&function.inputs),
            "outputs": params(&function.outputs),
            "stateMutability": function.state_mutability.as_json_str(),
        })
    });
    let events = interface.events().map(|event| {
        json!({
            "name": event.name,
            "signature": event.signature(),
            "topic": form::hash(&event.selector()),
        })
    });
    json!({
        "abi": serde_json::from_str::<Value>(&interface.json).unwrap_or(Value::Null),
        "constructor": params(interface.constructor()),
        "functions": functions.collect::<Vec<_>>(),
        "events": events.collect::<Vec<_>>(),
    })
}

fn params(list: &[Param]) -> Value {
    let one = |param: &Param| json!({ "name": param.name, "type": param.selector_type() });
    list.iter().map(one).collect()
}

/// The function that calldata calls, with its arguments.
pub(super) fn call(interface: &Interface, input: &[u8]) -> Option<Value> {
    let function = interface.function_of(input)?;
    let fields = decode(&function.inputs, &input[4..])?;
    Some(named(&function.name, &function.signature(), &fields))
}

/// The event, with its fields.
pub(super) fn event(interface: &Interface, topics: &[B256], data: &[u8]) -> Option<Value> {
    let topics: Vec<_> = topics.iter().map(|topic| topic.0).collect();
    let Decoded { name, fields } = interface.event(&topics, data)?;
    Some(named(&name, &name, &fields))
}

/// The error, with its fields; also one of Solidity's own.
pub(super) fn error(interface: Option<&Interface>, data: &[u8]) -> Option<Value> {
    let found = interface.map_or_else(|| standard(data), |interface| interface.error(data));
    let Decoded { name, fields } = found?;
    Some(named(&name, &name, &fields))
}

/// The values that a function returned.
pub(super) fn output(interface: &Interface, function: &str, output: &[u8]) -> Answer {
    let function = one_function(interface, function)?;
    let fields = decode(&function.outputs, output).ok_or_else(|| {
        RpcError::server(format!("the output is not what {} returns", function.signature()))
    })?;
    Ok(list(&fields))
}

fn named(name: &str, signature: &str, fields: &[Field]) -> Value {
    json!({ "name": name, "signature": signature, "arguments": list(fields) })
}

pub(super) fn list(fields: &[Field]) -> Value {
    let one = |field: &Field| {
        json!({
            "name": field.param.name,
            "type": field.param.selector_type(),
            "value": field.to_json(),
        })
    };
    fields.iter().map(one).collect()
}

/// Calldata, or for the name `constructor` the arguments alone.
pub(super) fn encode(
    interface: &Interface,
    function: &str,
    arguments: &[Value],
) -> Result<Vec<u8>, RpcError> {
    let (selector, params, what) = if function == "constructor" {
        (Vec::new(), interface.constructor(), "the constructor".to_owned())
    } else {
        let found = one_function(interface, function)?;
        (found.selector().to_vec(), &found.inputs[..], found.signature())
    };
    if params.len() != arguments.len() {
        return Err(RpcError::params(format!(
            "{what} takes {} arguments, and {} are given",
            params.len(),
            arguments.len()
        )));
    }
    let values = params.iter().zip(arguments).map(|(param, argument)| value(param, argument));
    let values = values.collect::<Result<Vec<_>, _>>()?;
    Ok([selector, DynSolValue::Tuple(values).abi_encode_params()].concat())
}

fn one_function<'i>(interface: &'i Interface, name: &str) -> Result<&'i Function, RpcError> {
    match interface.named(name).as_slice() {
        [function] => Ok(function),
        [] => Err(RpcError::params(format!("the interface has no function {name:?}"))),
        several => Err(RpcError::params(format!(
            "there are {} functions {name:?}: give the whole signature",
            several.len()
        ))),
    }
}

/// An argument as people write it.
fn value(param: &Param, argument: &Value) -> Result<DynSolValue, RpcError> {
    let ty =
        type_of(param).ok_or_else(|| RpcError::params(format!("{} is not a type", param.ty)))?;
    let text = match argument {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    // a text is taken as it is, with its spaces
    if let DynSolType::String = ty {
        return Ok(DynSolValue::String(text));
    }
    ty.coerce_str(text.trim()).map_err(|error| {
        let name = &param.name;
        RpcError::params(format!("{text:?} is not a value of {name} ({}): {error}", param.ty))
    })
}
