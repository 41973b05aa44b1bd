//! Artifacts: what the tools of Ethereum deploy contracts from.

use bessemer_chain::bessemer_evm::alloy_primitives::hex;
use bessemer_chain::{Code, CodeHash, initcode};
use serde_json::{Value, json};

/// The artifact of a contract, in the form of Hardhat, which ethers, viem, web3.py, Hardhat Ignition and
/// Foundry read: `bytecode` is initcode with the file, behind which tools put the constructor's arguments;
/// `deployedBytecode` is what `eth_getCode` gives.
pub(crate) fn artifact(name: &str, source: &str, interface: Option<&str>, file: &[u8]) -> Value {
    let abi = interface.and_then(|json| serde_json::from_str(json).ok());
    json!({
        "_format": "hh-sol-artifact-1",
        "contractName": name,
        "sourceName": source,
        "abi": abi.unwrap_or_else(|| json!([])),
        "bytecode": hex::encode_prefixed(initcode(file, &[])),
        "deployedBytecode": hex::encode_prefixed(Code::designator(&CodeHash::of(file))),
        "linkReferences": {},
        "deployedLinkReferences": {},
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn artifacts_hold_what_tools_read() {
        let interface = r#"[{"type":"function","name":"f","inputs":[],"outputs":[]}]"#;
        let artifact = artifact("token", "token/src/lib.rs", Some(interface), b"file");
        assert_eq!(artifact["contractName"], "token");
        assert_eq!(artifact["abi"][0]["name"], "f");
        assert_eq!(artifact["bytecode"], "0xef5256020000000466696c65");
        let seen = artifact["deployedBytecode"].as_str().unwrap();
        assert_eq!((seen.len(), &seen[..10]), (74, "0xef525601"));
        assert_eq!(super::artifact("bare", "", None, b"file")["abi"], json!([]));
    }
}
