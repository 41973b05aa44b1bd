//! The modules of `runtime` and of `chain` are layers: each uses those below it and none above it, so
//! there is no circle between them.

#![allow(clippy::unwrap_used, reason = "this file holds only tests")]

mod sources;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use sources::rust_files;

/// The modules of `runtime/src`, from the bottom to the top.
const RUNTIME: [&str; 10] = [
    "exit",
    "memory",
    "error",
    "statistics",
    "config",
    "program",
    "code",
    "engine",
    "module",
    "exec",
];

/// The modules of `chain/src`, likewise. What stands in one string is one layer.
const CHAIN: [&str; 24] = [
    "account key value event price signature",
    "encoding",
    "size",
    "access",
    "transaction",
    "receipt",
    "header",
    "records",
    "store",
    "journal",
    "create",
    "modules",
    "inspect",
    "bytecode",
    "crypto",
    "host",
    "executor",
    "process",
    "explain",
    "extension",
    "signed",
    "wire",
    // a chain makes blocks, requests and readers, which borrow it; blocks are executed by several threads
    "chain block parallel request stateless state reader dev",
    "evm",
];

#[test]
fn the_modules_of_the_runtime_are_layers() {
    check("runtime", &RUNTIME);
}

#[test]
fn the_modules_of_the_chain_are_layers() {
    check("chain", &CHAIN);
}

/// Fails if a module that is not listed exists, or one uses another that does not stand before it.
fn check(member: &str, layers: &[&str]) {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(member).join("src");
    let root = code(&source.join("lib.rs"));
    let exported = exported(&root);
    let mut modules: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for file in rust_files(&source) {
        let below = file.strip_prefix(&source).unwrap();
        let module = below.components().next().unwrap().as_os_str().to_string_lossy();
        let module = module.trim_end_matches(".rs").to_owned();
        modules.entry(module).or_default().push(file);
    }
    modules.remove("lib");
    let listed: BTreeSet<_> =
        layers.iter().flat_map(|layer| layer.split(' ')).map(str::to_owned).collect();
    let found: BTreeSet<_> = modules.keys().cloned().collect();
    assert_eq!(found, listed, "the modules of {member}, and the list in this file");
    let height =
        |name: &str| layers.iter().position(|layer| layer.split(' ').any(|one| one == name));
    let mut arrows = 0;
    for (module, files) in &modules {
        for file in files {
            for name in uses(&code(file)) {
                let target = exported.get(&name).unwrap_or(&name);
                let Some(target) = height(target) else {
                    panic!("{}: `crate::{name}` is in no module", file.display())
                };
                let own = height(module).unwrap();
                assert!(target <= own, "{}: `crate::{name}` points upward", file.display());
                arrows += usize::from(target < own);
            }
        }
    }
    assert!(arrows > layers.len(), "only {arrows} uses of another module were seen");
}

/// The names that the root exports, and the modules that they come from.
fn exported(root: &str) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    for part in root.split("pub use ").skip(1) {
        let tree = part.split(';').next().unwrap();
        for path in leaves(tree) {
            let (first, last) = (path.first().unwrap(), path.last().unwrap());
            names.insert(last.clone(), first.clone());
        }
    }
    names
}

/// The first names behind `crate::`.
fn uses(code: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (at, found) in code.match_indices("crate::") {
        let before = code[..at].chars().next_back().unwrap_or(' ');
        if before.is_alphanumeric() || before == '_' {
            continue;
        }
        let rest = &code[at + found.len()..];
        match rest.starts_with('{') {
            true => names.extend(leaves(group(rest)).into_iter().map(|path| path[0].clone())),
            false => {
                let name = rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap();
                names.insert(name.to_owned());
            }
        }
    }
    names
}

/// A group in braces, at whose first brace the text begins.
fn group(text: &str) -> &str {
    let mut depth = 0;
    let end = text.find(|c| {
        depth += i32::from(c == '{') - i32::from(c == '}');
        depth == 0
    });
    &text[..=end.unwrap()]
}

/// The paths of a tree of names, as in `a::{b, c::d as e}`.
fn leaves(tree: &str) -> Vec<Vec<String>> {
    let tree = tree.trim();
    let Some(open) = tree.find('{') else {
        let name = tree.split(" as ").next().unwrap();
        let parts = name.split("::").map(|part| part.trim().to_owned());
        return match name.is_empty() {
            true => vec![],
            false => vec![parts.collect()],
        };
    };
    let prefix: Vec<String> =
        tree[..open].split("::").filter(|part| !part.is_empty()).map(str::to_owned).collect();
    let inner = group(&tree[open..]);
    let mut paths = Vec::new();
    let (mut depth, mut start) = (0, 1);
    for (at, c) in inner.char_indices() {
        depth += i32::from(c == '{') - i32::from(c == '}');
        if (c == ',' && depth == 1) || depth == 0 {
            for mut path in leaves(&inner[start..at]) {
                path.splice(0..0, prefix.iter().cloned());
                paths.push(path);
            }
            start = at + 1;
        }
    }
    paths
}

/// The source up to its unit tests, without comments.
fn code(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap();
    let text = text.split("\n#[cfg(test)]\nmod tests").next().unwrap();
    let lines = text.lines().map(|line| line.split("//").next().unwrap());
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn trees_of_names_are_read() {
    let tree = "a::{b, c::{d as e, f},\n g}";
    let paths: Vec<_> = leaves(tree).iter().map(|path| path.join("::")).collect();
    assert_eq!(paths, ["a::b", "a::c::d", "a::c::f", "a::g"]);
    let code = "use crate::{x::y, z}; let q = crate::w::v(); other_crate::n";
    assert_eq!(uses(code), BTreeSet::from(["w", "x", "z"].map(str::to_owned)));
}
