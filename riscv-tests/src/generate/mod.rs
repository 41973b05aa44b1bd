//! Programs to run: so far, encoders for tests.

pub(crate) mod encode;
