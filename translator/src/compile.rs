//! From Cranelift IR to machine code and tables.

use std::collections::BTreeMap;

use bessemer_image::{Charges, Program};
use bessemer_isa::TrapKind;
use cranelift_codegen::binemit::Reloc;
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::ir::{ExternalName, Function, ValueLabel};
use cranelift_codegen::isa::OwnedTargetIsa;
use cranelift_codegen::settings::{self, Configurable};
use cranelift_codegen::{
    Context, FinalizedMachExceptionHandler, FinalizedRelocTarget, LabelValueLoc, ValueLocRange,
};
use cranelift_frontend::FunctionBuilderContext;

use crate::artifact::MAX_FRAME;
use crate::artifact::{Artifact, Entry, Tables, TextShape, TrapRecord, Unit};
use crate::identity::Target;
use crate::lower::{Env, METER, Style, lower_unit};
use crate::memory::INT3;
use crate::plan::Plan;
use crate::{OptLevel, Options, TranslateError, stub};

/// Functions start at multiples of this.
const ALIGNMENT: usize = 32;
/// A native frame and a return address stay below one page, so that a call never steps over the
/// stack's guard page. What artifacts can describe is a little more.
const FRAME_LIMIT: usize = MAX_FRAME as usize - 256;

/// Bytes that every unit may have besides those of its instructions: how it begins and ends.
const UNIT_BYTES: usize = 512;

/// Translates a whole program.
pub(crate) fn translate(
    program: &Program,
    charges: &Charges,
    options: &Options,
) -> Result<Artifact, TranslateError> {
    let isa = target(options)?;
    let plan = Plan::new(program, options);
    let text = program.text();
    let env = Env::new(program, charges, &plan, &*isa, options);
    let mut compiler = Compiler {
        isa,
        context: Context::new(),
        control: ControlPlane::default(),
        output: Output::default(),
    };
    let mut scratch = FunctionBuilderContext::new();

    compiler.context.func = stub::build(&mut scratch, env.frontend, TextShape::of(text));
    let stub = compiler.compile(&env, text.base())?;
    let landing = stub.and_then(|stub| Some((stub.start, stub.landing?)));
    let (stub, landing) =
        landing.ok_or(form(text.base(), "an entry stub without a landing pad"))?;

    let slots = text.slot_count();
    let is_roomy = options.is_roomy();
    let limit = options.native_limit(slots);
    let mut units = Vec::with_capacity(plan.units.len());
    for (index, unit) in plan.units.iter().enumerate() {
        let pc = text.address(unit.range.start);
        let allowance = plan.native_bytes(text, index) + UNIT_BYTES;
        let mut compiled = None;
        for style in Style::ALL {
            compiler.context.clear();
            let env = Env { style, ..env };
            lower_unit(env, index, &mut compiler.context.func, &mut scratch);
            let before = compiler.output.place();
            compiled = compiler.compile(&env, pc)?;
            let size = compiler.output.code.len() - before.code;
            // in the last style, no instruction has more than it is taken to have
            if compiled.is_some() && (is_roomy || style == Style::InContext || size <= allowance) {
                break;
            }
            compiler.output.forget(&before);
        }
        let compiled = compiled.ok_or(form(pc, "a native frame of more than a page"))?;
        // a unit is bounded, so that no memory is wasted on what is refused
        let size = compiler.output.code.len();
        if size > limit {
            return Err(TranslateError::TooLarge { size, limit, slots });
        }
        let entries = unit.entries.len() as u32;
        units.push(Unit { offset: compiled.start, pc, entries });
    }
    let Output { mut code, traps, calls } = compiler.output;
    for Call { at, callee, addend } in calls {
        let target = i64::from(units[callee].offset) + addend - i64::from(at);
        let bytes = (target as i32).to_le_bytes();
        code[at as usize..][..bytes.len()].copy_from_slice(&bytes);
    }
    let entries = plan.arrivals().map(|(slot, unit, local)| Entry {
        slot: slot as u32,
        unit: unit as u32,
        local: local as u32,
    });
    let entries = entries.collect();
    let text = TextShape::of(text);
    let tables = Tables { stub, landing, text, units, entries, traps };
    Ok(Artifact { code, tables })
}

