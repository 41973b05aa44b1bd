//! Tells profilers what the native code of a module is: each unit under the name of its guest function.
//!
//! `perf report` reads a *map* by itself and shows names; from a *dump*, `perf inject --jit` makes
//! files that can be disassembled too.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::ops::Range;
use std::path::Path;

use rustix::time::{ClockId, clock_gettime};

use crate::Module;
use crate::memory::Announcement;

/// Writes the perf map of a module; nothing if it has no native code.
///
/// perf looks for it in `/tmp/perf-PID.map`, and reads it after the process has ended.
///
/// # Errors
///
/// If the file cannot be written.
pub fn write_perf_map(module: &Module, mut to: impl Write) -> io::Result<()> {
    for Unit { name, addresses, .. } in units(module) {
        writeln!(to, "{:x} {:x} {name}", addresses.start, addresses.len())?;
    }
    to.flush()
}

/// A jitdump of a module, which has to be kept until the process ends.
#[derive(Debug)]
pub struct JitDump {
    _announcement: Announcement,
}

impl JitDump {
    /// Writes the dump. perf wants the file to be named `jit-PID.dump`, and the recording to be made
    /// with `perf record -k 1`.
    ///
    /// # Errors
    ///
    /// If the file cannot be written or mapped.
    pub fn write(module: &Module, path: &Path) -> io::Result<Self> {
        let mut file = File::options().read(true).write(true).create_new(true).open(path)?;
        let pid = std::process::id();
        let mut bytes = Vec::new();
        for number in [MAGIC, VERSION, HEADER_LEN, MACHINE, 0, pid] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend(now().to_le_bytes());
        bytes.extend(0_u64.to_le_bytes());
        for (index, Unit { name, addresses, code }) in units(module).into_iter().enumerate() {
            let len = RECORD_LEN + name.len() + 1 + code.len();
            bytes.extend(CODE_LOAD.to_le_bytes());
            bytes.extend(u32::try_from(len).map_err(io::Error::other)?.to_le_bytes());
            bytes.extend(now().to_le_bytes());
            bytes.extend([pid, pid].map(u32::to_le_bytes).concat());
            let address = addresses.start as u64;
            for number in [address, address, code.len() as u64, index as u64] {
                bytes.extend(number.to_le_bytes());
            }
            bytes.extend(name.as_bytes());
            bytes.push(0);
            bytes.extend(code);
        }
        file.write_all(&bytes)?;
        Ok(Self { _announcement: Announcement::new(&file)? })
    }
}

struct Unit<'a> {
    name: String,
    addresses: Range<usize>,
    code: &'a [u8],
}

/// The entry stub and all units.
fn units(module: &Module) -> Vec<Unit<'_>> {
    let Some(code) = module.code() else { return vec![] };
    let functions: BTreeMap<u32, &str> = module.program().symbols().functions().collect();
    let (start, bytes) = (code.range().start, code.bytes());
    let units = code.tables().units();
    let named = units.iter().map(|unit| {
        // a function that was cut has several units
        let known = functions.range(..=unit.pc).next_back();
        let name = match known {
            Some((&addr, name)) if addr == unit.pc => (*name).to_owned(),
            Some((addr, name)) => format!("{name}+{:#x}", unit.pc - addr),
            None => format!("unit_{:08x}", unit.pc),
        };
        (unit.offset as usize, name)
    });
    let starts: Vec<_> = [(0, "bessemer entry".to_owned())].into_iter().chain(named).collect();
    let ends = starts.iter().skip(1).map(|(start, _)| *start).chain([bytes.len()]);
    let ranges: Vec<_> = starts.iter().zip(ends).map(|((start, _), end)| *start..end).collect();
    starts
        .into_iter()
        .zip(ranges)
        .map(|((_, name), range)| Unit {
            name,
            addresses: start + range.start..start + range.end,
            code: &bytes[range],
        })
        .collect()
}

/// The clock that perf uses with `-k 1`, in nanoseconds.
fn now() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000_000
        + u64::try_from(time.tv_nsec).unwrap_or(0)
}

/// "JiTD", and what else the format (`tools/perf/Documentation/jitdump-specification.txt` of Linux) wants.
const MAGIC: u32 = 0x4a69_5444;
const VERSION: u32 = 1;
const HEADER_LEN: u32 = 40;
/// x86-64.
const MACHINE: u32 = 62;
const CODE_LOAD: u32 = 0;
/// Bytes of a record in front of the name.
const RECORD_LEN: usize = 56;
