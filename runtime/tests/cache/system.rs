//! A system that refuses things costs speed, and nothing else.

use std::env;
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use bessemer_runtime::Origin;

use crate::harness::{Place, config, numbered, runs_right};

/// Tells a test that it is the process which an outer test has started, and where its cache is.
const CACHE: &str = "BESSEMER_TEST_CACHE";

fn inner_cache() -> Option<PathBuf> {
    env::var_os(CACHE).map(PathBuf::from)
}

/// This binary again, with one test.
fn inner(test: &str, place: &Place) -> Command {
    let mut command = Command::new("/bin/sh");
    let line = "trap '' XFSZ; ulimit -f \"$2\"; exec \"$0\" --exact \"$1\" --nocapture";
    let binary = env::current_exe().unwrap();
    command.arg("-c").arg(line).arg(binary).arg(test).env(CACHE, place.cache());
    command
}

#[test]
fn a_full_disk_leaves_no_half_files() {
    if let Some(cache) = inner_cache() {
        let config = config().cache_dir(&cache);
        let module = runs_right(&config, &numbered(1));
        let statistics = module.engine().statistics();
        assert_eq!((statistics.write_failures, statistics.files_written), (1, 0));
        println!("inner test done");
        return;
    }
    let place = Place::new();
    // blocks of 512 bytes: room for the memory of the guest, and for a part of an artifact
    for blocks in ["8", "9", "11"] {
        let mut command = inner("system::a_full_disk_leaves_no_half_files", &place);
        let output = command.arg(blocks).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.contains("inner test done"), "{output:?}");
        assert_eq!(place.files().len(), 0, "{blocks} blocks");
    }
    assert_eq!(runs_right(&place.config(), &numbered(1)).origin(), Some(Origin::Compiled));
    assert_eq!(place.files().len(), 1);
}

#[test]
fn a_directory_that_cannot_be_written_to_still_serves() {
    if let Some(cache) = inner_cache() {
        let config = config().cache_dir(&cache);
        assert_eq!(runs_right(&config, &numbered(2)).origin(), Some(Origin::Disk));
        let module = runs_right(&config, &numbered(3));
        assert_eq!(module.origin(), Some(Origin::Compiled));
        assert_eq!(module.engine().statistics().write_failures, 1);
        println!("inner test done");
        return;
    }
    let place = Place::new();
    runs_right(&place.config(), &numbered(2));
    fs::set_permissions(place.cache(), fs::Permissions::from_mode(0o500)).unwrap();
    let mut command = inner("system::a_directory_that_cannot_be_written_to_still_serves", &place);
    command.arg("unlimited");
    // nothing is read-only to root: go on as another user, if this is root
    let user = 65534;
    let secret = place.folder.path().join("cache.secret");
    let everything = [place.only_file(), place.cache(), secret, place.folder.path().to_owned()];
    if everything.iter().all(|path| chown(path, Some(user), None).is_ok()) {
        command.uid(user);
    }
    let Ok(output) = command.output() else {
        println!("not tried: another user may not start this test");
        return;
    };
    let text = String::from_utf8_lossy(&output.stdout);
    if output.status.code() == Some(126) {
        println!("not tried: another user may not read this test");
        return;
    }
    assert!(output.status.success() && text.contains("inner test done"), "{output:?}");
    assert_eq!(place.files().len(), 1);
}

#[test]
fn a_cache_that_cannot_be_made_costs_speed_only() {
    let place = Place::new();
    fs::write(place.folder.path().join("file"), b"").unwrap();
    for below in ["file/cache", "file"] {
        let config = config()
            .cache_dir(place.folder.path().join(below))
            .cache_secret(place.folder.path().join("secret"));
        let module = runs_right(&config, &numbered(4));
        assert!(module.engine().cache().is_none());
        assert_eq!(module.origin(), Some(Origin::Compiled));
    }
    let inside = place.config().cache_secret(place.cache().join("secret"));
    assert!(runs_right(&inside, &numbered(4)).engine().cache().is_none());
    let config = place.config().cache_secret(place.folder.path().join("file/secret"));
    assert!(runs_right(&config, &numbered(4)).engine().cache().is_none());
}
