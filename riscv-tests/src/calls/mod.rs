//! Random call trees on a chain and on a naive model.
//!
//! A contract that does what its input says exists at several addresses; its inputs are random
//! scripts that have it store, emit, trap, burn gas, and call itself, the others and accounts
//! without code, with scripts of their own. A [`History`] is a chain of blocks of such transactions.
//!
//! The model executes the contract's instructions on the [`oracle`](crate::oracle) and has all host
//! calls and prices written down a second time. It copies the whole state at every call, and knows
//! nothing of journals.
//!
//! ```
//! use bessemer_conformance::calls::{Engines, Expected, History};
//!
//! let expected = Expected::of(&History::random(1, true));
//! assert_eq!(Engines::new()?.difference(&expected), None);
//! # Ok::<(), anyhow::Error>(())
//! ```

mod batch;
mod contract;
mod generate;
mod health;
mod history;
mod judge;
mod model;
mod script;

pub use batch::{Finding, Plan, Report, run, shrink};
pub use health::Health;
pub use history::{History, Planned};
pub use judge::{Engines, Expected};
pub use script::{Argument, Operation, Script};
