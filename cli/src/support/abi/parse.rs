//! Values as people write them on a command line.

use alloy_dyn_abi::{DynSolType, DynSolValue};
use alloy_json_abi::Param;
use alloy_primitives::{I256, U256};
use serde_json::Value;

use super::enums;
use crate::support::names::Names;
use crate::support::number::parse_hex;
use bessemer_interface::type_of;

/// Parses a value of this type.
pub(crate) fn value(param: &Param, text: &str, names: &Names) -> Result<DynSolValue, String> {
    let ty = type_of(param).ok_or_else(|| format!("`{}` is not a type", param.ty))?;
    of_type(&ty, param, text, names)
}

/// Reads a value of this type from JSON.
pub(crate) fn of_document(
    param: &Param,
    document: &Value,
    names: &Names,
) -> Result<DynSolValue, String> {
    let ty = type_of(param).ok_or_else(|| format!("`{}` is not a type", param.ty))?;
    of_json(&ty, param, document, names)
}

/// An amount: a number with or without a unit.
pub(crate) fn amount(text: &str) -> Result<U256, String> {
    let bad = || format!("`{text}` is not an amount: write 5, 0x10, 1_000, 2.5e18 or 1.5coin");
    let text = text.trim().replace('_', "");
    if let Some(digits) = text.strip_prefix("0x") {
        let plain = digits.chars().all(|c| c.is_ascii_hexdigit()) && !digits.is_empty();
        return plain.then(|| U256::from_str_radix(digits, 16).ok()).flatten().ok_or_else(bad);
    }
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let zeros = match unit.trim() {
        "" | "wei" => 0,
        "gwei" => 9,
        "coin" | "coins" | "ether" => 18,
        unit => unit.strip_prefix('e').and_then(|zeros| zeros.parse().ok()).ok_or_else(bad)?,
    };
    scaled(number, zeros).ok_or_else(bad)
}

/// A decimal number with that many digits behind the point moved in front of it.
fn scaled(number: &str, zeros: usize) -> Option<U256> {
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && part.is_empty() || part.contains('.') {
        return None;
    }
    // 2^256 has 78 digits
    let missing = zeros.checked_sub(part.len()).filter(|_| zeros <= 78)?;
    let digits = format!("{whole}{part}{}", "0".repeat(missing));
    U256::from_str_radix(&digits, 10).ok()
}

/// `param` has the names of members and of enums' values.
fn of_type(
    ty: &DynSolType,
    param: &Param,
    text: &str,
    names: &Names,
) -> Result<DynSolValue, String> {
    Ok(match ty {
        DynSolType::Bool => match text {
            "true" | "1" => DynSolValue::Bool(true),
            "false" | "0" => DynSolValue::Bool(false),
            _ => return Err(format!("`{text}` is neither true nor false")),
        },
        DynSolType::Uint(bits) => {
            let number = match enums::number(param, text) {
                Some(number) => U256::from(number?),
                None => amount(text)?,
            };
            if number.bit_len() > *bits {
                return Err(format!("{text} is too large for uint{bits}"));
            }
            DynSolValue::Uint(number, *bits)
        }
        DynSolType::Int(bits) => {
            let (negative, digits) = match text.strip_prefix('-') {
                Some(digits) => (true, digits),
                None => (false, text),
            };
            let magnitude = amount(digits)?;
            let most = U256::from(1).wrapping_shl(bits - 1);
            if magnitude > most || magnitude == most && !negative {
                return Err(format!("{text} is too large for int{bits}"));
            }
            let number = I256::from_raw(magnitude);
            DynSolValue::Int(if negative { number.wrapping_neg() } else { number }, *bits)
        }
        DynSolType::Address => DynSolValue::Address(names.address(text)?.to_bytes().into()),
        DynSolType::String => DynSolValue::String(text.to_owned()),
        DynSolType::Bytes => DynSolValue::Bytes(bytes(text)?),
        DynSolType::FixedBytes(count) => {
            let given = bytes(text)?;
            let mut word = [0; 32];
            if given.len() != *count {
                let (digits, found) = (2 * count, 2 * given.len());
                return Err(format!("bytes{count} has {digits} digits behind 0x, not {found}"));
            }
            word[..given.len()].copy_from_slice(&given);
            DynSolValue::FixedBytes(word.into(), *count)
        }
        DynSolType::Array(_) | DynSolType::FixedArray(..) | DynSolType::Tuple(_) => {
            let document = serde_json::from_str(text)
                .map_err(|error| format!("{} is written as JSON: {error}", shape(ty)))?;
            of_json(ty, param, &document, names)?
        }
        _ => return Err(format!("{ty} cannot be written here")),
    })
}

