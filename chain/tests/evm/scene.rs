//! Ethereum transactions on a chain, each as a block of its own.

use bessemer_chain::{Address, Chain, Receipt};
use bessemer_evm::Transaction;
use bessemer_evm::alloy_primitives::Address as Theirs;
use bessemer_evm::interpreter::bytecode::opcode as op;

use crate::common::amount;

pub(crate) const GAS: u64 = 10_000_000;

pub(crate) fn theirs(address: Address) -> Theirs {
    Theirs::from(*address.as_bytes())
}

/// Sends an Ethereum transaction.
pub(crate) fn send(
    chain: &mut Chain,
    from: Address,
    to: Option<Address>,
    input: &[u8],
    value: u64,
) -> Receipt {
    send_with(chain, GAS, from, to, input, value)
}

/// The same with another gas limit.
pub(crate) fn send_with(
    chain: &mut Chain,
    gas_limit: u64,
    from: Address,
    to: Option<Address>,
    input: &[u8],
    value: u64,
) -> Receipt {
    let transaction = Transaction {
        chain_id: Some(chain.config().chain_id),
        sender: theirs(from),
        nonce: chain.account(&from).unwrap().nonce,
        gas_limit,
        to: to.map(theirs),
        value: amount(value),
        input: input.to_vec().into(),
        ..Transaction::default()
    };
    let mut block = chain.block();
    let receipt = block.push_ethereum(&transaction, None).unwrap().clone();
    block.commit().unwrap();
    receipt
}

/// Deploys bytecode.
pub(crate) fn deploy(chain: &mut Chain, from: Address, code: &[u8]) -> Address {
    let len = u8::try_from(code.len()).unwrap();
    let mut init = vec![op::PUSH1, len, op::DUP1, op::PUSH1, 11, op::PUSH1, 0, op::CODECOPY];
    init.extend([op::PUSH0, op::RETURN, op::STOP]);
    init.extend(code);
    let receipt = send(chain, from, None, &init, 0);
    assert!(receipt.succeeded(), "{receipt:?}");
    receipt.contract().unwrap()
}
