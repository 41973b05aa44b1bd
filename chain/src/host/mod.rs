//! The host calls of contracts: what each row of the table does.
//!
//! A call goes through the steps of rule G6. The runtime's linker does step 1. [`Service::begin`] does
//! steps 2 and 3 as far as the row says them, the call's own check does the rest of step 3, and
//! [`Service::check_ranges`] does step 4. The body pays step 5 by [`Service::pay`] and then acts.

mod bulk;
mod calls;
mod context;
mod cryptography;
mod environment;
mod output;
mod service;
mod session;
mod storage;

use bessemer_abi::HostCall;
use bessemer_runtime::{Caller, Engine, Error, HostResult, Linker};

#[cfg(feature = "evm")]
pub(crate) use calls::NewFile;
pub(crate) use calls::{Entry, EntryEffect, NewCode, Program, Request};
pub(crate) use context::{Context, Frame};
pub(crate) use output::RETURNED;
pub(crate) use service::Service;
pub(crate) use session::{Session, SharedSession};

/// A check of step 3 that the row cannot say: a result code or a trap, without ranges.
type Check = fn(&mut Service<'_>) -> HostResult<Option<u32>>;

/// Steps 5 and 6 of a host call.
type Body = fn(&mut Service<'_>) -> HostResult<u32>;

/// The host functions of contracts on this engine.
pub(crate) fn linker(engine: &Engine) -> Result<Linker<Context>, Error> {
    let mut linker = Linker::new(engine);
    for &call in HostCall::ALL {
        let Some((check, body)) = meaning(call) else { continue };
        let row = call.row();
        linker.func(row.number, row.name, move |caller: Caller<'_, Context>| {
            let session = caller.data().session();
            let session = &mut *session.borrow_mut();
            let mut service = Service::begin(caller, session, row)?;
            if let Some(code) = check(&mut service)? {
                return Ok(code);
            }
            service.check_ranges()?;
            body(&mut service)
        })?;
    }
    Ok(linker)
}

/// The body of a call. A row without a body does not compile. `None` for a call of a family of
/// cryptography that this build leaves out: its number is unknown then.
fn meaning(call: HostCall) -> Option<(Check, Body)> {
    use HostCall as H;
    let nothing: Check = |_| Ok(None);
    let meaning: (Check, Body) = match call {
        H::InputSize => (nothing, output::input_size),
        H::InputCopy => (nothing, output::input_copy),
        H::Finish => (nothing, output::finish),
        H::Revert => (nothing, output::revert_with),
        H::Panic => (nothing, output::panic),
        H::OutputSize => (nothing, output::output_size),
        H::OutputCopy => (nothing, output::output_copy),

        H::GasLeft => (nothing, environment::gas_left),
        H::AllowReentry => (nothing, environment::allow_reentry),
        H::Caller => (nothing, environment::caller),
        H::Origin => (nothing, environment::origin),
        H::OwnAddress => (nothing, environment::own_address),
        H::Value => (nothing, environment::value),
        H::Balance => (nothing, environment::balance),
        H::BlockNumber => (nothing, environment::block_number),
        H::Timestamp => (nothing, environment::timestamp),
        H::ChainId => (nothing, environment::chain_id),
        H::CodeHash => (nothing, environment::code_hash),

        H::StorageGet => (nothing, storage::get),
        H::StorageSet => (storage::may_write, storage::set),
        H::StorageRemove => (storage::may_write, storage::remove),
        H::TransientGet => (nothing, storage::transient_get),
        H::TransientSet => (storage::may_write, storage::transient_set),
        H::TransientRemove => (storage::may_write, storage::transient_remove),
        H::Emit => (storage::may_emit, storage::emit),
        H::Log => (nothing, storage::log),

        H::Call => (calls::depth, calls::call),
        H::StaticCall => (calls::depth, calls::static_call),
        H::DelegateCall => (calls::depth, calls::delegate_call),
        H::Upload => (nothing, calls::upload),
        H::Create => (calls::may_create, calls::create),
        H::Create2 => (calls::may_create, calls::create2),

        H::Grow => (bulk::may_grow, bulk::grow),
        H::Copy => (nothing, bulk::copy),
        H::Fill => (nothing, bulk::fill),
        H::Compare => (nothing, bulk::compare),

        H::Keccak256 => (nothing, cryptography::keccak256),
        H::Sha256 => (nothing, cryptography::sha256),
        H::Ripemd160 => (nothing, cryptography::ripemd160),
        H::Blake3 => (nothing, cryptography::blake3),
        H::Blake2f => (nothing, cryptography::blake2f),
        #[cfg(feature = "secp256k1")]
        H::Secp256k1Recover => (nothing, cryptography::secp256k1_recover),
        #[cfg(feature = "secp256k1")]
        H::Secp256k1Verify => (nothing, cryptography::secp256k1_verify),
        #[cfg(feature = "p256")]
        H::P256Verify => (nothing, cryptography::p256_verify),
        #[cfg(feature = "ed25519")]
        H::Ed25519Verify => (nothing, cryptography::ed25519_verify),
        #[cfg(feature = "bn254")]
        H::Bn254Add => (nothing, cryptography::bn254_add),
        #[cfg(feature = "bn254")]
        H::Bn254Mul => (nothing, cryptography::bn254_mul),
        #[cfg(feature = "bn254")]
        H::Bn254Pairing => (nothing, cryptography::bn254_pairing),
        #[cfg(feature = "bls")]
        H::BlsVerify => (nothing, cryptography::bls_verify),
        #[cfg(feature = "bls")]
        H::BlsAggregate => (nothing, cryptography::bls_aggregate),
        #[cfg(feature = "modexp")]
        H::Modexp => (nothing, cryptography::modexp),

        #[cfg(not(feature = "secp256k1"))]
        H::Secp256k1Recover | H::Secp256k1Verify => return None,
        #[cfg(not(feature = "p256"))]
        H::P256Verify => return None,
        #[cfg(not(feature = "ed25519"))]
        H::Ed25519Verify => return None,
        #[cfg(not(feature = "bn254"))]
        H::Bn254Add | H::Bn254Mul | H::Bn254Pairing => return None,
        #[cfg(not(feature = "bls"))]
        H::BlsVerify | H::BlsAggregate => return None,
        #[cfg(not(feature = "modexp"))]
        H::Modexp => return None,
    };
    Some(meaning)
}
