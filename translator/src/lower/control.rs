//! The ends of runs: branches, jumps, calls, returns, host calls.
//!
//! A guest call is a native call. The callee returns the guest pc to go on at; the caller compares it
//! with its own return address and, when it differs, hands it on to its own caller, down to the
//! runtime, which enters again wherever that is. Native frames hold no guest state but what a callee
//! cannot touch, and bring the context up to date before they hand on, so nothing depends on how
//! calls and returns pair up.

use bessemer_isa::{A, F, H, Hw, I, Lr, N, R1, S, U};
use bessemer_isa::{B, J, L, R, Reg, RegSet, TrapKind, Visitor};
use cranelift_codegen::ir::condcodes::{CondCode, IntCC};
use cranelift_codegen::ir::types::{I8, I16, I32, I64};
use cranelift_codegen::ir::{Block, BlockArg, Inst, InstBuilder, Value};

use super::access::{Load, Size, Store};
use super::convention::host_call_signature;
use super::shared::shared_block;
use super::{Arguments, CARRIED, Lowering, Pointers, Results, unit_signature};
use crate::context::{BIAS, HOST_EXIT, offset};
use crate::flow::{MAX_DISPATCH_SLOTS, PASSED, PASSED_SET};
use crate::jit::ENTRY_BITS;
use crate::plan::is_link;

/// Where an indirect jump goes, as found in the jump table.
struct Found {
    /// Address of the unit.
    address: Value,
    /// Number of the entry.
    local: Value,
}

impl Lowering<'_, '_> {
    /// The run goes on at this slot without an arrival.
    pub(super) fn fall_into(&mut self, slot: usize) {
        if let Some(id) = self.flow.block_at(slot) {
            self.fall_into_block(id);
        } else if let Some((unit, local)) = self.env.plan.continuing_entry(slot) {
            self.tail_call(unit, local);
        } else {
            // past the end of text, where what is not an instruction stands
            let text = self.env.program.text();
            debug_assert_eq!(slot, text.slots().len());
            self.builder.set_srcloc(cranelift_codegen::ir::SourceLoc::new(slot as u32));
            self.trap(TrapKind::IllegalInstruction);
        }
    }

    /// Control arrives at an address that follows an instruction of text: in text, or at its end.
    fn arrive(&mut self, pc: u32) {
        let slot = self.env.program.text().index(pc);
        if let Some(id) = slot.and_then(|slot| self.flow.block_at(slot)) {
            let arrive = self.blocks[id].arrive;
            self.builder.ins().jump(arrive, &[]);
        } else if let Some((unit, local)) = slot.and_then(|slot| self.env.plan.arrival_entry(slot))
        {
            self.tail_call(unit, local);
        } else {
            let next = self.iconst(pc);
            self.leave(next, 0);
        }
    }

    /// A jump with a target that is known here (rule G5).
    fn jump_to(&mut self, target: u32) {
        match self.env.program.text().jump_target(target) {
            Ok(_) => self.arrive(target),
            Err(_) => self.escape(target),
        }
    }

    /// A jump that will trap: the runtime finds out how.
    fn escape(&mut self, target: u32) {
        let next = self.iconst(target);
        self.leave(next, self.pc);
    }

    fn branch(&mut self, B { rs1, rs2, offset }: B, condition: IntCC) {
        let (a, b) = self.comparable(rs1, rs2);
        let target = self.pc.wrapping_add_signed(offset);
        let (taken, taken_is_new) = self.branch_block(self.known_block(target));
        let (not_taken, not_taken_is_new) = self.branch_block(self.known_block(self.next_pc));
        // Cranelift places the second successor next: that keeps the blocks of a loop together, by
        // which the register allocator recognises it
        let (condition, first, second) = if offset <= 0 {
            (condition.complement(), not_taken, taken)
        } else {
            (condition, taken, not_taken)
        };
        let holds = self.builder.ins().icmp(condition, a, b);
        self.builder.ins().brif(holds, first, &[], second, &[]);
        if taken_is_new {
            self.aside(taken, |this| this.jump_to(target));
        }
        if not_taken_is_new {
            self.aside(not_taken, |this| this.arrive(this.next_pc));
        }
    }

    fn known_block(&self, pc: u32) -> Option<Block> {
        let slot = self.env.program.text().index(pc)?;
        self.flow.block_at(slot).map(|id| self.blocks[id].arrive)
    }

    fn branch_block(&mut self, known: Option<Block>) -> (Block, bool) {
        match known {
            Some(block) => (block, false),
            None => (self.builder.create_block(), true),
        }
    }

