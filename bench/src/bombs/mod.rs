//! Compile bombs: programs of a given size that are meant to take long to translate, or to come out
//! large.
//!
//! Translation is linear in the text whatever stands in it; each family attacks one place where it
//! might not be.
//!
//! ```
//! let bomb = bessemer_bench::bombs::find("pressure").expect("there is one of that name");
//! assert!(bomb.image(1_000).starts_with(b"\x7fELF"));
//! ```

mod families;
mod measure;

use bessemer_image::{ImageBuilder, Profile};

pub use families::ALL;
pub use measure::{Blast, LINEARITY_TARGET, RELATION_TARGET, Report, Size, measure};

/// One family of hostile programs.
#[derive(Clone, Copy, Debug)]
pub struct Bomb {
    /// A short name.
    pub name: &'static str,
    /// A description of its text.
    pub summary: &'static str,
    build: fn(&mut Charge),
}

/// The family of that name.
pub fn find(name: &str) -> Option<&'static Bomb> {
    ALL.iter().find(|bomb| bomb.name == name)
}

impl Bomb {
    /// An image with a text of `instructions` words, at least 16. Equal sizes give equal images.
    pub fn image(&self, instructions: usize) -> Vec<u8> {
        let mut charge = Charge::new(instructions.max(16));
        (self.build)(&mut charge);
        let Charge { text, data, compressed, .. } = charge;
        let text = text.into_iter().flat_map(u32::to_le_bytes).collect::<Vec<_>>();
        let image = ImageBuilder::new(Profile::rv32(compressed)).text(TEXT, text);
        match data.is_empty() {
            true => image,
            false => {
                image.rodata(DATA, data.into_iter().flat_map(u32::to_le_bytes).collect::<Vec<_>>())
            }
        }
        .build()
    }
}

/// A hostile program under construction.
struct Charge {
    /// Words wanted.
    length: usize,
    text: Vec<u32>,
    /// Words of read-only data.
    data: Vec<u32>,
    compressed: bool,
    /// Always the same numbers, so that figures can be compared.
    random: fastrand::Rng,
}

impl Charge {
    fn new(length: usize) -> Self {
        let random = fastrand::Rng::with_seed(1);
        Self { length, text: Vec::new(), data: Vec::new(), compressed: false, random }
    }

    /// A pseudo-random number below `bound`.
    fn below(&mut self, bound: usize) -> usize {
        self.random.usize(..bound)
    }
}

/// Address of the text.
const TEXT: u32 = 0x1_0000;
/// Address of the data, behind the largest text.
const DATA: u32 = 0x100_0000;

#[cfg(test)]
mod tests {
    use bessemer_image::{Limits, Program};
    use bessemer_isa::GasSchedule;
    use bessemer_runtime::{Engine, Linker, Module};
    use bessemer_translator::{OptLevel, Options, translate};

    use super::*;
    use crate::contender::Contender;

    const SMALL: usize = 600;

    #[test]
    fn every_bomb_loads_with_its_size_and_translates_at_both_levels() {
        for bomb in ALL {
            let image = bomb.image(SMALL);
            assert_eq!(image, bomb.image(SMALL), "{}", bomb.name);
            let program = Program::parse(&image, &Limits::bare()).expect(bomb.name);
            assert_eq!(program.text().bytes().len(), SMALL * 4, "{}", bomb.name);
            let charges = program.charges(&GasSchedule::V1);
            for opt_level in [OptLevel::None, OptLevel::Speed] {
                let options = Options { opt_level, verify: true, ..Options::default() };
                let artifact = translate(&program, &charges, &options).expect(bomb.name);
                // no program may come near the limit, behind which it is interpreted
                let (size, stub) = (artifact.code().len(), 4096);
                let slots = program.text().slot_count();
                let most = options.native_limit(slots) - options.native_limit(0);
                assert!(size <= most / 2 + stub, "{}: {size} bytes of {most}", bomb.name);
            }
        }
    }

    /// With little gas, so that endless loops end.
    #[test]
    fn every_bomb_ends_alike_on_all_engines() {
        for bomb in ALL {
            let image = bomb.image(SMALL);
            for gas in [0, 20_000, 100_001] {
                let outcomes = Contender::GUESTS.map(|contender| {
                    let config = contender.config().precise_registers(true);
                    let engine = Engine::new(config).expect("an engine");
                    let module = Module::new(&engine, &image).expect(bomb.name);
                    let mut instance =
                        Linker::new(&engine).instantiate(&module, ()).expect("an instance");
                    instance.set_gas(gas).expect("little gas");
                    let exit = instance.run().expect(bomb.name);
                    (exit, instance.gas(), instance.pc(), instance.registers().copied())
                });
                assert_eq!(outcomes[0], outcomes[2], "{} with {gas} gas", bomb.name);
                assert_eq!(outcomes[1], outcomes[2], "{} with {gas} gas", bomb.name);
            }
        }
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = ALL.iter().map(|bomb| bomb.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ALL.len());
        assert!(ALL.len() >= 12);
    }
}
