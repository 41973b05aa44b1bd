//! Initcode that carries a file, for which EIP-3860's limit does not hold.

use revm_interpreter::bytecode::opcode;
use revm_interpreter::instructions::contract;
use revm_interpreter::interpreter::EthInterpreter;
use revm_interpreter::interpreter_types::{MemoryTr, RuntimeFlag};
use revm_interpreter::primitives::hardfork::SpecId;
use revm_interpreter::{
    Host, Instruction, InstructionContext, InstructionExecResult, InstructionResult,
    InstructionTable, Interpreter, instruction_table,
};

use crate::fork::Fork;

/// The first bytes of initcode that carries the file of a RISC-V program. No bytecode begins so: under
/// Ethereum's rules `0xef` is not an instruction, and such initcode fails.
pub const FILE_PREFIX: [u8; 4] = [0xef, b'R', b'V', 2];

/// The most bytes of initcode of bytecode since EIP-3860.
const MOST: usize = Fork::Shanghai.initcode_bytes();

/// Whether initcode carries a file. It may be longer than EIP-3860 allows, which bounds the analysis of
/// bytecode: nothing analyses a file before its bytes are paid for.
pub(crate) fn carries_file(initcode: &[u8]) -> bool {
    initcode.starts_with(&FILE_PREFIX)
}

/// The instructions, with `CREATE` and `CREATE2` that take long initcode if it carries a file.
pub(crate) const fn instructions<H: Host>() -> InstructionTable<EthInterpreter, H> {
    let mut table = instruction_table();
    table[opcode::CREATE as usize] = Instruction::new(create::<false, H>);
    table[opcode::CREATE2 as usize] = Instruction::new(create::<true, H>);
    table
}

/// Checks EIP-3860's limit, which the host leaves to this, and then creates.
fn create<const IS_CREATE2: bool, H: Host>(
    context: InstructionContext<'_, H, EthInterpreter>,
) -> InstructionExecResult {
    if is_too_long(context.interpreter) {
        return Err(InstructionResult::CreateInitCodeSizeLimit);
    }
    contract::create::<IS_CREATE2, _, _>(context)
}

/// Whether the initcode on the stack passes the limit and carries no file. What else is wrong with the
/// arguments is found by the instruction.
fn is_too_long(interpreter: &Interpreter<EthInterpreter>) -> bool {
    let [.., len, offset, _value] = interpreter.stack.data()[..] else { return false };
    let flags = &interpreter.runtime_flag;
    if flags.is_static() || !flags.spec_id().is_enabled_in(SpecId::SHANGHAI) {
        return false;
    }
    let Ok(len) = usize::try_from(len) else { return false };
    if len <= MOST {
        return false;
    }
    // memory that was not used yet is zero
    let offset = usize::try_from(offset).ok();
    let end = offset.and_then(|offset| offset.checked_add(FILE_PREFIX.len()));
    match (offset, end) {
        (Some(offset), Some(end)) if end <= interpreter.memory.size() => {
            !carries_file(&interpreter.memory.slice_len(offset, FILE_PREFIX.len()))
        }
        _ => true,
    }
}
