//! Lowers one unit to Cranelift IR.
//!
//! Guest registers are SSA variables of type `i64`. In a 32-bit program they hold zero-extended values;
//! arithmetic is done on `i32` and widened when a register is written. In a 64-bit one they hold the
//! whole register, and what a W instruction computes on `i32` is sign-extended. The gas meter is one too; its values
//! carry a label, by which Cranelift tells where the meter is at every instruction that can fault. The
//! address of the context lives in Cranelift's pinned register; the base of guest memory is fetched
//! at each entry, or once if the registers stay in the context. [`Lowering`] gives each instruction its meaning through the visitor of
//! `bessemer-isa`: `arith` the computing ones, `access` the memory ones, `control` what ends a run.

mod access;
mod arith;
mod control;
mod convention;
mod shared;

use std::collections::BTreeMap;

use bessemer_image::{Charges, Program};
use bessemer_isa::{Inst, Reg, RegSet, TrapKind, Xlen};
use cranelift_codegen::ir::types::{I32, I64};
use cranelift_codegen::ir::{
    AliasRegionData, Block, BlockArg, BlockCall, ExtFuncData, ExternalName, FuncRef, Function,
    InstBuilder, JumpTableData, MemFlagsData, SourceLoc, TrapCode, Type, UserExternalName, Value,
    ValueLabel,
};
use cranelift_codegen::isa::{TargetFrontendConfig, TargetIsa};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext, Variable};

use crate::context::offset;
use crate::flow::{BlockId, Flow, PASSED, PASSED_SET};
use crate::plan::{Constants, Entry, Plan};
use crate::{Options, TrapRecord};

use shared::Shared;

pub(crate) use convention::{Arguments, CARRIED, Results, unit_signature};

/// The trap code of a failed gas check; the codes of [`TrapKind`] stand for themselves.
pub(crate) const OUT_OF_GAS: u8 = TrapRecord::OUT_OF_GAS;

/// Everything that lowering a unit looks at.
#[derive(Clone, Copy)]
pub(crate) struct Env<'a> {
    pub(crate) program: &'a Program,
    pub(crate) charges: &'a Charges,
    pub(crate) plan: &'a Plan,
    pub(crate) frontend: TargetFrontendConfig,
    /// Whether the registers in the context are current at every trap.
    pub(crate) precise: bool,
    pub(crate) style: Style,
}

impl<'a> Env<'a> {
    pub(crate) fn new(
        program: &'a Program,
        charges: &'a Charges,
        plan: &'a Plan,
        isa: &dyn TargetIsa,
        options: &Options,
    ) -> Self {
        Self {
            program,
            charges,
            plan,
            frontend: isa.frontend_config(),
            precise: options.precise_registers,
            style: Style::Values,
        }
    }
}

/// How a unit is lowered. A style is tried only if the one before did not work out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Style {
    /// Registers and meter are values, unless the unit is too dense.
    Values,
    /// The meter is stored at every arrival: somewhere its label was lost.
    StoredMeter,
    /// Registers stay in the context too: the native frame was too large.
    InContext,
}

impl Style {
    pub(crate) const ALL: [Self; 3] = [Self::Values, Self::StoredMeter, Self::InContext];

    /// Whether every arrival stores the meter to the context, so that it need not be looked for.
    pub(crate) fn stores_meter(self) -> bool {
        self != Self::Values
    }
}

/// The label of the meter's values.
pub(crate) const METER: u32 = 0;

/// The namespace of unit numbers among Cranelift's user-defined names.
const UNIT_NAMESPACE: u32 = 0;

