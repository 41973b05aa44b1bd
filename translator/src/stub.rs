//! The entry stub: the native function through which the runtime enters a unit.
//!
//! It saves what the host's calling convention wants saved, moves registers and meter from the
//! context to where units expect them, and calls the unit. When that returns an address where another
//! one can be entered, the stub calls that one; everything else leaves for the runtime, and then moves
//! back what was moved. A fault of a unit is an exception of the call: the fault handler continues at
//! its landing pad, where by Cranelift's rules for exceptions no register is expected to hold anything,
//! and everything that the stub needs is in its own frame.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I32, I64};
use cranelift_codegen::ir::{
    AbiParam, Block, BlockArg, BlockCall, ExceptionTableData, ExceptionTableItem, Function,
    InstBuilder, MemFlagsData, Signature, UserFuncName, Value,
};
use cranelift_codegen::isa::{CallConv, TargetFrontendConfig};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};

use crate::artifact::TextShape;
use crate::context::{BIAS, offset};
use crate::flow::PASSED;
use crate::jit::ENTRY_BITS;
use crate::lower::{Arguments, Results, register_offset, unit_signature};

/// Builds the entry stub of a program with this text.
pub(crate) fn build(
    scratch: &mut FunctionBuilderContext,
    frontend: TargetFrontendConfig,
    text: TextShape,
) -> Function {
    let mut signature = Signature::new(CallConv::SystemV);
    signature.params.extend([I64, I64, I32].map(AbiParam::new));
    let mut function = Function::with_name_signature(UserFuncName::default(), signature);
    let mut b = FunctionBuilder::new(&mut function, scratch);
    let flags = MemFlagsData::trusted();
    let start = b.create_block();
    b.append_block_params_for_function_params(start);
    b.switch_to_block(start);
    let &[context, unit, local] = b.block_params(start) else {
        unreachable!("the signature above has three parameters")
    };
    let context = b.ins().iadd_imm_s(context, i64::from(BIAS));

    // the host's value of the pinned register, which to the host is an ordinary saved register
    let saved = b.ins().get_pinned_reg(I64);
    let landing = b.ins().load(I64, flags, context, offset::LANDING);
    let stack = b.ins().get_stack_pointer(I64);
    b.ins().store(flags, stack, landing, offset::LANDING_SP);
    let frame = b.ins().get_frame_pointer(I64);
    b.ins().store(flags, frame, landing, offset::LANDING_FP);
    let meter = b.ins().load(I64, flags, context, offset::METER);
    let [sp, a0, a1, s0] =
        PASSED.map(|reg| b.ins().load(I64, flags, context, register_offset(reg)));
    b.ins().set_pinned_reg(context);
    let (again, returned) = (b.create_block(), b.create_block());
    let (found, left) = (b.create_block(), b.create_block());
    let (faulted, done) = (b.create_block(), b.create_block());
    let entered = [unit, local, meter, sp, a0, a1, s0];
    b.ins().jump(again, &entered.map(BlockArg::Value));

    b.switch_to_block(again);
    let entered = entered.map(|value| {
        let value_type = b.func.dfg.value_type(value);
        b.append_block_param(again, value_type)
    });
    let [unit, local, carried @ ..] = entered;
    let arguments = Arguments { local, carried }.to_array();
    let signature = b.import_signature(unit_signature());
    let results: Vec<Value> = unit_signature()
        .returns
        .iter()
        .map(|result| b.append_block_param(returned, result.value_type))
        .collect();
    let pool = &mut b.func.dfg.value_lists;
    let handed_on = (0..results.len() as u32).map(BlockArg::TryCallRet);
    let normal = BlockCall::new(returned, handed_on, pool);
    let fault = ExceptionTableItem::Default(BlockCall::new(faulted, [], pool));
    let table = ExceptionTableData::new(signature, normal, [fault]);
    let table = b.func.dfg.exception_tables.push(table);
    b.ins().try_call_indirect(unit, &arguments, table);

    b.switch_to_block(returned);
    let results = Results::from_slice(&results).expect("as many as the signature has");
    let [meter, passed @ ..] = results.carried;
    let pinned = b.ins().get_pinned_reg(I64);
    let word = look_up(&mut b, text, pinned, results.next, left);
    b.ins().brif(word, found, &[], left, &[]);
    b.switch_to_block(found);
    let (unit, local) = unpack(&mut b, word);
    let [sp, a0, a1, s0] = passed;
    b.ins().jump(again, &[unit, local, meter, sp, a0, a1, s0].map(BlockArg::Value));

    b.switch_to_block(left);
    b.ins().store(flags, results.next, context, offset::NEXT);
    b.ins().store(flags, meter, context, offset::METER);
    for (reg, value) in PASSED.into_iter().zip(passed) {
        b.ins().store(flags, value, context, register_offset(reg));
    }
    b.ins().jump(done, &[]);

    // the context is as generated code left it
    b.switch_to_block(faulted);
    b.ins().jump(done, &[]);

    b.switch_to_block(done);
    b.ins().set_pinned_reg(saved);
    b.ins().return_(&[]);
    b.seal_all_blocks();
    b.finalize(frontend);
    function
}

/// The word of the jump table for the 64-bit address `next`, which is 0 where there is no entry. Goes
/// to `outside` if that is not an address of text: a misaligned distance, rotated, is far too large, and so
/// is that of what is not an address at all.
fn look_up(
    b: &mut FunctionBuilder<'_>,
    text: TextShape,
    context: Value,
    next: Value,
    outside: Block,
) -> Value {
    let distance = b.ins().iadd_imm_s(next, -i64::from(text.base));
    let slot = b.ins().rotr_imm_u(distance, i64::from(text.step.trailing_zeros()));
    let inside = b.ins().icmp_imm_u(IntCC::UnsignedLessThan, slot, i64::from(text.slots));
    let load = b.create_block();
    b.ins().brif(inside, load, &[], outside, &[]);
    b.switch_to_block(load);
    let flags = MemFlagsData::trusted();
    let table = b.ins().load(I64, flags, context, offset::JUMP_TABLE);
    let at = b.ins().ishl_imm_u(slot, 3);
    let at = b.ins().iadd(table, at);
    b.ins().load(I64, flags, at, 0)
}

/// Address and entry number in a word of the jump table.
fn unpack(b: &mut FunctionBuilder<'_>, word: Value) -> (Value, Value) {
    let unit = b.ins().ushr_imm_u(word, i64::from(ENTRY_BITS));
    let local = b.ins().ireduce(I32, word);
    (unit, b.ins().band_imm_u(local, (1 << ENTRY_BITS) - 1))
}
