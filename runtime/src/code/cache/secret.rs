//! The secret of a node, and the authentication codes made with it.

use std::fmt;
use std::fs::{File, create_dir_all};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode, OFlags, RenameFlags, fstat, openat, renameat_with, unlink};
use rustix::process::geteuid;
use rustix::rand::{GetRandomFlags, getrandom};

use crate::error::CacheError;

/// The key that authenticates the artifacts of a node.
pub(crate) struct Secret {
    key: [u8; 32],
}

impl Secret {
    /// Reads the secret; makes it, and its folder, if there is none.
    ///
    /// The secret allows to have code executed, so that a file which others can read or
    /// replace is refused.
    pub(crate) fn open(path: &Path) -> Result<Self, CacheError> {
        let failed = |source| CacheError::Secret { path: path.to_owned(), source };
        match Self::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Self::create(path).map_err(failed)?;
                Self::read(path).map_err(failed)
            }
            other => other.map_err(failed),
        }
    }

    fn read(path: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let file = openat(CWD, path, flags, Mode::empty())?;
        let stat = fstat(&file)?;
        let refused = |reason| Err(io::Error::new(io::ErrorKind::PermissionDenied, reason));
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile || stat.st_nlink != 1 {
            return refused("it is not a regular file with one name");
        }
        if stat.st_uid != geteuid().as_raw() {
            return refused("it belongs to another user");
        }
        if stat.st_mode & 0o077 != 0 {
            return refused("others may use it; its mode must be 0600");
        }
        let mut secret = Vec::with_capacity(LEN + 1);
        File::from(file).take(LEN as u64 + 1).read_to_end(&mut secret)?;
        if secret.len() != LEN {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "it is not 32 bytes long"));
        }
        let context = "bessemer 2026-11 artifact authentication";
        Ok(Self { key: blake3::derive_key(context, &secret) })
    }

    /// Makes a secret under another name and gives it its own if no other process has been faster.
    fn create(path: &Path) -> io::Result<()> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            create_dir_all(folder)?;
        }
        let mut secret = [0; LEN];
        random(&mut secret)?;
        let mut name = [0; 8];
        random(&mut name)?;
        let mut temporary = path.as_os_str().to_owned();
        temporary.push(format!(".{:016x}", u64::from_le_bytes(name)));
        let temporary = PathBuf::from(temporary);
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut file = File::from(openat(CWD, &temporary, flags, Mode::RUSR | Mode::WUSR)?);
        let written = file.write_all(&secret).and_then(|()| file.sync_all());
        let named = written.and_then(|()| {
            renameat_with(CWD, &temporary, CWD, path, RenameFlags::NOREPLACE).map_err(Into::into)
        });
        match named {
            Err(error) => {
                let _ = unlink(&temporary);
                let exists = error.kind() == io::ErrorKind::AlreadyExists;
                if exists { Ok(()) } else { Err(error) }
            }
            Ok(()) => Ok(()),
        }
    }

    /// The authentication code of a file.
    pub(crate) fn authenticate(&self, file: &[u8]) -> blake3::Hash {
        blake3::keyed_hash(&self.key, file)
    }
}

/// Fills in random bytes.
pub(super) fn random(bytes: &mut [u8]) -> io::Result<()> {
    // so few bytes come at once or not at all
    let got = getrandom(&mut *bytes, GetRandomFlags::empty())?;
    if got == bytes.len() { Ok(()) } else { Err(io::ErrorKind::Interrupted.into()) }
}

/// Does not show the key.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret").finish_non_exhaustive()
    }
}

/// Bytes of a secret.
const LEN: usize = 32;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::thread;

    use super::*;

    #[test]
    fn a_secret_is_made_once_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/secret");
        let made: Vec<_> = thread::scope(|scope| {
            let threads: Vec<_> =
                (0..8).map(|_| scope.spawn(|| Secret::open(&path).unwrap().key)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(made.iter().all(|key| *key == made[0]), "two secrets");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no left-overs");
        let other = Secret::open(&folder.path().join("other")).unwrap();
        assert_ne!(other.key, made[0]);
        let code = other.authenticate(b"abc");
        assert_eq!(code, other.authenticate(b"abc"));
        assert_ne!(code, other.authenticate(b"abd"));
        assert_ne!(code, Secret { key: made[0] }.authenticate(b"abc"));
    }

    #[test]
    fn a_secret_that_others_could_know_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        Secret::open(&at("good")).unwrap();
        fs::write(at("short"), [1; 31]).unwrap();
        fs::write(at("long"), [1; 33]).unwrap();
        fs::write(at("open"), [1; 32]).unwrap();
        for (name, mode) in [("short", 0o600), ("long", 0o600), ("open", 0o640)] {
            fs::set_permissions(at(name), fs::Permissions::from_mode(mode)).unwrap();
        }
        symlink(at("good"), at("link")).unwrap();
        fs::create_dir(at("folder")).unwrap();
        for name in ["short", "long", "open", "link", "folder"] {
            assert!(Secret::open(&at(name)).is_err(), "{name}");
        }
        fs::hard_link(at("good"), at("second")).unwrap();
        assert!(Secret::open(&at("good")).is_err(), "a second name");
    }
}
