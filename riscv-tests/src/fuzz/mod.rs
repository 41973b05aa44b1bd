//! Differential runs over many random programs.
//!
//! ```
//! use bessemer_conformance::differential::Bench;
//! use bessemer_conformance::fuzz::{Plan, run};
//!
//! let report = run(&Bench::new()?, &Plan { count: Some(20), ..Plan::default() }, |_| ());
//! assert_eq!((report.health.cases, report.finding), (20, None));
//! # Ok::<(), anyhow::Error>(())
//! ```

mod batch;
mod health;

pub use batch::{Finding, Plan, Report, case, run, trial};
pub use health::Health;