/// Fills `function` with the code of one unit.
pub(crate) fn lower_unit(
    env: Env<'_>,
    unit: usize,
    function: &mut Function,
    scratch: &mut FunctionBuilderContext,
) {
    let flow = Flow::new(env.plan, unit, env.program.text(), env.precise);
    function.signature = unit_signature();
    if !env.style.stores_meter() {
        function.collect_debug_info();
    }
    // places are kept as distances from a base, by default the first one that is set, and a distance
    // of -1 is no place: a trap there would belong to no instruction
    function.params.ensure_base_srcloc(SourceLoc::new(0));
    let mut builder = FunctionBuilder::new(function, scratch);
    let vars = [(); 32].map(|()| builder.declare_var(I64));
    let meter = builder.declare_var(I64);
    let memory = builder.declare_var(I64);
    let flags = AccessFlags::new(&mut builder);
    let blocks = flow
        .blocks
        .iter()
        .map(|block| {
            let arrive = builder.create_block();
            let split = block.arrival && block.fallen_into && !block.loop_head;
            Blocks { arrive, body: if split { builder.create_block() } else { arrive } }
        })
        .collect();
    let in_context = env.style == Style::InContext || flow.is_dense();
    let entries = env.plan.units[unit].entries.iter().enumerate();
    let enter = entries
        .map(|(index, &entry)| {
            let block = builder.create_block();
            if !is_settled(&flow, in_context, index, entry) {
                for _ in 0..CARRIED {
                    builder.append_block_param(block, I64);
                }
            }
            block
        })
        .collect();
    let entry = builder.create_block();
    builder.append_block_params_for_function_params(entry);
    let xlen = env.program.profile().xlen;
    let mut lowering = Lowering {
        env,
        xlen,
        in_context,
        unit,
        flow: &flow,
        builder,
        vars,
        meter,
        memory,
        flags,
        blocks,
        enter,
        pointers: Pointers::default(),
        dispatch: Shared::default(),
        leave: Shared::default(),
        propagate: Shared::default(),
        stop: Shared::default(),
        links: BTreeMap::new(),
        host: Shared::default(),
        resume: None,
        callees: BTreeMap::new(),
        pc: 0,
        next_pc: 0,
        dirty: RegSet::EMPTY,
        constants: Constants::none(xlen),
        words: [None; 32],
        products: Vec::new(),
    };
    lowering.lower_entry(entry);
    for id in 0..flow.blocks.len() {
        lowering.lower_block(id);
    }
    lowering.lower_shared();
    lowering.builder.seal_all_blocks();
    lowering.builder.finalize(env.frontend);
}

/// The Cranelift blocks of one block of the unit: where control arrives, with a gas check, and where
/// a run falls in. They are the same if control comes one way only, and at the head of a loop.
#[derive(Clone, Copy)]
struct Blocks {
    arrive: Block,
    body: Block,
}

/// The pointers that the current block has fetched.
#[derive(Clone, Copy, Default)]
struct Pointers {
    context: Option<Value>,
}

/// Flags of the three kinds of memory access. Guest accesses can trap and are never anything more
/// than that; the context is valid by construction.
#[derive(Clone, Copy)]
struct AccessFlags {
    load: MemFlagsData,
    store: MemFlagsData,
    context: MemFlagsData,
}

impl AccessFlags {
    fn new(builder: &mut FunctionBuilder<'_>) -> Self {
        let mut region = |user_id, description: &'static str| {
            let data = AliasRegionData { user_id, description: description.into() };
            Some(builder.func.dfg.alias_regions.insert(data))
        };
        let guest = MemFlagsData::new().with_alias_region(region(0, "guest"));
        Self {
            load: guest.with_trap_code(Some(trap_code(TrapKind::BadLoad))),
            store: guest.with_trap_code(Some(trap_code(TrapKind::BadStore))),
            context: MemFlagsData::trusted().with_alias_region(region(1, "context")),
        }
    }
}

