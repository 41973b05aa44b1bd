//! Blocks of a unit, and which registers are where.
//!
//! Inside a unit guest registers are SSA values; between units they live in the context, but for
//! the [`PASSED`] ones, which travel in host registers. Two classic data-flow problems decide what
//! is moved between the two: which registers may differ from the context (*dirty*, forward) and
//! which are needed later (*live*, backward).

use bessemer_image::Text;
use bessemer_isa::{Class, Inst, J, L, Reg, RegSet};

use crate::plan::{Constants, Entry, Plan, is_link};

/// Registers that units pass to each other and return in host registers.
pub(crate) const PASSED: [Reg; 4] = [Reg::SP, Reg::A0, Reg::A1, Reg::S0];
/// The same as a set.
pub(crate) const PASSED_SET: RegSet = RegSet::of(&PASSED);

pub(crate) type BlockId = usize;

/// How many registers may pass from block to block or to the context, for each instruction of a unit,
/// before the unit keeps its registers in the context altogether. Compiled programs have 1 to 5.
const MAX_SEAMS_PER_INSTRUCTION: usize = 6;
const FREE_SEAMS: usize = 512;
/// At most this many ways from indirect jumps to blocks, before the jumps share one table.
const MAX_DISPATCH_EDGES: usize = 256;
/// A unit gets tables for its own indirect jumps if they have no more slots than this.
pub(crate) const MAX_DISPATCH_SLOTS: usize = 4096;

/// Instructions that execute one after the other, entered at the first only.
#[derive(Debug)]
pub(crate) struct Block {
    /// Slot of the first instruction.
    pub(crate) start: usize,
    /// How many instructions.
    pub(crate) count: usize,
    /// Whether control may arrive at `start`: then there is a gas check in front.
    pub(crate) arrival: bool,
    /// Whether a run may go on into this block without an arrival.
    pub(crate) fallen_into: bool,
    /// Whether a block of the unit goes back to this one.
    pub(crate) loop_head: bool,
    /// Whether an entry here finds all registers in the context: behind a host call they are there,
    /// and who comes in from elsewhere, which is rare, stores them first.
    pub(crate) settled: bool,
    /// Registers that may be dirty before the first instruction.
    pub(crate) dirty_in: RegSet,
    /// Registers whose values are needed before the first instruction.
    pub(crate) live_in: RegSet,
    reads: RegSet,
    writes: RegSet,
    edges: Vec<Edge>,
    /// Whether the last instruction may leave the unit, with passed registers in host registers.
    leaves: bool,
    /// Whether the last instruction is a host call, which needs the context to be current.
    calls_host: bool,
}

/// How control passes to a block of the same unit.
#[derive(Clone, Copy, Debug)]
enum Edge {
    /// All values stay where they are.
    Keep(BlockId),
    /// To whichever entry an indirect jump names.
    Dispatch,
    /// Behind an ECALL: the context is current, and `a0` is new.
    Written(BlockId),
    /// Behind a call: what the callee may touch comes from the context, or from its results.
    Returned(BlockId, RegSet),
}

/// The blocks of one unit in address order, and what its entries need.
#[derive(Debug)]
pub(crate) struct Flow {
    pub(crate) blocks: Vec<Block>,
    /// Whether registers stay values over the call of a leaf. Not where a trap may show them.
    keeps: bool,
    /// Whether the unit makes native calls, other than to leaves.
    pub(crate) makes_calls: bool,
    /// The blocks that an indirect jump within the unit can go to.
    pub(crate) taken: Vec<BlockId>,
    /// How many indirect jumps within the unit there are.
    dispatches: usize,
    /// Registers that some of these need.
    dispatch_live: RegSet,
    /// Registers that may be dirty where an indirect jump goes.
    pub(crate) dispatch_dirty: RegSet,
    /// Per slot of the unit's range: the block that starts there.
    starts: Vec<Option<u32>>,
    first: usize,
}

