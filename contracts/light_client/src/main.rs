//! The image.

#![cfg_attr(any(target_arch = "riscv32", target_arch = "riscv64"), no_std, no_main)]

bessemer_sdk::entry!(light_client::LightClient);
