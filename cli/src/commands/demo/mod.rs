//! `bessemer demo`: contracts, native code, a database and the interpreter's check, in ten seconds.

mod market;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bessemer_chain::{Action, Chain, Receipt, Transaction};
use bessemer_runtime::Backend;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use self::market::Market;
use crate::support::failure::Failure;
use crate::support::local::{Folder, Keep, Local, Recording, Terms, engine};
use crate::support::names::USERS;
use crate::support::outcome::{self, Explainer};
use crate::support::output::{ERROR, Output, TITLE, grouped, hex, kib};
use crate::support::source::Sources;

/// Deploys a token and an exchange, swaps many thousand times, and checks it with the interpreter.
///
/// The contracts are real ones, in RISC-V, compiled to native code; the chain is in a database file
/// that survives crashes. Needs no compiler for contracts.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// How many swaps
    #[arg(long, value_name = "COUNT", default_value_t = 20_000)]
    swaps: u64,
    /// Keeps the chain in this folder, to look around with `bessemer state` and the like
    #[arg(long, value_name = "FOLDER")]
    keep: Option<PathBuf>,
}

const AFTER_HELP: &str = "\
Exit code: 6 if the interpreter comes to another state.

Examples:
  bessemer demo
  bessemer demo --swaps 100000
  bessemer demo --keep market && cd market && bessemer events exchange --last 5
";

/// Shows everything.
pub(crate) fn run(args: &Args, output: Output) -> Result<u8, Failure> {
    if args.swaps == 0 {
        return Err(Failure::Usage("--swaps: one at least".to_owned()));
    }
    let temporary = tempfile::tempdir()
        .map_err(|source| Failure::Io { what: "make a temporary folder".to_owned(), source })?;
    let folder = args.keep.as_deref().unwrap_or(temporary.path());
    if folder.join(".bessemer").exists() {
        return Err(Failure::Usage(format!(
            "{} has a chain already: choose another folder",
            folder.display()
        )));
    }
    Demo { output, market: Market::new(args.swaps), swaps: args.swaps }.show(folder)
}

struct Demo {
    output: Output,
    market: Market,
    swaps: u64,
}

/// Times and counts of the demo.
struct Played {
    time: Duration,
    gas: u64,
    /// The last swap.
    receipt: Receipt,
}

impl Demo {
    fn show(&self, folder: &Path) -> Result<u8, Failure> {
        let mut local = Local::open(Folder::of(folder))?;
        self.prepare(&mut local.chain)?;
        local.name("token", self.market.token)?;
        local.name("exchange", self.market.exchange)?;
        self.say(format_args!(
            "{TITLE}deployed{TITLE:#}    token {}, exchange {}, on a database in a file",
            kib(market::image(market::TOKEN).len()),
            kib(market::image(market::EXCHANGE).len())
        ))?;

        let native = self.trade(&mut local.chain, "native code")?;
        let per_second = self.swaps as f64 / native.time.as_secs_f64();
        self.say(format_args!(
            "{TITLE}swapped{TITLE:#}     {} times in {:.2?}: {} swaps and {} million gas a second",
            grouped(self.swaps),
            native.time,
            grouped(per_second as u64),
            grouped((native.gas as f64 / native.time.as_secs_f64() / 1e6) as u64),
        ))?;
        let mut explainer = Explainer::new(&local.chain, &local.names, Sources::default());
        self.say(format_args!(
            "{TITLE}receipt{TITLE:#}     {}",
            self.receipt(&mut explainer, &native.receipt)
        ))?;
        let failure = self.failure(&mut local)?;
        self.say(format_args!("{TITLE}failure{TITLE:#}     {failure}"))?;

        let mut judge = Chain::in_memory(&engine(Backend::Interpreter)?)?;
        for user in USERS {
            judge.user(user)?;
        }
        self.prepare(&mut judge)?;
        let interpreted = self.trade(&mut judge, "interpreter")?;
        let [ours, theirs] = [&local.chain, &judge].map(Chain::state_digest);
        let (ours, theirs) = (ours?, theirs?);
        let agree = ours == theirs && native.gas == interpreted.gas;
        if self.output.json {
            self.output.document(&json!({
                "schema": "bessemer.demo/1",
                "swaps": self.swaps,
                "native_ms": native.time.as_millis() as u64,
                "interpreter_ms": interpreted.time.as_millis() as u64,
                "swaps_per_second": per_second as u64,
                "gas_used": native.gas,
                "state_digest": format!("0x{}", hex(&ours)),
                "interpreter_digest": format!("0x{}", hex(&theirs)),
                "agree": agree,
            }))?;
        }
        if !agree {
            return Err(Failure::Mismatch(format!(
                "the engines disagree: state {} natively, {} on the interpreter",
                hex(&ours),
                hex(&theirs)
            )));
        }
        self.say(format_args!(
            "{TITLE}interpreter{TITLE:#} agrees in state 0x{} and in all {} gas; it took {:.2?}",
            hex(ours.get(..8).unwrap_or(&ours)),
            grouped(native.gas),
            interpreted.time
        ))?;
        Ok(0)
    }

