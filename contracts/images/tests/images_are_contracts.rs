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

/// Whoever builds the images gets the same bytes, and learns nothing of who built them before.
#[test]
fn no_image_has_a_path_of_the_machine_that_built_it() {
    // what source files are named by instead: see `bessemer_toolchain::remap`
    let known = |path: &str| {
        let package = |first: &str| {
            first.rsplit_once('-').is_some_and(|(_, version)| version.starts_with(char::is_numeric))
        };
        let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
        first == "rustc" || package(first)
    };
    let mut paths = 0;
    for example in EXAMPLES {
        for text in example.elf.split(|byte| !byte.is_ascii_graphic()) {
            let text = str::from_utf8(text).expect("it is ASCII");
            // several texts stand side by side, so a path is what ends in `.rs`
            for (end, _) in text.match_indices(".rs") {
                let before = &text[..end];
                let start = before.rfind(".rs").map_or(0, |at| at + 3);
                let Some(slash) = before[start..].find('/') else { continue };
                let path = &text[start + slash..end + 3];
                let relative = slash > 0;
                paths += 1;
                assert!(relative || known(path), "{}: {path}", example.name);
                for home in ["/root/", "/home/", "/Users/", "/.cargo/", "/.rustup/", "/registry/"] {
                    assert!(!path.contains(home), "{}: {path}", example.name);
                }
            }
        }
    }
    assert!(paths > 10, "only {paths} paths were found: what is looked for is not there");
}
