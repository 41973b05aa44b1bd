//! Which faults of native code the handler claims, what it records, and that it leaves all others
//! alone. The native code is written by hand.

use std::arch::global_asm;
use std::ops::Range;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output};
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;

use bessemer_image::Memory;
use bessemer_runtime::memory::{Part, PoolLimits, Region, RegionImage, RegionPool, STACK_TOP};
use bessemer_runtime::signal::{
    ALT_STACK, Activation, CHECK_EVERY, NativeFault, SignalError, install_signal_handlers,
    prepare_thread, with_activation,
};
use bessemer_translator::{Landing, TrapRecord};

// The entry stub: bessemer_test_enter(activation, code, r15, argument) -> 0, or 1 after a fault.
// Saves what a callee must, then what the landing pad needs.
global_asm!(
    ".globl bessemer_test_enter, bessemer_test_landing",
    "bessemer_test_enter:",
    "push rbp",
    "mov rbp, rsp",
    "push rbx",
    "push r12",
    "push r13",
    "push r14",
    "push r15",
    "sub rsp, 8",
    "mov [rdi + {sp}], rsp",
    "mov [rdi + {fp}], rbp",
    "mov r15, rdx",
    "mov rdi, rcx",
    "call rsi",
    "xor eax, eax",
    "jmp 2f",
    "bessemer_test_landing:",
    "mov eax, 1",
    // Both must have come back; otherwise SIGTRAP ends the process.
    "lea rcx, [rbp - 48]",
    "cmp rcx, rsp",
    "jne 3f",
    "2:",
    "add rsp, 8",
    "pop r15",
    "pop r14",
    "pop r13",
    "pop r12",
    "pop rbx",
    "pop rbp",
    "ret",
    "3:",
    "int3",
    sp = const core::mem::offset_of!(Landing, sp),
    fp = const core::mem::offset_of!(Landing, fp),
);

#[allow(improper_ctypes, reason = "the stub uses the landing only, which stands first")]
unsafe extern "C" {
    fn bessemer_test_enter(
        activation: *mut Activation,
        code: usize,
        r15: u64,
        argument: usize,
    ) -> u64;
    fn bessemer_test_landing();
}

// Offsets into `CODE`.
/// `add r15, 5; mov eax, [rdi]; ret`
const LOAD: usize = 0x00;
/// `add r15, 5; mov [rdi], eax; ret`
const STORE: usize = 0x10;
/// `ud2`
const UD2: usize = 0x20;
/// `ud2`, without a record
const UNKNOWN: usize = 0x30;
/// `push rbx; push rbp; mov rbp, 7; mov eax, [rdi]`: moves stack and frame pointer
const DEEP: usize = 0x40;
/// `sub rsp, 8; call rdi; add rsp, 8; ret`: calls the host
const CALL: usize = 0x50;
/// `call rdi` after `sub rsp, 8`, then `ud2`: calls the host, then traps
const CALL_UD2: usize = 0x60;

/// Loads and stores of 1 and 2 bytes: `mov al, [rdi]; ret` and so on
const LOAD_1: usize = 0x80;
const LOAD_2: usize = 0x84;
const STORE_1: usize = 0x88;
const STORE_2: usize = 0x8C;
/// `jmp` to itself, with a record; `ret`
const SPIN: usize = 0x70;

const SNIPPETS: [(usize, &[u8]); 12] = [
    (LOAD, &[0x49, 0x83, 0xC7, 0x05, 0x8B, 0x07, 0xC3]),
    (STORE, &[0x49, 0x83, 0xC7, 0x05, 0x89, 0x07, 0xC3]),
    (UD2, &[0x0F, 0x0B]),
    (UNKNOWN, &[0x0F, 0x0B]),
    (DEEP, &[0x53, 0x55, 0x48, 0xC7, 0xC5, 0x07, 0x00, 0x00, 0x00, 0x8B, 0x07]),
    (CALL, &[0x48, 0x83, 0xEC, 0x08, 0xFF, 0xD7, 0x48, 0x83, 0xC4, 0x08, 0xC3]),
    (CALL_UD2, &[0x48, 0x83, 0xEC, 0x08, 0xFF, 0xD7, 0x0F, 0x0B]),
    (SPIN, &[0xEB, 0xFE, 0xC3]),
    (LOAD_1, &[0x8A, 0x07, 0xC3]),
    (LOAD_2, &[0x66, 0x8B, 0x07, 0xC3]),
    (STORE_1, &[0x88, 0x07, 0xC3]),
    (STORE_2, &[0x66, 0x89, 0x07, 0xC3]),
];

const TRAPS: [TrapRecord; 10] = [
    trap(0x04, 0x1_0000, 5),
    trap(0x14, 0x1_0004, 6),
    trap(0x20, 0x1_0008, 1),
    trap(0x49, 0x1_000C, 5),
    trap(0x66, 0x1_0010, 2),
    trap(0x70, 0x1_0014, 3),
    trap(0x80, 0x1_0018, 5),
    trap(0x84, 0x1_001C, 5),
    trap(0x88, 0x1_0020, 6),
    trap(0x8C, 0x1_0024, 6),
];

