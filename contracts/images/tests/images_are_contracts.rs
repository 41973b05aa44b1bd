//! Every committed image is a program that a chain would accept, and says what it offers.

use std::collections::BTreeMap;

use bessemer_contracts::EXAMPLES;
use bessemer_image::{Limits, Program};
use serde_json::Value;
use sha2::{Digest, Sha256};

#[test]
fn every_image_loads() {
    assert!(!EXAMPLES.is_empty());
    for example in EXAMPLES {
        if let Err(error) = Program::parse(example.elf, &Limits::contract()) {
            panic!("{}: {error}", example.name);
        }
    }
}

#[test]
fn every_image_is_the_recorded_one() {
    let sums: BTreeMap<&str, &str> = include_str!("../SHA256SUMS")
        .lines()
        .filter_map(|line| line.split_once("  elf/"))
        .map(|(sum, name)| (name, sum))
        .collect();
    assert_eq!(sums.len(), EXAMPLES.len());
    for example in EXAMPLES {
        let sum = hex::encode(Sha256::digest(example.elf));
        assert_eq!(sums[format!("{}.elf", example.name).as_str()], sum, "{}", example.name);
    }
}

#[test]
fn every_image_carries_its_interface() {
    for example in EXAMPLES {
        let start = example.elf.windows(2).position(|bytes| bytes == b"[{");
        let rest = &example.elf[start.expect(example.name)..];
        let mut values = serde_json::Deserializer::from_slice(rest).into_iter::<Value>();
        let interface = values.next().expect(example.name).expect(example.name);
        let functions = interface.as_array().expect(example.name).iter();
        assert!(functions.filter(|item| item["type"] == "function").count() > 0);
    }
}
