//! Contracts that make host calls in a loop, as a few numbers which the search changes.

use std::fmt;
use std::str::FromStr;

use anyhow::{Context, Error, Result, ensure};
use bessemer_abi::{Effect, HostCall, Kind};

use super::contract::{DATA, contract, host};
use crate::fairness::text::Random;

/// What the search found, and what authors thought of.
const FROZEN: &str = include_str!("calls.txt");

/// Host calls that a contract makes again and again. Its text form is a line such as
/// `keccak256(0) storage_set(4,32)`: of each argument that is a number or a length, the value.
///
/// All that is read begins with a number that differs from turn to turn, so that keys and accounts do too.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HostCalls(Vec<(HostCall, Vec<u32>)>);

/// What is read begins here, what is written here.
const READ: u32 = DATA;
const WRITTEN: u32 = DATA + (96 << 10);
/// The most bytes that an argument has.
const MOST: u32 = 64 << 10;

impl HostCalls {
    /// The contract's file.
    ///
    /// # Errors
    ///
    /// If it does not assemble.
    pub(super) fn image(&self) -> Result<Vec<u8>> {
        let calls: String =
            self.0.iter().map(|(call, numbers)| host(*call, &registers(*call, numbers))).collect();
        let source = format!(
            "li s0, {READ}\nagain: lw t0, 0(s0)\naddi t0, t0, 1\nsw t0, 0(s0)\n{calls}j again\n"
        );
        contract(&source, &[0; 4], 0)
    }

    /// One that differs in one place.
    pub(in crate::fairness) fn mutate(&self, random: &mut Random) -> Self {
        let mut calls = self.0.clone();
        let place = random.below(calls.len());
        match random.below(4) {
            0 if calls.len() < 8 => calls.insert(place, any(random)),
            1 if calls.len() > 1 => drop(calls.remove(place)),
            2 => calls[place] = any(random),
            _ => {
                let (call, numbers) = &mut calls[place];
                if !numbers.is_empty() {
                    let at = random.below(numbers.len());
                    numbers[at] = number(*call, at, random);
                }
            }
        }
        Self(calls)
    }

    /// One that has the calls of both, one after the other.
    pub(in crate::fairness) fn cross(&self, other: &Self) -> Self {
        Self(self.0.iter().chain(&other.0).take(8).cloned().collect())
    }
}

/// The calls that can be made: all that do not end the frame.
fn callable() -> impl Iterator<Item = HostCall> {
    HostCall::ALL.iter().copied().filter(|call| call.row().effect != Effect::Ends)
}

/// The arguments of a call that are numbers or lengths, and the most that each can be.
fn chosen(call: HostCall) -> Vec<u32> {
    let kinds = call.row().arguments.iter();
    let most = kinds.filter_map(|argument| match argument.kind {
        Kind::Number | Kind::Wide => Some(u32::MAX),
        Kind::Bytes { max } | Kind::Buffer { max } => Some(max.min(MOST)),
        Kind::Items { size, max } => Some(max.min(MOST / size)),
        Kind::In { .. } | Kind::Out { .. } | Kind::SameIn | Kind::SameOut => None,
    });
    most.collect()
}

fn number(call: HostCall, at: usize, random: &mut Random) -> u32 {
    let most = chosen(call)[at];
    let choices = [0, 1, 4, 20, 32, 33, 64, 136, 1024, 4096, 16_384, most];
    choices[random.below(choices.len())].min(most)
}

fn any(random: &mut Random) -> (HostCall, Vec<u32>) {
    let calls: Vec<HostCall> = callable().collect();
    let call = calls[random.below(calls.len())];
    (call, (0..chosen(call).len()).map(|at| number(call, at, random)).collect())
}

fn registers(call: HostCall, numbers: &[u32]) -> Vec<u32> {
    let mut numbers = numbers.iter().copied();
    let mut next = || numbers.next().unwrap_or_default();
    let mut registers = Vec::new();
    for argument in call.row().arguments {
        match argument.kind {
            Kind::Number => registers.push(next()),
            Kind::Wide => registers.extend([next(), 0]),
            Kind::Bytes { .. } | Kind::Items { .. } => registers.extend([READ, next()]),
            Kind::Buffer { .. } => registers.extend([WRITTEN, next()]),
            Kind::In { .. } | Kind::SameIn => registers.push(READ),
            Kind::Out { .. } | Kind::SameOut => registers.push(WRITTEN),
        }
    }
    registers
}

/// The frozen ones, and each call alone with the least and the most.
pub(super) fn corpus() -> Result<Vec<HostCalls>> {
    let mut all = Vec::new();
    for call in callable() {
        let most = chosen(call);
        all.push(HostCalls(vec![(call, vec![0; most.len()])]));
        if most.iter().any(|&most| most > 0) {
            all.push(HostCalls(vec![(call, most)]));
        }
    }
    for line in FROZEN.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        all.push(line.parse()?);
    }
    Ok(all)
}

impl fmt::Display for HostCalls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (call, numbers)) in self.0.iter().enumerate() {
            let space = if index == 0 { "" } else { " " };
            let numbers: Vec<String> = numbers.iter().map(u32::to_string).collect();
            write!(f, "{space}{}({})", call.row().name, numbers.join(","))?;
        }
        Ok(())
    }
}

impl FromStr for HostCalls {
    type Err = Error;

    fn from_str(line: &str) -> Result<Self> {
        let parse = |part: &str| -> Result<(HostCall, Vec<u32>)> {
            let (name, numbers) = part
                .strip_suffix(')')
                .and_then(|part| part.split_once('('))
                .with_context(|| format!("`{part}` is not a call"))?;
            let call = callable().find(|call| call.row().name == name);
            let call =
                call.with_context(|| format!("no host call that can be made is named `{name}`"))?;
            let numbers = numbers.split(',').filter(|number| !number.is_empty());
            let numbers: Vec<u32> = numbers.map(str::parse).collect::<Result<_, _>>()?;
            let most = chosen(call);
            ensure!(numbers.len() == most.len(), "`{name}` has {} numbers", most.len());
            ensure!(
                numbers.iter().zip(&most).all(|(number, most)| number <= most),
                "`{part}` is above a limit"
            );
            Ok((call, numbers))
        };
        let calls: Vec<_> = line.split_whitespace().map(parse).collect::<Result<_>>()?;
        ensure!(!calls.is_empty(), "no host call");
        Ok(Self(calls))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_form_of_host_calls_is_read_as_it_was_written() {
        let mut random = Random::new(7);
        let mut calls = corpus().expect("the corpus is well formed").swap_remove(0);
        for _ in 0..500 {
            calls = calls.mutate(&mut random);
            let again: HostCalls = calls.to_string().parse().expect("the text form parses");
            assert_eq!(again, calls);
        }
    }
}