    /// A direct jump, or an indirect one whose target is a known constant.
    fn direct(&mut self, rd: Reg, target: u32) {
        let Ok(slot) = self.env.program.text().jump_target(target) else {
            return self.escape(target);
        };
        if !rd.is_zero() {
            self.write_constant(rd, self.next_pc.into());
        }
        let plan = self.env.plan;
        match plan.arrival_entry(slot) {
            Some((unit, local))
                if is_link(rd) && plan.comes_back(slot) && !self.returns_by_stub() =>
            {
                let touched = self.flow.touched(plan, Some(slot));
                self.call_direct(unit, local, touched);
            }
            // what comes back from there after all must not pass for what this unit gives back
            Some((unit, _)) if is_link(rd) && unit != self.unit && plan.is_relied_on(self.unit) => {
                let next = self.iconst(target);
                self.leave(next, 0);
            }
            // control does not come back here, and needs no native frame to come back to
            _ => self.arrive(target),
        }
    }

    /// Whether a call here is a jump, and what it calls returns to the entry stub, which enters behind
    /// the call: code is smallest that way.
    fn returns_by_stub(&self) -> bool {
        let behind = self.env.program.text().index(self.next_pc);
        self.in_context && behind.is_some_and(|slot| self.env.plan.arrival_entry(slot).is_some())
    }

    fn call_direct(&mut self, unit: usize, local: usize, touched: RegSet) {
        self.before_call(touched);
        let local = self.builder.ins().iconst(I32, local as i64);
        let args = self.arguments(local);
        let callee = self.callee(unit);
        let call = self.builder.ins().call(callee, &args);
        self.after_call(call, touched);
    }

    /// An indirect jump, call or return.
    fn indirect(&mut self, L { rd, rs1, imm }: L) {
        let target = self.read32(rs1);
        let target = match imm {
            0 => target,
            _ => self.builder.ins().iadd_imm_s(target, i64::from(imm)),
        };
        let returns = rd.is_zero() && is_link(rs1);
        if self.in_context && !returns && !self.env.precise {
            return self.jump_in_context(rd, target);
        }
        let target = self.builder.ins().band_imm_s(target, -2);
        if returns {
            let next = self.builder.ins().uextend(I64, target);
            return self.leave(next, self.pc);
        }
        if self.in_context {
            return self.dispatch(rd, target);
        }
        if rd.is_zero() && self.flow.has_few_dispatches() {
            let pc = self.builder.ins().iconst(I32, i64::from(self.pc));
            return self.jump_by_table(target, pc);
        }
        if rd.is_zero() {
            return self.dispatch(rd, target);
        }
        let pc = self.builder.ins().iconst(I32, i64::from(self.pc));
        let found = self.look_up(target, pc);
        self.write_constant(rd, self.next_pc.into());
        if is_link(rd) {
            self.call_indirect(&found, target);
        } else {
            self.jump_indirect(&found);
        }
    }

    /// An indirect jump or call through the block that the unit's indirect jumps share.
    fn dispatch(&mut self, rd: Reg, target: Value) {
        let pc = self.builder.ins().iconst(I32, i64::from(self.pc));
        if !rd.is_zero() {
            // a jump that traps links nothing, which shows where registers are exact
            if self.env.precise {
                self.look_up(target, pc);
            }
            self.write_constant(rd, self.next_pc.into());
        }
        let dispatch = self.dispatch_block();
        let arguments = [target, pc].map(BlockArg::Value);
        self.builder.ins().jump(dispatch, &arguments);
    }

    /// An indirect jump or call of a unit whose registers stay in the context: what such jumps do alike
    /// is there once for each link register.
    fn jump_in_context(&mut self, rd: Reg, target: Value) {
        let pc = self.builder.ins().iconst(I32, i64::from(self.pc));
        let link = (rd, self.next_pc.wrapping_sub(self.pc));
        let shared = self.links.entry(link).or_default();
        let block = shared.serve(|| shared_block(&mut self.builder, &[I32, I32]));
        self.builder.ins().jump(block, &[target, pc].map(BlockArg::Value));
    }

    /// The shared parts of indirect jumps, if the registers stay in the context: each clears bit 0 of the
    /// target and links.
    fn lower_links(&mut self) {
        for ((rd, len), mut shared) in std::mem::take(&mut self.links) {
            for block in shared.take() {
                let [target, pc] = self.begin_shared(block);
                let target = self.builder.ins().band_imm_s(target, -2);
                if !rd.is_zero() {
                    let next = self.builder.ins().iadd_imm_s(pc, i64::from(len));
                    self.write32(rd, next);
                }
                let dispatch = self.dispatch_block();
                self.builder.ins().jump(dispatch, &[target, pc].map(BlockArg::Value));
            }
        }
    }

    fn dispatch_block(&mut self) -> Block {
        self.dispatch.serve(|| shared_block(&mut self.builder, &[I32, I32]))
    }

