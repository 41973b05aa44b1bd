//! Hints about traps: the usual cause, and the remedy.

use bessemer_image::Program;
use bessemer_isa::Reg;

/// Sentences about a trap of a program at this pc.
pub(crate) fn of(program: &Program, pc: u32) -> Vec<String> {
    let inst = program.text().at(pc).map(|decoded| decoded.inst);
    let mut hints = Vec::new();
    match inst {
        Some(Some(inst)) if inst.base() == Some(Reg::GP) => hints.push(
            "the address is relative to gp, which the program did not set: link with -Wl,--no-relax, \
             or keep the symbol __global_pointer$ (no strip), from which `bessemer run` sets it"
                .to_owned(),
        ),
        Some(None) => hints.extend(lacking(program)),
        _ => {}
    }
    hints
}

/// Says which extensions a program was built for that are not there, by the attributes of its file.
/// Attributes are optional and decide nothing.
pub(crate) fn lacking(program: &Program) -> Option<String> {
    let isa = program.isa_string()?;
    let lacks = lacks(isa);
    (!lacks.is_empty()).then(|| {
        format!(
            "the file says that it is built for {isa}, and these instructions would trap: {}; build it with \
             -march=rv32imac -mabi=ilp32 or -march=rv64imac -mabi=lp64 (zig cc: -mcpu=generic_rv32+m+a+c)",
            lacks.join(", ")
        )
    })
}

/// The extensions of an ISA string whose instructions no program has here.
fn lacks(isa: &str) -> Vec<&str> {
    // letters may stand together, as in rv32imafdc; those behind them have more than one letter
    let (letters, others) = match isa.get("rv32".len()..) {
        Some(names) => names.split_once('_').unwrap_or((names, "")),
        None => return Vec::new(),
    };
    let letters = letters.matches(|c: char| c.is_ascii_lowercase());
    let version = |c: char| c.is_ascii_digit() || c == 'p';
    let others = others.split('_').map(|name| name.trim_end_matches(version));
    let lacking =
        |name: &&str| LACKING.contains(name) || name.starts_with("zv") || name.starts_with("zk");
    letters.chain(others).filter(lacking).collect()
}

/// Extensions that no program has: floating point (in its own or in integer registers), vectors,
/// hypervisor, and the compressed instructions that take the encodings of floating-point ones. `zcm` is
/// Zcmp without its version.
const LACKING: [&str; 15] = [
    "f", "d", "q", "v", "h", "zfinx", "zdinx", "zhinx", "zhinxmin", "zfh", "zfhmin", "zfa", "zcf",
    "zcm", "zcmt",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_that_are_not_there_are_found_in_the_string() {
        let found = [
            ("rv32i2p1_m2p0_a2p1_c2p0", &[][..]),
            ("rv32i2p1_m2p0_f2p2_d2p2_zicsr2p0_zmmul1p0", &["f", "d"]),
            ("rv64i2p1_m2p0_v1p0_zba1p0_zvl128b1p0", &["v", "zvl128b"]),
            ("rv32imafdc_zicsr", &["f", "d"]),
            ("rv32imac_zcmp1p0", &["zcm"]),
            ("rv32i", &[]),
            ("", &[]),
            ("x", &[]),
        ];
        for (isa, lacking) in found {
            assert_eq!(lacks(isa), lacking, "{isa}");
        }
    }
}
