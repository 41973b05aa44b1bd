//! The observable outcome of an execution, and the first difference of two of them.

use std::fmt;

/// Everything of an execution that must be the same in every engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// How the frame ended.
    pub end: End,
    /// Gas left.
    pub gas: u64,
    /// The registers; `None` if the engine does not promise them at this end.
    pub registers: Option<[u64; 32]>,
    /// The reserved word.
    pub reservation: Option<u32>,
    /// All mapped memory.
    pub memory: Memory,
    /// The host calls, in order.
    pub calls: Vec<HostCall>,
}

/// How and where a frame ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// How.
    pub ending: Ending,
    /// The ECALL, the instruction that trapped, or the arrival that could not be paid.
    pub pc: u32,
    /// The address that a trap names.
    pub addr: Option<u32>,
}

/// How a frame ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// By the host call that ends programs.
    Exit,
    /// By a trap with this code.
    Trap(u8),
    /// Gas was less than a charge.
    OutOfGas,
}

/// The arguments that a host function saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostCall {
    /// The address of the ECALL.
    pub pc: u32,
    /// Gas left.
    pub gas: u64,
    /// The registers, the number in a7 among them.
    pub registers: [u64; 32],
}

/// The pages of memory, those that are all zero by their addresses only.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// Ascending addresses of all mapped pages, as ranges that do not touch.
    mapped: Vec<(u32, u32)>,
    /// Ascending addresses and bytes of the pages that are not zero.
    pages: Vec<(u32, Box<[u8]>)>,
}

const PAGE: usize = 4096;
const ZEROS: [u8; PAGE] = [0; PAGE];

impl Memory {
    /// Adds mapped memory: whole pages, at rising addresses.
    pub fn push(&mut self, addr: u32, bytes: &[u8]) {
        let mut at = addr;
        for page in bytes.chunks(PAGE) {
            if *page != ZEROS[..page.len()] {
                self.pages.push((at, page.into()));
            }
            at = at.wrapping_add(PAGE as u32);
        }
        match self.mapped.last_mut() {
            Some(last) if last.1 == addr => last.1 = at,
            _ => self.mapped.push((addr, at)),
        }
    }

    /// The word at a mapped address that is a multiple of 4; `None` if it is not mapped.
    pub fn word(&self, addr: u32) -> Option<u32> {
        self.mapped.iter().find(|range| (range.0..range.1).contains(&addr))?;
        let page = self.pages.iter().find(|page| page.0 == addr & !(PAGE as u32 - 1));
        let bytes = page.and_then(|page| page.1[addr as usize % PAGE..].first_chunk());
        Some(bytes.map_or(0, |bytes| u32::from_le_bytes(*bytes)))
    }

    fn difference(&self, found: &Self) -> Option<String> {
        if self.mapped != found.mapped {
            return Some(format!("mapped {:x?} against {:x?}", self.mapped, found.mapped));
        }
        if self.pages == found.pages {
            return None;
        }
        let mut addrs: Vec<u32> =
            self.pages.iter().chain(&found.pages).map(|page| page.0).collect();
        addrs.sort_unstable();
        let words = addrs.iter().flat_map(|addr| (*addr..=addr + (PAGE as u32 - 4)).step_by(4));
        words.into_iter().find_map(|addr| {
            let [a, b] = [self, found].map(|memory| memory.word(addr).unwrap_or_default());
            (a != b).then(|| format!("word {addr:#010x} of memory: {a:#010x} against {b:#010x}"))
        })
    }
}

