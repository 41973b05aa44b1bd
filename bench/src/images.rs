//! Access to the images by name.

/// The instruction set an image is built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// RV32IM.
    Im,
    /// RV32IMAC, with compressed instructions.
    Imac,
}

impl Profile {
    /// Every profile.
    pub const ALL: [Self; 2] = [Self::Im, Self::Imac];

    /// The Rust target that builds for it.
    #[must_use]
    pub const fn target(self) -> &'static str {
        match self {
            Self::Im => "riscv32im-unknown-none-elf",
            Self::Imac => "riscv32imac-unknown-none-elf",
        }
    }

    /// The folder of its images, relative to `bench/elf`.
    #[must_use]
    pub const fn folder(self) -> &'static str {
        match self {
            Self::Im => "",
            Self::Imac => "imac",
        }
    }
}

/// The image of the workload `name` of [`crate::workloads::ALL`].
///
/// Run as a program it takes n as its first argument and prints its name and checksum. Its symbols
/// `workload` (n in a0, the checksum back in a0) and `nop` can be called on their own.
///
/// # Panics
///
/// If there is no workload of that name.
#[must_use]
pub fn elf(name: &str, profile: Profile) -> &'static [u8] {
    let image = WORKLOADS.iter().find(|image| image.name == name);
    let image = image.unwrap_or_else(|| panic!("no workload is named {name:?}"));
    match profile {
        Profile::Im => image.im,
        Profile::Imac => image.imac,
    }
}

/// The image of the C program `name` of [`PROGRAMS`], for RV32IM and with debug information.
///
/// # Panics
///
/// If there is no program of that name.
#[must_use]
pub fn program(name: &str) -> &'static [u8] {
    match name {
        "hello" => include_bytes!("../elf/programs/hello.elf"),
        "primes" => include_bytes!("../elf/programs/primes.elf"),
        "trap" => include_bytes!("../elf/programs/trap.elf"),
        _ => panic!("no program is named {name:?}"),
    }
}

/// The C programs of `bench/programs`.
pub const PROGRAMS: [&str; 3] = ["hello", "primes", "trap"];

struct Images {
    name: &'static str,
    im: &'static [u8],
    imac: &'static [u8],
}

macro_rules! images {
    ($($name:literal)*) => {
        &[$(Images {
            name: $name,
            im: include_bytes!(concat!("../elf/", $name, ".elf")),
            imac: include_bytes!(concat!("../elf/imac/", $name, ".elf")),
        }),*]
    };
}

static WORKLOADS: &[Images] = images! {
    "sieve" "sha256" "keccak" "quicksort" "matmul" "fib" "bytecode" "indirect" "u256" "token"
    "memory" "crc32" "sort_strings" "nbody_fixed"
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_workload_has_its_images() {
        let names = bessemer_workloads::ALL.iter().map(|workload| workload.name);
        assert!(names.eq(WORKLOADS.iter().map(|image| image.name)));
    }

    #[test]
    fn every_program_has_its_image() {
        assert!(PROGRAMS.iter().all(|name| program(name).starts_with(b"\x7fELF")));
    }
}
