//! Everything between the methods and the chain: versions of the state, and what runs transactions on
//! them. Nothing else in this crate knows the chain.

mod environment;
mod execute;
mod state;
mod trace;
mod world;

pub use bessemer_chain::evm::Checks;

pub use self::environment::Environment;
pub(crate) use self::environment::blob_base_fee;
pub use self::execute::{Engine, Failure, Outcome, Refused, Session};
pub use self::state::{Hand, StateOverride, genesis_state};
pub use self::trace::{Frame, FrameKind, Step, Tracer};
pub use self::world::World;

/// An address as the chain has it.
pub(crate) fn chain_address(address: &alloy_primitives::Address) -> bessemer_chain::Address {
    bessemer_chain::Address::new(address.into_array())
}

/// An address as Ethereum's libraries have it.
pub(crate) fn library_address(address: &bessemer_chain::Address) -> alloy_primitives::Address {
    alloy_primitives::Address::from(*address.as_bytes())
}
