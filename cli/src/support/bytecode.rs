//! EVM contracts in the files of Solidity's tools: solc, Foundry, Hardhat, or bytecode as hexadecimal.

use std::path::Path;

use bessemer_chain::bessemer_evm::alloy_primitives::hex;
use serde_json::Value;

use crate::support::abi::Interface;
use crate::support::failure::Failure;

/// A contract to deploy: what creates it, and its interface if the file has one.
#[derive(Debug)]
pub(crate) struct Bytecode {
    /// The contract's name.
    pub(crate) name: String,
    /// The code of its constructor.
    pub(crate) init: Vec<u8>,
    pub(crate) interface: Option<Interface>,
}

/// Whether a path names such a file.
pub(crate) fn is_one(path: &Path) -> bool {
    let known = |extension: &std::ffi::OsStr| {
        ["json", "bin", "hex"].iter().any(|known| extension.eq_ignore_ascii_case(known))
    };
    path.extension().is_some_and(known)
}

/// Reads the contract of a file. If there are several, `path:Name` chooses.
pub(crate) fn read(argument: &str) -> Result<Bytecode, Failure> {
    let (path, wanted) = split(argument);
    let path = Path::new(path);
    let bytes = std::fs::read(path).map_err(|source| Failure::file("read", path, source))?;
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let wrong = |reason: String| Failure::Usage(format!("{}: {reason}", path.display()));
    if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json")) {
        let document: Value = serde_json::from_slice(&bytes)
            .map_err(|error| wrong(format!("it is not JSON: {error}")))?;
        return of_json(&document, &stem, wanted).map_err(wrong);
    }
    let text = String::from_utf8_lossy(&bytes);
    let init = code(text.trim()).map_err(wrong)?;
    Ok(Bytecode { name: stem, init, interface: None })
}

/// Whether an argument names such a file, with or without a contract in it.
pub(crate) fn names_one(argument: &str) -> bool {
    let (path, _) = split(argument);
    is_one(Path::new(path))
}

fn split(argument: &str) -> (&str, Option<&str>) {
    match argument.rsplit_once(':') {
        Some((path, name)) if is_one(Path::new(path)) => (path, Some(name)),
        _ => (argument, None),
    }
}

fn of_json(document: &Value, stem: &str, wanted: Option<&str>) -> Result<Bytecode, String> {
    let mut found = Vec::new();
    collect(document, stem, &mut found);
    let names = || found.iter().map(|(name, _, _)| name.as_str()).collect::<Vec<_>>().join(", ");
    let chosen: Vec<_> = match wanted {
        Some(wanted) => found.iter().filter(|(name, _, _)| name == wanted).collect(),
        None if found.len() > 1 => found.iter().filter(|(name, _, _)| name == stem).collect(),
        None => found.iter().collect(),
    };
    let [(name, object, abi)] = chosen.as_slice() else {
        return Err(match (found.len(), wanted) {
            (0, _) => {
                "it has no contract with bytecode, as solc, Foundry and Hardhat write it".into()
            }
            (_, Some(wanted)) => format!("it has no contract {wanted}: there are {}", names()),
            _ => format!("it has several contracts: choose by FILE:NAME among {}", names()),
        });
    };
    let interface = abi.as_ref().map(|abi| Interface::parse(abi.as_bytes())).transpose()?;
    Ok(Bytecode { name: name.clone(), init: code(object)?, interface })
}

/// All contracts with bytecode: name, bytecode, interface.
fn collect(document: &Value, name: &str, found: &mut Vec<(String, String, Option<String>)>) {
    let abi = document.get("abi").map(|abi| match abi {
        // old versions of solc write the interface as a text
        Value::String(text) => text.clone(),
        abi => abi.to_string(),
    });
    let places = ["/bytecode/object", "/evm/bytecode/object", "/bytecode", "/bin"];
    let object = places.iter().find_map(|place| document.pointer(place)?.as_str());
    if let Some(object) = object.filter(|object| !matches!(*object, "" | "0x")) {
        let name = document.get("contractName").and_then(Value::as_str).unwrap_or(name);
        found.push((name.to_owned(), object.to_owned(), abi));
        return;
    }
    // solc: contracts by file and name, or by file:name
    let Some(Value::Object(contracts)) = document.get("contracts") else { return };
    for (key, inner) in contracts {
        let name = key.rsplit(':').next().unwrap_or(key);
        let before = found.len();
        collect(inner, name, found);
        if let (true, Value::Object(of_file)) = (found.len() == before, inner) {
            for (name, contract) in of_file.iter().filter(|(_, inner)| inner.is_object()) {
                collect(contract, name, found);
            }
        }
    }
}

fn code(text: &str) -> Result<Vec<u8>, String> {
    if text.contains("__") {
        return Err("its bytecode is to be linked with a library first".to_owned());
    }
    hex::decode(text).map_err(|error| format!("its bytecode is not hexadecimal: {error}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(document: &Value, wanted: Option<&str>) -> Result<(String, Vec<u8>, bool), String> {
        let found = of_json(document, "Token", wanted)?;
        Ok((found.name, found.init, found.interface.is_some()))
    }

    #[test]
    fn files_of_all_tools_are_read() {
        let abi = json!([{ "type": "constructor", "inputs": [], "stateMutability": "nonpayable" }]);
        let token = |interface| Ok(("Token".to_owned(), vec![0x60, 1], interface));
        let foundry = json!({ "abi": abi, "bytecode": { "object": "0x6001" } });
        assert_eq!(of(&foundry, None), token(true));
        let hardhat = json!({ "contractName": "Token", "abi": abi, "bytecode": "0x6001" });
        assert_eq!(of(&hardhat, None), token(true));
        let one = json!({ "abi": abi, "evm": { "bytecode": { "object": "6001" } } });
        let other = json!({ "abi": abi, "evm": { "bytecode": { "object": "6002" } } });
        let empty = json!({ "abi": abi, "evm": { "bytecode": { "object": "" } } });
        let solc =
            json!({ "contracts": { "a.sol": { "Token": one, "Other": other, "IToken": empty } } });
        assert_eq!(of(&solc, None), token(true));
        assert_eq!(of(&solc, Some("Other")), Ok(("Other".to_owned(), vec![0x60, 2], true)));
        let combined =
            json!({ "contracts": { "a.sol:Token": { "abi": abi.to_string(), "bin": "6001" } } });
        assert_eq!(of(&combined, None), token(true));
    }

    #[test]
    fn other_files_are_refused_with_a_reason() {
        let unlinked = json!({ "bytecode": "0x73__$aaaa$__" });
        assert!(of(&unlinked, None).unwrap_err().contains("library"));
        assert!(of(&json!({}), None).unwrap_err().contains("no contract"));
        let two = json!({ "contracts": { "a": { "A": { "bin": "60" }, "B": { "bin": "61" } } } });
        assert!(of(&two, None).unwrap_err().contains("A, B"));
        assert!(of(&two, Some("C")).unwrap_err().contains("no contract C"));
    }
}
