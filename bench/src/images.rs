//! Access to the images by name.

/// The instruction set an image is built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// RV32IM.
    Im,
    /// RV32IMAC, with compressed instructions.
    Imac,
    /// RV32IMAC with the bit manipulation extensions Zba, Zbb and Zbs.
    ImacB,
    /// RV64IMAC with them.
    Rv64,
}

impl Profile {
    /// Every profile.
    pub const ALL: [Self; 4] = [Self::Im, Self::Imac, Self::ImacB, Self::Rv64];
    /// The one that contracts are built for.
    pub const CONTRACT: Self = Self::Imac;

    /// The Rust target that builds for it.
    #[must_use]
    pub const fn target(self) -> &'static str {
        match self {
            Self::Im => "riscv32im-unknown-none-elf",
            Self::Imac | Self::ImacB => "riscv32imac-unknown-none-elf",
            Self::Rv64 => "riscv64imac-unknown-none-elf",
        }
    }

    /// What the target lacks, as `-Ctarget-feature` takes it. Misaligned accesses are told to be as fast as
    /// others, as they are for contracts.
    ///
    /// Zicond and Zcb are not among it: GNU ld 2.40, which links for Debian's compiler, does not know
    /// them.
    #[must_use]
    pub const fn features(self) -> &'static str {
        match self {
            Self::Im | Self::Imac => "",
            Self::ImacB | Self::Rv64 => "+zba,+zbb,+zbs,+unaligned-scalar-mem",
        }
    }

    /// What the programs of this profile are called, behind the names of the workloads.
    #[must_use]
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Im => "",
            Self::Imac => ".c",
            Self::ImacB => ".b",
            Self::Rv64 => ".64",
        }
    }

    /// The instruction set of the programs, as the loader sees it.
    #[must_use]
    pub const fn isa(self) -> bessemer_isa::Profile {
        match self {
            Self::Im => bessemer_isa::Profile::rv32(false),
            Self::Imac => bessemer_isa::Profile::rv32(true),
            Self::ImacB => bessemer_isa::Profile::rv32(true).with_bits(true),
            Self::Rv64 => bessemer_isa::Profile::rv64(true),
        }
    }

    /// The folder of its images, relative to `bench/elf`.
    #[must_use]
    pub const fn folder(self) -> &'static str {
        match self {
            Self::Im => "",
            Self::Imac => "imac",
            Self::ImacB => "imac-b",
            Self::Rv64 => "rv64",
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
        Profile::ImacB => image.imac_b,
        Profile::Rv64 => image.rv64,
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
    imac_b: &'static [u8],
    rv64: &'static [u8],
}

macro_rules! images {
    ($($name:literal)*) => {
        &[$(Images {
            name: $name,
            im: include_bytes!(concat!("../elf/", $name, ".elf")),
            imac: include_bytes!(concat!("../elf/imac/", $name, ".elf")),
            imac_b: include_bytes!(concat!("../elf/imac-b/", $name, ".elf")),
            rv64: include_bytes!(concat!("../elf/rv64/", $name, ".elf")),
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
