//! Native code of more bytes than a program of its length may have is never executed, wherever it
//! comes from.

use std::fs;

use bessemer_image::{ImageBuilder, Profile};
use bessemer_runtime::{
    Backend, Compilation, Engine, EngineStatistics, ErrorKind, Exit, Module, Origin,
};
use bessemer_translator::{Options, TranslateError};

use crate::harness::{Place, expected, grown, numbered, run, seal};

/// A program with more than 64 KiB of native code, which ends with a trap.
fn large() -> Vec<u8> {
    let branch_to_the_next = 0x0000_0263_u32.to_le_bytes();
    ImageBuilder::new(Profile::rv32(false)).text(0x1_0000, branch_to_the_next.repeat(6_000)).build()
}

#[test]
fn a_program_that_would_have_more_is_interpreted() {
    let place = Place::new();
    let elf = large();
    let config = place.config().native_per_slot(1);
    let engine = Engine::new(config.clone()).unwrap();
    let error = Module::new(&engine, &elf).unwrap_err();
    let ErrorKind::Translate(TranslateError::TooLarge { size, limit, slots }) = error.kind() else {
        panic!("{error}");
    };
    assert_eq!((*limit, *slots), ((64 << 10) + 6_000, 6_000));
    assert!(size > limit && *size < limit + 64_000, "it goes on and on: {error}");
    let eager = config.backend(Backend::Auto).compilation(Compilation::Eager);
    let engine = Engine::new(eager).unwrap();
    let module = Module::new(&engine, &elf).unwrap();
    assert!(module.code().is_none());
    assert_eq!(run(&module), expected(&elf));
    assert_eq!(engine.statistics().compile_failures, 1);
    assert_eq!(place.files().len(), 0);
    // with the limit that everyone has, it is compiled
    let module = Module::new(&Engine::new(place.config()).unwrap(), &elf).unwrap();
    assert_eq!(run(&module), expected(&elf));
    let rule = Options::default().native_limit(6_000);
    assert!(module.code().unwrap().bytes().len() <= rule / 2, "the limit is near");
}

#[test]
fn a_program_that_would_have_more_is_compiled_once_and_not_again_however_long_it_runs() {
    let branch_to_the_next = 0x0000_0263_u32.to_le_bytes();
    let mut text = branch_to_the_next.repeat(6_000);
    // j -24000, to the first
    text.extend(0xa40f_a06f_u32.to_le_bytes());
    let elf = ImageBuilder::new(Profile::rv32(false)).text(0x1_0000, text).build();
    let config = crate::harness::config().native_per_slot(1).backend(Backend::Auto);
    let engine = Engine::new(config).unwrap();
    let module = Module::new(&engine, &elf).unwrap();
    engine.finish_compiling();
    assert_eq!(engine.statistics().compile_failures, 1);
    // three times what is interpreted before an instance waits for code
    let gas = 300_000_000;
    let mut instance = crate::harness::instance(&module);
    instance.set_gas(gas).unwrap();
    assert!(matches!(instance.run().unwrap(), Exit::OutOfGas { .. }));
    assert!(module.statistics().interpreted_gas > gas / 2, "{:?}", module.statistics());
    let EngineStatistics { compile_failures, compiles_awaited, .. } = engine.statistics();
    assert_eq!((compile_failures, compiles_awaited), (1, 0));
}

/// Multiples of the alignment of tables: the first is allowed, the second is not.
fn sizes(elf: &[u8]) -> [(usize, bool); 2] {
    let engine = Engine::new(crate::harness::config()).unwrap();
    let module = Module::new(&engine, elf).unwrap();
    let limit = Options::default().native_limit(module.program().text().slot_count());
    let more = (limit - module.code().unwrap().bytes().len()) & !7;
    [(more, true), (more + 8, false)]
}

#[test]
fn a_file_with_more_is_refused_although_it_is_authentic() {
    let elf = numbered(1);
    for (more, fits) in sizes(&elf) {
        let place = Place::new();
        drop(Module::new(&Engine::new(place.config()).unwrap(), &elf).unwrap());
        let file = place.only_file();
        let mut bytes = grown(&file, more);
        seal(&place, &mut bytes);
        fs::write(&file, bytes).unwrap();
        let engine = Engine::new(place.config()).unwrap();
        let module = Module::new(&engine, &elf).unwrap();
        let origin = if fits { Origin::Disk } else { Origin::Compiled };
        assert_eq!(module.origin(), Some(origin), "{more} bytes more");
        assert_eq!(engine.statistics().damaged_files, u64::from(!fits));
        assert_eq!(run(&module), expected(&elf));
    }
}

#[test]
fn a_compiler_process_that_gives_more_is_refused() {
    let elf = numbered(2);
    for (more, fits) in sizes(&elf) {
        let place = Place::new();
        drop(Module::new(&Engine::new(place.config()).unwrap(), &elf).unwrap());
        let bytes = grown(&place.only_file(), more);
        let answer = place.folder.path().join("answer");
        // variant 0 of an answer: an artifact
        let message = postcard::to_stdvec(&(0_u32, serde_bytes::Bytes::new(&bytes))).unwrap();
        fs::write(&answer, message).unwrap();
        fs::remove_file(place.only_file()).unwrap();
        let config = place
            .config()
            .backend(Backend::Auto)
            .compilation(Compilation::Eager)
            .compiler_command(["/bin/cat".into(), answer.into_os_string()]);
        let engine = Engine::new(config).unwrap();
        let module = Module::new(&engine, &elf).unwrap();
        assert_eq!(module.code().is_some(), fits, "{more} bytes more");
        assert_eq!(engine.statistics().compile_failures, u64::from(!fits));
        assert_eq!(run(&module), expected(&elf));
    }
}
