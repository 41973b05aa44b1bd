//! One file per command. A command answers whether all went well.

pub(crate) mod calls;
pub(crate) mod ethereum;
pub(crate) mod fuzz;
pub(crate) mod official;
pub(crate) mod replay;
pub(crate) mod rpc;

use anyhow::{Context, Result};
use bessemer_conformance::generate::Generator;

/// A generator by its name, for clap.
fn generator(name: &str) -> Result<Generator> {
    let names: Vec<_> = Generator::ALL.iter().map(|generator| generator.name()).collect();
    Generator::by_name(name).with_context(|| format!("generators are {}", names.join(", ")))
}
