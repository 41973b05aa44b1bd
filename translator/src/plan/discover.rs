//! Finds the instructions that control may reach.

use bessemer_image::{Program, Text};
use bessemer_isa::{Inst, J, L, Reg};

use super::Constants;

/// What is known of one slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Marks {
    /// An instruction that control may reach stands here.
    pub(crate) reached: bool,
    /// Control may arrive here: a run may start.
    pub(crate) arrival: bool,
    /// The runtime, a return, or a jump from another unit may arrive here.
    pub(crate) entry: bool,
    /// The address was found in data, or is formed by instructions: a jump whose target is not known
    /// may arrive here.
    pub(crate) taken: bool,
    /// A function starts here.
    pub(crate) head: bool,
}

/// Registers that the calling convention uses for return addresses (manual, section "Unconditional
/// Jumps"): a jump that writes one is a call, a jump through one that writes none is a return.
pub(crate) fn is_link(reg: Reg) -> bool {
    reg == Reg::RA || reg == Reg::T0
}

/// Marks every slot that is reachable from the entry point, from a function symbol, or from an
/// address found in data or formed by instructions.
pub(crate) fn discover(program: &Program) -> Vec<Marks> {
    let text = program.text();
    let mut search =
        Search { text, marks: vec![Marks::default(); text.slots().len()], pending: Vec::new() };
    search.function(program.entry());
    for (addr, _) in program.symbols().functions() {
        search.function(addr);
    }
    search.run();
    // jump tables and function pointers lie in data, or between the code of a text segment
    for segment in program.segments() {
        for (index, word) in segment.bytes.chunks_exact(4).enumerate() {
            let at = segment.addr.wrapping_add(index as u32 * 4);
            let is_code =
                segment.executable && text.index(at).is_some_and(|slot| search.marks[slot].reached);
            if let (false, Some(word)) = (is_code, word.first_chunk()) {
                search.taken(u32::from_le_bytes(*word));
            }
        }
    }
    search.run();
    search.marks
}

struct Search<'a> {
    text: &'a Text,
    marks: Vec<Marks>,
    pending: Vec<usize>,
}

impl Search<'_> {
    fn arrival(&mut self, addr: u32) -> Option<&mut Marks> {
        let slot = self.text.index(addr)?;
        if !self.marks[slot].arrival {
            self.marks[slot].arrival = true;
            self.pending.push(slot);
        }
        Some(&mut self.marks[slot])
    }

    fn entry(&mut self, addr: u32) {
        if let Some(marks) = self.arrival(addr) {
            marks.entry = true;
        }
    }

    fn taken(&mut self, addr: u32) {
        if let Some(marks) = self.arrival(addr) {
            marks.entry = true;
            marks.taken = true;
        }
    }

    fn function(&mut self, addr: u32) {
        if let Some(marks) = self.arrival(addr) {
            marks.entry = true;
            marks.head = true;
        }
    }

    fn run(&mut self) {
        while let Some(slot) = self.pending.pop() {
            self.follow(slot);
        }
    }

    /// Follows one run from an arrival to its terminator, or to where it is known.
    fn follow(&mut self, mut slot: usize) {
        let mut constants = Constants::none();
        while let Some(marks) = self.marks.get_mut(slot) {
            if marks.reached {
                return;
            }
            marks.reached = true;
            let decoded = self.text.slot(slot);
            let Some(inst) = decoded.inst else { return };
            let pc = self.text.address(slot);
            let next = pc.wrapping_add(u32::from(decoded.len));
            if inst.is_terminator() {
                return self.leave(inst, pc, next, &constants);
            }
            if let Some(formed) = constants.step(inst, pc) {
                self.taken(formed);
            }
            slot += usize::from(decoded.len) / self.text.profile().step() as usize;
        }
    }

    fn leave(&mut self, inst: Inst, pc: u32, next: u32, constants: &Constants) {
        match inst {
            Inst::Jal(J { rd, offset }) => {
                let target = pc.wrapping_add_signed(offset);
                self.arrival(target);
                self.link(rd, Some(target), next);
            }
            Inst::Jalr(L { rd, rs1, imm }) => {
                let target = constants.get(rs1).map(|base| base.wrapping_add_signed(imm) & !1);
                target.into_iter().for_each(|target| self.entry(target));
                self.link(rd, target, next);
            }
            Inst::Ecall(_) => self.entry(next),
            _ => {
                if let Some(target) = inst.target(pc) {
                    self.arrival(target);
                    self.arrival(next);
                }
            }
        }
    }

    /// A jump that leaves `next` in `rd`: a call if `rd` is a link register.
    fn link(&mut self, rd: Reg, target: Option<u32>, next: u32) {
        if let Some(target) = target.filter(|_| is_link(rd)) {
            self.function(target);
        }
        if !rd.is_zero() {
            self.entry(next);
        }
    }
}
