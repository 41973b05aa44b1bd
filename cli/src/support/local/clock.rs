//! `.bessemer/clock.json`: what time it is on a local chain.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::Folder;
use crate::support::failure::Failure;

const FILE: &str = "clock.json";

/// The clock that blocks get their time from. It follows that of the machine unless it was set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Clock {
    /// Seconds that it is ahead of the machine's, or behind it.
    #[serde(default)]
    pub(crate) ahead: i64,
    /// The time at which it stands still.
    #[serde(default)]
    pub(crate) stopped: Option<u64>,
}

impl Clock {
    pub(crate) fn read(folder: &Folder) -> Result<Self, Failure> {
        let path = folder.path(FILE);
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            Err(source) => return Err(Failure::file("read", &path, source)),
        };
        serde_json::from_slice(&text).map_err(|error| {
            Failure::State(format!(
                "{} is damaged: {error}; remove it, and the clock follows that of the machine",
                path.display()
            ))
        })
    }

    pub(crate) fn write(&self, folder: &Folder) -> Result<(), Failure> {
        let text = serde_json::to_vec_pretty(self)
            .map_err(|error| Failure::Other(format!("cannot write {FILE}: {error}")))?;
        folder.write(FILE, &text).map(drop)
    }

    /// The clock that shows this time now and goes on.
    pub(crate) fn showing(time: u64) -> Self {
        let ahead = i128::from(time) - i128::from(machine());
        Self { ahead: ahead.clamp(i64::MIN.into(), i64::MAX.into()) as i64, stopped: None }
    }

    /// What it shows, in seconds since 1970.
    pub(crate) fn now(&self) -> u64 {
        self.stopped.unwrap_or_else(|| machine().saturating_add_signed(self.ahead))
    }
}

fn machine() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
