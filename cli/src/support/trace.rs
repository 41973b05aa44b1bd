//! `run --trace`: every instruction with what it did.

use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;

use bessemer_image::{Decoded, Hart, Program};
use bessemer_interp::{Access, Direction, Executed, Observer};
use bessemer_isa::{Class, Inst, Reg, disassemble};

/// Writes a line for every executed instruction, and a heading where the function changes.
pub(crate) struct Trace<'a, W: Write> {
    program: &'a Program,
    to: BufWriter<W>,
    function: Option<&'a str>,
    /// The number of the host call that is being done.
    host_call: Option<u32>,
    /// Instructions so far.
    pub(crate) instructions: u64,
    failed: io::Result<()>,
}

impl<'a, W: Write> Trace<'a, W> {
    pub(crate) fn new(program: &'a Program, to: W) -> Self {
        Self {
            program,
            to: BufWriter::new(to),
            function: None,
            host_call: None,
            instructions: 0,
            failed: Ok(()),
        }
    }

    /// Writes out what is buffered; the error is the first there was.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.failed?;
        self.to.flush()
    }

    /// Result of the host call before, and heading of the function.
    fn begin(&mut self, hart: &Hart, decoded: Decoded) -> io::Result<()> {
        if let Some(number) = self.host_call.take() {
            writeln!(self.to, "          host call {number}: a0 = {:#010x}", hart.get(Reg::A0))?;
        }
        let function = self.program.symbols().containing(hart.pc).map(|(name, _)| name);
        if function != self.function {
            self.function = function;
            writeln!(self.to, "{}:", function.unwrap_or("?"))?;
        }
        if decoded.inst.is_some_and(is_host_call) {
            self.host_call = Some(hart.get(Reg::A7) as u32);
        }
        Ok(())
    }

    fn line(&mut self, executed: &Executed) -> io::Result<()> {
        let text = self.program.text();
        let at = executed.pc.wrapping_sub(text.base()) as usize;
        let bytes = text.bytes().get(at..at + usize::from(executed.len)).unwrap_or_default();
        let shown = disassemble(bytes, executed.pc, text.profile()).next();
        let shown = shown.map(|line| line.text).unwrap_or_default();
        let reversed: Vec<u8> = bytes.iter().rev().copied().collect();
        let bits = hex::encode(reversed);
        let to = &mut self.to;
        write!(to, "{:08x}  {bits:8}  {shown:30}", executed.pc)?;
        let mut separator = "  ";
        for Access { direction, addr, width, value } in executed.accesses() {
            let digits = 2 + 2 * width.bytes() as usize;
            match direction {
                Direction::Load => {
                    write!(to, "{separator}load [{addr:#010x}] {value:#0digits$x}")?;
                }
                Direction::Store => {
                    write!(to, "{separator}store [{addr:#010x}] {value:#0digits$x}")?;
                }
            }
            separator = ", ";
        }
        if let Some(write) = executed.register {
            write!(to, "{separator}{} = {:#010x}", write.rd, write.new)?;
        }
        writeln!(to)?;
        if is_host_call(executed.inst) {
            // The guest's own output comes next, perhaps to the same place.
            to.flush()?;
        }
        Ok(())
    }

    fn keep(&mut self, result: io::Result<()>) {
        if self.failed.is_ok() {
            self.failed = result;
        }
    }
}

impl<W: Write> Observer for Trace<'_, W> {
    fn before(&mut self, hart: &Hart, decoded: Decoded) -> ControlFlow<()> {
        let begun = self.begin(hart, decoded);
        self.keep(begun);
        // If the reader of the trace is gone, the run ends.
        if self.failed.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }

    fn after(&mut self, executed: &Executed) {
        self.instructions += 1;
        let written = self.line(executed);
        self.keep(written);
    }
}

fn is_host_call(inst: Inst) -> bool {
    inst.class() == Class::Ecall
}
