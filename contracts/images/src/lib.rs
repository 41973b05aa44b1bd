//! The prebuilt images of the example contracts.
//!
//! They are committed, so that tests and the demo need no toolchain for RISC-V. `cargo run -p
//! bessemer-contracts --bin build-contracts` builds them from source; with `--check` it only says
//! which differ.

#![forbid(unsafe_code)]

/// An example contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Example {
    /// The name of its folder and of its image.
    pub name: &'static str,
    /// The image, an ELF file for RV32IMAC.
    pub elf: &'static [u8],
}

macro_rules! examples {
    ($($name:literal)*) => {
        /// All example contracts, by name.
        pub const EXAMPLES: &[Example] = &[$(Example {
            name: $name,
            elf: include_bytes!(concat!("../elf/", $name, ".elf")),
        }),*];
    };
}

examples! {
    "allocator_demo" "attacker" "call_program" "counter" "dex" "ecdsa_verify" "erc20" "erc721"
    "factory" "lib_import" "light_client" "logging" "multi_func" "multisig" "native_transfer" "proxy"
    "simple" "storage" "vault" "victim"
}

/// The image of this name.
#[must_use]
pub fn image(name: &str) -> Option<&'static [u8]> {
    EXAMPLES.iter().find(|example| example.name == name).map(|example| example.elf)
}

/// The code in pages of the book for embedders, tested.
#[cfg(doctest)]
mod book {
    #[doc = include_str!("../../../docs/embedding.md")]
    struct Embedding;

    #[doc = include_str!("../../../docs/gas.md")]
    struct Gas;
}