struct Lowering<'a, 'f> {
    env: Env<'a>,
    xlen: Xlen,
    /// Whether registers stay in the context: then there are no variables for them, nothing is ever
    /// dirty, and each access is a load or a store.
    in_context: bool,
    unit: usize,
    flow: &'a Flow,
    builder: FunctionBuilder<'f>,
    vars: [Variable; 32],
    meter: Variable,
    memory: Variable,
    flags: AccessFlags,
    blocks: Vec<Blocks>,
    pointers: Pointers,
    /// Where each entry comes in.
    enter: Vec<Block>,
    /// Where indirect jumps go: parameters are the target and the pc of the jump.
    dispatch: Shared,
    /// Where the unit leaves, if its leaves share blocks: parameters are the next pc and the pc of the
    /// jump.
    leave: Shared,
    /// Where a callee's results are handed on that came back to another place than its caller's.
    propagate: Shared,
    /// Where the unit leaves because of a host call.
    stop: Shared,
    /// What jumps by a register share that link, by the link register and the length of the jump, if the
    /// registers stay in the context: parameters are the target and the pc of the jump.
    links: BTreeMap<(Reg, u32), Shared>,
    /// What host calls share, if the registers stay in the context: parameters are the address of the
    /// call, and the entry behind it.
    host: Shared,
    /// Where entries come in from a table, if the registers stay in the context: parameters are the
    /// meter and the entry.
    resume: Option<Block>,
    callees: BTreeMap<usize, FuncRef>,
    /// Address of the current instruction.
    pc: u32,
    /// Address of the one behind it.
    next_pc: u32,
    /// Registers that may differ from the context here.
    dirty: RegSet,
    constants: Constants,
    /// The low half of registers of a 64-bit program that hold a sign-extended word, as far as that is
    /// known in this block. What is made of words alone is computed on them, and extended only where
    /// a whole register is needed.
    words: [Option<Value>; 32],
    /// Whole products of this block: the factors, low half and high half.
    products: Vec<Product>,
}

/// A product of 128 bits.
#[derive(Clone, Copy)]
struct Product {
    factors: (Value, Value),
    low: Value,
    high: Value,
}

impl Lowering<'_, '_> {
    /// The function's entry: tells the entries apart.
    fn lower_entry(&mut self, entry: Block) {
        self.builder.switch_to_block(entry);
        let Arguments { local, carried } = Arguments::from_slice(self.builder.block_params(entry))
            .expect("units get what their signature says");
        let passed = carried.map(BlockArg::Value);
        if self.in_context {
            self.fetch_memory();
        }
        let enter: Vec<Block> = (0..self.enter.len()).map(|index| self.way_in(index)).collect();
        let (&first, rest) = enter.split_first().expect("every unit has an entry");
        if rest.is_empty() {
            self.builder.ins().jump(first, &passed);
        } else {
            let others = self.builder.create_block();
            self.builder.ins().brif(local, others, &[], first, &passed);
            self.builder.set_cold_block(others);
            self.builder.switch_to_block(others);
            let takes: Vec<bool> = (1..enter.len()).map(|index| !self.settled(index)).collect();
            if takes.contains(&false) {
                self.builder.def_var(self.meter, carried[0]);
                for (reg, &value) in PASSED.into_iter().zip(&carried[1..]) {
                    self.store_register(reg, value);
                }
            }
            let local = if self.in_context { self.begin_resume(local) } else { local };
            // the moves that an entry takes are far from the way through the first one
            let ways: Vec<Block> = takes
                .iter()
                .zip(rest)
                .map(|(&takes, &enter)| if takes { self.builder.create_block() } else { enter })
                .collect();
            let targets: Vec<Block> = ways.first().into_iter().chain(&ways).copied().collect();
            self.branch_by_table(local, ways[0], &targets, &[]);
            for (&way, &enter) in ways.iter().zip(rest).filter(|(way, enter)| way != enter) {
                self.builder.set_cold_block(way);
                self.builder.switch_to_block(way);
                self.builder.ins().jump(enter, &passed);
            }
        }
        for (index, &way) in enter.iter().enumerate() {
            if way == self.enter[index] {
                self.lower_enter(index);
            }
        }
    }

    /// Begins the block in which entries but the first come in from outside, and behind host calls. Gives
    /// the number of the entry.
    fn begin_resume(&mut self, local: Value) -> Value {
        let meter = self.builder.use_var(self.meter);
        let resume = self.builder.create_block();
        self.resume = Some(resume);
        self.builder.append_block_param(resume, I64);
        let index = self.builder.append_block_param(resume, I32);
        self.builder.ins().jump(resume, &[meter, local].map(BlockArg::Value));
        self.builder.switch_to_block(resume);
        let meter = self.builder.block_params(resume)[0];
        self.builder.def_var(self.meter, meter);
        index
    }