impl Flow {
    /// Finds the blocks of unit `unit` and solves both problems. With `precise`, every instruction
    /// is taken to need all dirty registers.
    pub(crate) fn new(plan: &Plan, unit: usize, text: &Text, precise: bool) -> Self {
        let mut flow = Self::blocks(plan, unit, text);
        flow.keeps = !precise && plan.units[unit].keeps;
        for id in 0..flow.blocks.len() {
            flow.summarise(id, plan, text);
        }
        for id in 0..flow.blocks.len() {
            for edge in 0..flow.blocks[id].edges.len() {
                if let Edge::Keep(target) = flow.blocks[id].edges[edge] {
                    flow.blocks[target].loop_head |= target <= id;
                }
            }
        }
        let edges = flow.blocks.iter().flat_map(|block| &block.edges);
        flow.dispatches = edges.filter(|edge| matches!(edge, Edge::Dispatch)).count();
        flow.settle(plan, unit);
        flow.solve_dirty(plan, unit);
        flow.solve_live(precise);
        flow
    }

    /// The block that starts at this slot of text, if one of this unit does.
    pub(crate) fn block_at(&self, slot: usize) -> Option<BlockId> {
        let index = slot.checked_sub(self.first)?;
        self.starts.get(index).copied().flatten().map(|id| id as BlockId)
    }

    /// Whether an entry finds all registers in the context.
    pub(crate) fn is_settled(&self, entry: Entry) -> bool {
        self.block_at(entry.slot).is_some_and(|id| self.blocks[id].settled)
    }

    /// Which registers are taken to change over a call.
    pub(crate) fn touched(&self, plan: &Plan, callee: Option<usize>) -> RegSet {
        callee.filter(|_| self.keeps).map_or(RegSet::ALL, |callee| plan.touched(callee))
    }

    /// Whether registers as values would cost more than they gain: in code that branches at every
    /// other instruction, most of what is compiled would be moves at the seams of blocks, and
    /// compile time would no longer follow the size of the text.
    pub(crate) fn is_dense(&self) -> bool {
        let instructions: usize = self.blocks.iter().map(|block| block.count).sum();
        let seams: usize = self
            .blocks
            .iter()
            .map(|block| {
                let dirty = block.dirty_in.union(block.writes);
                let stored = match block {
                    Block { leaves: true, .. } => dirty.union(PASSED_SET).len(),
                    // nothing but host calls is dense too
                    Block { calls_host: true, .. } => dirty.len() + MAX_SEAMS_PER_INSTRUCTION + 1,
                    _ => 0,
                };
                block.live_in.len() + stored
            })
            .sum();
        seams > MAX_SEAMS_PER_INSTRUCTION * instructions + FREE_SEAMS
    }

    /// Whether each indirect jump of the unit can have a table of its own; otherwise they share one,
    /// lest their number times the size of a table grows without bound.
    pub(crate) fn has_few_dispatches(&self) -> bool {
        self.dispatches == 1
            || self.dispatches * self.taken.len() <= MAX_DISPATCH_EDGES
                && self.dispatches * self.starts.len() <= MAX_DISPATCH_SLOTS
    }

    fn blocks(plan: &Plan, unit: usize, text: &Text) -> Self {
        let range = plan.units[unit].range.clone();
        let step = text.profile().step() as usize;
        let next = |slot: usize| slot + usize::from(text.slot(slot).len) / step;
        let mut falls_in = vec![0u8; range.len() + 2];
        for slot in range.clone().filter(|&slot| plan.marks[slot].reached) {
            if !text.slot(slot).ends_run() && range.contains(&next(slot)) {
                falls_in[next(slot) - range.start] += 1;
            }
        }
        let mut starts = vec![None; range.len()];
        for slot in range.clone().filter(|&slot| plan.marks[slot].arrival) {
            starts[slot - range.start] = Some(0);
        }
        for entry in &plan.units[unit].entries {
            starts[entry.slot - range.start] = Some(0);
            if entry.continuing {
                falls_in[entry.slot - range.start] += 1;
            }
        }
        // two runs that meet: with compressed instructions they may overlap
        for (start, &falls) in starts.iter_mut().zip(&falls_in) {
            if falls > 1 {
                *start = Some(0);
            }
        }
        let mut blocks = Vec::new();
        for slot in range.clone().filter(|&slot| plan.marks[slot].reached) {
            if starts[slot - range.start].is_none() {
                continue;
            }
            starts[slot - range.start] = Some(blocks.len() as u32);
            let mut count = 1;
            let mut at = slot;
            while !text.slot(at).ends_run() {
                at = next(at);
                let interior = range.contains(&at) && starts[at - range.start].is_none();
                if !interior {
                    break;
                }
                count += 1;
            }
            blocks.push(Block {
                start: slot,
                count,
                arrival: plan.marks[slot].arrival,
                fallen_into: falls_in[slot - range.start] > 0,
                loop_head: false,
                settled: false,
                dirty_in: RegSet::EMPTY,
                live_in: RegSet::EMPTY,
                reads: RegSet::EMPTY,
                writes: RegSet::EMPTY,
                edges: Vec::new(),
                leaves: false,
                calls_host: false,
            });
        }
        let taken = (0..blocks.len()).filter(|&id| plan.marks[blocks[id].start].taken).collect();
        Self {
            blocks,
            keeps: false,
            makes_calls: false,
            taken,
            dispatches: 0,
            dispatch_live: RegSet::EMPTY,
            dispatch_dirty: RegSet::EMPTY,
            starts,
            first: range.start,
        }
    }

