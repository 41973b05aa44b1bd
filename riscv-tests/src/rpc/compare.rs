//! Whether an answer is the expected one: to the last member, but for the messages of errors; or, where
//! a file says so, in its shape.

use std::fmt;

use serde_json::Value;

/// Where two answers differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    at: String,
    expected: String,
    found: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, expected, found } = self;
        write!(f, "{at}: expected {expected}, found {found}")
    }
}

/// The first difference between the expected answer and the found one.
pub(super) fn answers(expected: &Value, found: &Value, shape_only: bool) -> Option<Difference> {
    match (expected.get("error"), found.get("error")) {
        (Some(expected), Some(found)) => {
            let code = different(&expected["code"], &found["code"], "error.code", false);
            // what a revert carries is part of the answer
            code.or_else(|| {
                let (expected, found) = (expected.get("data"), found.get("data"));
                let (expected, found) = (expected.cloned(), found.cloned());
                different(
                    &expected.unwrap_or_default(),
                    &found.unwrap_or_default(),
                    "error.data",
                    shape_only,
                )
            })
        }
        (None, None) => different(&expected["result"], &found["result"], "result", shape_only),
        _ => Some(difference("the answer", expected, found)),
    }
}

fn difference(at: &str, expected: &Value, found: &Value) -> Difference {
    let short = |value: &Value| value.to_string().chars().take(200).collect();
    Difference { at: at.to_owned(), expected: short(expected), found: short(found) }
}

fn different(expected: &Value, found: &Value, at: &str, shape_only: bool) -> Option<Difference> {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            let missing = |name: &String| {
                let (expected, found) = (expected.get(name), found.get(name));
                Some(difference(
                    &format!("{at}.{name}"),
                    expected.unwrap_or(&Value::from("nothing")),
                    found.unwrap_or(&Value::from("nothing")),
                ))
            };
            if !shape_only
                && let Some(name) = found.keys().find(|name| !expected.contains_key(*name))
            {
                return missing(name);
            }
            expected.iter().find_map(|(name, expected)| match found.get(name) {
                Some(found) => different(expected, found, &format!("{at}.{name}"), shape_only),
                // a map from addresses or hashes has other names each time
                None if shape_only && name.starts_with("0x") => None,
                None => missing(name),
            })
        }
        (Value::Array(expected), Value::Array(found)) => {
            if !shape_only && expected.len() != found.len() {
                let count = |list: &[Value]| Value::from(format!("{} elements", list.len()));
                return Some(difference(at, &count(expected), &count(found)));
            }
            let pairs = expected.iter().zip(found).enumerate();
            pairs
                .map(|(index, (expected, found))| {
                    different(expected, found, &format!("{at}[{index}]"), shape_only)
                })
                .find_map(|difference| difference)
        }
        (expected, found) if shape_only => {
            let kind = |value: &Value| match value {
                Value::Null => "null",
                Value::Bool(_) => "bool",
                Value::Number(_) => "number",
                Value::String(text) if text.starts_with("0x") => "hex",
                Value::String(_) => "text",
                Value::Array(_) => "array",
                Value::Object(_) => "object",
            };
            (kind(expected) != kind(found)).then(|| difference(at, expected, found))
        }
        (expected, found) => (expected != found).then(|| difference(at, expected, found)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn answers_are_compared_to_the_last_member() {
        let expected = json!({ "id": 1, "result": { "a": [1, "0x2"], "b": null } });
        assert_eq!(answers(&expected, &expected, false), None);
        for (found, at) in [
            (json!({ "result": { "a": [1, "0x3"], "b": null } }), "result.a[1]"),
            (json!({ "result": { "a": [1], "b": null } }), "result.a"),
            (json!({ "result": { "a": [1, "0x2"] } }), "result.b"),
            (json!({ "result": { "a": [1, "0x2"], "b": null, "c": 1 } }), "result.c"),
            (json!({ "error": { "code": 1, "message": "" } }), "the answer"),
        ] {
            assert_eq!(
                answers(&expected, &found, false).map(|difference| difference.at),
                Some(at.into())
            );
        }
        let other = json!({ "result": { "a": [7, "0x3"], "b": null, "c": 1 } });
        assert_eq!(answers(&expected, &other, true), None);
        let wrong = json!({ "result": { "a": ["x", "0x3"], "b": null } });
        assert!(answers(&expected, &wrong, true).is_some());
    }

    #[test]
    fn codes_of_errors_are_compared_and_messages_are_not() {
        let error =
            |code: i32, message: &str| json!({ "error": { "code": code, "message": message } });
        assert_eq!(answers(&error(3, "a"), &error(3, "b"), false), None);
        assert!(answers(&error(3, "a"), &error(4, "a"), true).is_some());
    }
}