/// A value of an array or structure. Numbers beyond 64 bits are written as text.
fn of_json(
    ty: &DynSolType,
    param: &Param,
    document: &Value,
    names: &Names,
) -> Result<DynSolValue, String> {
    let components = &param.components;
    let items = |item: &DynSolType, list: &[Value]| -> Result<Vec<_>, String> {
        list.iter().map(|value| of_json(item, param, value, names)).collect()
    };
    match (ty, document) {
        (DynSolType::Array(item), Value::Array(list)) => Ok(DynSolValue::Array(items(item, list)?)),
        (DynSolType::FixedArray(item, count), Value::Array(list)) => {
            if list.len() != *count {
                return Err(format!("{ty} has {count} items, not {}", list.len()));
            }
            Ok(DynSolValue::FixedArray(items(item, list)?))
        }
        (DynSolType::Tuple(types), Value::Array(list)) => {
            if list.len() != types.len() {
                return Err(format!("{ty} has {} members, not {}", types.len(), list.len()));
            }
            let list: Vec<&Value> = list.iter().collect();
            members(types, components, &list, names)
        }
        (DynSolType::Tuple(types), Value::Object(map)) => {
            let member = |component: &Param| {
                let name = &component.name;
                map.get(name).ok_or_else(|| format!("the member `{name}` is missing"))
            };
            let list = components.iter().map(member).collect::<Result<Vec<_>, _>>()?;
            let known = |name: &str| components.iter().any(|component| component.name == name);
            match map.keys().find(|name| !known(name)) {
                Some(unknown) => Err(format!("there is no member `{unknown}`")),
                None => members(types, components, &list, names),
            }
        }
        (DynSolType::Array(_) | DynSolType::FixedArray(..) | DynSolType::Tuple(_), _) => {
            Err(format!("{} is expected, not {document}", shape(ty)))
        }
        (_, Value::String(text)) => of_type(ty, param, text, names),
        (_, Value::Number(number)) if number.is_f64() => {
            Err(format!("{number} has more digits than JSON keeps: write it in quotes"))
        }
        (_, Value::Number(_) | Value::Bool(_)) => of_type(ty, param, &document.to_string(), names),
        _ => Err(format!("{document} is no {ty}")),
    }
}

fn members(
    types: &[DynSolType],
    components: &[Param],
    list: &[&Value],
    names: &Names,
) -> Result<DynSolValue, String> {
    let pairs = types.iter().zip(components).zip(list);
    let values = pairs.map(|((ty, component), value)| of_json(ty, component, value, names));
    Ok(DynSolValue::Tuple(values.collect::<Result<_, _>>()?))
}

fn shape(ty: &DynSolType) -> &'static str {
    match ty {
        DynSolType::Tuple(_) => "a structure like {\"x\": 1}",
        _ => "an array like [1, 2]",
    }
}

fn bytes(text: &str) -> Result<Vec<u8>, String> {
    let wrong = || format!("`{text}` is not 0x and an even number of hexadecimal digits");
    parse_hex(text).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(ty: &str, text: &str) -> Result<DynSolValue, String> {
        let ty = DynSolType::parse(ty).expect("a type");
        let param = Param {
            ty: ty.to_string(),
            name: String::new(),
            components: Vec::new(),
            internal_type: None,
        };
        of_type(&ty, &param, text, &Names::default())
    }

    #[test]
    fn amounts_have_units() {
        for (text, digits) in [
            ("0", "0"),
            ("1_000", "1000"),
            ("0x10", "16"),
            ("5e3", "5000"),
            ("1.5coin", "1500000000000000000"),
            ("2 gwei", "2000000000"),
            (".5e1", "5"),
        ] {
            assert_eq!(amount(text).map(|n| n.to_string()), Ok(digits.to_owned()), "{text}");
        }
        for text in ["", "x", "-1", "1.5", "1e79", "0x", "0x1g", "1.2.3e9", "5 apples", "1e-1"] {
            assert!(amount(text).is_err(), "{text}");
        }
    }

    #[test]
    fn numbers_fit_their_types() {
        let most = U256::MAX.to_string();
        for (ty, good, bad) in [
            ("uint8", "255", "256"),
            ("int8", "-128", "-129"),
            ("int8", "127", "128"),
            (
                "uint256",
                most.as_str(),
                "0x1ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
            ),
        ] {
            assert!(parsed(ty, good).is_ok(), "{ty} {good}");
            assert!(parsed(ty, bad).is_err(), "{ty} {bad}");
        }
        assert_eq!(parsed("int8", "-1"), Ok(DynSolValue::Int(I256::MINUS_ONE, 8)));
    }

    #[test]
    fn arrays_are_json_and_bytes_are_hexadecimal() {
        let numbers = parsed("uint256[]", "[1, \"0x2\", \"3e2\"]").expect("three numbers");
        let [one, two, three] = [1, 2, 300].map(|n| DynSolValue::Uint(U256::from(n), 256));
        assert_eq!(numbers, DynSolValue::Array(vec![one, two, three]));
        for (ty, text) in [
            ("uint256[]", "1"),
            ("uint256[]", "[1"),
            ("uint256[2]", "[1]"),
            ("uint256[]", "[1e30]"),
            ("bytes", "0x1"),
            ("bytes", "12"),
            ("bytes4", "0x0102"),
            ("bool", "yes"),
            ("address", "nobody"),
        ] {
            assert!(parsed(ty, text).is_err(), "{ty} {text}");
        }
        assert_eq!(parsed("bytes", "0x"), Ok(DynSolValue::Bytes(Vec::new())));
    }
}
