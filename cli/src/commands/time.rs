//! `bessemer time`: the clock of the local chain.

use serde_json::json;

use crate::support::failure::Failure;
use crate::support::local::{Clock, Local};
use crate::support::output::Output;
use crate::support::time;

/// Shows the clock of the local chain, or sets it. Blocks get their time from it.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    #[command(subcommand)]
    task: Option<Task>,
}

#[derive(Debug, clap::Subcommand)]
enum Task {
    /// Shows this time from now on, and goes on
    Set { time: String },
    /// Goes ahead by a duration: 90s, 15m, 2h, 7d
    Advance { by: String },
    /// Stands still: blocks have this time, that of now unless said, until the clock is set otherwise
    Stop { time: Option<String> },
    /// Follows the clock of the machine, as it does at first
    Follow,
}

const AFTER_HELP: &str = "\
Time never goes back: a block has at least the time of the one before it. `--at` of
`call`, `query`, `simulate` and `deploy` is for one transaction.

Examples:
  bessemer time
  bessemer time advance 7d
  bessemer time set 2027-01-31T12:00:00Z
  bessemer time stop 1800000000
";

/// Shows or sets the clock, as `args` say.
pub(crate) fn run(args: &Args, output: Output) -> Result<u8, Failure> {
    let mut local = Local::open_or_create()?;
    let newest = local.chain.head().timestamp;
    let now = local.clock.now().max(newest);
    let read = |text: &str| {
        let time = time::time(text, now).map_err(Failure::Usage)?;
        if time < newest {
            return Err(Failure::Usage(format!(
                "time does not go back: the newest block has {newest}, {}",
                time::shown(newest)
            )));
        }
        Ok(time)
    };
    let clock = match &args.task {
        None => None,
        Some(Task::Set { time }) => Some(Clock::showing(read(time)?)),
        Some(Task::Advance { by }) => {
            let by = time::duration(by).map_err(Failure::Usage)?;
            let then = read(&now.saturating_add(by).to_string())?;
            let stopped = local.clock.stopped.map(|_| then);
            Some(Clock { stopped, ..Clock::showing(then) })
        }
        Some(Task::Stop { time }) => {
            let time = time.as_deref().map_or(Ok(now), read)?;
            Some(Clock { stopped: Some(time), ahead: 0 })
        }
        Some(Task::Follow) => Some(Clock::default()),
    };
    if let Some(clock) = clock {
        clock.write(&local.folder)?;
        local.clock = clock;
    }
    let now = local.clock.now().max(newest);
    let stopped = local.clock.stopped.is_some();
    if output.json {
        output.document(&json!({
            "schema": "bessemer.time/1",
            "now": now,
            "stopped": stopped,
            "newest_block": newest,
        }))?;
    } else {
        let still = if stopped { ", and stands still" } else { "" };
        output.text(format!("{now}  {}{still}\n", time::shown(now)))?;
    }
    Ok(0)
}
