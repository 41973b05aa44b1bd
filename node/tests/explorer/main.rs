//! The page in a real browser: deploys, calls, sees an event come, and reads where a transaction failed.

#![allow(clippy::unwrap_used, reason = "this crate holds only tests")]

mod browser;
#[path = "../common/mod.rs"]
mod common;

use std::path::Path;
use std::process::Command;

use alloy_primitives::{hex, keccak256};
use bessemer_chain::{Code, CodeHash, initcode};
use bessemer_node::{Background, Mining, Node};
use bessemer_toolchain::{Tool, tests::or_skip};
use browser::Browser;
use common::{config, serve};
use serde_json::json;

fn start() -> Background {
    serve(Node::start(config(Mining::Automatic)).unwrap())
}

/// The contract `hostile.c`, with debug data in its file, as an artifact.
fn artifact(folder: &Path) -> std::path::PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/explorer/hostile.c");
    let elf = folder.join("hostile.elf");
    let selector = |signature: &str| format!("0x{}", hex::encode(&keccak256(signature)[..4]));
    let topic: Vec<_> = keccak256("Pinged(uint256)").iter().map(u8::to_string).collect();
    let status = Command::new(Tool::GCC)
        .args(["-march=rv32imac", "-mabi=ilp32", "-Os", "-g", "-ffreestanding", "-nostdlib"])
        .args([
            "-nostartfiles",
            "-static",
            "-Wl,--no-relax",
            "-Wl,--build-id=none",
            "-Wno-attributes",
        ])
        .arg(format!("-DPING={}", selector("ping(uint256)")))
        .arg(format!("-DCRASH={}", selector("crash()")))
        .arg(format!("-DTITLE_SELECTOR={}", selector("title()")))
        .arg(format!("-DTOPIC={}", topic.join(",")))
        .arg(source)
        .arg("-o")
        .arg(&elf)
        .status();
    assert!(status.unwrap().success());
    let file = std::fs::read(&elf).unwrap();
    let interface = bessemer_interface::Interface::of_image(&file).unwrap().unwrap();
    let artifact = json!({
        "contractName": "<b>Hostile</b>",
        "abi": serde_json::from_str::<serde_json::Value>(&interface.json).unwrap(),
        "bytecode": hex::encode_prefixed(initcode(&file, &[])),
        "deployedBytecode": hex::encode_prefixed(Code::designator(&CodeHash::of(&file))),
    });
    let path = folder.join("hostile.json");
    std::fs::write(&path, artifact.to_string()).unwrap();
    path
}

fn tools() -> Result<(), String> {
    let driver = Tool { command: "chromedriver", package: "chromium-driver" };
    let browser = Tool { command: "chromium", package: "chromium" };
    let missing = [driver, browser, Tool::GCC].into_iter().find(|tool| !tool.is_installed());
    missing.map_or(Ok(()), |tool| Err(format!("{tool} is missing")))
}

/// The line of `hostile.c` that traps.
fn line_of_the_crash() -> usize {
    let source = include_str!("hostile.c");
    source.lines().position(|line| line.contains("the line of the crash")).unwrap() + 1
}

