//! An interpreter inside the guest: a stack machine whose loop is one `match`, and so one jump
//! through a table per operation.

use core::hint::black_box;

use crate::{Workload, mix::fold};

/// The registry row.
pub const WORKLOAD: Workload = Workload {
    name: "bytecode",
    summary: "Interprets a stack machine's program that follows the Collatz steps of 1 to n.",
    run,
    n: 6000,
    small_n: 20,
    small_checksum: 0x80ea_5907,
};

/// One operation: a byte that says which, and a byte of operand.
#[derive(Clone, Copy)]
enum Op {
    /// Ends with the top of the stack as the result.
    Halt,
    /// Pushes a constant.
    Push(u8),
    /// Pushes a variable.
    Load(u8),
    /// Pops into a variable.
    Store(u8),
    Duplicate,
    Swap,
    Add,
    Subtract,
    Multiply,
    And,
    Xor,
    RotateLeft,
    ShiftRight,
    Less,
    /// Continues at a place of the program.
    Jump(u8),
    /// Pops, and jumps if that was zero.
    JumpIfZero(u8),
}

/// Variables of the program; the limit is its input.
const LIMIT: u8 = 0;
const START: u8 = 1;
const VALUE: u8 = 2;
const MIXED: u8 = 3;

/// For each start up to the limit, mixes every value on the way down to 1.
#[rustfmt::skip]
const COLLATZ: [Op; 39] = {
    use Op::*;
    [
        /*  0: next start          */ Load(START), Push(1), Add, Store(START),
        /*  4: 10 unless above     */ Load(LIMIT), Load(START), Less, JumpIfZero(10),
        /*  8: the result          */ Load(MIXED), Halt,
        /* 10: first value         */ Load(START), Store(VALUE),
        /* 12: 0 unless above 1    */ Push(1), Load(VALUE), Less, JumpIfZero(0),
        /* 16: 26 if even          */ Load(VALUE), Duplicate, Push(1), And, JumpIfZero(26),
        /* 21: odd, triple and one */ Push(3), Multiply, Push(1), Add, Jump(28),
        /* 26: even, halve         */ Push(1), ShiftRight,
        /* 28: next value          */ Duplicate, Store(VALUE),
        /* 30: mix it in           */ Load(MIXED), Push(5), RotateLeft, Swap, Subtract,
        /* 35: and a constant      */ Push(90), Xor, Store(MIXED), Jump(12),
    ]
};

/// Runs the program with the limit `n`.
pub fn run(n: u32) -> u32 {
    fold(0, interpret(black_box(&COLLATZ), n))
}

/// Operands of unfinished computations.
struct Stack {
    values: [u32; 16],
    length: usize,
}

impl Stack {
    fn push(&mut self, value: u32) {
        self.values[self.length] = value;
        self.length += 1;
    }

    fn pop(&mut self) -> u32 {
        self.length -= 1;
        self.values[self.length]
    }

    /// Replaces the two upper values, given in the order of pushing.
    fn binary(&mut self, operation: impl FnOnce(u32, u32) -> u32) {
        let right = self.pop();
        let left = self.pop();
        self.push(operation(left, right));
    }
}

/// Runs `program` from its first operation to `Halt`.
fn interpret(program: &[Op], limit: u32) -> u32 {
    let mut variables = [0; 8];
    variables[usize::from(LIMIT)] = limit;
    let mut stack = Stack { values: [0; 16], length: 0 };
    let mut next = 0;
    loop {
        let op = program[next];
        next += 1;
        match op {
            Op::Halt => return stack.pop(),
            Op::Push(constant) => stack.push(u32::from(constant)),
            Op::Load(variable) => stack.push(variables[usize::from(variable % 8)]),
            Op::Store(variable) => variables[usize::from(variable % 8)] = stack.pop(),
            Op::Duplicate => {
                let value = stack.pop();
                stack.push(value);
                stack.push(value);
            }
            Op::Swap => {
                let (upper, lower) = (stack.pop(), stack.pop());
                stack.push(upper);
                stack.push(lower);
            }
            Op::Add => stack.binary(u32::wrapping_add),
            Op::Subtract => stack.binary(u32::wrapping_sub),
            Op::Multiply => stack.binary(u32::wrapping_mul),
            Op::And => stack.binary(|left, right| left & right),
            Op::Xor => stack.binary(|left, right| left ^ right),
            Op::RotateLeft => stack.binary(|left, right| left.rotate_left(right % 32)),
            Op::ShiftRight => stack.binary(|left, right| left >> (right % 32)),
            Op::Less => stack.binary(|left, right| u32::from(left < right)),
            Op::Jump(target) => next = usize::from(target),
            Op::JumpIfZero(target) => {
                if stack.pop() == 0 {
                    next = usize::from(target);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn program_does_what_it_says() {
        let mut mixed = 0u32;
        for start in 1..=100u32 {
            let mut value = start;
            while value > 1 {
                value = if value % 2 == 0 { value / 2 } else { 3 * value + 1 };
                mixed = mixed.rotate_left(5).wrapping_sub(value) ^ 90;
            }
        }
        assert_eq!(interpret(&COLLATZ, 100), mixed);
    }
}
