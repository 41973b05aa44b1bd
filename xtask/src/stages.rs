//! The stages. `.ci/run` runs [`CI`] in this order: what fails often and fast stands first.

use crate::stage::{Stage, Step};

/// The stages that every change must pass.
pub(crate) const CI: &[Stage] = &[
    Stage {
        name: "fmt",
        what: "the sources are formatted",
        steps: &[Step::new("cargo fmt --all --check")],
    },
    Stage {
        name: "demo",
        what: "the first commands of the README",
        steps: &[
            // with the features of the whole workspace, as the tests: so nothing is compiled twice
            Step::new("cargo build --locked --release --workspace --bin bessemer"),
            Step::new("target/release/bessemer demo"),
            Step::new("target/release/bessemer run bench/elf/programs/primes.elf 1000000"),
        ],
    },
    Stage {
        name: "test",
        what: "the README's test command",
        steps: &[Step::new("cargo test --locked --release --workspace")],
    },
    Stage {
        name: "six-commands",
        what: "from nothing to a called contract, timed while nothing else runs",
        steps: &[Step::new(".ci/six-commands target/release/bessemer")],
    },
    Stage {
        name: "ethereum",
        what: "Ethereum's state tests and request-and-answer tests, where they stand beside the repository",
        steps: &[Step::new(".ci/ethereum-tests")],
    },
    Stage {
        name: "clients",
        what: "ethers, viem, web3.js, web3.py and cast see the node as they see anvil",
        steps: &[
            Step::new("node/tests/clients/run.sh").needs("npm --version", "apt-get install npm")
        ],
    },
    Stage {
        name: "clippy",
        what: "no lint complains",
        steps: &[Step::new(
            "cargo clippy --locked --release --workspace --all-targets -- -D warnings",
        )],
    },
    Stage {
        name: "features",
        what: "each default feature can be left out, and all of them",
        steps: &[
            Step::without_features("bessemer-runtime"),
            Step::without_features("bessemer-chain"),
        ],
    },
    Stage {
        name: "docs",
        what: "the documentation builds without a broken link",
        steps: &[Step::new("cargo doc --locked --release --workspace --no-deps")
            .with(&[("RUSTDOCFLAGS", "-D warnings")])],
    },
    Stage {
        name: "package",
        what: "the library crates can be published: metadata, versions, and nothing that is not",
        // what a crate needs must be in it; whether it compiles from there, `deep` tries
        steps: &[Step::new("cargo publish --locked --dry-run --workspace --no-verify")],
    },
    Stage {
        name: "deny",
        what: "licences, sources and duplicates of dependencies are as deny.toml allows",
        steps: &[Step::new("cargo deny --locked check bans licenses sources")
            .needs("cargo deny --version", "cargo install --locked cargo-deny")],
    },
];

/// The stages that take longer, or need more than CI has.
pub(crate) const OTHER: &[Stage] = &[
    Stage {
        name: "deep",
        what: "all cases of all tests, and random programs and call trees for half an hour",
        steps: &[
            Step::new("cargo test --locked --release --workspace").with(&[
                ("BESSEMER_DEEP", "1"),
                ("FUZZ_TIMES", "50"),
                ("PROPTEST_CASES", "10000"),
            ]),
            Step::new(
                "cargo test --locked --release -p bessemer-runtime --no-default-features --test backends",
            ),
            Step::new("cargo publish --locked --dry-run --workspace"),
            Step::new(
                "cargo run --locked --release -p bessemer-conformance -- fuzz --seconds 1200",
            ),
            Step::new(
                "cargo run --locked --release -p bessemer-conformance -- calls --count 100000",
            ),
        ],
    },
    Stage {
        name: "advisories",
        what: "no dependency has a known weakness; fetches the database",
        steps: &[Step::new("cargo deny --locked check advisories")
            .needs("cargo deny --version", "cargo install --locked cargo-deny")],
    },
];
