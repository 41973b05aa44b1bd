//! Cuts the reached instructions into units.

use bessemer_image::Text;
use bessemer_isa::{Class, Inst, J, L};

use super::{
    CallSite, Entry, MAX_ARRIVALS, Marks, NOWHERE, Plan, Unit, doomed, encode_entry, is_link, leaf,
};

/// A unit of less than this many instructions on average is refused, once a program has used up
/// its free ones: the fixed cost of a native function must not multiply.
const MIN_AVERAGE_INSTRUCTIONS: usize = 16;
const FREE_UNITS: usize = 64;

pub(super) fn partition(
    text: &Text,
    mut marks: Vec<Marks>,
    calls: &[CallSite],
    most: usize,
    loop_entries: bool,
) -> Plan {
    let ranges = cut(text, &marks, most);
    let mut home = vec![NOWHERE; marks.len()];
    for (unit, range) in ranges.iter().enumerate() {
        home[range.clone()].fill(unit as u32);
    }
    let continuing = cross(text, &mut marks, &home);
    if loop_entries {
        enter_loops(text, &mut marks, &home);
    }
    let leaves = leaf::leaves(text, &marks, &home, ranges.len(), calls);
    let dispatches = |range: &std::ops::Range<usize>| {
        range.clone().filter(|&slot| marks[slot].reached).any(|slot| {
            let inst = text.slot(slot).inst;
            matches!(inst, Some(Inst::Jalr(L { rd, rs1, .. })) if rd.is_zero() && !is_link(rs1))
        })
    };
    let mut units: Vec<Unit> = ranges
        .into_iter()
        .map(|range| Unit { keeps: !dispatches(&range), range, entries: Vec::new() })
        .collect();
    // behind a call of a leaf only that call arrives
    for call in calls {
        let Some(next) = text.index(call.next) else { continue };
        let is_leaf =
            home[call.callee] != NOWHERE && leaves.touched[home[call.callee] as usize].is_some();
        let keeps = units[home[call.slot] as usize].keeps;
        if !is_leaf || !keeps || home[next] != home[call.slot] {
            marks[next].entry = true;
        }
    }
    let mut jump_table = vec![0; marks.len()];
    for (index, unit) in units.iter_mut().enumerate() {
        let first = unit.range.start;
        for slot in unit.range.clone().filter(|&slot| marks[slot].reached) {
            if marks[slot].entry || slot == first && marks[slot].arrival {
                jump_table[slot] = encode_entry(index, unit.entries.len());
                unit.entries.push(Entry { slot, continuing: false });
            }
            if continuing[slot] {
                unit.entries.push(Entry { slot, continuing: true });
            }
        }
    }
    Plan { marks, units, home, jump_table, leaves, doomed: doomed(text) }
}

/// Ranges of slots with at most `most` instructions, each starting at a reached one, that together hold
/// all reached slots.
fn cut(text: &Text, marks: &[Marks], most: usize) -> Vec<std::ops::Range<usize>> {
    let mut ranges: Vec<std::ops::Range<usize>> = Vec::new();
    let (mut instructions, mut arrivals) = (0, 0);
    // whether control can pass from the instruction before to this one
    let mut falls = false;
    let reached = marks.iter().enumerate().filter(|(_, mark)| mark.reached);
    for (total, (slot, mark)) in reached.enumerate() {
        let affordable = ranges.len() < FREE_UNITS + total / MIN_AVERAGE_INSTRUCTIONS;
        let full = instructions >= most || arrivals >= MAX_ARRIVALS;
        let nearly_full = instructions >= most * 3 / 4 || arrivals >= MAX_ARRIVALS * 3 / 4;
        match ranges.last_mut() {
            Some(range) if !(full || nearly_full && !falls || mark.head && affordable) => {
                range.end = slot + 1;
            }
            _ => {
                ranges.push(slot..slot + 1);
                (instructions, arrivals) = (0, 0);
            }
        }
        instructions += 1;
        arrivals += usize::from(mark.arrival);
        falls = text.slot(slot).inst.is_some_and(|inst| {
            !matches!(inst, Inst::Jal(J { rd, .. }) if rd.is_zero())
                && !matches!(inst.class(), Class::Jalr | Class::Ebreak)
        });
    }
    ranges
}

/// Makes every jump between units enter at an entry, and finds where runs pass from one unit to the
/// next.
fn cross(text: &Text, marks: &mut [Marks], home: &[u32]) -> Vec<bool> {
    let mut continuing = vec![false; marks.len()];
    let step = text.profile().step() as usize;
    for slot in 0..marks.len() {
        let decoded = text.slot(slot);
        let (true, Some(inst)) = (marks[slot].reached, decoded.inst) else {
            continue;
        };
        let pc = text.address(slot);
        let next = slot + usize::from(decoded.len) / step;
        let elsewhere = |other: usize| home.get(other).is_some_and(|&unit| unit != home[slot]);
        if !inst.is_terminator() {
            if elsewhere(next) {
                continuing[next] = true;
            }
            continue;
        }
        let targets = [inst.target(pc).and_then(|target| text.index(target)), Some(next)];
        for target in targets.into_iter().flatten().filter(|&target| elsewhere(target)) {
            if marks[target].arrival {
                marks[target].entry = true;
            }
        }
    }
    continuing
}

/// Makes the head of every loop an entry: wherever the interpreter is when code comes, it executes
/// each instruction of a unit once at most before it is at an entry.
///
/// Every way round within a unit goes backwards somewhere, by a branch or a plain jump: calls,
/// returns and jumps to what is not known here arrive at entries already.
fn enter_loops(text: &Text, marks: &mut [Marks], home: &[u32]) {
    for slot in 0..marks.len() {
        let Some(inst) = text.slot(slot).inst.filter(|_| marks[slot].reached) else { continue };
        let is_plain = match inst {
            Inst::Jal(J { rd, .. }) => rd.is_zero(),
            _ => inst.class() == Class::Branch,
        };
        let target = inst.target(text.address(slot)).filter(|_| is_plain);
        if let Some(target) = target.and_then(|target| text.index(target))
            && target <= slot
            && home[target] == home[slot]
        {
            marks[target].entry = true;
        }
    }
}