impl Observed {
    /// The first difference between this, the expected one, and another observation: in the order
    /// in which the guest would notice.
    pub fn difference(&self, found: &Self) -> Option<String> {
        let calls = self.calls.iter().zip(&found.calls).enumerate();
        for (index, (a, b)) in calls {
            if let Some(difference) = call_difference(a, b) {
                return Some(format!("host call {index}: {difference}"));
            }
        }
        if self.calls.len() != found.calls.len() {
            return Some(format!(
                "{} host calls against {}; ends with {} against {}",
                self.calls.len(),
                found.calls.len(),
                self.end,
                found.end
            ));
        }
        if self.end != found.end {
            return Some(format!("ends with {} against {}", self.end, found.end));
        }
        if self.gas != found.gas {
            return Some(format!("{}: gas {} against {}", self.end, self.gas, found.gas));
        }
        if let (Some(a), Some(b)) = (&self.registers, &found.registers)
            && let Some(difference) = register_difference(a, b)
        {
            return Some(format!("{}: {difference}", self.end));
        }
        if self.reservation != found.reservation {
            return Some(format!(
                "{}: reservation {:x?} against {:x?}",
                self.end, self.reservation, found.reservation
            ));
        }
        self.memory.difference(&found.memory).map(|what| format!("{}: {what}", self.end))
    }
}

fn call_difference(a: &HostCall, b: &HostCall) -> Option<String> {
    if a.pc != b.pc {
        return Some(format!("pc {:#010x} against {:#010x}", a.pc, b.pc));
    }
    if a.gas != b.gas {
        return Some(format!("at pc {:#010x}: gas {} against {}", a.pc, a.gas, b.gas));
    }
    register_difference(&a.registers, &b.registers)
        .map(|difference| format!("at pc {:#010x}: {difference}", a.pc))
}

fn register_difference(a: &[u64; 32], b: &[u64; 32]) -> Option<String> {
    let number = (0..32).find(|&number| a[number] != b[number])?;
    Some(format!("x{number} = {:#010x} against {:#010x}", a[number], b[number]))
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.ending {
            Ending::Exit => write!(f, "exit")?,
            Ending::Trap(kind) => write!(f, "trap {kind}")?,
            Ending::OutOfGas => write!(f, "out of gas")?,
        }
        write!(f, " at {:#010x}", self.pc)?;
        match self.addr {
            Some(addr) => write!(f, " address {addr:#010x}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observed() -> Observed {
        let mut memory = Memory::default();
        memory.push(0x1000, &[0; 2 * PAGE]);
        memory.push(0x3000, &[7; PAGE]);
        Observed {
            end: End { ending: Ending::Trap(5), pc: 0x1000, addr: Some(0) },
            gas: 10,
            registers: Some([3; 32]),
            reservation: None,
            memory,
            calls: vec![HostCall { pc: 0x1000, gas: 20, registers: [1; 32] }],
        }
    }

    #[test]
    fn every_part_of_an_observation_is_compared() {
        type Change = fn(&mut Observed);
        let changes: [(&str, Change); 9] = [
            ("against trap 5 at 0x00001004", |o| o.end.pc += 4),
            ("trap 5 at", |o| o.end.ending = Ending::Trap(6)),
            ("address 0x00000000 against", |o| o.end.addr = None),
            ("gas 10 against 9", |o| o.gas -= 1),
            ("x31 = 0x00000003", |o| {
                o.registers = o.registers.map(|mut r| {
                    r[31] = 0;
                    r
                });
            }),
            ("reservation", |o| o.reservation = Some(4)),
            ("mapped", |o| o.memory.push(0x9000, &[0; PAGE])),
            ("word 0x00003ffc of memory", |o| o.memory.pages[0].1[PAGE - 1] = 0),
            ("host call 0: at pc 0x00001000: x4", |o| o.calls[0].registers[4] = 0),
        ];
        for (expected, change) in changes {
            let mut found = observed();
            change(&mut found);
            let difference = observed().difference(&found).unwrap();
            assert!(difference.contains(expected), "{difference}");
        }
        assert_eq!(observed().difference(&observed()), None);
    }

    #[test]
    fn unknown_registers_are_not_compared() {
        let mut found = observed();
        found.registers = None;
        assert_eq!(observed().difference(&found), None);
    }
}
