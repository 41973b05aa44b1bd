//! Calls, creations and payments of other contracts.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use bessemer_abi::codes::status;
use bessemer_types::revert::Revert;
use bessemer_types::{
    Address, Bytes, DecodeFields, EncodeFields, FixedBytes, decode, encode_behind, zeroed,
};

use crate::contract::CustomError;
use crate::number::U256;
use crate::{crypto, env, host};

/// The target of a call, with its value and its gas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// The contract.
    pub address: Address,
    /// The value that is sent.
    pub value: U256,
    /// The gas that the callee gets at most.
    pub gas: u64,
}

impl Target {
    /// A contract, without value and with all gas that may be passed on.
    pub const fn new(address: Address) -> Self {
        Self { address, value: U256::ZERO, gas: u64::MAX }
    }
}

/// A call that did not return. The callee's changes are undone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// The status of the call, one of [`bessemer_abi::codes::status`].
    pub status: u32,
    /// The revert data, if the callee reverted.
    pub data: Vec<u8>,
}

/// The error of functions that have none of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoError {}

impl CustomError for NoError {
    const ITEMS: &'static [bessemer_types::interface::Item] = &[];

    fn encode(&self) -> Vec<u8> {
        match *self {}
    }

    fn decode(_: &[u8]) -> Option<Self> {
        None
    }
}

/// Why a function of another contract did not return: the error of the `try_` functions of clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure<E = NoError> {
    /// Its own error.
    Error(E),
    /// `Error(string)`: a panic, or a requirement of a contract in Solidity.
    Message(String),
    /// `Panic(uint256)` with Solidity's code: 0x11 for a result out of range, 0x12 for a division by 0,
    /// or another.
    Panic(U256),
    /// Another revert.
    Revert(Bytes),
    /// It trapped.
    Trap,
    /// Its gas was too small.
    OutOfGas,
    /// It was not called: too many calls are nested.
    Depth,
    /// It was not called: this contract has less than the value.
    Balance,
    /// It was not called: there is no contract at the address.
    NoCode,
    /// It was not called: it is running already, and does not allow to be entered again.
    Reentry,
    /// It was not created, for the reason that the status says.
    NotCreated(u32),
}

impl<E: CustomError> From<Failed> for Failure<E> {
    fn from(failed: Failed) -> Self {
        match failed.status {
            status::REVERT => match (E::decode(&failed.data), Revert::decode(&failed.data)) {
                (Some(error), _) => Self::Error(error),
                (None, Some(Revert::Error(message))) => Self::Message(message.to_owned()),
                (None, Some(Revert::Panic(code))) => Self::Panic(U256::of(code)),
                _ => Self::Revert(Bytes(failed.data)),
            },
            status::TRAP => Self::Trap,
            status::OUT_OF_GAS => Self::OutOfGas,
            status::DEPTH => Self::Depth,
            status::BALANCE => Self::Balance,
            status::NO_CODE => Self::NoCode,
            status::REENTRY => Self::Reentry,
            status => Self::NotCreated(status),
        }
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason())
    }
}

impl core::error::Error for Failed {}

impl Failed {
    const fn reason(&self) -> &'static str {
        match self.status {
            status::REVERT => "the called contract reverted",
            status::TRAP => "the called contract trapped",
            status::OUT_OF_GAS => "the called contract ran out of gas",
            status::DEPTH => "the call is nested too deeply",
            status::BALANCE => "the balance is smaller than the value of the call",
            status::NO_CODE => "there is no contract at the called address",
            status::REENTRY => "the called contract is running already",
            status::OCCUPIED => "the address of the new contract is taken",
            status::UNKNOWN_CODE => "the code of the new contract was not uploaded",
            status::REJECTED => "the code is no contract",
            _ => "the contract was not created",
        }
    }

    /// Makes this call fail in the same way: with the callee's revert data, or with a message if it did
    /// not revert.
    pub fn pass_on(&self) -> ! {
        if self.status == status::REVERT {
            env::revert(&self.data)
        }
        env::panic(self.reason().as_bytes())
    }
}

/// Calls a contract with input that is encoded already.
///
/// # Errors
///
/// It did not return.
#[cfg_attr(not(any(target_arch = "riscv32", target_arch = "riscv64")), track_caller)]
pub fn call(target: &Target, input: &[u8]) -> Result<Vec<u8>, Failed> {
    let value = target.value.to_le_bytes();
    outcome(host::call(target.address.as_bytes(), &value, input, target.gas))
}

/// Calls a contract that, with all it calls, must not change anything. The value is not sent.
///
/// # Errors
///
/// It did not return.
#[cfg_attr(not(any(target_arch = "riscv32", target_arch = "riscv64")), track_caller)]
pub fn static_call(target: &Target, input: &[u8]) -> Result<Vec<u8>, Failed> {
    outcome(host::static_call(target.address.as_bytes(), input, target.gas))
}

/// Runs another contract's code on the state of this one, with caller and value of this call.
///
/// # Errors
///
/// It did not return.
pub fn delegate_call(code: Address, input: &[u8]) -> Result<Vec<u8>, Failed> {
    outcome(host::delegate_call(code.as_bytes(), input, u64::MAX))
}

/// Sends value to an account.
///
/// # Errors
///
/// The balance is too small, or a contract refused it.
#[cfg_attr(not(any(target_arch = "riscv32", target_arch = "riscv64")), track_caller)]
pub fn transfer(to: Address, amount: U256) -> Result<(), Failed> {
    call(&Target { value: amount, ..Target::new(to) }, &[]).map(drop)
}

