//! The compiler in a process of its own: whatever a hostile program does to it, its host gets an
//! artifact that obeys every rule, or an error.
//!
//! The parent starts a command, gives it a request in a file as its standard input, and reads the
//! answer from its standard output until a deadline. The child, which is
//! [`serve_compiler`] in a program of the embedder's choice, takes its limits from the request, gives up
//! all system calls that compiling does not need, and only then looks at the program.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::fd::AsFd;
use std::process::{Child as Process, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

use bessemer_image::{Limits, Program};
use bessemer_isa::GasSchedule;
use bessemer_translator::{Artifact, Labels, Options, translate};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{MemfdFlags, memfd_create};
use rustix::process::{Resource, Rlimit, setrlimit};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch};
use serde::{Deserialize, Serialize};

use super::cache::{Key, KeySeed};
use super::compile::{Compile, Source};
use crate::ChildLimits;
use crate::error::{ChildError, CompileError};
use crate::program::ImageHash;

/// The beginning of a request: what the child takes for itself before it reads the rest.
#[derive(Debug, Serialize, Deserialize)]
struct Opening {
    magic: [u8; 8],
    /// Bytes of address space.
    memory: u64,
    /// Seconds of processor time.
    cpu_seconds: u32,
}

/// The rest of a request: what is to be compiled, and how.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Task<'a> {
    options: Options,
    limits: Limits,
    schedule: GasSchedule,
    #[serde(borrow, with = "serde_bytes")]
    elf: &'a [u8],
}

/// The answer of the child.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Answer<'a> {
    /// The file of an artifact.
    Artifact(#[serde(borrow, with = "serde_bytes")] &'a [u8]),
    /// Why there is none.
    Failure(&'a str),
}

/// How a request starts.
const MAGIC: [u8; 8] = *b"bsmr-cc2";
/// Bytes that an answer may have besides the code and its tables.
const ANSWER_BASE: usize = 1 << 20;

/// A compiler that does each request in a child.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) child: Child,
}

impl Compile for Worker {
    fn compile(&self, source: &Source<'_>) -> Result<Artifact, CompileError> {
        let elf = source.file.ok_or(ChildError::Answer)?;
        let task = Task {
            options: source.options.clone(),
            limits: *source.limits,
            schedule: *source.schedule,
            elf,
        };
        Ok(self.child.compile(&task, source.key, source.program.text().slot_count())?)
    }

    fn needs_file(&self) -> bool {
        true
    }
}

fn start(error: impl Into<io::Error>) -> ChildError {
    ChildError::Start(Arc::new(error.into()))
}

/// How to start children.
#[derive(Clone, Debug)]
pub(crate) struct Child {
    pub(crate) command: Vec<OsString>,
    pub(crate) limits: ChildLimits,
}

impl Child {
    /// Compiles in a child. Takes no longer than the deadline, whatever the child does.
    ///
    /// The answer must have this `key`, and no more code than a text of so many `slots` may have.
    fn compile(&self, task: &Task<'_>, key: Key, slots: usize) -> Result<Artifact, ChildError> {
        let deadline = Instant::now() + self.limits.deadline;
        let (program, arguments) =
            self.command.split_first().ok_or_else(|| start(io::ErrorKind::NotFound))?;
        let input = self.input(task).map_err(start)?;
        let process = Command::new(program)
            .args(arguments)
            .env_clear()
            .stdin(Stdio::from(input))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut running = Running(process.map_err(start)?);
        let output = running.0.stdout.take().ok_or(ChildError::Answer)?;
        let limit = task.options.native_limit(slots);
        // with each table no longer than the code
        let most = limit.saturating_mul(4).saturating_add(ANSWER_BASE);
        let answer = read_until(output, deadline, most)?
            .ok_or(ChildError::Deadline(self.limits.deadline))?;
        drop(running);
        let file = match whole(&answer).ok_or(ChildError::Answer)? {
            Answer::Artifact(file) => file,
            Answer::Failure(reason) => {
                return Err(ChildError::Failed(reason.chars().take(300).collect()));
            }
        };
        let (note, artifact) = Artifact::read(file)?;
        if note.key != *key.as_bytes() {
            return Err(ChildError::Key);
        }
        let size = artifact.code().len();
        if size > limit {
            return Err(ChildError::TooLarge { size, limit });
        }
        Ok(artifact)
    }

