//! Finds the instructions that control may reach.

use std::collections::BTreeMap;

use bessemer_image::{Program, Text};
use bessemer_isa::{I, Inst, J, L, Reg, RegSet};

use super::Constants;

/// The known facts of one slot.
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
    /// A function starts here: every direct call goes to such a place.
    pub(crate) head: bool,
    /// That function may return.
    pub(crate) returns: bool,
    /// A call stands here from which control may come back.
    pub(crate) calls: bool,
    /// A jump by a register stands here whose target is known all the same.
    pub(crate) fixed: bool,
}

/// Registers that hold what LUI or AUIPC formed. That is the upper half of an address more often than
/// an address: in every far call it is one of some place in text where nothing jumps.
#[derive(Clone, Copy, Default)]
struct Halves {
    held: RegSet,
    /// Those that an instruction has added a lower half to.
    completed: RegSet,
}

impl Halves {
    /// Accounts for `inst`; returns the registers that it uses as they are.
    fn step(&mut self, inst: Inst) -> RegSet {
        let (read, written) = inst.registers();
        let base = match inst {
            Inst::Addi(I { rs1, .. }) | Inst::Addiw(I { rs1, .. }) => RegSet::of(&[rs1]),
            _ => inst.base().map_or(RegSet::EMPTY, |base| RegSet::of(&[base])),
        };
        let whole = self.held.intersection(read.without(base));
        self.completed = self.completed.union(self.held.intersection(base)).without(written);
        self.held = self.held.without(written);
        if matches!(inst, Inst::Lui(_) | Inst::Auipc(_)) {
            self.held = self.held.union(written);
        }
        whole
    }

    /// The registers that still hold what nothing was added to.
    fn left(self) -> RegSet {
        self.held.without(self.completed)
    }
}

/// Registers that the calling convention uses for return addresses (manual, section "Unconditional
/// Jumps"): a jump that writes one is a call, a jump through one that writes none is a return.
pub(crate) fn is_link(reg: Reg) -> bool {
    reg == Reg::RA || reg == Reg::T0
}

/// Marks every slot that is reachable from the entry point, from a function symbol, or from an
/// address found in data or formed by instructions.
pub(crate) fn discover(program: &Program) -> (Vec<Marks>, Vec<CallSite>) {
    let text = program.text();
    let slots = text.slots().len();
    let mut search = Search {
        text,
        marks: vec![Marks::default(); slots],
        pending: Vec::new(),
        returns: Returns::new(slots),
        calls: Vec::new(),
        hints: FREE_HINTS + slots / SLOTS_PER_HINT,
    };
    search.function(program.entry());
    for (addr, _) in program.symbols().functions() {
        if search.is_believed(addr) {
            search.function(addr);
        }
    }
    search.run();
    // jump tables and function pointers lie in data, or between the code of a text segment
    for segment in program.segments() {
        for (index, word) in segment.bytes.chunks_exact(4).enumerate() {
            let at = segment.addr.wrapping_add(index as u32 * 4);
            let is_code =
                segment.executable && text.index(at).is_some_and(|slot| search.marks[slot].reached);
            if let (false, Some(word)) = (is_code, word.first_chunk()) {
                search.named(u32::from_le_bytes(*word));
            }
        }
    }
    search.run();
    for (marks, returns) in search.marks.iter_mut().zip(search.returns.returns) {
        marks.returns = returns;
    }
    (search.marks, search.calls)
}

struct Search<'a> {
    text: &'a Text,
    marks: Vec<Marks>,
    /// Arrivals to follow, each with the function that it belongs to.
    pending: Vec<(usize, usize)>,
    returns: Returns,
    calls: Vec<CallSite>,
    /// How many places more become entries only because something names them.
    hints: usize,
}

/// Places that symbols and constants can make entries: so many, and one for so many slots of text. Compiled
/// programs have far fewer. Others are counted by rule L29 of the loader, these are not: what is not
/// believed executes in the interpreter up to the next entry.
const FREE_HINTS: usize = 1024;
const SLOTS_PER_HINT: usize = 8;

