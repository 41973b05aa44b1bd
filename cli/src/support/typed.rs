//! Typed data (EIP-712): what wallets show to people and sign.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use alloy_dyn_abi::DynSolValue;
use alloy_json_abi::Param;
use serde::Deserialize;
use serde_json::{Map, Value};
use sha3::{Digest, Keccak256};

use crate::support::abi;
use crate::support::failure::Failure;
use crate::support::names::Names;

const DOMAIN: &str = "EIP712Domain";
/// The members that a domain may have, in the order in which they are hashed.
const MEMBERS: [(&str, &str); 5] = [
    ("name", "string"),
    ("version", "string"),
    ("chainId", "uint256"),
    ("verifyingContract", "address"),
    ("salt", "bytes32"),
];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    types: BTreeMap<String, Vec<Member>>,
    primary_type: String,
    domain: Map<String, Value>,
    message: Map<String, Value>,
}

#[derive(Clone, Deserialize)]
struct Member {
    name: String,
    #[serde(rename = "type")]
    ty: String,
}

/// The hash that is signed of a file with typed data, whose addresses may be names.
pub(crate) fn hash_of_file(file: &Path, names: &Names) -> Result<[u8; 32], Failure> {
    let bytes = std::fs::read(file).map_err(|source| Failure::file("read", file, source))?;
    hash(&bytes, names).map_err(|reason| {
        let reason = abi::printable(&reason);
        Failure::Usage(format!("{} is not typed data (EIP-712): {reason}", file.display()))
    })
}

fn hash(bytes: &[u8], names: &Names) -> Result<[u8; 32], String> {
    let mut document: Document =
        serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let domain = &document.domain;
    document.types.entry(DOMAIN.to_owned()).or_insert_with(|| {
        let given = MEMBERS.iter().filter(|(name, _)| domain.contains_key(*name));
        given.map(|(name, ty)| Member { name: (*name).into(), ty: (*ty).into() }).collect()
    });
    let types = Types { types: &document.types, names };
    let mut hasher = Keccak256::new();
    hasher.update([0x19, 0x01]);
    hasher.update(types.structure(DOMAIN, &document.domain)?);
    if document.primary_type != DOMAIN {
        hasher.update(types.structure(&document.primary_type, &document.message)?);
    }
    Ok(hasher.finalize().into())
}

struct Types<'a> {
    types: &'a BTreeMap<String, Vec<Member>>,
    names: &'a Names,
}

impl Types<'_> {
    fn members(&self, name: &str) -> Result<&[Member], String> {
        self.types.get(name).map(Vec::as_slice).ok_or_else(|| format!("there is no type `{name}`"))
    }

    /// `hashStruct`
    fn structure(&self, name: &str, value: &Map<String, Value>) -> Result<[u8; 32], String> {
        let members = self.members(name)?;
        if let Some(unknown) = value.keys().find(|key| members.iter().all(|m| m.name != **key)) {
            return Err(format!("{name} has no member `{unknown}`"));
        }
        let mut hasher = Keccak256::new();
        hasher.update(Keccak256::digest(self.signature(name)?));
        for Member { name: member, ty } in members {
            let value = value.get(member);
            let value =
                value.ok_or_else(|| format!("the member `{member}` of {name} is missing"))?;
            let word =
                self.word(ty, value).map_err(|reason| format!("{name}.{member}: {reason}"))?;
            hasher.update(word);
        }
        Ok(hasher.finalize().into())
    }

    /// `encodeType`: the structure and, in order, all that it refers to.
    fn signature(&self, name: &str) -> Result<String, String> {
        let mut all = BTreeSet::new();
        let mut waiting = vec![name];
        while let Some(next) = waiting.pop() {
            if all.insert(next) {
                let types = self.members(next)?.iter().map(|member| innermost(&member.ty));
                waiting.extend(types.filter(|ty| self.types.contains_key(*ty)));
            }
        }
        all.remove(name);
        let mut text = String::new();
        for name in std::iter::once(name).chain(all) {
            let members = self.members(name)?.iter();
            let members: Vec<_> = members.map(|m| format!("{} {}", m.ty, m.name)).collect();
            text.push_str(&format!("{name}({})", members.join(",")));
        }
        Ok(text)
    }

    /// `encodeData` of a member.
    fn word(&self, ty: &str, value: &Value) -> Result<[u8; 32], String> {
        if let Some(begin) = ty.strip_suffix(']').and_then(|ty| ty.rfind('[')) {
            let (item, count) = (&ty[..begin], &ty[begin + 1..ty.len() - 1]);
            let Value::Array(items) = value else {
                return Err(format!("{ty} is written as an array, not {value}"));
            };
            if !count.is_empty() && count.parse() != Ok(items.len()) {
                return Err(format!("{ty} has {count} items, not {}", items.len()));
            }
            let mut hasher = Keccak256::new();
            for value in items {
                hasher.update(self.word(item, value)?);
            }
            return Ok(hasher.finalize().into());
        }
        if self.types.contains_key(ty) {
            let Value::Object(members) = value else {
                return Err(format!("{ty} is written as an object, not {value}"));
            };
            return self.structure(ty, members);
        }
        if ty == "string" && !value.is_string() {
            return Err(format!("a string is written in quotes, not {value}"));
        }
        let param = Param {
            ty: ty.to_owned(),
            name: String::new(),
            components: Vec::new(),
            internal_type: None,
        };
        match abi::of_document(&param, value, self.names)? {
            DynSolValue::String(text) => Ok(Keccak256::digest(text).into()),
            DynSolValue::Bytes(bytes) => Ok(Keccak256::digest(bytes).into()),
            value => {
                value.as_word().map(|word| word.0).ok_or_else(|| format!("{ty} has no value here"))
            }
        }
    }
}

