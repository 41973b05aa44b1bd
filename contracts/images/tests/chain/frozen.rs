//! What each step cost when gas was last changed on purpose.
//!
//! `BLESS=1 cargo test -p bessemer-contracts --test chain` writes down what it costs now.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Plays are tests of one process, which write one file.
static FILE: Mutex<()> = Mutex::new(());

/// Compares the steps of a play with what the file says, by the name of the play's type.
pub(crate) fn check(play: &str, steps: &[String]) {
    let name = play.trim_start_matches("chain::").trim_end_matches("::{{closure}}");
    let _guard = FILE.lock().unwrap_or_else(PoisonError::into_inner);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/chain/gas.txt");
    let mut frozen = read(&std::fs::read_to_string(&path).unwrap_or_default());
    if std::env::var_os("BLESS").is_some() {
        frozen.insert(name.to_owned(), steps.to_vec());
        std::fs::write(&path, write(&frozen)).unwrap();
        return;
    }
    let known = frozen.get(name).map(Vec::as_slice).unwrap_or_default();
    assert_eq!(
        known.join("\n"),
        steps.join("\n"),
        "the gas of {name} is not as in {}; if it shall be, run with BLESS=1",
        path.display()
    );
}

/// Plays with their steps: a line without indentation, then one for each step.
fn read(text: &str) -> BTreeMap<String, Vec<String>> {
    let mut plays: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut play = String::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.starts_with(' ') {
            true => plays.entry(play.clone()).or_default().push(line.to_owned()),
            false => play = line.to_owned(),
        }
    }
    plays
}

fn write(plays: &BTreeMap<String, Vec<String>>) -> String {
    let mut text = "# Gas, status and function of each transaction of each play, \
        on both engines; made by BLESS=1.\n"
        .to_owned();
    for (play, steps) in plays {
        let _ = write!(text, "\n{play}\n{}\n", steps.join("\n"));
    }
    text
}