    /// The request as a file: a child that does not read it cannot make its parent wait.
    fn input(&self, task: &Task<'_>) -> io::Result<File> {
        let ChildLimits { memory, cpu_seconds, .. } = self.limits;
        let opening = Opening { magic: MAGIC, memory, cpu_seconds };
        let bytes = postcard::to_stdvec(&(opening, task)).map_err(io::Error::other)?;
        let mut file = File::from(memfd_create("bessemer-compile", MemfdFlags::CLOEXEC)?);
        file.write_all(&bytes)?;
        file.rewind()?;
        Ok(file)
    }
}

/// A process that does not outlive its owner.
struct Running(Process);

impl Drop for Running {
    fn drop(&mut self) {
        // it has answered, or will not; a process that has ended cannot be killed
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Reads to the end; `None` if the deadline came first.
fn read_until(
    mut output: ChildStdout,
    deadline: Instant,
    most: usize,
) -> Result<Option<Vec<u8>>, ChildError> {
    let mut answer = Vec::new();
    let mut part = vec![0; 64 << 10];
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(None);
        }
        let timeout = Timespec::try_from(left).unwrap_or(Timespec { tv_sec: 1, tv_nsec: 0 });
        let mut ready = [PollFd::from_borrowed_fd(output.as_fd(), PollFlags::IN)];
        match poll(&mut ready, Some(&timeout)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => continue,
            Ok(_) => {}
            Err(error) => return Err(start(error)),
        }
        match output.read(&mut part) {
            Ok(0) => return Ok(Some(answer)),
            Ok(read) => answer.extend_from_slice(&part[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(start(error)),
        }
        if answer.len() > most {
            return Err(ChildError::Answer);
        }
    }
}

/// The child's side: does one request from standard input and answers on standard output.
///
/// An embedder's program calls this first thing in its `main`, when it is started as the command
/// that [`Config::compiler_command`](crate::Config::compiler_command) names. It must not have other
/// threads.
///
/// # Errors
///
/// If the request cannot be read or the answer not be written; there is no other way to report it.
pub fn serve_compiler() -> io::Result<()> {
    let mut input = io::stdin().lock();
    let (opening, _) = postcard::from_io::<Opening, _>((&mut input, &mut []))
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    if opening.magic != MAGIC {
        return Err(io::ErrorKind::InvalidData.into());
    }
    confine(opening.memory, opening.cpu_seconds)?;
    let mut task = Vec::new();
    input.read_to_end(&mut task)?;
    let compiled = compile(&task);
    let answer = match &compiled {
        Ok(artifact) => Answer::Artifact(artifact),
        Err(reason) => Answer::Failure(reason),
    };
    let bytes = postcard::to_stdvec(&answer).map_err(io::Error::other)?;
    let mut output = io::stdout().lock();
    output.write_all(&bytes)?;
    output.flush()
}

/// Gives up what compiling does not need.
fn confine(memory: u64, cpu_seconds: u32) -> io::Result<()> {
    let limit = |most: u64| Rlimit { current: Some(most), maximum: Some(most) };
    setrlimit(Resource::As, limit(memory))?;
    setrlimit(Resource::Cpu, limit(u64::from(cpu_seconds)))?;
    setrlimit(Resource::Core, limit(0))?;
    let allowed: BTreeMap<i64, Vec<_>> = SYSTEM_CALLS.iter().map(|&call| (call, vec![])).collect();
    let denied = SeccompAction::Errno(1);
    SeccompFilter::new(allowed, denied, SeccompAction::Allow, TargetArch::x86_64)
        .and_then(BpfProgram::try_from)
        .map_err(io::Error::other)
        .and_then(|filter| seccompiler::apply_filter(&filter).map_err(io::Error::other))
}

/// The system calls of a single thread that reads, computes and answers. None opens, connects, or
/// starts anything.
const SYSTEM_CALLS: [i64; 19] = [
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_close,
    libc::SYS_lseek,
    libc::SYS_fstat,
    libc::SYS_brk,
    libc::SYS_mmap,
    libc::SYS_mremap,
    libc::SYS_munmap,
    libc::SYS_madvise,
    libc::SYS_futex,
    libc::SYS_sigaltstack,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_getrandom,
    libc::SYS_clock_gettime,
    libc::SYS_exit,
    libc::SYS_exit_group,
];

fn compile(task: &[u8]) -> Result<Vec<u8>, String> {
    let task =
        whole(task).ok_or("the request is damaged; parent and child must be of one build")?;
    let Task { options, limits, schedule, elf } = task;
    let program = Program::parse(elf, &limits).map_err(|error| error.to_string())?;
    let charges = program.charges(&schedule);
    let artifact = translate(&program, &charges, &options).map_err(|error| error.to_string())?;
    let seed = KeySeed::new(&options, &limits, &schedule).map_err(|error| error.to_string())?;
    let key = *seed.key(ImageHash::of(elf)).as_bytes();
    let code_hash = *program.code_hash().as_bytes();
    Ok(artifact.write(&Labels { key, code_hash, image: None, names: None }))
}

/// The value that these bytes encode, if they encode one and nothing stands behind it. What it
/// contains is borrowed, so bytes that lie about lengths take no memory.
fn whole<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Option<T> {
    let (value, rest) = postcard::take_from_bytes(bytes).ok()?;
    rest.is_empty().then_some(value)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bessemer_translator::OptLevel;

    use super::*;

    fn tasks() -> [Task<'static>; 2] {
        let schedule = GasSchedule { id: 9, load: [1, 2, 3, 4, 5], page: 77, ..GasSchedule::V1 };
        let options = Options {
            opt_level: OptLevel::None,
            precise_registers: true,
            verify: false,
            unit_instructions: 77,
            loop_entries: true,
            native_per_slot: 0x0102_0304,
        };
        [Limits::bare(), Limits::contract().with_heap(8192).with_stack(3)].map(|limits| Task {
            options: options.clone(),
            limits,
            schedule,
            elf: b"elf",
        })
    }

    #[test]
    fn a_request_arrives_as_it_was_sent() {
        let limits = ChildLimits { memory: u64::MAX, cpu_seconds: 300, ..ChildLimits::default() };
        let child = Child { command: vec![], limits };
        for task in tasks() {
            let mut sent = child.input(&task).unwrap();
            let (opening, _) = postcard::from_io::<Opening, _>((&mut sent, &mut [])).unwrap();
            assert_eq!((opening.magic, opening.memory), (MAGIC, u64::MAX));
            assert_eq!(opening.cpu_seconds, 300);
            let mut rest = Vec::new();
            sent.read_to_end(&mut rest).unwrap();
            assert_eq!(whole(&rest), Some(task));
        }
    }

    /// Damaged bytes are another value or none: never a panic, and no memory is taken for lengths
    /// that are not there.
    #[test]
    fn damaged_messages_are_refused() {
        for task in tasks() {
            let bytes = postcard::to_stdvec(&task).unwrap();
            for len in 0..bytes.len() {
                assert_eq!(whole::<Task<'_>>(&bytes[..len]), None, "cut to {len} bytes");
            }
            assert_eq!(whole::<Task<'_>>(&[&bytes[..], &[0]].concat()), None, "a byte more");
            let mut refused = 0;
            for at in 0..bytes.len() {
                for value in 0..=255 {
                    let mut damaged = bytes.clone();
                    damaged[at] = value;
                    let read = whole::<Task<'_>>(&damaged);
                    refused += usize::from(read.is_none());
                    // what does come out is what these bytes say
                    if let Some(read) = read {
                        assert_eq!(whole(&postcard::to_stdvec(&read).unwrap()), Some(read));
                    }
                }
            }
            assert!(refused > 0);
        }
    }

    /// This test again in a process of its own, which confines itself and then does `what`.
    fn confined(what: &str) -> std::process::Output {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "code::worker::tests::confined_processes_are_held", "--nocapture"])
            .env(CONFINED, what)
            .output()
            .unwrap()
    }

    /// Tells a test that it is the process which an outer test has started.
    const CONFINED: &str = "BESSEMER_TEST_CONFINED";

    #[test]
    fn confined_processes_are_held() {
        use std::net::{TcpListener, UdpSocket};
        use std::os::unix::net::UnixDatagram;
        use std::os::unix::process::ExitStatusExt;
        use std::{env, fs, thread};

        let Some(what) = env::var_os(CONFINED) else {
            let output = confined("calls");
            let text = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success() && text.contains("all refused"), "{output:?}");
            // the time of the processor runs out, and the process with it
            let output = confined("time");
            assert_eq!(output.status.signal(), Some(libc::SIGKILL), "{output:?}");
            return;
        };
        let folder = env::temp_dir();
        let file = File::open(env::current_exe().unwrap()).unwrap();
        confine(64 << 30, 1).unwrap();
        if what == "time" {
            loop {
                std::hint::black_box(0);
            }
        }
        let refused = |what: &str, result: io::Result<()>| {
            let error = result.expect_err(what);
            assert_eq!(error.raw_os_error(), Some(libc::EPERM), "{what}: {error}");
        };
        refused("open", File::open("/dev/null").map(drop));
        refused("create", fs::write(folder.join("bessemer-confined"), b"").map(drop));
        refused("list", fs::read_dir(&folder).map(drop));
        refused("remove", fs::remove_file(folder.join("nothing")));
        refused("TCP", TcpListener::bind("127.0.0.1:0").map(drop));
        refused("UDP", UdpSocket::bind("127.0.0.1:0").map(drop));
        refused("a socket", UnixDatagram::unbound().map(drop));
        refused("a pipe", io::pipe().map(drop));
        refused("a process", Command::new("/bin/true").spawn().map(drop));
        refused("a thread", thread::Builder::new().spawn(|| ()).map(drop));
        refused("truncate", file.set_len(0));
        refused(
            "limits",
            setrlimit(Resource::Core, Rlimit { current: None, maximum: None }).map_err(Into::into),
        );
        // what compiling needs goes on
        assert_eq!(vec![1_u8; 32 << 20].iter().map(|&byte| u64::from(byte)).sum::<u64>(), 32 << 20);
        assert!(Instant::now().elapsed() < Duration::from_secs(1));
        // more memory than the limit is refused, too
        assert!(Vec::<u8>::new().try_reserve_exact(80 << 30).is_err());
        println!("all refused");
    }

    #[test]
    fn only_whole_answers_count() {
        assert_eq!(whole(&[0, 2, 7, 8]), Some(Answer::Artifact(&[7, 8])));
        assert_eq!(whole(&[1, 2, b'n', b'o']), Some(Answer::Failure("no")));
        assert_eq!(whole(&[0, 0]), Some(Answer::Artifact(&[])));
        let long_length = [0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 7];
        let refused: [&[u8]; 8] = [
            &[],
            &[0],
            &[0, 2, 7],
            &[0, 2, 7, 8, 9],
            &[1, 1, 0xff],
            &[2, 0],
            &[0xff; 9],
            &long_length,
        ];
        for bytes in refused {
            assert_eq!(whole::<Answer<'_>>(bytes), None, "{bytes:?}");
        }
    }
}