/// Stores the code of a contract, for [`create`], and returns its hash.
///
/// # Errors
///
/// It is not a contract.
pub fn upload(code: &[u8]) -> Result<FixedBytes<32>, Failed> {
    let mut hash = [0; 32];
    match host::upload(code, &mut hash) {
        0 => Ok(FixedBytes(hash)),
        status => Err(Failed { status, data: Vec::new() }),
    }
}

/// Creates a contract from uploaded code. The address follows from this account and its nonce.
///
/// # Errors
///
/// It was not created.
#[cfg_attr(not(any(target_arch = "riscv32", target_arch = "riscv64")), track_caller)]
pub fn create(
    code: FixedBytes<32>,
    value: U256,
    arguments: &impl EncodeFields,
) -> Result<Address, Failed> {
    let mut address = [0; 20];
    let arguments = bessemer_types::encode(arguments);
    outcome(host::create(&code.0, &value.to_le_bytes(), &arguments, &mut address))?;
    Ok(Address::new(address))
}

/// Like [`create`]; the address follows from this account, the salt and the code hash, as
/// [`create2_address`] computes it. **It does not follow from the constructor's arguments**, unlike
/// that of Solidity's `new C{salt: s}(arguments)`: whoever chooses the arguments for a salt that others
/// rely on decides what is at that address. To bind the address to the arguments, use the salt that
/// [`salt_with`] returns.
///
/// # Errors
///
/// It was not created.
#[cfg_attr(not(any(target_arch = "riscv32", target_arch = "riscv64")), track_caller)]
pub fn create2(
    code: FixedBytes<32>,
    salt: FixedBytes<32>,
    value: U256,
    arguments: &impl EncodeFields,
) -> Result<Address, Failed> {
    let mut address = [0; 20];
    let arguments = bessemer_types::encode(arguments);
    let value = value.to_le_bytes();
    outcome(host::create2(&code.0, &value, &arguments, &salt.0, &mut address))?;
    Ok(Address::new(address))
}

/// Where [`create2`] of a creator puts a contract: the last 20 bytes of the Keccak-256 hash of `0xff`,
/// creator, salt and code hash.
pub fn create2_address(creator: Address, salt: FixedBytes<32>, code: FixedBytes<32>) -> Address {
    let mut seed = [0xff; 85];
    let parts = [creator.as_bytes().as_slice(), &salt.0, &code.0];
    seed.iter_mut().skip(1).zip(parts.into_iter().flatten()).for_each(|(to, from)| *to = *from);
    crypto::keccak256(&seed).last_chunk().copied().map(Address::new).unwrap_or_default()
}

/// A salt that binds the constructor's arguments: the Keccak-256 hash of a salt and the encoded
/// arguments.
pub fn salt_with(salt: FixedBytes<32>, arguments: &impl EncodeFields) -> FixedBytes<32> {
    FixedBytes(crypto::keccak256(&encode_behind(&salt.0, arguments)))
}

fn outcome(status: u32) -> Result<Vec<u8>, Failed> {
    let data = match status {
        status::RETURN | status::REVERT => {
            let mut data = zeroed(host::output_size() as usize);
            host::output_copy(0, &mut data);
            data
        }
        _ => Vec::new(),
    };
    if status == status::RETURN { Ok(data) } else { Err(Failed { status, data }) }
}

/// A call of a client: encodes the arguments, calls, decodes the results.
#[doc(hidden)]
#[cfg_attr(not(any(target_arch = "riscv32", target_arch = "riscv64")), track_caller)]
pub fn invoke<R: for<'a> DecodeFields<'a>>(
    target: &Target,
    view: bool,
    selector: [u8; 4],
    arguments: &impl EncodeFields,
) -> Result<Option<R>, Failed> {
    let input = encode_behind(&selector, arguments);
    let output = if view { static_call(target, &input) } else { call(target, &input) };
    output.map(|output| {
        // without results nothing is decoded, as in Solidity
        let output = if R::BODY == 0 { &[] } else { output.as_slice() };
        decode(output).ok()
    })
}

/// Returns the results. If the callee failed, the caller fails in the same way. A test has no caller: there
/// this is a panic at the line of the test, with the error and its fields.
#[doc(hidden)]
#[cfg_attr(not(any(target_arch = "riscv32", target_arch = "riscv64")), track_caller)]
pub fn results<R, E: CustomError>(
    _function: &'static str,
    outcome: Result<Option<R>, Failed>,
) -> R {
    match outcome {
        Ok(Some(results)) => results,
        Ok(None) => undecodable(),
        #[cfg(not(any(target_arch = "riscv32", target_arch = "riscv64")))]
        Err(failed) if !host::is_called() => {
            panic!("{_function} failed: {:?}", Failure::<E>::from(failed))
        }
        Err(failed) => failed.pass_on(),
    }
}

/// Returns the results, or why the callee failed. If the callee returned results that do not match the
/// interface, the caller reverts, and the callee's effects with it, as in Solidity.
#[doc(hidden)]
pub fn try_results<R, E: CustomError>(outcome: Result<Option<R>, Failed>) -> Result<R, Failure<E>> {
    Ok(outcome.map_err(Failure::from)?.unwrap_or_else(|| undecodable()))
}

#[cold]
#[inline(never)]
fn undecodable() -> ! {
    env::panic(b"the called contract returned something else than its interface says")
}
