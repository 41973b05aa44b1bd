//! The architecture's invariants that a look at manifests and sources can check.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "this file holds only tests")]

mod sources;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};
use sources::rust_files;

fn metadata() -> Metadata {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    MetadataCommand::new().manifest_path(manifest).no_deps().exec().unwrap()
}

/// The names of what a member needs when it is built, tests aside.
fn dependencies(metadata: &Metadata, member: &str) -> BTreeSet<String> {
    let packages = metadata.workspace_packages();
    let package = packages.iter().find(|package| *package.name == member);
    let package = package.unwrap_or_else(|| panic!("there is no member {member}"));
    let needed =
        package.dependencies.iter().filter(|needed| needed.kind != DependencyKind::Development);
    needed.map(|needed| needed.name.clone()).collect()
}

/// All members of the workspace that a member needs, directly or not.
fn members_behind(metadata: &Metadata, member: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![member.to_owned()];
    while let Some(next) = open.pop() {
        for name in dependencies(metadata, &next) {
            if name.starts_with("bessemer-") && found.insert(name.clone()) {
                open.push(name);
            }
        }
    }
    found
}

#[test]
fn the_instruction_set_depends_on_nothing() {
    // but for what makes data of prices, which is a feature
    let package = metadata();
    let package = package.packages.iter().find(|package| *package.name == "bessemer-isa").unwrap();
    let normal = package.dependencies.iter().filter(|needed| needed.kind == DependencyKind::Normal);
    let names: Vec<_> = normal.map(|needed| (needed.name.as_str(), needed.optional)).collect();
    assert_eq!(names, [("serde", true)]);
}

#[test]
fn interpreter_and_translator_never_depend_on_each_other() {
    let metadata = metadata();
    let [interpreter, translator] =
        ["bessemer-interp", "bessemer-translator"].map(|name| members_behind(&metadata, name));
    assert!(!interpreter.contains("bessemer-translator"), "{interpreter:?}");
    assert!(!translator.contains("bessemer-interp"), "{translator:?}");
    let shared: BTreeSet<_> = ["bessemer-isa", "bessemer-image"].map(str::to_owned).into();
    assert_eq!(interpreter, shared);
    assert_eq!(translator, shared);
}

#[test]
fn nothing_depends_on_what_judges_and_measures() {
    let metadata = metadata();
    for package in metadata.workspace_packages() {
        for needed in &package.dependencies {
            for judge in ["bessemer-conformance", "bessemer-bench"] {
                assert_ne!(needed.name, judge, "{} uses it", package.name);
            }
        }
    }
}

/// The toolchain that everything is checked with is the oldest that the manifests promise.
#[test]
fn the_toolchain_is_the_oldest_that_the_manifests_promise() {
    let metadata = metadata();
    let root = metadata.workspace_root.as_std_path();
    let text = fs::read_to_string(root.join("rust-toolchain.toml")).unwrap();
    let channel = text.lines().find_map(|line| line.strip_prefix("channel = ")).unwrap();
    for package in metadata.workspace_packages() {
        let promised = package.rust_version.as_ref().unwrap().to_string();
        assert_eq!(channel.trim_matches('"'), promised, "{}", package.name);
    }
}

