//! Helpers for tests: missing tools, and the number of cases.

use std::fmt::Display;
use std::io::Write;

use crate::Tool;

/// If this variable is 1, a test that lacks a tool fails. Continuous integration sets it.
pub const REQUIRE: &str = "BESSEMER_REQUIRE_TOOLS";

/// If this variable is 1, tests try all of their cases, and not only a part. `cargo xtask deep` sets it.
pub const DEEP: &str = "BESSEMER_DEEP";

/// How many cases a test tries: `part` in `cargo test`, `all` if [`DEEP`] is set to 1.
pub fn cases(part: u64, all: u64) -> u64 {
    if std::env::var_os(DEEP).is_some_and(|value| value == "1") { all } else { part }
}

/// The value, or nothing if it is missing: then the test has nothing to do and returns.
///
/// Says on standard error that the test was skipped and why, past the test harness, which captures
/// what is printed.
///
/// # Panics
///
/// If [`REQUIRE`] is set to 1 and the value is missing.
pub fn or_skip<T, E: Display>(found: Result<T, E>) -> Option<T> {
    match found {
        Ok(value) => Some(value),
        Err(reason) => {
            let required = std::env::var_os(REQUIRE).is_some_and(|value| value == "1");
            assert!(!required, "{reason}; {REQUIRE}=1 forbids to skip this test");
            let test = std::thread::current();
            let test = test.name().unwrap_or("a test").to_owned();
            // a stream that is gone is no reason to fail
            let _ = writeln!(std::io::stderr(), "skipped: {test}: {reason}");
            None
        }
    }
}

/// Whether all these tools are installed. If not, the test has nothing to do and returns.
///
/// # Panics
///
/// If [`REQUIRE`] is set to 1 and a tool is missing.
pub fn has(tools: &[Tool]) -> bool {
    let missing = tools.iter().find(|tool| !tool.is_installed());
    or_skip(missing.map_or(Ok(()), |tool| Err(format!("{tool} is not installed")))).is_some()
}
