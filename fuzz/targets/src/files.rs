//! Readers of files: programs and artifacts.

use bessemer_image::{Limits, Program};
use bessemer_isa::GasSchedule;
use bessemer_runtime::PortableFile;
use bessemer_translator::{Artifact, Labels, Options, translate};

/// The loader accepts or refuses; what it accepts has charges for each slot, and names and ranges
/// that can be asked for.
pub(crate) fn elf(data: &[u8]) -> bool {
    let mut accepted = false;
    for limits in [Limits::contract(), Limits::bare()] {
        match Program::parse(data, &limits) {
            Err(error) => assert!(!error.to_string().is_empty()),
            Ok(program) => {
                accepted = true;
                let charges = program.charges(&GasSchedule::V1);
                assert!(!charges.as_slice().is_empty());
                // the names are decoded at the first question
                let _ = program.symbols().containing(program.entry());
                assert!(program.entry_pages() > 0);
            }
        }
    }
    accepted
}

pub(crate) fn elf_seeds() -> Vec<Vec<u8>> {
    ["counter", "simple"].map(image).into()
}

/// The reader of artifacts accepts or refuses, and what it accepts is written the same way.
pub(crate) fn artifact(data: &[u8]) -> bool {
    if let Some(file) = PortableFile::parse(data) {
        assert!(file.image().len() <= data.len());
    }
    let Ok((note, artifact)) = Artifact::read(data) else { return false };
    let labels = Labels { key: note.key, code_hash: note.code_hash, image: None, names: None };
    let (_, again) = Artifact::read(&artifact.write(&labels)).expect("it was written just now");
    assert_eq!(again, artifact, "what is read, written and read is the same");
    true
}

pub(crate) fn artifact_seeds() -> Vec<Vec<u8>> {
    let image = image("simple");
    let program = Program::parse(&image, &Limits::contract()).expect("an example is accepted");
    let charges = program.charges(&GasSchedule::V1);
    let artifact = translate(&program, &charges, &Options::default()).expect("it compiles");
    let labels = Labels { key: [7; 32], code_hash: [9; 32], image: None, names: None };
    let with_image = Labels { image: Some(&image), ..labels };
    vec![artifact.write(&labels), artifact.write(&with_image)]
}

/// The image of an example contract.
pub(crate) fn image(name: &str) -> Vec<u8> {
    bessemer_contracts::image(name).expect("an example has this name").to_vec()
}