/// Hooks that only tests may have: what embedders get must not contain them.
#[test]
fn no_crate_that_embedders_get_enables_the_hooks_for_tests() {
    let metadata = metadata();
    let hooked = |package: &cargo_metadata::Package, tests: bool| {
        let needed = package.dependencies.iter();
        let needed = needed.filter(|needed| tests || needed.kind != DependencyKind::Development);
        needed.flat_map(|needed| &needed.features).any(|feature| feature == "test-hooks")
    };
    let mut seen = 0;
    for package in metadata.workspace_packages() {
        let default = package.features.get("default").map(Vec::as_slice).unwrap_or_default();
        assert!(!default.iter().any(|name| name.contains("test-hooks")), "{}", package.name);
        let judges = *package.name == "bessemer-conformance";
        assert!(judges || !hooked(package, false), "{} enables test-hooks", package.name);
        seen += usize::from(hooked(package, true));
    }
    assert_eq!(seen, 2, "the tests of the runtime and the conformance suites use them");
    // what they are in the sources
    let root = metadata.workspace_root.as_std_path();
    for (file, item) in [
        ("translator/src/lib.rs", "pub mod fault;"),
        ("translator/src/fault.rs", "pub fn fail_after("),
        ("translator/src/fault.rs", "pub fn is_pending("),
        ("runtime/src/lib.rs", "pub use exec::signal;"),
        ("runtime/src/exec/instance.rs", "pub fn swap_after("),
        ("runtime/src/module/mod.rs", "pub fn make_osr_code("),
        ("runtime/src/config.rs", "pub fn unit_instructions("),
    ] {
        let source = fs::read_to_string(root.join(file)).unwrap();
        let lines: Vec<_> = source.lines().map(str::trim).collect();
        let at = lines.iter().position(|line| line.starts_with(item)).unwrap();
        let behind = lines[at.saturating_sub(3)..at].contains(&r#"#[cfg(feature = "test-hooks")]"#);
        assert!(behind, "{file}: `{item}` is not behind the feature test-hooks");
    }
}

/// Which bytes translation gives depends on every part of Cranelift: the build id covers the
/// translator's manifest, so that has to pin all of them.
#[test]
fn every_part_of_the_code_generator_is_pinned_where_the_build_id_sees_it() {
    let metadata = metadata();
    let root = metadata.workspace_root.as_std_path();
    let packages = metadata.workspace_packages();
    let translator = packages.iter().find(|package| *package.name == "bessemer-translator");
    let pins: BTreeMap<_, _> = translator
        .unwrap()
        .dependencies
        .iter()
        .map(|needed| (needed.name.as_str(), needed.req.to_string()))
        .collect();
    let manifest = fs::read_to_string(root.join("translator/Cargo.toml")).unwrap();
    let lock = fs::read_to_string(root.join("Cargo.lock")).unwrap();
    let mut parts = 0;
    for package in lock.split("[[package]]").skip(1) {
        let field = |name: &str| {
            let line = package.lines().find_map(|line| line.strip_prefix(&format!("{name} = ")));
            line.unwrap_or_default().trim_matches('"')
        };
        let name = field("name");
        if name.starts_with("cranelift-") || name == "regalloc2" {
            let pin = pins.get(name).map(String::as_str);
            assert_eq!(pin, Some(format!("={}", field("version")).as_str()), "{name}");
            assert!(manifest.contains(&format!("={}", field("version"))), "{name}");
            assert!(!field("checksum").is_empty(), "{name} is not from the registry");
            parts += 1;
        }
    }
    assert!(parts >= 10, "only {parts} parts of Cranelift are in Cargo.lock");
}

/// The rows of the code map in ARCHITECTURE.md: folder, crate, and the crates that it uses.
fn code_map(root: &Path) -> Vec<(String, String, BTreeSet<String>)> {
    let page = fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    let table = page.split("## Code map").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.map(|row| {
        let cells: Vec<_> = row.trim_end_matches(" |").split(" | ").collect();
        let [folder, name, _, _, uses] = cells[..] else { panic!("five cells: {row}") };
        let uses = uses.split(';').next().unwrap().split(", ").map(str::trim);
        let uses = uses.filter(|name| *name != "nothing").map(|name| format!("bessemer-{name}"));
        let plain = |cell: &str| cell.trim_matches('`').to_owned();
        (plain(folder), plain(name), uses.collect())
    })
    .collect()
}

#[test]
fn the_code_map_is_what_the_manifests_say() {
    let metadata = metadata();
    let root = metadata.workspace_root.as_std_path();
    let map = code_map(root);
    let mut members = BTreeSet::new();
    for package in metadata.workspace_packages() {
        let folder = package.manifest_path.parent().unwrap();
        let folder = folder.strip_prefix(&metadata.workspace_root).unwrap().to_string();
        let row = map.iter().find(|(_, name, _)| *name == *package.name);
        let Some((stated, _, uses)) = row else {
            panic!("ARCHITECTURE.md, code map: no row for {} in {folder}", package.name)
        };
        assert_eq!(*stated, folder, "ARCHITECTURE.md, code map: the folder of {}", package.name);
        let needed = dependencies(&metadata, &package.name);
        let needed: BTreeSet<_> =
            needed.into_iter().filter(|name| name.starts_with("bessemer-")).collect();
        assert_eq!(*uses, needed, "ARCHITECTURE.md, code map: what {} uses", package.name);
        members.insert(package.name.to_string());
    }
    for (_, name, _) in &map {
        assert!(members.contains(name), "ARCHITECTURE.md, code map: {name} is not a member");
    }
}

/// Files that the documents name in running text, as `folder/file.rs`.
#[test]
fn every_path_that_the_documents_name_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut pages = vec!["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"]
        .into_iter()
        .map(PathBuf::from)
        .collect::<Vec<_>>();
    for entry in fs::read_dir(root.join("docs")).unwrap() {
        let name = PathBuf::from(entry.unwrap().file_name());
        // the tutorial names files of the reader's project
        let ours = name != Path::new("tutorial.md");
        if ours && name.extension().is_some_and(|extension| extension == "md") {
            pages.push(Path::new("docs").join(name));
        }
    }
    let folders: Vec<String> = fs::read_dir(&root)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned() + "/")
        .collect();
    let mut checked = 0;
    for page in pages {
        let text = fs::read_to_string(root.join(&page)).unwrap();
        for quoted in text.split('`').skip(1).step_by(2) {
            let path = quoted.split(['#', ' ']).next().unwrap_or_default();
            let ours = folders.iter().any(|folder| path.starts_with(folder.as_str()));
            // not what a build makes, and not a pattern
            if !ours || path.starts_with("target/") || path.contains(['*', '{', '<']) {
                continue;
            }
            let path = path.trim_end_matches([',', '.', ':']);
            let there = root.join(path).exists() || root.join(format!("{path}.rs")).exists();
            assert!(there, "{}: `{quoted}` names no file", page.display());
            checked += 1;
        }
    }
    assert!(checked >= 40, "only {checked} paths were checked");
}