    /// The block in which entry `index` comes in. It is that of the arrival itself if there is nothing to
    /// do in between.
    fn way_in(&self, index: usize) -> Block {
        let entry = self.env.plan.units[self.unit].entries[index];
        if self.in_context && self.settled(index) && !entry.continuing {
            let id = self.flow.block_at(entry.slot).expect("every entry of a unit starts a block");
            return self.blocks[id].arrive;
        }
        self.enter[index]
    }

    /// Fetches the base of guest memory. It never changes while native code runs.
    fn fetch_memory(&mut self) {
        let memory = self.load_context(offset::MEMORY);
        self.builder.def_var(self.memory, memory);
    }

    /// Where entry `index` comes in, from outside or behind a call: takes meter and passed registers
    /// as parameters, unless it is settled, and loads what else is needed.
    fn lower_enter(&mut self, index: usize) {
        let block = self.enter[index];
        self.pointers = Pointers::default();
        self.builder.switch_to_block(block);
        let settled = self.settled(index);
        if !settled {
            let passed = self.builder.block_params(block).to_vec();
            self.define_passed(&passed);
        }
        // a block that is entered here only has no other meter
        let meter = self.builder.use_var(self.meter);
        self.label_meter(meter);
        let entry = self.env.plan.units[self.unit].entries[index];
        let nests = self.flow.makes_calls && !self.in_context;
        if nests && self.env.plan.is_called(entry) {
            self.dirty = PASSED_SET;
            let pc = self.iconst(self.env.program.text().address(entry.slot));
            self.check_stack(pc);
        }
        if !self.in_context {
            self.fetch_memory();
        }
        let id = self.flow.block_at(entry.slot).expect("every entry of a unit starts a block");
        let passed = if settled { RegSet::EMPTY } else { PASSED_SET };
        self.load_registers(self.flow.blocks[id].live_in.without(passed));
        if entry.continuing {
            self.fall_into_block(id);
        } else {
            self.builder.ins().jump(self.blocks[id].arrive, &[]);
        }
    }

    /// Whether entry `index` finds everything in the context but the meter.
    fn settled(&self, index: usize) -> bool {
        let entry = self.env.plan.units[self.unit].entries[index];
        is_settled(self.flow, self.in_context, index, entry)
    }

    fn branch_by_table(
        &mut self,
        index: Value,
        default: Block,
        targets: &[Block],
        arguments: &[BlockArg],
    ) {
        let pool = &mut self.builder.func.dfg.value_lists;
        let mut to = |block: Block| BlockCall::new(block, arguments.iter().copied(), pool);
        let default = to(default);
        let calls: Vec<BlockCall> = targets.iter().map(|&block| to(block)).collect();
        let table = self.builder.create_jump_table(JumpTableData::new(default, &calls));
        self.builder.ins().br_table(index, table);
    }

    fn lower_block(&mut self, id: usize) {
        let block = &self.flow.blocks[id];
        let Blocks { arrive, body } = self.blocks[id];
        let text = self.env.program.text();
        let step = text.profile().step() as usize;
        self.dirty = block.dirty_in;
        self.constants.forget();
        self.words = [None; 32];
        self.products.clear();
        self.pc = text.address(block.start);
        self.pointers = Pointers::default();
        self.builder.switch_to_block(arrive);
        self.builder.set_srcloc(SourceLoc::new(block.start as u32));
        if block.arrival {
            self.charge(block.start);
            if body != arrive {
                self.builder.ins().jump(body, &[]);
                self.builder.switch_to_block(body);
                self.pointers = Pointers::default();
            }
        }
        if block.fallen_into && !(block.arrival && block.loop_head) {
            let meter = self.builder.use_var(self.meter);
            self.label_meter(meter);
            // the run may have been charged in a unit of another style
            if self.env.style.stores_meter() {
                self.store_meter();
            }
        }
        let mut slot = block.start;
        for _ in 0..block.count {
            let decoded = text.slot(slot);
            self.pc = text.address(slot);
            self.next_pc = self.pc.wrapping_add(u32::from(decoded.len));
            self.builder.set_srcloc(SourceLoc::new(slot as u32));
            let Some(inst) = decoded.inst else {
                self.trap(TrapKind::IllegalInstruction);
                return;
            };
            if inst.is_terminator() {
                inst.accept(self);
                return;
            }
            self.constants.step(inst, self.pc);
            self.lower_straight(inst);
            slot += usize::from(decoded.len) / step;
        }
        self.fall_into(slot);
    }