/// A call of a known function from which control may come back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CallSite {
    /// Slot of the call.
    pub(crate) slot: usize,
    /// Slot of the function that is called.
    pub(crate) callee: usize,
    /// The return address.
    pub(crate) next: u32,
    /// The function that calls, by its slot.
    function: usize,
}

impl Search<'_> {
    /// Control arrives at `addr`, in the function that starts at slot `function`.
    fn arrival(&mut self, addr: u32, function: usize) -> Option<&mut Marks> {
        let slot = self.text.index(addr)?;
        if self.marks[slot].arrival {
            self.join(slot, function);
        } else {
            self.marks[slot].arrival = true;
            self.pending.push((slot, function));
        }
        Some(&mut self.marks[slot])
    }

    /// Control arrives at `addr` from who knows where: a function of its own, as far as one can tell.
    fn entry(&mut self, addr: u32) -> Option<&mut Marks> {
        let function = self.text.index(addr)?;
        let marks = self.arrival(addr, function)?;
        marks.entry = true;
        Some(marks)
    }

    /// Instructions form this address.
    fn formed(&mut self, addr: u32) {
        if self.is_believed(addr) {
            self.named(addr);
        }
    }

    /// A word of the file is this address.
    fn named(&mut self, addr: u32) {
        if let Some(marks) = self.entry(addr) {
            marks.taken = true;
        }
    }

    /// Whether an address that something names becomes an entry, if it is not one already.
    fn is_believed(&mut self, addr: u32) -> bool {
        let Some(slot) = self.text.index(addr) else { return false };
        if !self.marks[slot].entry {
            let Some(left) = self.hints.checked_sub(1) else { return false };
            self.hints = left;
        }
        true
    }

    fn function(&mut self, addr: u32) {
        if let Some(marks) = self.entry(addr) {
            marks.head = true;
        }
    }

    /// Control goes on in `function` at `addr`, and can come there from outside too.
    fn behind(&mut self, addr: u32, function: usize) {
        if let Some(marks) = self.arrival(addr, function) {
            marks.entry = true;
        }
    }

    fn run(&mut self) {
        loop {
            if let Some((slot, function)) = self.pending.pop() {
                self.follow(slot, function);
            } else if let Some(call) = self.returns.released.pop() {
                self.marks[call.slot].calls = true;
                self.arrival(call.next, call.function);
                self.calls.push(call);
            } else {
                break;
            }
        }
    }

    /// `function` goes on at a slot that is followed already.
    fn join(&mut self, slot: usize, function: usize) {
        match self.returns.owner[slot] {
            NOBODY => self.pending.push((slot, function)),
            owner => self.returns.follow(owner as usize, function),
        }
    }

    /// Follows one run from an arrival to its terminator, or to where it is known.
    fn follow(&mut self, mut slot: usize, function: usize) {
        let mut constants = Constants::none(self.text.profile().xlen);
        let mut halves = Halves::default();
        while let Some(marks) = self.marks.get_mut(slot) {
            if marks.reached {
                self.join(slot, function);
                break;
            }
            marks.reached = true;
            self.returns.owner[slot] = function as u32;
            let decoded = self.text.slot(slot);
            let Some(inst) = decoded.inst else { break };
            let pc = self.text.address(slot);
            let next = pc.wrapping_add(u32::from(decoded.len));
            for reg in halves.step(inst).iter() {
                constants.get(reg).into_iter().for_each(|whole| self.formed(whole));
            }
            if inst.is_terminator() {
                self.leave(inst, slot, next, &constants, function);
                break;
            }
            if let Some(formed) = constants.step(inst, pc)
                && matches!(inst, Inst::Addi(_) | Inst::Addiw(_))
            {
                self.formed(formed);
            }
            slot += usize::from(decoded.len) / self.text.profile().step() as usize;
        }
        for reg in halves.left().iter() {
            constants.get(reg).into_iter().for_each(|whole| self.formed(whole));
        }
    }

    fn leave(&mut self, inst: Inst, slot: usize, next: u32, known: &Constants, function: usize) {
        let pc = self.text.address(slot);
        match inst {
            Inst::Jal(J { rd, offset }) if rd.is_zero() => {
                self.arrival(pc.wrapping_add_signed(offset), function);
            }
            Inst::Jal(J { rd, offset }) => {
                self.jump(rd, Some(pc.wrapping_add_signed(offset)), slot, next, function);
            }
            Inst::Jalr(L { rd, rs1, imm }) => {
                let target = known.get(rs1).map(|base| base.wrapping_add_signed(imm) & !1);
                self.marks[slot].fixed = target.is_some();
                self.jump(rd, target, slot, next, function);
            }
            Inst::Ecall(_) => self.behind(next, function),
            _ => {
                if let Some(target) = inst.target(pc) {
                    self.arrival(target, function);
                    self.arrival(next, function);
                }
            }
        }
    }

    /// A jump that leaves `next` in `rd`: a call if `rd` is a link register.
    fn jump(&mut self, rd: Reg, target: Option<u32>, slot: usize, next: u32, function: usize) {
        let callee = target.and_then(|target| self.text.index(target));
        match (target, callee) {
            (Some(target), Some(callee)) if is_link(rd) => {
                self.function(target);
                let call = CallSite { slot, callee, next, function };
                self.returns.when_returned(callee, Waiting::Caller(call));
            }
            (Some(target), _) if rd.is_zero() => self.behind(target, function),
            _ => {
                if let Some(target) = target {
                    let _ = self.entry(target);
                }
                self.returns.returned(function);
                if !rd.is_zero() {
                    self.marks[slot].calls = true;
                    self.behind(next, function);
                }
            }
        }
    }
}

