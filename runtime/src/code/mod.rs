//! How programs come by native code.

pub(crate) mod cache;
pub(crate) mod provider;
pub(crate) mod queue;
pub(crate) mod worker;
