//! The page about host calls is made from the table.

#![allow(clippy::unwrap_used, reason = "this file holds only a test")]

use std::fmt::Write;
use std::{env, fs};

use bessemer_abi::{Effect, HostCall, Kind, codes, limits};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/host-calls.md");

/// Parts of the page, by the first call of each.
const PARTS: &[(HostCall, &str)] = &[
    (HostCall::InputSize, "The frame and its data"),
    (HostCall::Caller, "Who, where, when"),
    (HostCall::StorageGet, "State, events, log"),
    (HostCall::Call, "Other contracts"),
    (HostCall::Grow, "Memory"),
    (HostCall::Keccak256, "Hashes and signatures"),
];

#[test]
fn the_page_of_host_calls_says_what_the_table_says() {
    let page = page();
    if env::var_os("BLESS").is_some() {
        fs::write(PAGE, page).unwrap();
        return;
    }
    let found = fs::read_to_string(PAGE).unwrap_or_default();
    assert!(found == page, "docs/host-calls.md is not what the table says; run with BLESS=1");
}

fn page() -> String {
    let mut page = String::from(HEAD);
    for call in HostCall::ALL {
        if let Some((_, title)) = PARTS.iter().find(|(first, _)| first == call) {
            write!(page, "\n## {title}\n\n").unwrap();
            page.push_str("| Number | Call | Gas | Changes | |\n|---|---|---|---|---|\n");
        }
        let row = call.row();
        let mut gas = row.base.to_string();
        for (price, unit) in [(row.per_byte, "byte"), (row.per_item, "item")] {
            if price != 0 {
                write!(gas, " + {price} per {unit}").unwrap();
            }
        }
        let changes = match row.effect {
            Effect::Frame => "",
            Effect::State => "state",
            Effect::Ends => "ends the frame",
        };
        let text = row.doc.split_whitespace().collect::<Vec<_>>().join(" ");
        let caps: Vec<String> = row
            .arguments
            .iter()
            .filter_map(|argument| match argument.kind {
                Kind::Bytes { max } | Kind::Buffer { max } => {
                    Some(format!("`{}`: {max} bytes", argument.name))
                }
                Kind::Items { max, .. } => Some(format!("`{}`: {max} items", argument.name)),
                _ => None,
            })
            .collect();
        let caps =
            if caps.is_empty() { caps.concat() } else { format!(" At most {}.", caps.join(", ")) };
        let signature = row.signature();
        writeln!(
            page,
            "| {:#04x} | `{signature}` | {gas} | {changes} | {text}{caps} |",
            row.number
        )
        .unwrap();
    }
    write!(
        page,
        "\n## Codes\n\n\
         `ABSENT` and `NO_MEMORY` are {:#x}; `VALID` is {}, `INVALID` is {}. The status of a call is 0 (returned), 1 \
         (reverted), 2 (trapped) or 3 (out of gas) if the callee ran, and otherwise:\n\n\
         | Status | Nothing ran, because |\n|---|---|\n",
        codes::ABSENT,
        codes::VALID,
        codes::INVALID,
    )
    .unwrap();
    let refusals = [
        (codes::status::DEPTH, "too many frames exist"),
        (codes::status::BALANCE, "the balance is smaller than the value"),
        (codes::status::NO_CODE, "the account has no code, and the input is not empty"),
        (codes::status::REENTRY, "the contract is running already and did not allow re-entry"),
        (codes::status::OCCUPIED, "the address of the new contract is taken"),
        (codes::status::UNKNOWN_CODE, "no code with this hash was uploaded"),
        (codes::status::REJECTED, "the file is not a contract (`upload`)"),
        (codes::status::NONCE, "the creator has used up its nonces"),
        (
            codes::status::KIND,
            "the code is of the other kind, RISC-V or EVM, and would run on this account's state",
        ),
    ];
    for (code, reason) in refusals {
        writeln!(page, "| {} | {reason} |", code.cast_signed()).unwrap();
    }
    write!(
        page,
        "\n## Initcode\n\n\
         On a chain that runs Ethereum transactions, these and EVM contracts upload and create by initcode, for the same \
         prices: `ef 52 56 01`, the hash of an uploaded file, input of the constructor; or `ef 52 56 02`, the length of a file \
         (4 bytes, most significant first), the file (at most {} bytes), input of the constructor (at most {} bytes). What is \
         refused reverts with a reason. [ethereum.md](ethereum.md) has the rules.\n",
        limits::CODE_BYTES,
        limits::INPUT_BYTES,
    )
    .unwrap();
    write!(
        page,
        "\n## Caps of a transaction\n\n\
         {} events with {} bytes of topics and data in all; {} writes to storage of both kinds; {} frames at once; {} bytes \
         of debug log. A further event or write traps with `HostLimit`, a further frame is the status -1, and further lines of the log are dropped.\n",
        limits::EVENTS,
        limits::EVENT_BYTES,
        limits::WRITES,
        limits::CALL_DEPTH,
        limits::LOG_BYTES,
    )
    .unwrap();
    page
}

const HEAD: &str = "\
# Host calls

This page is made from the table in `protocol/abi/src/calls.rs`; `BLESS=1 cargo test --release -p bessemer-abi` writes it anew.

The call number is in a7, the arguments are in a0 to a5 from left to right, the result is in a0. Every other register keeps its value.
An argument `u64` takes two registers, the low half first; `bytes`, `buffer` and `items` take two, address and length (of items: number);
all others take one. `in[n]` is the address of n bytes that the call reads, `out[n]` of n bytes that it writes; `in[same]` and `out[same]` have the
length of the argument before. Amounts are 32 bytes, least significant first.

Rule G6 of the [specification](specification.md) says in which order a call is checked, paid and done. It costs the gas of its row, besides the 150
gas of the ECALL itself. First accesses, growth of state, uploaded bytes, entered frames and receipt bytes cost more: section 9 there.
";