#[test]
fn the_translator_knows_no_state() {
    let metadata = metadata();
    let behind = members_behind(&metadata, "bessemer-translator");
    for name in ["bessemer-chain", "bessemer-runtime"] {
        assert!(!behind.contains(name), "{behind:?}");
    }
}

#[test]
fn the_walks_name_existing_functions_in_eight_steps_at_most() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    let walks = page.split("## Four walks").nth(1).unwrap().split("\n## ").next().unwrap();
    let mut steps = Vec::new();
    for line in walks.lines() {
        if line.starts_with("**") {
            steps.push(0);
        }
        let Some((number, rest)) = line.split_once(". `") else { continue };
        assert!(number.chars().all(|digit| digit.is_ascii_digit()), "{line}");
        *steps.last_mut().unwrap() += 1;
        let quoted: Vec<_> = rest.split('`').step_by(2).collect();
        let path = quoted[0];
        let source = fs::read_to_string(root.join(path)).unwrap_or_default();
        assert!(!source.is_empty(), "{path} is not there");
        assert!(rest.contains("`, `"), "the step at {path} names no item");
        let item = quoted[1].rsplit("::").next().unwrap();
        for part in quoted[1].split("::") {
            assert!(defines(&source, part, part != item), "{path} does not define `{part}`");
        }
    }
    assert_eq!(steps.len(), 4);
    assert!(steps.iter().all(|count| (5..=8).contains(count)), "{steps:?}");
}

/// Whether a file defines an item of this name. A type may be defined elsewhere and get functions here.
fn defines(source: &str, name: &str, is_type: bool) -> bool {
    let keywords: &[&str] = match is_type {
        true => &["struct", "enum", "trait", "impl", "for"],
        false => &["fn", "struct", "enum", "trait"],
    };
    let code = code(source);
    let words: Vec<_> = words(&code).filter(|word| !word.is_empty()).collect();
    words.windows(2).any(|pair| keywords.contains(&pair[0]) && pair[1] == name)
}

/// A deployed file is parsed and hashed in one place, whose result is handed on: parsing it again for
/// its price or its module would cost as much as the first time.
#[test]
fn the_chain_parses_a_deployed_file_in_one_place() {
    let members = metadata();
    let mut places = BTreeMap::<&str, Vec<String>>::new();
    for path in sources_of(&members, "bessemer-chain") {
        let source = fs::read_to_string(&path).unwrap();
        let code = code(&source);
        let code = code.split("mod tests {").next().unwrap();
        for call in ["Program::parse(", "Program::parse_hashed(", "Module::of_program("] {
            let times = code.matches(call).count();
            places.entry(call).or_default().extend(vec![path.display().to_string(); times]);
        }
    }
    // the second is for states from before sizes were recorded
    for (call, places) in places {
        assert!(places.len() == 1 && places[0].ends_with("modules.rs"), "{call}: {places:?}");
    }
}

