//! Where tests let system calls fail, as `bessemer_translator::fault` says. Without the feature
//! `test-hooks` nothing fails.

#[cfg(feature = "test-hooks")]
pub(crate) use bessemer_translator::fault::inject;

/// Stands in front of each system call.
#[cfg(not(feature = "test-hooks"))]
#[inline]
pub(crate) fn inject() -> std::io::Result<()> {
    Ok(())
}