    /// The run goes on in this block without an arrival.
    ///
    /// The head of a loop has one way in for all, so that the loop is one straight piece of code: the
    /// charge that is made there is given back here. It was taken from the meter before, so the
    /// meter cannot overflow there.
    fn fall_into_block(&mut self, id: BlockId) {
        let block = &self.flow.blocks[id];
        if block.arrival && block.loop_head {
            let meter = self.builder.use_var(self.meter);
            let charge = self.iconst(self.env.charges.at(block.start));
            let meter = self.builder.ins().isub(meter, charge);
            self.builder.def_var(self.meter, meter);
        }
        self.builder.ins().jump(self.blocks[id].body, &[]);
    }

    /// An instruction inside a run. A constant that is known is not computed again.
    fn lower_straight(&mut self, inst: Inst) {
        let (_, written) = inst.registers();
        let known = written.iter().next().and_then(|rd| Some((rd, self.constants.value(rd)?)));
        match known {
            Some((rd, value)) => self.write_constant(rd, value),
            None => inst.accept(self),
        }
    }

    /// The gas check of an arrival (rule G2). The meter counts up to its overflow.
    ///
    /// It stays exact at faults (rule G3) because its value is needed later, so that it is somewhere;
    /// where nothing comes later, it is stored.
    fn charge(&mut self, slot: usize) {
        if self.env.precise {
            self.flush(self.dirty);
        }
        let meter = self.builder.use_var(self.meter);
        let charge = self.iconst(self.env.charges.at(slot));
        let code = TrapCode::unwrap_user(OUT_OF_GAS);
        let meter = self.builder.ins().uadd_overflow_trap(meter, charge, code);
        self.builder.def_var(self.meter, meter);
        self.label_meter(meter);
        if self.env.style.stores_meter() || self.env.plan.is_doomed(slot) {
            self.store_meter();
        }
    }

    fn label_meter(&mut self, meter: Value) {
        self.builder.set_val_label(meter, ValueLabel::from_u32(METER));
    }

    fn store_meter(&mut self) {
        let (meter, context) = (self.builder.use_var(self.meter), self.context());
        self.builder.ins().store(self.flags.context, meter, context, offset::METER);
    }

    /// A trap that this instruction raises whenever it executes.
    fn trap(&mut self, kind: TrapKind) {
        self.before_trap();
        self.builder.ins().trap(trap_code(kind));
    }

    /// To be called before anything that can trap.
    fn before_trap(&mut self) {
        if self.env.precise {
            self.flush(self.dirty);
        }
    }

    /// The type in which registers are computed with.
    fn word(&self) -> Type {
        match self.xlen {
            Xlen::Rv32 => I32,
            Xlen::Rv64 => I64,
        }
    }

    /// The register's value as a [`Lowering::word`].
    fn read_word(&mut self, reg: Reg) -> Value {
        match self.xlen {
            Xlen::Rv32 => self.read32(reg),
            Xlen::Rv64 => self.read(reg),
        }
    }

    /// Writes a [`Lowering::word`].
    fn write_word(&mut self, reg: Reg, value: Value) {
        match self.xlen {
            Xlen::Rv32 => self.write32(reg, value),
            Xlen::Rv64 => self.write(reg, value),
        }
    }

    /// A constant of the type [`Lowering::word`], sign-extended.
    fn word_constant(&mut self, value: i32) -> Value {
        let (word, value) = (self.word(), self.extend(value));
        self.builder.ins().iconst(word, value.cast_signed())
    }

