//! Instructions that contracts have no right to, and words that are none.

use bessemer_isa::TrapKind::IllegalInstruction;

use crate::common::{DATA, on_both, trap};
use crate::scene::{assert_traps, transaction};

/// Attack 1: a result in memory where a host could look for it, behind a trap vector of one's own.
#[test]
fn a_forged_result_behind_a_written_trap_vector_is_an_illegal_instruction() {
    // csrw stvec, t0; csrw mtvec, t0; mret; sret
    for word in [0x1052_9073_u32, 0x3052_9073, 0x3020_0073, 0x1020_0073] {
        assert_traps(
            &format!(
                "la t0, forged
                host fill(DATA, 4096, 0xff)
                la t0, forged
                .word {word:#x}
                forged: host finish(DATA, 4096)"
            ),
            IllegalInstruction,
        );
    }
}

/// Attack 2: all control registers, by all instructions that reach them.
#[test]
fn all_4096_control_registers_are_illegal_in_all_six_forms() {
    const FORMS: [u32; 6] = [1, 2, 3, 5, 6, 7];
    let words = FORMS.iter().flat_map(|form| {
        // rd is a0; rs1, or the immediate, is 0, so that most forms only read
        (0..4096).map(move |csr: u32| csr << 20 | form << 12 | 10 << 7 | 0x73)
    });
    let table: String = words.map(|word| format!(".word {word:#x}\n")).collect();
    let source = format!(
        "host input_copy(0, DATA, 4)
        li t0, DATA
        lw t0, 0(t0)
        la t1, table
        add t1, t1, t0
        li a0, 0x5ec
        jr t1
        table: {table}"
    );
    let count = on_both(|chain| {
        let mallory = chain.user("mallory").unwrap();
        let contract = crate::common::deploy(chain, mallory, &source);
        let mut one = transaction(chain, mallory, contract, Vec::new());
        let mut block = chain.block();
        let mut count = 0_u32;
        for index in 0..4096 * FORMS.len() as u32 {
            one.action = bessemer_chain::Action::Call {
                to: contract,
                input: (4 * index).to_le_bytes().to_vec(),
            };
            let receipt = block.push(&one).unwrap();
            assert_eq!(trap(receipt), Some(IllegalInstruction), "entry {index}");
            one.nonce += 1;
            count += 1;
        }
        count
    });
    assert_eq!(count, 24_576);
}

/// Attack 3.
#[test]
fn a_word_of_ones_is_an_illegal_instruction() {
    assert_traps(".word 0xffffffff", IllegalInstruction);
    assert_traps(
        &format!("li t0, {DATA}\n.half 0xffff, 0xffff\nhost finish(0, 0)"),
        IllegalInstruction,
    );
}

/// Attack 4.
#[test]
fn the_first_of_many_zero_words_is_an_illegal_instruction() {
    let receipt =
        assert_traps(&format!("zeros:\n{}", ".word 0\n".repeat(1000)), IllegalInstruction);
    assert_eq!(receipt.diagnosis.failures[0].function.as_deref(), Some("zeros"));
    let one = assert_traps("zeros: .word 0", IllegalInstruction);
    assert_eq!(one.gas_used, receipt.gas_used, "nothing behind the first is executed");
}

/// Text ends without an instruction that ends it.
#[test]
fn control_that_falls_off_the_end_of_text_is_an_illegal_instruction() {
    assert_traps("nop", IllegalInstruction);
}