/// Where the snippets keep the meter.
const R15: i16 = 15;

const fn trap(offset: u32, pc: u32, kind: u8) -> TrapRecord {
    TrapRecord { offset, pc, meter: R15, kind }
}

/// The snippets in executable memory.
struct Code {
    start: usize,
}

impl Code {
    fn new() -> Self {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        // SAFETY: a new mapping, written inside its bounds before it becomes executable.
        unsafe {
            let start = libc::mmap(ptr::null_mut(), 4096, libc::PROT_WRITE, flags, -1, 0);
            assert_ne!(start, libc::MAP_FAILED);
            for (offset, bytes) in SNIPPETS {
                let at = start.cast::<u8>().add(offset);
                ptr::copy_nonoverlapping(bytes.as_ptr(), at, bytes.len());
            }
            assert_eq!(libc::mprotect(start, 4096, libc::PROT_READ | libc::PROT_EXEC), 0);
            Self { start: start as usize }
        }
    }

    fn range(&self) -> Range<usize> {
        self.start..self.start + 4096
    }

    fn activation(&self) -> Activation {
        self.activation_with(&TRAPS, 0..usize::MAX)
    }

    fn activation_with(&self, traps: &'static [TrapRecord], memory: Range<usize>) -> Activation {
        // SAFETY: the code and the table live until the end of each test, which does not use the
        // activation after that; the landing pad is that of the stub which `run` uses.
        unsafe {
            Activation::new(
                self.range(),
                traps,
                memory,
                bessemer_test_landing as *const () as usize,
            )
        }
    }

    /// Runs a snippet, and returns the fault that ended it.
    fn run(&self, snippet: usize, r15: u64, argument: usize) -> Option<NativeFault> {
        self.run_in(&mut self.activation(), snippet, r15, argument)
    }

    fn run_in(
        &self,
        activation: &mut Activation,
        snippet: usize,
        r15: u64,
        argument: usize,
    ) -> Option<NativeFault> {
        let faulted = with_activation(activation, |activation| {
            // SAFETY: the snippets keep to the calling convention, or fault.
            unsafe { bessemer_test_enter(activation, self.start + snippet, r15, argument) }
        })
        .expect("the thread can be prepared");
        let fault = activation.take_fault();
        assert_eq!(fault.is_some(), faulted == 1);
        assert_eq!(activation.take_fault(), None);
        fault
    }
}

impl Drop for Code {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, and no thread runs in it.
        unsafe { libc::munmap(self.start as *mut libc::c_void, 4096) };
    }
}

/// A region with read-only text and a stack.
fn region() -> Region {
    let text = Part { addr: 0x1_0000, size: 16, bytes: &[0x13; 16], writable: false };
    let image = RegionImage::build(&[text], STACK_TOP - 0x1000..STACK_TOP, 0x2_0000..0x3_0000);
    Region::new(&image.expect("lays out")).expect("reserves")
}

#[test]
fn kind_pc_address_and_gas_of_a_fault_arrive() {
    let (code, region) = (Code::new(), region());
    let base = region.base().addr();
    let text = base + 0x1_0000;
    assert_eq!(code.run(LOAD, 100, text), None);
    let stack = base + STACK_TOP as usize - 4;
    assert_eq!(code.run(STORE, 100, stack), None);

    let fault = code.run(LOAD, 100, base + 0x800).expect("page 0 is not mapped");
    assert_eq!(
        fault,
        NativeFault { meter: Some(105), address: base + 0x800, pc: 0x1_0000, kind: 5 }
    );
    let fault = code.run(STORE, u64::MAX - 5, text).expect("text is read-only");
    assert_eq!(fault, NativeFault { meter: Some(u64::MAX), address: text, pc: 0x1_0004, kind: 6 });
    let fault = code.run(UD2, 1 << 62, 0).expect("ud2");
    let address = code.start + UD2;
    assert_eq!(fault, NativeFault { meter: Some(1 << 62), address, pc: 0x1_0008, kind: 1 });
    let fault = code.run(DEEP, 0, base).expect("page 0 is not mapped");
    assert_eq!((fault.pc, fault.kind, region.guest_address(fault.address)), (0x1_000C, 5, Some(0)));
}

