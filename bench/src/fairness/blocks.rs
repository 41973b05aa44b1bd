//! Blocks of the worst against blocks of token transfers.

use anyhow::{Context, Result};
use bessemer_chain::{ChainConfig, Prices};
use bessemer_runtime::Backend;
use serde::Serialize;

use super::inputs::{self, Group, Input, InputReport, measure_one};
use super::{Report, find};

/// A block takes at most so many times what one of token transfers with the same gas takes.
pub const BLOCK_TARGET: f64 = 4.0;

/// How many of the worst fill a block.
const WORST: usize = 3;

/// What a block of one kind takes.
#[derive(Clone, Debug, Serialize)]
pub struct BlockRow {
    /// The kind of the transactions in it.
    pub name: String,
    /// Gas of the block that was measured.
    pub gas: u64,
    /// Nanoseconds of processor time per gas, natively.
    pub ns_per_gas: f64,
}

/// The blocks.
#[derive(Clone, Debug, Serialize)]
pub struct Blocks {
    /// That of token transfers, then those of the worst.
    pub rows: Vec<BlockRow>,
    /// The gas limit of a block by default.
    pub block_gas: u64,
}

impl Blocks {
    /// The worst over the token transfers.
    pub fn ratio(&self) -> f64 {
        let worst = self.rows.iter().map(|row| row.ns_per_gas).fold(0.0, f64::max);
        worst / self.rows[0].ns_per_gas
    }

    /// Whether the target is met.
    pub fn pass(&self) -> bool {
        self.ratio() <= BLOCK_TARGET
    }
}

/// Fills blocks with the worst that the reports have.
///
/// # Errors
///
/// If the host fails, or a row has no name of the corpus.
pub fn blocks(
    programs: &Report,
    inputs: &InputReport,
    prices: Prices,
    rounds: usize,
) -> Result<Blocks> {
    let mut worst: Vec<(f64, Input)> = Vec::new();
    for row in programs.rows.iter().filter(|row| row.deploys).take(WORST) {
        let program = find(&row.name).with_context(|| row.name.clone())?;
        worst.push((row.native, Input::guest(program)));
    }
    let mut known = inputs::inputs()?;
    for row in inputs.rows.iter().filter(|row| row.group != Group::Refused).take(WORST) {
        let at = known.iter().position(|input| input.name == row.name);
        worst.push((row.native, known.swap_remove(at.with_context(|| row.name.clone())?)));
    }
    worst.sort_by(|a, b| b.0.total_cmp(&a.0));
    worst.truncate(WORST);
    let transfers = inputs::inputs()?.into_iter().find(|input| input.group == Group::Transfers);
    let transfers = transfers.context("the corpus has token transfers")?;
    let mut rows = Vec::new();
    for input in [transfers].into_iter().chain(worst.into_iter().map(|(_, input)| input)) {
        let (gas, ns_per_gas) = measure_one(&input, Backend::Jit, prices, rounds)?;
        rows.push(BlockRow { name: input.name, gas, ns_per_gas });
    }
    Ok(Blocks { rows, block_gas: ChainConfig::default().block_gas })
}
