//! Damaged files of the cache are removed and made anew.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;
use std::sync::Mutex;

use bessemer_runtime::{Engine, ErrorKind, Module, Origin};

use crate::harness::{Place, changed, config, expected, grown, numbered, run, runs_right, seal};

#[test]
fn the_second_start_compiles_nothing() {
    let place = Place::new();
    let elf = numbered(1);
    let first = runs_right(&place.config(), &elf);
    assert_eq!(first.origin(), Some(Origin::Compiled));
    let second = runs_right(&place.config(), &elf);
    assert_eq!(second.origin(), Some(Origin::Disk));
    let statistics = second.engine().statistics();
    assert_eq!((statistics.compiles, statistics.disk_hits), (0, 1), "{statistics:?}");
    assert_eq!(first.code().unwrap().bytes(), second.code().unwrap().bytes());
    // and a third module of one engine not even loads
    let again = Module::new(second.engine(), &elf).unwrap();
    assert_eq!(second.engine().statistics().memory_hits, 1);
    assert_eq!(again.code().unwrap().range(), second.code().unwrap().range());
}

/// Damages the one file of a cache, and sees that it is noticed, made anew, and used again.
#[track_caller]
fn rebuilt(what: &str, damage: impl Fn(&Place)) {
    let place = Place::new();
    let elf = numbered(2);
    runs_right(&place.config(), &elf);
    damage(&place);
    let module = runs_right(&place.config(), &elf);
    let statistics = module.engine().statistics();
    assert_eq!(module.origin(), Some(Origin::Compiled), "{what}");
    assert_eq!((statistics.damaged_files, statistics.compiles), (1, 1), "{what}: {statistics:?}");
    let module = runs_right(&place.config(), &elf);
    assert_eq!(module.origin(), Some(Origin::Disk), "{what}: it was not written anew");
}

#[test]
fn every_damage_is_repaired() {
    for at in [0, 5, 64, 88, 92, 140, 200, 4095, 4096, 4100, 5000] {
        rebuilt(&format!("byte {at}"), |place| {
            changed(&place.only_file(), |bytes| bytes[at] ^= 0x40);
        });
    }
    rebuilt("the last byte", |place| {
        changed(&place.only_file(), |bytes| *bytes.last_mut().unwrap() ^= 1);
    });
    for len in [0, 1, 63, 4095, 4096, 5000] {
        rebuilt(&format!("{len} bytes"), |place| {
            changed(&place.only_file(), |bytes| bytes.truncate(len));
        });
    }
    rebuilt("others may write", |place| {
        fs::set_permissions(place.only_file(), fs::Permissions::from_mode(0o646)).unwrap();
    });
    rebuilt("a second name", |place| {
        fs::hard_link(place.only_file(), place.folder.path().join("second")).unwrap();
    });
    rebuilt("a link", |place| {
        let (file, aside) = (place.only_file(), place.folder.path().join("aside"));
        fs::rename(&file, &aside).unwrap();
        symlink(&aside, &file).unwrap();
    });
    rebuilt("a pipe", |place| {
        let file = place.only_file();
        fs::remove_file(&file).unwrap();
        assert!(Command::new("mkfifo").arg(&file).status().unwrap().success());
    });
    rebuilt("an empty folder", |place| {
        let file = place.only_file();
        fs::remove_file(&file).unwrap();
        fs::create_dir(&file).unwrap();
    });
    rebuilt("another secret", |place| {
        fs::remove_file(place.folder.path().join("cache.secret")).unwrap();
    });
}

#[test]
fn swapped_artifacts_are_not_executed() {
    let place = Place::new();
    let (a, b) = (numbered(3), numbered(4));
    runs_right(&place.config(), &a);
    runs_right(&place.config(), &b);
    let files = place.files();
    let aside = place.folder.path().join("aside");
    for (from, to) in [(&files[0], &aside), (&files[1], &files[0]), (&aside, &files[1])] {
        fs::rename(from, to).unwrap();
    }
    for elf in [&a, &b] {
        let module = runs_right(&place.config(), elf);
        assert_eq!(module.engine().statistics().damaged_files, 1);
    }
}