#[test]
fn guards_fault_at_both_ends_and_everywhere_outside_areas() {
    let (code, mut region) = (Code::new(), region());
    region.grow(1).expect("grows");
    let base = region.base().addr().cast_signed();
    let (gib, top) = (1_isize << 30, STACK_TOP as isize);
    for (at, mapped) in [
        (-2 * gib, false),
        (-4096, false),
        (-4, false),
        (0, false),
        (0x0_FFFC, false),
        (0x1_0000, true),
        (0x1_0FFC, true),
        (0x1_1000, false),
        (0x2_0FFC, true),
        (0x2_1000, false),
        (2 * gib, false),
        (top - 4100, false),
        (top - 4096, true),
        (top - 4, true),
        (top, false),
        (4 * gib - 4, false),
        (4 * gib, false),
        (8 * gib, false),
        (36 * gib - 4, false),
    ] {
        let address = (base + at).cast_unsigned();
        let fault = code.run(LOAD, 0, address);
        assert_eq!(fault.map(|fault| fault.address), (!mapped).then_some(address), "{at:#x}");
        if let Some(fault) = fault {
            let guest = region.guest_address(fault.address).expect("inside the reservation");
            assert_eq!(guest, at as u32);
        }
    }
    // An access over the last bytes of an area names the first byte behind it.
    let fault = code.run(LOAD, 0, (base + top - 2).cast_unsigned()).expect("half is not mapped");
    assert_eq!(fault.address, (base + top).cast_unsigned());
}

#[test]
fn native_code_and_checked_accesses_fault_at_the_same_address() {
    // Read-only text, and writable data right behind it, so that each pair of permissions meets.
    let text = Part { addr: 0x1_0000, size: 16, bytes: &[0x13; 16], writable: false };
    let data = Part { addr: 0x1_1000, size: 16, bytes: &[0x14; 16], writable: true };
    let more = Part { addr: 0x1_2000, size: 16, bytes: &[0x15; 16], writable: false };
    let image =
        RegionImage::build(&[text, data, more], STACK_TOP - 0x1000..STACK_TOP, 0x2_0000..0x3_0000);
    let mut region = Region::new(&image.expect("lays out")).expect("reserves");
    region.grow(1).expect("grows");
    let code = Code::new();
    let mut cases = 0;
    for page in [0x1_0000, 0x1_1000, 0x1_2000, 0x1_3000, 0x2_0000, 0x2_1000, 0x8000_0000] {
        for edge in [page, STACK_TOP - 0x1000, STACK_TOP, 0, 0x1000] {
            for step in 0..10 {
                let addr = u32::wrapping_add(edge, step).wrapping_sub(5);
                let host = region.base().addr() + addr as usize;
                for (snippet, checked) in [
                    (LOAD_1, region.load_u8(addr).err()),
                    (LOAD_2, region.load_u16(addr).err()),
                    (LOAD, region.load_u32(addr).err()),
                    (STORE_1, region.store_u8(addr, 0).err()),
                    (STORE_2, region.store_u16(addr, 0).err()),
                    (STORE, region.store_u32(addr, 0).err()),
                ] {
                    let native = code.run(snippet, 0, host).map(|fault| fault.address);
                    let native = native.map(|host| region.guest_address(host));
                    assert_eq!(native, checked.map(|fault| Some(fault.addr)), "{addr:#x}");
                    cases += 1;
                }
            }
        }
    }
    assert!(cases > 1000);
}

#[test]
fn a_heap_of_a_tenant_before_is_not_accessible() {
    let (code, image) = (Code::new(), Arc::clone(region().image()));
    for warm in [0, 1] {
        let pool = RegionPool::new(PoolLimits { regions: 1, warm });
        for pages in [1, 2, 16, 3, 0, 16, 1, 0, 0, 5] {
            let mut region = pool.acquire(&image).expect("there is one");
            let base = region.base_mut().addr();
            for page in 0..16 {
                let at = base + 0x2_0000 + page * 4096;
                assert_eq!(code.run(LOAD, 0, at).expect("not mapped").address, at);
            }
            let start = region.grow(pages).expect("grows");
            for at in (0..pages).map(|page| base + (start + page * 4096) as usize) {
                assert_eq!(code.run(STORE, 0, at), None);
            }
            let end = base + region.heap_end() as usize;
            assert_eq!(code.run(STORE, 0, end).expect("not mapped").address, end);
        }
    }
}

#[test]
fn one_activation_serves_many_entries() {
    let (code, region) = (Code::new(), region());
    let mut activation = code.activation();
    let base = region.base().addr();
    for round in 0..1000 {
        let fault = code.run_in(&mut activation, LOAD, round, base).expect("not mapped");
        assert_eq!(fault.meter, Some(round + 5));
        assert_eq!(code.run_in(&mut activation, LOAD, round, base + 0x1_0000), None);
    }
}

#[test]
fn the_signal_mask_is_that_of_before_the_fault() {
    fn mask() -> Vec<bool> {
        let mut set = std::mem::MaybeUninit::uninit();
        // SAFETY: asks for the mask of this thread.
        unsafe {
            assert_eq!(libc::pthread_sigmask(libc::SIG_SETMASK, ptr::null(), set.as_mut_ptr()), 0);
            (1..65).map(|signal| libc::sigismember(set.as_ptr(), signal) == 1).collect()
        }
    }
    let code = Code::new();
    let before = mask();
    assert!(code.run(UD2, 0, 0).is_some());
    assert_eq!(mask(), before);
    assert!(code.run(LOAD, 0, 8).is_some());
    assert_eq!(mask(), before);
}

