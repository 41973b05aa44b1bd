//! Artifacts on disk: a directory with one file for each key.
//!
//! Everything in the directory is hostile until its authentication code is right. Any number of
//! processes may use one directory: files appear whole under their names or not at all, and a
//! file that is removed in between counts as absent.

use std::ffi::{CStr, CString};
use std::fs::File;
use std::io::{self, Read, Write};
use std::ops::Range;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use bessemer_image::CodeHash;
use bessemer_translator::{CodeMemory, HEAD_LEN, MAC_LEN, Note, ReadError, Tables, TranslateError};
use rustix::fs::{
    AtFlags, CWD, Dir, FileType, FlockOperation, Mode, OFlags, Stat, Timespec, Timestamps,
    UTIME_NOW, UTIME_OMIT, flock, fstat, futimens, mkdirat, openat, renameat, statat, unlinkat,
};
use rustix::io::Errno;
use rustix::process::geteuid;

use super::secret::random;
use super::{Key, Secret};
use crate::CacheLimits;
use crate::error::CacheError;

/// The artifacts of a directory.
#[derive(Debug)]
pub(crate) struct Store {
    directory: OwnedFd,
    path: PathBuf,
    limits: CacheLimits,
    secret: Secret,
    /// The contents of the directory, as far as this process knows; `None` until it looked.
    usage: Mutex<Option<Usage>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Usage {
    bytes: u64,
    files: u64,
}

/// An artifact from disk whose authentication code is right.
#[derive(Debug)]
pub(crate) struct Stored {
    /// The file.
    pub(crate) memory: CodeMemory,
    /// Where in it the code is.
    pub(crate) code: Range<usize>,
    pub(crate) tables: Tables,
    /// The hash by which the program is known.
    pub(crate) code_hash: CodeHash,
}

/// Why there is nothing to load.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Missed {
    /// There is no file for the key.
    #[error("there is no such file")]
    Absent,
    /// There is one that must not be used.
    #[error(transparent)]
    Damaged(#[from] Damage),
    /// The system refused something; the file may be good.
    #[error("the system refused it: {0}")]
    System(String),
}

/// Why a file of the cache cannot be used.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct CacheFileError(pub(crate) Missed);

/// The fault of a file.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Damage {
    #[error("it is not a regular file")]
    Kind,
    #[error("it belongs to another user")]
    Owner,
    #[error("others may write it")]
    Mode,
    #[error("it has more than one name")]
    Links,
    #[error("its length is impossible")]
    Length,
    #[error("its authentication code is wrong")]
    Authentication,
    #[error("it was stored under another key")]
    Key,
    #[error(
        "it has {size} bytes of native code, which is more than the {limit} that its program may have"
    )]
    Native { size: usize, limit: usize },
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// A file of the directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheEntry {
    /// The key.
    pub key: Key,
    /// Its length.
    pub bytes: u64,
    /// When it was last loaded, to the minute, or written.
    pub last_used: SystemTime,
}

impl Store {
    /// Opens a directory; makes it if it is not there. One that others can use is refused.
    pub(crate) fn open(
        path: &Path,
        secret: Secret,
        limits: CacheLimits,
    ) -> Result<Self, CacheError> {
        let failed =
            |source: Errno| CacheError::Directory { path: path.to_owned(), source: source.into() };
        match mkdirat(CWD, path, Mode::RWXU) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(Errno::NOENT) => {
                let parent = path.parent().unwrap_or(path);
                std::fs::create_dir_all(parent)
                    .map_err(|source| CacheError::Directory { path: parent.to_owned(), source })?;
                mkdirat(CWD, path, Mode::RWXU).map_err(failed)?;
            }
            // it may be there although it could not be made
            Err(error) => drop(statat(CWD, path, AtFlags::empty()).map_err(|_| failed(error))?),
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let directory = openat(CWD, path, flags, Mode::empty()).map_err(failed)?;
        let stat = fstat(&directory).map_err(failed)?;
        if stat.st_uid != geteuid().as_raw() || stat.st_mode & 0o077 != 0 {
            return Err(CacheError::Shared { path: path.to_owned() });
        }
        let usage = Mutex::new(None);
        Ok(Self { directory, path: path.to_owned(), limits, secret, usage })
    }