    /// A line of the result.
    fn say(&self, line: std::fmt::Arguments<'_>) -> Result<(), Failure> {
        if self.output.json { Ok(()) } else { self.output.text(format_args!("{line}\n")) }
    }

    fn prepare(&self, chain: &mut Chain) -> Result<(), Failure> {
        self.market.preparation.iter().try_for_each(|block| play(chain, block).map(drop))
    }

    fn trade(&self, chain: &mut Chain, engine: &'static str) -> Result<Played, Failure> {
        let style = ProgressStyle::with_template("  {msg:12} {wide_bar} {pos}/{len}  {per_sec}");
        let bar = ProgressBar::new(self.swaps).with_message(engine);
        let bar = bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        let begin = Instant::now();
        let (mut gas, mut last) = (0, None);
        for block in &self.market.trade {
            let mut receipts = play(chain, block)?;
            gas += receipts.iter().map(|receipt| receipt.gas_used).sum::<u64>();
            last = receipts.pop();
            bar.inc(block.len() as u64);
        }
        bar.finish_and_clear();
        let time = begin.elapsed();
        let receipt = last.ok_or_else(|| Failure::Other("no swap was made".to_owned()))?;
        Ok(Played { time, gas, receipt })
    }

    fn receipt(&self, explainer: &mut Explainer<'_>, receipt: &Receipt) -> String {
        let mut text = format!(
            "block {}, transaction {}: {}, gas {}",
            receipt.height,
            receipt.index,
            receipt.status,
            grouped(receipt.gas_used)
        );
        for event in &receipt.events {
            text.push_str(&format!("\n            event {}", explainer.event(event, &receipt.to)));
        }
        text
    }

    /// A swap that asks for more than it can get, so that it fails.
    fn failure(&self, local: &mut Local) -> Result<String, Failure> {
        let greedy = (market::whole(1_000), u64::MAX);
        let input = market::input(market::SWAP_COINS, &greedy);
        let action = Action::Call { to: self.market.exchange, input: input.clone() };
        let from = Chain::user_address("bob");
        let terms = Terms { from, value: market::whole(1), gas: None, at: None };
        let executed = local.execute(action, terms, Keep::Success, None)?;
        Recording::save(&local.folder, &local.names, &executed, local.chain.prices().id)?;
        let mut explainer = Explainer::new(&local.chain, &local.names, Sources::default());
        let what = explainer.call_name(&self.market.exchange, &input);
        let told = explainer.failure(&what, &executed.receipt);
        let after = outcome::aftermath(&executed.receipt, None);
        Ok(format!("{ERROR}{told}{ERROR:#}\n            {}", after.trim_start()))
    }
}

/// Runs a block, in which every transaction must succeed.
fn play(chain: &mut Chain, transactions: &[Transaction]) -> Result<Vec<Receipt>, Failure> {
    let mut block = chain.block();
    for transaction in transactions {
        let receipt = block.push(transaction)?;
        if !receipt.succeeded() {
            let sentence = bessemer_chain::sentence(receipt);
            return Err(Failure::Other(format!("the demo's own transaction failed: {sentence}")));
        }
    }
    Ok(block.commit()?.receipts)
}
