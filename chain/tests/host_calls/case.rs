//! What a row says: valid arguments, and every way in which a step can fail.

use bessemer_abi::{Effect, HostCall, Kind};
use bessemer_chain::{AccessList, Status};
use bessemer_isa::TrapKind;

use crate::common::{DATA, PRICES, TEXT};
use crate::probe::{DATA_BYTES, Done, Try};

/// Bytes of a range whose length is an argument, unless a test wants another.
pub(crate) const LENGTH: u32 = 3;

/// A step of rule G6 that fails, in the order of the rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    /// The base charge cannot be paid.
    Base,
    /// The frame is read-only.
    ReadOnly,
    /// The length of this argument is above its cap.
    Cap(usize),
    /// The range of this argument may not be used.
    Range(usize, Bad),
    /// Nothing was declared.
    Access,
    /// The lengths, and what state costs, cannot be paid.
    Lengths,
}

/// How a range is bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Bad {
    /// Nothing is mapped at its begin.
    Unmapped,
    /// Nothing is mapped at its end.
    Tail,
    /// It would go on behind the last address.
    Wraps,
    /// It can only be read, and the call writes.
    ReadOnly,
}

/// Registers of an argument: which, and how they begin.
pub(crate) fn register(call: HostCall, argument: usize) -> usize {
    call.row().arguments[..argument].iter().map(|argument| argument.kind.registers()).sum()
}

/// Arguments with which the call passes steps 1 to 4: ranges of zeros that do not overlap.
pub(crate) fn valid(call: HostCall) -> Vec<u32> {
    let mut registers = Vec::new();
    for (index, argument) in call.row().arguments.iter().enumerate() {
        let place = DATA + 0x1000 * (index as u32 + 1);
        match argument.kind {
            Kind::Number => registers.push(0),
            Kind::Wide => registers.extend([0, 0]),
            Kind::Bytes { .. } | Kind::Items { .. } | Kind::Buffer { .. } => {
                registers.extend([place, LENGTH]);
            }
            Kind::In { .. } | Kind::Out { .. } | Kind::SameIn | Kind::SameOut => {
                registers.push(place);
            }
        }
    }
    registers
}

/// What a call with these lengths costs in step 5, on state that nobody used.
pub(crate) fn price(call: HostCall, arguments: &[u32]) -> u64 {
    let (row, prices) = (call.row(), PRICES);
    let length = |argument| u64::from(arguments[register(call, argument) + 1]);
    let lengths = row.arguments.iter().enumerate().map(|(index, argument)| match argument.kind {
        Kind::Bytes { .. } | Kind::Buffer { .. } => length(index) * u64::from(row.per_byte),
        Kind::Items { .. } => length(index) * u64::from(row.per_item),
        _ => 0,
    });
    let more = match call {
        HostCall::Balance
        | HostCall::CodeHash
        | HostCall::Call
        | HostCall::StaticCall
        | HostCall::DelegateCall => prices.cold_account,
        HostCall::StorageGet | HostCall::StorageRemove => prices.cold_storage,
        HostCall::StorageSet => {
            let bytes = length(0) + length(1);
            prices.cold_storage + prices.new_value + bytes * prices.state_byte
        }
        // what the receipt keeps of the transaction's own frame
        HostCall::Finish | HostCall::Revert | HostCall::Panic => length(0) * prices.receipt_byte,
        HostCall::Emit => (32 * length(0) + length(1)) * prices.receipt_byte,
        HostCall::Upload => length(0) * prices.code_byte,
        HostCall::Create | HostCall::Create2 => prices.cold_account + prices.new_account,
        HostCall::Grow => u64::from(arguments[0]) * u64::from(PRICES.guest.grown_page),
        _ => 0,
    };
    lengths.sum::<u64>() + more
}

