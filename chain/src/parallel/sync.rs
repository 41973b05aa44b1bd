//! The primitives of synchronization. Tests of schedules put others in their place.

pub(super) use std::sync::{Condvar, Mutex};
