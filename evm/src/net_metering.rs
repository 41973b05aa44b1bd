//! Constantinople's gas for SSTORE (EIP-1283), which Petersburg took back and the interpreter does not
//! have. Its formula is that of EIP-2200 with other prices, and without the floor of 2,300.

use revm_interpreter::bytecode::opcode::SSTORE;
use revm_interpreter::context_interface::cfg::{GasId, GasParams};
use revm_interpreter::instructions::host::sstore_with_gas_accounting;
use revm_interpreter::interpreter::EthInterpreter;
use revm_interpreter::{
    Host, Instruction, InstructionContext, InstructionExecResult, InstructionResult,
    InstructionTable, instruction_table,
};

/// The price of a write that changes nothing, or what was changed already.
const UNCHANGED: u64 = 200;
const SET: u64 = 20_000;
const RESET: u64 = 5_000;

/// Petersburg's prices with those of EIP-1283.
pub(crate) fn prices(mut params: GasParams) -> GasParams {
    params.override_gas([
        (GasId::sstore_static(), UNCHANGED),
        (GasId::sstore_set_without_load_cost(), SET - UNCHANGED),
        (GasId::sstore_reset_without_cold_load_cost(), RESET - UNCHANGED),
        (GasId::sstore_set_refund(), SET - UNCHANGED),
        (GasId::sstore_reset_refund(), RESET - UNCHANGED),
    ]);
    params
}

/// The instructions with EIP-1283's SSTORE.
pub(crate) const fn instructions<H: Host>() -> InstructionTable<EthInterpreter, H> {
    let mut table = instruction_table();
    table[SSTORE as usize] = Instruction::new(sstore);
    table
}

fn sstore<H: Host>(context: InstructionContext<'_, H, EthInterpreter>) -> InstructionExecResult {
    sstore_with_gas_accounting(context, |context, _, write| {
        let params = context.host.gas_params();
        let gas = params.sstore_dynamic_gas(true, &write.data, false);
        let refund = params.sstore_refund(true, &write.data);
        if !context.interpreter.gas.record_regular_cost(gas) {
            return Err(InstructionResult::OutOfGas);
        }
        context.interpreter.gas.record_refund(refund);
        Ok(())
    })
}
