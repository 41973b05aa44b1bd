//! Which host calls a program makes, as far as its text shows.

use bessemer_isa::{Inst, Reg};

use crate::Text;

impl Text {
    /// The host calls whose number is set in front of their ECALL: address of the ECALL, and number. Found by
    /// decoding text from front to back, so that calls with a number from elsewhere are not among them,
    /// and calls in code that is never reached are.
    pub fn host_calls(&self) -> Vec<(u32, u32)> {
        let (mut calls, mut number, mut index) = (Vec::new(), None, 0);
        while index < self.slot_count() {
            let decoded = self.slot(index);
            match decoded.inst {
                Some(Inst::Addi(i)) if i.rd == Reg::A7 && i.rs1 == Reg::ZERO => {
                    number = Some(i.imm.cast_unsigned());
                }
                Some(Inst::Lui(u)) if u.rd == Reg::A7 => number = Some(u.imm),
                Some(Inst::Addi(i) | Inst::Addiw(i)) if i.rd == Reg::A7 && i.rs1 == Reg::A7 => {
                    number = number.map(|high: u32| high.wrapping_add(i.imm.cast_unsigned()));
                }
                Some(Inst::Ecall(_)) => {
                    calls.extend(number.map(|number| (self.address(index), number)));
                }
                // what follows is reached from elsewhere
                Some(Inst::Jalr(_)) => number = None,
                Some(Inst::Jal(jump)) if jump.rd == Reg::ZERO => number = None,
                Some(inst) if inst.registers().1.contains(Reg::A7) => number = None,
                _ => {}
            }
            let is_long = decoded.len == 4 && self.profile().step() == 2;
            index = index.saturating_add(if is_long { 2 } else { 1 });
        }
        calls
    }
}

#[cfg(test)]
mod tests {
    use bessemer_isa::asm;

    use crate::{ImageBuilder, Limits, Program};

    #[test]
    fn calls_have_the_number_that_was_set_last() {
        let source = "
            li   a7, 93
            ecall
            ecall
            li   a7, 0x12345
            ecall
            mv   a7, a0
            ecall
            li   a7, 7
            j    1f
            ecall
        1:  li   a7, 8
            jal  1b
            ecall
            li   a7, 9
            ret
            ecall
        ";
        let program = asm::assemble(source, &asm::Options::compressed()).unwrap();
        let elf =
            ImageBuilder::new(program.profile).text(program.text.base, &program.text.bytes).build();
        let program = Program::parse(&elf, &Limits::bare()).unwrap();
        let calls = program.text().host_calls();
        let numbers: Vec<u32> = calls.iter().map(|&(_, number)| number).collect();
        assert_eq!(numbers, [93, 93, 0x12345, 8]);
        for (addr, _) in calls {
            assert_eq!(program.text().at(addr).unwrap().inst.unwrap().to_string(), "ecall");
        }
    }
}
