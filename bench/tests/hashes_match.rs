//! The committed images are the ones whose hashes are committed, no more and no fewer.

use std::{collections::BTreeMap, fs, path::Path};

use bessemer_bench::{PROGRAMS, Profile, elf, program, workloads};
use sha2::{Digest, Sha256};

const SUMS: &str = include_str!("../elf/SHA256SUMS");

#[test]
fn images_have_the_committed_hashes() {
    let mut images = BTreeMap::new();
    for workload in workloads::ALL {
        for profile in Profile::ALL {
            let path = Path::new(profile.folder()).join(workload.name).with_extension("elf");
            images.insert(path, elf(workload.name, profile));
        }
    }
    for name in PROGRAMS {
        images.insert(Path::new("programs").join(name).with_extension("elf"), program(name));
    }

    let lines: Vec<String> = images
        .iter()
        .map(|(path, image)| format!("{}  {}", hex::encode(Sha256::digest(image)), path.display()))
        .collect();
    assert_eq!(lines, SUMS.lines().collect::<Vec<_>>());
}

#[test]
fn every_image_file_is_in_the_list() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("elf");
    let mut found = 0;
    let mut folders = vec![root];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "elf") {
                found += 1;
            }
        }
    }
    assert_eq!(found, SUMS.lines().count());
}