#[test]
fn settings_and_prices_do_not_share_artifacts() {
    use bessemer_isa::GasSchedule;
    use bessemer_runtime::OptLevel;

    let place = Place::new();
    let elf = numbered(5);
    let dear = GasSchedule { alu: 3, ..GasSchedule::V1 };
    let settings = [
        place.config(),
        place.config().gas_schedule(dear),
        place.config().opt_level(OptLevel::None),
        place.config().precise_registers(true),
    ];
    for round in 0..2 {
        for config in &settings {
            let engine = Engine::new(config.clone()).unwrap();
            let module = Module::new(&engine, &elf).unwrap();
            let origin = if round == 0 { Origin::Compiled } else { Origin::Disk };
            assert_eq!(module.origin(), Some(origin));
            let interpreted = config.clone().backend(bessemer_runtime::Backend::Interpreter);
            let interpreted = Module::new(&Engine::new(interpreted).unwrap(), &elf).unwrap();
            assert_eq!(run(&module), run(&interpreted));
        }
    }
    assert_eq!(place.files().len(), settings.len());
}

#[test]
fn a_directory_for_all_is_refused_and_a_bad_secret_switches_the_cache_off() {
    let place = Place::new();
    let elf = numbered(6);
    runs_right(&place.config(), &elf);
    let mode = |path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    mode(place.cache(), 0o755);
    let error = Engine::new(place.config()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Cache(_)), "{error}");
    assert!(error.to_string().contains("0700"), "{error}");
    mode(place.cache(), 0o700);
    let secret = place.folder.path().join("cache.secret");
    mode(secret.clone(), 0o644);
    let module = runs_right(&place.config(), &elf);
    assert!(module.engine().cache().is_none());
    assert_eq!(module.origin(), Some(Origin::Compiled));
    mode(secret, 0o600);
    assert_eq!(runs_right(&place.config(), &elf).origin(), Some(Origin::Disk));
}

#[test]
fn one_in_so_many_loads_is_compiled_again_and_compared() {
    let place = Place::new();
    let elf = numbered(7);
    runs_right(&place.config(), &elf);
    let module = runs_right(&place.config().check_every(1), &elf);
    module.engine().finish_compiling();
    let statistics = module.engine().statistics();
    assert_eq!((statistics.checks, statistics.mismatches), (1, 0));
    let engine = Engine::new(place.config().check_every(10).memory_cache(0)).unwrap();
    for _ in 0..100 {
        drop(Module::new(&engine, &elf).unwrap());
    }
    engine.finish_compiling();
    assert_eq!(engine.statistics().checks, 10);
}

/// What was logged as an error, by any test of this process.
struct Errors(Mutex<Vec<String>>);

static ERRORS: Errors = Errors(Mutex::new(Vec::new()));

impl log::Log for Errors {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.level() == log::Level::Error
    }

    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            self.0.lock().unwrap().push(record.args().to_string());
        }
    }

    fn flush(&self) {}
}

#[test]
fn code_that_is_authentic_and_not_what_the_translator_makes_raises_an_alarm() {
    log::set_logger(&ERRORS).unwrap();
    log::set_max_level(log::LevelFilter::Error);
    let place = Place::new();
    let elf = numbered(9);
    runs_right(&place.config(), &elf);
    // by someone who knows the secret, or by a compiler that does not always do the same
    let file = place.only_file();
    let mut forged = grown(&file, 8);
    seal(&place, &mut forged);
    fs::write(&file, forged).unwrap();
    let engine = Engine::new(place.config().check_every(1)).unwrap();
    let module = Module::new(&engine, &elf).unwrap();
    assert_eq!(module.origin(), Some(Origin::Disk), "it is authentic");
    engine.finish_compiling();
    let statistics = engine.statistics();
    assert_eq!((statistics.checks, statistics.mismatches), (1, 1), "{statistics:?}");
    let key = engine.cache().unwrap().key(&elf).unwrap().to_string();
    let errors = ERRORS.0.lock().unwrap();
    let alarm = errors.iter().find(|error| error.contains(&key)).unwrap();
    assert!(alarm.starts_with("ALARM") && alarm.contains("stop the node"), "{alarm}");
    // neither the file nor the module serves again
    assert_eq!(place.files().len(), 0);
    assert_eq!(Module::new(&engine, &elf).unwrap().origin(), Some(Origin::Compiled));
}

