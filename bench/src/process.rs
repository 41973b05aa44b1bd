//! Memory of this process, as the kernel reports it.

use std::fs;

/// The highest resident set so far, in bytes: since the start, or since [`forget_peak`].
pub fn peak_memory() -> Option<u64> {
    status("VmHWM:")
}

/// The resident set now, in bytes.
pub fn memory() -> Option<u64> {
    status("VmRSS:")
}

/// Memory now that belongs to this process alone, in bytes.
pub fn own_memory() -> Option<u64> {
    status("RssAnon:")
}

/// The page tables now, in bytes: memory of the kernel, which is in no resident set.
pub fn page_tables() -> Option<u64> {
    status("VmPTE:")
}

/// Starts [`peak_memory`] over from the present resident set, where the kernel allows it.
pub fn forget_peak() {
    // proc(5): 5 resets the peak resident set size; without it peaks are those of the whole run
    let _ = fs::write("/proc/self/clear_refs", "5");
}

fn status(key: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(key))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_has_memory() {
        let (now, peak) = (memory().expect("Linux says"), peak_memory().expect("Linux says"));
        assert!(now > 1 << 20 && peak > 1 << 20, "{now} {peak}");
    }
}