    /// Loads the artifact with this key. What comes back is private memory of this process.
    pub(crate) fn load(&self, key: Key) -> Result<Stored, Missed> {
        let (file, stat, loaded) = self.open_and_read(key)?;
        touch(&file, &stat);
        Ok(loaded)
    }

    /// Whether an artifact can be loaded. Does not count as a use of it.
    pub(crate) fn verify(&self, key: Key) -> Result<(), Missed> {
        self.open_and_read(key).map(drop)
    }

    fn open_and_read(&self, key: Key) -> Result<(File, Stat, Stored), Missed> {
        let flags =
            OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        let opened = openat(&self.directory, key.to_string(), flags, Mode::empty());
        let file = opened.map_err(|error| match error {
            Errno::NOENT => Missed::Absent,
            // a link, a socket
            Errno::LOOP | Errno::NXIO => Damage::Kind.into(),
            error => Missed::System(error.to_string()),
        })?;
        let stat = fstat(&file).map_err(|error| Missed::System(error.to_string()))?;
        if stat.st_nlink == 0 {
            // another process has removed or replaced it since
            return Err(Missed::Absent);
        }
        let len = self.check(&stat)?;
        let mut file = File::from(file);
        let loaded = self.read(&mut file, len, key)?;
        Ok((file, stat, loaded))
    }