    /// The block that the unit's indirect jumps share. Their table is there once.
    fn lower_dispatch(&mut self) {
        let mut blocks = self.dispatch.take();
        if let [_, _, ..] = blocks[..] {
            let one = shared_block(&mut self.builder, &[I32, I32]);
            for block in std::mem::replace(&mut blocks, vec![one]) {
                let arguments: [_; 2] = self.begin_shared(block);
                self.builder.ins().jump(one, &arguments.map(BlockArg::Value));
            }
        }
        for block in blocks {
            let [target, pc] = self.begin_shared(block);
            self.dirty = self.flow.dispatch_dirty;
            self.jump_by_table(target, pc);
        }
    }

    /// The shared parts of the unit, once all that uses them is there.
    pub(super) fn lower_shared(&mut self) {
        self.lower_host_calls();
        self.lower_links();
        self.lower_dispatch();
        self.lower_leave();
        self.lower_propagate();
        self.lower_stop();
    }

    /// Starts to fill a shared block, which has these parameters.
    fn begin_shared<const N: usize>(&mut self, block: Block) -> [Value; N] {
        self.pointers = Pointers::default();
        self.builder.switch_to_block(block);
        let parameters = self.builder.block_params(block);
        parameters.try_into().expect("a shared block has the parameters that it was made with")
    }

    /// An indirect jump. Within the unit all values stay where they are.
    fn jump_by_table(&mut self, target: Value, pc: Value) {
        let range = self.env.plan.units[self.unit].range.clone();
        if !self.flow.taken.is_empty() && range.len() <= MAX_DISPATCH_SLOTS {
            let text = self.env.program.text();
            let elsewhere = self.builder.create_block();
            self.builder.set_cold_block(elsewhere);
            let mut targets = vec![elsewhere; range.len()];
            for &id in &self.flow.taken {
                targets[self.flow.blocks[id].start - range.start] = self.blocks[id].arrive;
            }
            let index = self.slots_behind(text.address(range.start), target);
            self.branch_by_table(index, elsewhere, &targets, &[]);
            self.builder.switch_to_block(elsewhere);
        }
        let found = self.look_up(target, pc);
        self.jump_indirect(&found);
    }

    /// How many slots `target` lies behind `start`. Rotated, a misaligned distance becomes one that is
    /// far too large.
    fn slots_behind(&mut self, start: u32, target: Value) -> Value {
        let step = self.env.program.text().profile().step();
        let distance = self.builder.ins().iadd_imm_s(target, -i64::from(start));
        self.builder.ins().rotr_imm_u(distance, i64::from(step.trailing_zeros()))
    }

    /// Finds the entry of an address in the jump table. Where there is none, the runtime checks the
    /// jump, links it, and goes on in the interpreter.
    fn look_up(&mut self, target: Value, pc: Value) -> Found {
        // all blocks below use it
        self.context();
        let text = self.env.program.text();
        let slot = self.slots_behind(text.base(), target);
        let slots = text.slots().len() as i64;
        let inside = self.builder.ins().icmp_imm_u(IntCC::UnsignedLessThan, slot, slots);
        let (load, escape, found) =
            (self.builder.create_block(), self.builder.create_block(), self.builder.create_block());
        self.builder.ins().brif(inside, load, &[], escape, &[]);

        self.builder.switch_to_block(load);
        let table = self.load_context(offset::JUMP_TABLE);
        let slot = self.builder.ins().uextend(I64, slot);
        let at = self.builder.ins().ishl_imm_u(slot, 3);
        let at = self.builder.ins().iadd(table, at);
        let word = self.builder.ins().load(I64, self.flags.context, at, 0);
        self.builder.ins().brif(word, found, &[], escape, &[]);

        self.cold(escape, |this| {
            let next = this.builder.ins().uextend(I64, target);
            this.leave_from(next, pc);
        });
        self.builder.switch_to_block(found);
        let address = self.builder.ins().ushr_imm_u(word, i64::from(ENTRY_BITS));
        let local = self.builder.ins().ireduce(I32, word);
        let local = self.builder.ins().band_imm_u(local, (1 << ENTRY_BITS) - 1);
        Found { address, local }
    }

    fn call_indirect(&mut self, found: &Found, target: Value) {
        self.before_call(RegSet::ALL);
        let target = self.builder.ins().uextend(I64, target);
        self.check_stack(target);
        let args = self.arguments(found.local);
        let signature = self.builder.import_signature(unit_signature());
        let call = self.builder.ins().call_indirect(signature, found.address, &args);
        self.after_call(call, RegSet::ALL);
    }

    fn jump_indirect(&mut self, found: &Found) {
        self.flush(self.dirty.without(PASSED_SET));
        let args = self.arguments(found.local);
        let signature = self.builder.import_signature(unit_signature());
        self.builder.ins().return_call_indirect(signature, found.address, &args);
    }