/// Every way in which a step of the call can fail, in the order of the steps.
pub(crate) fn steps(call: HostCall) -> Vec<Step> {
    let row = call.row();
    let mut steps = vec![Step::Base];
    if row.effect == Effect::State {
        steps.push(Step::ReadOnly);
    }
    for (index, argument) in row.arguments.iter().enumerate() {
        if cap(argument.kind).is_some() {
            steps.push(Step::Cap(index));
        }
    }
    for (index, argument) in row.arguments.iter().enumerate() {
        let read = [Bad::Unmapped, Bad::Tail, Bad::Wraps];
        match argument.kind {
            Kind::Number | Kind::Wide => {}
            Kind::Out { .. } | Kind::Buffer { .. } | Kind::SameOut => {
                steps.extend(read.map(|bad| Step::Range(index, bad)));
                steps.push(Step::Range(index, Bad::ReadOnly));
            }
            _ => steps.extend(read.map(|bad| Step::Range(index, bad))),
        }
    }
    if uses_state(call) {
        steps.push(Step::Access);
    }
    if price(call, &valid(call)) != 0 {
        steps.push(Step::Lengths);
    }
    steps
}

/// Whether the call uses accounts or storage beside those of the frame.
fn uses_state(call: HostCall) -> bool {
    use HostCall as H;
    matches!(
        call,
        H::Balance
            | H::CodeHash
            | H::StorageGet
            | H::StorageSet
            | H::StorageRemove
            | H::Call
            | H::StaticCall
            | H::DelegateCall
            | H::Create
            | H::Create2
    )
}

/// The cap on the length of an argument.
pub(crate) fn cap(kind: Kind) -> Option<u32> {
    match kind {
        Kind::Bytes { max } | Kind::Items { max, .. } | Kind::Buffer { max } => Some(max),
        _ => None,
    }
}

/// A try in which these steps fail, and no other.
pub(crate) fn failing(call: HostCall, failing: &[Step]) -> Try {
    let mut arguments = valid(call);
    for step in failing {
        match *step {
            Step::Cap(index) => {
                let cap = cap(call.row().arguments[index].kind).unwrap();
                arguments[register(call, index) + 1] = cap + 1;
            }
            Step::Range(index, bad) => arguments[register(call, index)] = bad_pointer(bad),
            _ => {}
        }
    }
    let base = u64::from(call.row().base);
    let price = price(call, &arguments);
    let mut what = Try::of(call, &arguments);
    what.gas = base + price;
    if failing.contains(&Step::Lengths) {
        what.gas -= 1;
    }
    if failing.contains(&Step::Base) {
        what.gas = base - 1;
    }
    what.read_only = failing.contains(&Step::ReadOnly);
    what.access = failing.contains(&Step::Access).then(AccessList::default);
    what
}

fn bad_pointer(bad: Bad) -> u32 {
    match bad {
        Bad::Unmapped => 0xdead_0000,
        Bad::Tail => DATA + DATA_BYTES - 2,
        Bad::Wraps => u32::MAX - 1,
        Bad::ReadOnly => TEXT,
    }
}

/// Asserts that the frame ended with this step and nothing else happened.
pub(crate) fn assert_ends(call: HostCall, step: Step, what: &Try, done: &Done, context: &str) {
    let base = u64::from(call.row().base);
    let (status, trap, addr, used) = match step {
        Step::Base | Step::Lengths => (Status::OutOfGas, None, None, what.gas),
        Step::ReadOnly => (Status::Trap, Some(TrapKind::StaticViolation), None, base),
        Step::Cap(_) => (Status::Trap, Some(TrapKind::HostLimit), None, base),
        Step::Range(_, bad) => {
            let addr = match bad {
                Bad::Tail => DATA + DATA_BYTES,
                bad => bad_pointer(bad),
            };
            (Status::Trap, Some(TrapKind::BadPointer), Some(addr), base)
        }
        Step::Access => (Status::Trap, Some(TrapKind::AccessViolation), None, base),
    };
    let expected = Done { status, trap, addr, at_call: true, used, output: Vec::new() };
    assert_eq!(*done, expected, "{}: {context}\n{what:x?}", call.row().name);
}
