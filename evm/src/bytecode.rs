//! Bytecode, ready to be interpreted.

use alloy_primitives::{Address, Bytes};
use revm_interpreter::bytecode::Bytecode;

use crate::fork::{Fork, Rules};

/// The first bytes of the code of an account that runs the code of another (EIP-7702).
const DELEGATION: [u8; 3] = [0xef, 0x01, 0x00];

/// The account whose code runs instead of this one (EIP-7702); `None` for all other code.
pub fn delegation_target(code: &[u8]) -> Option<Address> {
    let target = code.strip_prefix(&DELEGATION)?;
    (target.len() == 20).then(|| Address::from_slice(target))
}

/// The code of an account that runs the code of another (EIP-7702).
pub fn designator_of(target: &Address) -> [u8; 23] {
    let mut code = [0; 23];
    code[..3].copy_from_slice(&DELEGATION);
    code[3..].copy_from_slice(target.as_slice());
    code
}

/// Analyses bytecode.
///
/// Bytes that begin as a delegation does are one only since EIP-7702; state from before may hold any.
pub fn bytecode(rules: &Rules, code: &[u8]) -> Bytecode {
    match delegation_target(code) {
        Some(target) if rules.has(Fork::Prague) => Bytecode::new_eip7702(target),
        _ => Bytecode::new_legacy(Bytes::copy_from_slice(code)),
    }
}