    fn tail_call(&mut self, unit: usize, local: usize) {
        self.flush(self.dirty.without(PASSED_SET));
        let local = self.builder.ins().iconst(I32, local as i64);
        let args = self.arguments(local);
        let callee = self.callee(unit);
        self.builder.ins().return_call(callee, &args);
    }

    fn arguments(&mut self, local: Value) -> [Value; 1 + CARRIED] {
        Arguments { local, carried: self.passed() }.to_array()
    }

    /// Returns to the caller of this unit. `from` is the address of the jump if the target is still
    /// to be checked and the jump to be linked, else 0.
    fn leave(&mut self, next: Value, from: u32) {
        let from = self.builder.ins().iconst(I32, i64::from(from));
        self.leave_from(next, from);
    }

    fn leave_from(&mut self, next: Value, from: Value) {
        if self.in_context {
            let leave = self.leave_block();
            self.builder.ins().jump(leave, &[next, from].map(BlockArg::Value));
            return;
        }
        self.flush(self.dirty.without(PASSED_SET));
        self.return_from(next, from);
    }

    fn return_from(&mut self, next: Value, from: Value) {
        let context = self.context();
        self.builder.ins().store(self.flags.context, from, context, offset::FROM);
        let results = Results { next, carried: self.passed() };
        self.builder.ins().return_(&results.to_array());
    }

    fn leave_block(&mut self) -> Block {
        self.leave.serve(|| shared_block(&mut self.builder, &[I64, I32]))
    }

    /// How a unit leaves whose registers stay in the context.
    fn lower_leave(&mut self) {
        for block in self.leave.take() {
            let [next, from] = self.begin_shared(block);
            self.return_from(next, from);
        }
    }

    /// Brings the context up to date for a callee, as far as that can tell.
    fn before_call(&mut self, touched: RegSet) {
        self.flush(self.dirty.intersection(touched).without(PASSED_SET));
        self.dirty = self.dirty.without(touched).union(PASSED_SET);
    }

    /// Leaves for the runtime when the native stack is used up: it goes on at `next`, where control
    /// is to arrive, with an empty one. Nothing but the passed registers may be dirty.
    pub(super) fn check_stack(&mut self, next: Value) {
        let limit = self.load_context(offset::STACK_LIMIT);
        let stack = self.builder.ins().get_stack_pointer(I64);
        let is_deep = self.builder.ins().icmp(IntCC::UnsignedLessThan, stack, limit);
        let (deep, shallow) = (self.builder.create_block(), self.builder.create_block());
        self.builder.ins().brif(is_deep, deep, &[], shallow, &[]);
        self.cold(deep, |this| this.leave(next, 0));
        self.builder.switch_to_block(shallow);
    }

    /// Goes on behind the call if the callee returned there.
    fn after_call(&mut self, call: Inst, touched: RegSet) {
        self.pointers = Pointers::default();
        let values = self.builder.inst_results(call).to_vec();
        let handed_on: Vec<BlockArg> = values.iter().map(|&value| BlockArg::Value(value)).collect();
        let results = Results::from_slice(&values).expect("units return what their signature says");
        let propagate = self.propagate_block();
        let slot = self.env.program.text().index(self.next_pc);
        let Some((slot, id)) = slot.and_then(|slot| Some((slot, self.flow.block_at(slot)?))) else {
            // nowhere in this unit: the runtime goes on, or says that the end of text is not a target;
            // what a leaf left alone is not kept for either
            self.flush(self.dirty.without(PASSED_SET));
            self.builder.ins().jump(propagate, &handed_on);
            return;
        };
        let expected = self.iconst(self.next_pc);
        let matches = self.builder.ins().icmp(IntCC::Equal, results.next, expected);
        let entry = self.env.plan.arrival_entry(slot).filter(|_| touched == RegSet::ALL);
        if let Some((_, local)) = entry {
            let (behind, carried) = (self.enter[local], results.carried.map(BlockArg::Value));
            self.builder.ins().brif(matches, behind, &carried, propagate, &handed_on);
            return;
        }
        let kept = self.dirty.without(PASSED_SET);
        let behind = self.builder.create_block();
        if self.in_context || kept.is_empty() {
            self.builder.ins().brif(matches, behind, &[], propagate, &handed_on);
        } else {
            let elsewhere = self.builder.create_block();
            self.builder.ins().brif(matches, behind, &[], elsewhere, &[]);
            self.cold(elsewhere, |this| {
                this.flush(kept);
                this.builder.ins().jump(propagate, &handed_on);
            });
        }
        self.builder.switch_to_block(behind);
        self.define_passed(&results.carried);
        if !self.in_context {
            self.fetch_memory();
        }
        let live = self.flow.blocks[id].live_in;
        self.load_registers(live.intersection(touched).without(PASSED_SET));
        let arrive = self.blocks[id].arrive;
        self.builder.ins().jump(arrive, &[]);
    }

