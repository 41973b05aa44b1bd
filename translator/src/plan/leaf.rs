//! Which units are leaves: they call nothing that comes back, the host included, so that what they do
//! not touch stays where it is over a call.

use bessemer_image::Text;
use bessemer_isa::{Class, Inst, J, L, RegSet};

use super::{CallSite, Marks, NOWHERE, is_link};

/// The known facts of all units.
pub(super) struct Leaves {
    /// Per unit: the registers that it and the leaves that it jumps into read or write, if it is a
    /// leaf.
    pub(super) touched: Vec<Option<RegSet>>,
    /// Per unit: whether some caller relies on that. What such a unit hands control to for good must
    /// not come back to the caller as if it were the unit.
    pub(super) relied_on: Vec<bool>,
}

pub(super) fn leaves(
    text: &Text,
    marks: &[Marks],
    home: &[u32],
    units: usize,
    calls: &[CallSite],
) -> Leaves {
    let step = text.profile().step() as usize;
    let mut leaves = vec![Some(RegSet::EMPTY); units];
    // to a unit, from one that goes on in it
    let mut jumps = Vec::new();
    for slot in (0..marks.len()).filter(|&slot| marks[slot].reached && home[slot] != NOWHERE) {
        let unit = home[slot];
        let decoded = text.slot(slot);
        let Some(inst) = decoded.inst else { continue };
        let (read, written) = inst.registers();
        let calls = marks[slot].calls || inst.class() == Class::Ecall;
        // a jump to a known place through a link register is not a return
        let is_known = match inst {
            Inst::Jalr(L { rd, rs1, .. }) => is_link(rs1) && (!marks[slot].fixed || is_link(rd)),
            _ => true,
        };
        let leaf = &mut leaves[unit as usize];
        *leaf = leaf.filter(|_| !calls && is_known).map(|set| set.union(read).union(written));
        let next = slot + usize::from(decoded.len) / step;
        // a call from which control does not come back is none of the leaf's
        let is_call = matches!(inst, Inst::Jal(J { rd, .. }) if is_link(rd));
        let target = inst.target(text.address(slot)).and_then(|target| text.index(target));
        let falls = !inst.is_terminator() || inst.class() == Class::Branch;
        let follows = [target.filter(|_| !is_call), Some(next).filter(|_| falls)];
        for to in follows.into_iter().flatten() {
            match home.get(to) {
                Some(&to) if to != unit && to != NOWHERE => jumps.push((to, unit)),
                _ => {}
            }
        }
    }
    jumps.sort_unstable();
    jumps.dedup();
    // a set only grows, by a few registers at most, so this is linear in the jumps
    let mut pending: Vec<u32> = (0..units as u32).collect();
    while let Some(to) = pending.pop() {
        let touched = leaves[to as usize];
        let start = jumps.partition_point(|&(other, _)| other < to);
        for &(_, from) in jumps[start..].iter().take_while(|&&(other, _)| other == to) {
            let leaf = &mut leaves[from as usize];
            let both = leaf.zip(touched).map(|(from, to)| from.union(to));
            if both != *leaf {
                *leaf = both;
                pending.push(from);
            }
        }
    }
    let mut relied_on = vec![false; units];
    let callees = calls.iter().map(|call| home[call.callee]).filter(|&unit| unit != NOWHERE);
    let mut pending: Vec<u32> = callees.filter(|&unit| leaves[unit as usize].is_some()).collect();
    jumps.sort_unstable_by_key(|&(to, from)| (from, to));
    while let Some(unit) = pending.pop() {
        if std::mem::replace(&mut relied_on[unit as usize], true) {
            continue;
        }
        let start = jumps.partition_point(|&(_, from)| from < unit);
        let from_here = jumps[start..].iter().take_while(|&&(_, from)| from == unit);
        pending.extend(from_here.map(|&(to, _)| to));
    }
    Leaves { touched: leaves, relied_on }
}