    /// Walks one block and notes what it reads and writes and where it goes.
    fn summarise(&mut self, id: BlockId, plan: &Plan, text: &Text) {
        let step = text.profile().step() as usize;
        let (mut reads, mut writes) = (RegSet::EMPTY, RegSet::EMPTY);
        let mut edges = Vec::new();
        let (mut leaves, mut calls_host) = (false, false);
        let mut makes_calls = false;
        let mut constants = Constants::none(text.profile().xlen);
        let mut slot = self.blocks[id].start;
        for index in 0..self.blocks[id].count {
            let decoded = text.slot(slot);
            let Some(inst) = decoded.inst else { break };
            let pc = text.address(slot);
            let next = slot + usize::from(decoded.len) / step;
            let (read, written) = inst.registers();
            reads = reads.union(read.without(writes));
            writes = writes.union(written);
            let mut keep = |target: Option<usize>| match target.and_then(|t| self.block_at(t)) {
                Some(block) => edges.push(Edge::Keep(block)),
                None => leaves = true,
            };
            if !inst.is_terminator() {
                constants.step(inst, pc);
                if index + 1 == self.blocks[id].count {
                    keep(Some(next));
                }
                slot = next;
                continue;
            }
            // `None` for indirect jumps whose target is not known
            let jump = match inst {
                Inst::Jal(J { rd, offset }) => Some((rd, Some(pc.wrapping_add_signed(offset)))),
                Inst::Jalr(L { rd, rs1, imm }) => {
                    Some((rd, constants.get(rs1).map(|at| at.wrapping_add_signed(imm) & !1)))
                }
                _ => None,
            };
            let is_return = matches!(inst, Inst::Jalr(L { rs1, .. }) if is_link(rs1));
            match (jump, inst) {
                (Some((rd, target)), _) if is_link(rd) => {
                    let callee = target.and_then(|target| text.index(target));
                    if callee.is_some_and(|callee| !plan.comes_back(callee)) {
                        // a jump that leaves its address behind
                        keep(callee);
                    } else {
                        leaves = true;
                        let touched = self.touched(plan, callee);
                        makes_calls |= touched == RegSet::ALL;
                        let behind = self.block_at(next);
                        edges.extend(behind.map(|block| Edge::Returned(block, touched)));
                    }
                }
                (Some((_, Some(target))), _) => keep(text.index(target)),
                (Some((rd, None)), _) => {
                    leaves = true;
                    if rd.is_zero() && !is_return {
                        edges.push(Edge::Dispatch);
                    }
                }
                (_, Inst::Ecall(_)) => {
                    calls_host = true;
                    match self.block_at(next) {
                        Some(block) => edges.push(Edge::Written(block)),
                        None => leaves = true,
                    }
                }
                (_, inst) if inst.class() == Class::Branch => {
                    keep(inst.target(pc).and_then(|target| text.index(target)));
                    keep(Some(next));
                }
                _ => {}
            }
        }
        self.makes_calls |= makes_calls;
        let block = &mut self.blocks[id];
        (block.reads, block.writes, block.edges) = (reads, writes, edges);
        (block.leaves, block.calls_host) = (leaves, calls_host);
    }