    /// A constant as a register holds it, sign-extended.
    fn extend(&self, value: i32) -> u64 {
        match self.xlen {
            Xlen::Rv32 => u64::from(value as u32),
            Xlen::Rv64 => i64::from(value) as u64,
        }
    }

    /// The low half of the register's value, zero-extended: what it is as an address.
    fn read_address(&mut self, reg: Reg) -> Value {
        match self.xlen {
            Xlen::Rv32 => self.read(reg),
            Xlen::Rv64 => {
                let low = self.read32(reg);
                self.builder.ins().uextend(I64, low)
            }
        }
    }

    /// The register's value in 64 bits; of a 32-bit one the upper half is 0.
    fn read(&mut self, reg: Reg) -> Value {
        if reg.is_zero() {
            return self.builder.ins().iconst(I64, 0);
        }
        if self.in_context {
            return self.load_register(reg);
        }
        self.builder.use_var(self.vars[reg.index()])
    }

    /// The low 32 bits of the register's value.
    fn read32(&mut self, reg: Reg) -> Value {
        if reg.is_zero() {
            return self.builder.ins().iconst(I32, 0);
        }
        if let Some(word) = self.words[reg.index()] {
            return word;
        }
        let value = self.read(reg);
        self.builder.ins().ireduce(I32, value)
    }

    /// The low halves of registers, if all are known to hold sign-extended words.
    fn known_words<const N: usize>(&mut self, regs: [Reg; N]) -> Option<[Value; N]> {
        let known = |reg: &Reg| reg.is_zero() || self.words[reg.index()].is_some();
        if !regs.iter().all(known) || regs.iter().all(|reg| reg.is_zero()) {
            return None;
        }
        Some(regs.map(|reg| self.read32(reg)))
    }

    /// Notes that a register which was just written holds this word, sign-extended.
    fn note_word(&mut self, reg: Reg, word: Value) {
        if self.xlen == Xlen::Rv64 && !self.in_context && !reg.is_zero() {
            self.words[reg.index()] = Some(word);
        }
    }

    /// Writes a 64-bit value, whose upper half is 0 in a 32-bit program; a write to `x0` has no effect.
    fn write(&mut self, reg: Reg, value: Value) {
        if reg.is_zero() {
            return;
        }
        self.words[reg.index()] = None;
        if self.in_context {
            self.store_register(reg, value);
        } else {
            self.builder.def_var(self.vars[reg.index()], value);
            self.dirty = self.dirty.union(RegSet::of(&[reg]));
        }
    }

    /// Writes 32 bits, sign-extended where the register is wider.
    fn write32(&mut self, reg: Reg, value: Value) {
        if !reg.is_zero() {
            let whole = match self.xlen {
                Xlen::Rv32 => self.builder.ins().uextend(I64, value),
                Xlen::Rv64 => self.builder.ins().sextend(I64, value),
            };
            self.write(reg, whole);
            self.note_word(reg, value);
        }
    }

    /// Writes 32 bits of which the top one is 0: both extensions are the same, and this one is no code.
    fn write_positive(&mut self, reg: Reg, value: Value) {
        if !reg.is_zero() {
            let whole = self.builder.ins().uextend(I64, value);
            self.write(reg, whole);
            self.note_word(reg, value);
        }
    }

    /// `rd = rs1`.
    fn copy(&mut self, rd: Reg, rs1: Reg) {
        let word = if rs1.is_zero() { None } else { self.words[rs1.index()] };
        let value = self.read(rs1);
        self.write(rd, value);
        if let Some(word) = word {
            self.note_word(rd, word);
        }
    }

    fn write_constant(&mut self, reg: Reg, value: u64) {
        let whole = self.builder.ins().iconst(I64, value.cast_signed());
        self.write(reg, whole);
        if self.xlen == Xlen::Rv64
            && let Ok(word) = i32::try_from(value.cast_signed())
        {
            let word = self.builder.ins().iconst(I32, i64::from(word.cast_unsigned()));
            self.note_word(reg, word);
        }
    }

    /// Stores registers to the context.
    fn flush(&mut self, regs: RegSet) {
        if self.in_context {
            return;
        }
        for reg in regs.iter() {
            let value = self.builder.use_var(self.vars[reg.index()]);
            self.store_register(reg, value);
        }
    }