#[test]
fn a_file_with_program_and_code_serves_whoever_knows_its_hash() {
    use bessemer_runtime::{AotError, PortableFile};

    let elf = numbered(8);
    let bytes = PortableFile::write_unsealed(&Engine::new(config()).unwrap(), &elf).unwrap();
    let hash = PortableFile::hash(&bytes);
    let load = |config: &bessemer_runtime::Config, bytes: &[u8]| {
        let file = PortableFile::parse(bytes).unwrap();
        let engine = Engine::new(config.clone()).unwrap();
        let (module, reason) = file.module_with_hash(&engine, &hash).unwrap();
        assert_eq!(run(&module), expected(&elf));
        (module.origin().unwrap(), reason)
    };
    assert_eq!(load(&config(), &bytes), (Origin::File, None));
    // a cache directory and its secret change nothing
    let place = Place::new();
    assert_eq!(load(&place.config(), &bytes), (Origin::File, None));
    let compiled = |reason| (Origin::Compiled, Some(reason));
    assert_eq!(load(&config().precise_registers(true), &bytes), compiled(AotError::Stale));
    // every part of the file counts: code, tables, program, and what stands where a seal would
    for at in [4096 + 17, bytes.len() / 2, bytes.len() - 40, bytes.len() - 1] {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        let file = PortableFile::parse(&changed).unwrap();
        if file.image() == elf {
            assert_eq!(load(&config(), &changed), compiled(AotError::Hash), "byte {at}");
        }
    }
    // and no node takes it for one of its own
    let file = PortableFile::parse(&bytes).unwrap();
    let (_, reason) = file.module(&Engine::new(place.config()).unwrap()).unwrap();
    assert_eq!(reason, Some(AotError::Foreign));
}

#[test]
fn a_file_with_program_and_code_serves_its_own_node_only() {
    use bessemer_runtime::{AotError, PortableFile};

    let (place, elsewhere) = (Place::new(), Place::new());
    let elf = numbered(8);
    let engine = Engine::new(place.config()).unwrap();
    let bytes = PortableFile::write(&engine, &elf).unwrap();
    assert!(PortableFile::parse(&elf).is_none());
    let load = |config: &bessemer_runtime::Config, bytes: &[u8]| {
        let file = PortableFile::parse(bytes).unwrap();
        assert_eq!(file.image(), elf);
        let (module, reason) = file.module(&Engine::new(config.clone()).unwrap()).unwrap();
        assert_eq!(run(&module), expected(&elf));
        (module.origin().unwrap(), reason)
    };
    assert_eq!(load(&place.config(), &bytes), (Origin::File, None));
    let compiled = |reason| (Origin::Compiled, Some(reason));
    assert_eq!(load(&elsewhere.config(), &bytes), compiled(AotError::Foreign));
    assert_eq!(load(&config(), &bytes), compiled(AotError::NoSecret));
    let other = place.config().precise_registers(true);
    assert_eq!(load(&other, &bytes), compiled(AotError::Stale));
    let mut changed = bytes.clone();
    changed[4096 + 17] ^= 1;
    fs::remove_dir_all(place.cache()).unwrap();
    assert_eq!(load(&place.config(), &changed), compiled(AotError::Foreign));
}