    /// Checks the metadata of a file, and returns its length.
    fn check(&self, stat: &Stat) -> Result<usize, Damage> {
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(Damage::Kind);
        }
        if stat.st_uid != geteuid().as_raw() {
            return Err(Damage::Owner);
        }
        if stat.st_mode & 0o022 != 0 {
            return Err(Damage::Mode);
        }
        if stat.st_nlink != 1 {
            return Err(Damage::Links);
        }
        let len = usize::try_from(stat.st_size).map_err(|_| Damage::Length)?;
        let fits = (HEAD_LEN + MAC_LEN..=self.limits.file_bytes).contains(&len);
        if fits { Ok(len) } else { Err(Damage::Length) }
    }

    /// Reads each byte once, into private memory, and looks at none of them
    /// before the authentication code was right. One read and one hash of all bytes in a row: both
    /// cost half as much again in pieces.
    fn read(&self, file: &mut File, len: usize, key: Key) -> Result<Stored, Missed> {
        let no_memory = |error: TranslateError| Missed::System(error.to_string());
        let mut memory = CodeMemory::new(len).map_err(no_memory)?;
        file.read_exact(memory.as_mut_slice()).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => Damage::Length.into(),
            _ => Missed::System(error.to_string()),
        })?;
        let contents = self.authentic(memory.as_slice()).ok_or(Damage::Authentication)?;
        let note = Note::parse(contents).map_err(Damage::Read)?;
        if note.key != *key.as_bytes() {
            return Err(Damage::Key.into());
        }
        let code = note.code_range();
        let rest = contents.get(code.end..).ok_or(Damage::Length)?;
        let tables = note.tables(rest).map_err(Damage::Read)?;
        let code_hash = CodeHash::from_bytes(note.code_hash);
        Ok(Stored { memory, code, tables, code_hash })
    }

    /// The contents of a file that was sealed with the secret of this node.
    fn authentic<'a>(&self, file: &'a [u8]) -> Option<&'a [u8]> {
        let (contents, code) = file.split_last_chunk::<MAC_LEN>()?;
        // `Hash` compares in constant time
        (self.secret.authenticate(contents) == *code).then_some(contents)
    }

    /// Puts an artifact's file under its key, whole or not at all.
    pub(crate) fn save(&self, key: Key, mut file: Vec<u8>) -> io::Result<u64> {
        self.seal(&mut file);
        let len = file.len() as u64;
        if file.len() > self.limits.file_bytes || len > self.limits.bytes {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        let evicted = self.make_room(len)?;
        let temporary = temporary_name();
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut opened =
            File::from(openat(&self.directory, &temporary, flags, Mode::RUSR | Mode::WUSR)?);
        // the lock ends with this process: who can get it sweeps; without it, that costs speed only
        let _ = flock(&opened, FlockOperation::NonBlockingLockExclusive);
        let written = opened.write_all(&file).and_then(|()| {
            let target = key.to_string();
            renameat(&self.directory, &temporary, &self.directory, target).map_err(Into::into)
        });
        if let Err(error) = written {
            let _ = unlinkat(&self.directory, &temporary, AtFlags::empty());
            return Err(error);
        }
        if let Some(usage) = &mut *self.usage() {
            usage.bytes += len;
            usage.files += 1;
        }
        Ok(evicted)
    }

    /// Appends the authentication code.
    pub(crate) fn seal(&self, file: &mut Vec<u8>) {
        let code = self.secret.authenticate(file);
        file.extend_from_slice(code.as_bytes());
    }

    /// Whether a file, in memory, was sealed with the secret of this node.
    pub(crate) fn is_sealed(&self, file: &[u8]) -> bool {
        self.authentic(file).is_some()
    }

    /// Removes the file with this key.
    pub(crate) fn remove(&self, key: Key) -> io::Result<()> {
        match unlinkat(&self.directory, key.to_string(), AtFlags::empty()) {
            // a folder in the place of a file
            Err(Errno::ISDIR | Errno::PERM) => {
                unlinkat(&self.directory, key.to_string(), AtFlags::REMOVEDIR)?;
            }
            other => other?,
        }
        *self.usage() = None;
        Ok(())
    }

    /// All files that are named by a key, the least recently used first.
    pub(crate) fn entries(&self) -> io::Result<Vec<CacheEntry>> {
        Ok(self.scan()?.0)
    }

    /// All files that are named by a key, as above, and the names of unfinished files that may have
    /// been left.
    fn scan(&self) -> io::Result<(Vec<CacheEntry>, Vec<CString>)> {
        let (mut entries, mut unfinished) = (Vec::new(), Vec::new());
        let now = SystemTime::now();
        self.for_each(|name, stat| {
            let key = name.to_str().ok().and_then(Key::parse);
            entries.extend(key.map(|key| CacheEntry {
                key,
                bytes: u64::try_from(stat.st_size).unwrap_or(0),
                last_used: modified(stat),
            }));
            let age = now.duration_since(modified(stat)).unwrap_or_default();
            if name.to_bytes().starts_with(TEMPORARY.as_bytes()) && age > ABANDONED {
                unfinished.push(name.to_owned());
            }
        })?;
        entries.sort_by_key(|entry| (entry.last_used, entry.key));
        Ok((entries, unfinished))
    }

    /// Removes what an interrupted process has left, and the least recently used files above the
    /// limits; returns the number of removed files.
    pub(crate) fn sweep(&self) -> io::Result<u64> {
        let swept = self.remove_abandoned(&self.scan()?.1);
        *self.usage() = None;
        Ok(swept + self.make_room(0)?)
    }

    /// Removes those of these unfinished files that no process writes any more; returns their number.
    fn remove_abandoned(&self, unfinished: &[CString]) -> u64 {
        let is_abandoned = |name: &CStr| {
            let flags = OFlags::RDONLY
                | OFlags::NOFOLLOW
                | OFlags::CLOEXEC
                | OFlags::NONBLOCK
                | OFlags::NOCTTY;
            let Ok(file) = openat(&self.directory, name, flags, Mode::empty()) else { return true };
            flock(&file, FlockOperation::NonBlockingLockExclusive) != Err(Errno::WOULDBLOCK)
        };
        let removed = unfinished.iter().filter(|name| {
            is_abandoned(name) && unlinkat(&self.directory, &***name, AtFlags::empty()).is_ok()
        });
        removed.count() as u64
    }

    /// Where the files are.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn limits(&self) -> CacheLimits {
        self.limits
    }

    /// Evicts until a file of this length fits; returns the number of evicted files.
    fn make_room(&self, len: u64) -> io::Result<u64> {
        let full = |usage: &Usage, bytes: u64, files: u64| {
            usage.bytes + len > bytes || usage.files + u64::from(len > 0) > files
        };
        let CacheLimits { bytes, files, .. } = self.limits;
        let known = *self.usage();
        if known.is_some_and(|usage| !full(&usage, bytes, files)) {
            return Ok(0);
        }
        let (entries, unfinished) = self.scan()?;
        // they take room, too
        self.remove_abandoned(&unfinished);
        let mut usage = Usage {
            bytes: entries.iter().map(|entry| entry.bytes).sum(),
            files: entries.len() as u64,
        };
        let mut evicted = 0;
        if full(&usage, bytes, files) {
            // a little more than needed, so that not every file that comes looks at all others
            let (bytes, files) = (bytes - bytes / 16, files - files / 16);
            for entry in entries {
                if !full(&usage, bytes, files) {
                    break;
                }
                if unlinkat(&self.directory, entry.key.to_string(), AtFlags::empty()).is_ok() {
                    evicted += 1;
                }
                usage.bytes -= entry.bytes;
                usage.files -= 1;
            }
        }
        *self.usage() = Some(usage);
        Ok(evicted)
    }

    fn for_each(&self, mut f: impl FnMut(&CStr, &Stat)) -> io::Result<()> {
        let directory =
            openat(&self.directory, ".", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
        for entry in Dir::new(directory)? {
            let entry = entry?;
            let name = entry.file_name();
            // what another process removed meanwhile is not there
            if let Ok(stat) = statat(&self.directory, name, AtFlags::SYMLINK_NOFOLLOW) {
                f(name, &stat);
            }
        }
        Ok(())
    }

    fn usage(&self) -> MutexGuard<'_, Option<Usage>> {
        self.usage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Notes that a file is used, if that was not noted lately.
fn touch(file: impl AsFd, stat: &Stat) {
    let age = SystemTime::now().duration_since(modified(stat)).unwrap_or_default();
    if age > USED_LATELY {
        let omit = Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT };
        let now = Timespec { tv_sec: 0, tv_nsec: UTIME_NOW };
        let times = Timestamps { last_access: omit, last_modification: now };
        // a store that cannot be written to has no order to keep
        let _ = futimens(file, &times);
    }
}

