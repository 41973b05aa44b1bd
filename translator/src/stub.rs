//! The entry stub: the native function through which the runtime enters a unit.
//!
//! It saves what the host's calling convention wants saved, moves registers and meter from the
//! context to where units expect them, calls the unit, and moves everything back. A fault of the unit
//! is an exception of that call: the fault handler continues at its landing pad, where by Cranelift's
//! rules for exceptions no register is expected to hold anything, and everything that the stub needs
//! is in its own frame.

use cranelift_codegen::ir::types::{I32, I64};
use cranelift_codegen::ir::{
    AbiParam, BlockArg, BlockCall, ExceptionTableData, ExceptionTableItem, Function, InstBuilder,
    MemFlagsData, Signature, UserFuncName, Value,
};
use cranelift_codegen::isa::{CallConv, TargetFrontendConfig};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};

use crate::context::{BIAS, offset};
use crate::flow::PASSED;
use crate::lower::{Arguments, Results, register_offset, unit_signature};

/// The stub's type as the host sees it: context, address of the unit, entry number.
pub(crate) type EntryStub = extern "C" fn(*mut crate::Context, usize, u32);

/// Builds the stub.
pub(crate) fn build(
    scratch: &mut FunctionBuilderContext,
    frontend: TargetFrontendConfig,
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
    let arguments = Arguments { local, carried: [meter, sp, a0, a1, s0] }.to_array();
    b.ins().set_pinned_reg(context);

    let (returned, faulted, done) = (b.create_block(), b.create_block(), b.create_block());
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
