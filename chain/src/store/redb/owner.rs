//! Finds the process that has a file open.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Another process that has this file open, by number and name, as far as the system tells.
pub(super) fn owner(path: &Path) -> Option<String> {
    let wanted = fs::metadata(path).ok()?;
    for process in fs::read_dir("/proc").ok()?.flatten() {
        // what has no number as its name is not a process, or a link to this one
        let number = process.file_name().to_str().and_then(|name| name.parse::<u32>().ok());
        let other = number.filter(|number| *number != std::process::id());
        let Some(number) = other else { continue };
        // other users' processes do not let us look
        let Ok(files) = fs::read_dir(process.path().join("fd")) else { continue };
        let has_it = files.flatten().any(|file| {
            fs::metadata(file.path())
                .is_ok_and(|file| (file.dev(), file.ino()) == (wanted.dev(), wanted.ino()))
        });
        if has_it {
            let name = fs::read_to_string(process.path().join("comm")).unwrap_or_default();
            return Some(format!("process {number} ({})", name.trim_end().escape_debug()));
        }
    }
    None
}