fn modified(stat: &Stat) -> SystemTime {
    let seconds = u64::try_from(stat.st_mtime).unwrap_or(0);
    let nanoseconds = u32::try_from(stat.st_mtime_nsec).unwrap_or(0);
    SystemTime::UNIX_EPOCH
        .checked_add(Duration::new(seconds, nanoseconds.min(999_999_999)))
        .unwrap_or(SystemTime::UNIX_EPOCH)
}

fn temporary_name() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    // processes in two containers may have one number
    let mut tag = [0; 8];
    let _ = random(&mut tag);
    format!("{TEMPORARY}{}-{number}-{:016x}", std::process::id(), u64::from_le_bytes(tag))
}

/// How names of unfinished files start.
const TEMPORARY: &str = ".new-";
/// An unfinished file of this age is locked by the process that writes it, or was left.
const ABANDONED: Duration = Duration::from_secs(60);
/// Uses are noted no more often.
const USED_LATELY: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{FileExt, PermissionsExt, symlink};

    use bessemer_image::{ImageBuilder, Limits, Profile, Program};
    use bessemer_isa::{GasSchedule, asm};
    use bessemer_toolchain::tests::cases;
    use bessemer_translator::{Labels, Options, translate};
    use rustix::fs::{CWD, FileType, mknodat};
    use tempfile::TempDir;

    use super::*;
    use crate::code::cache::KeySeed;
    use crate::program::ImageHash;

    const LIMITS: CacheLimits = CacheLimits { bytes: 1 << 30, files: 1000, file_bytes: 1 << 20 };

    fn open(folder: &TempDir, secret: &str, limits: CacheLimits) -> Store {
        let secret = Secret::open(&folder.path().join(secret)).unwrap();
        Store::open(&folder.path().join("cache"), secret, limits).unwrap()
    }

    /// Key and artifact of a program that differs by `number`.
    fn artifact(number: u32) -> (Key, Vec<u8>) {
        let guest = format!(
            "_start: li s0, {number}
             loop: sw s0, -4(sp)
             addi s0, s0, -1
             bnez s0, loop
             call f
             li a7, 93
             ecall
             f: lw a0, -4(sp)
             ret"
        );
        let guest = asm::assemble(&guest, &asm::Options::default()).unwrap();
        let elf = ImageBuilder::new(Profile::rv32(false))
            .text(guest.text.base, &guest.text.bytes)
            .build();
        let (options, limits, schedule) = (Options::default(), Limits::bare(), GasSchedule::V1);
        let program = Program::parse(&elf, &limits).unwrap();
        let artifact = translate(&program, &program.charges(&schedule), &options).unwrap();
        let key = KeySeed::new(&options, &limits, &schedule).unwrap().key(ImageHash::of(&elf));
        let labels = Labels { key: *key.as_bytes(), code_hash: [0; 32], image: None, names: None };
        (key, artifact.write(&labels))
    }

    fn file(folder: &TempDir, key: Key) -> PathBuf {
        folder.path().join("cache").join(key.to_string())
    }

    fn is_damaged(store: &Store, key: Key) -> bool {
        matches!(store.load(key), Err(Missed::Damaged(_)))
    }

    #[test]
    fn no_flipped_bit_anywhere_gets_through() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&folder, "secret", LIMITS);
        let mut mutated = 0;
        // one bit of each byte, or every bit
        let bits = cases(1, 8) as u8;
        for number in [1, 1000, 2_000_000] {
            let (key, bytes) = artifact(number);
            store.save(key, bytes).unwrap();
            let good = fs::read(file(&folder, key)).unwrap();
            let open = fs::OpenOptions::new().write(true).open(file(&folder, key)).unwrap();
            assert!(store.load(key).is_ok());
            for (at, &byte) in good.iter().enumerate() {
                for bit in (0..bits).map(|bit| (bit + (at % 8) as u8) % 8) {
                    open.write_all_at(&[byte ^ 1 << bit], at as u64).unwrap();
                    assert!(is_damaged(&store, key), "byte {at}, bit {bit}");
                    mutated += 1;
                }
                open.write_all_at(&[byte], at as u64).unwrap();
            }
            assert!(store.load(key).is_ok(), "the last flip was taken back");
        }
        assert!(mutated >= 12_500 * u32::from(bits), "only {mutated} files");
    }

    #[test]
    fn no_other_length_gets_through() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&folder, "secret", LIMITS);
        let (key, bytes) = artifact(5);
        store.save(key, bytes).unwrap();
        let good = fs::read(file(&folder, key)).unwrap();
        for len in 0..good.len() {
            fs::write(file(&folder, key), &good[..len]).unwrap();
            assert!(is_damaged(&store, key), "{len} bytes");
        }
        for more in [1, 31, 32, 33, 4096, 1 << 20] {
            let mut longer = good.clone();
            longer.resize(good.len() + more, 0);
            fs::write(file(&folder, key), longer).unwrap();
            assert!(is_damaged(&store, key), "{more} bytes more");
        }
        fs::write(file(&folder, key), &good).unwrap();
        assert!(store.load(key).is_ok());
    }

    #[test]
    fn artifacts_of_other_keys_nodes_and_names_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (store, other) = (open(&folder, "secret", LIMITS), open(&folder, "other", LIMITS));
        let ((a, bytes_a), (b, bytes_b)) = (artifact(1), artifact(2));
        store.save(a, bytes_a.clone()).unwrap();
        store.save(b, bytes_b).unwrap();
        assert!(is_damaged(&other, a), "another node's secret");
        // swapped: each is authentic, and stored under the wrong name
        let [path_a, path_b] = [a, b].map(|key| file(&folder, key));
        let aside = folder.path().join("cache/aside");
        fs::rename(&path_a, &aside).unwrap();
        fs::rename(&path_b, &path_a).unwrap();
        fs::rename(&aside, &path_b).unwrap();
        for key in [a, b] {
            assert!(matches!(store.load(key), Err(Missed::Damaged(Damage::Key))));
        }
        // an artifact without authentication, or with a plain hash
        fs::write(&path_a, &bytes_a).unwrap();
        assert!(is_damaged(&store, a));
        let mut hashed = bytes_a;
        let hash = blake3::hash(&hashed);
        hashed.extend_from_slice(hash.as_bytes());
        fs::write(&path_a, hashed).unwrap();
        assert!(is_damaged(&store, a));
    }

    #[test]
    fn a_secret_file_must_be_regular_and_private() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&folder, "secret", LIMITS);
        let (key, bytes) = artifact(3);
        let path = file(&folder, key);
        let aside = folder.path().join("aside");
        let fresh = || {
            let _ = store.remove(key);
            store.save(key, bytes.clone()).unwrap();
            let _ = fs::remove_file(&aside);
            assert!(store.load(key).is_ok());
        };
        let mode = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        for bits in [0o620, 0o602, 0o666] {
            fresh();
            mode(bits);
            assert!(is_damaged(&store, key), "mode {bits:o}");
        }
        fresh();
        fs::hard_link(&path, &aside).unwrap();
        assert!(is_damaged(&store, key), "two names");
        fresh();
        fs::rename(&path, &aside).unwrap();
        symlink(&aside, &path).unwrap();
        assert!(is_damaged(&store, key), "a link to an authentic file");
        fresh();
        fs::remove_file(&path).unwrap();
        mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        assert!(is_damaged(&store, key), "a pipe");
        fresh();
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(is_damaged(&store, key), "a folder");
        fresh();
        if std::os::unix::fs::chown(&path, Some(12345), None).is_ok() {
            assert!(is_damaged(&store, key), "another owner");
        } else {
            println!("not tried: another owner, as this is not root");
        }
        fresh();
    }

    #[test]
    fn a_directory_that_others_can_use_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cache");
        drop(open(&folder, "secret", LIMITS));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        for mode in [0o701, 0o710, 0o770, 0o755, 0o777] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let secret = Secret::open(&folder.path().join("secret")).unwrap();
            let opened = Store::open(&path, secret, LIMITS);
            assert!(matches!(opened, Err(CacheError::Shared { .. })), "mode {mode:o}");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
        fs::rename(&path, folder.path().join("real")).unwrap();
        symlink(folder.path().join("real"), &path).unwrap();
        let secret = Secret::open(&folder.path().join("secret")).unwrap();
        assert!(
            Store::open(&path, secret, LIMITS).is_err(),
            "a link in the place of the directory"
        );
    }

    #[test]
    fn the_least_recently_used_files_go_first() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&folder, "secret", CacheLimits { files: 32, ..LIMITS });
        let all: Vec<_> = (1..=40).map(artifact).collect();
        let aged = |key: Key, seconds: u64| {
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 + seconds);
            let open = fs::OpenOptions::new().write(true).open(file(&folder, key)).unwrap();
            open.set_modified(time).unwrap();
        };
        for (age, (key, bytes)) in all[..32].iter().enumerate() {
            assert_eq!(store.save(*key, bytes.clone()).unwrap(), 0);
            aged(*key, age as u64);
        }
        // a use makes the oldest the youngest
        assert!(store.load(all[0].0).is_ok());
        assert!(store.save(all[32].0, all[32].1.clone()).unwrap() >= 1);
        assert!(store.load(all[0].0).is_ok(), "it was used");
        assert!(matches!(store.load(all[1].0), Err(Missed::Absent)), "it was the oldest");
        assert!(store.load(all[32].0).is_ok(), "it is new");
        for (key, bytes) in &all {
            store.save(*key, bytes.clone()).unwrap();
            assert!(store.entries().unwrap().len() <= 32);
        }
        let bytes: u64 = store.entries().unwrap().iter().map(|entry| entry.bytes).sum();
        let half = CacheLimits { bytes: bytes / 2, ..LIMITS };
        let store = open(&folder, "secret", half);
        assert!(store.sweep().unwrap() > 0);
        let left: u64 = store.entries().unwrap().iter().map(|entry| entry.bytes).sum();
        assert!(left <= bytes / 2 && left > bytes / 4, "{left} of {bytes}");
    }

    #[test]
    fn what_an_interrupted_process_left_is_swept() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&folder, "secret", LIMITS);
        let (key, bytes) = artifact(1);
        store.save(key, bytes).unwrap();
        let old = folder.path().join("cache/.new-1-0");
        let young = folder.path().join("cache/.new-1-1");
        for path in [&old, &young] {
            fs::write(path, b"half a file").unwrap();
        }
        let file = fs::OpenOptions::new().write(true).open(&old).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        assert_eq!(store.sweep().unwrap(), 1);
        assert!(!old.exists() && young.exists());
        assert!(store.load(key).is_ok());
    }

    #[test]
    fn a_sweep_keeps_files_that_are_being_written() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&folder, "secret", LIMITS);
        let path = folder.path().join("cache/.new-2-0");
        let file = File::create_new(&path).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        flock(&file, FlockOperation::NonBlockingLockExclusive).unwrap();
        assert_eq!(store.sweep().unwrap(), 0);
        assert!(path.exists());
        drop(file);
        // the first search for room sweeps, too
        let (key, bytes) = artifact(1);
        open(&folder, "secret", LIMITS).save(key, bytes).unwrap();
        assert!(!path.exists(), "it takes room for ever");
        assert!(store.load(key).is_ok());
    }
}