    /// Loads registers from the context.
    fn load_registers(&mut self, regs: RegSet) {
        if self.in_context {
            return;
        }
        for reg in regs.iter() {
            let value = self.load_register(reg);
            self.builder.def_var(self.vars[reg.index()], value);
        }
    }

    fn store_register(&mut self, reg: Reg, value: Value) {
        let (at, context) = (register_offset(reg), self.context());
        match self.xlen {
            Xlen::Rv32 => self.builder.ins().istore32(self.flags.context, value, context, at),
            Xlen::Rv64 => self.builder.ins().store(self.flags.context, value, context, at),
        };
    }

    fn load_register(&mut self, reg: Reg) -> Value {
        let (at, context) = (register_offset(reg), self.context());
        match self.xlen {
            Xlen::Rv32 => self.builder.ins().uload32(self.flags.context, context, at),
            Xlen::Rv64 => self.builder.ins().load(I64, self.flags.context, context, at),
        }
    }

    fn load_context(&mut self, at: i32) -> Value {
        let context = self.context();
        self.builder.ins().load(I64, self.flags.context, context, at)
    }

    /// The address of the context.
    fn context(&mut self) -> Value {
        let context = self.pointers.context;
        let context = context.unwrap_or_else(|| self.builder.ins().get_pinned_reg(I64));
        self.pointers.context = Some(context);
        context
    }

    /// The host address of guest address 0.
    fn memory(&mut self) -> Value {
        self.builder.use_var(self.memory)
    }

    /// Meter and passed registers, as units get them and return them.
    fn passed(&mut self) -> [Value; CARRIED] {
        let [sp, a0, a1, s0] = PASSED.map(|reg| self.read(reg));
        [self.builder.use_var(self.meter), sp, a0, a1, s0]
    }

    fn define_passed(&mut self, passed: &[Value]) {
        self.builder.def_var(self.meter, passed[0]);
        for (reg, &value) in PASSED.into_iter().zip(&passed[1..]) {
            if self.in_context {
                self.store_register(reg, value);
            } else {
                self.builder.def_var(self.vars[reg.index()], value);
            }
        }
    }

    /// Fills a block that is rarely executed and does not come back.
    fn cold(&mut self, block: Block, fill: impl FnOnce(&mut Self)) {
        self.builder.set_cold_block(block);
        self.aside(block, fill);
    }

    /// Fills a block that does not come back: what it fetches is not there for others.
    fn aside(&mut self, block: Block, fill: impl FnOnce(&mut Self)) {
        let (pointers, dirty) = (self.pointers, self.dirty);
        self.builder.switch_to_block(block);
        fill(self);
        (self.pointers, self.dirty) = (pointers, dirty);
    }

    fn callee(&mut self, unit: usize) -> FuncRef {
        if let Some(&known) = self.callees.get(&unit) {
            return known;
        }
        let signature = self.builder.import_signature(unit_signature());
        let name = UserExternalName::new(UNIT_NAMESPACE, unit as u32);
        let name = self.builder.func.declare_imported_user_function(name);
        let data = ExtFuncData {
            name: ExternalName::user(name),
            signature,
            colocated: true,
            patchable: false,
        };
        let callee = self.builder.import_function(data);
        self.callees.insert(unit, callee);
        callee
    }

    fn iconst(&mut self, value: u32) -> Value {
        self.builder.ins().iconst(I64, i64::from(value))
    }
}

/// Whether an entry finds everything in the context but the meter. Where registers stay in the context
/// all do but the first, which is the one that is fast.
fn is_settled(flow: &Flow, in_context: bool, index: usize, entry: Entry) -> bool {
    in_context && index > 0 || flow.is_settled(entry)
}

fn trap_code(kind: TrapKind) -> TrapCode {
    TrapCode::unwrap_user(kind.code())
}

/// Where the context holds a register.
pub(crate) fn register_offset(reg: Reg) -> i32 {
    offset::REGISTERS + 8 * reg.index() as i32
}