    /// Finds the entries behind host calls that are nothing else.
    fn settle(&mut self, plan: &Plan, unit: usize) {
        let mut behind = vec![false; self.blocks.len()];
        for edge in self.blocks.iter().flat_map(|block| &block.edges) {
            if let Edge::Written(target) = *edge {
                behind[target] = true;
            }
        }
        // the first entry is the one that is fast
        for &entry in plan.units[unit].entries.iter().skip(1) {
            if let Some(id) = self.block_at(entry.slot) {
                let elsewhere =
                    entry.continuing || plan.is_called(entry) || plan.marks[entry.slot].taken;
                self.blocks[id].settled = behind[id] && !elsewhere;
            }
        }
    }

    fn solve_dirty(&mut self, plan: &Plan, unit: usize) {
        let entries: Vec<BlockId> = self.entry_blocks(plan, unit).collect();
        for &id in &entries {
            if !self.blocks[id].settled {
                self.blocks[id].dirty_in = PASSED_SET;
            }
        }
        let mut changed = true;
        while changed {
            changed = false;
            for id in 0..self.blocks.len() {
                let out = self.blocks[id].dirty_in.union(self.blocks[id].writes);
                for edge in 0..self.blocks[id].edges.len() {
                    let (target, dirty) = match self.blocks[id].edges[edge] {
                        Edge::Keep(target) => (target, out),
                        Edge::Written(target) => (target, RegSet::EMPTY),
                        Edge::Returned(target, touched) => {
                            (target, out.without(touched).union(PASSED_SET))
                        }
                        Edge::Dispatch => {
                            let dirty = self.dispatch_dirty.union(out);
                            changed |= dirty != self.dispatch_dirty;
                            self.dispatch_dirty = dirty;
                            continue;
                        }
                    };
                    let dirty = self.blocks[target].dirty_in.union(dirty);
                    changed |= dirty != self.blocks[target].dirty_in;
                    self.blocks[target].dirty_in = dirty;
                }
            }
            for &id in &self.taken {
                let dirty = self.blocks[id].dirty_in.union(self.dispatch_dirty);
                changed |= dirty != self.blocks[id].dirty_in;
                self.blocks[id].dirty_in = dirty;
            }
        }
    }

    fn solve_live(&mut self, precise: bool) {
        // an indirect jump may leave the unit, and then stores whatever some other one made dirty
        self.dispatch_live = self.dispatch_dirty.union(PASSED_SET);
        let mut changed = true;
        while changed {
            changed = false;
            for id in (0..self.blocks.len()).rev() {
                let block = &self.blocks[id];
                let dirty_out = block.dirty_in.union(block.writes);
                let mut out = RegSet::EMPTY;
                for &edge in &block.edges {
                    out = out.union(match edge {
                        Edge::Keep(target) => self.blocks[target].live_in,
                        // what is dirty on any way to the dispatch block is written back there, so
                        // it must be loaded on all of them
                        Edge::Dispatch => self.dispatch_live.union(self.dispatch_dirty),
                        Edge::Written(target) => {
                            self.blocks[target].live_in.without(RegSet::of(&[Reg::A0]))
                        }
                        Edge::Returned(target, touched) => {
                            self.blocks[target].live_in.without(touched).without(PASSED_SET)
                        }
                    });
                }
                if block.leaves {
                    out = out.union(dirty_out).union(PASSED_SET);
                } else if block.calls_host {
                    out = out.union(dirty_out);
                }
                let mut live = block.reads.union(out.without(block.writes));
                if precise {
                    live = live.union(block.dirty_in);
                    // a jump that traps leaves with what they were before it wrote its link
                    if block.leaves {
                        live = live.union(PASSED_SET);
                    }
                }
                changed |= live != block.live_in;
                self.blocks[id].live_in = live;
            }
            for &id in &self.taken {
                let live = self.dispatch_live.union(self.blocks[id].live_in);
                changed |= live != self.dispatch_live;
                self.dispatch_live = live;
            }
        }
    }

    fn entry_blocks(&self, plan: &Plan, unit: usize) -> impl Iterator<Item = BlockId> {
        plan.units[unit].entries.iter().filter_map(|entry| self.block_at(entry.slot))
    }
}
