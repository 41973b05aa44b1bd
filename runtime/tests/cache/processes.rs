//! Many processes use one directory.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime};

use bessemer_runtime::{Engine, Module};

use crate::harness::{Place, config, expected, numbered, run};

/// Tells a test that it is the process which an outer test has started, and where its cache is.
const CACHE: &str = "BESSEMER_TEST_SHARED_CACHE";
/// How many programs the processes share.
const PROGRAMS: u32 = 12;

fn inner_cache() -> Option<PathBuf> {
    env::var_os(CACHE).map(PathBuf::from)
}

/// This binary again, with one test.
fn start(test: &str, place: &Place) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(CACHE, place.cache())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// All files are artifacts that can be loaded, one for each program; nothing is unfinished.
#[track_caller]
fn is_whole(place: &Place) {
    let engine = Engine::new(place.config()).unwrap();
    let cache = engine.cache().unwrap();
    let entries = cache.entries().unwrap();
    for entry in &entries {
        cache.verify(entry).unwrap_or_else(|error| panic!("{}: {error}", entry.key));
    }
    assert_eq!(entries.len(), place.files().len(), "{:?}", place.files());
    for number in 0..PROGRAMS {
        let elf = numbered(number);
        assert_eq!(run(&Module::new(&engine, &elf).unwrap()), expected(&elf));
    }
    let statistics = engine.statistics();
    assert_eq!((statistics.compiles, statistics.damaged_files), (0, 0), "{statistics:?}");
    assert_eq!(entries.len(), PROGRAMS as usize);
}

#[test]
fn processes_that_start_together_share_one_secret_and_whole_files() {
    if let Some(cache) = inner_cache() {
        let engine = Engine::new(config().cache_dir(&cache)).unwrap();
        for round in 0..3 {
            for number in 0..PROGRAMS {
                let elf = numbered(number);
                let module = Module::new(&engine, &elf).unwrap();
                assert_eq!(run(&module), expected(&elf), "program {number}, round {round}");
            }
        }
        let statistics = engine.statistics();
        assert_eq!((statistics.damaged_files, statistics.write_failures), (0, 0), "{statistics:?}");
        println!("compiled {}", statistics.compiles);
        return;
    }
    let place = Place::new();
    let test = "processes::processes_that_start_together_share_one_secret_and_whole_files";
    let all: Vec<Child> = (0..6).map(|_| start(test, &place)).collect();
    all.into_iter().for_each(|process| ends_well(process, "compiled "));
    is_whole(&place);
}

#[track_caller]
fn ends_well(process: Child, says: &str) {
    let output = process.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains(says), "{output:?}");
}

#[test]
fn readers_see_whole_files_or_none_while_others_write_and_remove() {
    if let Some(cache) = inner_cache() {
        let engine = Engine::new(config().cache_dir(&cache).memory_cache(0)).unwrap();
        let cache = engine.cache().unwrap();
        for _ in 0..25 {
            for number in 0..PROGRAMS {
                let elf = numbered(number);
                let _ = cache.remove(cache.key(&elf).unwrap());
                assert_eq!(run(&Module::new(&engine, &elf).unwrap()), expected(&elf));
            }
        }
        let statistics = engine.statistics();
        assert_eq!((statistics.damaged_files, statistics.write_failures), (0, 0), "{statistics:?}");
        println!("written {}", statistics.files_written);
        return;
    }
    let place = Place::new();
    let test = "processes::readers_see_whole_files_or_none_while_others_write_and_remove";
    let mut writers: Vec<Child> = (0..3).map(|_| start(test, &place)).collect();
    let engine = Engine::new(place.config()).unwrap();
    let cache = engine.cache().unwrap();
    let mut read = 0;
    while writers.iter_mut().any(|writer| writer.try_wait().unwrap().is_none()) {
        for entry in cache.entries().unwrap() {
            cache.verify(&entry).unwrap_or_else(|error| panic!("{}: {error}", entry.key));
            read += 1;
        }
    }
    assert!(read > 1000, "only {read} files were read");
    writers.into_iter().for_each(|writer| ends_well(writer, "written"));
    is_whole(&place);
}

#[test]
fn processes_that_are_killed_leave_nothing_that_is_used() {
    if let Some(cache) = inner_cache() {
        // writes without an end
        loop {
            let engine = Engine::new(config().cache_dir(&cache)).unwrap();
            let cache = engine.cache().unwrap();
            for number in 0..PROGRAMS {
                let elf = numbered(number);
                let module = Module::new(&engine, &elf).unwrap();
                assert_eq!(run(&module), expected(&elf), "program {number}");
                let _ = cache.remove(cache.key(&elf).unwrap());
            }
        }
    }
    let place = Place::new();
    let test = "processes::processes_that_are_killed_leave_nothing_that_is_used";
    for round in 0..40_u32 {
        let mut processes = [start(test, &place), start(test, &place)];
        // somewhere in the middle: a program of its own is compiled and run meanwhile, again and again
        for number in 0..=round % 8 {
            let elf = numbered(1000 + round * 8 + number);
            assert_eq!(
                run(&Module::new(&Engine::new(config()).unwrap(), &elf).unwrap()),
                expected(&elf)
            );
        }
        for process in &mut processes {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }
    // what they left unfinished goes when it is old
    let long_ago = SystemTime::now() - Duration::from_secs(120);
    let unfinished =
        |path: &PathBuf| path.file_name().unwrap().as_encoded_bytes().starts_with(b".new-");
    for path in place.files().iter().filter(|path| unfinished(path)) {
        fs::OpenOptions::new().write(true).open(path).unwrap().set_modified(long_ago).unwrap();
    }
    let engine = Engine::new(place.config()).unwrap();
    for number in 0..PROGRAMS {
        let elf = numbered(number);
        assert_eq!(run(&Module::new(&engine, &elf).unwrap()), expected(&elf));
    }
    assert_eq!(engine.statistics().damaged_files, 0, "half a file had a name");
    engine.cache().unwrap().sweep().unwrap();
    is_whole(&place);
}
