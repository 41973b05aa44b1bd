//! Random bytecode that gets somewhere: mostly valid instructions on small numbers and known accounts.

use bessemer_evm::alloy_primitives::Address;
use bessemer_evm::interpreter::bytecode::opcode as op;
use fastrand::Rng;

/// Instructions without special needs.
const PLAIN: &[u8] = &[
    op::ADD,
    op::MUL,
    op::SUB,
    op::DIV,
    op::SDIV,
    op::MOD,
    op::SMOD,
    op::ADDMOD,
    op::MULMOD,
    op::EXP,
    op::SIGNEXTEND,
    op::LT,
    op::GT,
    op::SLT,
    op::SGT,
    op::EQ,
    op::ISZERO,
    op::AND,
    op::OR,
    op::XOR,
    op::NOT,
    op::BYTE,
    op::SHL,
    op::SHR,
    op::SAR,
    op::CLZ,
    op::KECCAK256,
    op::ADDRESS,
    op::BALANCE,
    op::ORIGIN,
    op::CALLER,
    op::CALLVALUE,
    op::CALLDATALOAD,
    op::CALLDATASIZE,
    op::CALLDATACOPY,
    op::CODESIZE,
    op::CODECOPY,
    op::GASPRICE,
    op::EXTCODESIZE,
    op::EXTCODECOPY,
    op::RETURNDATASIZE,
    op::RETURNDATACOPY,
    op::EXTCODEHASH,
    op::BLOCKHASH,
    op::COINBASE,
    op::TIMESTAMP,
    op::NUMBER,
    op::DIFFICULTY,
    op::GASLIMIT,
    op::CHAINID,
    op::SELFBALANCE,
    op::BASEFEE,
    op::BLOBHASH,
    op::BLOBBASEFEE,
    op::POP,
    op::MLOAD,
    op::MSTORE,
    op::MSTORE8,
    op::SLOAD,
    op::SSTORE,
    op::PC,
    op::MSIZE,
    op::GAS,
    op::JUMPDEST,
    op::TLOAD,
    op::TSTORE,
    op::MCOPY,
    op::PUSH0,
    op::DUP1,
    op::DUP2,
    op::DUP3,
    op::SWAP1,
    op::SWAP2,
    op::LOG0,
    op::LOG1,
    op::LOG2,
    op::LOG3,
    op::LOG4,
];

/// Bytecode of up to about `len` instructions, which uses these accounts.
pub(crate) fn bytecode(random: &mut Rng, len: usize, accounts: &[Address]) -> Vec<u8> {
    let mut code = Vec::new();
    for _ in 0..random.usize(1..=len) {
        match random.u8(..100) {
            0..35 => number(random, &mut code),
            35..70 => {
                // arguments first, most often, so that little underflows
                for _ in 0..random.usize(0..4) {
                    number(random, &mut code);
                }
                code.push(PLAIN[random.usize(..PLAIN.len())]);
            }
            70..78 => {
                number(random, &mut code);
                number(random, &mut code);
                code.push(if random.bool() { op::SSTORE } else { op::TSTORE });
            }
            78..90 => call(random, &mut code, accounts),
            90..94 => create(random, &mut code, accounts),
            94..96 => {
                address(random, &mut code, accounts);
                code.push(op::SELFDESTRUCT);
            }
            96..98 => {
                number(random, &mut code);
                number(random, &mut code);
                code.push(if random.bool() { op::RETURN } else { op::REVERT });
            }
            _ => code.push(random.u8(..)),
        }
    }
    code
}

fn number(random: &mut Rng, code: &mut Vec<u8>) {
    match random.u8(..8) {
        0..3 => code.extend([op::PUSH1, random.u8(..4)]),
        3..6 => code.extend([op::PUSH1, random.u8(..96)]),
        6 => code.extend([op::PUSH2, random.u8(..2), random.u8(..)]),
        _ => {
            let len = random.usize(1..=32);
            code.push(op::PUSH1 + len as u8 - 1);
            code.extend((0..len).map(|_| random.u8(..)));
        }
    }
}

fn address(random: &mut Rng, code: &mut Vec<u8>, accounts: &[Address]) {
    code.push(op::PUSH20);
    code.extend(accounts[random.usize(..accounts.len())]);
}

fn call(random: &mut Rng, code: &mut Vec<u8>, accounts: &[Address]) {
    let kind = [op::CALL, op::CALLCODE, op::DELEGATECALL, op::STATICCALL][random.usize(..4)];
    // output and input
    for _ in 0..4 {
        code.extend([op::PUSH1, random.u8(..70)]);
    }
    if matches!(kind, op::CALL | op::CALLCODE) {
        code.extend([op::PUSH1, if random.bool() { 0 } else { random.u8(..3) }]);
    }
    address(random, code, accounts);
    match random.u8(..3) {
        0 => code.push(op::GAS),
        1 => code.extend([op::PUSH2, random.u8(..), random.u8(..)]),
        _ => code.extend([op::PUSH3, random.u8(..8), random.u8(..), random.u8(..)]),
    }
    code.push(kind);
}

/// Copies calldata or code to memory and creates from it, or from a constructor that is short.
fn create(random: &mut Rng, code: &mut Vec<u8>, accounts: &[Address]) {
    let mut init = bytecode(random, 4, accounts);
    init.truncate(random.usize(0..=32));
    if !init.is_empty() {
        code.push(op::PUSH1 + init.len() as u8 - 1);
        code.extend(&init);
        code.extend([op::PUSH0, op::MSTORE]);
    }
    let salted = random.bool();
    if salted {
        code.extend([op::PUSH1, random.u8(..3)]);
    }
    code.extend([op::PUSH1, init.len() as u8]);
    code.extend([op::PUSH1, 32_u8.saturating_sub(init.len() as u8)]);
    code.extend([op::PUSH1, random.u8(..2)]);
    code.push(if salted { op::CREATE2 } else { op::CREATE });
}
