//! `bessemer cache`: shows and cleans the code cache.

use std::path::Path;
use std::time::{Duration, SystemTime};

use bessemer_runtime::{Cache, CacheEntry, CacheLimits, Config, Engine};
use clap::Subcommand;
use serde_json::{Value, json};

use crate::support::compiling::CacheArgs;
use crate::support::failure::{Failure, with_sources};
use crate::support::number::parse_bytes;
use crate::support::output::{self, Output, WARNING, grouped};

/// Shows and cleans the cache of native code.
///
/// No result depends on the cache: what is missing or damaged is made anew.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    cache: CacheArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists the artifacts, the least recently used first
    Ls,
    /// Shows how full the cache is
    Stats,
    /// Reads and authenticates every artifact; exit code 1 if one cannot be used
    Verify {
        /// Removes those that cannot be used
        #[arg(long)]
        remove: bool,
    },
    /// Removes what interrupted processes have left, and artifacts above the bounds given here
    Gc {
        /// Keeps so many bytes, the most recently used, like 65536, 64K or 1M
        #[arg(long, value_name = "BYTES", value_parser = parse_bytes)]
        max_bytes: Option<u32>,
        /// Removes artifacts that were not used for so many days
        #[arg(long, value_name = "DAYS")]
        unused_days: Option<u32>,
    },
    /// Removes all artifacts
    Clear,
}

const AFTER_HELP: &str = "\
The secret that authenticates artifacts is not part of the cache: `clear` keeps it.

Examples:
  bessemer cache ls
  bessemer cache --json stats
  bessemer cache verify --remove
  bessemer cache gc --max-bytes 512M --unused-days 30
  bessemer cache --cache-dir /var/lib/node/code clear
";

/// Does what `args` say.
pub(crate) fn run(args: &Args, output: Output) -> Result<u8, Failure> {
    let mut limits = CacheLimits::default();
    if let Command::Gc { max_bytes: Some(bytes), .. } = args.command {
        limits.bytes = bytes.into();
    }
    let config = args.cache.config(Config::new().cache_limits(limits))?;
    let engine = Engine::new(config).map_err(|error| Failure::Other(with_sources(&error)))?;
    // the reason was given as a warning
    let missing = || Failure::Other("the cache cannot be used".to_owned());
    let cache = engine.cache().ok_or_else(missing)?;
    let failed = |source| Failure::Io { what: format!("read {}", cache.path().display()), source };
    let entries = cache.entries().map_err(failed)?;
    match args.command {
        Command::Ls => ls(&entries, output),
        Command::Stats => stats(&cache, &entries, output),
        Command::Verify { remove } => verify(&cache, &entries, remove, output),
        Command::Gc { unused_days, .. } => {
            let swept = cache.sweep().map_err(failed)?;
            let unused =
                |entry: &&CacheEntry| unused_days.is_some_and(|days| age(entry) >= DAY * days);
            let old = remove(&cache, entries.iter().filter(unused))?;
            removed(cache.path(), swept + old, output)
        }
        Command::Clear => removed(cache.path(), remove(&cache, entries.iter())?, output),
    }
}

fn ls(entries: &[CacheEntry], output: Output) -> Result<u8, Failure> {
    if output.json {
        let listed = entries.iter().map(entry_json).collect::<Vec<_>>();
        output.document(&json!({ "schema": "bessemer.cache.ls/1", "artifacts": listed }))?;
    } else {
        let rows = entries.iter().map(|entry| {
            let ago = format!("{} ago", rounded(age(entry)));
            [entry.key.to_string(), grouped(entry.bytes), ago]
        });
        output.text(output::table(rows))?;
    }
    Ok(0)
}

fn stats(cache: &Cache<'_>, entries: &[CacheEntry], output: Output) -> Result<u8, Failure> {
    let bytes: u64 = entries.iter().map(|entry| entry.bytes).sum();
    let limits = cache.limits();
    if output.json {
        output.document(&json!({
            "schema": "bessemer.cache.stats/1",
            "directory": cache.path().display().to_string(),
            "artifacts": entries.len(),
            "bytes": bytes,
            "max_artifacts": limits.files,
            "max_bytes": limits.bytes,
            "oldest_seconds": entries.first().map(|entry| age(entry).as_secs()),
        }))?;
    } else {
        let mut rows = vec![
            ["directory".to_owned(), cache.path().display().to_string()],
            [
                "artifacts".to_owned(),
                format!("{} of {}", grouped(entries.len() as u64), grouped(limits.files)),
            ],
            ["bytes".to_owned(), format!("{} of {}", grouped(bytes), grouped(limits.bytes))],
        ];
        if let Some(oldest) = entries.first() {
            rows.push(["longest unused".to_owned(), rounded(age(oldest))]);
        }
        output.text(output::table(rows))?;
    }
    Ok(0)
}

fn verify(
    cache: &Cache<'_>,
    entries: &[CacheEntry],
    remove: bool,
    output: Output,
) -> Result<u8, Failure> {
    let bad: Vec<_> = entries
        .iter()
        .filter_map(|entry| cache.verify(entry).err().map(|reason| (entry, reason)))
        .collect();
    if remove {
        self::remove(cache, bad.iter().map(|(entry, _)| *entry))?;
    }
    if output.json {
        let listed = bad.iter().map(|(entry, reason)| {
            let mut listed = entry_json(entry);
            listed["reason"] = Value::from(reason.to_string());
            listed
        });
        output.document(&json!({
            "schema": "bessemer.cache.verify/1",
            "artifacts": entries.len(),
            "unusable": listed.collect::<Vec<_>>(),
            "removed": if remove { bad.len() } else { 0 },
        }))?;
    } else {
        for (entry, reason) in &bad {
            output.text(format_args!("{WARNING}{}{WARNING:#}: {reason}\n", entry.key))?;
        }
        let good = grouped((entries.len() - bad.len()) as u64);
        output.text(format_args!("{good} good, {} not\n", bad.len()))?;
    }
    Ok(if bad.is_empty() { 0 } else { 1 })
}

fn remove<'a>(
    cache: &Cache<'_>,
    entries: impl Iterator<Item = &'a CacheEntry>,
) -> Result<u64, Failure> {
    let mut count = 0;
    for entry in entries {
        match cache.remove(entry.key) {
            Ok(()) => count += 1,
            // another process has removed it
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(source) => {
                return Err(Failure::Io { what: format!("remove {}", entry.key), source });
            }
        }
    }
    Ok(count)
}

fn removed(path: &Path, count: u64, output: Output) -> Result<u8, Failure> {
    if output.json {
        output.document(&json!({ "schema": "bessemer.cache.removed/1", "removed": count }))?;
    } else {
        output.text(format_args!("{}: {} removed\n", path.display(), grouped(count)))?;
    }
    Ok(0)
}

fn entry_json(entry: &CacheEntry) -> Value {
    json!({
        "key": entry.key.to_string(),
        "bytes": entry.bytes,
        "unused_seconds": age(entry).as_secs(),
    })
}

/// How long an artifact was not used.
fn age(entry: &CacheEntry) -> Duration {
    SystemTime::now().duration_since(entry.last_used).unwrap_or_default()
}

/// A time in the unit that fits it.
fn rounded(time: Duration) -> String {
    let units = [("days", 86_400), ("hours", 3_600), ("minutes", 60)];
    let seconds = time.as_secs();
    let fitting = units.into_iter().find(|(_, length)| seconds >= 2 * length);
    fitting.map_or(format!("{seconds} seconds"), |(name, length)| {
        format!("{} {name}", seconds / length)
    })
}

const DAY: Duration = Duration::from_secs(86_400);
