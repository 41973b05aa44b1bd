//! The differences between two executions.

use bessemer_isa::Reg;
use bessemer_runtime::memory::Region;
use serde_json::{Value, json};

use super::execution::{Execution, HostCall};
use crate::support::output::{Address, hex};

/// One difference: the value of the reference and that of the other engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Difference {
    pub(super) what: String,
    pub(super) reference: String,
    pub(super) other: String,
}

impl Difference {
    pub(super) fn to_json(&self) -> Value {
        json!({ "what": self.what, "reference": self.reference, "other": self.other })
    }
}

/// Collects differences.
#[derive(Default)]
struct Differences(Vec<Difference>);

impl Differences {
    fn check<T: PartialEq>(
        &mut self,
        what: &str,
        reference: &T,
        other: &T,
        show: impl Fn(&T) -> String,
    ) {
        if reference != other {
            let (reference, other) = (show(reference), show(other));
            self.0.push(Difference { what: what.to_owned(), reference, other });
        }
    }

    fn check_registers(&mut self, reference: &[u64; 32], other: &[u64; 32]) {
        for reg in Reg::all() {
            let at = reg.index();
            self.check(reg.name(), &reference[at], &other[at], |value| format!("{value:#010x}"));
        }
    }
}

/// The differences at the end of two executions: everything that the specification defines, and
/// registers where both have them.
pub(super) fn ends(reference: &Execution, other: &Execution) -> Vec<Difference> {
    let mut all = Differences::default();
    all.check("outcome", &reference.exit, &other.exit, ToString::to_string);
    all.check("pc", &reference.pc(), &other.pc(), show_word);
    all.check("gas used", &reference.gas_used(), &other.gas_used(), u64::to_string);
    all.check("host calls", &reference.call_count(), &other.call_count(), u64::to_string);
    if let (Some(reference), Some(other)) = (reference.registers(), other.registers()) {
        all.check_registers(reference, other);
    }
    all.check("reservation", &reference.reservation(), &other.reservation(), |word| {
        word.map_or("none".to_owned(), |word| show_word(&word))
    });
    all.check("output", &reference.output, &other.output, |(len, hash)| {
        format!("{len} bytes, sha-256 {}...", hex(&hash[..8]))
    });
    all.0.extend(memory(reference.memory(), other.memory()));
    all.0
}

/// The differences when two executions make a host call.
pub(super) fn calls(reference: Option<HostCall>, other: Option<HostCall>) -> Vec<Difference> {
    let mut all = Differences::default();
    match (reference, other) {
        (Some(reference), Some(other)) => {
            all.check("number", &reference.number(), &other.number(), u32::to_string);
            all.check("pc", &reference.pc, &other.pc, show_word);
            all.check("gas left", &reference.gas, &other.gas, u64::to_string);
            all.check_registers(&reference.registers, &other.registers);
        }
        (reference, other) => {
            let show = |call: &Option<HostCall>| match call {
                Some(call) => format!("number {} at {}", call.number(), Address(call.pc)),
                None => "none".to_owned(),
            };
            all.check("host call", &reference, &other, show);
        }
    }
    all.0
}

/// The first difference in what is mapped, or in what stands there.
fn memory(reference: &Region, other: &Region) -> Option<Difference> {
    let shape = |memory: &Region| -> Vec<_> {
        memory.mapped().map(|(start, bytes)| (start, bytes.len())).collect()
    };
    let (shape_here, shape_there) = (shape(reference), shape(other));
    if shape_here != shape_there {
        let show = |shape: &[(u32, usize)]| {
            let areas = shape.iter().map(|(start, len)| format!("{}+{len:#x}", Address(*start)));
            areas.collect::<Vec<_>>().join(" ")
        };
        return Some(Difference {
            what: "mapped".to_owned(),
            reference: show(&shape_here),
            other: show(&shape_there),
        });
    }
    for ((start, here), (_, there)) in reference.mapped().zip(other.mapped()) {
        if here == there {
            continue;
        }
        let at = here.iter().zip(there).position(|(here, there)| here != there)?;
        let differing = here.iter().zip(there).filter(|(here, there)| here != there).count();
        let shown = |bytes: &[u8]| hex(&bytes[at..bytes.len().min(at + SHOWN_BYTES)]);
        let more =
            if differing > 1 { format!(" ({differing} bytes differ)") } else { String::new() };
        return Some(Difference {
            what: format!("memory {}{more}", Address(start + at as u32)),
            reference: shown(here),
            other: shown(there),
        });
    }
    None
}

fn show_word(word: &u32) -> String {
    Address(*word).to_string()
}

const SHOWN_BYTES: usize = 16;