extern "C" fn host_that_runs_a_guest() {
    let code = Code::new();
    assert_eq!(code.run(UD2, 33, 0).expect("ud2").meter, Some(33));
    assert_eq!(code.run(LOAD, 33, 8).expect("not mapped").address, 8);
}

#[test]
fn activations_nest() {
    let code = Code::new();
    let host = host_that_runs_a_guest as extern "C" fn() as usize;
    assert_eq!(code.run(CALL, 0, host), None);
    let fault = code.run(CALL_UD2, 44, host).expect("ud2 behind the call");
    assert_eq!((fault.meter, fault.pc, fault.kind), (Some(44), 0x1_0010, 2));
}

#[test]
fn a_panic_restores_the_outer_activation() {
    let code = Code::new();
    let mut outer = code.activation();
    let fault = with_activation(&mut outer, |outer| {
        let mut inner = code.activation_with(&[], 0..usize::MAX);
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            with_activation(&mut inner, |_| std::panic::panic_any(5_u8)).expect("prepared")
        }));
        assert!(result.is_err());
        // SAFETY: the snippet faults, and lands in the stub.
        unsafe { bessemer_test_enter(outer, code.start + UD2, 1, 0) }
    });
    assert_eq!(fault.expect("prepared"), 1);
    assert_eq!(outer.take_fault().expect("ud2").meter, Some(1));
}

#[test]
fn a_hundred_threads_fault_at_once() {
    let (code, barrier) = (Code::new(), Barrier::new(100));
    thread::scope(|scope| {
        for number in 0..100_u64 {
            let (code, barrier) = (&code, &barrier);
            scope.spawn(move || {
                let region = region();
                let base = region.base().addr();
                let mut activation = code.activation();
                barrier.wait();
                for round in 0..100 {
                    let address = base + (number * 8) as usize;
                    let r15 = number << 32 | round;
                    let fault = code.run_in(&mut activation, LOAD, r15, address);
                    let expected =
                        NativeFault { meter: Some(r15 + 5), address, pc: 0x1_0000, kind: 5 };
                    assert_eq!(fault, Some(expected));
                }
            });
        }
    });
}

fn alternate_stack() -> libc::stack_t {
    let mut stack = std::mem::MaybeUninit::uninit();
    // SAFETY: asks for the stack, which is valid after success.
    unsafe {
        assert_eq!(libc::sigaltstack(ptr::null(), stack.as_mut_ptr()), 0);
        stack.assume_init()
    }
}

#[test]
fn a_prepared_thread_has_a_large_alternate_stack_over_a_guard_page() {
    thread::spawn(|| {
        prepare_thread().expect("the thread can be prepared");
        let stack = alternate_stack();
        assert_eq!(stack.ss_flags, 0);
        assert!(stack.ss_size >= ALT_STACK);
        let maps = std::fs::read_to_string("/proc/self/maps").expect("readable");
        let start = format!("{:x}-", stack.ss_sp as usize);
        let guard = format!("-{:x} ---p", stack.ss_sp as usize);
        assert!(maps.lines().any(|line| line.starts_with(&start) && line.contains(" rw-p ")));
        assert!(maps.lines().any(|line| line.contains(&guard)), "{start} {maps}");
        prepare_thread().expect("nothing is left to do");
        assert_eq!(alternate_stack().ss_sp, stack.ss_sp);
    })
    .join()
    .expect("no panic");
}

#[test]
fn a_thread_with_a_large_alternate_stack_keeps_it() {
    thread::spawn(|| {
        let mut memory = vec![0_u8; 256 << 10];
        let own =
            libc::stack_t { ss_sp: memory.as_mut_ptr().cast(), ss_flags: 0, ss_size: memory.len() };
        let mut before = alternate_stack();
        // SAFETY: the memory outlives its use as a stack, which ends below.
        unsafe { assert_eq!(libc::sigaltstack(&raw const own, ptr::null_mut()), 0) };
        assert!(Code::new().run(UD2, 0, 0).is_some());
        assert_eq!(alternate_stack().ss_sp, own.ss_sp);
        assert!(memory.iter().any(|&byte| byte != 0));
        before.ss_flags &= libc::SS_DISABLE;
        // SAFETY: the stack of before is still valid.
        unsafe { assert_eq!(libc::sigaltstack(&raw const before, ptr::null_mut()), 0) };
    })
    .join()
    .expect("no panic");
}