    fn propagate_block(&mut self) -> Block {
        self.propagate.serve(|| {
            let results = unit_signature().returns;
            let types: Vec<_> = results.iter().map(|result| result.value_type).collect();
            let block = shared_block(&mut self.builder, &types);
            self.builder.set_cold_block(block);
            block
        })
    }

    /// Returns a callee's results to the caller's caller.
    fn lower_propagate(&mut self) {
        for block in self.propagate.take() {
            let results: [_; 1 + CARRIED] = self.begin_shared(block);
            self.builder.ins().return_(&results);
        }
    }

    fn stop_block(&mut self) -> Block {
        self.stop.serve(|| {
            let block = self.builder.create_block();
            self.builder.set_cold_block(block);
            block
        })
    }

    /// Leaves because a host call does not let the guest go on. The context is current there.
    fn lower_stop(&mut self) {
        for block in self.stop.take() {
            let []: [Value; 0] = self.begin_shared(block);
            let meter = self.load_context(offset::METER);
            let [sp, a0, a1, s0] = PASSED.map(|reg| self.load_register(reg));
            let results = Results {
                next: self.builder.ins().iconst(I64, HOST_EXIT as i64),
                carried: [meter, sp, a0, a1, s0],
            };
            self.builder.ins().return_(&results.to_array());
        }
    }

    fn host_call(&mut self) {
        let behind = self.env.program.text().index(self.next_pc);
        let behind = behind.and_then(|slot| self.env.plan.arrival_entry(slot));
        if let Some((unit, local)) = behind
            && self.resume.is_some()
            && unit == self.unit
            && local > 0
        {
            return self.share_host_call(local);
        }
        self.flush(self.dirty);
        let pc = self.builder.ins().iconst(I32, i64::from(self.pc));
        let stopped = self.call_host(pc);
        self.load_registers(RegSet::of(&[Reg::A0]));
        self.dirty = RegSet::EMPTY;
        let (stop, go_on) = (self.stop_block(), self.builder.create_block());
        self.builder.ins().brif(stopped, stop, &[], go_on, &[]);
        self.builder.switch_to_block(go_on);
        self.arrive(self.next_pc);
    }

    /// Calls the host for the instruction at `pc`, with a context that is current; whether it does not
    /// let the guest go on.
    fn call_host(&mut self, pc: Value) -> Value {
        self.store_meter();
        let function = self.load_context(offset::HOST_CALL);
        let signature = self.builder.import_signature(host_call_signature());
        let context = self.context();
        let context = self.builder.ins().iadd_imm_s(context, -i64::from(BIAS));
        let call = self.builder.ins().call_indirect(signature, function, &[context, pc]);
        self.pointers = Pointers::default();
        let stopped = self.builder.inst_results(call)[0];
        let meter = self.load_context(offset::METER);
        self.builder.def_var(self.meter, meter);
        stopped
    }

    /// A host call of a unit whose registers stay in the context: all go through one block, which is told
    /// the address, and the entry where to go on.
    fn share_host_call(&mut self, local: usize) {
        let host = self.host.serve(|| shared_block(&mut self.builder, &[I32, I32]));
        let pc = self.builder.ins().iconst(I32, i64::from(self.pc));
        let local = self.builder.ins().iconst(I32, local as i64);
        self.builder.ins().jump(host, &[pc, local].map(BlockArg::Value));
    }

    /// The block that the unit's host calls share, if they do.
    fn lower_host_calls(&mut self) {
        let Some(resume) = self.resume else { return };
        for block in self.host.take() {
            let [pc, local] = self.begin_shared(block);
            let stopped = self.call_host(pc);
            let meter = self.builder.use_var(self.meter);
            let stop = self.stop_block();
            let go_on = [meter, local].map(BlockArg::Value);
            self.builder.ins().brif(stopped, stop, &[], resume, &go_on);
        }
    }
}

/// The meaning of each instruction, one line each; the manual's wording is with the interpreter.
#[rustfmt::skip]
impl Visitor for Lowering<'_, '_> {
    type Output = ();

    fn lui(&mut self, u: U) { self.constant(u); }
    fn auipc(&mut self, u: U) { self.pc_relative(u); }

    fn addi(&mut self, i: I) { self.add_immediate(i); }
    fn slti(&mut self, i: I) { self.set_if_immediate(i, IntCC::SignedLessThan); }
    fn sltiu(&mut self, i: I) { self.set_if_immediate(i, IntCC::UnsignedLessThan); }
    fn xori(&mut self, i: I) { self.bitwise_immediate(i, |this, a, b| this.builder.ins().bxor(a, b)); }
    fn ori(&mut self, i: I) { self.bitwise_immediate(i, |this, a, b| this.builder.ins().bor(a, b)); }
    fn andi(&mut self, i: I) { self.mask(i); }
    fn slli(&mut self, h: H) { self.shift_immediate(h, |this, a, b| this.builder.ins().ishl(a, b)); }
    fn srli(&mut self, h: H) { self.shift_immediate(h, |this, a, b| this.builder.ins().ushr(a, b)); }
    fn srai(&mut self, h: H) { self.shift_immediate(h, |this, a, b| this.builder.ins().sshr(a, b)); }

