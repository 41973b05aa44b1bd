//! A process with a bound on its time and on what is kept of what it prints.

use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitStatus};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use wait_timeout::ChildExt;

/// How much is kept of the begin, and how much of the end.
const KEPT: usize = 64 * 1024;

/// A process that ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// `None` if its time was over.
    pub(crate) status: Option<ExitStatus>,
    /// Standard output and standard error, in the order in which they were written.
    pub(crate) printed: String,
}

/// Runs a command until it ends, or `limit` is over. Processes that it has started end with it.
pub(crate) fn run(command: &mut Command, limit: Duration) -> io::Result<Ended> {
    let (reader, writer) = io::pipe()?;
    command.stdout(writer.try_clone()?).stderr(writer).process_group(0);
    let mut child = command.spawn()?;
    // the command has the ends for writing; without them the reader meets the end
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let printed = std::thread::spawn(move || keep(reader));
    let waited = child.wait_timeout(limit);
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        // there is none if all of its processes have ended
        let _ = kill_process_group(group, Signal::KILL);
    }
    let waited = waited?;
    if waited.is_none() {
        child.wait()?;
    }
    let printed = printed.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
    Ok(Ended { status: waited, printed })
}

/// Reads to the end, and keeps the begin and the end of it.
fn keep(mut reader: impl Read) -> io::Result<String> {
    let (mut begin, mut end) = (Vec::new(), Vec::new());
    let mut left_out = 0;
    let mut buffer = vec![0; KEPT];
    loop {
        let read = match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let room = (KEPT - begin.len()).min(read);
        begin.extend_from_slice(&buffer[..room]);
        end.extend_from_slice(&buffer[room..read]);
        let more = end.len().saturating_sub(KEPT);
        end.drain(..more);
        left_out += more;
    }
    let mut text = String::from_utf8_lossy(&begin).into_owned();
    if left_out > 0 {
        text += &format!("\n[{left_out} bytes are left out]\n");
    }
    text += &String::from_utf8_lossy(&end);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, limit: u64) -> Ended {
        let mut command = Command::new("sh");
        run(command.args(["-c", script]), Duration::from_millis(limit)).expect("sh runs")
    }

    #[test]
    fn both_outputs_are_kept_in_their_order() {
        let ended = shell("echo a; echo b >&2; echo c; exit 3", 60_000);
        assert_eq!(ended.printed, "a\nb\nc\n");
        assert_eq!(ended.status.and_then(|status| status.code()), Some(3));
    }

    #[test]
    fn a_process_and_what_it_started_end_when_its_time_is_over() {
        // the second sleep holds the pipe
        let ended = shell("echo a; sleep 1000 & sleep 1000", 200);
        assert!(ended.status.is_none());
        assert_eq!(ended.printed, "a\n");
    }

    #[test]
    fn children_end_with_the_process() {
        let ended = shell("sleep 1000 & echo a", 60_000);
        assert!(ended.status.is_some_and(|status| status.success()));
        assert_eq!(ended.printed, "a\n");
    }

    #[test]
    fn the_begin_and_the_end_of_a_long_text_are_kept() {
        let text = [vec![b'a'; KEPT], vec![b'b'; 3 * KEPT], vec![b'c'; KEPT]].concat();
        let kept = keep(&text[..]).expect("a slice can be read");
        let between = format!("\n[{} bytes are left out]\n", 3 * KEPT);
        assert_eq!(kept, "a".repeat(KEPT) + &between + &"c".repeat(KEPT));
        assert_eq!(keep(&b"short"[..]).expect("a slice can be read"), "short");
    }
}
