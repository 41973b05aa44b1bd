//! Calls between contracts.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use bessemer_abi::codes::status;
use bessemer_abi::limits::CALL_DEPTH;
use bessemer_types::{Address, U256, revert};

use super::record;
use super::world::{Code, End, Frame, change, end, ended, with};

#[track_caller]
pub(crate) fn call(to: &[u8; 20], value: &[u8; 32], data: &[u8], _gas: u64) -> u32 {
    let to = Address::new(*to);
    let value = U256::from_le_bytes(*value);
    let (caller, read_only) = with(|world| (world.frame().address, world.frame().read_only));
    if read_only && value != U256::ZERO {
        end(End::Trap("a read-only call sends value"));
    }
    let frame =
        Frame { address: to, caller, value, input: data.to_vec(), read_only, ..Frame::default() };
    let step = record::begin("call", to, value, data);
    if !is_called() {
        let _ = take_nonce();
    }
    recorded(step, enter(to, frame, Some(caller)))
}

#[track_caller]
pub(crate) fn static_call(to: &[u8; 20], data: &[u8], _gas: u64) -> u32 {
    let address = Address::new(*to);
    let caller = with(|world| world.frame().address);
    let frame =
        Frame { address, caller, input: data.to_vec(), read_only: true, ..Frame::default() };
    let step = record::begin("query", address, U256::ZERO, data);
    recorded(step, enter(address, frame, None))
}

pub(crate) fn delegate_call(to: &[u8; 20], data: &[u8], _gas: u64) -> u32 {
    let frame = with(|world| {
        let frame = world.frame();
        Frame {
            address: frame.address,
            caller: frame.caller,
            value: frame.value,
            input: data.to_vec(),
            output: Vec::new(),
            read_only: frame.read_only,
            // the state belongs to a contract that runs already and has decided who may enter it
            reentry: frame.reentry,
        }
    });
    enter(Address::new(*to), frame, None)
}

pub(crate) fn upload(_: &[u8], _: &mut [u8; 32]) -> u32 {
    panic!("an image cannot run natively: use testing::upload in native tests")
}

#[track_caller]
pub(crate) fn create(
    hash: &[u8; 32],
    value: &[u8; 32],
    data: &[u8],
    address: &mut [u8; 20],
) -> u32 {
    let step = record::begin("create", Address::ZERO, U256::from_le_bytes(*value), data);
    let step = step.map(|step| step.code(hash, None));
    let (creator, nonce) = take_nonce();
    let seed = by_nonce(&creator, nonce);
    recorded(step, found(&seed, *hash, *value, data, address))
}

#[track_caller]
pub(crate) fn create2(
    hash: &[u8; 32],
    value: &[u8; 32],
    data: &[u8],
    salt: &[u8; 32],
    address: &mut [u8; 20],
) -> u32 {
    let step = record::begin("create", Address::ZERO, U256::from_le_bytes(*value), data);
    let step = step.map(|step| step.code(hash, Some(salt)));
    let (creator, _) = take_nonce();
    let seed = [&[0xff], creator.as_bytes().as_slice(), salt, hash].concat();
    recorded(step, found(&seed, *hash, *value, data, address))
}

/// Whether a contract runs that was called, and not the test itself, whose calls are transactions.
pub(crate) fn is_called() -> bool {
    with(|world| world.frames.len() > 1)
}

/// Uses up the next nonce of the running contract, or of the user that the test acts as.
fn take_nonce() -> (Address, u64) {
    change(|world| {
        let creator = world.frame().address;
        let nonce = &mut world.account(creator).nonce;
        *nonce += 1;
        (creator, *nonce - 1)
    })
}

/// Completes the record of a step.
fn recorded(step: Option<record::Step>, status: u32) -> u32 {
    if let Some(step) = step {
        step.end(status);
    }
    status
}