    fn add(&mut self, r: R) { self.add_registers(r); }
    fn sub(&mut self, r: R) { self.with_registers(r, |this, a, b| this.builder.ins().isub(a, b)); }
    // Cranelift's shifts take their amount modulo the width, as the manual's do
    fn sll(&mut self, r: R) { self.with_registers(r, |this, a, b| this.builder.ins().ishl(a, b)); }
    fn slt(&mut self, r: R) { self.set_if_registers(r, IntCC::SignedLessThan); }
    fn sltu(&mut self, r: R) { self.set_if_registers(r, IntCC::UnsignedLessThan); }
    fn xor(&mut self, r: R) { self.bitwise(r, |this, a, b| this.builder.ins().bxor(a, b)); }
    fn srl(&mut self, r: R) { self.with_registers(r, |this, a, b| this.builder.ins().ushr(a, b)); }
    fn sra(&mut self, r: R) { self.with_registers(r, |this, a, b| this.builder.ins().sshr(a, b)); }
    fn or(&mut self, r: R) { self.bitwise(r, |this, a, b| this.builder.ins().bor(a, b)); }
    fn and(&mut self, r: R) { self.bitwise(r, |this, a, b| this.builder.ins().band(a, b)); }

    fn mul(&mut self, r: R) { self.multiply(r); }
    fn mulh(&mut self, r: R) { self.multiply_high(r, (true, true)); }
    fn mulhsu(&mut self, r: R) { self.multiply_high(r, (true, false)); }
    fn mulhu(&mut self, r: R) { self.multiply_high(r, (false, false)); }
    fn div(&mut self, r: R) { self.divide_signed(r, false); }
    fn divu(&mut self, r: R) { self.divide_unsigned(r, false); }
    fn rem(&mut self, r: R) { self.divide_signed(r, true); }
    fn remu(&mut self, r: R) { self.divide_unsigned(r, true); }

    fn addiw(&mut self, i: I) { self.add_immediate_word(i); }
    fn slliw(&mut self, h: Hw) { self.shift_word(h, |this, a, b| this.builder.ins().ishl(a, b)); }
    fn srliw(&mut self, h: Hw) { self.shift_right_word(h); }
    fn sraiw(&mut self, h: Hw) { self.shift_word(h, |this, a, b| this.builder.ins().sshr(a, b)); }
    fn addw(&mut self, r: R) { self.with_words(r, |this, a, b| this.builder.ins().iadd(a, b)); }
    fn subw(&mut self, r: R) { self.with_words(r, |this, a, b| this.builder.ins().isub(a, b)); }
    fn sllw(&mut self, r: R) { self.with_words(r, |this, a, b| this.builder.ins().ishl(a, b)); }
    fn srlw(&mut self, r: R) { self.with_words(r, |this, a, b| this.builder.ins().ushr(a, b)); }
    fn sraw(&mut self, r: R) { self.with_words(r, |this, a, b| this.builder.ins().sshr(a, b)); }
    fn mulw(&mut self, r: R) { self.with_words(r, |this, a, b| this.builder.ins().imul(a, b)); }
    fn divw(&mut self, r: R) { self.divide_signed_word(r, false); }
    fn divuw(&mut self, r: R) { self.divide_unsigned_word(r, false); }
    fn remw(&mut self, r: R) { self.divide_signed_word(r, true); }
    fn remuw(&mut self, r: R) { self.divide_unsigned_word(r, true); }

    fn sh1add(&mut self, r: R) { self.shift_and_add(r, 1); }
    fn sh2add(&mut self, r: R) { self.shift_and_add(r, 2); }
    fn sh3add(&mut self, r: R) { self.shift_and_add(r, 3); }
    fn add_uw(&mut self, r: R) { self.shift_and_add_word(r, 0); }
    fn sh1add_uw(&mut self, r: R) { self.shift_and_add_word(r, 1); }
    fn sh2add_uw(&mut self, r: R) { self.shift_and_add_word(r, 2); }
    fn sh3add_uw(&mut self, r: R) { self.shift_and_add_word(r, 3); }
    fn slli_uw(&mut self, h: H) { self.shift_unsigned_word(h); }