#[test]
fn a_thread_gets_its_earlier_alternate_stack_back() {
    /// Is dropped after the stack of the crate, as it was made before.
    struct Probe;

    impl Drop for Probe {
        fn drop(&mut self) {
            SEEN.store(alternate_stack().ss_sp as usize, Ordering::Relaxed);
        }
    }

    thread_local!(static PROBE: Probe = const { Probe });

    extern "C" fn thread(own: *mut libc::c_void) -> *mut libc::c_void {
        PROBE.with(|_| ());
        let own = libc::stack_t { ss_sp: own, ss_flags: 0, ss_size: 16 << 10 };
        // SAFETY: the memory outlives the thread.
        unsafe { assert_eq!(libc::sigaltstack(&raw const own, ptr::null_mut()), 0) };
        assert!(Code::new().run(UD2, 0, 0).is_some());
        assert_ne!(alternate_stack().ss_sp, own.ss_sp);
        ptr::null_mut()
    }

    if !is_child() {
        return child("a_thread_gets_its_earlier_alternate_stack_back").passes();
    }
    let mut memory = vec![0_u8; 16 << 10];
    let own = memory.as_mut_ptr().cast();
    let mut id = 0;
    // SAFETY: a thread that the standard library knows nothing of, with an argument that lives.
    unsafe {
        assert_eq!(libc::pthread_create(&raw mut id, ptr::null(), thread, own), 0);
        assert_eq!(libc::pthread_join(id, ptr::null_mut()), 0);
    }
    assert_eq!(SEEN.load(Ordering::Relaxed), own as usize);
}

#[test]
fn threads_give_their_alternate_stack_back() {
    if !is_child() {
        return child("threads_give_their_alternate_stack_back").passes();
    }
    let mappings = || std::fs::read_to_string("/proc/self/maps").expect("readable").lines().count();
    let code = Code::new();
    let run = || {
        for _ in 0..100 {
            thread::scope(|scope| scope.spawn(|| code.run(UD2, 0, 0).is_some()).join())
                .expect("no panic");
        }
        mappings()
    };
    let before = run();
    let after = run();
    assert!(after <= before + 4, "{before} {after}");
}

// What must end a process runs in a process of its own, the same test with a variable set.

struct Child(Output);

fn child(test: &str) -> Child {
    let output = Command::new(std::env::current_exe().expect("known"))
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env("BESSEMER_CHILD", "1")
        .output()
        .expect("runs");
    Child(output)
}

fn is_child() -> bool {
    let child = std::env::var_os("BESSEMER_CHILD").is_some();
    if child {
        let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        // SAFETY: the limit is a valid one.
        unsafe { libc::setrlimit(libc::RLIMIT_CORE, &raw const none) };
    }
    child
}

impl Child {
    fn passes(&self) {
        let text = String::from_utf8_lossy(&self.0.stdout);
        assert!(self.0.status.success() && text.contains("1 passed"), "{:?}", self.0);
    }

    fn dies_of(&self, signal: i32) {
        assert_eq!(self.0.status.signal(), Some(signal), "{:?}", self.0);
    }

    fn says(&self, text: &str) {
        assert!(String::from_utf8_lossy(&self.0.stderr).contains(text), "{:?}", self.0);
    }
}

extern "C" fn host_that_faults() {
    // SAFETY: none; the process is to end here.
    unsafe { ptr::without_provenance_mut::<u8>(16).write_volatile(1) };
}

#[test]
fn a_fault_in_a_host_function_is_not_the_guests() {
    if !is_child() {
        return child("a_fault_in_a_host_function_is_not_the_guests").dies_of(libc::SIGSEGV);
    }
    let fault = Code::new().run(CALL_UD2, 0, host_that_faults as extern "C" fn() as usize);
    panic!("claimed {fault:?}");
}

#[test]
fn a_fault_in_the_host_after_a_guest_ran_is_not_claimed() {
    if !is_child() {
        return child("a_fault_in_the_host_after_a_guest_ran_is_not_claimed")
            .dies_of(libc::SIGSEGV);
    }
    assert!(Code::new().run(UD2, 0, 0).is_some());
    host_that_faults();
}

#[test]
fn an_instruction_without_a_record_is_not_claimed() {
    if !is_child() {
        return child("an_instruction_without_a_record_is_not_claimed").dies_of(libc::SIGILL);
    }
    let fault = Code::new().run(UNKNOWN, 0, 0);
    panic!("claimed {fault:?}");
}

#[test]
fn an_access_outside_of_the_region_is_not_claimed() {
    if !is_child() {
        return child("an_access_outside_of_the_region_is_not_claimed").dies_of(libc::SIGSEGV);
    }
    let (code, region) = (Code::new(), region());
    let memory = region.reserved();
    let mut activation = code.activation_with(&TRAPS, memory.clone());
    for inside in [memory.start, memory.end - 1] {
        let fault = code.run_in(&mut activation, LOAD_1, 0, inside);
        assert_eq!(fault.expect("a guard").address, inside);
    }
    let fault = code.run_in(&mut activation, LOAD_1, 0, 0x128);
    panic!("claimed {fault:?}");
}