#[test]
fn the_host_call_table_depends_on_nothing() {
    assert_eq!(dependencies(&metadata(), "bessemer-abi"), BTreeSet::new());
}

#[test]
fn the_trie_knows_no_chain() {
    assert_eq!(members_behind(&metadata(), "bessemer-trie"), BTreeSet::new());
}

#[test]
fn neither_chain_nor_runtime_knows_a_server() {
    let metadata = metadata();
    for member in ["bessemer-chain", "bessemer-runtime"] {
        let behind = members_behind(&metadata, member);
        assert!(!behind.contains("bessemer-node"), "{member}: {behind:?}");
        for name in behind.iter().map(String::as_str).chain([member]) {
            let needed = dependencies(&metadata, name);
            for server in ["tokio", "jsonrpsee", "hyper"] {
                assert!(!needed.contains(server), "{name} needs {server}");
            }
        }
    }
}

#[test]
fn journal_and_stores_know_no_instruction_set() {
    let chain = Path::new(env!("CARGO_MANIFEST_DIR")).join("../chain/src");
    let mut files = rust_files(&chain.join("journal"));
    files.extend(rust_files(&chain.join("store")));
    assert!(files.len() >= 6, "{} files", files.len());
    for file in files {
        let code = code(&fs::read_to_string(&file).unwrap());
        for word in ["bessemer_isa", "bessemer_runtime", "crate::host", "crate::executor"] {
            assert!(!code.contains(word), "{}: {word}", file.display());
        }
    }
}

#[test]
fn oracle_and_generators_share_nothing_with_the_product() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = rust_files(&source.join("oracle"));
    files.extend(rust_files(&source.join("generate")));
    assert!(files.len() >= 20, "{} files", files.len());
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let foreign = text.lines().find(|line| {
            let product = line.contains("bessemer_") && !line.contains("bessemer_conformance");
            product || (line.contains("crate::") && !own_module(line))
        });
        assert_eq!(foreign, None, "{}", file.display());
    }
}

/// Whether a path of this crate stays inside the two modules.
fn own_module(line: &str) -> bool {
    line.match_indices("crate::").all(|(at, found)| {
        let rest = &line[at + found.len()..];
        rest.starts_with("oracle") || rest.starts_with("generate")
    })
}

/// Modules that may contain `unsafe`, by the path of their file below the workspace's root.
const UNSAFE: [&str; 8] = [
    "runtime/src/memory/",
    "runtime/src/exec/signal.rs",
    "runtime/src/exec/signal/",
    "runtime/src/exec/native.rs",
    "translator/src/jit.rs",
    // ECALLs, the heap and the entry of contracts, which run inside the sandbox
    "sdk/src/host/riscv/",
    "sdk/src/contract.rs",
    // and text that they have checked
    "protocol/types/src/utf8.rs",
];

#[test]
fn unsafe_stays_in_its_modules() {
    let metadata = metadata();
    let root = metadata.workspace_root.as_std_path();
    let mut blocks: BTreeMap<String, usize> = BTreeMap::new();
    for package in metadata.workspace_packages() {
        for file in sources_of(&metadata, &package.name) {
            let below = file.strip_prefix(root).unwrap().to_string_lossy().into_owned();
            let code = code(&fs::read_to_string(&file).unwrap());
            let count = words(&code).filter(|word| *word == "unsafe").count();
            if count == 0 {
                continue;
            }
            assert!(
                UNSAFE.iter().any(|allowed| below.starts_with(allowed)),
                "{below} has {count} times `unsafe`"
            );
            *blocks.entry(below).or_default() += count;
        }
    }
    for (file, count) in &blocks {
        println!("{count:4} {file}");
    }
    println!("{:4} in all", blocks.values().sum::<usize>());
    for allowed in UNSAFE {
        let used = blocks.keys().any(|file| file.starts_with(allowed));
        assert!(used, "{allowed} needs no unsafe any more: take it off the list");
    }
}