    fn andn(&mut self, r: R) { self.bitwise(r, |this, a, b| this.builder.ins().band_not(a, b)); }
    fn orn(&mut self, r: R) { self.bitwise(r, |this, a, b| this.builder.ins().bor_not(a, b)); }
    fn xnor(&mut self, r: R) { self.bitwise(r, |this, a, b| this.builder.ins().bxor_not(a, b)); }
    fn min(&mut self, r: R) { self.bitwise(r, |this, a, b| this.builder.ins().smin(a, b)); }
    fn minu(&mut self, r: R) { self.bitwise(r, |this, a, b| this.builder.ins().umin(a, b)); }
    fn max(&mut self, r: R) { self.bitwise(r, |this, a, b| this.builder.ins().smax(a, b)); }
    fn maxu(&mut self, r: R) { self.bitwise(r, |this, a, b| this.builder.ins().umax(a, b)); }
    fn rol(&mut self, r: R) { self.with_registers(r, |this, a, b| this.builder.ins().rotl(a, b)); }
    fn ror(&mut self, r: R) { self.with_registers(r, |this, a, b| this.builder.ins().rotr(a, b)); }
    fn rori(&mut self, h: H) { self.shift_immediate(h, |this, a, b| this.builder.ins().rotr(a, b)); }
    fn clz(&mut self, r: R1) { self.with_register(r, |this, a| this.builder.ins().clz(a)); }
    fn ctz(&mut self, r: R1) { self.with_register(r, |this, a| this.builder.ins().ctz(a)); }
    fn cpop(&mut self, r: R1) { self.with_register(r, |this, a| this.builder.ins().popcnt(a)); }
    fn sextb(&mut self, r: R1) { self.sign_extend(r, I8); }
    fn sexth(&mut self, r: R1) { self.sign_extend(r, I16); }
    fn zexth_32(&mut self, r: R1) { self.with_register(r, |this, a| this.builder.ins().band_imm_u(a, 0xffff)); }
    fn zexth_64(&mut self, r: R1) { self.with_register(r, |this, a| this.builder.ins().band_imm_u(a, 0xffff)); }
    fn orc_b(&mut self, r: R1) { self.or_combine_bytes(r); }
    fn rev8_32(&mut self, r: R1) { self.with_register(r, |this, a| this.builder.ins().bswap(a)); }
    fn rev8_64(&mut self, r: R1) { self.with_register(r, |this, a| this.builder.ins().bswap(a)); }
    fn rolw(&mut self, r: R) { self.with_words(r, |this, a, b| this.builder.ins().rotl(a, b)); }
    fn rorw(&mut self, r: R) { self.with_words(r, |this, a, b| this.builder.ins().rotr(a, b)); }
    fn roriw(&mut self, h: Hw) { self.shift_word(h, |this, a, b| this.builder.ins().rotr(a, b)); }
    fn clzw(&mut self, r: R1) { self.count_in_word(r, |this, a| this.builder.ins().clz(a)); }
    fn ctzw(&mut self, r: R1) { self.count_in_word(r, |this, a| this.builder.ins().ctz(a)); }
    fn cpopw(&mut self, r: R1) { self.count_in_word(r, |this, a| this.builder.ins().popcnt(a)); }

    fn bclr(&mut self, r: R) { self.with_bit(r, |this, a, bit| this.builder.ins().band_not(a, bit)); }
    fn bclri(&mut self, h: H) { self.with_constant_bit(h, |this, a, bit| this.builder.ins().band_not(a, bit)); }
    fn bext(&mut self, r: R) { self.with_registers(r, Self::extract_bit); }
    fn bexti(&mut self, h: H) { self.shift_immediate(h, Self::extract_bit); }
    fn binv(&mut self, r: R) { self.with_bit(r, |this, a, bit| this.builder.ins().bxor(a, bit)); }
    fn binvi(&mut self, h: H) { self.with_constant_bit(h, |this, a, bit| this.builder.ins().bxor(a, bit)); }
    fn bset(&mut self, r: R) { self.with_bit(r, |this, a, bit| this.builder.ins().bor(a, bit)); }
    fn bseti(&mut self, h: H) { self.with_constant_bit(h, |this, a, bit| this.builder.ins().bor(a, bit)); }

    fn czero_eqz(&mut self, r: R) { self.zero_if(r, IntCC::Equal); }
    fn czero_nez(&mut self, r: R) { self.zero_if(r, IntCC::NotEqual); }

    fn lb(&mut self, l: L) { self.load(l, Load::Signed8); }
    fn lh(&mut self, l: L) { self.load(l, Load::Signed16); }
    fn lw(&mut self, l: L) { self.load(l, Load::Word); }
    fn lbu(&mut self, l: L) { self.load(l, Load::Unsigned8); }
    fn lhu(&mut self, l: L) { self.load(l, Load::Unsigned16); }
    fn sb(&mut self, s: S) { self.store(s, Store::Byte); }
    fn sh(&mut self, s: S) { self.store(s, Store::Half); }
    fn sw(&mut self, s: S) { self.store(s, Store::Word); }
    fn lwu(&mut self, l: L) { self.load(l, Load::Unsigned32); }
    fn ld(&mut self, l: L) { self.load(l, Load::Double); }
    fn sd(&mut self, s: S) { self.store(s, Store::Double); }