#[test]
fn an_address_that_is_not_canonical_is_not_claimed() {
    if !is_child() {
        return child("an_address_that_is_not_canonical_is_not_claimed").dies_of(libc::SIGSEGV);
    }
    let fault = Code::new().run(LOAD, 0, 1 << 62);
    panic!("claimed {fault:?}");
}

#[test]
fn lost_memory_of_the_host_is_not_the_guests_fault() {
    if !is_child() {
        return child("lost_memory_of_the_host_is_not_the_guests_fault").dies_of(libc::SIGBUS);
    }
    // A mapping of a file that has no such page.
    // SAFETY: a new mapping of a new descriptor.
    let lost = unsafe {
        let file = libc::memfd_create(c"lost".as_ptr(), 0);
        libc::mmap(ptr::null_mut(), 4096, libc::PROT_READ, libc::MAP_PRIVATE, file, 0)
    };
    assert_ne!(lost, libc::MAP_FAILED);
    let fault = Code::new().run(LOAD, 0, lost as usize);
    panic!("claimed {fault:?}");
}

#[test]
fn code_below_that_of_the_activation_is_not_claimed() {
    if !is_child() {
        let child = child("code_below_that_of_the_activation_is_not_claimed");
        return child.dies_of(libc::SIGILL);
    }
    let [low, high] = two_codes();
    run_foreign(&high, &low);
}

#[test]
fn code_above_that_of_the_activation_is_not_claimed() {
    if !is_child() {
        let child = child("code_above_that_of_the_activation_is_not_claimed");
        return child.dies_of(libc::SIGILL);
    }
    let [low, high] = two_codes();
    run_foreign(&low, &high);
}

fn two_codes() -> [Code; 2] {
    let mut codes = [Code::new(), Code::new()];
    codes.sort_by_key(|code| code.start);
    codes
}

/// Runs code under the activation of other code, of which the table has a record at the fault's
/// distance.
fn run_foreign(code: &Code, other: &Code) {
    let distance = other.start.wrapping_sub(code.start) + UD2;
    let offset = u32::try_from(distance).unwrap_or(UD2 as u32);
    let traps = Box::leak(Box::new([trap(offset, 0x1_0000, 1)]));
    let mut activation = code.activation_with(traps, 0..usize::MAX);
    let _ = with_activation(&mut activation, |activation| {
        // SAFETY: the snippet faults; nothing is claimed, so the process ends.
        unsafe { bessemer_test_enter(activation, other.start + UD2, 0, 0) }
    });
    panic!("claimed {:?}", activation.take_fault());
}

#[test]
fn code_that_was_not_entered_by_the_stub_is_not_claimed() {
    if !is_child() {
        let child = child("code_that_was_not_entered_by_the_stub_is_not_claimed");
        return child.dies_of(libc::SIGILL);
    }
    let code = Code::new();
    let mut activation = code.activation();
    let _ = with_activation(&mut activation, |_| {
        // SAFETY: the snippet faults; nothing is claimed, so the process ends.
        unsafe { std::mem::transmute::<usize, extern "C" fn()>(code.start + UD2)() };
    });
    panic!("claimed {:?}", activation.take_fault());
}

#[test]
fn a_sent_signal_has_its_default_action() {
    extern "C" fn host() {
        // SAFETY: sends a signal to this thread.
        unsafe { libc::raise(libc::SIGSEGV) };
    }
    if !is_child() {
        return child("a_sent_signal_has_its_default_action").dies_of(libc::SIGSEGV);
    }
    // The handler of the standard library would wait for the fault to happen again.
    set_action(libc::SIGSEGV, libc::SIG_DFL, 0);
    let fault = Code::new().run(CALL_UD2, 0, host as extern "C" fn() as usize);
    panic!("survived: {fault:?}");
}

static SPINNING: AtomicUsize = AtomicUsize::new(0);

#[test]
fn a_signal_sent_at_an_instruction_with_a_record_is_not_claimed() {
    extern "C" fn handler(_: i32, _: *mut libc::siginfo_t, context: *mut libc::c_void) {
        // SAFETY: the kernel passes a valid pointer.
        let registers = unsafe { &mut (*context.cast::<libc::ucontext_t>()).uc_mcontext.gregs };
        let pc = registers[libc::REG_RIP as usize] as usize;
        if pc == SPINNING.load(Ordering::Relaxed) {
            SEEN.store(pc, Ordering::Relaxed);
            // Over the `jmp`.
            registers[libc::REG_RIP as usize] += 2;
        }
    }
    if !is_child() {
        let name = "a_signal_sent_at_an_instruction_with_a_record_is_not_claimed";
        return child(name).passes();
    }
    let handler = handler as *const () as usize;
    set_action(libc::SIGILL, handler, libc::SA_SIGINFO | libc::SA_ONSTACK);
    prepare_thread().expect("the thread can be prepared");
    let code = Code::new();
    SPINNING.store(code.start + SPIN, Ordering::Relaxed);
    // SAFETY: asks for a number.
    let victim = unsafe { libc::pthread_self() };
    thread::scope(|scope| {
        scope.spawn(|| {
            while SEEN.load(Ordering::Relaxed) == 0 {
                // SAFETY: the thread lives, as it waits for this one.
                unsafe { libc::pthread_kill(victim, libc::SIGILL) };
                thread::yield_now();
            }
        });
        assert_eq!(code.run(SPIN, 0, 0), None);
    });
    assert_eq!(SEEN.load(Ordering::Relaxed), code.start + SPIN);
}