#[test]
fn nothing_is_left_undone_and_no_test_is_switched_off() {
    // written in halves, so that this file does not contain them
    let banned = [
        ["todo", "!"],
        ["unimplemented", "!"],
        ["#[ig", "nore"],
        ["#[should_", "panic"],
        ["thread::sl", "eep"],
    ]
    .map(|halves| halves.concat());
    let metadata = metadata();
    let mut files = 0;
    for package in metadata.workspace_packages() {
        let directory = package.manifest_path.parent().unwrap().as_std_path();
        for part in ["src", "tests", "benches"] {
            for file in rust_files(&directory.join(part)) {
                files += 1;
                let code = code(&fs::read_to_string(&file).unwrap());
                // what others do while a guest, a host function, a block or a browser is busy
                let waits = [
                    "runtime/tests/interrupts.rs",
                    "chain/tests/readers.rs",
                    "node/tests/explorer/browser.rs",
                ];
                let waits = waits.iter().any(|name| file.ends_with(name));
                for word in banned.iter().filter(|word| !(waits && word.starts_with("thread"))) {
                    assert!(!code.contains(word.as_str()), "{}: {word}", file.display());
                }
            }
        }
    }
    assert!(files >= 100, "only {files} files were looked at");
}

/// Files of more than 500 lines, tests aside, and the one job of each.
const LONG: [(&str, &str); 12] = [
    ("chain/src/journal/mod.rs", "the state of a block in the making: read, changed, undone"),
    ("cli/src/commands/run.rs", "the command `run`: one program, executed and reported"),
    ("interp-fallback/src/step.rs", "what each instruction does: one function for each"),
    ("translator/src/lower/mod.rs", "the state of lowering a unit, and its frame"),
    ("translator/src/lower/control.rs", "the instructions that end a run"),
    ("node/src/miner.rs", "the one writer of a node: one function for each command"),
    ("isa/src/format.rs", "the operand formats, one after the other"),
    ("runtime/src/code/provider.rs", "how modules come by their code: memory, disk, compiler"),
    ("runtime/src/memory/space.rs", "the memory of one context"),
    ("runtime/src/exec/instance.rs", "what embedders do with an instance, documented"),
    ("node/src/rpc/read.rs", "the methods that read: one function for each"),
    ("riscv-tests/src/calls/model/host.rs", "the model of host calls: one function for each"),
];

#[test]
fn long_files_have_one_job_that_is_listed() {
    let metadata = metadata();
    let root = metadata.workspace_root.as_std_path();
    let mut long = BTreeSet::new();
    for package in metadata.workspace_packages() {
        for file in sources_of(&metadata, &package.name) {
            let text = fs::read_to_string(&file).unwrap();
            let lines = text.lines().take_while(|line| !line.starts_with("#[cfg(test)]")).count();
            let below = file.strip_prefix(root).unwrap().to_string_lossy().into_owned();
            if lines > 500 {
                let listed = LONG.iter().any(|(path, _)| *path == below);
                assert!(listed, "{below} has {lines} lines: split it, or list its one job");
                long.insert(below);
            }
        }
    }
    for (path, job) in LONG {
        assert!(long.contains(path), "{path} ({job}) is short now: take it off the list");
    }
}

fn sources_of(metadata: &Metadata, member: &str) -> Vec<PathBuf> {
    let packages = metadata.workspace_packages();
    let package = packages.iter().find(|package| *package.name == member).unwrap();
    let directory = package.manifest_path.parent().unwrap().as_std_path();
    rust_files(&directory.join("src"))
}

/// The source without comments and without what stands between quotes, line by line.
fn code(source: &str) -> String {
    // sources of test programs stand in raw strings of several lines
    let mut plain = String::new();
    for (at, part) in source.split("r#\"").enumerate() {
        plain += if at == 0 { part } else { part.split_once("\"#").map_or("", |(_, rest)| rest) };
    }
    let mut out = String::new();
    for line in plain.lines() {
        let mut in_string = false;
        let mut previous = ' ';
        let mut characters = line.chars().peekable();
        while let Some(character) = characters.next() {
            if !in_string && character == '/' && characters.peek() == Some(&'/') {
                break;
            }
            if character == '"' && previous != '\\' && previous != '\'' {
                in_string = !in_string;
            } else if !in_string {
                out.push(character);
            }
            previous = character;
        }
        out.push('\n');
    }
    out
}

fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|character: char| !character.is_alphanumeric() && character != '_')
}