/// The Cranelift IR of each unit, with the guest address where it starts.
pub(crate) fn clif(
    program: &Program,
    charges: &Charges,
    options: &Options,
) -> Result<Vec<(u32, String)>, TranslateError> {
    let isa = target(options)?;
    let plan = Plan::new(program, options);
    let env = Env::new(program, charges, &plan, &*isa, options);
    let mut scratch = FunctionBuilderContext::new();
    let listed = plan.units.iter().enumerate().map(|(index, unit)| {
        let mut function = Function::new();
        lower_unit(env, index, &mut function, &mut scratch);
        (program.text().address(unit.range.start), function.display().to_string())
    });
    Ok(listed.collect())
}

/// The code generator's part of the translator's identity.
pub(crate) fn describe_target(options: &Options) -> Result<Target, TranslateError> {
    let isa = target(options)?;
    Ok(Target {
        cranelift: cranelift_codegen::VERSION,
        triple: isa.triple().to_string(),
        flags: isa.flags().to_string(),
        features: isa.isa_flags().iter().map(ToString::to_string).collect(),
    })
}

/// Cranelift's back end for this machine and these options.
///
/// There are two levels of processor features, so that one artifact serves a whole fleet: x86-64-v3
/// where the machine has all of it, else x86-64-v2.
fn target(options: &Options) -> Result<OwnedTargetIsa, TranslateError> {
    let host = |reason: &dyn std::fmt::Display| TranslateError::Host(reason.to_string());
    let mut flags = settings::builder();
    let opt_level = match options.opt_level {
        OptLevel::None => "none",
        OptLevel::Speed => "speed",
    };
    let settings = [
        ("opt_level", opt_level),
        ("enable_pinned_reg", "true"),
        ("preserve_frame_pointers", "true"),
        ("enable_verifier", if options.verify { "true" } else { "false" }),
        ("enable_probestack", "false"),
        ("unwind_info", "false"),
        ("is_pic", "true"),
        // speculation side channels are out of scope: there are no secrets in the process
        ("enable_table_access_spectre_mitigation", "false"),
        ("enable_heap_access_spectre_mitigation", "false"),
    ];
    for (name, value) in settings {
        flags.set(name, value).map_err(|error| host(&error))?;
    }
    let mut builder = cranelift_codegen::isa::lookup(target_lexicon::triple!("x86_64-linux"))
        .map_err(|error| host(&error))?;
    builder.enable(processor_level()?).map_err(|error| host(&error))?;
    builder.finish(settings::Flags::new(flags)).map_err(|error| host(&error))
}

#[cfg(target_arch = "x86_64")]
fn processor_level() -> Result<&'static str, TranslateError> {
    macro_rules! has {
        ($($feature:tt),*) => { $(is_x86_feature_detected!($feature))&&* };
    }
    if has!("avx2", "bmi1", "bmi2", "fma", "lzcnt", "movbe", "f16c", "popcnt", "sse4.2") {
        return Ok("x86-64-v3");
    }
    if has!("sse3", "ssse3", "sse4.1", "sse4.2", "popcnt", "cmpxchg16b") {
        return Ok("x86-64-v2");
    }
    Err(TranslateError::Host("the processor lacks it".to_owned()))
}

#[cfg(not(target_arch = "x86_64"))]
fn processor_level() -> Result<&'static str, TranslateError> {
    Err(TranslateError::Host(std::env::consts::ARCH.to_owned()))
}

struct Compiler {
    isa: OwnedTargetIsa,
    context: Context,
    control: ControlPlane,
    output: Output,
}

/// All functions so far, one after the other.
#[derive(Default)]
struct Output {
    code: Vec<u8>,
    traps: Vec<TrapRecord>,
    calls: Vec<Call>,
}

/// A call to a unit, to be resolved when all units have their place.
struct Call {
    at: u32,
    callee: usize,
    addend: i64,
}

/// How much output there is.
struct Place {
    code: usize,
    traps: usize,
    calls: usize,
}

impl Output {
    fn place(&self) -> Place {
        Place { code: self.code.len(), traps: self.traps.len(), calls: self.calls.len() }
    }

    /// Drops what came behind this place.
    fn forget(&mut self, place: &Place) {
        self.code.truncate(place.code);
        self.traps.truncate(place.traps);
        self.calls.truncate(place.calls);
    }
}

struct Compiled {
    start: u32,
    /// Offset of the landing pad of a call that can fault.
    landing: Option<u32>,
}