static SEEN: AtomicUsize = AtomicUsize::new(0);

/// Installs a handler, as a library that the process uses may have done before.
fn set_action(signal: i32, action: usize, flags: i32) {
    // SAFETY: zeros are a valid action, and the caller gives a valid handler.
    unsafe {
        let mut new: libc::sigaction = std::mem::zeroed();
        new.sa_sigaction = action;
        new.sa_flags = flags;
        assert_eq!(libc::sigaction(signal, &raw const new, ptr::null_mut()), 0);
    }
}

#[test]
fn an_earlier_handler_gets_faults_that_are_not_the_guests() {
    extern "C" fn handler(signal: i32, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
        // SAFETY: the kernel passes valid pointers; the instruction at `rip` is the `mov [rdi],
        // eax` of `STORE`, 2 bytes long, or the `ud2` of `UNKNOWN`, before a zero byte pair.
        unsafe {
            let registers = &mut (*context.cast::<libc::ucontext_t>()).uc_mcontext.gregs;
            assert_eq!(signal, libc::SIGSEGV);
            SEEN.store((*info).si_addr() as usize, Ordering::Relaxed);
            registers[libc::REG_RIP as usize] += 2;
        }
    }
    if !is_child() {
        return child("an_earlier_handler_gets_faults_that_are_not_the_guests").passes();
    }
    let handler = handler as *const () as usize;
    set_action(libc::SIGSEGV, handler, libc::SA_SIGINFO | libc::SA_ONSTACK);
    let code = Code::new();
    // Not in the table: the other handler steps over the instruction.
    let mut activation = code.activation_with(&[], 0..usize::MAX);
    assert_eq!(code.run_in(&mut activation, STORE, 0, 0x128), None);
    assert_eq!(SEEN.swap(0, Ordering::Relaxed), 0x128);
    // In the table: it sees nothing.
    assert_eq!(code.run(STORE, 0, 0x130).expect("not mapped").address, 0x130);
    assert_eq!(SEEN.load(Ordering::Relaxed), 0);
}

#[test]
fn an_earlier_handler_without_siginfo_gets_unclaimed_faults() {
    extern "C" fn handler(signal: i32) {
        assert_eq!(signal, libc::SIGILL);
        // SAFETY: ends the process.
        unsafe { libc::_exit(77) };
    }
    let name = "an_earlier_handler_without_siginfo_gets_unclaimed_faults";
    if !is_child() {
        return assert_eq!(child(name).0.status.code(), Some(77));
    }
    set_action(libc::SIGILL, handler as *const () as usize, 0);
    let code = Code::new();
    assert!(code.run(UD2, 0, 0).is_some());
    let fault = code.run(UNKNOWN, 0, 0);
    panic!("claimed {fault:?}");
}

/// Steps over the two bytes at which the host faulted, and remembers the address.
extern "C" fn step_over(_: i32, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: the kernel passes valid pointers; the instruction at `rip` is one of `Code`, 2 bytes long.
    unsafe {
        let registers = &mut (*context.cast::<libc::ucontext_t>()).uc_mcontext.gregs;
        SEEN.store((*info).si_addr() as usize, Ordering::Relaxed);
        registers[libc::REG_RIP as usize] += 2;
    }
}

/// Guests trap and this is no crash; a fault of the host goes to `step_over`.
fn guests_trap_and_the_host_does_not(code: &Code) {
    SEEN.store(0, Ordering::Relaxed);
    assert_eq!(code.run(STORE, 0, 0x130).expect("not mapped").address, 0x130);
    assert!(code.run(UD2, 0, 0).is_some());
    assert_eq!(SEEN.load(Ordering::Relaxed), 0, "the other handler saw the trap of a guest");
    let mut activation = code.activation_with(&[], 0..usize::MAX);
    assert_eq!(code.run_in(&mut activation, STORE, 0, 0x128), None);
    assert_eq!(SEEN.load(Ordering::Relaxed), 0x128);
}