/// The type of the items of an array of arrays, or the type itself.
fn innermost(ty: &str) -> &str {
    ty.split('[').next().unwrap_or(ty)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::support::output::hex;

    fn mail() -> Value {
        json!({
            "types": {
                "EIP712Domain": [
                    { "name": "name", "type": "string" },
                    { "name": "version", "type": "string" },
                    { "name": "chainId", "type": "uint256" },
                    { "name": "verifyingContract", "type": "address" },
                ],
                "Person": [
                    { "name": "name", "type": "string" },
                    { "name": "wallet", "type": "address" },
                ],
                "Mail": [
                    { "name": "from", "type": "Person" },
                    { "name": "to", "type": "Person" },
                    { "name": "contents", "type": "string" },
                ],
            },
            "primaryType": "Mail",
            "domain": {
                "name": "Ether Mail",
                "version": "1",
                "chainId": 1,
                "verifyingContract": "0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC",
            },
            "message": {
                "from": { "name": "Cow", "wallet": "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826" },
                "to": { "name": "Bob", "wallet": "0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB" },
                "contents": "Hello, Bob!",
            },
        })
    }

    fn of(document: &Value) -> Result<String, String> {
        hash(document.to_string().as_bytes(), &Names::default()).map(|hash| hex(&hash))
    }

    #[test]
    fn the_example_of_the_standard_has_its_hash() {
        let wanted = "be609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2";
        assert_eq!(of(&mail()).as_deref(), Ok(wanted));
        // the type of the domain follows from its members
        let mut document = mail();
        document["types"].as_object_mut().expect("an object").remove(DOMAIN);
        assert_eq!(of(&document).as_deref(), Ok(wanted));
    }

    #[test]
    fn what_is_not_of_its_type_is_refused() {
        for (place, value, part) in [
            ("/message/to/name", json!(5), "Mail.to: Person.name"),
            ("/message/to", json!({ "name": "Bob" }), "`wallet` of Person is missing"),
            ("/message/contents", json!(null), "Mail.contents"),
            ("/primaryType", json!("Letter"), "no type `Letter`"),
            ("/types/Person/1/type", json!("uint8"), "Person.wallet"),
            ("/types/Person/1/type", json!("address[]"), "written as an array"),
        ] {
            let mut document = mail();
            *document.pointer_mut(place).expect("it is there") = value;
            let reason = of(&document).expect_err("it is wrong");
            assert!(reason.contains(part), "{place}: {reason}");
        }
    }
}
