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
use bessemer_isa::{GasSchedule, MemoryClass};
use bessemer_translator::{Artifact, Labels, OptLevel, Options, translate};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{MemfdFlags, memfd_create};
use rustix::process::{Resource, Rlimit, setrlimit};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch};

use super::cache::{Key, KeySeed, limits_fields, schedule_fields};
use super::compile::{Compile, Source};
use crate::ChildLimits;
use crate::error::{ChildError, CompileError};
use crate::program::ImageHash;

/// What is to be compiled, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    pub(crate) options: &'a Options,
    pub(crate) limits: &'a Limits,
    pub(crate) schedule: &'a GasSchedule,
    pub(crate) elf: &'a [u8],
    /// The parent's key for it.
    pub(crate) key: Key,
    /// The parent's count of slots, which bounds the answer.
    pub(crate) slots: usize,
}

/// A compiler that does each request in a child.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) child: Child,
}

impl Compile for Worker {
    fn compile(&self, source: &Source<'_>) -> Result<Artifact, CompileError> {
        let elf = source.file.ok_or(ChildError::Answer)?;
        let slots = source.program.text().slot_count();
        let Source { options, limits, schedule, .. } = *source;
        let request = Request { options, limits, schedule, elf, key: source.key, slots };
        Ok(self.child.compile(&request)?)
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
    pub(crate) fn compile(&self, request: &Request<'_>) -> Result<Artifact, ChildError> {
        let deadline = Instant::now() + self.limits.deadline;
        let (program, arguments) =
            self.command.split_first().ok_or_else(|| start(io::ErrorKind::NotFound))?;
        let input = self.input(request).map_err(start)?;
        let process = Command::new(program)
            .args(arguments)
            .env_clear()
            .stdin(Stdio::from(input))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut running = Running(process.map_err(start)?);
        let output = running.0.stdout.take().ok_or(ChildError::Answer)?;
        // with each table no longer than the code
        let most = 4 * request.options.native_limit(request.slots) + ANSWER_BASE;
        let answer = read_until(output, deadline, most)?
            .ok_or(ChildError::Deadline(self.limits.deadline))?;
        drop(running);
        let (status, bytes) = unframe(&answer).ok_or(ChildError::Answer)?;
        if status != DONE {
            let text: String = String::from_utf8_lossy(bytes).chars().take(300).collect();
            return Err(ChildError::Failed(text));
        }
        let (note, artifact) = Artifact::read(bytes)?;
        if note.key != *request.key.as_bytes() {
            return Err(ChildError::Key);
        }
        let (size, limit) = (artifact.code().len(), request.options.native_limit(request.slots));
        if size > limit {
            return Err(ChildError::TooLarge { size, limit });
        }
        Ok(artifact)
    }

    /// The request as a file: a child that reads nothing can stop nobody.
    fn input(&self, request: &Request<'_>) -> io::Result<File> {
        let Request { options, limits, schedule, elf, .. } = request;
        let mut bytes = MAGIC.to_vec();
        bytes.extend(self.limits.memory.to_le_bytes());
        bytes.extend(self.limits.cpu_seconds.to_le_bytes());
        let Options {
            opt_level,
            precise_registers,
            verify,
            unit_instructions,
            loop_entries,
            native_per_slot,
        } = options;
        let speed = *opt_level == OptLevel::Speed;
        bytes.extend([speed, *precise_registers, *verify, *loop_entries].map(u8::from));
        bytes.extend(unit_instructions.to_le_bytes());
        bytes.extend(native_per_slot.to_le_bytes());
        let mut put = |_: &str, value: u32| bytes.extend(value.to_le_bytes());
        limits_fields(limits, &mut put);
        schedule_fields(schedule, &mut put);
        bytes.extend_from_slice(elf);
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
/// If the request cannot be read or the answer not be written; nobody is left to be told.
pub fn serve_compiler() -> io::Result<()> {
    let mut input = io::stdin().lock();
    let mut start = [0; MAGIC.len() + 12];
    input.read_exact(&mut start)?;
    let (magic, [m0, m1, m2, m3, m4, m5, m6, m7, c0, c1, c2, c3]) =
        start.split_last_chunk().ok_or(io::ErrorKind::InvalidData)?;
    if magic != MAGIC {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let memory = u64::from_le_bytes([*m0, *m1, *m2, *m3, *m4, *m5, *m6, *m7]);
    let cpu_seconds = u32::from_le_bytes([*c0, *c1, *c2, *c3]);
    confine(memory, cpu_seconds)?;
    let mut request = Vec::new();
    input.read_to_end(&mut request)?;
    let (status, bytes) = match compile(&request) {
        Ok(artifact) => (DONE, artifact),
        Err(message) => (FAILED, message.into_bytes()),
    };
    let mut output = io::stdout().lock();
    output.write_all(&[status])?;
    output.write_all(&(bytes.len() as u64).to_le_bytes())?;
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

/// What a single thread needs to read, compute and answer. Nothing opens, connects, or starts.
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

fn compile(request: &[u8]) -> Result<Vec<u8>, String> {
    let (options, limits, schedule, elf) = parse(request).ok_or("the request is too short")?;
    let program = Program::parse(elf, &limits).map_err(|error| error.to_string())?;
    let charges = program.charges(&schedule);
    let artifact = translate(&program, &charges, &options).map_err(|error| error.to_string())?;
    let seed = KeySeed::new(&options, &limits, &schedule).map_err(|error| error.to_string())?;
    let key = *seed.key(ImageHash::of(elf)).as_bytes();
    let code_hash = *program.code_hash().as_bytes();
    Ok(artifact.write(&Labels { key, code_hash, image: None, names: None }))
}

fn parse(request: &[u8]) -> Option<(Options, Limits, GasSchedule, &[u8])> {
    let ([speed, precise, verify, loop_entries], rest) = request.split_first_chunk()?;
    let (unit_instructions, rest) = rest.split_first_chunk()?;
    let (native_per_slot, rest) = rest.split_first_chunk()?;
    let options = Options {
        opt_level: if *speed == 1 { OptLevel::Speed } else { OptLevel::None },
        precise_registers: *precise == 1,
        verify: *verify == 1,
        unit_instructions: u32::from_le_bytes(*unit_instructions),
        loop_entries: *loop_entries == 1,
        native_per_slot: u32::from_le_bytes(*native_per_slot),
    };
    let (words, elf) = rest.split_at_checked((LIMITS + PRICES) * 4)?;
    let mut words = words.as_chunks().0.iter().map(|&word| u32::from_le_bytes(word));
    let mut next = || words.next();
    let (file_bytes, text_bytes, data_bytes) = (next()?, next()?, next()?);
    let stack_bytes = next()?;
    let (has_heap, heap) = (next()?, next()?);
    let memory = MemoryClass::holding(u64::from(next()?))?;
    let heap_bytes = (has_heap == 1).then_some(heap);
    let (has_native, native) = (next()?, next()?);
    let native_bytes = (has_native == 1).then_some(native);
    let limits = Limits {
        file_bytes,
        text_bytes,
        data_bytes,
        stack_bytes,
        heap_bytes,
        memory,
        native_bytes,
    };
    let mut schedule = GasSchedule {
        id: next()?,
        run_base: next()?,
        alu: next()?,
        mul: next()?,
        mulh: next()?,
        div: next()?,
        branch: next()?,
        jal: next()?,
        jalr: next()?,
        ecall: next()?,
        ebreak: next()?,
        illegal: next()?,
        page: next()?,
        far: [0; 7],
        load: [0; 5],
        store: [0; 5],
    };
    let GasSchedule { far, load, store, .. } = &mut schedule;
    for price in far.iter_mut().chain(load).chain(store) {
        *price = next()?;
    }
    Some((options, limits, schedule, elf))
}

/// Status and contents of an answer.
fn unframe(answer: &[u8]) -> Option<(u8, &[u8])> {
    let (&[status, ref len @ ..], bytes) = answer.split_first_chunk::<9>()?;
    let complete = u64::from_le_bytes(*len) == bytes.len() as u64;
    complete.then_some((status, bytes))
}

/// How a request starts.
const MAGIC: &[u8; 8] = b"bsmr-cc1";
/// Numbers of the limits in a request.
const LIMITS: usize = 9;
/// Numbers of the schedule in a request.
const PRICES: usize = 30;
/// The answer is an artifact,
const DONE: u8 = 0;
/// or a message.
const FAILED: u8 = 1;
/// Bytes of an answer besides.
const ANSWER_BASE: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_request_arrives_as_it_was_sent() {
        let child = Child { command: vec![], limits: ChildLimits::default() };
        let schedule = GasSchedule { id: 9, load: [1, 2, 3, 4, 5], page: 77, ..GasSchedule::V1 };
        let options = Options {
            opt_level: OptLevel::None,
            precise_registers: true,
            verify: false,
            unit_instructions: 77,
            loop_entries: true,
            native_per_slot: 0x0102_0304,
        };
        for limits in [Limits::bare(), Limits::contract().with_heap(8192).with_stack(3)] {
            let seed = KeySeed::new(&options, &limits, &schedule).unwrap();
            let key = seed.key(ImageHash::of(b"elf"));
            let request = Request {
                options: &options,
                limits: &limits,
                schedule: &schedule,
                elf: b"elf",
                key,
                slots: 0,
            };
            let mut sent = Vec::new();
            child.input(&request).unwrap().read_to_end(&mut sent).unwrap();
            let (got_options, got_limits, got_schedule, elf) = parse(&sent[20..]).unwrap();
            assert_eq!((got_options, got_limits), (options.clone(), limits));
            assert_eq!((got_schedule, elf), (schedule, &b"elf"[..]));
        }
        assert_eq!(LIMITS + PRICES, 39);
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
        assert_eq!(unframe(&[0, 2, 0, 0, 0, 0, 0, 0, 0, 7, 8]), Some((0, &[7, 8][..])));
        assert_eq!(unframe(&[0, 2, 0, 0, 0, 0, 0, 0, 0, 7]), None);
        assert_eq!(unframe(&[0, 2, 0, 0, 0, 0, 0, 0, 0, 7, 8, 9]), None);
        assert_eq!(unframe(&[0, 2]), None);
        assert_eq!(unframe(&[0; 9]), Some((0, &[][..])));
        assert_eq!(unframe(&[0xff; 9]), None);
    }
}