#[test]
fn a_later_handler_does_not_take_the_traps_of_guests() {
    let name = "a_later_handler_does_not_take_the_traps_of_guests";
    if !is_child() {
        return child(name).passes();
    }
    let (code, region) = (Code::new(), region());
    let calm = region.base().addr() + 0x1_0000;
    assert!(code.run(UD2, 0, 0).is_some());
    let flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
    for round in 0..3 {
        set_action(libc::SIGSEGV, step_over as *const () as usize, flags);
        if round == 1 {
            install_signal_handlers().expect("installs");
        } else {
            // a thread looks from time to time
            for _ in 0..CHECK_EVERY {
                assert_eq!(code.run(LOAD, 100, calm), None);
            }
        }
        guests_trap_and_the_host_does_not(&code);
    }
    // and on another thread at once
    set_action(libc::SIGSEGV, step_over as *const () as usize, flags);
    thread::scope(|scope| {
        scope.spawn(|| guests_trap_and_the_host_does_not(&code)).join().expect("passes");
    });
}

#[test]
fn a_later_handler_that_goes_on_to_the_earlier_ones_makes_no_circle() {
    static BEFORE: AtomicUsize = AtomicUsize::new(0);

    extern "C" fn polite(signal: i32, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
        type WithInfo = extern "C" fn(i32, *mut libc::siginfo_t, *mut libc::c_void);
        let before = BEFORE.load(Ordering::Relaxed);
        // SAFETY: it is the handler that stood before, which was installed with `SA_SIGINFO`.
        unsafe { std::mem::transmute::<usize, WithInfo>(before)(signal, info, context) }
    }

    let name = "a_later_handler_that_goes_on_to_the_earlier_ones_makes_no_circle";
    if !is_child() {
        let child = child(name);
        child.says("guests still trap");
        return child.dies_of(libc::SIGSEGV);
    }
    let code = Code::new();
    set_action(libc::SIGSEGV, step_over as *const () as usize, libc::SA_SIGINFO | libc::SA_ONSTACK);
    assert!(code.run(UD2, 0, 0).is_some());
    // SAFETY: only asks for the action.
    BEFORE.store(
        unsafe {
            let mut old: libc::sigaction = std::mem::zeroed();
            libc::sigaction(libc::SIGSEGV, ptr::null(), &raw mut old);
            old.sa_sigaction
        },
        Ordering::Relaxed,
    );
    set_action(libc::SIGSEGV, polite as *const () as usize, libc::SA_SIGINFO | libc::SA_ONSTACK);
    install_signal_handlers().expect("installs");
    guests_trap_and_the_host_does_not(&code);
    // and without the first, it ends by the default action
    set_action(libc::SIGSEGV, libc::SIG_DFL, 0);
    install_signal_handlers().expect("installs");
    assert_eq!(code.run(STORE, 0, 0x130).expect("not mapped").address, 0x130);
    eprintln!("guests still trap");
    host_that_faults();
}

#[test]
fn handlers_are_installed_again_a_bounded_number_of_times() {
    let name = "handlers_are_installed_again_a_bounded_number_of_times";
    if !is_child() {
        return child(name).passes();
    }
    let replaced = (0..100).find_map(|_| {
        set_action(libc::SIGSEGV, step_over as *const () as usize, libc::SA_SIGINFO);
        install_signal_handlers().err()
    });
    assert!(matches!(replaced, Some(SignalError::Replaced)), "{replaced:?}");
}

#[test]
fn an_ignored_signal_is_ignored_if_sent_and_ends_the_process_if_raised() {
    let name = "an_ignored_signal_is_ignored_if_sent_and_ends_the_process_if_raised";
    if !is_child() {
        let child = child(name);
        child.says("still alive");
        return child.dies_of(libc::SIGILL);
    }
    set_action(libc::SIGILL, libc::SIG_IGN, 0);
    let code = Code::new();
    assert!(code.run(UD2, 0, 0).is_some());
    // SAFETY: sends a signal to this thread.
    unsafe { libc::raise(libc::SIGILL) };
    eprintln!("still alive");
    let fault = code.run(UNKNOWN, 0, 0);
    panic!("claimed {fault:?}");
}

#[test]
fn a_stack_overflow_of_the_host_is_still_reported() {
    #[inline(never)]
    fn recurse(depth: u64) -> u64 {
        let local = std::hint::black_box([depth; 64]);
        if depth == u64::MAX { 0 } else { recurse(depth + 1) + local[5] }
    }
    if !is_child() {
        let child = child("a_stack_overflow_of_the_host_is_still_reported");
        child.says("has overflowed its stack");
        return child.dies_of(libc::SIGABRT);
    }
    thread::Builder::new()
        .name("smith".into())
        .stack_size(256 << 10)
        .spawn(|| {
            assert!(Code::new().run(UD2, 0, 0).is_some());
            std::hint::black_box(recurse(0));
        })
        .expect("spawns")
        .join()
        .expect("does not come back");
}