impl Compiler {
    /// Compiles the function in `self.context` and appends it to the output. `pc` names it in
    /// errors. `None` if the meter cannot be found at some instruction that can fault, or the native
    /// frame is too large: then it takes another style.
    fn compile(&mut self, env: &Env<'_>, pc: u32) -> Result<Option<Compiled>, TranslateError> {
        let form = |what| form(pc, what);
        let text = env.program.text();
        let names = self.context.func.params.user_named_funcs().iter();
        let names: BTreeMap<_, _> = names.map(|(key, name)| (key, name.index as usize)).collect();
        let compiled = self
            .context
            .compile(&*self.isa, &mut self.control)
            .map_err(|error| TranslateError::Codegen { pc, reason: error.inner.to_string() })?;
        let buffer = &compiled.buffer;
        let frame = buffer.frame_layout().map_or(0, |layout| layout.frame_to_fp_offset as usize);
        if frame > FRAME_LIMIT {
            return Ok(None);
        }
        let labels = &compiled.value_labels_ranges;
        let meters = Meters::new(labels.get(&ValueLabel::from_u32(METER)));
        let mut traps = Vec::with_capacity(buffer.traps().len());
        let mut locations = buffer.get_srclocs_sorted().iter().peekable();
        for trap in buffer.traps() {
            while locations.next_if(|location| location.end <= trap.offset).is_some() {}
            let slot = locations
                .peek()
                .filter(|location| location.start <= trap.offset && !location.loc.is_default())
                .map(|location| location.loc.bits() as usize);
            let kind = trap.code.as_raw().get();
            // Cranelift's own kinds: what is in front of the instruction excludes them
            if TrapKind::from_code(kind).is_none() && kind != TrapRecord::OUT_OF_GAS {
                continue;
            }
            // without a record it would be the host that faults
            let slot = slot.ok_or(form("a trap without a place"))?;
            let searched =
                matches!(TrapKind::from_code(kind), Some(TrapKind::BadLoad | TrapKind::BadStore))
                    && !env.style.stores_meter()
                    && !env.plan.is_doomed(slot);
            let meter = match searched {
                true => meters.at(trap.offset),
                false => Some(TrapRecord::METER_IN_CONTEXT),
            };
            let Some(meter) = meter else { return Ok(None) };
            traps.push(TrapRecord { offset: trap.offset, pc: text.address(slot), meter, kind });
        }

        let output = &mut self.output;
        output.code.resize(output.code.len().next_multiple_of(ALIGNMENT), INT3);
        let start =
            u32::try_from(output.code.len()).map_err(|_| form("more than 4 GiB of code"))?;
        output.code.extend_from_slice(buffer.data());
        let moved = |trap: TrapRecord| TrapRecord { offset: start + trap.offset, ..trap };
        output.traps.extend(traps.into_iter().map(moved));
        for reloc in buffer.relocs() {
            let (
                Reloc::X86CallPCRel4,
                FinalizedRelocTarget::ExternalName(ExternalName::User(name)),
            ) = (reloc.kind, &reloc.target)
            else {
                return Err(form("a relocation"));
            };
            let callee = *names.get(name).ok_or(form("a call to no unit"))?;
            output.calls.push(Call { at: start + reloc.offset, callee, addend: reloc.addend });
        }
        let mut handlers = buffer.call_sites().flat_map(|site| site.exception_handlers);
        let landing = handlers.find_map(|handler| match handler {
            FinalizedMachExceptionHandler::Default(offset) => Some(start + offset),
            _ => None,
        });
        Ok(Some(Compiled { start, landing }))
    }
}

/// Where the meter is, by offset of code.
struct Meters<'a> {
    /// In ascending order, without overlaps.
    ranges: Vec<&'a ValueLocRange>,
}

impl<'a> Meters<'a> {
    fn new(ranges: Option<&'a Vec<ValueLocRange>>) -> Self {
        let mut ranges: Vec<_> = ranges.into_iter().flatten().collect();
        ranges.sort_unstable_by_key(|range| range.start);
        Self { ranges }
    }

    /// The meter's place for the trap record of the instruction at `offset`.
    fn at(&self, offset: u32) -> Option<i16> {
        let next = self.ranges.partition_point(|range| range.start <= offset);
        let range = self.ranges.get(next.checked_sub(1)?)?;
        if offset >= range.end {
            return None;
        }
        match range.loc {
            LabelValueLoc::Reg(reg) => Some(i16::from(reg.to_real_reg()?.hw_enc())),
            LabelValueLoc::CFAOffset(at) if at < 0 => i16::try_from(at).ok(),
            LabelValueLoc::CFAOffset(_) => None,
        }
    }
}

fn form(pc: u32, what: &'static str) -> TranslateError {
    TranslateError::Form { pc, what }
}
