#!/usr/bin/env bash
# Cranelift 0.135.8: an instruction whose source location is one less than the first location that
# was set in its function has no location in the compiled code.
#
# The function below has three loads, with locations 100, 99 and 98. The places of 100 and 98 are in
# the output, that of 99 is not, and nothing reports the loss. `Function` keeps locations as 32-bit
# differences from the first one that is set, and the difference -1 means "no location".
#
# Who maps traps to places by `get_srclocs_sorted` loses the trap's place. Call
# `function.params.ensure_base_srcloc(SourceLoc::new(0))` before any location is set.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

mkdir src
cat >Cargo.toml <<'TOML'
[package]
name = "finding"
version = "0.0.0"
edition = "2021"

[dependencies]
cranelift-codegen = { version = "=0.135.8", default-features = false, features = ["std", "x86", "unwind"] }
cranelift-frontend = "=0.135.8"

[profile.dev.package."*"]
debug = false
TOML

cat >src/main.rs <<'RUST'
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::ir::{
    types::I64, AbiParam, Function, InstBuilder, MemFlagsData, Signature, SourceLoc, UserFuncName,
};
use cranelift_codegen::{isa, settings, Context};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};

/// The locations in the code of a function whose loads have these.
fn compiled(base: Option<u32>, locations: &[u32]) -> Vec<u32> {
    let isa = isa::lookup_by_name("x86_64-unknown-linux-gnu")
        .unwrap()
        .finish(settings::Flags::new(settings::builder()))
        .unwrap();
    let mut signature = Signature::new(isa.default_call_conv());
    signature.params.push(AbiParam::new(I64));
    signature.returns.push(AbiParam::new(I64));
    let mut function = Function::with_name_signature(UserFuncName::user(0, 0), signature);
    if let Some(base) = base {
        function.params.ensure_base_srcloc(SourceLoc::new(base));
    }
    let mut scratch = FunctionBuilderContext::new();
    let mut builder = FunctionBuilder::new(&mut function, &mut scratch);
    let block = builder.create_block();
    builder.append_block_params_for_function_params(block);
    builder.switch_to_block(block);
    builder.seal_all_blocks();
    let mut pointer = builder.block_params(block)[0];
    for location in locations {
        builder.set_srcloc(SourceLoc::new(*location));
        // each load needs the one before, so that their order is kept
        pointer = builder.ins().load(I64, MemFlagsData::new(), pointer, 0);
    }
    builder.ins().return_(&[pointer]);
    builder.finalize(isa.frontend_config());
    let mut context = Context::for_function(function);
    let code = context.compile(&*isa, &mut ControlPlane::default()).unwrap();
    let places = code.buffer.get_srclocs_sorted().iter();
    let mut found: Vec<u32> =
        places.filter(|place| !place.loc.is_default()).map(|place| place.loc.bits()).collect();
    found.dedup();
    found
}

fn main() {
    println!("as set:           {:?}", compiled(None, &[100, 99, 98]));
    println!("with a base of 0: {:?}", compiled(Some(0), &[100, 99, 98]));
}
RUST

cargo run --quiet >output
cat output
cat >expected <<'TEXT'
as set:           [100, 98]
with a base of 0: [100, 99, 98]
TEXT
diff -u expected output || { echo "the behaviour has changed" >&2; exit 1; }
