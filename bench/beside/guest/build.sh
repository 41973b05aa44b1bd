#!/bin/sh
# Builds the images of ../images: ELF for RISC-V and WebAssembly from one source. Needs Debian's
# rustc-web, cargo-web and rust-web-src, riscv64-unknown-elf-ld, and a WebAssembly linker, which
# WASM_LD names (rust-lld of any Rust toolchain).
set -eu
cd "$(dirname "$0")"
export RUSTC_BOOTSTRAP=1 RUSTC=/usr/bin/rustc
build() {
    target=$1
    flags=$2
    CARGO_TARGET_DIR=target RUSTFLAGS="$flags" \
        /usr/bin/cargo build --release -Zbuild-std=core,alloc --target "$target" --bins
}
build riscv32im-unknown-none-elf "-Clink-arg=-T$PWD/../../guest/link.ld -Clinker=riscv64-unknown-elf-ld \
    -Clinker-flavor=ld -Clink-arg=-melf32lriscv -Clink-arg=-zmax-page-size=4096"
build wasm32-unknown-unknown "-Clinker=${WASM_LD:-wasm-ld} -Clinker-flavor=wasm-ld -Clink-arg=--no-entry \
    -Clink-arg=--export=run -Clink-arg=--export=nop -Clink-arg=-zstack-size=262144"
for name in small large; do
    cp "target/riscv32im-unknown-none-elf/release/$name" "../images/$name.elf"
    cp "target/wasm32-unknown-unknown/release/$name.wasm" "../images/$name.wasm"
done
(cd ../images && sha256sum ./*.elf ./*.wasm > SHA256SUMS)
