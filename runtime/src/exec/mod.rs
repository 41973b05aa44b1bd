//! How programs execute.

pub(crate) mod drive;
pub(crate) mod frame;
pub(crate) mod host_function;
pub(crate) mod instance;
pub(crate) mod interrupt;
pub(crate) mod linker;
#[allow(unsafe_code, reason = "enters native code and is called back by it")]
pub(crate) mod native;
#[allow(unsafe_code, reason = "handles signals and reads machine contexts")]
#[cfg_attr(
    not(feature = "test-hooks"),
    allow(unreachable_pub, reason = "tests use the handler by itself")
)]
pub mod signal;
