//! The inputs that no genome makes.

use std::sync::Arc;

use anyhow::Result;
use bessemer_abi::HostCall;
use bessemer_chain::{AccessList, Action, StateKey, StorageKey, Transaction};
use serde::Serialize;

use super::contract::{DATA, contract, host};
use super::measure::Scene;
use super::{Input, Source, stranger};
use crate::fairness;

/// What kind of work an input makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// Transfers of a token, with which others are compared.
    Transfers,
    /// Programs of the other corpus.
    GuestCode,
    /// Host calls in a loop.
    HostCalls,
    /// Frames.
    Calls,
    /// Contracts that are deployed.
    Deployments,
    /// Contracts whose modules are not in memory.
    ColdLoads,
    /// Output, events and failures that receipts keep.
    Receipts,
    /// Declared access.
    AccessLists,
    /// Transactions that do not become part of a block, each counted as the price of a transaction.
    Refused,
}

impl Group {
    /// In words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Transfers => "transfers",
            Self::GuestCode => "guest code",
            Self::HostCalls => "host calls",
            Self::Calls => "calls",
            Self::Deployments => "deployments",
            Self::ColdLoads => "cold loads",
            Self::Receipts => "receipts",
            Self::AccessLists => "access lists",
            Self::Refused => "refused",
        }
    }
}

type Make = fn(&mut Scene) -> Result<Vec<Transaction>>;

pub(super) fn all() -> Vec<Input> {
    let made: [(Group, &str, Make); 19] = [
        (Group::Transfers, "token-transfers", |scene| scene.transfers(200)),
        (Group::Calls, "empty-calls", |scene| frames(scene, "", 0, false)),
        (Group::Calls, "calls-that-touch-all-pages", |scene| frames(scene, TOUCH, 0, false)),
        (Group::Calls, "calls-that-trap", |scene| frames(scene, "lw a0, 0(x0)\n", 0, false)),
        (Group::Calls, "calls-of-large-files", |scene| frames(scene, "", 700_000, false)),
        (Group::Calls, "calls-with-much-output", |scene| frames(scene, OUTPUT, 0, false)),
        (Group::Calls, "calls-that-never-come-back", |scene| frames(scene, "", 0, true)),
        (Group::Deployments, "small-files", |scene| deployments(scene, 40, |n| small(n, 0))),
        (Group::Deployments, "large-files", |scene| deployments(scene, 4, |n| small(n, 900_000))),
        (Group::Deployments, "much-text", |scene| {
            deployments(scene, 1, |_| text("text=60 hop=jalr.ra order=random"))
        }),
        (Group::Deployments, "refused-text", |scene| {
            deployments(scene, 4, |_| text("text=500 hop=jalr.ra order=random"))
        }),
        (Group::ColdLoads, "cold-small-files", |scene| cold(scene, 40, |n| small(n, 0))),
        (Group::ColdLoads, "cold-large-files", |scene| cold(scene, 10, |n| small(n, 700_000))),
        (Group::ColdLoads, "cold-much-text", |scene| cold(scene, 4, much_text)),
        (Group::Receipts, "failures-with-output", |scene| frames(scene, FAILURE, 0, false)),
        (Group::Receipts, "output", |scene| output(scene)),
        (Group::AccessLists, "access-lists", |scene| lists(scene, 4096, 20)),
        (Group::Refused, "large-lists", |scene| lists(scene, 1_000_000, 1)),
        (Group::Refused, "wrong-nonces-of-large-files", wrong_nonces),
    ];
    made.into_iter()
        .map(|(group, name, make)| Input {
            group,
            name: name.to_owned(),
            source: Source::Made(make),
        })
        .collect()
}

/// Stores to each page of data and stack.
const TOUCH: &str = "li t0, 0x80000\nli t1, 48\nlui t2, 1\n1: sw t1, 0(t0)\nadd t0, t0, t2\n\
                     addi t1, t1, -1\nbnez t1, 1b\nmv t0, sp\nli t1, 16\n2: sub t0, t0, t2\n\
                     sw t1, 0(t0)\naddi t1, t1, -1\nbnez t1, 2b\n";