#[test]
fn a_contract_is_deployed_called_and_explained_in_the_browser() {
    let Some(()) = or_skip(tools()) else { return };
    let folder = std::env::temp_dir().join(format!("bessemer-explorer-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let artifact = artifact(&folder);
    let server = start();
    let url = format!("http://{}/", server.address());
    let browser = Browser::start();

    // it is live, and what is loaded is little and from the node alone
    browser.open(&url);
    browser.wait("document.querySelector('main h1')?.textContent === 'Blocks'");
    browser.wait("document.querySelector('#connection').textContent === 'live'");
    let loaded = browser.run(
        "const all = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]; \
         return { bytes: all.reduce((sum, it) => sum + it.transferSize, 0), \
                  foreign: all.filter((it) => new URL(it.name).origin !== location.origin).length, \
                  files: all.length }",
    );
    let bytes = loaded["bytes"].as_u64().unwrap();
    println!("page weight: {bytes} bytes in {} files", loaded["files"]);
    assert!(bytes > 10_000 && bytes < 300_000, "{loaded}");
    assert_eq!(loaded["foreign"], 0, "{loaded}");

    // deploy by the form
    browser.click("nav a[href='#/deploy']");
    browser.keys("input[type=file]", artifact.to_str().unwrap());
    browser.sees("<b>Hostile</b>");
    browser.click("main form button");
    browser.sees("succeeded");
    browser.click("main output a[href^='#/address/']");
    browser.sees("RISC-V program");
    let contract = browser.run("return location.hash.split('/').at(-1)");
    let contract = contract.as_str().unwrap();

    // a text of the contract stays text, and shows what it hides
    browser.click("details[data-function=title] button");
    browser.sees("<script>document.title='owned'</script>\\u{202e}");
    assert_eq!(browser.run("return document.querySelectorAll('main img, main script').length"), 0);

    // call by the form, and see the event come without loading anything anew
    browser.run("window.marked = true; return 1");
    browser.click("details[data-function=ping] summary");
    browser.keys("details[data-function=ping] input", "42");
    browser.click("details[data-function=ping] button");
    browser.wait(
        "document.querySelector('ol[aria-label=Events]')?.innerText.includes('Pinged(number: 42)')",
    );
    assert_eq!(browser.run("return window.marked"), true);

    // a call that fails is refused with the reason, and sent if that is wanted
    browser.click("details[data-function=crash] summary");
    browser.click("details[data-function=crash] button");
    browser.wait("document.querySelector('details[data-function=crash] .note')");
    browser.click("details[data-function=crash] output button");
    browser.sees("failed in");
    browser.click("details[data-function=crash] output a[href^='#/tx/']");
    browser.sees("Where it failed");
    browser.sees(&format!("hostile.c:{}", line_of_the_crash()));
    browser.sees("crash()");
    let accessible = browser.run(
        "return { unlabelled: [...document.querySelectorAll('input, select, textarea')].filter((it) => it.labels.length === 0).length, \
                  headings: document.querySelectorAll('h1').length, focused: document.activeElement.tagName, \
                  language: document.documentElement.lang, tables: [...document.querySelectorAll('table')].every((it) => it.caption) }",
    );
    assert_eq!(
        accessible,
        json!({ "unlabelled": 0, "headings": 1, "focused": "H1", "language": "en", "tables": true })
    );

    // search, by keyboard
    browser.keys("#query", &format!("{contract}\u{e007}"));
    browser.wait(&format!("location.hash === '#/address/{contract}' && document.querySelector('main h1')?.textContent === 'Contract'"));
    browser.open(&url);
    browser.sees("ping(number: 42)");
    browser.click("nav a[href='#/accounts']");
    browser.sees("everybody knows their keys");
    browser.click("nav a[href='#/events']");
    browser.sees("Pinged(number: 42)");
    let complaints = browser.complaints();
    assert!(complaints.is_empty(), "{complaints:#?}");
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn the_page_forbids_browsers_what_it_does_not_need() {
    let server = start();
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let base = format!("http://{}", server.address());
    for path in ["/", "/explorer/main.js", "/explorer/style.css", "/explorer/views/block.js"] {
        let mut answer = agent.get(format!("{base}{path}")).call().unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        let header =
            |name: &str| answer.headers().get(name).map(|it| it.to_str().unwrap().to_owned());
        let policy = header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(header("x-content-type-options").as_deref(), Some("nosniff"));
        assert!(!answer.body_mut().read_to_string().unwrap().is_empty());
    }
    for path in ["/explorer/", "/explorer/missing.js", "/explorer/../Cargo.toml", "/index.html"] {
        let answer = agent.get(format!("{base}{path}")).call().unwrap();
        assert_ne!(answer.status(), 200, "{path}");
    }
    // a name that somebody points to this machine does not get the page either
    let answer = agent.get(&base).header("host", "evil.example").call().unwrap();
    assert_eq!(answer.status(), 403);
}