/// The bytes whose hash is the address of a new contract, as on a chain: the RLP list of creator and
/// nonce.
fn by_nonce(creator: &Address, nonce: u64) -> Vec<u8> {
    let digits = nonce.to_be_bytes();
    let digits = digits.get(nonce.leading_zeros() as usize / 8..).unwrap_or_default();
    let mut list = vec![0, 0x80 + 20];
    list.extend_from_slice(creator.as_bytes());
    match digits {
        [digit @ ..0x80] => list.push(*digit),
        _ => {
            list.push(0x80 + digits.len() as u8);
            list.extend_from_slice(digits);
        }
    }
    list[0] = 0xc0 + (list.len() - 1) as u8;
    list
}

/// Creates a contract at the address that follows from the seed.
fn found(seed: &[u8], hash: [u8; 32], value: [u8; 32], data: &[u8], created: &mut [u8; 20]) -> u32 {
    let mut digest = [0; 32];
    super::keccak256(seed, &mut digest);
    let address = digest.last_chunk().copied().map(Address::new).unwrap_or_default();
    let Some(code) = with(|world| world.uploaded.get(&hash).copied()) else {
        return status::UNKNOWN_CODE;
    };
    if with(|world| world.account(address).code.is_some()) {
        return status::OCCUPIED;
    }
    let value = U256::from_le_bytes(value);
    let caller = with(|world| world.frame().address);
    let frame = Frame { address, caller, value, input: data.to_vec(), ..Frame::default() };
    // as on a chain, where the first contract that a contract creates has the number 1
    with(|world| world.account(address).nonce = 1);
    let status = run(Some(code), frame, Some(caller), true);
    if status == status::RETURN {
        *created = address.to_bytes();
        with(|world| world.account(address).code = Some(code));
    }
    status
}

/// Runs the code of an account in a frame.
fn enter(code: Address, frame: Frame, payer: Option<Address>) -> u32 {
    // only value is sent to an account without code
    let needs_code = payer.is_none() || !frame.input.is_empty();
    let running = with(|world| {
        let mut frames = world.frames.iter().skip(1);
        code == frame.address && frames.any(|running| running.address == code && !running.reentry)
    });
    if running {
        return status::REENTRY;
    }
    let code = with(|world| world.account(code).code);
    if code.is_none() && needs_code {
        return status::NO_CODE;
    }
    run(code, frame, payer, false)
}

fn run(code: Option<Code>, frame: Frame, payer: Option<Address>, creating: bool) -> u32 {
    if with(|world| world.frames.len() > CALL_DEPTH as usize) {
        return status::DEPTH;
    }
    let before = with(|world| world.state.clone());
    let (to, value) = (frame.address, frame.value);
    if let Some(payer) = payer
        && !with(|world| world.pay(payer, to, value))
    {
        return status::BALANCE;
    }
    with(|world| world.frames.push(frame));
    quiet();
    let outcome = match code {
        Some(code) => catch_unwind(AssertUnwindSafe(|| (code.run)(creating))),
        None => Ok(()),
    };
    with(|world| world.frames.pop());
    let (status, output) = match outcome.map_err(ended) {
        Ok(()) => (status::RETURN, Vec::new()),
        Err(End::Return(data)) => (status::RETURN, data),
        Err(End::Revert(data)) => (status::REVERT, data),
        Err(End::Trap(_)) => (status::TRAP, Vec::new()),
    };
    with(|world| {
        if status != status::RETURN {
            world.state = before;
        }
        world.frame().output = output;
    });
    status
}

thread_local! {
    /// Where the last panic of a contract was.
    static PLACE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// The panic of a contract is an outcome and no failure of the test: it is not printed.
fn quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let report = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if with(|world| world.frames.len() > 1) {
                let place = info.location().map(|place| (place.file(), place.line()));
                let (file, line) = place.unwrap_or_default();
                PLACE.set(format!("{file}:{line}"));
            } else {
                report(info);
            }
        }));
    });
}

/// The revert data of a panic.
pub(super) fn panicked(payload: &(dyn Any + Send)) -> Vec<u8> {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    revert::error(&format!("{} ({})", text.unwrap_or_default(), PLACE.take()))
}
