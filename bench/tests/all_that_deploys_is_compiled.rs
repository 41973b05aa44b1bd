//! What can be deployed has native code, of no more bytes than the loader takes it to have (rule L29).

#![allow(clippy::unwrap_used, reason = "this file holds only tests")]

use bessemer_bench::{Profile, bombs, elf, workloads};
use bessemer_image::{Limits, LoadError, Program};
use bessemer_isa::{GasSchedule, NativeEstimate};
use bessemer_translator::{Options, translate};

/// The estimate of a program, and the bytes of its native code.
fn sizes(name: &str, image: &[u8], limits: &Limits) -> (u64, u64) {
    let program = Program::parse(image, limits).unwrap();
    let charges = program.charges(&GasSchedule::V1);
    let artifact = translate(&program, &charges, &Options::default()).expect(name);
    let (estimate, native) =
        (program.native_bytes(&NativeEstimate::V1), artifact.code().len() as u64);
    let limit = Options::default().native_limit(program.text().slot_count());
    assert!(native <= limit as u64, "{name}: {native} bytes, a limit of {limit}");
    (estimate, native)
}

#[test]
fn hostile_programs_have_no_more_native_code_than_estimated() {
    for bomb in bombs::ALL {
        for words in [16, 500, 6_000] {
            let name = format!("{} of {words} words", bomb.name);
            let (estimate, native) = sizes(&name, &bomb.image(words), &Limits::bare());
            // the shared parts of small programs
            assert!(native <= estimate + 4096, "{name}: {native} bytes, {estimate} estimated");
        }
    }
}

/// The largest that can be deployed is compiled as fast as small ones: the rest is linear.
#[test]
fn hostile_programs_of_every_size_are_deployed_and_compiled_or_refused() {
    let mut refused = 0;
    for bomb in bombs::ALL {
        let image = bomb.image((512 << 10) / 4);
        match Program::parse(&image, &Limits::contract()) {
            Ok(_) => {}
            Err(LoadError::TooMuchNativeCode { native, limit, .. }) => {
                assert!(native > limit);
                refused += 1;
            }
            // tables that contracts have no room for
            Err(LoadError::DataTooLarge { .. } | LoadError::FileTooLarge { .. }) => {}
            Err(error) => panic!("{}: {error}", bomb.name),
        }
    }
    assert!(refused >= 20, "{refused} families are refused at 512 KiB");
}

#[test]
fn honest_programs_have_wide_room() {
    let contracts = bessemer_contracts::EXAMPLES.iter();
    let contracts = contracts.map(|contract| (contract.name, contract.elf));
    let limits = Limits::contract();
    let mut count = 0;
    for (name, image) in contracts {
        let (estimate, native) = sizes(name, image, &limits);
        assert!(native <= estimate / 2 + 8192, "{name}: {native} bytes, {estimate} estimated");
        let limit = u64::from(limits.native_bytes.unwrap());
        assert!(estimate * 3 <= limit, "{name}: {estimate} of {limit}");
        count += 1;
    }
    assert!(count >= 20, "only {count} contracts");
    for workload in workloads::ALL {
        for profile in Profile::ALL {
            let name = format!("{} {profile:?}", workload.name);
            let image = elf(workload.name, profile);
            let (estimate, native) = sizes(&name, image, &Limits::bare());
            assert!(native <= estimate / 2 + 8192, "{name}: {native} bytes, {estimate} estimated");
        }
    }
}
