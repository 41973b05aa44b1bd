//! The entry stub: the native function through which the runtime enters a unit.
//!
//! It saves what the host's calling convention wants saved, moves registers and meter from the
//! context to where units expect them, calls the unit, and moves everything back. The fault handler
//! continues here too, right behind that call, as if the unit had returned: everything that the stub
//! needs then is in its own frame, because units preserve no register.

use cranelift_codegen::ir::types::{I32, I64};
use cranelift_codegen::ir::{
    AbiParam, Function, InstBuilder, MemFlagsData, Signature, UserFuncName,
};
use cranelift_codegen::isa::{CallConv, TargetFrontendConfig};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};

use crate::context::offset;
use crate::flow::PASSED;
use crate::lower::unit_signature;

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

    // the host's value of the pinned register, which to the host is an ordinary saved register
    let saved = b.ins().get_pinned_reg(I64);
    let landing = b.ins().load(I64, flags, context, offset::LANDING);
    let stack = b.ins().get_stack_pointer(I64);
    b.ins().store(flags, stack, landing, offset::LANDING_SP);
    let frame = b.ins().get_frame_pointer(I64);
    b.ins().store(flags, frame, landing, offset::LANDING_FP);
    let meter = b.ins().load(I64, flags, context, offset::METER);
    b.ins().set_pinned_reg(meter);
    let mut arguments = vec![context, b.ins().load(I64, flags, context, offset::MEMORY), local];
    for reg in PASSED {
        let at = offset::REGISTERS + 4 * reg.index() as i32;
        arguments.push(b.ins().uload32(flags, context, at));
    }
    let signature = b.import_signature(unit_signature());
    let call = b.ins().call_indirect(signature, unit, &arguments);
    let results = b.inst_results(call).to_vec();

    let meter = b.ins().get_pinned_reg(I64);
    b.ins().store(flags, meter, context, offset::METER);
    b.ins().set_pinned_reg(saved);
    let (returned, done) = (b.create_block(), b.create_block());
    // after a fault the result registers hold nothing
    let faulted = b.ins().load(I32, flags, landing, offset::LANDING_FAULTED);
    b.ins().brif(faulted, done, &[], returned, &[]);
    b.switch_to_block(returned);
    b.ins().store(flags, results[0], context, offset::NEXT);
    b.ins().store(flags, results[1], context, offset::FROM);
    for (reg, &value) in PASSED.into_iter().zip(&results[2..]) {
        let at = offset::REGISTERS + 4 * reg.index() as i32;
        b.ins().istore32(flags, value, context, at);
    }
    b.ins().jump(done, &[]);
    b.switch_to_block(done);
    b.ins().return_(&[]);
    b.seal_all_blocks();
    b.finalize(frontend);
    function
}
