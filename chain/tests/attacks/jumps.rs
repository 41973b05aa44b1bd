//! Jumps to places that no compiler jumps to (rule G5, attack 28).

use bessemer_isa::TrapKind::{self, BadJump, IllegalInstruction, MisalignedJump};

use crate::common::assembly::contract_with;
use crate::common::{on_both, trap};

/// Jumps to `place` plus what the input says, and returns s0.
fn source(place: &str) -> String {
    format!(
        "beqz a0, 1f
        host finish(0, 0)
        1: host input_copy(0, DATA, 4)
        li t0, DATA
        lw t0, 0(t0)
        la t1, place
        add t1, t1, t0
        li s0, 0
        jr t1
        {place}"
    )
}

/// What a jump to `place` plus an offset ends with.
fn jump(source: &str, compressed: bool, offsets: &[i32]) -> Vec<Result<u32, TrapKind>> {
    on_both(|chain| {
        let mallory = chain.user("mallory").unwrap();
        let code = contract_with(source, 4096, compressed);
        let contract = chain.deploy(code).from(mallory).create().unwrap();
        let mut ends = Vec::new();
        for offset in offsets {
            let request = chain.call(contract, "").input(offset.to_le_bytes()).from(mallory);
            let receipt = request.send().unwrap();
            ends.push(match receipt.output.as_chunks() {
                ([word], []) => Ok(u32::from_le_bytes(*word)),
                _ => Err(trap(&receipt).unwrap()),
            });
        }
        ends
    })
}

#[test]
fn a_jump_into_the_middle_of_a_run_executes_its_rest() {
    let place = "place: addi s0, s0, 1\naddi s0, s0, 2\naddi s0, s0, 4\nreturn s0";
    let found = jump(&source(place), false, &[0, 4, 8, 12, 1, 5]);
    // bit 0 of a target is not there
    assert_eq!(found, [Ok(7), Ok(6), Ok(4), Ok(0), Ok(7), Ok(6)]);
}

#[test]
fn without_compressed_forms_a_jump_between_words_traps() {
    let place = "place: addi s0, s0, 1\nreturn s0";
    let found = jump(&source(place), false, &[2, 3, -2, 6]);
    assert_eq!(found, [Err(MisalignedJump); 4]);
}

#[test]
fn a_jump_into_the_middle_of_an_instruction_executes_what_stands_there() {
    // the second half of the first word is `c.addi s0, 13`
    let place = "place: .half 0x0533, 0x0435\nc.addi s0, 1\nreturn s0";
    let found = jump(&source(place), true, &[0, 2, 4, 3]);
    assert_eq!(found[1..], [Ok(14), Ok(1), Ok(14)]);
    // a half that is not an instruction
    let place = "place: .half 0x0537, 0x0000\nc.addi s0, 1\nreturn s0";
    assert_eq!(jump(&source(place), true, &[0, 2]), [Ok(1), Err(IllegalInstruction)]);
}

#[test]
fn a_jump_to_the_end_of_text_or_outside_traps() {
    let place = "place: addi s0, s0, 1\nreturn s0";
    let code = contract_with(&source(place), 4096, false);
    let limits = bessemer_image::Limits::contract();
    let program = bessemer_image::Program::parse(&code, &limits).unwrap();
    let at = program.symbols().lookup("place").unwrap();
    let (start, end) = (program.text().base(), program.text().end());
    let to = |target: u32| target.wrapping_sub(at) as i32;
    let outside =
        [to(end), to(end + 1), to(end + 4), to(start - 2), to(0), to(u32::MAX), to(end - 3)];
    let found = jump(&source(place), false, &outside);
    assert_eq!(found[..6], [Err(BadJump); 6]);
    assert_ne!(found[6], Err(BadJump), "the last word is text");
}
