//! Arguments and results of host functions, and of functions called by name, by their types.

use std::error::Error;

use bessemer_image::Profile;
use bessemer_runtime::{
    Caller, Engine, ErrorKind, Exit, GuestSlice, HostStop, Instance, Linker, Module, TrapKind,
};

use crate::harness::{GAS, configs, elf_for, everywhere, linker};

/// Puts its arguments where host function 10 gets them, calls that, and ends with what comes back.
const ASK: &str = "
            li   a0, -3
            li   a1, 0x11223344
            li   a2, -2
            li   a3, 256
            li   a4, 5
            li   a5, 7
            li   a7, 10
            ecall
            li   a7, 93
            ecall
";

#[test]
fn a_long_argument_takes_two_registers_in_32_bits_and_one_in_64() {
    let seen = |profile: Profile| {
        let guest = elf_for(ASK, profile);
        configs().map(|(name, config)| {
            let engine = Engine::new(config).unwrap();
            let mut linker = linker::<Vec<(i32, u64, bool, i64)>>(&engine);
            linker
                .func(10, "ask", |mut caller: Caller<'_, _>, a: i32, b: u64, c: bool, d: i64| {
                    let all: &mut Vec<_> = caller.data_mut();
                    all.push((a, b, c, d));
                    a == -3
                })
                .unwrap();
            let module = Module::new(&engine, &guest).unwrap();
            let mut instance = linker.instantiate(&module, Vec::new()).unwrap();
            instance.set_gas(GAS).unwrap();
            assert_eq!(instance.run().unwrap(), Exit::Done(1), "{name}");
            instance.data()[0]
        })
    };
    let narrow = seen(Profile::rv32(false));
    assert!(narrow.iter().all(|&all| all == (-3, 0xffff_fffe_1122_3344, true, 0x7_0000_0005)));
    let wide = seen(Profile::rv64(false));
    assert!(wide.iter().all(|&all| all == (-3, 0x1122_3344, true, 256)));
}

#[test]
fn a_slice_is_an_address_and_a_length() {
    let guest = "
            la   a0, text
            li   a1, 4
            la   a2, text + 4
            li   a3, 4
            li   a7, 10
            ecall
            la   a0, text
            lw   a0, 4(a0)
            li   a7, 93
            ecall
            .data
    text:   .ascii \"abcdefgh\"
    ";
    let copied = everywhere(guest, |module| {
        let mut linker = linker::<()>(module.engine());
        let copy = |mut caller: Caller<'_, ()>, from: GuestSlice, to: GuestSlice| {
            let mut memory = caller.memory();
            let bytes = from.read(&memory)?.to_vec();
            to.write(&mut memory)?.copy_from_slice(&bytes);
            Ok(())
        };
        linker.func(10, "copy", copy).unwrap();
        let mut instance = linker.instantiate(module, ()).unwrap();
        instance.set_gas(GAS).unwrap();
        instance.run().unwrap()
    });
    assert_eq!(copied, Exit::Done(u32::from_le_bytes(*b"abcd")));
}

fn parsed(text: &str) -> Result<u32, Box<dyn Error + Send + Sync>> {
    Ok(text.parse()?)
}

#[test]
fn errors_of_host_functions_need_no_conversion_by_hand() {
    let run = |linker: &Linker<()>, module: &Module| {
        let mut instance = linker.instantiate(module, ()).unwrap();
        instance.set_gas(GAS).unwrap();
        instance.run().map_err(|error| {
            error.to_string() + &format!("{:?}", error.source().map(ToString::to_string))
        })
    };
    let guest = "li a0, 1\nli a1, 2\nli a7, 10\necall";
    let (boxed, made, fault) = everywhere(guest, |module| {
        let engine = module.engine();
        let mut boxed = linker::<()>(engine);
        let parse = |_: Caller<'_, ()>| Ok(parsed("x")?);
        boxed.func(10, "parse", parse).unwrap();
        let mut made = linker::<()>(engine);
        let parse = |_: Caller<'_, ()>| "x".parse::<u32>().map_err(HostStop::error);
        made.func(10, "parse", parse).unwrap();
        let mut fault = linker::<()>(engine);
        let read = |mut caller: Caller<'_, ()>, bytes: GuestSlice| {
            let memory = caller.memory();
            Ok(u32::from(bytes.read(&memory)?[0]))
        };
        fault.func(10, "read", read).unwrap();
        (run(&boxed, module), run(&made, module), run(&fault, module))
    });
    assert!(boxed.as_ref().unwrap_err().contains("invalid digit"), "{boxed:?}");
    assert_eq!(boxed, made);
    assert!(
        matches!(fault, Ok(Exit::Trap(trap)) if trap.kind == TrapKind::BadPointer),
        "{fault:?}"
    );
}

/// `mix` returns its second argument plus its first, in 64 bits; `flag` whether its argument is 0.
const NARROW: &str = "
    mix:    add  a1, a1, a0
            sltu a0, a1, a0
            add  a2, a2, a0
            mv   a0, a1
            mv   a1, a2
            ret
    flag:   seqz a0, a0
            ret
";
const WIDE: &str = "
    mix:    add  a0, a0, a1
            ret
    flag:   seqz a0, a0
            ret
";

#[test]
fn functions_of_guests_have_types() {
    for (profile, guest) in [(Profile::rv32(false), NARROW), (Profile::rv64(false), WIDE)] {
        let guest = elf_for(guest, profile);
        for (name, config) in configs() {
            let engine = Engine::new(config).unwrap();
            let module = Module::new(&engine, &guest).unwrap();
            let mut instance: Instance<()> = linker(&engine).instantiate(&module, ()).unwrap();
            instance.set_gas(GAS).unwrap();
            let mix = instance.typed_function::<(u32, u64), u64>("mix").unwrap();
            for (a, b) in [(1, 2), (1, 0x1_ffff_ffff), (0x7fff_ffff, u64::MAX - 9)] {
                let sum = u64::from(a).wrapping_add(b);
                assert_eq!(mix.call(&mut instance, (a, b)).unwrap(), sum, "{name}");
            }
            let flag = instance.typed_function::<bool, bool>("flag").unwrap();
            assert!(!flag.call(&mut instance, true).unwrap(), "{name}");
            assert!(flag.call(&mut instance, false).unwrap(), "{name}");
            let signed = instance.typed_function::<(i32, i64), i64>("mix").unwrap();
            if profile == Profile::rv64(false) {
                assert_eq!(signed.call(&mut instance, (-5, 3)).unwrap(), -2, "{name}");
            }
            let missing = instance.typed_function::<(), ()>("missing").unwrap_err();
            assert!(matches!(missing.kind(), ErrorKind::NoFunction(_)), "{name}");
        }
    }
    // the same words for what `call` returns
    let sum = everywhere(NARROW, |module| {
        let mut instance: Instance<()> = linker(module.engine()).instantiate(module, ()).unwrap();
        instance.set_gas(GAS).unwrap();
        instance.call("mix", (1_u32, 2_u64)).unwrap()
    });
    assert_eq!(sum, 3);
}
