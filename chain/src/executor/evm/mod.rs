//! EVM frames on the executor's stack.

mod calls;
mod host;
mod program;
mod run;

pub(crate) use self::calls::address_of;
pub(super) use self::calls::{first_frame, start_of};
pub(crate) use self::run::EthereumRequest;
pub(super) use self::run::{ended, frame_end};
pub(super) use crate::bytecode::{theirs, to_ethereum, to_riscv, whole};
