//! Semantics and prices are the chain's, not the engine's, and code that was compiled for others is
//! not taken for the chain's (rule G11).

use std::path::Path;

use bessemer_chain::Chain;
use bessemer_image::Limits;
use bessemer_isa::GasSchedule;
use bessemer_runtime::{Backend, Config, Engine, Module, Origin};

use crate::common::BACKENDS;
use crate::common::script::{Script, deploy_script, script_code};

/// Prices that no chain has.
fn other() -> GasSchedule {
    GasSchedule { id: 77, run_base: 9, alu: 5, ecall: 1_000, page: 3, ..GasSchedule::V1 }
}

fn engine(backend: Backend, schedule: GasSchedule, folder: &Path) -> Engine {
    let config = Config::new().backend(backend).gas_schedule(schedule);
    Engine::new(config.cache_dir(folder.join("cache")).memory_cache(0)).unwrap()
}

#[test]
fn an_engine_with_other_prices_gives_the_receipts_of_the_chains() {
    let folder = tempfile::tempdir().unwrap();
    let run = |backend, schedule| {
        let mut chain = Chain::in_memory(&engine(backend, schedule, folder.path())).unwrap();
        let alice = chain.user("alice").unwrap();
        let contract = deploy_script(&mut chain, alice);
        let mut script = Script::new();
        let at = script.space(8);
        script.repeat(20, "storage_set", &[at, 8, at, 8]).host("gas_left", &[at]);
        script.host("emit", &[0, 0, at, 8]);
        (script.send(&mut chain, alice, contract), chain.state_digest().unwrap())
    };
    let expected = run(BACKENDS[0], GasSchedule::V1);
    for backend in BACKENDS {
        for schedule in [GasSchedule::V1, GasSchedule::V2, other()] {
            assert_eq!(run(backend, schedule), expected, "{backend:?}, schedule {}", schedule.id);
        }
    }
}

#[test]
fn native_code_for_other_prices_is_not_the_chains() {
    let folder = tempfile::tempdir().unwrap();
    let origin = |schedule| {
        let config = Config::new().backend(Backend::Jit).gas_schedule(schedule);
        let config = config.limits(Limits::contract()).memory_cache(0);
        let config = config.cache_dir(folder.path().join("cache"));
        Module::new(&Engine::new(config).unwrap(), &script_code()).unwrap().origin()
    };
    assert_eq!(origin(other()), Some(Origin::Compiled));
    assert_eq!(origin(GasSchedule::V1), Some(Origin::Compiled), "the other prices' code was taken");
    assert_eq!(origin(GasSchedule::V1), Some(Origin::Disk));
    assert_eq!(origin(other()), Some(Origin::Disk));
}