/// Returns 64 KiB.
const OUTPUT: &str = "li a0, 0x80000\nlui a1, 16\nli a7, 3\necall\n";
/// Reverts with 64 KiB.
const FAILURE: &str = "li a0, 0x80000\nlui a1, 16\nli a7, 4\necall\n";

/// Transactions that call another contract until their gas ends.
fn frames(scene: &mut Scene, callee: &str, more: usize, nested: bool) -> Result<Vec<Transaction>> {
    let to = if nested {
        // it allows that it is entered again, and calls itself
        let own = host(HostCall::OwnAddress, &[DATA]);
        let open = host(HostCall::AllowReentry, &[1]);
        let call = host(HostCall::Call, &[DATA, DATA + 64, 0, 0, u32::MAX, u32::MAX]);
        scene.deploy(&contract(&format!("{own}{open}again: {call}j again\n"), &[], 0)?)?
    } else {
        let callee = scene.deploy(&contract(callee, &[], more)?)?;
        let call = host(HostCall::Call, &[DATA, DATA + 64, 0, 0, 1 << 20, 0]);
        scene.deploy(&contract(&format!("again: {call}j again\n"), callee.as_bytes(), 0)?)?
    };
    Ok(scene.calls(to, 2, 60_000_000))
}

/// A contract that does nothing, with so many bytes of symbols, unlike that of another number.
fn small(number: u32, more: usize) -> Result<Vec<u8>> {
    contract("", &number.to_le_bytes(), more)
}

fn text(genome: &str) -> Result<Vec<u8>> {
    Ok(genome.parse::<fairness::Genome>()?.image())
}

/// As much text as can be deployed, of what is smallest as native code.
fn much_text(number: u32) -> Result<Vec<u8>> {
    let end = host(HostCall::Finish, &[0, 0]);
    let body = "addi a1, a1, 1\n".repeat(90_000);
    contract(&format!("{end}{body}"), &number.to_le_bytes(), 0)
}

fn deployments(
    scene: &mut Scene,
    count: u32,
    file: fn(u32) -> Result<Vec<u8>>,
) -> Result<Vec<Transaction>> {
    (0..count)
        .map(|number| {
            let code = file(number)?.into();
            let action = Action::Deploy { code, input: vec![1], salt: None };
            Ok(scene.transaction(action, 5_000_000_000))
        })
        .collect()
}

/// Calls of contracts that are not in memory, once each.
fn cold(
    scene: &mut Scene,
    count: u32,
    file: fn(u32) -> Result<Vec<u8>>,
) -> Result<Vec<Transaction>> {
    let contracts =
        (0..count).map(|number| scene.deploy(&file(number)?)).collect::<Result<Vec<_>>>()?;
    scene.forget()?;
    let call = |to| scene.transaction(Action::Call { to, input: Vec::new() }, 50_000_000);
    Ok(contracts.into_iter().map(call).collect())
}

fn output(scene: &mut Scene) -> Result<Vec<Transaction>> {
    let to = scene.deploy(&contract(OUTPUT, &[], 0)?)?;
    Ok(scene.calls(to, 40, 10_000_000))
}

/// Transfers of nothing that declare so many keys.
fn lists(scene: &mut Scene, entries: u32, count: usize) -> Result<Vec<Transaction>> {
    let key = |number: u32| {
        let key = StorageKey::new(&number.to_be_bytes())?;
        Ok(StateKey::Storage(stranger(0), key))
    };
    let reads = (0..entries).map(key).collect::<Result<_>>()?;
    let list = Arc::new(AccessList { reads, ..AccessList::default() });
    let mut transactions = scene.calls(stranger(1), count, 10_000_000);
    transactions.iter_mut().for_each(|transaction| transaction.access = Some(Arc::clone(&list)));
    Ok(transactions)
}

fn wrong_nonces(scene: &mut Scene) -> Result<Vec<Transaction>> {
    let code = small(0, 1_000_000)?.into();
    let action = Action::Deploy { code, input: vec![1], salt: Some([7; 32]) };
    let mut transaction = scene.transaction(action, 5_000_000_000);
    transaction.nonce += 1_000;
    Ok(vec![transaction; 20])
}
