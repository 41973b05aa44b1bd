//! Both engines say the same, and `diff` finds it.

mod common;

use common::{bench, bessemer, code, json, stdout};

/// All images of the bench, with a small n.
fn images() -> Vec<(String, &'static str)> {
    let mut images = Vec::new();
    for folder in [".", "imac"] {
        let entries = std::fs::read_dir(bench(folder)).expect("the images are in the repository");
        for entry in entries {
            let name = entry.expect("readable").file_name().into_string().expect("text");
            if name.ends_with(".elf") {
                images.push((bench(&format!("{folder}/{name}")), "3"));
            }
        }
    }
    assert!(images.len() >= 20, "only {} images", images.len());
    images
}

#[test]
fn all_workloads_agree_on_every_engine() {
    for (image, n) in images() {
        let output = bessemer(&["diff", "--json", &image, n]);
        let document = json(&output);
        assert_eq!(code(&output), 0, "{image}: {document:#}");
        assert_eq!(document["schema"], "bessemer.diff/1");
        assert_eq!(document["agree"], true);
        assert_eq!(document["variants"].as_array().map(Vec::len), Some(4));
    }
}

#[test]
fn registers_after_a_trap_are_shown_whatever_executed() {
    for args in [&["trap.elf"][..], &["primes.elf", "--gas=5000"]] {
        let [jit, interp] = ["jit", "interp"].map(|backend| {
            let image = bench(&format!("programs/{}", args[0]));
            let mut line = vec!["run", "--json", "--backend", backend];
            line.extend(&args[1..]);
            line.push(&image);
            json(&bessemer(&line))
        });
        for field in ["outcome", "registers", "pc", "gas_used", "memory_sha256", "stdout"] {
            assert_eq!(jit[field], interp[field], "{args:?}: {field}");
        }
        assert!(jit["registers"].is_object(), "{args:?}");
    }
}

#[test]
fn agreement_does_not_depend_on_how_the_program_ends() {
    for args in [
        &["diff", &bench("programs/trap.elf")][..],
        &["diff", "--gas", "1000", &bench("programs/primes.elf")],
        &["diff", "--gas", "0", &bench("programs/primes.elf")],
    ] {
        let output = bessemer(args);
        assert_eq!(code(&output), 0, "{args:?}");
        assert_eq!(stdout(&output).matches("agrees").count(), 4);
    }
}

#[test]
fn everything_observable_is_the_same_on_both_back_ends() {
    for program in ["programs/hello.elf", "programs/primes.elf", "fib.elf", "imac/token.elf"] {
        let run = |backend| {
            let output = bessemer(&["run", "--json", "--backend", backend, &bench(program), "7"]);
            json(&output)
        };
        let (jit, interp) = (run("jit"), run("interp"));
        assert_eq!((&jit["backend"], &interp["backend"]), (&"jit".into(), &"interp".into()));
        for field in
            ["outcome", "stdout", "gas_used", "gas_left", "pc", "registers", "memory_sha256"]
        {
            assert_eq!(jit[field], interp[field], "{program}: {field}");
        }
        assert!(interp["instructions"].as_u64() > Some(10));
        assert!(jit["instructions"].is_null());
        assert!(jit["code_bytes"].as_u64() > Some(0));
    }
}

#[test]
fn optimisation_levels_agree() {
    for level in ["none", "speed"] {
        let args = ["run", "--json", "--opt-level", level, &bench("programs/primes.elf"), "1000"];
        let document = json(&bessemer(&args));
        assert_eq!(document["opt_level"], level);
        assert_eq!(document["stdout"], "168 primes below 1000\n");
    }
}
