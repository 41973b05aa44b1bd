//! Finds the tools of others that Bessemer works with.
//!
//! * [`rust`]: a Rust compiler that builds programs for RISC-V. `bessemer build`, the builder of the
//!   example images and the builder of the guest workloads all use this one.
//! * [`remap`]: names for folders of this machine, so that no program contains its paths.
//! * [`stand_in`]: what cargo runs in place of the compiler, so that programs do not depend on the folder.
//! * [`Tool`]: single commands, for instance GNU binutils and qemu, and the Debian package of each.
//! * [`tests`]: what a test does when a tool is missing. It says so and passes, or it fails if
//!   [`tests::REQUIRE`] is set, as it is in continuous integration.

#![forbid(unsafe_code)]

pub mod remap;
pub mod rust;
pub mod stand_in;
pub mod tests;
mod tool;

pub use tool::Tool;
