//! Every image keeps the rules of the loader (docs/specification.md, sections 1 to 3) and those that
//! benchmarks and embedders rely on.

use bessemer_bench::{PROGRAMS, Profile, elf, program, workloads};
use bessemer_image::{Limits, Program};
use goblin::elf::{
    Elf, ProgramHeader,
    header::{EM_RISCV, ET_EXEC},
    program_header::{PF_R, PF_W, PF_X, PT_DYNAMIC, PT_INTERP, PT_LOAD, PT_TLS},
    sym::STT_FUNC,
};

/// `EF_RISCV_RVC` of `e_flags`.
const COMPRESSED: u32 = 1;

/// Name, profile and bytes of every image.
fn images() -> impl Iterator<Item = (String, Profile, &'static [u8])> {
    let programs = PROGRAMS.map(|name| (name.into(), Profile::Im, program(name)));
    let workloads = workloads::ALL.iter().flat_map(|workload| {
        Profile::ALL.map(|profile| {
            (format!("{} {profile:?}", workload.name), profile, elf(workload.name, profile))
        })
    });
    programs.into_iter().chain(workloads)
}

fn parse<'a>(name: &str, image: &'a [u8]) -> Elf<'a> {
    Elf::parse(image).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The one executable segment.
fn text_segment(elf: &Elf<'_>) -> ProgramHeader {
    let mut found = elf.program_headers.iter().filter(|header| header.p_flags & PF_X != 0);
    let text = found.next().expect("an executable segment");
    assert!(found.next().is_none(), "two executable segments");
    text.clone()
}

#[test]
fn segments_keep_the_rules() {
    for (name, profile, image) in images() {
        let elf = parse(&name, image);
        assert_eq!((elf.header.e_type, elf.header.e_machine), (ET_EXEC, EM_RISCV), "{name}");
        assert!(elf.is_64 == (profile == Profile::Rv64) && elf.little_endian, "{name}");
        assert_eq!(elf.header.e_flags & COMPRESSED != 0, profile != Profile::Im, "{name}");
        let program = Program::parse(image, &Limits::bare()).expect("it loads");
        assert_eq!(program.profile(), profile.isa(), "{name}");
        let kinds = elf.program_headers.iter().map(|header| header.p_type);
        assert!(kinds.clone().all(|kind| ![PT_INTERP, PT_DYNAMIC, PT_TLS].contains(&kind)));

        let text = text_segment(&elf);
        assert_eq!(text.p_type, PT_LOAD, "{name}");
        assert_eq!(text.p_flags, PF_R | PF_X, "{name}");
        assert_eq!(text.p_filesz, text.p_memsz, "{name}");
        assert_eq!(text.p_vaddr, 0x10000, "{name}");
        assert!(text.p_offset >= 0x1000, "{name}: the headers are in the text");
        assert_eq!(elf.entry, text.p_vaddr, "{name}");

        let mut loads: Vec<_> =
            elf.program_headers.iter().filter(|header| header.p_type == PT_LOAD).collect();
        loads.sort_by_key(|header| header.p_vaddr);
        for load in &loads {
            assert!(load.p_memsz > 0 && load.p_memsz >= load.p_filesz, "{name}");
            assert_ne!(load.p_flags & (PF_W | PF_X), PF_W | PF_X, "{name}");
            assert_eq!(load.p_vaddr % 0x1000, 0, "{name}");
        }
        for pair in loads.windows(2) {
            let end = (pair[0].p_vaddr + pair[0].p_memsz).next_multiple_of(0x1000);
            assert!(end <= pair[1].p_vaddr, "{name}: segments share a page");
        }
    }
}

/// Benchmarks and embedders call these by name.
#[test]
fn workloads_export_their_functions() {
    for workload in workloads::ALL {
        for profile in Profile::ALL {
            let name = format!("{} {profile:?}", workload.name);
            let elf = parse(&name, elf(workload.name, profile));
            let text = text_segment(&elf).vm_range();
            for export in ["_start", "workload", "nop"] {
                let symbol = elf
                    .syms
                    .iter()
                    .find(|symbol| elf.strtab.get_at(symbol.st_name) == Some(export))
                    .unwrap_or_else(|| panic!("{name}: no symbol {export}"));
                assert_eq!(symbol.st_type(), STT_FUNC, "{name}: {export}");
                assert!(symbol.st_size > 0, "{name}: {export}");
                assert!(text.contains(&(symbol.st_value as usize)), "{name}: {export}");
            }
        }
    }
}

/// Without compressed instructions every word of the text is an instruction, which makes this easy:
/// nothing but RV32IM, and of the system instructions only the two that a contract may execute and
/// the word that compilers put behind calls that do not return.
#[test]
fn text_is_rv32im_without_csr_instructions() {
    const ECALL: u32 = 0x0000_0073;
    const EBREAK: u32 = 0x0010_0073;
    // Encoded like an access to a read-only CSR, and illegal for that reason.
    const UNIMP: u32 = 0xc000_1073;
    // LOAD, MISC-MEM, OP-IMM, AUIPC, STORE, OP, LUI, BRANCH, JALR, JAL, SYSTEM.
    const OPCODES: [u32; 11] = [0x03, 0x0f, 0x13, 0x17, 0x23, 0x33, 0x37, 0x63, 0x67, 0x6f, 0x73];
    for (name, _, image) in images().filter(|(_, profile, _)| *profile == Profile::Im) {
        let text = text_segment(&parse(&name, image));
        for (bytes, at) in image[text.file_range()].chunks(4).zip((text.p_vaddr..).step_by(4)) {
            let word = u32::from_le_bytes(bytes.try_into().expect("text is a number of words"));
            let opcode = word & 0x7f;
            assert!(OPCODES.contains(&opcode), "{name}: {word:#010x} at {at:#x}");
            if opcode == 0x73 {
                assert!([ECALL, EBREAK, UNIMP].contains(&word), "{name}: {word:#010x} at {at:#x}");
            }
        }
    }
}

/// Equal sources give equal images on every machine, so nothing of a machine may be in them.
#[test]
fn no_path_of_the_building_machine_is_inside() {
    for (name, _, image) in images() {
        let text = String::from_utf8_lossy(image);
        for path in [env!("CARGO_MANIFEST_DIR"), "/home/", "/root/", "/usr/", "/tmp/"] {
            assert!(!text.contains(path), "{name}: {path}");
        }
    }
}