/// Which functions may return, and who waits for that. Behind a call of one that cannot, control
/// never comes: what stands there belongs to something else.
///
/// A function is named by the slot where it starts, and is taken to return if anything that it
/// runs into by branches and jumps does. That is a guess: calls need not come back where they
/// left, but where they do so against it the interpreter goes on.
struct Returns {
    /// Per slot: the function that was the first to reach it.
    owner: Vec<u32>,
    /// Per slot: whether the function there may return.
    returns: Vec<bool>,
    /// By function: what waits for its return.
    waiting: BTreeMap<usize, Vec<Waiting>>,
    /// Calls that turned out to come back.
    released: Vec<CallSite>,
}

/// The steps to take when some function is found to return.
#[derive(Clone, Copy)]
enum Waiting {
    /// Control comes back from this call.
    Caller(CallSite),
    /// The function may return too.
    Function(usize),
}

impl Returns {
    fn new(slots: usize) -> Self {
        Self {
            owner: vec![NOBODY; slots],
            returns: vec![false; slots],
            waiting: BTreeMap::new(),
            released: Vec::new(),
        }
    }

    /// `function` goes on in the code of `other`.
    fn follow(&mut self, other: usize, function: usize) {
        if other != function && !self.returns[function] {
            self.when_returned(other, Waiting::Function(function));
        }
    }

    fn when_returned(&mut self, callee: usize, waiting: Waiting) {
        if !self.returns[callee] {
            return self.waiting.entry(callee).or_default().push(waiting);
        }
        match waiting {
            Waiting::Caller(call) => self.released.push(call),
            Waiting::Function(function) => self.returned(function),
        }
    }

    /// A way out of `function` was found.
    fn returned(&mut self, function: usize) {
        let mut found = vec![function];
        while let Some(function) = found.pop() {
            if std::mem::replace(&mut self.returns[function], true) {
                continue;
            }
            for waiting in self.waiting.remove(&function).unwrap_or_default() {
                match waiting {
                    Waiting::Caller(call) => self.released.push(call),
                    Waiting::Function(function) => found.push(function),
                }
            }
        }
    }
}

/// The owner of a slot that has not been reached.
const NOBODY: u32 = u32::MAX;