    fn lr_w(&mut self, l: Lr) { self.load_reserved(l, Size::Word); }
    fn sc_w(&mut self, a: A) { self.store_conditional(a, Size::Word); }
    fn amoswap_w(&mut self, a: A) { self.read_modify_write(a, Size::Word, |_, _, new| new); }
    fn amoadd_w(&mut self, a: A) { self.read_modify_write(a, Size::Word, |this, a, b| this.builder.ins().iadd(a, b)); }
    fn amoxor_w(&mut self, a: A) { self.read_modify_write(a, Size::Word, |this, a, b| this.builder.ins().bxor(a, b)); }
    fn amoand_w(&mut self, a: A) { self.read_modify_write(a, Size::Word, |this, a, b| this.builder.ins().band(a, b)); }
    fn amoor_w(&mut self, a: A) { self.read_modify_write(a, Size::Word, |this, a, b| this.builder.ins().bor(a, b)); }
    fn amomin_w(&mut self, a: A) { self.read_modify_write(a, Size::Word, |this, a, b| this.select_if(IntCC::SignedLessThan, a, b)); }
    fn amomax_w(&mut self, a: A) { self.read_modify_write(a, Size::Word, |this, a, b| this.select_if(IntCC::SignedGreaterThan, a, b)); }
    fn amominu_w(&mut self, a: A) { self.read_modify_write(a, Size::Word, |this, a, b| this.select_if(IntCC::UnsignedLessThan, a, b)); }
    fn amomaxu_w(&mut self, a: A) { self.read_modify_write(a, Size::Word, |this, a, b| this.select_if(IntCC::UnsignedGreaterThan, a, b)); }

    fn lr_d(&mut self, l: Lr) { self.load_reserved(l, Size::Double); }
    fn sc_d(&mut self, a: A) { self.store_conditional(a, Size::Double); }
    fn amoswap_d(&mut self, a: A) { self.read_modify_write(a, Size::Double, |_, _, new| new); }
    fn amoadd_d(&mut self, a: A) { self.read_modify_write(a, Size::Double, |this, a, b| this.builder.ins().iadd(a, b)); }
    fn amoxor_d(&mut self, a: A) { self.read_modify_write(a, Size::Double, |this, a, b| this.builder.ins().bxor(a, b)); }
    fn amoand_d(&mut self, a: A) { self.read_modify_write(a, Size::Double, |this, a, b| this.builder.ins().band(a, b)); }
    fn amoor_d(&mut self, a: A) { self.read_modify_write(a, Size::Double, |this, a, b| this.builder.ins().bor(a, b)); }
    fn amomin_d(&mut self, a: A) { self.read_modify_write(a, Size::Double, |this, a, b| this.select_if(IntCC::SignedLessThan, a, b)); }
    fn amomax_d(&mut self, a: A) { self.read_modify_write(a, Size::Double, |this, a, b| this.select_if(IntCC::SignedGreaterThan, a, b)); }
    fn amominu_d(&mut self, a: A) { self.read_modify_write(a, Size::Double, |this, a, b| this.select_if(IntCC::UnsignedLessThan, a, b)); }
    fn amomaxu_d(&mut self, a: A) { self.read_modify_write(a, Size::Double, |this, a, b| this.select_if(IntCC::UnsignedGreaterThan, a, b)); }

    fn beq(&mut self, b: B) { self.branch(b, IntCC::Equal); }
    fn bne(&mut self, b: B) { self.branch(b, IntCC::NotEqual); }
    fn blt(&mut self, b: B) { self.branch(b, IntCC::SignedLessThan); }
    fn bge(&mut self, b: B) { self.branch(b, IntCC::SignedGreaterThanOrEqual); }
    fn bltu(&mut self, b: B) { self.branch(b, IntCC::UnsignedLessThan); }
    fn bgeu(&mut self, b: B) { self.branch(b, IntCC::UnsignedGreaterThanOrEqual); }
    fn jal(&mut self, J { rd, offset }: J) { self.direct(rd, self.pc.wrapping_add_signed(offset)); }
    fn jalr(&mut self, l: L) {
        match self.constants.get(l.rs1) {
            Some(base) => self.direct(l.rd, base.wrapping_add_signed(l.imm) & !1),
            None => self.indirect(l),
        }
    }

    fn fence(&mut self, _: F) {}
    fn ecall(&mut self, _: N) { self.before_trap(); self.host_call(); }
    fn ebreak(&mut self, _: N) { self.trap(TrapKind::Breakpoint); }
}
