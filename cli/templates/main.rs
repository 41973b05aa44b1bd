//! The image.

#![cfg_attr(target_arch = "riscv32", no_std, no_main)]

bessemer_sdk::entry!({{crate}}::{{contract}});
